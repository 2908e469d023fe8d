//! Decisions at the door: who may ask what about whom, and the question made of what was given.
//!
//! A decision writes nothing. Who asks about others than itself must be the discloser, or audit a party.

pub mod graphql;

use entity::vocabulary::{
    BusinessId, Channel, Instant, ItemCode, MandateThemeId, OnwardRecipientKind, Operation, OrganisationId,
};

use crate::{
    Error, FaultCode, Violations,
    auth::policy,
    checks::{Checks, REFERENCE_CHARACTERS_MAX},
    context::Context,
    decision::{self, Decision, EndUser, Question},
    facts::Facts,
    journal::leaf::hex,
    keys::Keys,
    mandate::rules::{MANDATES_MAX, theme},
};

/// Most items of one question.
pub const ITEMS_MAX: usize = 100;

/// Question as given.
#[derive(Debug, Clone)]
pub struct QuestionInput {
    /// Business ID of the recipient; the asker's own when absent.
    pub recipient: Option<String>,
    /// Register code.
    pub register: String,
    /// Item codes.
    pub items: Vec<String>,
    /// Purpose code.
    pub purpose: String,
    /// Channel.
    pub channel: Channel,
    /// Operation.
    pub operation: Operation,
    /// Mandate themes by code or URI.
    pub mandates: Vec<String>,
    /// End user in the clear.
    pub end_user: Option<String>,
    /// Case reference.
    pub case_reference: Option<String>,
    /// Number of subjects.
    pub subject_count: i64,
    /// To whom the data would travel on.
    pub onward_to: Option<OnwardRecipientKind>,
    /// Number of the one agreement to judge.
    pub agreement: Option<String>,
    /// Instant to judge at; now when absent.
    pub at: Option<Instant>,
}

/// Decides a question for the viewer.
///
/// # Errors
/// Unavailable on stale facts; invalid with every fault; forbidden to ask about others.
pub fn decide(ctx: &Context, path: &str, input: &QuestionInput) -> Result<Decision, Error> {
    ctx.fresh()?;
    let facts = &ctx.view.facts;
    let mut question = question(facts, policy::own_id(facts, &ctx.view.viewer), path, input).map_err(Error::Invalid)?;
    may_ask(ctx, &question)?;
    question.end_user = end_user(facts, &ctx.gateway.keys, &question, input.end_user.as_deref())?;
    Ok(decision::decide(facts, &question, input.at.unwrap_or(ctx.view.at)))
}

/// A recipient asks about itself, a discloser about its recipients, an auditor about those it audits.
fn may_ask(ctx: &Context, question: &Question) -> Result<(), Error> {
    let (facts, viewer) = (&ctx.view.facts, &ctx.view.viewer);
    let controller = facts.register.get(question.register).map(|register| register.controller_id);
    let own = policy::own_id(facts, viewer);
    let acts = viewer.is(crate::auth::Role::Officer) || viewer.is(crate::auth::Role::System);
    let is_side = own.is_some() && (own == Some(question.recipient) || own == controller);
    let parties: Vec<OrganisationId> = controller.into_iter().chain([question.recipient]).collect();
    if (acts && is_side && processor_fits(ctx, question)) || policy::audits(facts, viewer, &parties) {
        Ok(())
    } else {
        Err(Error::Forbidden)
    }
}

/// A processor asks only where it is a party of an agreement the question may rest on.
fn processor_fits(ctx: &Context, question: &Question) -> bool {
    ctx.view.viewer.processor.is_none()
        || ctx
            .view
            .facts
            .received(question.recipient, question.register)
            .any(|dossier| policy::side(&ctx.view.facts, &ctx.view.viewer, &dossier.row).is_some())
}

