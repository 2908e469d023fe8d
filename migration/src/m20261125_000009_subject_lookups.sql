-- Whose disclosures were looked up. Who did it, when and why stands in the journal, whose entry names the look-up.
create table subject_lookup (
  id {uuid} not null,
  ordinal integer not null,
  subject_pseudonym {bytes},
  subject_key_version integer,
  primary key (id, ordinal),
  constraint subject_lookup_ordinal_check check (ordinal >= 0),
  constraint subject_lookup_subject_pseudonym_check check (octet_length(subject_pseudonym) = 32),
  constraint subject_lookup_subject_pseudonym_subject_key_version_check
    check ((subject_pseudonym is null) = (subject_key_version is null))
);
create index subject_lookup_subject_pseudonym_idx on subject_lookup (subject_pseudonym) where subject_pseudonym is not null;
