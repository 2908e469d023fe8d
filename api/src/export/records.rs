//! An organisation's record of processing activities (GDPR article 30), as far as disclosures under agreements go: one line
//! for each scope, as the organisation discloses, receives or processes by it.

use csv::{Terminator, WriterBuilder};
use entity::{
    data_item,
    vocabulary::{
        AgreementStatus, ContactTopic, Instant, Language, OrganisationId, Population, ScopeStatus, helsinki_day,
        instant_text,
    },
};

use crate::{
    Error, contact,
    facts::{Dossier, Facts, ScopePart, stands_for},
    statistics::csv::harmless,
};

/// Heads of the columns in Finnish, Swedish and English.
const COLUMNS: [[&str; 3]; 17] = [
    ["Sopimus", "Avtal", "Agreement"],
    ["Tila", "Status", "Status"],
    ["Asema", "Roll", "Role"],
    ["Rekisterinpitäjä", "Personuppgiftsansvarig", "Controller"],
    ["Rekisterinpitäjän yhteystieto", "Den personuppgiftsansvariges kontakt", "Controller's contact"],
    ["Tietosuojavastaava", "Dataskyddsombud", "Data protection officer"],
    ["Rekisteri", "Register", "Register"],
    ["Käyttötarkoitukset", "Ändamål", "Purposes"],
    ["Oikeusperuste", "Rättslig grund", "Legal basis"],
    ["Rekisteröityjen ryhmät", "Kategorier av registrerade", "Categories of data subjects"],
    ["Henkilötietoryhmät", "Kategorier av personuppgifter", "Categories of personal data"],
    ["Erityiset henkilötietoryhmät", "Särskilda kategorier", "Special categories"],
    ["Vastaanottajat", "Mottagare", "Recipients"],
    ["Siirrot kolmansiin maihin", "Överföringar till tredjeland", "Transfers to third countries"],
    ["Poistamisen määräajat", "Tidsfrister för radering", "Time limits for erasure"],
    ["Kanava", "Kanal", "Channel"],
    ["Suojatoimet", "Säkerhetsåtgärder", "Security measures"],
];