/// Question of an input; every fault is named under `path`.
pub fn question(
    facts: &Facts,
    own: Option<OrganisationId>,
    path: &str,
    input: &QuestionInput,
) -> Result<Question, Violations> {
    let mut checks = Checks::default();
    let at = |field: &str| if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") };
    let recipient = match &input.recipient {
        None => checks.found(&at("recipient"), own, "organisation; name the recipient"),
        Some(text) => checks.parsed::<BusinessId>(&at("recipient"), text).and_then(|id| {
            let known = facts.organisation_of(id.as_str());
            checks.found(&at("recipient"), known, "organisation").map(|row| row.id)
        }),
    };
    let register = checks.found(&at("register"), facts.register.by_key(&input.register), "register").map(|row| row.id);
    let purpose = checks.found(&at("purpose"), facts.purpose.by_key(&input.purpose), "purpose").map(|row| row.id);
    let items = items(facts, register, &mut checks, &at("items"), &input.items);
    let mandates = mandates(facts, &mut checks, &at("mandates"), &input.mandates);
    let case_reference = checks.text_if(&at("caseReference"), input.case_reference.as_ref(), REFERENCE_CHARACTERS_MAX);
    checks.text_if(&at("endUser"), input.end_user.as_ref(), REFERENCE_CHARACTERS_MAX);
    let subject_count = u64::try_from(input.subject_count).ok().filter(|count| *count > 0);
    if subject_count.is_none() {
        checks.fault(FaultCode::Malformed, &at("subjectCount"), "at least 1");
    }
    let agreement = input.agreement.as_ref().and_then(|number| {
        let known = facts.agreement.by_key(number).filter(|row| Some(row.recipient_id) == recipient);
        checks.found(&at("agreement"), known, "agreement").map(|row| row.id)
    });
    checks.done(|| {
        Some(Question {
            recipient: recipient?,
            register: register?,
            items,
            purpose: purpose?,
            channel: input.channel,
            operation: input.operation,
            mandates,
            end_user: None,
            case_reference,
            subject_count: subject_count?,
            onward_to: input.onward_to,
            agreement,
        })
    })
}

fn items(
    facts: &Facts,
    register: Option<entity::vocabulary::RegisterId>,
    checks: &mut Checks,
    path: &str,
    given: &[String],
) -> Vec<ItemCode> {
    if given.is_empty() {
        checks.fault(FaultCode::Blank, path, "ask at least one item");
    }
    if given.len() > ITEMS_MAX {
        checks.fault(FaultCode::TooLong, path, format!("more than {ITEMS_MAX} items"));
        return Vec::new();
    }
    let catalogue = register.and_then(|id| facts.catalogue(id));
    let mut items: Vec<ItemCode> = Vec::with_capacity(given.len());
    for (index, text) in given.iter().enumerate() {
        let path = format!("{path}.{index}");
        let Some(code) = checks.parsed::<ItemCode>(&path, text) else { continue };
        if catalogue.is_some_and(|catalogue| !catalogue.knows(&code)) {
            checks.fault(FaultCode::NotFound, &path, format!("no such item in the register: `{code}`"));
        } else if !items.contains(&code) {
            items.push(code);
        }
    }
    items
}

fn mandates(facts: &Facts, checks: &mut Checks, path: &str, given: &[String]) -> Vec<MandateThemeId> {
    if given.len() > MANDATES_MAX {
        checks.fault(FaultCode::TooLong, path, format!("more than {MANDATES_MAX} mandate themes"));
        return Vec::new();
    }
    let found = given.iter().enumerate().filter_map(|(index, name)| {
        checks.found(&format!("{path}.{index}"), theme(facts, name), "mandate theme").map(|row| row.id)
    });
    found.collect()
}

/// End user as every discloser the question may rest on knows it.
///
/// # Errors
/// Internal when a pseudonym key is not to be had.
pub fn end_user(facts: &Facts, keys: &Keys, question: &Question, user: Option<&str>) -> Result<Option<EndUser>, Error> {
    let Some(user) = user else { return Ok(None) };
    let business_id = |id| facts.organisation.get(id).and_then(|row| row.business_id);
    let mut known = EndUser::default();
    let Some(recipient) = business_id(question.recipient) else { return Ok(Some(known)) };
    for id in decision::disclosers(facts, question) {
        let Some(discloser) = business_id(id) else { continue };
        let versions = keys.pseudonyms().live_versions().iter();
        let pseudonyms =
            versions.map(|version| Ok(hex(&keys.pseudonyms().user(discloser, *version, recipient, user)?)));
        known.pseudonyms.insert(id, pseudonyms.collect::<Result<_, Error>>()?);
    }
    Ok(Some(known))
}
