-- What has ended stays as it ended: nothing an act, or a hand at the database, does to it later.
create trigger protection_statement_terminal before update on protection_statement
for each row when (old.status in ('REJECTED', 'SUPERSEDED', 'WITHDRAWN'))
execute function refuse('protection statement has ended and does not change');
create trigger protection_statement_terminal_delete before delete on protection_statement
for each row when (old.status in ('REJECTED', 'SUPERSEDED', 'WITHDRAWN'))
execute function refuse('protection statement has ended and does not change');
create trigger incident_terminal before update on incident
for each row when (old.status = 'CLOSED')
execute function refuse('incident is closed and does not change');
create trigger incident_terminal_delete before delete on incident
for each row when (old.status = 'CLOSED')
execute function refuse('incident is closed and does not change');
create trigger inquiry_terminal before update on inquiry
for each row when (old.status = 'ANSWERED')
execute function refuse('inquiry is answered and does not change');
create trigger inquiry_terminal_delete before delete on inquiry
for each row when (old.status = 'ANSWERED')
execute function refuse('inquiry is answered and does not change');
create trigger mandating_right_terminal before update on mandating_right
for each row when (old.status in ('REJECTED', 'REVOKED'))
execute function refuse('mandating right has ended and does not change');
create trigger mandating_right_terminal_delete before delete on mandating_right
for each row when (old.status in ('REJECTED', 'REVOKED'))
execute function refuse('mandating right has ended and does not change');
create trigger access_grant_terminal before update on access_grant
for each row when (old.revoked_at is not null)
execute function refuse('access grant is revoked and does not change');
create trigger access_grant_terminal_delete before delete on access_grant
for each row when (old.revoked_at is not null)
execute function refuse('access grant is revoked and does not change');
create trigger organisation_key_terminal before update on organisation_key
for each row when (old.status = 'REVOKED')
execute function refuse('key is revoked and does not change');
create trigger organisation_key_terminal_delete before delete on organisation_key
for each row when (old.status = 'REVOKED')
execute function refuse('key is revoked and does not change');
create trigger entitlement_terminal before update on entitlement
for each row when (old.status = 'REVOKED')
execute function refuse('entitlement is withdrawn and does not change');
create trigger entitlement_terminal_delete before delete on entitlement
for each row when (old.status = 'REVOKED')
execute function refuse('entitlement is withdrawn and does not change');

-- The parts of what has ended. Rows may still be added, since an import writes a whole before its parts.
create function part_of_the_ended() returns trigger
language plpgsql
as $$
declare
  guard constant text := regexp_replace(tg_name, '_delete$', '');
  has_ended boolean;
begin
  if tg_table_name in ('agreement_basis', 'agreement_party', 'adoption_plan') then
    has_ended := exists (
      select from agreement
      where id = old.agreement_id and status in ('TERMINATED', 'SUPERSEDED', 'REJECTED', 'WITHDRAWN')
    );
  elsif tg_table_name in ('scope_item', 'scope_purpose') then
    has_ended := exists (select from scope where id = old.scope_id and status = 'CLOSED');
  else
    has_ended := exists (
      select from scope join scope_item on scope_item.scope_id = scope.id
      where scope_item.id = old.scope_item_id and scope.status = 'CLOSED'
    );
  end if;
  if has_ended then
    raise exception using
      errcode = 'restrict_violation', table = tg_table_name, constraint = guard, message = guard || ': ' || tg_argv[0];
  end if;
  return case tg_op when 'DELETE' then old else new end;
end
$$;
create trigger agreement_basis_terminal before update on agreement_basis
for each row execute function part_of_the_ended('agreement has ended and its bases do not change');
create trigger agreement_basis_terminal_delete before delete on agreement_basis
for each row execute function part_of_the_ended('agreement has ended and its bases do not change');
create trigger agreement_party_terminal before update on agreement_party
for each row execute function part_of_the_ended('agreement has ended and its parties do not change');
create trigger agreement_party_terminal_delete before delete on agreement_party
for each row execute function part_of_the_ended('agreement has ended and its parties do not change');
create trigger adoption_plan_terminal before update on adoption_plan
for each row execute function part_of_the_ended('agreement has ended and its plan does not change');
create trigger adoption_plan_terminal_delete before delete on adoption_plan
for each row execute function part_of_the_ended('agreement has ended and its plan does not change');
create trigger scope_item_terminal before update on scope_item
for each row execute function part_of_the_ended('scope is closed and its items do not change');
create trigger scope_item_terminal_delete before delete on scope_item
for each row execute function part_of_the_ended('scope is closed and its items do not change');
create trigger scope_purpose_terminal before update on scope_purpose
for each row execute function part_of_the_ended('scope is closed and its purposes do not change');
create trigger scope_purpose_terminal_delete before delete on scope_purpose
for each row execute function part_of_the_ended('scope is closed and its purposes do not change');
create trigger scope_item_basis_terminal before update on scope_item_basis
for each row execute function part_of_the_ended('scope is closed and its bases do not change');
create trigger scope_item_basis_terminal_delete before delete on scope_item_basis
for each row execute function part_of_the_ended('scope is closed and its bases do not change');
create trigger scope_item_mandate_terminal before update on scope_item_mandate
for each row execute function part_of_the_ended('scope is closed and its mandates do not change');
create trigger scope_item_mandate_terminal_delete before delete on scope_item_mandate
for each row execute function part_of_the_ended('scope is closed and its mandates do not change');
