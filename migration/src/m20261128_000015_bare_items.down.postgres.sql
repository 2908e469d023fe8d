drop trigger agreement_item_basis_present on agreement;
drop function agreement_items_rest_on_law();
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
  if exists (select from scope_item where id = subject)
    and not exists (select from scope_item_basis where scope_item_id = subject)
  then
    raise exception using
      errcode = 'restrict_violation', table = tg_table_name, constraint = tg_name, message = tg_name || ': scope item rests on no legal basis';
  end if;
  return null;
end
$$;
