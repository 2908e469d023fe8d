-- A look-up loses its pseudonym, and nothing else, at erasure.
create trigger subject_lookup_append_only_delete before delete on subject_lookup
for each row execute function refuse('subject_lookup is append-only');
create trigger subject_lookup_append_only_truncate before truncate on subject_lookup
for each statement execute function refuse('subject_lookup is append-only');
create trigger subject_lookup_append_only before update on subject_lookup
for each row when (
  new.id <> old.id or new.ordinal <> old.ordinal or new.subject_pseudonym is not null or new.subject_key_version is not null
)
execute function refuse('subject_lookup is append-only');
