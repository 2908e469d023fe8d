//! What a contact must be like, and how the mailboxes of an organisation are kept (R9, R34, R46).
//!
//! A mailbox belongs to a role. No registry table holds a natural person's name.

use std::{collections::BTreeSet, iter, sync::Arc};

use entity::{
    agreement, contact, contact_topic,
    vocabulary::{
        AgreementId, ClosedEnum, Codes, ContactId, ContactRole, ContactTopic, Day, Language, OrganisationId, Publicity,
    },
};

use uuid::Uuid;

use crate::{
    FaultCode, Violations,
    checks::{Checks, NamesInput, REFERENCE_CHARACTERS_MAX},
    clock,
    facts::{Edit, Facts, global_id, stands_for},
    journal::Changes,
};

/// Last place in the order of a topic's contacts.
const PRIORITY_MAX: i32 = 9;

/// Fewest and most digits of a telephone number in international form (ITU-T E.164).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Topics on which technical support is asked first (R9).
const SUPPORT_FIRST: [ContactTopic; 3] =
    [ContactTopic::Technical, ContactTopic::Security, ContactTopic::DataProtection];

/// Topics on which the data-exchange desk is asked first (R34, R46).
const DESK_FIRST: [ContactTopic; 2] = [ContactTopic::Agreement, ContactTopic::LegalBasis];

/// Rule that a contact breaks: the member of its input, what sort of fault, and why.
pub type Breach = (&'static str, FaultCode, String);

/// Contact as given, in texts.
#[derive(Debug, Clone)]
pub struct ContactInput {
    /// Role.
    pub role: ContactRole,
    /// Topics it answers.
    pub topics: BTreeSet<ContactTopic>,
    /// Name of the mailbox.
    pub name: NamesInput,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Languages of service.
    pub languages: BTreeSet<Language>,
    /// Order within a topic, 1 first.
    pub priority: i32,
    /// Global id of the contact that takes matters on.
    pub escalates_to: Option<String>,
    /// Who may see it.
    pub publicity: Publicity,
}

/// Whether a contact still serves on a day; its last day is included.
pub fn in_use(row: &contact::Model, on: Day) -> bool {
    row.retired_on.is_none_or(|last| on <= last)
}

/// Contacts of an organisation that serve on a day, for all matters and, where one is named, for an agreement too; in
/// the order in which to ask them (R9, R34, R46). A contact of the agreement goes before one for all matters.
pub fn serving(
    facts: &Facts,
    organisation: OrganisationId,
    agreement: Option<AgreementId>,
    topic: Option<ContactTopic>,
    on: Day,
) -> Vec<Arc<contact::Model>> {
    let mut found: Vec<_> = facts
        .contact
        .of(organisation)
        .filter(|row| row.agreement_id.is_none() || row.agreement_id == agreement)
        .filter(|row| in_use(row, on))
        .filter(|row| topic.is_none_or(|topic| topics(facts, row.id).contains(&topic)))
        .cloned()
        .collect();
    let support_leads = topic.is_some_and(|topic| SUPPORT_FIRST.contains(&topic));
    let desk_leads = topic.is_some_and(|topic| DESK_FIRST.contains(&topic));
    found.sort_by_key(|row| {
        let is_other = row.role != ContactRole::TechnicalSupport;
        let is_no_desk = desk_leads && row.role != ContactRole::DataExchangeDesk;
        (support_leads && is_other, row.agreement_id.is_none(), is_no_desk, row.priority, is_other, row.id)
    });
    found
}

/// Topics a contact answers.
pub fn topics(facts: &Facts, id: ContactId) -> BTreeSet<ContactTopic> {
    facts.contact_topic.of(id).map(|row| row.topic).collect()
}

/// Appoints a contact of an organisation, for all matters or for one agreement. The same role and address with the same
/// content changes nothing; with other content it is a conflict.
pub fn appoint(
    facts: &Facts,
    id: ContactId,
    organisation: OrganisationId,
    agreement: Option<&str>,
    input: &ContactInput,
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let agreement_id = agreement.and_then(|number| {
        let known = facts.agreement.by_key(number).filter(|row| is_on_a_side(facts, row, organisation));
        checks.found("agreement", known, "agreement of yours").map(|row| row.id)
    });
    let row = row(&mut checks, facts, (id, organisation, agreement_id), input);
    let prior = appointed(facts, organisation, agreement_id, input);
    let Some(prior) = prior else {
        note(&mut checks, precedence(facts, &row, &input.topics));
        return checks.done(|| Some(changes("appointContact", id, edits(facts, row, &input.topics))));
    };
    let same = contact::Model { id: prior.id, confirmed_on: prior.confirmed_on, ..row } == **prior
        && topics(facts, prior.id) == input.topics;
    if !same {
        checks.fault(FaultCode::Conflict, "email", "a contact of this role has this address; amend it");
    }
    checks.done(|| Some(changes("appointContact", prior.id, Vec::new())))
}

/// Contact in use that an input appoints again.
pub fn appointed<'a>(
    facts: &'a Facts,
    organisation: OrganisationId,
    agreement: Option<AgreementId>,
    input: &ContactInput,
) -> Option<&'a Arc<contact::Model>> {
    let email = input.email.as_deref().map(str::trim);
    group(facts, organisation, agreement).find(|row| row.role == input.role && row.email.as_deref() == email)
}

