-- What has ended stays as it ended: nothing an act, or a hand at the database, does to it later.
create trigger protection_statement_terminal before update on protection_statement
when old.status in ('REJECTED', 'SUPERSEDED', 'WITHDRAWN')
begin select raise(abort, 'protection_statement_terminal: protection statement has ended and does not change'); end;
create trigger protection_statement_terminal_delete before delete on protection_statement
when old.status in ('REJECTED', 'SUPERSEDED', 'WITHDRAWN')
begin select raise(abort, 'protection_statement_terminal: protection statement has ended and does not change'); end;
create trigger incident_terminal before update on incident
when old.status = 'CLOSED'
begin select raise(abort, 'incident_terminal: incident is closed and does not change'); end;
create trigger incident_terminal_delete before delete on incident
when old.status = 'CLOSED'
begin select raise(abort, 'incident_terminal: incident is closed and does not change'); end;
create trigger inquiry_terminal before update on inquiry
when old.status = 'ANSWERED'
begin select raise(abort, 'inquiry_terminal: inquiry is answered and does not change'); end;
create trigger inquiry_terminal_delete before delete on inquiry
when old.status = 'ANSWERED'
begin select raise(abort, 'inquiry_terminal: inquiry is answered and does not change'); end;
create trigger mandating_right_terminal before update on mandating_right
when old.status in ('REJECTED', 'REVOKED')
begin select raise(abort, 'mandating_right_terminal: mandating right has ended and does not change'); end;
create trigger mandating_right_terminal_delete before delete on mandating_right
when old.status in ('REJECTED', 'REVOKED')
begin select raise(abort, 'mandating_right_terminal: mandating right has ended and does not change'); end;
create trigger access_grant_terminal before update on access_grant
when old.revoked_at is not null
begin select raise(abort, 'access_grant_terminal: access grant is revoked and does not change'); end;
create trigger access_grant_terminal_delete before delete on access_grant
when old.revoked_at is not null
begin select raise(abort, 'access_grant_terminal: access grant is revoked and does not change'); end;
create trigger organisation_key_terminal before update on organisation_key
when old.status = 'REVOKED'
begin select raise(abort, 'organisation_key_terminal: key is revoked and does not change'); end;
create trigger organisation_key_terminal_delete before delete on organisation_key
when old.status = 'REVOKED'
begin select raise(abort, 'organisation_key_terminal: key is revoked and does not change'); end;
create trigger entitlement_terminal before update on entitlement
when old.status = 'REVOKED'
begin select raise(abort, 'entitlement_terminal: entitlement is withdrawn and does not change'); end;
create trigger entitlement_terminal_delete before delete on entitlement
when old.status = 'REVOKED'
begin select raise(abort, 'entitlement_terminal: entitlement is withdrawn and does not change'); end;

-- The parts of what has ended. Rows may still be added, since an import writes a whole before its parts.
create trigger agreement_basis_terminal before update on agreement_basis
when exists (select 1 from agreement where id = old.agreement_id and status in ('TERMINATED', 'SUPERSEDED', 'REJECTED', 'WITHDRAWN'))
begin select raise(abort, 'agreement_basis_terminal: agreement has ended and its bases do not change'); end;
create trigger agreement_basis_terminal_delete before delete on agreement_basis
when exists (select 1 from agreement where id = old.agreement_id and status in ('TERMINATED', 'SUPERSEDED', 'REJECTED', 'WITHDRAWN'))
begin select raise(abort, 'agreement_basis_terminal: agreement has ended and its bases do not change'); end;
create trigger agreement_party_terminal before update on agreement_party
when exists (select 1 from agreement where id = old.agreement_id and status in ('TERMINATED', 'SUPERSEDED', 'REJECTED', 'WITHDRAWN'))
begin select raise(abort, 'agreement_party_terminal: agreement has ended and its parties do not change'); end;
create trigger agreement_party_terminal_delete before delete on agreement_party
when exists (select 1 from agreement where id = old.agreement_id and status in ('TERMINATED', 'SUPERSEDED', 'REJECTED', 'WITHDRAWN'))
begin select raise(abort, 'agreement_party_terminal: agreement has ended and its parties do not change'); end;
create trigger adoption_plan_terminal before update on adoption_plan
when exists (select 1 from agreement where id = old.agreement_id and status in ('TERMINATED', 'SUPERSEDED', 'REJECTED', 'WITHDRAWN'))
begin select raise(abort, 'adoption_plan_terminal: agreement has ended and its plan does not change'); end;
create trigger adoption_plan_terminal_delete before delete on adoption_plan
when exists (select 1 from agreement where id = old.agreement_id and status in ('TERMINATED', 'SUPERSEDED', 'REJECTED', 'WITHDRAWN'))
begin select raise(abort, 'adoption_plan_terminal: agreement has ended and its plan does not change'); end;
create trigger scope_item_terminal before update on scope_item
when exists (select 1 from scope where id = old.scope_id and status = 'CLOSED')
begin select raise(abort, 'scope_item_terminal: scope is closed and its items do not change'); end;
create trigger scope_item_terminal_delete before delete on scope_item
when exists (select 1 from scope where id = old.scope_id and status = 'CLOSED')
begin select raise(abort, 'scope_item_terminal: scope is closed and its items do not change'); end;
create trigger scope_purpose_terminal before update on scope_purpose
when exists (select 1 from scope where id = old.scope_id and status = 'CLOSED')
begin select raise(abort, 'scope_purpose_terminal: scope is closed and its purposes do not change'); end;
create trigger scope_purpose_terminal_delete before delete on scope_purpose
when exists (select 1 from scope where id = old.scope_id and status = 'CLOSED')
begin select raise(abort, 'scope_purpose_terminal: scope is closed and its purposes do not change'); end;
create trigger scope_item_basis_terminal before update on scope_item_basis
when exists (
  select 1 from scope join scope_item on scope_item.scope_id = scope.id where scope_item.id = old.scope_item_id and scope.status = 'CLOSED'
)
begin select raise(abort, 'scope_item_basis_terminal: scope is closed and its bases do not change'); end;
create trigger scope_item_basis_terminal_delete before delete on scope_item_basis
when exists (
  select 1 from scope join scope_item on scope_item.scope_id = scope.id where scope_item.id = old.scope_item_id and scope.status = 'CLOSED'
)
begin select raise(abort, 'scope_item_basis_terminal: scope is closed and its bases do not change'); end;
create trigger scope_item_mandate_terminal before update on scope_item_mandate
when exists (
  select 1 from scope join scope_item on scope_item.scope_id = scope.id where scope_item.id = old.scope_item_id and scope.status = 'CLOSED'
)
begin select raise(abort, 'scope_item_mandate_terminal: scope is closed and its mandates do not change'); end;
create trigger scope_item_mandate_terminal_delete before delete on scope_item_mandate
when exists (
  select 1 from scope join scope_item on scope_item.scope_id = scope.id where scope_item.id = old.scope_item_id and scope.status = 'CLOSED'
)
begin select raise(abort, 'scope_item_mandate_terminal: scope is closed and its mandates do not change'); end;
