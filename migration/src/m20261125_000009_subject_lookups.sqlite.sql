-- A look-up loses its pseudonym, and nothing else, at erasure.
create trigger subject_lookup_append_only_delete before delete on subject_lookup
begin select raise(abort, 'subject_lookup_append_only: subject_lookup is append-only'); end;
create trigger subject_lookup_append_only before update on subject_lookup
when new.id <> old.id or new.ordinal <> old.ordinal or new.subject_pseudonym is not null or new.subject_key_version is not null
begin select raise(abort, 'subject_lookup_append_only: subject_lookup is append-only'); end;