/// Amends a contact.
pub fn amend(
    facts: &Facts,
    id: &str,
    organisation: OrganisationId,
    input: &ContactInput,
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let prior = serving_contact(&mut checks, facts, id, organisation);
    let is_known = prior.is_some();
    let id = prior.as_ref().map_or(ContactId(Uuid::nil()), |row| row.id);
    let agreement = prior.as_ref().and_then(|row| row.agreement_id);
    let amended = row(&mut checks, facts, (id, organisation, agreement), input);
    if is_known {
        if appointed(facts, organisation, agreement, input).is_some_and(|other| other.id != id) {
            checks.fault(FaultCode::Conflict, "email", "another contact of this role has this address");
        }
        note(&mut checks, precedence(facts, &amended, &input.topics));
    }
    checks.done(|| {
        let amended = contact::Model { confirmed_on: prior?.confirmed_on, ..amended };
        Some(changes("amendContact", id, edits(facts, amended, &input.topics)))
    })
}

/// Confirms that a contact still holds.
pub fn confirm(facts: &Facts, id: &str, organisation: OrganisationId, today: Day) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let prior = serving_contact(&mut checks, facts, id, organisation);
    checks.done(|| {
        let confirmed = contact::Model { confirmed_on: Some(today), ..prior? };
        Some(changes("confirmContact", confirmed.id, vec![confirmed.into()]))
    })
}

/// Retires a contact after its last day; without one at once, so that yesterday was its last.
pub fn retire(
    facts: &Facts,
    id: &str,
    organisation: OrganisationId,
    last_day: Option<&String>,
    today: Day,
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let prior = serving_contact(&mut checks, facts, id, organisation);
    let retired_on = checks.day_if("retiredOn", last_day).or_else(|| today.pred_opt());
    checks.done(|| {
        let retired = contact::Model { retired_on, ..prior? };
        Some(changes("retireContact", retired.id, vec![retired.into()]))
    })
}

fn serving_contact(
    checks: &mut Checks,
    facts: &Facts,
    id: &str,
    organisation: OrganisationId,
) -> Option<contact::Model> {
    let id: ContactId = checks.parsed("id", id)?;
    let known = facts.contact.get(id).filter(|row| row.organisation_id == organisation);
    let row = checks.found("id", known, "contact of yours")?;
    if row.retired_on.is_some() {
        checks.fault(FaultCode::WrongStatus, "id", "the contact has been retired");
    }
    Some(row.as_ref().clone())
}

/// Contacts of an organisation that no last day has been set for, for all matters or for one agreement.
fn group(
    facts: &Facts,
    organisation: OrganisationId,
    agreement: Option<AgreementId>,
) -> impl Iterator<Item = &Arc<contact::Model>> {
    facts
        .contact
        .of(organisation)
        .filter(move |row| row.organisation_id == organisation && row.agreement_id == agreement)
        .filter(|row| row.retired_on.is_none())
}

/// Whether an organisation is on a side of an agreement, itself or as successor. Further parties, such as a technical
/// operator, act for a side and have no contacts of their own in it: nobody at the agreement would see them.
pub fn is_on_a_side(facts: &Facts, agreement: &agreement::Model, organisation: OrganisationId) -> bool {
    stands_for(facts, organisation, agreement.discloser_id) || stands_for(facts, organisation, agreement.recipient_id)
}

