-- Codes of the mandate themes a disclosure was judged with, in their order, separated by spaces; null in rows recorded
-- before they were kept, `-` where none was given. Without a check: PostgreSQL would read the whole log for it.
alter table disclosure add column mandates text;
