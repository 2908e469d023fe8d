//! What a person may learn of its own disclosures, and in which words (GDPR 12, 15; C-154/21, C-579/21).

use std::sync::Arc;

use chrono::Datelike;
use entity::{
    disclosure,
    vocabulary::{
        DisclosureOutcome, Instant, ItemCode, Language, LegalBasisId, OnwardRecipientKind, OrganisationId,
        PersonalIdentityCode, RegisterId, helsinki_time,
    },
};
use zeroize::Zeroizing;

use crate::{
    FaultCode, Violations,
    checks::Checks,
    disclosure::{
        Recorded,
        rules::{OtherPerson, identifier_fault},
    },
    facts::Facts,
    legal_basis,
};

/// Former identifiers one look-up may name.
pub const FORMER_MAX: usize = 10;

/// Longest reason, in characters.
const REASON_CHARACTERS_MAX: usize = 500;

/// Longest name of another system, in characters.
const SYSTEM_CHARACTERS_MAX: usize = 200;

/// Person as it is asked about.
pub enum PersonDraft {
    /// By personal identity code.
    PersonalIdentityCode(Zeroizing<String>),
    /// By an identifier of another system.
    OtherPersonIdentifier {
        /// System.
        system: String,
        /// Identifier.
        value: Zeroizing<String>,
    },
}

/// Person, checked.
pub enum Person {
    /// By personal identity code.
    Code(PersonalIdentityCode),
    /// By an identifier of another system.
    Other(OtherPerson),
}

/// Look-up as it is asked for.
pub struct LookupDraft {
    /// Who is asked about.
    pub subject: PersonDraft,
    /// Under which other identifiers it was known before.
    pub former: Vec<PersonDraft>,
    /// Why it is looked up.
    pub reason: String,
    /// Given at this instant or later.
    pub occurred_from: Option<String>,
    /// Given before this instant.
    pub occurred_until: Option<String>,
}

/// Look-up, checked.
pub struct Lookup {
    /// Every identifier of the person.
    pub persons: Vec<Person>,
    /// Why it is looked up.
    pub reason: String,
    /// Given at this instant or later.
    pub occurred_from: Option<Instant>,
    /// Given before this instant.
    pub occurred_until: Option<Instant>,
}

/// Look-up of a draft.
///
/// # Errors
/// Every fault; nothing of an identifier is echoed.
pub fn lookup(draft: LookupDraft) -> Result<Lookup, Violations> {
    let mut checks = Checks::default();
    if draft.former.len() > FORMER_MAX {
        checks.fault(FaultCode::TooLong, "input.formerSubjects", format!("more than {FORMER_MAX} identifiers"));
    }
    let mut persons = vec![person(&mut checks, "input.subject", draft.subject)];
    for (at, former) in draft.former.into_iter().take(FORMER_MAX).enumerate() {
        persons.push(person(&mut checks, &format!("input.formerSubjects.{at}"), former));
    }
    let reason = checks.text("input.reason", &draft.reason, REASON_CHARACTERS_MAX);
    let occurred_from = checks.instant_if("input.occurredFrom", draft.occurred_from.as_ref());
    let occurred_until = checks.instant_if("input.occurredUntil", draft.occurred_until.as_ref());
    if occurred_from.zip(occurred_until).is_some_and(|(from, until)| until <= from) {
        checks.fault(FaultCode::PeriodReversed, "input.occurredUntil", "not after `occurredFrom`");
    }
    checks.done(|| {
        let persons = persons.into_iter().collect::<Option<Vec<_>>>()?;
        Some(Lookup { persons, reason, occurred_from, occurred_until })
    })
}

