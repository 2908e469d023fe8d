-- Unusual retrieval (906/2019 23 § 2 mom). Nothing has written the table before, so it is made anew. It holds no personal
-- data: whose retrieval it was stands in the log, where erasure finds it.
drop table anomaly;
create table anomaly (
  id {uuid} not null primary key,
  rule text not null,
  agreement_id {uuid} not null,
  scope_id {uuid},
  window_from {instant} not null,
  window_until {instant} not null,
  observed {bigint} not null,
  expected {bigint} not null,
  detected_at {instant} not null,
  constraint anomaly_rule_check check (rule in ('USER_BURST', 'AGREEMENT_BURST', 'OFF_HOURS', 'SUBJECT_REPEATS')),
  constraint anomaly_rule_scope_id_check check ((rule = 'AGREEMENT_BURST') = (scope_id is null)),
  constraint anomaly_window_from_window_until_check check (window_from < window_until),
  constraint anomaly_observed_expected_check check (observed > expected and expected >= 0)
);
create index anomaly_detected_at_id_idx on anomaly (detected_at, id);
create index anomaly_agreement_id_detected_at_id_idx on anomaly (agreement_id, detected_at, id);

-- When an agreement's items were last asked for. Recording touches it only for a cell's first row of a day.
create index tally_agreement_id_period_on_idx on tally (agreement_id, period_on);
