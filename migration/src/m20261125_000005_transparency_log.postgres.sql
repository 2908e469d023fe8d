-- Tiles lead to their rows now; no position is looked for in the log itself.
drop index disclosure_leaf_index_idx;

create trigger log_checkpoint_append_only before update or delete on log_checkpoint
for each row execute function refuse('log_checkpoint is append-only');
create trigger log_checkpoint_append_only_truncate before truncate on log_checkpoint
for each statement execute function refuse('log_checkpoint is append-only');
