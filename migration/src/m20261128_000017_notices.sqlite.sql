create trigger agreement_notice_append_only before update on agreement_notice
begin select raise(abort, 'agreement_notice_append_only: agreement_notice is append-only'); end;
create trigger agreement_notice_append_only_delete before delete on agreement_notice
begin select raise(abort, 'agreement_notice_append_only: agreement_notice is append-only'); end;