fn row(
    checks: &mut Checks,
    facts: &Facts,
    (id, organisation_id, agreement_id): (ContactId, OrganisationId, Option<AgreementId>),
    input: &ContactInput,
) -> contact::Model {
    let (name_fi, name_sv, name_en) = checks.names("name", &input.name);
    let email = checks.text_if("email", input.email.as_ref(), REFERENCE_CHARACTERS_MAX);
    let phone = checks.text_if("phone", input.phone.as_ref(), REFERENCE_CHARACTERS_MAX);
    let row = contact::Model {
        id,
        organisation_id,
        agreement_id,
        role: input.role,
        name_fi,
        name_sv,
        name_en,
        email,
        phone,
        languages: Codes(input.languages.clone()),
        priority: input.priority,
        escalates_to_id: checks.parsed_if("escalatesTo", input.escalates_to.as_ref()),
        publicity: input.publicity,
        confirmed_on: None,
        retired_on: None,
    };
    note(checks, breaches(&row, &input.topics));
    match row.escalates_to_id.and_then(|id| facts.contact.get(id)) {
        Some(next) if next.organisation_id == organisation_id && next.retired_on.is_some() => {
            checks.fault(FaultCode::WrongStatus, "escalatesTo", "the contact has been retired");
        }
        _ => note(checks, escalation(facts, &row).into_iter().collect()),
    }
    row
}

fn note(checks: &mut Checks, breaches: Vec<Breach>) {
    for (member, code, message) in breaches {
        checks.fault(code, member, message);
    }
}

/// What is wrong with a contact by itself.
pub fn breaches(row: &contact::Model, answers: &BTreeSet<ContactTopic>) -> Vec<Breach> {
    let unreachable = row.email.is_none() && row.phone.is_none();
    [
        (unreachable, "email", FaultCode::Blank, "give an e-mail address or a telephone number".to_owned()),
        (
            row.email.as_ref().is_some_and(|email| !is_email(email)),
            "email",
            FaultCode::Malformed,
            "not an e-mail address".to_owned(),
        ),
        (
            row.phone.as_ref().is_some_and(|phone| !is_phone(phone)),
            "phone",
            FaultCode::Malformed,
            "form is not + and 7 to 15 digits".to_owned(),
        ),
        (answers.is_empty(), "topics", FaultCode::Blank, "a contact answers at least one topic".to_owned()),
        (
            row.languages.0.is_empty(),
            "languages",
            FaultCode::Blank,
            "a contact serves in at least one language".to_owned(),
        ),
        (
            !(1..=PRIORITY_MAX).contains(&row.priority),
            "priority",
            FaultCode::Malformed,
            format!("must be 1 to {PRIORITY_MAX}"),
        ),
    ]
    .into_iter()
    .filter_map(|(broken, member, code, message)| broken.then_some((member, code, message)))
    .collect()
}

/// A matter goes on within the organisation and never comes back.
pub fn escalation(facts: &Facts, row: &contact::Model) -> Option<Breach> {
    let next = row.escalates_to_id?;
    if facts.contact.get(next).is_none_or(|next| next.organisation_id != row.organisation_id) {
        return Some(("escalatesTo", FaultCode::NotFound, "no such contact of yours".to_owned()));
    }
    let mut seen = BTreeSet::from([row.id]);
    let mut chain = iter::successors(Some(next), |id| facts.contact.get(*id)?.escalates_to_id);
    let comes_back = chain.any(|id| !seen.insert(id));
    comes_back.then(|| ("escalatesTo", FaultCode::Conflict, "matters would come back to the same contact".to_owned()))
}

/// One contact is first on each topic; on technical matters, security and data protection it is technical support, where
/// the organisation has one (R9).
pub fn precedence(facts: &Facts, row: &contact::Model, answers: &BTreeSet<ContactTopic>) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut conflict = |message: String| breaches.push(("priority", FaultCode::Conflict, message));
    let others: Vec<_> =
        group(facts, row.organisation_id, row.agreement_id).filter(|other| other.id != row.id).collect();
    let firsts = |topic: &ContactTopic| {
        others.iter().copied().find(|other| other.priority == 1 && topics(facts, other.id).contains(topic))
    };
    if row.priority == 1 {
        for (topic, first) in answers.iter().filter_map(|topic| Some((topic, firsts(topic)?))) {
            conflict(format!("`{}` is the first contact on {}", first.name_fi, topic.code()));
        }
    }
    let is_support = |contact: &contact::Model| contact.role == ContactRole::TechnicalSupport;
    for topic in SUPPORT_FIRST {
        let leads = row.priority == 1 && answers.contains(&topic);
        let first = firsts(&topic);
        let is_overtaken = leads && !is_support(row) && first.is_none() && others.iter().any(|other| is_support(other));
        let overtakes = is_support(row) && !leads && first.is_some_and(|first| !is_support(first));
        if is_overtaken || overtakes {
            conflict(format!("technical support is the first contact on {}", topic.code()));
        }
    }
    breaches
}

