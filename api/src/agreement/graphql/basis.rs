//! How what an agreement rests on is said, and the acts from its law to its offer.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{
    agreement_basis, status_entry,
    vocabulary::{Adequacy, AgreementBasisId, BasisRole, ClosedEnum, StatusSubject},
};

use super::Agreement;
use crate::{
    Error,
    agreement::{self, BasisInput, BasisReviewInput, StepInput},
    context::{Intent, View},
    facts::{BasisPart, global_id},
    graphql::{
        errors::UserError,
        request::request,
        said::Said,
        scalars::{Citation, DateTime},
    },
    legal_basis::graphql::LegalBasis,
    status,
};

/// Basis of an agreement.
pub struct AgreementBasis {
    view: View,
    part: BasisPart,
}

impl AgreementBasis {
    /// Basis among an agreement's, for its parties.
    pub(super) fn part(view: &View, part: &BasisPart) -> Self {
        Self { view: view.clone(), part: part.clone() }
    }

    /// Basis of an id, for its agreement's parties.
    fn of(view: &View, id: AgreementBasisId) -> Option<Self> {
        let dossier = view.facts.dossier(view.facts.agreement_basis.get(id)?.agreement_id)?;
        dossier.bases.iter().find(|part| part.row.id == id).map(|part| Self::part(view, part))
    }

    fn row(&self) -> &agreement_basis::Model {
        &self.part.row
    }
}

/// Provision an agreement rests on, in one role.
#[Object]
impl AgreementBasis {
    /// Global identifier.
    pub async fn id(&self) -> ID {
        global_id(self.row().id).into()
    }

    /// Role.
    async fn role(&self) -> Said<BasisRole> {
        self.row().role.into()
    }

    /// Whether it carries what it is cited for.
    async fn adequacy(&self) -> Said<Adequacy> {
        self.part.adequacy.at(self.view.at).unwrap_or(Adequacy::Unreviewed).into()
    }

    /// Instant of the last review, UTC; null while unreviewed.
    async fn reviewed_at(&self) -> Option<DateTime> {
        self.row().reviewed_at.map(DateTime::from)
    }

    /// Reviewer's note; null when none was made.
    async fn note(&self) -> Option<&str> {
        self.row().note.as_deref()
    }

    /// What its reviews found, the first first; each with the reason given.
    async fn history(&self) -> Vec<AdequacyEntry> {
        let rows = status::entries(&self.view.facts, (StatusSubject::AgreementBasis, self.row().id.0));
        rows.into_iter().filter_map(AdequacyEntry::of).collect()
    }

    /// Provision.
    async fn legal_basis(&self) -> Result<LegalBasis, Error> {
        let row = self.view.facts.legal_basis.get(self.row().legal_basis_id);
        let row = row.ok_or_else(|| Error::internal("a basis without its provision"));
        row.map(|row| LegalBasis { view: self.view.clone(), row: Arc::clone(row) })
    }
}

/// Adequacy a basis has had from an instant on.
#[derive(SimpleObject)]
pub struct AdequacyEntry {
    /// Adequacy.
    adequacy: Said<Adequacy>,
    /// Instant from which it held, UTC.
    valid_from: DateTime,
    /// Reason given; null when none was.
    reason: Option<String>,
}

impl AdequacyEntry {
    fn of(row: &status_entry::Model) -> Option<Self> {
        let adequacy = Adequacy::from_code(&row.status)?;
        Some(Self {
            adequacy: adequacy.into(),
            valid_from: row.from_at.into(),
            reason: row.reason.as_deref().map(Into::into),
        })
    }
}

