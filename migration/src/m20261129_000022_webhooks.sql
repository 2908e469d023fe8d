-- Addresses of organisations that are told what happens. No secret stands here: it is derived from a key of DATA_DIR.
create table webhook (
  id {uuid} not null primary key,
  organisation_id {uuid} not null references organisation (id) deferrable initially deferred,
  url text not null,
  topics text not null,
  status text not null,
  pause text,
  key_version integer not null,
  generation integer not null,
  previous_key_version integer,
  registered_at {instant} not null,
  rotated_at {instant},
  status_at {instant} not null,
  constraint webhook_status_check check (status in ('ACTIVE', 'PAUSED', 'RETIRED')),
  constraint webhook_pause_check check (pause in ('OFFICER', 'GONE', 'FAILING')),
  constraint webhook_status_pause_check check ((status = 'PAUSED') = (pause is not null)),
  constraint webhook_generation_check check (generation >= 1),
  constraint webhook_rotated_at_previous_key_version_check check ((rotated_at is null) = (previous_key_version is null)),
  constraint webhook_url_length_check check (length(url) <= 500),
  {reference:webhook.url}
);
create index webhook_organisation_id_idx on webhook (organisation_id);
create unique index webhook_organisation_id_url_key on webhook (organisation_id, url) where status <> 'RETIRED';

-- How far each has been told. It is no fact: whoever delivers writes it, and nothing is decided on it.
create table webhook_cursor (
  webhook_id {uuid} not null primary key references webhook (id) deferrable initially deferred,
  seq {bigint} not null,
  raised {bigint} not null,
  attempts integer not null,
  next_at {instant} not null,
  tried_at {instant},
  holder {uuid},
  leased_until {instant},
  constraint webhook_cursor_seq_check check (seq >= 0),
  constraint webhook_cursor_raised_check check (raised >= 0),
  constraint webhook_cursor_attempts_check check (attempts >= 0),
  constraint webhook_cursor_holder_leased_until_check check ((holder is null) = (leased_until is null))
);

-- The last attempts of each.
create table webhook_delivery (
  id {uuid} not null primary key,
  webhook_id {uuid} not null references webhook (id) deferrable initially deferred,
  event_id text not null,
  attempt integer not null,
  at {instant} not null,
  milliseconds {bigint} not null,
  status integer,
  fault text,
  constraint webhook_delivery_attempt_check check (attempt >= 1),
  constraint webhook_delivery_fault_check check (fault in ('ADDRESS_REFUSED', 'NAME_UNKNOWN', 'UNREACHABLE', 'TIMED_OUT', 'BROKEN_OFF')),
  constraint webhook_delivery_status_fault_check check ((status is null) <> (fault is null))
);
create index webhook_delivery_webhook_id_id_idx on webhook_delivery (webhook_id, id);
create index webhook_delivery_at_idx on webhook_delivery (at);

-- Number of an anomaly's raising, in the order of commits. A gateway of before leaves 0, which is told to nobody.
alter table anomaly add column raised {bigint} not null default 0;
update anomaly set raised = (
  select count(*) from anomaly earlier where (earlier.detected_at, earlier.id) <= (anomaly.detected_at, anomaly.id)
);
create unique index anomaly_raised_key on anomaly (raised) where raised > 0;
