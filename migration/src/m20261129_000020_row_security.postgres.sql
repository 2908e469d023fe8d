-- A connection of a role that is not the owner sees no row of the log before it has said for whom it reads, in its
-- transaction: `select set_config('disclosure_gateway.reader', …, true)`, either LOG or ids of organisations separated by
-- commas. What is said of one transaction is forgotten with it. The owner, who migrates, erases and drops, is not asked.
create function disclosure_readers() returns uuid[]
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select case
    when said ~ '^[0-9a-f-]{36}(,[0-9a-f-]{36})*$' then string_to_array(said, ',')::uuid[]
    else array[]::uuid[]
  end
  from current_setting('disclosure_gateway.reader', true) as said
$$;

alter table disclosure enable row level security;
-- Each question is asked once a statement, not once a row.
create policy disclosure_read on disclosure for select using (
  (select current_setting('disclosure_gateway.reader', true)) = 'LOG'
  or discloser_id = any ((select disclosure_readers())::uuid[])
  or recipient_id = any ((select disclosure_readers())::uuid[])
);
-- The log never refuses the truth.
create policy disclosure_record on disclosure for insert with check (true);

-- Whose disclosures were looked up is for nobody but whoever erases.
alter table subject_lookup enable row level security;
create policy subject_lookup_read on subject_lookup for select using (
  (select current_setting('disclosure_gateway.reader', true)) = 'LOG'
);
create policy subject_lookup_record on subject_lookup for insert with check (true);

-- A partition asked by its own name shows nothing: it has no policy.
do $$
declare
  partition regclass;
begin
  for partition in select inhrelid::regclass from pg_inherits where inhparent = 'disclosure'::regclass loop
    execute format('alter table %s enable row level security', partition);
  end loop;
end
$$;

-- As before, but with the owner's rights: whoever records makes the months about to come, and no other table.
create or replace function disclosure_partition(month date) returns void
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  first_day constant timestamp := date_trunc('month', month::timestamp);
  this_month constant timestamp := date_trunc('month', clock_timestamp() at time zone 'UTC');
  partition constant text := 'disclosure_' || to_char(first_day, 'YYYY_MM');
begin
  -- One at a time, and asked of the catalogue after the lock: whoever waited sees what the other made.
  if exists (select from pg_inherits join pg_class on oid = inhrelid where inhparent = 'public.disclosure'::regclass and relname = partition) then
    return;
  end if;
  if first_day is null or first_day not between this_month - interval '1 month' and this_month + interval '12 months' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'disclosure_partition: a month is made from the last one to the same of the next year';
  end if;
  perform pg_advisory_xact_lock(hashtext('disclosure_partition'));
  if exists (select from pg_inherits join pg_class on oid = inhrelid where inhparent = 'public.disclosure'::regclass and relname = partition) then
    return;
  end if;
  execute format('create table public.%I (like public.disclosure including defaults including constraints)', partition);
  execute format('alter table public.%I enable row level security', partition);
  execute format(
    'alter table public.disclosure attach partition public.%I for values from (%L) to (%L)',
    partition, first_day at time zone 'UTC', (first_day + interval '1 month') at time zone 'UTC'
  );
end
$$;
revoke execute on function disclosure_partition(date) from public;
revoke execute on function disclosure_drop(date) from public;
