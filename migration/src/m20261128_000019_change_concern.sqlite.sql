create trigger change_concern_append_only before update on change_concern
begin select raise(abort, 'change_concern_append_only: change_concern is append-only'); end;
create trigger change_concern_append_only_delete before delete on change_concern
begin select raise(abort, 'change_concern_append_only: change_concern is append-only'); end;
