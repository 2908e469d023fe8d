//! How decisions and access scopes are said.

mod subscription;

use async_graphql::{Context, InputObject, Object};
use entity::vocabulary::{
    Channel, ObligationCode, OnwardRecipientKind, Operation, OrganisationId, RegisterId, Verdict,
};

pub use subscription::AccessScopeSubscription;

use super::QuestionInput;
use crate::{
    Error, Fault, FaultCode,
    agreement::graphql::Agreement,
    auth::{Sight, policy},
    checks::Checks,
    context::View,
    decision::{self, Decision, Ground, Obligation},
    graphql::{
        as_of::{AsOf, in_time, one_instant},
        long::Long,
        request::request,
        said::Said,
        scalars::{BusinessId, DateTime, ItemCode},
    },
    legal_basis::graphql::LegalBasis,
    scope::graphql::{DecisionReason, Scope, laws},
};

/// Most questions of one call.
const QUESTIONS_MAX: usize = 100;

/// Question whether data may be disclosed.
#[derive(InputObject)]
pub struct AccessDecisionInput {
    /// Business ID of the recipient; the caller's own organisation when absent.
    recipient: Option<BusinessId>,
    /// Code of the register.
    register: String,
    /// Items, 1 to 100; a node asks everything below it but identity codes.
    items: Vec<ItemCode>,
    /// Code of the purpose.
    purpose: String,
    /// Channel.
    channel: Said<Channel>,
    /// Operation; READ when absent.
    operation: Option<Said<Operation>>,
    /// Mandate themes the end user holds, by code or URI, at most 20.
    mandates: Option<Vec<String>>,
    /// End user; at once made a pseudonym and never stored. At most 200 characters.
    end_user: Option<String>,
    /// Matter the data is needed for, at most 200 characters. Never a personal identity code.
    case_reference: Option<String>,
    /// Number of subjects, from 1; 1 when absent.
    subject_count: Option<i32>,
    /// To whom the data would travel on; null for the recipient itself.
    onward_to: Option<Said<OnwardRecipientKind>>,
    /// Number of the one agreement to judge; the one that permits most when absent.
    agreement: Option<String>,
    /// Instant to judge at, UTC; now when absent.
    at: Option<DateTime>,
}

/// Decision as the asker may see it.
pub struct AccessDecision {
    view: View,
    decision: Decision,
}

impl AccessDecision {
    /// Decision as a view shows it.
    pub fn new(view: View, decision: Decision) -> Self {
        Self { view, decision }
    }
}

/// Answer to a question of access: default deny, every failing condition named, a permit cites its grounds.
#[Object]
impl AccessDecision {
    /// Answer.
    async fn verdict(&self) -> Said<Verdict> {
        self.decision.verdict.into()
    }

    /// Items asked that may be disclosed, in the order asked.
    async fn permitted_items(&self) -> Vec<ItemCode> {
        self.decision.permitted_items.iter().map(ItemCode::from).collect()
    }

    /// What each permitted item rests on.
    async fn grounds(&self) -> Vec<DecisionGround> {
        let grounds = self.decision.grounds.iter();
        grounds.map(|ground| DecisionGround { view: self.view.clone(), ground: ground.clone() }).collect()
    }

    /// Every condition that failed; empty when everything is permitted.
    async fn reasons(&self) -> Vec<DecisionReason> {
        DecisionReason::all(&self.view, self.decision.reasons.clone())
    }

    /// Duties that come with what is permitted.
    async fn obligations(&self) -> Vec<DecisionObligation> {
        let obligations = self.decision.obligations.iter();
        obligations
            .map(|obligation| DecisionObligation { view: self.view.clone(), obligation: obligation.clone() })
            .collect()
    }

    /// Agreement it was judged on; null when there is none, or when the viewer may not know it.
    async fn agreement(&self) -> Option<Agreement> {
        Agreement::of(&self.view, self.decision.agreement?)
    }

    /// Scope it was judged on; null when there is none over the channel, and for those who are no party.
    async fn scope(&self) -> Option<Scope> {
        Scope::of(&self.view, self.view.facts.scope.get(self.decision.scope?)?)
    }

    /// Instant until which a permit holds if no fact changes, UTC; null when open-ended or nothing is permitted.
    async fn valid_until(&self) -> Option<DateTime> {
        self.decision.valid_until.map(DateTime::from)
    }

