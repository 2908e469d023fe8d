create trigger webhook_terminal before update on webhook
for each row when (old.status = 'RETIRED')
execute function refuse('webhook is retired and does not change');
create trigger webhook_terminal_delete before delete on webhook
for each row when (old.status = 'RETIRED')
execute function refuse('webhook is retired and does not change');
