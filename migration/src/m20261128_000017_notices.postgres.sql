create trigger agreement_notice_append_only before update or delete on agreement_notice
for each row execute function refuse('agreement_notice is append-only');
