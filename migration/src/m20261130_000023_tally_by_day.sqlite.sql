-- A cell's id began anywhere, so that each new cell was written to another page of the index. Its first three bytes become the
-- period: the bit of months, then the number of `period_on`, where 1 January of the year 1 is 1. The other thirteen stay.
update tally set id = unhex(
  printf('%06x', (case grain when 'MONTH' then 8388608 else 0 end) + cast(julianday(period_on) - 1721424.5 as integer))
  || substr(hex(id), 7)
);
