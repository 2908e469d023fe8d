-- The guard names the column, so it goes first and comes back without it.
drop trigger disclosure_append_only;
alter table disclosure drop column mandates;
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
