-- R35, R40: what was registered as it was found may hold items that rest on nothing, and so may the draft that is made of it;
-- it goes no further before each of them rests on law.
create or replace function scope_item_rests_on_law() returns trigger
language plpgsql
as $$
declare
  subject uuid;
begin
  if tg_table_name = 'scope_item' then
    subject := new.id;
  else
    subject := old.scope_item_id;
  end if;
  if exists (
    select from scope_item
    join scope on scope.id = scope_item.scope_id
    join agreement on agreement.id = scope.agreement_id
    where scope_item.id = subject and agreement.status not in ('REGISTERED_INCOMPLETE', 'DRAFT', 'WITHDRAWN', 'REJECTED')
  )
    and not exists (select from scope_item_basis where scope_item_id = subject)
  then
    raise exception using
      errcode = 'restrict_violation', table = tg_table_name, constraint = tg_name, message = tg_name || ': scope item rests on no legal basis';
  end if;
  return null;
end
$$;
create function agreement_items_rest_on_law() returns trigger
language plpgsql
as $$
begin
  if exists (
    select from scope
    join scope_item on scope_item.scope_id = scope.id
    where scope.agreement_id = new.id and scope.status <> 'CLOSED'
      and not exists (select from scope_item_basis where scope_item_id = scope_item.id)
  ) then
    raise exception using
      errcode = 'restrict_violation', table = tg_table_name, constraint = tg_name, message = tg_name || ': scope item rests on no legal basis';
  end if;
  return null;
end
$$;
create constraint trigger agreement_item_basis_present after update of status on agreement
deferrable initially deferred for each row
when (
  old.status in ('REGISTERED_INCOMPLETE', 'DRAFT')
  and new.status not in ('REGISTERED_INCOMPLETE', 'DRAFT', 'WITHDRAWN', 'REJECTED')
)
execute function agreement_items_rest_on_law();
