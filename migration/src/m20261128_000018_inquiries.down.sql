alter table inquiry drop column answer_provisions;
