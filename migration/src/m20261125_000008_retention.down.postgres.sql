drop function disclosure_drop(date);
drop table dropped_month;
