drop index anomaly_raised_key;
alter table anomaly drop column raised;
drop table webhook_delivery;
drop table webhook_cursor;
drop table webhook;
