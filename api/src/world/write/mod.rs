//! The registry written out as world files, in the order of natural keys.

mod agreements;
mod emit;
mod law;
mod parties;
mod public;
mod scopes;
mod table;

pub use public::public_part;

use std::collections::BTreeMap;

use entity::{
    legal_basis,
    vocabulary::{
        AgreementId, ClosedEnum, ContactId, DocumentId, LegalBasisId, MandateThemeId, OrganisationId, Period,
        PurposeId, RegisterId, StatusSubject, helsinki_day, helsinki_midnight,
    },
};
use uuid::Uuid;

use super::{
    WorldFile,
    read::{CitationReference, find_basis, find_contact},
};
use crate::facts::Facts;
use emit::{Entry, Value};

/// The registry as world files; end users only as pseudonyms, each with the fingerprint of its key. Disclosures, withholdings
/// and decisions on anomalies are the log's and not written.
pub fn export(facts: &Facts, key_fingerprints: &BTreeMap<i32, String>) -> Vec<WorldFile> {
    export_as(facts, key_fingerprints, ExportForm::Yaml)
}

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportForm {
    /// YAML, as people read it.
    Yaml,
    /// JSON of the same keys.
    Json,
    /// One table of agreements, a row each; it says no more than such a table can.
    Csv,
}

/// The same in a form.
pub fn export_as(facts: &Facts, key_fingerprints: &BTreeMap<i32, String>, form: ExportForm) -> Vec<WorldFile> {
    let writer = Writer { facts, key_fingerprints };
    if form == ExportForm::Csv {
        return vec![WorldFile { name: "agreements.csv".to_owned(), text: writer.table() }];
    }
    let root = || Entry::default().with("world", 1);
    let files = [
        (
            "01-organisations.yaml",
            root().list("organisations", writer.organisations()).list("organisation_keys", writer.keys()),
        ),
        ("02-law.yaml", root().list("legal_bases", writer.legal_bases())),
        ("03-registers.yaml", root().list("purposes", writer.purposes()).list("registers", writer.registers())),
        ("04-entitlements.yaml", root().list("entitlements", writer.entitlements())),
        (
            "05-mandates.yaml",
            root().list("mandate_themes", writer.themes()).list("mandating_rights", writer.mandating_rights()),
        ),
        (
            "06-agreements.yaml",
            root().list("agreements", writer.agreements()).list("documents", writer.documents(None)),
        ),
        ("07-statements.yaml", root().list("protection_statements", writer.statements())),
        ("08-contacts.yaml", root().list("contacts", writer.contacts()).list("inquiries", writer.inquiries())),
    ];
    let written = |(name, root): (&str, Entry)| match form {
        ExportForm::Json => WorldFile { name: name.replace(".yaml", ".json"), text: root.json() },
        ExportForm::Yaml | ExportForm::Csv => WorldFile { name: name.to_owned(), text: root.text() },
    };
    files.into_iter().map(written).collect()
}

struct Writer<'f> {
    facts: &'f Facts,
    key_fingerprints: &'f BTreeMap<i32, String>,
}

impl Writer<'_> {
    fn organisation(&self, id: OrganisationId) -> String {
        let row = self.facts.organisation.get(id);
        row.map(|row| row.business_id.map_or_else(|| row.name_fi.clone(), |id| id.to_string())).unwrap_or_default()
    }

    fn register(&self, id: RegisterId) -> String {
        self.facts.register.get(id).map(|row| row.code.clone()).unwrap_or_default()
    }

    fn purpose(&self, id: PurposeId) -> String {
        self.facts.purpose.get(id).map(|row| row.code.clone()).unwrap_or_default()
    }

    fn theme(&self, id: MandateThemeId) -> String {
        self.facts.mandate_theme.get(id).map(|row| row.code.clone()).unwrap_or_default()
    }

    fn agreement(&self, id: AgreementId) -> String {
        self.facts.agreement.get(id).map(|row| row.number.clone()).unwrap_or_default()
    }

    /// Hash of a document; none where it is left out.
    fn document(&self, id: DocumentId) -> Option<String> {
        self.facts.document.get(id).map(|row| row.sha256.clone())
    }

    /// Citation of a wording, with a day where the citation alone means another.
    fn basis(&self, id: LegalBasisId) -> String {
        let Some(row) = self.facts.legal_basis.get(id) else { return String::new() };
        let reference = CitationReference { citation: row.citation.clone(), day: None, role: None };
        let is_meant = find_basis(self.facts, &reference).is_some_and(|meant| meant.id == id);
        if is_meant { row.citation.clone() } else { dated(row) }
    }

    fn contact(&self, agreement: Option<AgreementId>, id: ContactId) -> String {
        let Some(row) = self.facts.contact.get(id) else { return String::new() };
        let (organisation, role) = (self.organisation(row.organisation_id), row.role.code());
        let by_email = row.email.as_ref().map(|email| format!("{organisation}/{email}"));
        let by_role = format!("{organisation}/{role}");
        let by_both = row.email.as_ref().map(|email| format!("{organisation}/{role}/{email}"));
        let ways: Vec<String> = by_email.into_iter().chain([by_role]).chain(by_both).collect();
        let meant = ways.iter().find(|way| find_contact(self.facts, agreement, way) == Some(id));
        meant.or(ways.last()).cloned().unwrap_or_default()
    }

    /// History of a status; an empty list says that there is none.
    fn history(&self, kind: StatusSubject, subject: impl Into<Uuid>) -> Vec<Entry> {
        let rows = self.facts.status_entry.of(subject).filter(|row| row.subject_kind == kind);
        let mut rows: Vec<_> = rows.collect();
        rows.sort_by_key(|row| row.ordinal);
        rows.into_iter()
            .map(|row| {
                Entry::default()
                    .with("status", &row.status)
                    .with("from", row.from_at)
                    .with("actor", &row.actor)
                    .maybe("reason", row.reason.as_ref())
                    .maybe("document", row.document_id.and_then(|id| self.document(id)))
            })
            .collect()
    }
}

/// Citation with a day on which the wording is valid.
fn dated(row: &legal_basis::Model) -> String {
    let day = helsinki_day(row.valid_from);
    let period = Period { from: row.valid_from, until: row.valid_until };
    let day = if period.contains(helsinki_midnight(day)) { day } else { day.succ_opt().unwrap_or(day) };
    format!("{} @{day}", row.citation)
}

fn code<E: ClosedEnum>(value: E) -> Value {
    value.code().into()
}

/// Rows that differ in one column only, as one with a list of it: the column's values by all the rest.
fn merged<R: Ord, V: Ord>(rows: impl IntoIterator<Item = (R, V)>) -> BTreeMap<R, Vec<V>> {
    let mut groups: BTreeMap<R, Vec<V>> = BTreeMap::new();
    for (rest, value) in rows {
        groups.entry(rest).or_default().push(value);
    }
    for values in groups.values_mut() {
        values.sort();
        values.dedup();
    }
    groups
}