/// Provision an agreement is to rest on.
#[derive(InputObject)]
pub struct AddAgreementBasisInput {
    /// Global identifier of the agreement.
    id: ID,
    /// Citation of the provision; its wording in force now is meant. Give this or `legalBasis`.
    citation: Option<Citation>,
    /// Global identifier of the provision. Give this or `citation`.
    legal_basis: Option<ID>,
    /// What it does for the agreement.
    role: Said<BasisRole>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to addAgreementBasis.
#[derive(SimpleObject)]
pub struct AddAgreementBasisPayload {
    /// Basis; null when the input has faults.
    basis: Option<AgreementBasis>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Review of a provision an agreement rests on.
#[derive(InputObject)]
pub struct ReviewAgreementBasisInput {
    /// Global identifier of the agreement's basis.
    id: ID,
    /// What was found; never UNREVIEWED.
    adequacy: Said<Adequacy>,
    /// Why, at most 4,000 characters; needed for DEFINITION_ONLY, TOO_NARROW and DISPUTED. Never personal data.
    note: Option<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to reviewAgreementBasis.
#[derive(SimpleObject)]
pub struct ReviewAgreementBasisPayload {
    /// Basis as reviewed; null when the input has faults.
    basis: Option<AgreementBasis>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Draft whose legal basis is to be confirmed.
#[derive(InputObject)]
pub struct ConfirmAgreementBasisInput {
    /// Global identifier of the agreement.
    id: ID,
    /// Note, at most 4,000 characters. Never personal data.
    note: Option<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to confirmAgreementBasis.
#[derive(SimpleObject)]
pub struct ConfirmAgreementBasisPayload {
    /// Agreement as it stands now; null when the act was refused.
    agreement: Option<Agreement>,
    /// Every fault of the input and every condition that fails; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Agreement to be offered to its recipient.
#[derive(InputObject)]
pub struct OfferAgreementInput {
    /// Global identifier of the agreement.
    id: ID,
    /// Note to the recipient, at most 4,000 characters. Never personal data.
    note: Option<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to offerAgreement.
#[derive(SimpleObject)]
pub struct OfferAgreementPayload {
    /// Agreement as it stands now; null when the act was refused.
    agreement: Option<Agreement>,
    /// Every fault of the input and every condition that fails; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts from an agreement's law to its offer.
#[derive(Default)]
pub struct BasisMutation;

#[Object]
impl BasisMutation {
    /// Rests an agreement on a provision of confirmed law in force, in one role; the discloser's officer's act. It carries
    /// nothing until it is reviewed, and after an offer it is a new content version. The same provision and role again
    /// answer as the first time. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, NOT_FOUND, CONFLICT,
    /// WRONG_STATUS, BASIS_REPEALED.
    async fn add_agreement_basis(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which agreement, which provision, in which role.")] input: AddAgreementBasisInput,
    ) -> Result<AddAgreementBasisPayload, Error> {
        let request = request(ctx, "addAgreementBasis")?;
        let intent = Intent::of(input.validate_only);
        let input = BasisInput {
            id: input.id.0,
            citation: input.citation.map(String::from),
            legal_basis: input.legal_basis.map(|id| id.0),
            role: input.role.0,
        };
        let outcome = agreement::add_basis(request, input, intent).await;
        let (basis, user_errors) = UserError::shown(&request.view, outcome, AgreementBasis::of)?;
        Ok(AddAgreementBasisPayload { basis, user_errors })
    }

    /// Reviews whether a provision carries what an agreement cites it for; the discloser's officer's act. What rests on one
    /// found wanting closes from the answer on; one found adequate opens, after both have signed, only what both agreed on.
    /// Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, NOT_FOUND, CONFLICT, WRONG_STATUS, BASIS_REPEALED,
    /// CONTENT_NOT_AGREED.
    async fn review_agreement_basis(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which basis, and what was found.")] input: ReviewAgreementBasisInput,
    ) -> Result<ReviewAgreementBasisPayload, Error> {
        let request = request(ctx, "reviewAgreementBasis")?;
        let intent = Intent::of(input.validate_only);
        let input = BasisReviewInput { id: input.id.0, adequacy: input.adequacy.0, note: input.note };
        let outcome = agreement::review_basis(request, input, intent).await;
        let (basis, user_errors) = UserError::shown(&request.view, outcome, AgreementBasis::of)?;
        Ok(ReviewAgreementBasisPayload { basis, user_errors })
    }

    /// Confirms that the legal basis of a draft suffices: a right to receive or disclose that is adequate, in force and
    /// electronic, and for a recipient that is no authority a right to process. The discloser's officer's act. Errors:
    /// FORBIDDEN. User errors: TOO_LONG, MALFORMED, NOT_FOUND, WRONG_STATUS, and the reason code of every condition that
    /// fails. Source: 906/2019 22–24 §.
    async fn confirm_agreement_basis(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which draft.")] input: ConfirmAgreementBasisInput,
    ) -> Result<ConfirmAgreementBasisPayload, Error> {
        let request = request(ctx, "confirmAgreementBasis")?;
        let intent = Intent::of(input.validate_only);
        let outcome = agreement::confirm_basis(request, StepInput { id: input.id.0, note: input.note }, intent).await;
        let (agreement, user_errors) = UserError::shown(&request.view, outcome, Agreement::of)?;
        Ok(ConfirmAgreementBasisPayload { agreement, user_errors })
    }

    /// Offers an agreement to its recipient, which freezes its content as a version; the discloser's officer's act. Needs,
    /// besides the legal basis, a scope whose every item rests on a provision, justified means and a day for the opening.
    /// Errors: FORBIDDEN. User errors: TOO_LONG, MALFORMED, NOT_FOUND, WRONG_STATUS, and the reason code of every condition
    /// that fails. Source: 906/2019 22–24 §.
    async fn offer_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which agreement.")] input: OfferAgreementInput,
    ) -> Result<OfferAgreementPayload, Error> {
        let request = request(ctx, "offerAgreement")?;
        let intent = Intent::of(input.validate_only);
        let outcome = agreement::offer(request, StepInput { id: input.id.0, note: input.note }, intent).await;
        let (agreement, user_errors) = UserError::shown(&request.view, outcome, Agreement::of)?;
        Ok(OfferAgreementPayload { agreement, user_errors })
    }
}