fn person(checks: &mut Checks, path: &str, draft: PersonDraft) -> Option<Person> {
    match draft {
        PersonDraft::PersonalIdentityCode(code) => {
            let parsed = PersonalIdentityCode::parse(&code);
            let path = format!("{path}.personalIdentityCode");
            parsed.map(Person::Code).map_err(|fault| checks.faults().push(crate::Fault::malformed(&path, &fault))).ok()
        }
        PersonDraft::OtherPersonIdentifier { system, value } => {
            let path = format!("{path}.otherPersonIdentifier");
            let system = checks.text(&format!("{path}.system"), &system, SYSTEM_CHARACTERS_MAX);
            if let Some((code, message)) = identifier_fault(&value) {
                checks.fault(code, &format!("{path}.value"), message);
            }
            Some(Person::Other(OtherPerson { system, value }))
        }
    }
}

/// Disclosure in a sentence or two of plain words.
pub fn explanation(facts: &Facts, recorded: &Recorded, language: Language) -> String {
    let row = &recorded.row;
    let [discloser, recipient] =
        [Some(row.discloser_id), row.recipient_id].map(|id| id.map(|id| organisation(facts, id, language)));
    let said = Said {
        when: when(row.occurred_at, language),
        discloser: discloser.unwrap_or_default(),
        recipient: recipient.unwrap_or_else(|| onward(row.onward_recipient_kind, language).to_owned()),
        register: register(facts, row.register_id, language),
        items: items(facts, row.register_id, &recorded.items, language).join(", "),
        purpose: purpose(facts, row, language),
        law: laws(facts, &recorded.bases, language),
    };
    let correction = match (row.corrects_id, language) {
        (None, _) => "",
        (Some(_), Language::Fi) => "Oikaisu aiempaan merkintään. ",
        (Some(_), Language::Sv) => "Rättelse av en tidigare anteckning. ",
        (Some(_), Language::En) => "Correction of an earlier entry. ",
    };
    format!("{correction}{}", said.sentence(row.outcome, language))
}

struct Said {
    when: String,
    discloser: String,
    recipient: String,
    register: String,
    items: String,
    purpose: String,
    law: Option<String>,
}

impl Said {
    fn sentence(&self, outcome: DisclosureOutcome, language: Language) -> String {
        let Self { when, discloser, recipient, register, items, purpose, law } = self;
        match language {
            Language::Fi => {
                let what = match outcome {
                    DisclosureOutcome::Delivered => format!("{discloser} luovutti tietojasi rekisteristä {register}."),
                    DisclosureOutcome::Empty => {
                        format!("Rekisteristä {register} kysyttiin tietojasi. {discloser} ei löytänyt niitä.")
                    }
                    DisclosureOutcome::Denied => {
                        format!("Rekisteristä {register} pyydettiin tietojasi. {discloser} ei luovuttanut niitä.")
                    }
                    DisclosureOutcome::Error => {
                        format!(
                            "Rekisteristä {register} pyydettiin tietojasi. Luovutus epäonnistui teknisesti ({discloser})."
                        )
                    }
                };
                let law = law.as_ref().map(|law| format!(" Peruste: {law}.")).unwrap_or_default();
                format!("{when}: {what} Vastaanottaja: {recipient}. Tiedot: {items}. Käyttötarkoitus: {purpose}.{law}")
            }
            Language::Sv => {
                let what = match outcome {
                    DisclosureOutcome::Delivered => {
                        format!("{discloser} lämnade ut uppgifter om dig ur registret {register}.")
                    }
                    DisclosureOutcome::Empty => {
                        format!("Uppgifter om dig söktes i registret {register}. {discloser} fann inga.")
                    }
                    DisclosureOutcome::Denied => {
                        format!("Uppgifter om dig begärdes ur registret {register}. {discloser} lämnade inte ut dem.")
                    }
                    DisclosureOutcome::Error => {
                        format!(
                            "Uppgifter om dig begärdes ur registret {register}. Utlämnandet misslyckades tekniskt ({discloser})."
                        )
                    }
                };
                let law = law.as_ref().map(|law| format!(" Grund: {law}.")).unwrap_or_default();
                format!("{when}: {what} Mottagare: {recipient}. Uppgifter: {items}. Ändamål: {purpose}.{law}")
            }
            Language::En => {
                let what = match outcome {
                    DisclosureOutcome::Delivered => {
                        format!("{discloser} disclosed data about you from the register {register}.")
                    }
                    DisclosureOutcome::Empty => {
                        format!("Data about you was looked for in the register {register}. {discloser} found none.")
                    }
                    DisclosureOutcome::Denied => {
                        format!(
                            "Data about you was asked for from the register {register}. {discloser} did not disclose it."
                        )
                    }
                    DisclosureOutcome::Error => {
                        format!(
                            "Data about you was asked for from the register {register}. The disclosure failed technically ({discloser})."
                        )
                    }
                };
                let law = law.as_ref().map(|law| format!(" Basis: {law}.")).unwrap_or_default();
                format!("{when}: {what} Recipient: {recipient}. Data: {items}. Purpose: {purpose}.{law}")
            }
        }
    }
}

