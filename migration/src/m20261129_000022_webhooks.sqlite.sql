create trigger webhook_terminal before update on webhook
when old.status = 'RETIRED'
begin select raise(abort, 'webhook_terminal: webhook is retired and does not change'); end;
create trigger webhook_terminal_delete before delete on webhook
when old.status = 'RETIRED'
begin select raise(abort, 'webhook_terminal: webhook is retired and does not change'); end;