/// Countries of the European Economic Area, and Åland.
const EEA: [&str; 31] = [
    "AT", "AX", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI",
    "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// Record of an organisation at an instant: a line before the table says of whom and when, and the table has its heads in a
/// language.
///
/// # Errors
/// Internal, when the table cannot be written.
pub fn records_of_processing(
    facts: &Facts,
    organisation: OrganisationId,
    at: Instant,
    language: Language,
) -> Result<String, Error> {
    let record = Record { facts, organisation, at, language };
    let unwritten = |fault: &dyn std::fmt::Display| Error::internal(fault.to_string());
    let mut table = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    table.write_record(COLUMNS.map(|heads| said(heads, language))).map_err(|fault| unwritten(&fault))?;
    for line in record.lines() {
        table.write_record(line.into_iter().map(harmless)).map_err(|fault| unwritten(&fault))?;
    }
    let bytes = table.into_inner().map_err(|fault| unwritten(&fault))?;
    let table = String::from_utf8(bytes).map_err(|fault| unwritten(&fault))?;
    let whose = record.identifier(organisation);
    Ok(format!("# records_of_processing: 1; organisation: {whose}; as_of: {}\r\n{table}", instant_text(at)))
}

fn said(texts: [&'static str; 3], language: Language) -> &'static str {
    match language {
        Language::Fi => texts[0],
        Language::Sv => texts[1],
        Language::En => texts[2],
    }
}

struct Record<'a> {
    facts: &'a Facts,
    organisation: OrganisationId,
    at: Instant,
    language: Language,
}

impl Record<'_> {
    /// Lines in the order of agreement numbers, channels and versions.
    fn lines(&self) -> Vec<Vec<String>> {
        let bodies = self.facts.lineage(self.organisation);
        let mut dossiers: Vec<_> = bodies
            .iter()
            .flat_map(|body| {
                let sides = self.facts.agreement.of(*body).map(|row| row.id);
                let named = self.facts.agreement_party.of(*body).map(|party| party.agreement_id);
                sides.chain(named)
            })
            .filter_map(|id| self.facts.dossier(id))
            .filter(|dossier| has_been_agreed(dossier.status.at(self.at)))
            .collect();
        dossiers.sort_by(|a, b| a.row.number.cmp(&b.row.number));
        dossiers.dedup_by_key(|dossier| dossier.row.id);
        let live = |scope: &&ScopePart| scope.status.at(self.at).is_some_and(|status| status != ScopeStatus::Closed);
        dossiers
            .into_iter()
            .flat_map(|dossier| dossier.scopes.iter().filter(live).map(|scope| self.line(dossier, scope)))
            .collect()
    }

    fn line(&self, dossier: &Dossier, scope: &ScopePart) -> Vec<String> {
        let row = &dossier.row;
        let controller = self.facts.register.get(row.register_id).map_or(row.discloser_id, |row| row.controller_id);
        let items = self.personal(dossier, scope);
        let special = items.iter().filter(|item| item.special_category).copied();
        vec![
            row.number.clone(),
            dossier.status.at(self.at).unwrap_or(row.status).to_string(),
            self.role(dossier),
            self.body(controller),
            self.contact(controller, ContactTopic::Agreement),
            self.contact(self.organisation, ContactTopic::DataProtection),
            self.facts
                .register
                .get(row.register_id)
                .map(|row| self.name(&row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref()))
                .unwrap_or_default(),
            self.purposes(scope),
            self.citations(dossier, scope),
            self.populations(scope),
            self.items(items.iter().copied()),
            self.items(special),
            self.recipients(dossier),
            self.transfers(dossier),
            self.erasure(dossier, scope),
            scope.row.channel.to_string(),
            self.measures(dossier, scope),
        ]
    }

    fn name(&self, fi: &str, sv: Option<&String>, en: Option<&String>) -> String {
        let other = match self.language {
            Language::Fi => None,
            Language::Sv => sv,
            Language::En => en,
        };
        other.map_or_else(|| fi.to_owned(), Clone::clone)
    }

    fn identifier(&self, id: OrganisationId) -> String {
        let row = self.facts.organisation.get(id);
        row.and_then(|row| row.business_id).map(|id| id.to_string()).unwrap_or_default()
    }

    fn body(&self, id: OrganisationId) -> String {
        let Some(row) = self.facts.organisation.get(id) else { return String::new() };
        let name = self.name(&row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref());
        row.business_id.map_or_else(|| name.clone(), |id| format!("{name} ({id})"))
    }

    fn role(&self, dossier: &Dossier) -> String {
        let is = |party| stands_for(self.facts, self.organisation, party);
        if is(dossier.row.discloser_id) {
            return "DISCLOSER".to_owned();
        }
        if is(dossier.row.recipient_id) {
            return "RECIPIENT".to_owned();
        }
        let parties = self.facts.agreement_party.of(dossier.row.id);
        let named = parties.filter(|party| is(party.organisation_id)).map(|party| party.role.to_string());
        named.collect::<Vec<_>>().join("; ")
    }

    /// First address of an organisation on a topic.
    fn contact(&self, organisation: OrganisationId, topic: ContactTopic) -> String {
        let today = helsinki_day(self.at);
        let serving = contact::rules::serving(self.facts, organisation, None, Some(topic), today);
        serving.iter().find_map(|row| row.email.clone().or_else(|| row.phone.clone())).unwrap_or_default()
    }

    fn purposes(&self, scope: &ScopePart) -> String {
        let rows = scope.purposes.iter().filter_map(|id| self.facts.purpose.get(*id));
        list(rows.map(|row| self.name(&row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref())))
    }

    fn citations(&self, dossier: &Dossier, scope: &ScopePart) -> String {
        let bases = scope.items.iter().flat_map(|item| item.bases.iter()).filter_map(|at| dossier.bases.get(*at));
        list(
            bases
                .filter_map(|basis| self.facts.legal_basis.get(basis.row.legal_basis_id))
                .map(|law| law.citation.clone()),
        )
    }

    fn populations(&self, scope: &ScopePart) -> String {
        list(scope.items.iter().map(|item| {
            let texts = match item.row.population {
                Population::OwnClients => {
                    ["vastaanottajan asiakkaat", "mottagarens klienter", "the recipient's clients"]
                }
                Population::OwnMunicipality => {
                    ["kunnan asukkaat", "kommunens invånare", "residents of the municipality"]
                }
                Population::PendingMatter => [
                    "henkilöt, joilla on vireillä oleva asia",
                    "personer med ett anhängigt ärende",
                    "persons with a pending matter",
                ],
                Population::All => ["kaikki rekisteröidyt", "alla registrerade", "everyone in the register"],
            };
            said(texts, self.language).to_owned()
        }))
    }

    /// Personal data of a scope's items.
    fn personal(&self, dossier: &Dossier, scope: &ScopePart) -> Vec<&data_item::Model> {
        let Some(catalogue) = self.facts.catalogue(dossier.row.register_id) else { return Vec::new() };
        let items = scope.items.iter().filter_map(|item| catalogue.item(&item.row.item_code));
        items.map(AsRef::as_ref).filter(|item| item.is_personal || item.special_category).collect()
    }

    fn items<'i>(&self, items: impl Iterator<Item = &'i data_item::Model>) -> String {
        list(items.map(|row| self.name(&row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref())))
    }

    fn recipients(&self, dossier: &Dossier) -> String {
        let onward = dossier.onward.iter().map(|rule| rule.row.recipient_kind.to_string());
        list(std::iter::once(self.body(dossier.row.recipient_id)).chain(onward))
    }

    /// Country of a recipient outside the European Economic Area.
    fn transfers(&self, dossier: &Dossier) -> String {
        let country = self.facts.organisation.get(dossier.row.recipient_id).map(|row| row.country.clone());
        let outside = country.filter(|country| !EEA.contains(&country.as_str()));
        outside.unwrap_or_else(|| said(["ei siirtoja", "inga överföringar", "none"], self.language).to_owned())
    }

    /// Days after which the recipient deletes, and years for which the log is kept.
    fn erasure(&self, dossier: &Dossier, scope: &ScopePart) -> String {
        let days = scope.row.retention_days.map(|days| {
            let unit = said(["päivää", "dagar", "days"], self.language);
            format!("{days} {unit}")
        });
        let rules = self.facts.retention_rule.of(dossier.row.register_id).map(|rule| {
            let unit = said(["vuotta (loki)", "år (logg)", "years (log)"], self.language);
            format!("{} {unit}, {}", rule.years, rule.source)
        });
        list(days.into_iter().chain(rules))
    }

    /// Version and day of the protection statement that covers the channel.
    fn measures(&self, dossier: &Dossier, scope: &ScopePart) -> String {
        use entity::vocabulary::StatementStatus::Approved;
        let statements = dossier.statements.iter().filter(|part| part.row.channel == scope.row.channel);
        let approved = statements.filter(|part| part.status.at(self.at) == Some(Approved));
        list(approved.map(|part| {
            let text = ["selvitys tietojen suojaamisesta", "utredning om skyddet av uppgifter", "protection statement"];
            let day = part.row.dated_on.map(|day| format!(", {day}")).unwrap_or_default();
            format!("{} v{}{day}", said(text, self.language), part.row.version)
        }))
    }
}

/// Values without repetition, in the order found.
fn list(values: impl Iterator<Item = String>) -> String {
    let mut seen: Vec<String> = Vec::new();
    for value in values.filter(|value| !value.is_empty()) {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen.join("; ")
}

/// Whether an agreement of a status is, or was, processed by.
fn has_been_agreed(status: Option<AgreementStatus>) -> bool {
    use AgreementStatus::{
        Active, BasisConfirmed, Draft, Negotiation, RegisteredIncomplete, Rejected, Signed, Superseded, Suspended,
        Terminated, Withdrawn,
    };
    match status {
        Some(Signed | Active | Suspended | RegisteredIncomplete) => true,
        Some(Draft | BasisConfirmed | Negotiation | Rejected | Withdrawn | Terminated | Superseded) | None => false,
    }
}
