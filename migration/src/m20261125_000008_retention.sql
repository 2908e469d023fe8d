-- Months of the log that a retention run has dropped, for every row in them had passed its time. Journalled, so each of
-- them is committed to by a leaf of the tree; the hashes of the dropped rows' own leaves stay in their tiles.
create table dropped_month (
  id {uuid} not null primary key,
  month_on {day} not null,
  disclosures {bigint} not null,
  first_leaf_index {bigint} not null,
  last_leaf_index {bigint} not null,
  dropped_at {instant} not null,
  constraint dropped_month_month_on_key unique (month_on),
  constraint dropped_month_first_leaf_index_check check (first_leaf_index >= 0),
  constraint dropped_month_disclosures_check check (disclosures between 1 and last_leaf_index - first_leaf_index + 1)
);
