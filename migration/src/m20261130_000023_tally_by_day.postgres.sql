-- A cell's id began anywhere, so that each new cell was written to another page of the index. Its first three bytes become the
-- period: the bit of months, then the number of `period_on`, where 1 January of the year 1 is 1. The other thirteen stay. The
-- table and its indexes are written anew.
alter table tally alter column id type uuid using (
  lpad(to_hex((case grain when 'MONTH' then 8388608 else 0 end) + (period_on - date '0001-01-01') + 1), 6, '0')
  || substr(replace(id::text, '-', ''), 7)
)::uuid;
