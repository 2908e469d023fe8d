alter table log_tile drop column recorded_at;
drop table log_checkpoint;
