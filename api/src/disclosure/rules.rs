//! What makes a reported disclosure well-formed. The log never refuses the truth: a disclosure no law covers is
//! recorded and flagged; only a malformed report is refused, with every fault named.

use std::{collections::BTreeSet, sync::LazyLock};

use chrono::TimeDelta;
use entity::{
    organisation, register,
    vocabulary::{
        AgreementId, BusinessId, Channel, Citation, DisclosureGround, DisclosureId, DisclosureOutcome, Instant,
        ItemCode, LegalBasisId, MandateThemeId, OnwardRecipientKind, Operation, OrganisationId, PersonalIdentityCode,
        PurposeId, RegisterId, RowId, contains_personal_identity_code, read_instant,
    },
};
use regex::Regex;
use zeroize::Zeroizing;

use super::{DisclosureDraft, SubjectDraft};
use crate::{
    Fault, FaultCode, Violations,
    auth::policy::{self, LogKeeper},
    facts::{Facts, in_succession, stands_for},
    legal_basis,
    mandate::rules::{MANDATES_MAX, theme},
};

/// Longest free text of a disclosure in characters; long enough for the references of X-Road and case registers.
pub const TEXT_CHARACTERS_MAX: usize = 200;

/// Most items one disclosure may name.
pub const ITEMS_MAX: usize = 100;

/// Most subjects one disclosure may count.
pub const SUBJECTS_MAX: i64 = 1_000_000_000;

/// How far ahead of our clock a discloser's clock may be.
pub const CLOCK_AHEAD_MAX: TimeDelta = TimeDelta::minutes(5);

/// Disclosure whose form has been checked and whose references are found.
#[derive(Debug)]
pub struct Checked {
    /// Message identifier.
    pub message_id: String,
    /// Part of the message.
    pub part: i32,
    /// Discloser.
    pub discloser: OrganisationId,
    /// Processor that reports for the discloser.
    pub processor: Option<OrganisationId>,
    /// Recipient; null only for onward disclosure to an applicant.
    pub recipient: Option<OrganisationId>,
    /// Register.
    pub register: RegisterId,
    /// Items in the order given, each once.
    pub items: Vec<ItemCode>,
    /// Purpose.
    pub purpose: PurposeId,
    /// Channel.
    pub channel: Channel,
    /// Operation.
    pub operation: Operation,
    /// Instant the data was given.
    pub occurred_at: Instant,
    /// Whom it concerns.
    pub subject: Subject,
    /// Matter.
    pub case_reference: Option<String>,
    /// End user, in the clear.
    pub end_user: Option<String>,
    /// System that fetched the data.
    pub client_system: Option<String>,
    /// Mandate themes the end user held.
    pub mandates: Vec<MandateThemeId>,
    /// Outcome.
    pub outcome: DisclosureOutcome,
    /// Ground.
    pub ground: DisclosureGround,
    /// Reference of the consent.
    pub consent_reference: Option<String>,
    /// To whom it travelled on.
    pub onward_to: Option<OnwardRecipientKind>,
    /// Agreement it is pinned to.
    pub agreement: Option<AgreementId>,
    /// Agreements that name the processor; null when the discloser reports itself.
    pub served: Option<BTreeSet<AgreementId>>,
    /// Until when the subject does not see it, and the provision that allows it.
    pub withheld: Option<(Instant, LegalBasisId)>,
    /// Row it corrects.
    pub corrects: Option<Corrects>,
    /// Whose rows it may correct: the discloser's, and those of the bodies whose place it took. None where it corrects
    /// nothing.
    pub corrected_disclosers: Vec<OrganisationId>,
}

/// Whom a disclosure concerns, checked.
#[derive(Debug)]
pub enum Subject {
    /// Person by personal identity code.
    Person(PersonalIdentityCode),
    /// Person by an identifier of another system.
    OtherPerson(OtherPerson),
    /// Organisation by business id.
    Business(BusinessId),
    /// Nobody identified; only how many.
    Count(i64),
}

/// Identifier of a person in another system; never shown.
pub struct OtherPerson {
    /// System.
    pub system: String,
    /// Identifier.
    pub value: Zeroizing<String>,
}

impl std::fmt::Debug for OtherPerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OtherPerson(…)")
    }
}

