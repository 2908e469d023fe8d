-- Every refusal begins with the guard's name and carries it as its constraint, so that it can be told apart like any other.
-- One guard may need several triggers; their names then end in what they stop.
create function refuse() returns trigger
language plpgsql
as $$
declare
  guard constant text := regexp_replace(tg_name, '_(delete|truncate)$', '');
begin
  raise exception using
    errcode = 'restrict_violation', table = tg_table_name, constraint = guard, message = guard || ': ' || tg_argv[0];
end
$$;

-- Append-only: what was said stays said.
create trigger change_row_append_only before update or delete on change_row
for each row execute function refuse('change_row is append-only');
create trigger disclosure_key_append_only before update or delete on disclosure_key
for each row execute function refuse('disclosure_key is append-only');
create trigger status_entry_append_only before update or delete on status_entry
for each row execute function refuse('status_entry is append-only');
create trigger agreement_version_append_only before update or delete on agreement_version
for each row execute function refuse('agreement_version is append-only');
create trigger signature_append_only before update or delete on signature
for each row execute function refuse('signature is append-only');

create trigger change_append_only_truncate before truncate on change
for each statement execute function refuse('change is append-only');
create trigger change_row_append_only_truncate before truncate on change_row
for each statement execute function refuse('change_row is append-only');
create trigger disclosure_append_only_truncate before truncate on disclosure
for each statement execute function refuse('disclosure is append-only');
create trigger disclosure_key_append_only_truncate before truncate on disclosure_key
for each statement execute function refuse('disclosure_key is append-only');

-- A change loses its salt, and nothing else, at erasure; its commitments stay.
create trigger change_append_only_delete before delete on change
for each row execute function refuse('change is append-only');
create trigger change_append_only before update on change
for each row when (
  old.salt is null or new.salt is not null
  or to_jsonb(new) - 'salt' <> to_jsonb(old) - 'salt'
)
execute function refuse('change is append-only');

-- A disclosure loses its salt and its pseudonyms, once, and gains the position of the erasure.
create trigger disclosure_append_only_delete before delete on disclosure
for each row execute function refuse('disclosure is append-only');
create trigger disclosure_append_only before update on disclosure
for each row when (
  old.erased_seq is not null or new.erased_seq is null or new.salt is not null or new.subject_pseudonym is not null
  or new.subject_key_version <> old.subject_key_version
  or new.user_pseudonym <> old.user_pseudonym
  or new.user_key_version <> old.user_key_version
  or (new.subject_key_version is not null and old.subject_key_version is null)
  or (new.user_pseudonym is not null and old.user_pseudonym is null)
  or (new.user_key_version is not null and old.user_key_version is null)
  or to_jsonb(new) - array['salt', 'erased_seq', 'subject_pseudonym', 'subject_key_version', 'user_pseudonym', 'user_key_version']
    <> to_jsonb(old) - array['salt', 'erased_seq', 'subject_pseudonym', 'subject_key_version', 'user_pseudonym', 'user_key_version']
)
execute function refuse('disclosure is append-only');

-- The tree grows and never shrinks; a leaf stays where it was put.
create trigger log_tree_append_only_delete before delete on log_tree
for each row execute function refuse('log_tree is append-only');
create trigger log_tree_append_only before update on log_tree
for each row when (new.size < old.size)
execute function refuse('log_tree is append-only');
create trigger log_tile_append_only_delete before delete on log_tile
for each row when (old.level = 0)
execute function refuse('log_tile is append-only');
create trigger log_tile_append_only before update on log_tile
for each row when (
  old.level = 0
  and (new.level <> old.level or new.tile <> old.tile or substr(new.hashes, 1, octet_length(old.hashes)) <> old.hashes)
)
execute function refuse('log_tile is append-only');

-- Agreements.
create trigger agreement_status_transition before update of status on agreement
for each row when (old.status <> new.status and old.status || ' to ' || new.status not in (
  'REGISTERED_INCOMPLETE to DRAFT',
  'DRAFT to BASIS_CONFIRMED', 'DRAFT to REJECTED', 'DRAFT to WITHDRAWN',
  'BASIS_CONFIRMED to NEGOTIATION', 'BASIS_CONFIRMED to REJECTED', 'BASIS_CONFIRMED to WITHDRAWN', 'BASIS_CONFIRMED to DRAFT',
  'NEGOTIATION to SIGNED', 'NEGOTIATION to REJECTED', 'NEGOTIATION to WITHDRAWN', 'NEGOTIATION to BASIS_CONFIRMED',
  'SIGNED to ACTIVE', 'SIGNED to TERMINATED', 'SIGNED to NEGOTIATION',
  'ACTIVE to SUSPENDED', 'ACTIVE to TERMINATED', 'ACTIVE to SUPERSEDED',
  'SUSPENDED to ACTIVE', 'SUSPENDED to TERMINATED', 'SUSPENDED to SUPERSEDED'
))
execute function refuse('agreement status does not lead there');
create trigger agreement_terminal before update on agreement
for each row when (old.status in ('TERMINATED', 'SUPERSEDED', 'REJECTED', 'WITHDRAWN') and old is distinct from new)
execute function refuse('agreement has ended and does not change');
create trigger agreement_terminal_delete before delete on agreement
for each row when (old.status in ('TERMINATED', 'SUPERSEDED', 'REJECTED', 'WITHDRAWN'))
execute function refuse('agreement has ended and does not change');