/// Row and its topics as they stand afterwards.
fn edits(facts: &Facts, row: contact::Model, answers: &BTreeSet<ContactTopic>) -> Vec<Edit> {
    let contact_id = row.id;
    let before = topics(facts, contact_id);
    let dropped = facts.contact_topic.of(contact_id).filter(|prior| !answers.contains(&prior.topic));
    let removed: Vec<_> = dropped.map(|prior| Edit::Remove("contact_topic", prior.id.into())).collect();
    let added = answers
        .difference(&before)
        .map(|topic| contact_topic::Model { id: clock::fresh_id(), contact_id, topic: *topic }.into());
    iter::once(row.into()).chain(removed).chain(added).collect()
}

fn is_email(text: &str) -> bool {
    let Some((mailbox, domain)) = text.rsplit_once('@') else { return false };
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"@\"(),:;<>[\\]".contains(&byte);
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    !mailbox.is_empty() && mailbox.bytes().all(is_plain) && domain.contains('.') && domain.split('.').all(is_label)
}

/// Plus sign and digits, which spaces may set apart.
fn is_phone(text: &str) -> bool {
    let Some(number) = text.strip_prefix('+') else { return false };
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    PHONE_DIGITS.contains(&digits) && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b' ')
}

fn changes(action: &'static str, id: ContactId, edits: Vec<Edit>) -> Changes {
    Changes { action, subject: global_id(id), reason: None, edits }
}

#[cfg(test)]
mod tests {
    use entity::vocabulary::RegisterId;

    use super::*;
    use crate::facts::bare;

    const KELA: OrganisationId = OrganisationId(Uuid::from_u128(1));
    const CITY: OrganisationId = OrganisationId(Uuid::from_u128(2));
    const STRANGER: OrganisationId = OrganisationId(Uuid::from_u128(3));

    fn contact_id(number: u128) -> ContactId {
        ContactId(Uuid::from_u128(number))
    }

    fn agreement() -> agreement::Model {
        bare::agreement(AgreementId(Uuid::from_u128(9)), KELA, CITY, RegisterId(Uuid::from_u128(8)))
    }

    fn world() -> Facts {
        let edits: Vec<Edit> = [KELA, CITY, STRANGER]
            .map(|id| Edit::from(bare::organisation(id)))
            .into_iter()
            .chain([Edit::from(agreement())])
            .collect();
        Facts::default().after(1, &edits)
    }

    fn input(role: ContactRole, email: &str, priority: i32, topics: &[ContactTopic]) -> ContactInput {
        ContactInput {
            role,
            topics: topics.iter().copied().collect(),
            name: NamesInput { fi: Some("Postilaatikko".to_owned()), ..NamesInput::default() },
            email: Some(email.to_owned()),
            phone: None,
            languages: BTreeSet::from([Language::Fi]),
            priority,
            escalates_to: None,
            publicity: Publicity::Public,
        }
    }

    fn desk() -> ContactInput {
        input(ContactRole::DataExchangeDesk, "desk@kela.example", 1, &[ContactTopic::LegalBasis])
    }

    fn support() -> ContactInput {
        input(ContactRole::TechnicalSupport, "support@kela.example", 1, &SUPPORT_FIRST)
    }

    fn officer(priority: i32) -> ContactInput {
        input(ContactRole::DataProtectionOfficer, "dpo@kela.example", priority, &[ContactTopic::DataProtection])
    }

    fn with(facts: &Facts, number: u128, input: &ContactInput) -> Facts {
        let changes = appoint(facts, contact_id(number), KELA, None, input).unwrap();
        facts.after(facts.seq + 1, &changes.edits)
    }

    /// Codes and places of the faults.
    fn faults(outcome: Result<Changes, Violations>) -> Vec<(FaultCode, String)> {
        outcome.unwrap_err().into_iter().map(|fault| (fault.code, fault.path.join("."))).collect()
    }

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn appointing_again_changes_nothing_and_other_content_is_a_conflict() {
        let facts = with(&world(), 1, &desk());
        let again = appoint(&facts, contact_id(2), KELA, None, &desk()).unwrap();
        assert!(again.edits.is_empty());
        assert_eq!(again.subject, global_id(contact_id(1)));
        let other = ContactInput { priority: 2, ..desk() };
        let outcome = appoint(&facts, contact_id(2), KELA, None, &other);
        assert_eq!(faults(outcome), [(FaultCode::Conflict, "email".to_owned())]);
    }

