//! What waits for a second administrator, and how a proposal is taken back.

use std::sync::Arc;

use entity::{
    entitlement, legal_basis, organisation_key,
    vocabulary::{EntitlementId, LegalBasisId, OrganisationKeyId, ProposalStatus, RowId, table_and_row},
};
use uuid::Uuid;

use crate::{
    FaultCode, Violations,
    checks::{BLANK, Checks, TEXT_CHARACTERS_MAX},
    confirmation,
    entitlement::ceiling::rules as ceiling,
    facts::{Edit, Facts},
    journal::Changes,
    legal_basis::rules as law,
    organisation::keys::rules as keys,
};

/// What was proposed.
#[derive(Debug, Clone)]
pub enum Proposal {
    /// A provision in one wording.
    LegalBasis(Arc<legal_basis::Model>),
    /// An entitlement.
    Entitlement(Arc<entitlement::Model>),
    /// A key.
    Key(Arc<organisation_key::Model>),
}

impl Proposal {
    /// Row of a table.
    fn of(facts: &Facts, table: &str, id: Uuid) -> Option<Self> {
        match table {
            LegalBasisId::TABLE => facts.legal_basis.get(id.into()).cloned().map(Self::LegalBasis),
            EntitlementId::TABLE => facts.entitlement.get(id.into()).cloned().map(Self::Entitlement),
            OrganisationKeyId::TABLE => facts.organisation_key.get(id.into()).cloned().map(Self::Key),
            _ => None,
        }
    }

    /// Where it stands, and whose it is.
    pub fn stand(&self) -> confirmation::Proposal<'_> {
        match self {
            Self::LegalBasis(row) => law::proposal(row),
            Self::Entitlement(row) => ceiling::proposal(row),
            Self::Key(row) => keys::proposal(row),
        }
    }

    /// Its id; ids rise in the order of proposing.
    pub fn id(&self) -> Uuid {
        match self {
            Self::LegalBasis(row) => row.id.0,
            Self::Entitlement(row) => row.id.0,
            Self::Key(row) => row.id.0,
        }
    }

    fn table(&self) -> &'static str {
        match self {
            Self::LegalBasis(_) => LegalBasisId::TABLE,
            Self::Entitlement(_) => EntitlementId::TABLE,
            Self::Key(_) => OrganisationKeyId::TABLE,
        }
    }
}

/// Rejection as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct RejectionInput {
    /// Global id of what was proposed.
    pub id: String,
    /// Why.
    pub note: String,
}

/// Everything that waits, the oldest proposal first.
pub fn waiting(facts: &Facts) -> Vec<Proposal> {
    let provisions = facts.legal_basis.all().cloned().map(Proposal::LegalBasis);
    let ceilings = facts.entitlement.all().cloned().map(Proposal::Entitlement);
    let keys = facts.organisation_key.all().cloned().map(Proposal::Key);
    let all = provisions.chain(ceilings).chain(keys);
    let mut waiting: Vec<_> = all.filter(|one| one.stand().status == ProposalStatus::Proposed).collect();
    waiting.sort_by_key(Proposal::id);
    waiting
}

/// Rejects a proposal, whoever made it: it is gone from the registry, and the journal keeps that it was there. What has
/// been confirmed is repealed, ended or revoked instead.
pub fn reject(facts: &Facts, input: &RejectionInput) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let note = checks.prose("note", &input.note, TEXT_CHARACTERS_MAX, BLANK);
    let named = table_and_row(&input.id);
    if named.is_none() {
        checks.fault(FaultCode::Malformed, "id", "is no global id");
    }
    let proposal = named.and_then(|(table, id)| checks.found("id", Proposal::of(facts, table, id), "proposal"));
    if let Some(proposal) = &proposal {
        if proposal.stand().status != ProposalStatus::Proposed {
            checks.fault(FaultCode::WrongStatus, "id", "is no proposal any more: it is repealed, ended or revoked");
        } else if let Proposal::LegalBasis(row) = proposal
            && is_named(facts, row.id)
        {
            checks.fault(FaultCode::Conflict, "id", "something names this provision already: amend that first");
        }
    }
    checks.done(|| {
        let proposal = proposal?;
        let edits = vec![Edit::Remove(proposal.table(), proposal.id())];
        Some(Changes { action: "rejectProposal", subject: input.id.clone(), reason: note, edits })
    })
}

/// Whether anything names a provision: a draft, a claim on a register's secrecy, or what came by an import.
fn is_named(facts: &Facts, id: LegalBasisId) -> bool {
    facts.agreement_basis.of(id).next().is_some()
        || facts.entitlement.of(id).next().is_some()
        || facts.legal_basis.of(id).next().is_some()
        || facts.data_item.all().any(|row| row.secrecy_basis_id == Some(id))
        || facts.protection_statement.all().any(|row| row.required_by_id == Some(id))
        || facts.retention_rule.all().any(|row| row.legal_basis_id == Some(id))
}
