-- Leaf indexes rise with the rows, so ranges of pages find them and cost a writer nothing; pages since the last vacuum are
-- read through. A unique index would have to hold the partition key; the tree row's lock gives each leaf index once.
create index disclosure_leaf_index_idx on disclosure using brin (leaf_index);

-- Hashes do not compress; PostgreSQL would try at every batch.
alter table log_tile alter column hashes set storage external;

-- Creates the partition of a month, in UTC, if it is absent. There is no default partition: a row without a month is a
-- fault. The gateway calls `select disclosure_partition(day)` for the coming months when it starts and before it writes
-- into a month it has not seen. Attaching, unlike creating in place, does not stop those who read and write the log.
create function disclosure_partition(month date) returns void
language plpgsql
as $$
declare
  first_day constant timestamp := date_trunc('month', month::timestamp);
  partition constant text := 'disclosure_' || to_char(first_day, 'YYYY_MM');
begin
  -- One at a time, and asked of the catalogue after the lock: whoever waited sees what the other made.
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

select disclosure_partition(month::date)
from generate_series(timestamp '2026-01-01', timestamp '2027-12-01', interval '1 month') as month;