    #[test]
    fn every_fault_of_an_input_is_named() {
        let empty = ContactInput {
            topics: BTreeSet::new(),
            name: NamesInput::default(),
            email: None,
            phone: Some("020 555".to_owned()),
            languages: BTreeSet::new(),
            priority: 0,
            ..desk()
        };
        let paths: Vec<_> =
            faults(appoint(&world(), contact_id(1), KELA, None, &empty)).into_iter().map(|fault| fault.1).collect();
        assert_eq!(paths, ["name.fi", "phone", "topics", "languages", "priority"]);
        let nowhere = ContactInput { email: Some(" ".to_owned()), ..desk() };
        let outcome = appoint(&world(), contact_id(1), KELA, None, &nowhere);
        assert_eq!(faults(outcome), [(FaultCode::Blank, "email".to_owned())]);
    }

    #[test]
    fn address_and_number_have_their_forms() {
        for email in ["tuki@kela.example", "a.b+c@x-1.example.fi"] {
            assert!(is_email(email), "{email}");
        }
        for email in ["", "@", "a@b", "a b@c.fi", "a@b..fi", "a@@b.fi", "ä@b.fi", "a@b.fi,c@d.fi"] {
            assert!(!is_email(email), "{email}");
        }
        for phone in ["+358 20 555 0100", "+3585550100"] {
            assert!(is_phone(phone), "{phone}");
        }
        for phone in ["", "+", "0205550100", "+358-20", "+358 20 555 0100 1234", "+12 345"] {
            assert!(!is_phone(phone), "{phone}");
        }
    }

    #[test]
    fn one_contact_is_first_on_each_topic() {
        let facts = with(&world(), 1, &desk());
        let rival = input(ContactRole::LegalOfficer, "law@kela.example", 1, &[ContactTopic::LegalBasis]);
        let outcome = appoint(&facts, contact_id(2), KELA, None, &rival).unwrap_err();
        assert_eq!(outcome[0].code, FaultCode::Conflict);
        assert!(outcome[0].message.contains("LEGAL_BASIS"));
        with(&facts, 2, &ContactInput { priority: 2, ..rival.clone() });
        let elsewhere = appoint(&facts, contact_id(2), KELA, Some("KEL-1"), &rival);
        assert!(elsewhere.is_ok());
    }

    #[test]
    fn technical_support_comes_before_other_roles() {
        let technical = ContactInput { topics: BTreeSet::from([ContactTopic::Technical]), ..support() };
        let facts = with(&world(), 1, &technical);
        let outcome = appoint(&facts, contact_id(2), KELA, None, &officer(1));
        assert_eq!(faults(outcome), [(FaultCode::Conflict, "priority".to_owned())]);
        with(&facts, 2, &officer(2));
        let led_by_officer = with(&world(), 1, &officer(1));
        let late = ContactInput { priority: 2, ..support() };
        let outcome = appoint(&led_by_officer, contact_id(2), KELA, None, &late);
        assert_eq!(faults(outcome), [(FaultCode::Conflict, "priority".to_owned())]);
    }

    #[test]
    fn contacts_are_asked_in_order_and_retired_ones_not_at_all() {
        let facts = with(&with(&with(&world(), 1, &officer(2)), 2, &support()), 3, &desk());
        let today = day("2026-06-01");
        let asked = |facts: &Facts, topic| -> Vec<_> {
            serving(facts, KELA, None, topic, today).iter().map(|row| row.id).collect()
        };
        assert_eq!(asked(&facts, Some(ContactTopic::DataProtection)), [contact_id(2), contact_id(1)]);
        assert_eq!(asked(&facts, Some(ContactTopic::LegalBasis)), [contact_id(3)]);
        assert_eq!(asked(&facts, None), [contact_id(2), contact_id(3), contact_id(1)]);
        let retired = retire(&facts, &global_id(contact_id(2)), KELA, None, today).unwrap();
        let facts = facts.after(9, &retired.edits);
        assert_eq!(asked(&facts, Some(ContactTopic::DataProtection)), [contact_id(1)]);
        let outcome = confirm(&facts, &global_id(contact_id(2)), KELA, today);
        assert_eq!(faults(outcome), [(FaultCode::WrongStatus, "id".to_owned())]);
    }

