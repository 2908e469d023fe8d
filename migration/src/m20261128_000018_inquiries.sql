-- Whoever answers that there is a right names the provisions that give it, apart from the words of the answer.
alter table inquiry add column answer_provisions text {free_text:inquiry.answer_provisions};
