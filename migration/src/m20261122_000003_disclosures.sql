-- The log of disclosures. On PostgreSQL it is partitioned by month of recording; ids rise with time, so every list pages by id.
create table disclosure (
  id {uuid} not null,
  recorded_at {instant} not null,
  occurred_at {instant} not null,
  leaf_index {bigint} not null,
  discloser_id {uuid} not null,
  processor_id {uuid},
  recipient_id {uuid},
  register_id {uuid} not null,
  agreement_id {uuid},
  scope_id {uuid},
  bases_id {uuid} not null,
  purpose_id {uuid} not null,
  channel text not null,
  operation text not null,
  items_id {uuid} not null,
  subject_kind text not null,
  subject_pseudonym {bytes},
  subject_key_version integer,
  subject_business_id text,
  subject_count {bigint} not null,
  ground text not null,
  consent_reference text,
  case_reference text,
  user_pseudonym {bytes},
  user_key_version integer,
  client_system text,
  message_id text not null,
  part integer not null,
  outcome text not null,
  coverage text not null,
  reasons text not null,
  decided_seq {bigint} not null,
  onward_recipient_kind text,
  withheld_until {instant},
  withholding_basis_id {uuid},
  corrects_id {uuid},
  salt {bytes},
  subject_commitment {bytes} not null,
  restricted_commitment {bytes} not null,
  erased_seq {bigint},
  primary key (id, recorded_at),
  constraint disclosure_channel_check check (channel in ('TECHNICAL_INTERFACE', 'VIEWING_CONNECTION', 'OTHER')),
  constraint disclosure_operation_check check (operation in ('READ', 'LIST', 'NOTIFY', 'CLAIM', 'FORWARD')),
  constraint disclosure_subject_kind_check check (subject_kind in ('PERSON', 'OTHER_PERSON', 'BUSINESS', 'COUNT')),
  constraint disclosure_ground_check check (ground in ('STATUTE', 'CONSENT', 'SELF')),
  constraint disclosure_outcome_check check (outcome in ('DELIVERED', 'EMPTY', 'DENIED', 'ERROR')),
  constraint disclosure_coverage_check check (coverage in ('COVERED', 'UNCOVERED', 'NOT_REQUIRED')),
  constraint disclosure_onward_recipient_kind_check check (onward_recipient_kind in ('APPLICANT', 'ECEC_PROVIDER', 'APPEAL_BODY')),
  constraint disclosure_coverage_agreement_id_scope_id_check check (coverage <> 'COVERED' or (agreement_id is not null and scope_id is not null)),
  constraint disclosure_subject_kind_subject_pseudonym_check check (
    case
      when subject_kind in ('PERSON', 'OTHER_PERSON')
        then erased_seq is not null or (subject_pseudonym is not null and subject_key_version is not null)
      else subject_pseudonym is null and subject_key_version is null
    end
  ),
  constraint disclosure_subject_kind_subject_business_id_check check ((subject_kind = 'BUSINESS') = (subject_business_id is not null)),
  {business_id:disclosure.subject_business_id},
  constraint disclosure_subject_count_check check (subject_count between 1 and 1000000000),
  constraint disclosure_ground_consent_reference_check check (ground <> 'CONSENT' or consent_reference is not null),
  constraint disclosure_recipient_id_onward_recipient_kind_check check (recipient_id is not null or onward_recipient_kind is not null),
  constraint disclosure_user_pseudonym_user_key_version_check check (erased_seq is not null or (user_pseudonym is null) = (user_key_version is null)),
  constraint disclosure_channel_user_pseudonym_check check (
    channel <> 'VIEWING_CONNECTION' or user_pseudonym is not null or coverage = 'UNCOVERED' or outcome = 'DENIED' or erased_seq is not null
  ),
  constraint disclosure_withheld_until_withholding_basis_id_check check (withheld_until is null or withholding_basis_id is not null),
  constraint disclosure_salt_erased_seq_check check ((salt is null) = (erased_seq is not null)),
  constraint disclosure_leaf_index_check check (leaf_index >= 0),
  constraint disclosure_part_check check (part >= 0),
  constraint disclosure_message_id_check check (length(message_id) between 1 and 200),
  constraint disclosure_subject_pseudonym_check check (octet_length(subject_pseudonym) = 32),
  constraint disclosure_user_pseudonym_check check (octet_length(user_pseudonym) = 32),
  constraint disclosure_salt_check check (octet_length(salt) = 32),
  constraint disclosure_subject_commitment_check check (octet_length(subject_commitment) = 32),
  constraint disclosure_restricted_commitment_check check (octet_length(restricted_commitment) = 32),
  {reference:disclosure.consent_reference case_reference client_system message_id}
){partitioned};
create index disclosure_discloser_id_id_idx on disclosure (discloser_id, id);
create index disclosure_recipient_id_id_idx on disclosure (recipient_id, id);
create index disclosure_agreement_id_id_idx on disclosure (agreement_id, id);
create index disclosure_subject_pseudonym_id_idx on disclosure (subject_pseudonym, id) where subject_pseudonym is not null;
create index disclosure_user_pseudonym_id_idx on disclosure (user_pseudonym, id) where user_pseudonym is not null;

-- Idempotency: one message part of one discloser is one row.
create table disclosure_key (
  discloser_id {uuid} not null,
  message_hash {bytes} not null,
  disclosure_id {uuid} not null,
  recorded_at {instant} not null,
  content_hash {bytes} not null,
  primary key (discloser_id, message_hash),
  constraint disclosure_key_message_hash_check check (octet_length(message_hash) = 32),
  constraint disclosure_key_content_hash_check check (octet_length(content_hash) = 32)
);

-- Statistics; corrections are signed deltas, so a count may have any sign.
create table tally (
  id {uuid} not null primary key,
  grain text not null,
  period_on {day} not null,
  discloser_id {uuid} not null,
  recipient_id {uuid},
  onward_recipient_kind text,
  register_id {uuid} not null,
  agreement_id {uuid},
  items_id {uuid} not null,
  bases_id {uuid} not null,
  purpose_id {uuid} not null,
  channel text not null,
  outcome text not null,
  disclosures {bigint} not null,
  subject_count {bigint} not null,
  constraint tally_grain_check check (grain in ('DAY', 'MONTH')),
  constraint tally_onward_recipient_kind_check check (onward_recipient_kind in ('APPLICANT', 'ECEC_PROVIDER', 'APPEAL_BODY')),
  constraint tally_channel_check check (channel in ('TECHNICAL_INTERFACE', 'VIEWING_CONNECTION', 'OTHER')),
  constraint tally_outcome_check check (outcome in ('DELIVERED', 'EMPTY', 'DENIED', 'ERROR'))
);
create index tally_grain_period_on_discloser_id_idx on tally (grain, period_on, discloser_id);

-- Unusual retrieval (906/2019 23 § 2 mom).
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

-- The one transparency tree (RFC 6962): its size, and its hashes 256 a tile.
create table log_tree (
  id integer not null,
  size {bigint} not null,
  recorded_at {instant} not null,
  primary key (id),
  constraint log_tree_id_check check (id = 1),
  constraint log_tree_size_check check (size >= 0)
);
insert into log_tree (id, size, recorded_at) values (1, 0, '1970-01-01T00:00:00+00:00');

create table log_tile (
  level integer not null,
  tile {bigint} not null,
  hashes {bytes} not null,
  primary key (level, tile),
  constraint log_tile_level_check check (level >= 0),
  constraint log_tile_tile_check check (tile >= 0),
  constraint log_tile_hashes_check check (octet_length(hashes) between 32 and 8192 and octet_length(hashes) % 32 = 0)
);