    /// Next instant at which the answer may change by time alone, UTC; null when none is known.
    async fn next_change_at(&self) -> Option<DateTime> {
        self.decision.next_change_at.map(DateTime::from)
    }

    /// Journal position of the facts it was judged on; with the instant it replays the decision.
    async fn facts_seq(&self) -> Long {
        self.decision.facts_seq.into()
    }
}

/// Ground of a permitted item.
pub struct DecisionGround {
    view: View,
    ground: Ground,
}

/// Provisions a permitted item rests on.
#[Object]
impl DecisionGround {
    /// Item as asked.
    async fn item(&self) -> ItemCode {
        (&self.ground.item).into()
    }

    /// Provisions, at most 20.
    async fn citations(&self) -> Vec<LegalBasis> {
        laws(&self.view, &self.ground.bases)
    }
}

/// Duty of a permit.
pub struct DecisionObligation {
    view: View,
    obligation: Obligation,
}

/// Duty that comes with a permit.
#[Object]
impl DecisionObligation {
    /// Which duty.
    async fn code(&self) -> Said<ObligationCode> {
        self.obligation.code.into()
    }

    /// Duty in words, in the language of the request.
    async fn message(&self) -> &'static str {
        decision::obligation_message(self.obligation.code, self.view.language)
    }

    /// Number of days the duty sets; null where it sets none.
    async fn days(&self) -> Option<i32> {
        self.obligation.days
    }
}

/// What an organisation may receive from a register now.
pub struct AccessScope {
    view: View,
    scopes: Vec<Scope>,
}

/// What an organisation may receive from a register at an instant: its scopes under agreements in force.
#[Object]
impl AccessScope {
    /// Instant it holds at, UTC.
    async fn at(&self) -> DateTime {
        self.view.at.into()
    }

    /// Scopes that are open under an agreement in force, with items, purposes, mandates and what blocks them, one a
    /// channel of each agreement.
    async fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// Journal position of the facts.
    async fn facts_seq(&self) -> Long {
        self.view.facts.seq.into()
    }
}

/// Queries about access.
#[derive(Default)]
pub struct AccessDecisionQuery;

#[Object]
impl AccessDecisionQuery {
    /// Whether data may be disclosed. A denial is an answer, not an error. A recipient asks about itself, a discloser about
    /// its recipients. Errors: FORBIDDEN, INVALID_INPUT, UNAVAILABLE.
    async fn access_decision(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Question.")] input: AccessDecisionInput,
        #[graphql(
            desc = "Where the question stands in time; now when absent. An answer about another time permits nothing now."
        )]
        as_of: Option<AsOf>,
    ) -> Result<AccessDecision, Error> {
        let request = request(ctx, "accessDecision")?;
        one_instant(input.at.as_ref(), as_of.as_ref(), "input.at")?;
        decide(&in_time(request, as_of.as_ref()).await?, "input", &input)
    }

    /// Several questions at once, 1 to 100, answered in their order on the same facts. Errors: FORBIDDEN, INVALID_INPUT,
    /// LIMIT_EXCEEDED, UNAVAILABLE.
    async fn access_decisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Questions, 1 to 100.")] inputs: Vec<AccessDecisionInput>,
        #[graphql(
            desc = "Where the questions stand in time; now when absent. An answer about another time permits nothing now."
        )]
        as_of: Option<AsOf>,
    ) -> Result<Vec<AccessDecision>, Error> {
        let request = in_time(request(ctx, "accessDecisions")?, as_of.as_ref()).await?;
        for (index, input) in inputs.iter().enumerate().take(QUESTIONS_MAX) {
            one_instant(input.at.as_ref(), as_of.as_ref(), &format!("inputs.{index}.at"))?;
        }
        decide_all(&request, &inputs)
    }

    /// What an organisation may receive from a register, over every channel. Errors: FORBIDDEN, NOT_FOUND, INVALID_INPUT.
    async fn access_scope(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Business ID of the recipient; the caller's own organisation when absent.")]
        organisation: Option<BusinessId>,
        #[graphql(desc = "Code of the register.")] register: String,
        #[graphql(desc = "Instant, UTC; now when absent.")] at: Option<DateTime>,
        #[graphql(desc = "Where the question stands in time; now when absent.")] as_of: Option<AsOf>,
    ) -> Result<AccessScope, Error> {
        one_instant(at.as_ref(), as_of.as_ref(), "at")?;
        let request = in_time(request(ctx, "accessScope")?, as_of.as_ref()).await?;
        scope_of(&request, organisation.as_ref(), &register, at.as_ref())
    }
}

