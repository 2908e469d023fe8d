//! The queue of proposals, and how one is rejected.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject, Union};

use super::{
    RejectionInput,
    rules::{self, Proposal as Proposed},
};
use crate::{
    Error,
    auth::policy,
    context::{Intent, View},
    entitlement::graphql::Entitlement,
    graphql::{
        connections::{Connection, Page},
        errors::UserError,
        request::request,
    },
    legal_basis::graphql::LegalBasis,
    organisation::{graphql::Organisation, keys::graphql::OrganisationKey},
};

/// What was proposed. May grow.
#[derive(Union)]
pub enum ProposalSubject {
    /// Provision in one wording.
    LegalBasis(LegalBasis),
    /// Entitlement.
    Entitlement(Entitlement),
    /// Key of an organisation.
    OrganisationKey(OrganisationKey),
}

/// Proposal.
pub struct Proposal {
    view: View,
    proposed: Proposed,
}

/// What one administrator proposed and no other has confirmed yet; it has no effect before.
#[Object]
impl Proposal {
    /// What was proposed.
    async fn subject(&self) -> ProposalSubject {
        let view = self.view.clone();
        match &self.proposed {
            Proposed::LegalBasis(row) => ProposalSubject::LegalBasis(LegalBasis { view, row: row.clone() }),
            Proposed::Entitlement(row) => ProposalSubject::Entitlement(Entitlement { view, row: row.clone() }),
            Proposed::Key(row) => ProposalSubject::OrganisationKey(OrganisationKey { view, row: row.clone() }),
        }
    }

    /// Organisation that would sign by the key proposed; null for other proposals.
    async fn organisation(&self) -> Option<Organisation> {
        match &self.proposed {
            Proposed::Key(row) => Organisation::of(&self.view, row.organisation_id),
            Proposed::LegalBasis(_) | Proposed::Entitlement(_) => None,
        }
    }

    /// Who proposed it.
    async fn proposed_by(&self) -> &str {
        self.proposed.stand().proposed_by
    }

    /// Whether the caller may confirm it: anyone but its proposer.
    async fn waits_for_me(&self) -> bool {
        waits_for_viewer(&self.view, &self.proposed)
    }
}

fn waits_for_viewer(view: &View, proposed: &Proposed) -> bool {
    proposed.stand().waits_for(&policy::actor(&view.viewer))
}

/// Queries about proposals.
#[derive(Default)]
pub struct ProposalQuery;

#[Object]
impl ProposalQuery {
    /// Provisions, entitlements and keys that wait for a second administrator, the oldest proposal first. Errors: FORBIDDEN,
    /// INVALID_INPUT.
    async fn proposals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those the caller may confirm, for others proposed them; all when absent or false.")]
        waits_for_me: Option<bool>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<Proposal>, Error> {
        let request = request(ctx, "proposals")?;
        let view = &request.view;
        let page = Page::of("proposals", first, after.as_deref(), request.page_size_max())?;
        let waiting = rules::waiting(&view.facts).into_iter();
        let rows: Vec<_> = waiting
            .filter(|proposed| waits_for_me != Some(true) || waits_for_viewer(view, proposed))
            .map(|proposed| (proposed.id(), proposed))
            .collect();
        let total = rows.len();
        Ok(page.connection(rows, |proposed| Proposal { view: view.clone(), proposed }).of_total(total))
    }
}

/// Proposal to be rejected.
#[derive(InputObject)]
pub struct RejectProposalInput {
    /// Global identifier of the provision, entitlement or key proposed.
    id: ID,
    /// Why, at most 4,000 characters. Never personal data.
    note: String,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to rejectProposal.
#[derive(SimpleObject)]
pub struct RejectProposalPayload {
    /// Global identifier of what was rejected and is gone; null when the act was refused.
    rejected_id: Option<ID>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on proposals.
#[derive(Default)]
pub struct ProposalMutation;

#[Object]
impl ProposalMutation {
    /// Rejects a proposal, or withdraws one's own; the administrator's act. It is gone, the journal keeps that it was there,
    /// and the same may be proposed again. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, NOT_FOUND, CONFLICT,
    /// WRONG_STATUS.
    async fn reject_proposal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which proposal, and why.")] input: RejectProposalInput,
    ) -> Result<RejectProposalPayload, Error> {
        let request = request(ctx, "rejectProposal")?;
        let intent = Intent::of(input.validate_only);
        let id = input.id.clone();
        let outcome = super::reject(request, RejectionInput { id: input.id.0, note: input.note }, intent).await;
        let (rejected_id, user_errors) = UserError::shown(&request.view, outcome, |_, ()| Some(id.clone()))?;
        Ok(RejectProposalPayload { rejected_id, user_errors })
    }
}
