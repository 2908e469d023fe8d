create trigger change_concern_append_only before update or delete on change_concern
for each row execute function refuse('change_concern is append-only');
create trigger change_concern_append_only_truncate before truncate on change_concern
for each statement execute function refuse('change_concern is append-only');