    #[test]
    fn contact_serves_until_the_end_of_its_last_day() {
        let facts = with(&world(), 1, &desk());
        let retired =
            retire(&facts, &global_id(contact_id(1)), KELA, Some(&"2026-06-30".to_owned()), day("2026-06-01")).unwrap();
        let facts = facts.after(9, &retired.edits);
        assert_eq!(serving(&facts, KELA, None, None, day("2026-06-30")).len(), 1);
        assert_eq!(serving(&facts, KELA, None, None, day("2026-07-01")).len(), 0);
    }

    #[test]
    fn matters_never_come_back_to_the_same_contact() {
        let facts = with(
            &with(&world(), 1, &desk()),
            2,
            &ContactInput { escalates_to: Some(global_id(contact_id(1))), ..support() },
        );
        let circular = ContactInput { escalates_to: Some(global_id(contact_id(2))), ..desk() };
        let outcome = amend(&facts, &global_id(contact_id(1)), KELA, &circular);
        assert_eq!(faults(outcome), [(FaultCode::Conflict, "escalatesTo".to_owned())]);
        let outcome = appoint(
            &facts,
            contact_id(3),
            CITY,
            None,
            &ContactInput { escalates_to: Some(global_id(contact_id(1))), ..desk() },
        );
        assert_eq!(faults(outcome), [(FaultCode::NotFound, "escalatesTo".to_owned())]);
    }

    #[test]
    fn agreement_must_be_one_of_the_organisation_s_own() {
        assert!(appoint(&world(), contact_id(1), CITY, Some("KEL-1"), &desk()).is_ok());
        for (organisation, number) in [(STRANGER, "KEL-1"), (CITY, "KEL-2")] {
            let outcome = appoint(&world(), contact_id(1), organisation, Some(number), &desk());
            assert_eq!(faults(outcome), [(FaultCode::NotFound, "agreement".to_owned())]);
        }
    }

    #[test]
    fn technical_operator_has_no_contact_of_its_own_in_an_agreement() {
        let operator = entity::agreement_party::Model {
            id: entity::vocabulary::AgreementPartyId(Uuid::from_u128(11)),
            agreement_id: agreement().id,
            organisation_id: STRANGER,
            role: entity::vocabulary::PartyRole::TechnicalOperator,
        };
        let facts = world().after(2, &[Edit::from(operator)]);
        let outcome = appoint(&facts, contact_id(1), STRANGER, Some("KEL-1"), &desk());
        assert_eq!(faults(outcome), [(FaultCode::NotFound, "agreement".to_owned())]);
        assert!(appoint(&facts, contact_id(1), STRANGER, None, &desk()).is_ok());
    }

    #[test]
    fn malformed_id_hides_no_other_fault() {
        let faulty = ContactInput { escalates_to: Some("x".to_owned()), priority: 0, ..desk() };
        let outcome = amend(&world(), "x", KELA, &faulty);
        let expected = ["id", "escalatesTo", "priority"].map(|path| (FaultCode::Malformed, path.to_owned()));
        assert_eq!(faults(outcome), expected);
        let outcome = retire(&world(), "x", KELA, Some(&"2026-02-30".to_owned()), day("2026-06-01"));
        assert_eq!(faults(outcome), ["id", "retiredOn"].map(|path| (FaultCode::Malformed, path.to_owned())));
    }

    #[test]
    fn contact_of_another_organisation_is_not_found() {
        let facts = with(&world(), 1, &desk());
        let outcome = amend(&facts, &global_id(contact_id(1)), CITY, &desk());
        assert_eq!(faults(outcome), [(FaultCode::NotFound, "id".to_owned())]);
    }

    #[test]
    fn amending_changes_topics_and_keeps_the_confirmation() {
        let facts = with(&world(), 1, &desk());
        let confirmed = confirm(&facts, &global_id(contact_id(1)), KELA, day("2026-06-01")).unwrap();
        let facts = facts.after(8, &confirmed.edits);
        let moved = ContactInput { topics: BTreeSet::from([ContactTopic::Agreement]), ..desk() };
        let amended = amend(&facts, &global_id(contact_id(1)), KELA, &moved).unwrap();
        let facts = facts.after(9, &amended.edits);
        assert_eq!(topics(&facts, contact_id(1)), moved.topics);
        let row = facts.contact.get(contact_id(1)).unwrap();
        assert_eq!(row.confirmed_on, Some(day("2026-06-01")));
    }
}
