create trigger dropped_month_append_only before update or delete on dropped_month
for each row execute function refuse('dropped_month is append-only');

-- A single row is never deleted; a whole month goes, once a retention run has said so.
create function disclosure_drop(month date) returns void
language plpgsql
as $$
declare
  first_day constant timestamp := date_trunc('month', month::timestamp);
begin
  if not exists (select from dropped_month where month_on = first_day::date) then
    raise exception using
      errcode = 'restrict_violation', table = 'disclosure', constraint = 'disclosure_append_only',
      message = 'disclosure_append_only: no retention run has dropped this month';
  end if;
  -- Whoever reads the log for long would otherwise hold up everyone who comes after the drop; it is tried again later.
  perform set_config('lock_timeout', '5s', true);
  execute format('drop table %I', 'disclosure_' || to_char(first_day, 'YYYY_MM'));
end
$$;
