-- Every refusal begins with the guard's name, so that it can be told apart like any other. One guard may need several
-- triggers; their names then end in what they stop. `replace into` passes delete guards unless `recursive_triggers` is on.

-- Append-only: what was said stays said.
create trigger change_row_append_only before update on change_row
begin select raise(abort, 'change_row_append_only: change_row is append-only'); end;
create trigger change_row_append_only_delete before delete on change_row
begin select raise(abort, 'change_row_append_only: change_row is append-only'); end;
create trigger disclosure_key_append_only before update on disclosure_key
begin select raise(abort, 'disclosure_key_append_only: disclosure_key is append-only'); end;
create trigger disclosure_key_append_only_delete before delete on disclosure_key
begin select raise(abort, 'disclosure_key_append_only: disclosure_key is append-only'); end;
create trigger status_entry_append_only before update on status_entry
begin select raise(abort, 'status_entry_append_only: status_entry is append-only'); end;
create trigger status_entry_append_only_delete before delete on status_entry
begin select raise(abort, 'status_entry_append_only: status_entry is append-only'); end;
create trigger agreement_version_append_only before update on agreement_version
begin select raise(abort, 'agreement_version_append_only: agreement_version is append-only'); end;
create trigger agreement_version_append_only_delete before delete on agreement_version
begin select raise(abort, 'agreement_version_append_only: agreement_version is append-only'); end;
create trigger signature_append_only before update on signature
begin select raise(abort, 'signature_append_only: signature is append-only'); end;
create trigger signature_append_only_delete before delete on signature
begin select raise(abort, 'signature_append_only: signature is append-only'); end;

-- A change loses its salt, and nothing else, at erasure; its commitments stay.
create trigger change_append_only_delete before delete on change
begin select raise(abort, 'change_append_only: change is append-only'); end;
create trigger change_append_only before update on change
when old.salt is null or new.salt is not null or (
  new.seq, new.recorded_at, new.actor, new.actor_organisation, new.action, new.subject, new.reason, new.leaf_index, new.subject_commitment,
  new.restricted_commitment
) is not (
  old.seq, old.recorded_at, old.actor, old.actor_organisation, old.action, old.subject, old.reason, old.leaf_index, old.subject_commitment,
  old.restricted_commitment
)
begin select raise(abort, 'change_append_only: change is append-only'); end;

-- A disclosure loses its salt and its pseudonyms, once, and gains the position of the erasure.
create trigger disclosure_append_only_delete before delete on disclosure
begin select raise(abort, 'disclosure_append_only: disclosure is append-only'); end;
create trigger disclosure_append_only before update on disclosure
when old.erased_seq is not null or new.erased_seq is null or new.salt is not null or new.subject_pseudonym is not null
  or (new.subject_key_version is not null and new.subject_key_version is not old.subject_key_version)
  or (new.user_pseudonym is not null and new.user_pseudonym is not old.user_pseudonym)
  or (new.user_key_version is not null and new.user_key_version is not old.user_key_version)
  or (
    new.id, new.recorded_at, new.occurred_at, new.leaf_index, new.discloser_id, new.recipient_id, new.register_id, new.agreement_id,
    new.scope_id, new.bases_id, new.purpose_id, new.channel, new.operation, new.items_id, new.subject_kind, new.subject_business_id,
    new.subject_count, new.ground, new.consent_reference, new.case_reference, new.client_system, new.message_id, new.part, new.outcome,
    new.coverage, new.reasons, new.decided_seq, new.onward_recipient_kind, new.withheld_until, new.withholding_basis_id, new.corrects_id,
    new.subject_commitment, new.restricted_commitment
  ) is not (
    old.id, old.recorded_at, old.occurred_at, old.leaf_index, old.discloser_id, old.recipient_id, old.register_id, old.agreement_id,
    old.scope_id, old.bases_id, old.purpose_id, old.channel, old.operation, old.items_id, old.subject_kind, old.subject_business_id,
    old.subject_count, old.ground, old.consent_reference, old.case_reference, old.client_system, old.message_id, old.part, old.outcome,
    old.coverage, old.reasons, old.decided_seq, old.onward_recipient_kind, old.withheld_until, old.withholding_basis_id, old.corrects_id,
    old.subject_commitment, old.restricted_commitment
  )
begin select raise(abort, 'disclosure_append_only: disclosure is append-only'); end;

