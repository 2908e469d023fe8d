-- Codes of the mandate themes a disclosure was judged with, in their order, separated by spaces; null in rows recorded
-- before they were kept, `-` where none was given.
alter table disclosure add column mandates text constraint disclosure_mandates_check check (length(mandates) <= 2000);
