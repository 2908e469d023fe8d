-- What is left of a count after its fives must exceed this for it to be rounded up. Drawn by chance for each new cell, so
-- that sums of rounded cells are right on the average and nobody who is shown them can tell what a cell held; cells that
-- stand already round to the nearest.
alter table tally add column rounds_above integer not null default 2
  constraint tally_rounds_above_check check (rounds_above between 0 and 4);