-- The tree grows and never shrinks; a leaf stays where it was put.
create trigger log_tree_append_only_delete before delete on log_tree
begin select raise(abort, 'log_tree_append_only: log_tree is append-only'); end;
create trigger log_tree_append_only before update on log_tree
when new.size < old.size
begin select raise(abort, 'log_tree_append_only: log_tree is append-only'); end;
create trigger log_tile_append_only_delete before delete on log_tile
when old.level = 0
begin select raise(abort, 'log_tile_append_only: log_tile is append-only'); end;
create trigger log_tile_append_only before update on log_tile
when old.level = 0
  and (new.level <> old.level or new.tile <> old.tile or substr(new.hashes, 1, length(old.hashes)) <> old.hashes)
begin select raise(abort, 'log_tile_append_only: log_tile is append-only'); end;

-- Agreements.
create trigger agreement_status_transition before update of status on agreement
when old.status <> new.status and old.status || ' to ' || new.status not in (
  'REGISTERED_INCOMPLETE to DRAFT',
  'DRAFT to BASIS_CONFIRMED', 'DRAFT to REJECTED', 'DRAFT to WITHDRAWN',
  'BASIS_CONFIRMED to NEGOTIATION', 'BASIS_CONFIRMED to REJECTED', 'BASIS_CONFIRMED to WITHDRAWN', 'BASIS_CONFIRMED to DRAFT',
  'NEGOTIATION to SIGNED', 'NEGOTIATION to REJECTED', 'NEGOTIATION to WITHDRAWN', 'NEGOTIATION to BASIS_CONFIRMED',
  'SIGNED to ACTIVE', 'SIGNED to TERMINATED', 'SIGNED to NEGOTIATION',
  'ACTIVE to SUSPENDED', 'ACTIVE to TERMINATED', 'ACTIVE to SUPERSEDED',
  'SUSPENDED to ACTIVE', 'SUSPENDED to TERMINATED', 'SUSPENDED to SUPERSEDED'
)
begin select raise(abort, 'agreement_status_transition: agreement status does not lead there'); end;
create trigger agreement_terminal before update on agreement
when old.status in ('TERMINATED', 'SUPERSEDED', 'REJECTED', 'WITHDRAWN') and (
  new.id, new.number, new.case_register_id, new.kind, new.discloser_id, new.recipient_id, new.register_id, new.status, new.signed_on,
  new.starts_on, new.ends_on, new.termination_reason, new.supersedes_id, new.drafted_by_id, new.catalogue_version, new.publicity,
  new.version, new.content_hash
) is not (
  old.id, old.number, old.case_register_id, old.kind, old.discloser_id, old.recipient_id, old.register_id, old.status, old.signed_on,
  old.starts_on, old.ends_on, old.termination_reason, old.supersedes_id, old.drafted_by_id, old.catalogue_version, old.publicity,
  old.version, old.content_hash
)
begin select raise(abort, 'agreement_terminal: agreement has ended and does not change'); end;
create trigger agreement_terminal_delete before delete on agreement
when old.status in ('TERMINATED', 'SUPERSEDED', 'REJECTED', 'WITHDRAWN')
begin select raise(abort, 'agreement_terminal: agreement has ended and does not change'); end;

-- I1: beyond a draft an agreement rests on law. Nothing can be judged at commit here, and an agreement is written before its
-- bases, so only a change of status is.
create trigger agreement_basis_present before update of status on agreement
when new.status not in ('REGISTERED_INCOMPLETE', 'DRAFT', 'WITHDRAWN', 'REJECTED')
  and not exists (select 1 from agreement_basis where agreement_id = new.id)
begin select raise(abort, 'agreement_basis_present: agreement rests on no legal basis'); end;

-- Scopes.
create trigger scope_status_transition before update of status on scope
when old.status <> new.status and new.status <> 'CLOSED' and old.status || ' to ' || new.status not in (
  'DEFINED to IMPLEMENTED', 'IMPLEMENTED to TESTED', 'TESTED to OPEN', 'OPEN to SUSPENDED', 'SUSPENDED to OPEN'
)
begin select raise(abort, 'scope_status_transition: scope status does not lead there'); end;
create trigger scope_terminal before update on scope
when old.status = 'CLOSED' and (
  new.id, new.agreement_id, new.channel, new.version, new.regularity, new.status, new.necessity_check, new.mode_justification,
  new.mode_justification_text, new.admission, new.structure_version, new.defined_on, new.planned_on, new.retention_days
) is not (
  old.id, old.agreement_id, old.channel, old.version, old.regularity, old.status, old.necessity_check, old.mode_justification,
  old.mode_justification_text, old.admission, old.structure_version, old.defined_on, old.planned_on, old.retention_days
)
begin select raise(abort, 'scope_terminal: scope is closed and does not change'); end;
create trigger scope_terminal_delete before delete on scope
when old.status = 'CLOSED'
begin select raise(abort, 'scope_terminal: scope is closed and does not change'); end;

