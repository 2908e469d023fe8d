//! How a renewal is drafted, and in what it differs from what it renews.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::vocabulary::{AgreementId, Publicity};

use super::{Agreement, version::ContentDifference};
use crate::{
    Error,
    agreement::{self, RenewalInput},
    context::{Intent, View},
    decision::{self, Content},
    graphql::{errors::UserError, request::request, said::Said, scalars::Date},
};

/// Agreement to be renewed, and the term of its renewal.
#[derive(InputObject)]
pub struct RenewAgreementInput {
    /// Global identifier of the agreement to be renewed.
    id: ID,
    /// Number of the renewal, 1 to 200 characters; the same number with the same content answers as the first time.
    number: String,
    /// Identifier in the discloser's case register, at most 200 characters.
    case_register_id: Option<String>,
    /// First day of validity; null until agreed.
    starts_on: Option<Date>,
    /// Last day of validity, included, today or later; null for open-ended.
    ends_on: Option<Date>,
    /// Day on which opening is planned; null until it is known, which is before the offer.
    planned_on: Option<Date>,
    /// Who may know of it; as of what it renews when absent.
    publicity: Option<Said<Publicity>>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to renewAgreement.
#[derive(SimpleObject)]
pub struct RenewAgreementPayload {
    /// Draft of the renewal; null when the act was refused.
    agreement: Option<Agreement>,
    /// In what its content differs from that of what it renews, but for the number; at most 10,000, empty when refused.
    differences: Vec<ContentDifference>,
    /// Every fault of the input and every condition that fails; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Draft, with its differences from what it renews.
fn drafted(view: &View, id: AgreementId) -> Option<(Agreement, Vec<ContentDifference>)> {
    let draft = view.facts.dossier(id)?;
    let earlier = view.facts.dossier(draft.row.supersedes_id?)?;
    let contents = (Content::of(&view.facts, earlier), Content::of(&view.facts, draft));
    let catalogue = view.facts.catalogue(draft.row.register_id).map(AsRef::as_ref);
    let mut found = decision::differences(&contents.0, &contents.1, catalogue);
    found.retain(|difference| difference.path != ["agreement"]);
    Some((Agreement::of(view, id)?, ContentDifference::shown(found)))
}

/// Acts that renew agreements.
#[derive(Default)]
pub struct RenewalMutation;

#[Object]
impl RenewalMutation {
    /// Drafts the renewal of an agreement that runs or has run out, between its parties or whoever took their place: the
    /// same register, further parties, provisions, scopes and onward rules, as far as law still carries them. What took the
    /// place of a repealed provision is to be reviewed anew; an item whose every right was repealed with nothing in its
    /// place stops the renewal. The discloser's officer's act. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED,
    /// PERIOD_REVERSED, NOT_FOUND, CONFLICT, WRONG_STATUS, PARTY_NOT_ACTIVE, BASIS_REPEALED.
    async fn renew_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which agreement, under which number and for which term.")] input: RenewAgreementInput,
    ) -> Result<RenewAgreementPayload, Error> {
        let request = request(ctx, "renewAgreement")?;
        let intent = Intent::of(input.validate_only);
        let input = RenewalInput {
            id: input.id.0,
            number: input.number,
            case_register_id: input.case_register_id,
            starts_on: input.starts_on.map(String::from),
            ends_on: input.ends_on.map(String::from),
            planned_on: input.planned_on.map(String::from),
            publicity: input.publicity.map(|publicity| publicity.0),
        };
        let outcome = agreement::renew(request, input, intent).await;
        let (drafted, user_errors) = UserError::shown(&request.view, outcome, drafted)?;
        let (agreement, differences) = drafted.map_or((None, Vec::new()), |(draft, found)| (Some(draft), found));
        Ok(RenewAgreementPayload { agreement, differences, user_errors })
    }
}
