-- What was signed and shown: no later checkpoint may contradict it.
create table log_checkpoint (
  size {bigint} not null,
  root {bytes} not null,
  note text not null,
  signed_at {instant} not null,
  primary key (size),
  constraint log_checkpoint_size_check check (size >= 0),
  constraint log_checkpoint_root_check check (octet_length(root) = 32)
);

-- Instant of a leaf tile's first entry. Rows are found by instant, for ids and positions rise with it; null above the leaves.
alter table log_tile add column recorded_at {instant};
update log_tile set recorded_at = coalesce(
  (select change.recorded_at from change where change.leaf_index = log_tile.tile * 256),
  (select disclosure.recorded_at from disclosure where disclosure.leaf_index = log_tile.tile * 256)
)
where level = 0;