/// Day and time in Helsinki, as a reader of the language writes them.
fn when(at: Instant, language: Language) -> String {
    let at = helsinki_time(at);
    let (day, month, year) = (at.day(), at.month(), at.year());
    match language {
        Language::Fi => format!("{day}.{month}.{year} klo {}", at.format("%-H.%M")),
        Language::Sv => format!("{day}.{month}.{year} kl. {}", at.format("%-H.%M")),
        Language::En => format!("{}", at.format("%-d %B %Y at %H:%M")),
    }
}

fn organisation(facts: &Facts, id: OrganisationId, language: Language) -> String {
    let row = facts.organisation.get(id);
    row.map(|row| language.choose(&row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref())).unwrap_or_default()
}

fn register(facts: &Facts, id: RegisterId, language: Language) -> String {
    let row = facts.register.get(id);
    row.map(|row| language.choose(&row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref())).unwrap_or_default()
}

fn purpose(facts: &Facts, row: &disclosure::Model, language: Language) -> String {
    let row = facts.purpose.get(row.purpose_id);
    row.map(|row| language.choose(&row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref())).unwrap_or_default()
}

/// Names of items; the code itself where the register no longer knows it.
pub fn items(facts: &Facts, register: RegisterId, items: &[ItemCode], language: Language) -> Vec<String> {
    let catalogue = facts.catalogue(register);
    let name = |code: &ItemCode| {
        let row = catalogue.and_then(|catalogue| catalogue.item(code));
        row.map_or_else(
            || code.to_string(),
            |row| language.choose(&row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref()),
        )
    };
    items.iter().map(name).collect()
}

/// Provisions by their names; null for a disclosure that rested on none.
fn laws(facts: &Facts, bases: &[LegalBasisId], language: Language) -> Option<String> {
    let rows = bases.iter().filter_map(|id| facts.legal_basis.get(*id));
    let names: Vec<String> = rows.map(|row: &Arc<_>| legal_basis::rules::name(row, language)).collect();
    (!names.is_empty()).then(|| names.join("; "))
}

/// To whom data travels on where that is no organisation of the registry.
fn onward(kind: Option<OnwardRecipientKind>, language: Language) -> &'static str {
    match (kind, language) {
        (Some(OnwardRecipientKind::Applicant), Language::Fi) => "hakija",
        (Some(OnwardRecipientKind::Applicant), Language::Sv) => "sökanden",
        (Some(OnwardRecipientKind::Applicant), Language::En) => "the applicant",
        (Some(OnwardRecipientKind::EcecProvider), Language::Fi) => "varhaiskasvatuksen palveluntuottaja",
        (Some(OnwardRecipientKind::EcecProvider), Language::Sv) => "producent av småbarnspedagogik",
        (Some(OnwardRecipientKind::EcecProvider), Language::En) => "a provider of early childhood education and care",
        (Some(OnwardRecipientKind::AppealBody), Language::Fi) => "muutoksenhakuelin",
        (Some(OnwardRecipientKind::AppealBody), Language::Sv) => "besvärsinstans",
        (Some(OnwardRecipientKind::AppealBody), Language::En) => "an appeal body",
        (None, _) => "–",
    }
}
