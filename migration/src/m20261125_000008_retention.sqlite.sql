create trigger dropped_month_append_only before update on dropped_month
begin select raise(abort, 'dropped_month_append_only: dropped_month is append-only'); end;
create trigger dropped_month_append_only_delete before delete on dropped_month
begin select raise(abort, 'dropped_month_append_only: dropped_month is append-only'); end;

-- A row is deleted only with its month, once a retention run has said so. Instants are texts in UTC, years first.
drop trigger disclosure_append_only_delete;
create trigger disclosure_append_only_delete before delete on disclosure
when not exists (select 1 from dropped_month where month_on = substr(old.recorded_at, 1, 7) || '-01')
begin select raise(abort, 'disclosure_append_only: disclosure is append-only'); end;
