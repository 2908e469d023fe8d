-- The journal: audit trail, event feed, replica sync and time travel.
create table change (
  seq {bigint} not null,
  recorded_at {instant} not null,
  actor text not null,
  actor_organisation text,
  action text not null,
  subject text not null,
  reason text,
  leaf_index {bigint} not null,
  salt {bytes},
  subject_commitment {bytes} not null,
  restricted_commitment {bytes} not null,
  primary key (seq),
  constraint change_leaf_index_key unique (leaf_index),
  constraint change_seq_check check (seq > 0),
  constraint change_leaf_index_check check (leaf_index >= 0),
  constraint change_salt_check check (octet_length(salt) = 32),
  constraint change_subject_commitment_check check (octet_length(subject_commitment) = 32),
  constraint change_restricted_commitment_check check (octet_length(restricted_commitment) = 32),
  {free_text:change.reason},
  {reference:change.actor actor_organisation subject}
);
create index change_recorded_at_idx on change (recorded_at);

create table change_row (
  seq {bigint} not null,
  ordinal integer not null,
  table_name text not null,
  row_id {uuid} not null,
  shape integer not null,
  image text,
  primary key (seq, ordinal),
  constraint change_row_ordinal_check check (ordinal between 0 and 999),
  constraint change_row_shape_check check (shape > 0)
);
create index change_row_row_id_idx on change_row (row_id);

-- Which keys were made with this database; the keys themselves never stand here.
create table key_fingerprint (
  name text not null,
  version integer not null,
  fingerprint text not null,
  created_at {instant} not null,
  primary key (name, version)
);

-- Sets of codes shared by many disclosures, stored once.
create table interned (
  id {uuid} not null primary key,
  members text not null,
  constraint interned_members_key unique (members)
);