-- I1: beyond a draft an agreement rests on law. Judged at commit, since the agreement is written before its bases.
create function agreement_rests_on_law() returns trigger
language plpgsql
as $$
declare
  subject uuid;
begin
  if tg_table_name = 'agreement' then
    subject := new.id;
  else
    subject := old.agreement_id;
  end if;
  if exists (
    select from agreement
    where id = subject and status not in ('REGISTERED_INCOMPLETE', 'DRAFT', 'WITHDRAWN', 'REJECTED')
      and not exists (select from agreement_basis where agreement_id = subject)
  ) then
    raise exception using
      errcode = 'restrict_violation', table = tg_table_name, constraint = tg_name, message = tg_name || ': agreement rests on no legal basis';
  end if;
  return null;
end
$$;
create constraint trigger agreement_basis_present after insert or update of status on agreement
deferrable initially deferred for each row execute function agreement_rests_on_law();
create constraint trigger agreement_basis_remains after delete or update of agreement_id on agreement_basis
deferrable initially deferred for each row execute function agreement_rests_on_law();

-- Scopes.
create trigger scope_status_transition before update of status on scope
for each row when (old.status <> new.status and new.status <> 'CLOSED' and old.status || ' to ' || new.status not in (
  'DEFINED to IMPLEMENTED', 'IMPLEMENTED to TESTED', 'TESTED to OPEN', 'OPEN to SUSPENDED', 'SUSPENDED to OPEN'
))
execute function refuse('scope status does not lead there');
create trigger scope_terminal before update on scope
for each row when (old.status = 'CLOSED' and old is distinct from new)
execute function refuse('scope is closed and does not change');
create trigger scope_terminal_delete before delete on scope
for each row when (old.status = 'CLOSED')
execute function refuse('scope is closed and does not change');

-- 906/2019 23 § 1 mom: viewing is a single search, never a list.
create function viewing_lists_nothing() returns trigger
language plpgsql
as $$
declare
  lists boolean;
begin
  if tg_table_name = 'scope' then
    lists := new.channel = 'VIEWING_CONNECTION'
      and exists (select from scope_item where scope_id = new.id and operation = 'LIST');
  else
    lists := new.operation = 'LIST'
      and exists (select from scope where id = new.scope_id and channel = 'VIEWING_CONNECTION');
  end if;
  if lists then
    raise exception using
      errcode = 'restrict_violation', table = tg_table_name, constraint = tg_name, message = tg_name || ': viewing connection has no lists';
  end if;
  return new;
end
$$;
create trigger scope_item_viewing_list before insert or update on scope_item
for each row execute function viewing_lists_nothing();
create trigger scope_viewing_list before update of channel on scope
for each row execute function viewing_lists_nothing();

-- A basis of one agreement carries nothing in another.
create function basis_of_same_agreement() returns trigger
language plpgsql
as $$
declare
  own uuid;
begin
  if tg_table_name = 'scope_item_basis' then
    select scope.agreement_id into own
    from scope join scope_item on scope_item.scope_id = scope.id where scope_item.id = new.scope_item_id;
  else
    select agreement_id into own from onward_rule where id = new.onward_rule_id;
  end if;
  if own <> (select agreement_id from agreement_basis where id = new.agreement_basis_id) then
    raise exception using
      errcode = 'restrict_violation', table = tg_table_name, constraint = tg_name, message = tg_name || ': basis belongs to another agreement';
  end if;
  return new;
end
$$;
create trigger scope_item_basis_same_agreement before insert or update on scope_item_basis
for each row execute function basis_of_same_agreement();
create trigger onward_rule_basis_same_agreement before insert or update on onward_rule_basis
for each row execute function basis_of_same_agreement();

-- I6: every item of a scope rests on law. Judged at commit, since the item is written before its bases.
create function scope_item_rests_on_law() returns trigger
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
create constraint trigger scope_item_basis_present after insert on scope_item
deferrable initially deferred for each row execute function scope_item_rests_on_law();
create constraint trigger scope_item_basis_remains after delete or update of scope_item_id on scope_item_basis
deferrable initially deferred for each row execute function scope_item_rests_on_law();

-- A confirmed provision keeps its place and its effect; other wording is another row.
create trigger legal_basis_wording before update on legal_basis
for each row when (old.status <> 'PROPOSED' and (
  new.status = 'PROPOSED'
  or (
    new.jurisdiction, new.number, new.year, new.chapter, new.section, new.moment, new.item, new.subitem, new.citation,
    new.threshold, new.allows_electronic, new.overrides_secrecy, new.informs_subject_beforehand, new.valid_from
  ) is distinct from (
    old.jurisdiction, old.number, old.year, old.chapter, old.section, old.moment, old.item, old.subitem, old.citation,
    old.threshold, old.allows_electronic, old.overrides_secrecy, old.informs_subject_beforehand, old.valid_from
  )
))
execute function refuse('confirmed legal basis keeps its wording');

-- A mandate theme keeps its content from activation on.
create trigger mandate_theme_content before update on mandate_theme
for each row when (old.status in ('ACTIVE', 'HIDDEN') and (
  new.status not in ('ACTIVE', 'HIDDEN')
  or (new.code, new.name_fi, new.name_sv, new.name_en) is distinct from (old.code, old.name_fi, old.name_sv, old.name_en)
))
execute function refuse('active mandate theme keeps its names');
