drop index tally_agreement_id_period_on_idx;
drop table anomaly;
create table anomaly (
  id {uuid} not null primary key,
  rule text not null,
  scope_id {uuid} not null,
  window_from {instant} not null,
  window_until {instant} not null,
  observed {bigint} not null,
  expected {bigint} not null,
  detected_at {instant} not null,
  constraint anomaly_window_from_window_until_check check (window_from <= window_until)
);
create index anomaly_scope_id_idx on anomaly (scope_id);
