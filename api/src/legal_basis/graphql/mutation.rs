//! Acts on provisions of law.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::vocabulary::{Evidence, Threshold};

use super::LegalBasis;
use crate::{
    Error,
    checks::NamesInput,
    context::Intent,
    graphql::{
        errors::UserError,
        names::LocalisedTextInput,
        request::request,
        said::Said,
        scalars::{Citation, Date, DateTime},
    },
    legal_basis::{self, BasisInput, RepealInput},
};

/// What a provision says, in our own words and without legal force.
#[derive(InputObject)]
pub struct LegalBasisSummaryInput {
    /// Finnish, at most 4,000 characters.
    fi: String,
    /// Swedish, at most 4,000 characters.
    sv: Option<String>,
    /// English, at most 4,000 characters.
    en: Option<String>,
}

/// Provision to be proposed, in one wording.
#[derive(InputObject)]
pub struct ProposeLegalBasisInput {
    /// Citation, such as `906/2019 22 § 1 mom` or `(EU) 2016/679 6 art. 1 kohta e alakohta`.
    citation: Citation,
    /// Whether the act is of Åland, whose acts are cited like Finland's.
    #[graphql(default)]
    is_aland: bool,
    /// European Legislation Identifier, `http://host/eli/…`, at most 200 characters; none known when absent.
    eli: Option<String>,
    /// Title of the act.
    title: LocalisedTextInput,
    /// What it says; no summary when absent.
    summary: Option<LegalBasisSummaryInput>,
    /// How strongly data must be needed; the wording sets no threshold when absent.
    threshold: Option<Said<Threshold>>,
    /// Whether the right covers electronic disclosure.
    allows_electronic: bool,
    /// Whether it applies notwithstanding secrecy.
    overrides_secrecy: bool,
    /// Whether the person must be told beforehand (as 703/2023 64 § 3 mom).
    #[graphql(default)]
    informs_subject_beforehand: bool,
    /// Instant from which the wording is in force; it may lie in the past, for the law was there before.
    valid_from: DateTime,
    /// Instant at which it ceases; no end known when absent.
    valid_until: Option<DateTime>,
    /// Day on which the wording was checked, not later than today.
    checked_on: Date,
    /// How it was verified.
    evidence: Said<Evidence>,
    /// Wording of the same provision in force when this one begins, whose place it takes once confirmed; needed where there
    /// is one.
    supersedes: Option<ID>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

impl From<ProposeLegalBasisInput> for BasisInput {
    fn from(input: ProposeLegalBasisInput) -> Self {
        Self {
            citation: input.citation.into(),
            is_aland: input.is_aland,
            eli: input.eli,
            title: input.title.into(),
            summary: input.summary.map(|text| NamesInput { fi: Some(text.fi), sv: text.sv, en: text.en }),
            threshold: input.threshold.map(|threshold| threshold.0),
            allows_electronic: input.allows_electronic,
            overrides_secrecy: input.overrides_secrecy,
            informs_subject_beforehand: input.informs_subject_beforehand,
            valid_from: input.valid_from.into(),
            valid_until: input.valid_until.map(String::from),
            checked_on: input.checked_on.into(),
            evidence: input.evidence.0,
            supersedes: input.supersedes.map(|id| id.0),
        }
    }
}

/// Answer to proposeLegalBasis.
#[derive(SimpleObject)]
pub struct ProposeLegalBasisPayload {
    /// Provision as it stands now; null when the input has faults.
    legal_basis: Option<LegalBasis>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Provision to be confirmed.
#[derive(InputObject)]
pub struct ConfirmLegalBasisInput {
    /// Global identifier.
    id: ID,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to confirmLegalBasis.
#[derive(SimpleObject)]
pub struct ConfirmLegalBasisPayload {
    /// Provision as it stands now; null when the act was refused.
    legal_basis: Option<LegalBasis>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Provision to be repealed.
#[derive(InputObject)]
pub struct RepealLegalBasisInput {
    /// Global identifier.
    id: ID,
    /// Instant from which it is no longer in force, now or later; now when absent. An end that stands may be brought forward
    /// until it comes.
    on: Option<DateTime>,
    /// Confirmed provision that takes its place; none does when absent.
    successor: Option<ID>,
    /// What repealed it, at most 4,000 characters. Never personal data.
    note: String,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to repealLegalBasis.
#[derive(SimpleObject)]
pub struct RepealLegalBasisPayload {
    /// Provision as it stands now; null when the act was refused.
    legal_basis: Option<LegalBasis>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on provisions of law.
#[derive(Default)]
pub struct LegalBasisMutation;

#[Object]
impl LegalBasisMutation {
    /// Proposes a provision in one wording; the administrator's act. It is no law here, and nothing rests on it, before
    /// another administrator confirms it. The same citation and `validFrom` with the same content answer as the first time.
    /// Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, PERIOD_REVERSED, NOT_FOUND, CONFLICT.
    async fn propose_legal_basis(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which provision, and what it says.")] input: ProposeLegalBasisInput,
    ) -> Result<ProposeLegalBasisPayload, Error> {
        let request = request(ctx, "proposeLegalBasis")?;
        let intent = Intent::of(input.validate_only);
        let outcome = legal_basis::propose(request, input.into(), intent).await;
        let (legal_basis, user_errors) = UserError::shown(&request.view, outcome, LegalBasis::of)?;
        Ok(ProposeLegalBasisPayload { legal_basis, user_errors })
    }

    /// Confirms a provision that another administrator proposed; from then on it is law, within its validity, and the earlier
    /// wording of the same provision ends when it begins, but not before now. The same confirmation again answers as the first
    /// time. Errors: FORBIDDEN. User errors: MALFORMED, NOT_FOUND, CONFLICT, WRONG_STATUS.
    async fn confirm_legal_basis(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which provision.")] input: ConfirmLegalBasisInput,
    ) -> Result<ConfirmLegalBasisPayload, Error> {
        let request = request(ctx, "confirmLegalBasis")?;
        let intent = Intent::of(input.validate_only);
        let outcome = legal_basis::confirm(request, input.id.0, intent).await;
        let (legal_basis, user_errors) = UserError::shown(&request.view, outcome, LegalBasis::of)?;
        Ok(ConfirmLegalBasisPayload { legal_basis, user_errors })
    }

    /// Repeals a provision, now or from a later instant on; the administrator's act. At that instant what rests on it alone
    /// closes, in every agreement, and nothing else does; both sides see it coming in `expirations`, and then as
    /// BASIS_REPEALED. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, PERIOD_REVERSED, NOT_FOUND, CONFLICT,
    /// WRONG_STATUS.
    async fn repeal_legal_basis(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which provision, when, and what takes its place.")] input: RepealLegalBasisInput,
    ) -> Result<RepealLegalBasisPayload, Error> {
        let request = request(ctx, "repealLegalBasis")?;
        let intent = Intent::of(input.validate_only);
        let input = RepealInput {
            id: input.id.0,
            on: input.on.map(String::from),
            successor: input.successor.map(|id| id.0),
            note: input.note,
        };
        let outcome = legal_basis::repeal(request, input, intent).await;
        let (legal_basis, user_errors) = UserError::shown(&request.view, outcome, LegalBasis::of)?;
        Ok(RepealLegalBasisPayload { legal_basis, user_errors })
    }
}
