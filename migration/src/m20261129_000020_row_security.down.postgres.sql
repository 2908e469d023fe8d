create or replace function disclosure_partition(month date) returns void
language plpgsql
as $$
declare
  first_day constant timestamp := date_trunc('month', month::timestamp);
  partition constant text := 'disclosure_' || to_char(first_day, 'YYYY_MM');
begin
  if exists (select from pg_inherits join pg_class on oid = inhrelid where inhparent = 'disclosure'::regclass and relname = partition) then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtext('disclosure_partition'));
  if exists (select from pg_inherits join pg_class on oid = inhrelid where inhparent = 'disclosure'::regclass and relname = partition) then
    return;
  end if;
  execute format('create table %I (like disclosure including defaults including constraints)', partition);
  execute format(
    'alter table disclosure attach partition %I for values from (%L) to (%L)',
    partition, first_day at time zone 'UTC', (first_day + interval '1 month') at time zone 'UTC'
  );
end
$$;
alter function disclosure_partition(date) security invoker reset all;
grant execute on function disclosure_partition(date) to public;
grant execute on function disclosure_drop(date) to public;
do $$
declare
  partition regclass;
begin
  for partition in select inhrelid::regclass from pg_inherits where inhparent = 'disclosure'::regclass loop
    execute format('alter table %s disable row level security', partition);
  end loop;
end
$$;
drop policy subject_lookup_record on subject_lookup;
drop policy subject_lookup_read on subject_lookup;
alter table subject_lookup disable row level security;
drop policy disclosure_record on disclosure;
drop policy disclosure_read on disclosure;
alter table disclosure disable row level security;
drop function disclosure_readers();