/// Row a disclosure corrects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Corrects {
    /// By its id.
    Row(DisclosureId),
    /// By its message id, the part being the same.
    Message(String),
}

/// Checks one report; a fault's path starts with `path` and goes on in the names of the input.
///
/// # Errors
/// Every fault of form and every unknown reference.
pub fn check(
    facts: &Facts,
    now: Instant,
    keeper: impl Into<LogKeeper>,
    draft: &DisclosureDraft,
    path: &str,
) -> Result<Checked, Violations> {
    let mut check = Check { facts, now, path, faults: Vec::new() };
    let checked = check.draft(keeper.into(), draft);
    match checked {
        Some(checked) if check.faults.is_empty() => Ok(checked),
        _ => Err(check.faults),
    }
}

/// Fault under the path of one report.
pub fn fault_at(path: &str, field: &str, code: FaultCode, message: impl Into<String>) -> Fault {
    Fault::new(code, &format!("{path}.{field}"), message)
}

struct Check<'a> {
    facts: &'a Facts,
    now: Instant,
    path: &'a str,
    faults: Violations,
}

impl Check<'_> {
    /// Every part is looked at before any of them decides, so that all faults are found at once.
    fn draft(&mut self, keeper: LogKeeper, draft: &DisclosureDraft) -> Option<Checked> {
        let discloser = keeper.organisation;
        self.message(draft);
        self.references(draft);
        self.actors(draft);
        let recipient = self.recipient(discloser, draft);
        let register = self.register(discloser, draft);
        let items = self.items(register.as_deref(), &draft.items);
        let purpose = self.purpose(&draft.purpose);
        let mandates = self.mandates(&draft.mandates);
        let occurred_at = self.occurred_at(&draft.occurred_at);
        let withheld = self.withheld(draft, occurred_at);
        let agreement = self.agreement(discloser, draft);
        let subject = self.subject(&draft.subject);
        let served = self.served(keeper, recipient.as_deref(), register.as_deref(), draft);
        Some(Checked {
            message_id: draft.message_id.clone(),
            part: draft.part,
            discloser,
            processor: keeper.processor,
            recipient: recipient.map(|row| row.id),
            register: register?.id,
            items,
            purpose: purpose?,
            channel: draft.channel,
            operation: draft.operation,
            occurred_at: occurred_at?,
            subject: subject?,
            case_reference: draft.case_reference.clone(),
            end_user: draft.end_user.clone(),
            client_system: draft.client_system.clone(),
            mandates,
            outcome: draft.outcome,
            ground: draft.ground,
            consent_reference: draft.consent_reference.clone(),
            onward_to: draft.onward_to,
            agreement,
            served,
            withheld,
            corrects: draft.corrects.as_deref().map(corrects),
            corrected_disclosers: draft.corrects.as_ref().map(|_| self.facts.lineage(discloser)).unwrap_or_default(),
        })
    }

    fn fault(&mut self, field: &str, code: FaultCode, message: impl Into<String>) {
        self.faults.push(fault_at(self.path, field, code, message));
    }

    fn unknown(&mut self, field: &str, what: &str) {
        self.fault(field, FaultCode::NotFound, format!("no such {what}"));
    }

    fn text(&mut self, field: &str, text: &str) {
        if text.trim().is_empty() {
            self.fault(field, FaultCode::Blank, "nothing given");
        } else if text.chars().count() > TEXT_CHARACTERS_MAX {
            self.fault(field, FaultCode::TooLong, format!("longer than {TEXT_CHARACTERS_MAX} characters"));
        } else if text.chars().any(char::is_control) {
            self.fault(field, FaultCode::Malformed, "holds a control character");
        } else if holds_identity_code(text) {
            self.fault(field, FaultCode::Malformed, "holds what looks like a personal identity code");
        }
    }

    fn optional(&mut self, field: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(field, text);
        }
    }

    fn message(&mut self, draft: &DisclosureDraft) {
        self.text("messageId", &draft.message_id);
        if draft.part < 0 {
            self.fault("part", FaultCode::Malformed, "parts are counted from 0");
        }
    }

    fn references(&mut self, draft: &DisclosureDraft) {
        self.optional("caseReference", draft.case_reference.as_deref());
        self.optional("consentReference", draft.consent_reference.as_deref());
        self.optional("corrects", draft.corrects.as_deref());
        if draft.ground == DisclosureGround::Consent && draft.consent_reference.is_none() {
            self.fault("consentReference", FaultCode::Blank, "ground CONSENT needs the reference of the consent");
        }
    }

    /// Who fetched the data: a person over a viewing connection, a system over the interface (906/2019 23 §, R23).
    /// A denial may lack both, for that may be why it was denied.
    fn actors(&mut self, draft: &DisclosureDraft) {
        self.optional("endUser", draft.end_user.as_deref());
        self.optional("clientSystem", draft.client_system.as_deref());
        if draft.outcome == DisclosureOutcome::Denied {
            return;
        }
        match draft.channel {
            Channel::ViewingConnection if draft.end_user.is_none() => {
                self.fault("endUser", FaultCode::Blank, "a viewing connection is used by a person");
            }
            Channel::TechnicalInterface if draft.client_system.is_none() => {
                self.fault("clientSystem", FaultCode::Blank, "the interface is used by a system");
            }
            Channel::ViewingConnection | Channel::TechnicalInterface | Channel::Other => {}
        }
    }

    fn recipient(
        &mut self,
        discloser: OrganisationId,
        draft: &DisclosureDraft,
    ) -> Option<std::sync::Arc<organisation::Model>> {
        let Some(text) = &draft.recipient else {
            if draft.onward_to != Some(OnwardRecipientKind::Applicant) {
                self.fault("recipient", FaultCode::Blank, "only an onward disclosure to an applicant has no recipient");
            }
            return None;
        };
        let id: BusinessId = match text.parse() {
            Ok(id) => id,
            Err(fault) => {
                self.faults.push(Fault::malformed(&format!("{}.recipient", self.path), &fault));
                return None;
            }
        };
        let found = self.facts.organisation_of(id.as_str()).cloned();
        match &found {
            None => self.unknown("recipient", "organisation"),
            Some(row) if row.id == discloser => {
                self.fault("recipient", FaultCode::Conflict, "the recipient is the discloser itself");
            }
            Some(_) => {}
        }
        found
    }

    /// Only the controller, who was it before, or who took its place, discloses from a register; a recipient passes on
    /// what it received (R26–R30).
    fn register(
        &mut self,
        discloser: OrganisationId,
        draft: &DisclosureDraft,
    ) -> Option<std::sync::Arc<register::Model>> {
        let found = self.facts.register.by_key(&draft.register).cloned();
        match &found {
            None => self.unknown("register", "register"),
            Some(row) if draft.onward_to.is_none() && !in_succession(self.facts, discloser, row.controller_id) => {
                let message =
                    "only its controller discloses from a register; what was received is passed on with `onwardTo`";
                self.fault("register", FaultCode::Conflict, message);
            }
            Some(_) => {}
        }
        found
    }

    fn items(&mut self, register: Option<&register::Model>, texts: &[String]) -> Vec<ItemCode> {
        match texts.len() {
            0 => self.fault("items", FaultCode::Blank, "nothing given"),
            1..=ITEMS_MAX => {}
            _ => self.fault("items", FaultCode::TooLong, format!("more than {ITEMS_MAX} items")),
        }
        let catalogue = register.and_then(|row| self.facts.catalogue(row.id)).cloned();
        let mut seen = BTreeSet::new();
        let mut items = Vec::with_capacity(texts.len());
        for (at, text) in texts.iter().enumerate().take(ITEMS_MAX) {
            let field = format!("items.{at}");
            match text.parse::<ItemCode>() {
                Err(fault) => self.faults.push(Fault::malformed(&format!("{}.{field}", self.path), &fault)),
                Ok(code) if !seen.insert(code.clone()) => {
                    self.fault(&field, FaultCode::Malformed, format!("`{code}` is named twice"));
                }
                Ok(code) if catalogue.as_ref().is_some_and(|catalogue| !catalogue.knows(&code)) => {
                    self.unknown(&field, "item in the register");
                }
                Ok(code) => items.push(code),
            }
        }
        items
    }

    fn purpose(&mut self, code: &str) -> Option<PurposeId> {
        let found = self.facts.purpose.by_key(code).map(|row| row.id);
        if found.is_none() {
            self.unknown("purpose", "purpose");
        }
        found
    }

    fn mandates(&mut self, names: &[String]) -> Vec<MandateThemeId> {
        let facts = self.facts;
        if names.len() > MANDATES_MAX {
            self.fault("mandates", FaultCode::TooLong, format!("more than {MANDATES_MAX} mandate themes"));
        }
        let mut found = Vec::with_capacity(names.len());
        for (at, name) in names.iter().enumerate().take(MANDATES_MAX) {
            match theme(facts, name) {
                Some(row) => found.push(row.id),
                None => self.unknown(&format!("mandates.{at}"), "mandate theme"),
            }
        }
        found
    }

    fn occurred_at(&mut self, text: &str) -> Option<Instant> {
        let at = self.instant("occurredAt", text)?;
        if at > self.now + CLOCK_AHEAD_MAX {
            self.fault("occurredAt", FaultCode::Malformed, "more than five minutes in the future");
        }
        Some(at)
    }

    fn instant(&mut self, field: &str, text: &str) -> Option<Instant> {
        let at = read_instant(text);
        if at.is_none() {
            let message = "not an instant of RFC 3339, nor a day, of the years 1800 to 9998 in UTC";
            self.fault(field, FaultCode::Malformed, message);
        }
        at
    }

    fn withheld(&mut self, draft: &DisclosureDraft, occurred_at: Option<Instant>) -> Option<(Instant, LegalBasisId)> {
        let until = draft.withheld_until.as_deref().and_then(|text| self.instant("withheldUntil", text));
        if until.zip(occurred_at).is_some_and(|(until, occurred_at)| until <= occurred_at) {
            self.fault("withheldUntil", FaultCode::PeriodReversed, "not after the disclosure");
        }
        match (&draft.withheld_until, &draft.withholding_basis) {
            (None, None) => None,
            (Some(_), None) => {
                self.fault("withholdingBasis", FaultCode::Blank, "withholding rests on a provision");
                None
            }
            (None, Some(_)) => {
                self.fault("withheldUntil", FaultCode::Blank, "withholding has an end");
                None
            }
            (Some(_), Some(citation)) => {
                let basis = self.provision("withholdingBasis", citation, occurred_at.unwrap_or(self.now));
                until.zip(basis)
            }
        }
    }

    fn provision(&mut self, field: &str, text: &str, at: Instant) -> Option<LegalBasisId> {
        match Citation::parse_normalising(text) {
            Err(fault) => {
                self.faults.push(Fault::malformed(&format!("{}.{field}", self.path), &fault));
                None
            }
            Ok((citation, _)) => {
                let found = legal_basis::rules::wording_at(self.facts, &citation, at).map(|row| row.id);
                if found.is_none() {
                    self.unknown(field, "legal basis in force then");
                }
                found
            }
        }
    }

    /// A processor acts under agreements that name it, not for everything its principal does (2016/679 Art. 28).
    fn served(
        &mut self,
        keeper: LogKeeper,
        recipient: Option<&organisation::Model>,
        register: Option<&register::Model>,
        draft: &DisclosureDraft,
    ) -> Option<BTreeSet<AgreementId>> {
        let (facts, processor, register) = (self.facts, keeper.processor?, register?.id);
        let is_onward = draft.onward_to.is_some();
        let side = if is_onward { keeper.organisation } else { recipient?.id };
        let mut served = served(facts, (processor, keeper.organisation), side, register, is_onward);
        if let Some(number) = &draft.agreement {
            let is_named = |id: &AgreementId| facts.agreement.get(*id).is_some_and(|row| row.number == *number);
            served.retain(is_named);
        }
        if served.is_empty() {
            self.unknown("agreement", "agreement that names the processor");
        }
        Some(served)
    }

    /// An agreement between others is not for the discloser to know.
    fn agreement(&mut self, discloser: OrganisationId, draft: &DisclosureDraft) -> Option<AgreementId> {
        let number = draft.agreement.as_deref()?;
        let found = self.facts.agreement.by_key(number).filter(|row| {
            let side = if draft.onward_to.is_some() { row.recipient_id } else { row.discloser_id };
            stands_for(self.facts, discloser, side)
        });
        let found = found.map(|row| row.id);
        if found.is_none() {
            self.unknown("agreement", "agreement");
        }
        found
    }

    fn subject(&mut self, subject: &SubjectDraft) -> Option<Subject> {
        match subject {
            SubjectDraft::PersonalIdentityCode(code) => {
                let field = format!("{}.subject.personalIdentityCode", self.path);
                let code = PersonalIdentityCode::parse(code).map_err(|fault| Fault::malformed(&field, &fault));
                self.keep(code).map(Subject::Person)
            }
            SubjectDraft::OtherPersonIdentifier { system, value } => Some(self.other_person(system, value)),
            SubjectDraft::BusinessId(text) => {
                let field = format!("{}.subject.businessId", self.path);
                self.keep(text.parse().map_err(|fault| Fault::malformed(&field, &fault))).map(Subject::Business)
            }
            SubjectDraft::Count(count @ 1..=SUBJECTS_MAX) => Some(Subject::Count(*count)),
            SubjectDraft::Count(_) => {
                self.fault("subject.count", FaultCode::Malformed, format!("not from 1 to {SUBJECTS_MAX}"));
                None
            }
        }
    }

    /// The identifier is a secret like the code, so nothing of it is said but that it is too long or missing.
    fn other_person(&mut self, system: &str, value: &Zeroizing<String>) -> Subject {
        self.text("subject.otherPersonIdentifier.system", system);
        if let Some((code, message)) = identifier_fault(value) {
            self.fault("subject.otherPersonIdentifier.value", code, message);
        }
        Subject::OtherPerson(OtherPerson { system: system.to_owned(), value: value.clone() })
    }

    fn keep<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.faults.push(fault)).ok()
    }
}

