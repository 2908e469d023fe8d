-- Agreements, protection statements and organisations a change concerns, by its rows; written with it, and of older changes
-- by the first gateway that starts on them.
create table change_concern (
  subject_id {uuid} not null,
  seq {bigint} not null references change (seq) deferrable initially deferred,
  primary key (subject_id, seq)
);
create index change_concern_seq_idx on change_concern (seq);
create index change_subject_seq_idx on change (subject, seq);
