create trigger log_checkpoint_append_only before update on log_checkpoint
begin select raise(abort, 'log_checkpoint_append_only: log_checkpoint is append-only'); end;
create trigger log_checkpoint_append_only_delete before delete on log_checkpoint
begin select raise(abort, 'log_checkpoint_append_only: log_checkpoint is append-only'); end;