/// Agreements on a register that name a processor who acts for a discloser, or for the recipient whose data travels on: by
/// which `side` receives.
pub fn served(
    facts: &Facts,
    (processor, discloser): (OrganisationId, OrganisationId),
    side: OrganisationId,
    register: RegisterId,
    is_onward: bool,
) -> BTreeSet<AgreementId> {
    let received = facts.lineage(side).into_iter().flat_map(|party| facts.received(party, register));
    received
        .filter(|dossier| is_onward || in_succession(facts, discloser, dossier.row.discloser_id))
        .map(|dossier| dossier.row.id)
        .filter(|id| policy::is_processor(facts, (processor, discloser), *id))
        .collect()
}

/// What is wrong with the identifier of a person in another system; nothing of it is echoed.
pub fn identifier_fault(value: &str) -> Option<(FaultCode, String)> {
    if value.trim().is_empty() {
        Some((FaultCode::Blank, "nothing given".to_owned()))
    } else if value.chars().count() > TEXT_CHARACTERS_MAX {
        Some((FaultCode::TooLong, format!("longer than {TEXT_CHARACTERS_MAX} characters")))
    } else if value.chars().any(char::is_control) {
        Some((FaultCode::Malformed, "holds a control character".to_owned()))
    } else if holds_identity_code(value) {
        Some((FaultCode::Malformed, "a personal identity code is given as such".to_owned()))
    } else {
        None
    }
}

fn corrects(text: &str) -> Corrects {
    let id = text.split_once(':').filter(|(table, _)| *table == DisclosureId::TABLE);
    match id.and_then(|(_, id)| uuid::Uuid::try_parse(id).ok()) {
        Some(id) => Corrects::Row(id.into()),
        None => Corrects::Message(text.to_owned()),
    }
}

/// Whether a text holds a personal identity code, or a word in the shape of one, which the tables refuse too (I11).
fn holds_identity_code(text: &str) -> bool {
    // A pattern that does not compile would refuse every text; the tests use it.
    static SHAPE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let pattern =
            "(^|[^0-9A-Za-z])[0-9]{6}[-+YXWVUABCDEFyxwvuabcdef][0-9]{3}[0-9A-FHJ-NPR-Ya-fhj-npr-y]([^0-9A-Za-z]|$)";
        Regex::new(pattern).ok()
    });
    contains_personal_identity_code(text) || SHAPE.as_ref().is_none_or(|shape| shape.is_match(text))
}
