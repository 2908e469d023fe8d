drop trigger disclosure_append_only_delete;
create trigger disclosure_append_only_delete before delete on disclosure
begin select raise(abort, 'disclosure_append_only: disclosure is append-only'); end;
drop table dropped_month;
