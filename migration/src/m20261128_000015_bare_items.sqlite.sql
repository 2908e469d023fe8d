-- R35, R40: what was registered as it was found may hold items that rest on nothing, and so may the draft that is made of it;
-- it goes no further before each of them rests on law.
create trigger agreement_item_basis_present before update of status on agreement
when old.status in ('REGISTERED_INCOMPLETE', 'DRAFT')
  and new.status not in ('REGISTERED_INCOMPLETE', 'DRAFT', 'WITHDRAWN', 'REJECTED')
  and exists (
    select 1 from scope
    join scope_item on scope_item.scope_id = scope.id
    where scope.agreement_id = new.id and scope.status <> 'CLOSED'
      and not exists (select 1 from scope_item_basis where scope_item_id = scope_item.id)
  )
begin select raise(abort, 'agreement_item_basis_present: scope item rests on no legal basis'); end;
