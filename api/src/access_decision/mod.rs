//! Decisions at the door: the question made of what was given, decided as far as the asker may know.
//!
//! A decision writes nothing. Who may ask about whom is policy's to say.

pub mod authzen;
pub mod graphql;

use entity::{
    agreement,
    vocabulary::{
        BusinessId, Channel, ClosedEnum, Instant, ItemCode, MandateThemeId, OnwardRecipientKind, Operation,
        OrganisationId,
    },
};

use crate::{
    Error, FaultCode, Violations,
    auth::policy::{self, Access},
    checks::{Checks, REFERENCE_CHARACTERS_MAX},
    context::{Context, View},
    decision::{self, Decision, EndUser, Question},
    facts::{Facts, stands_for},
    journal::leaf::hex,
    keys::{KEY_ADDED, Keys},
    mandate::rules::{MANDATES_MAX, theme},
};

/// Most items of one question.
pub const ITEMS_MAX: usize = 100;

/// Question as given, in texts.
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
    pub at: Option<String>,
}

/// What its decisions are counted under, whichever door they were asked at.
const DOOR: &str = "accessDecision";

/// Decides a question for the viewer, also the instant it was judged at: a processor's rests only on agreements that name
/// it.
///
/// # Errors
/// Unavailable on stale facts; invalid with every fault; forbidden to ask about others.
pub fn decide(ctx: &Context, path: &str, input: &QuestionInput) -> Result<(Decision, Instant), Error> {
    decide_within(ctx, path, input, |question| {
        policy::access(ctx.view.present(), &ctx.view.viewer, question.recipient, question.register)
    })
}

/// Decides a question once it is known on which agreements it may rest.
///
/// # Errors
/// As [`decide`], and what `access` refuses.
pub fn decide_within(
    ctx: &Context,
    path: &str,
    input: &QuestionInput,
    access: impl FnOnce(&Question) -> Result<Access, Error>,
) -> Result<(Decision, Instant), Error> {
    ctx.fresh()?;
    let View { facts, at: now, .. } = &ctx.view;
    let (mut question, at) = question(&ctx.view, path, input).map_err(Error::Invalid)?;
    question.served = match access(&question)? {
        Access::All => None,
        Access::Served(agreements) => Some(agreements),
    };
    question.end_user = end_user(facts, ctx.keys(), &question, input.end_user.as_deref())?;
    let at = at.unwrap_or(*now);
    let decision = decision::decide(facts, &question, at);
    ctx.footing.decided(DOOR, decision.verdict.code());
    Ok((decision, at))
}

/// Question of an input and the instant it names, if any; every fault is named under `path`.
pub fn question(view: &View, path: &str, input: &QuestionInput) -> Result<(Question, Option<Instant>), Violations> {
    let (facts, viewer) = (&*view.facts, &view.viewer);
    let own = policy::own_id(facts, viewer);
    let mut checks = Checks::default();
    let at = |field: &str| if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") };
    let recipient = match &input.recipient {
        None => checks.found(&at("recipient"), own, "organisation; name the recipient"),
        Some(business_id) => checks.organisation(facts, &at("recipient"), business_id).map(|row| row.id),
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
        let may_carry = |row: &agreement::Model| {
            let received = recipient.is_some_and(|recipient| stands_for(facts, recipient, row.recipient_id));
            received && register == Some(row.register_id) && policy::sight(view.present(), viewer, row).is_some()
        };
        let known = facts.agreement.by_key(number).filter(|row| may_carry(row));
        checks.found(&at("agreement"), known, "agreement").map(|row| row.id)
    });
    let instant = checks.instant_if(&at("at"), input.at.as_ref());
    checks.done(|| {
        let question = Question {
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
            discloser: None,
            served: None,
        };
        Some((question, instant))
    })
}

/// Codes of a vocabulary, as a fault names them.
pub fn codes<E: ClosedEnum>(written: impl Fn(&str) -> String) -> String {
    let codes: Vec<_> = E::ALL.iter().map(|(_, code, _)| format!("`{}`", written(code))).collect();
    codes.join(", ")
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

/// End user as every discloser the question may rest on knows it: as one of the recipient's, and of those whose place
/// the recipient took, for their grants go on.
///
/// # Errors
/// Internal when a pseudonym key is not to be had; unavailable when a grant was given under one added since this process
/// started, for then it would be refused what it has.
pub fn end_user(facts: &Facts, keys: &Keys, question: &Question, user: Option<&str>) -> Result<Option<EndUser>, Error> {
    let Some(user) = user else { return Ok(None) };
    let business_id = |id: OrganisationId| facts.organisation.get(id).and_then(|row| row.business_id);
    let recipients: Vec<BusinessId> = facts.lineage(question.recipient).into_iter().filter_map(business_id).collect();
    let keys = keys.pseudonyms();
    if facts.newest_grant_key() > keys.current_version() {
        return Err(KEY_ADDED);
    }
    let mut known = EndUser::default();
    for id in decision::disclosers(facts, question) {
        let Some(discloser) = business_id(id) else { continue };
        let versions = keys.live_versions().iter();
        let named = versions.flat_map(|version| recipients.iter().map(move |recipient| (*version, *recipient)));
        let pseudonyms = named.map(|(version, recipient)| Ok(hex(&keys.user(discloser, version, recipient, user)?)));
        known.pseudonyms.insert(id, pseudonyms.collect::<Result<_, Error>>()?);
    }
    Ok(Some(known))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use entity::vocabulary::Language;

    use super::*;

    #[test]
    fn malformed_instant_hides_no_other_fault() {
        let input = QuestionInput {
            recipient: Some("1-1".to_owned()),
            register: "no".to_owned(),
            items: vec!["x".to_owned(), String::new()],
            purpose: "n".to_owned(),
            channel: Channel::Other,
            operation: Operation::Read,
            mandates: vec!["M99".to_owned()],
            end_user: Some("a\u{0}b".to_owned()),
            case_reference: Some("131052-308T".to_owned()),
            subject_count: 0,
            onward_to: None,
            agreement: Some("no".to_owned()),
            at: Some("2026-02-30".to_owned()),
        };
        let view = View {
            facts: Arc::default(),
            today: None,
            at: "2026-03-02T09:00:00Z".parse().unwrap_or_default(),
            viewer: Arc::default(),
            language: Language::Fi,
        };
        let faults = question(&view, "inputs.0", &input).unwrap_err();
        let paths: Vec<_> = faults.iter().map(|fault| fault.path[2..].join(".")).collect();
        let expected = [
            "recipient",
            "register",
            "purpose",
            "items.0",
            "items.1",
            "mandates.0",
            "caseReference",
            "endUser",
            "subjectCount",
            "agreement",
            "at",
        ];
        assert_eq!(paths, expected);
    }
}