fn decide(request: &crate::context::Context, path: &str, input: &AccessDecisionInput) -> Result<AccessDecision, Error> {
    let question = QuestionInput {
        recipient: input.recipient.as_ref().map(|id| id.as_str().to_owned()),
        register: input.register.clone(),
        items: input.items.iter().map(|item| item.as_str().to_owned()).collect(),
        purpose: input.purpose.clone(),
        channel: input.channel.0,
        operation: input.operation.map_or(Operation::Read, |operation| operation.0),
        mandates: input.mandates.clone().unwrap_or_default(),
        end_user: input.end_user.clone(),
        case_reference: input.case_reference.clone(),
        subject_count: input.subject_count.map_or(1, i64::from),
        onward_to: input.onward_to.map(|kind| kind.0),
        agreement: input.agreement.clone(),
        at: input.at.as_ref().map(|at| at.as_str().to_owned()),
    };
    let (decision, at) = super::decide(request, path, &question)?;
    let view = View { at, ..request.view.clone() };
    Ok(AccessDecision { view, decision })
}

fn decide_all(request: &crate::context::Context, inputs: &[AccessDecisionInput]) -> Result<Vec<AccessDecision>, Error> {
    if inputs.is_empty() {
        return Err(Error::Invalid(vec![Fault::new(FaultCode::Blank, "inputs", "ask at least one question")]));
    }
    if inputs.len() > QUESTIONS_MAX {
        return Err(Error::LimitExceeded {
            limit: "QUESTIONS_MAX",
            allowed: QUESTIONS_MAX as u64,
            retry_after_seconds: None,
        });
    }
    let mut faults = Vec::new();
    let mut decisions = Vec::with_capacity(inputs.len());
    for (index, input) in inputs.iter().enumerate() {
        match decide(request, &format!("inputs.{index}"), input) {
            Ok(decision) => decisions.push(decision),
            Err(Error::Invalid(mut more)) => faults.append(&mut more),
            Err(other) => return Err(other),
        }
    }
    if faults.is_empty() { Ok(decisions) } else { Err(Error::Invalid(faults)) }
}

fn scope_of(
    request: &crate::context::Context,
    organisation: Option<&BusinessId>,
    register: &str,
    at: Option<&DateTime>,
) -> Result<AccessScope, Error> {
    request.fresh()?;
    let mut checks = Checks::default();
    let at = at.and_then(|at| checks.instant("at", at.as_str())).unwrap_or(request.view.at);
    let (recipient, register) = asked_about(&request.view, checks, organisation, register)?;
    scope_at(View { at, ..request.view.clone() }, recipient, register)
}

/// Recipient and register of a question, once every fault of it is known.
fn asked_about(
    view: &View,
    mut checks: Checks,
    organisation: Option<&BusinessId>,
    register: &str,
) -> Result<(OrganisationId, RegisterId), Error> {
    let facts = &view.facts;
    let recipient = match organisation {
        Some(id) => checks.organisation(facts, "organisation", id.as_str()).map(|row| row.id),
        None => checks.found("organisation", policy::own_id(facts, &view.viewer), "organisation"),
    };
    let register = checks.found("register", facts.register.by_key(register), "register").map(|row| row.id);
    checks.done(|| Some((recipient?, register?))).map_err(Error::Invalid)
}

fn scope_at(view: View, recipient: OrganisationId, register: RegisterId) -> Result<AccessScope, Error> {
    let (facts, at) = (&view.facts, view.at);
    policy::access(view.present(), &view.viewer, recipient, register)?;
    let scopes = facts
        .lineage(recipient)
        .into_iter()
        .flat_map(|recipient| facts.received(recipient, register))
        .filter(|dossier| decision::in_force(dossier, &mut decision::Horizon::new(at)))
        .filter(|dossier| policy::sight(view.present(), &view.viewer, &dossier.row) >= Some(Sight::Party))
        .flat_map(|dossier| Scope::all(&view, dossier))
        .filter(Scope::is_open)
        .collect();
    Ok(AccessScope { view, scopes })
}