-- 906/2019 23 § 1 mom: viewing is a single search, never a list.
create trigger scope_item_viewing_list before insert on scope_item
when new.operation = 'LIST' and exists (select 1 from scope where id = new.scope_id and channel = 'VIEWING_CONNECTION')
begin select raise(abort, 'scope_item_viewing_list: viewing connection has no lists'); end;
create trigger scope_item_viewing_list_update before update on scope_item
when new.operation = 'LIST' and exists (select 1 from scope where id = new.scope_id and channel = 'VIEWING_CONNECTION')
begin select raise(abort, 'scope_item_viewing_list: viewing connection has no lists'); end;
create trigger scope_viewing_list before update of channel on scope
when new.channel = 'VIEWING_CONNECTION' and exists (select 1 from scope_item where scope_id = new.id and operation = 'LIST')
begin select raise(abort, 'scope_viewing_list: viewing connection has no lists'); end;

-- A basis of one agreement carries nothing in another.
create trigger scope_item_basis_same_agreement before insert on scope_item_basis
when (
  select scope.agreement_id from scope join scope_item on scope_item.scope_id = scope.id where scope_item.id = new.scope_item_id
) <> (select agreement_id from agreement_basis where id = new.agreement_basis_id)
begin select raise(abort, 'scope_item_basis_same_agreement: basis belongs to another agreement'); end;
create trigger scope_item_basis_same_agreement_update before update on scope_item_basis
when (
  select scope.agreement_id from scope join scope_item on scope_item.scope_id = scope.id where scope_item.id = new.scope_item_id
) <> (select agreement_id from agreement_basis where id = new.agreement_basis_id)
begin select raise(abort, 'scope_item_basis_same_agreement: basis belongs to another agreement'); end;
create trigger onward_rule_basis_same_agreement before insert on onward_rule_basis
when (select agreement_id from onward_rule where id = new.onward_rule_id)
  <> (select agreement_id from agreement_basis where id = new.agreement_basis_id)
begin select raise(abort, 'onward_rule_basis_same_agreement: basis belongs to another agreement'); end;
create trigger onward_rule_basis_same_agreement_update before update on onward_rule_basis
when (select agreement_id from onward_rule where id = new.onward_rule_id)
  <> (select agreement_id from agreement_basis where id = new.agreement_basis_id)
begin select raise(abort, 'onward_rule_basis_same_agreement: basis belongs to another agreement'); end;

-- I6: every item of a scope rests on law. Judged when the scope opens, since nothing can be judged at commit here.
create trigger scope_item_basis_present before update of status on scope
when new.status = 'OPEN' and exists (
  select 1 from scope_item
  where scope_id = new.id and not exists (select 1 from scope_item_basis where scope_item_id = scope_item.id)
)
begin select raise(abort, 'scope_item_basis_present: scope item rests on no legal basis'); end;

-- A confirmed provision keeps its place and its effect; other wording is another row.
create trigger legal_basis_wording before update on legal_basis
when old.status <> 'PROPOSED' and (
  new.status = 'PROPOSED' or (
    new.jurisdiction, new.number, new.year, new.chapter, new.section, new.moment, new.item, new.subitem, new.citation, new.threshold,
    new.allows_electronic, new.overrides_secrecy, new.informs_subject_beforehand, new.valid_from
  ) is not (
    old.jurisdiction, old.number, old.year, old.chapter, old.section, old.moment, old.item, old.subitem, old.citation, old.threshold,
    old.allows_electronic, old.overrides_secrecy, old.informs_subject_beforehand, old.valid_from
  )
)
begin select raise(abort, 'legal_basis_wording: confirmed legal basis keeps its wording'); end;

-- A mandate theme keeps its content from activation on.
create trigger mandate_theme_content before update on mandate_theme
when old.status in ('ACTIVE', 'HIDDEN') and (
  new.status not in ('ACTIVE', 'HIDDEN')
  or (new.code, new.name_fi, new.name_sv, new.name_en) is not (old.code, old.name_fi, old.name_sv, old.name_en)
)
begin select raise(abort, 'mandate_theme_content: active mandate theme keeps its names'); end;
