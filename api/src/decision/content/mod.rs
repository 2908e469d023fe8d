//! Content of an agreement: what its parties agree on, in one canonical form.
//!
//! Content is parties, register, provisions, what the newest scope of each channel holds and by which limits, onward
//! rules, term and catalogue version; never a status or a contact. Giving more needs both parties, giving less only the
//! discloser (R43).

mod agreed;
mod differences;
mod terms;
#[cfg(test)]
mod tests;

use aws_lc_rs::digest::{SHA256, digest};
use entity::{
    agreement_version,
    vocabulary::{
        Admission, AgreementKind, BasisRole, Channel, Day, ItemCode, ModeJustification, NecessityCheck,
        OnwardRecipientKind, Operation, OrganisationId, PartyRole, Population, Regularity, ScopeStatus, Threshold, hex,
        instant_text,
    },
};
use serde::{Deserialize, Serialize};

pub use agreed::{
    Present, SIDES, agreed, agreed_at, agreed_version, awaited, beyond, last_act, newest_acted_on, onward_agreed,
    present, present_number, side_act, signed_by_both, stands_by, versions,
};
pub use differences::{Difference, DifferenceKind, differences, reaches};

use crate::facts::{Dossier, Facts, ItemPart, OnwardPart, ScopePart};

/// Content of an agreement. Absent members are left out; lists are sorted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Content {
    /// Number of the agreement.
    pub agreement: String,
    /// Agreement or permit.
    pub kind: AgreementKind,
    /// Business id of the discloser, or its Finnish name where it has none.
    pub discloser: String,
    /// The same of the recipient.
    pub recipient: String,
    /// Code of the register.
    pub register: String,
    /// Version of the protection catalogue the recipient commits to (R54, R67).
    pub catalogue_version: i32,
    /// First day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_on: Option<Day>,
    /// Last day, included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_on: Option<Day>,
    /// Further parties.
    pub parties: Vec<PartyContent>,
    /// Provisions it rests on.
    pub bases: Vec<BasisContent>,
    /// Newest scope of each channel that is not closed.
    pub scopes: Vec<ScopeContent>,
    /// Rules by which data may travel on.
    pub onward_rules: Vec<OnwardContent>,
}

/// Further party.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PartyContent {
    /// Business id, or the Finnish name where it has none.
    pub organisation: String,
    /// Its role.
    pub role: PartyRole,
}

/// Provision in one wording and role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BasisContent {
    /// Canonical Finnish citation.
    pub citation: String,
    /// Instant from which the wording is in force.
    pub valid_from: String,
    /// What it does for the agreement.
    pub role: BasisRole,
}

/// What may be disclosed over one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScopeContent {
    /// Channel.
    pub channel: Channel,
    /// Whether disclosures recur.
    pub regularity: Regularity,
    /// How case-by-case need is ensured.
    pub necessity_check: NecessityCheck,
    /// Why another means than the interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode_justification: Option<ModeJustification>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode_justification_text: Option<String>,
    /// What admits an end user.
    pub admission: Admission,
    /// Days after which the recipient deletes the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<i32>,
    /// Day the content was defined on: a node covers what existed then.
    pub defined_on: Day,
    /// Codes of its purposes.
    pub purposes: Vec<String>,
    /// Its items.
    pub items: Vec<ItemContent>,
}

/// Item of a scope with its limits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ItemContent {
    /// Code.
    pub item: ItemCode,
    /// What is done with it.
    pub operation: Operation,
    /// How far back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub look_back_days: Option<i32>,
    /// Whose data.
    pub population: Population,
    /// Provisions it rests on.
    pub bases: Vec<BasisContent>,
    /// Codes of the mandate themes it requires.
    pub mandates: Vec<String>,
}

/// Rule by which data may travel on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnwardContent {
    /// To whom.
    pub recipient_kind: OnwardRecipientKind,
    /// Code of the purpose.
    pub purpose: String,
    /// First instant.
    pub valid_from: String,
    /// End.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
    /// How necessary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Threshold>,
    /// Items.
    pub items: Vec<ItemCode>,
    /// Provisions it rests on.
    pub bases: Vec<BasisContent>,
}

impl Content {
    /// Content as the facts hold it.
    pub fn of(facts: &Facts, dossier: &Dossier) -> Self {
        let row = &dossier.row;
        let register = facts.register.get(row.register_id).map(|register| register.code.clone());
        let parties = facts.agreement_party.of(row.id).filter(|party| party.agreement_id == row.id);
        let bases = dossier.bases.iter().enumerate().filter_map(|(at, _)| basis(facts, dossier, at));
        Self {
            agreement: row.number.clone(),
            kind: row.kind,
            discloser: body(facts, row.discloser_id),
            recipient: body(facts, row.recipient_id),
            register: register.unwrap_or_default(),
            catalogue_version: row.catalogue_version,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            parties: sorted(
                parties
                    .map(|party| PartyContent { organisation: body(facts, party.organisation_id), role: party.role }),
            ),
            bases: sorted(bases),
            scopes: newest_scopes(dossier).map(|scope| scope_content(facts, dossier, scope)).collect(),
            onward_rules: sorted(dossier.onward.iter().map(|rule| onward_content(facts, dossier, rule))),
        }
    }

    /// The same with another scope in the place of the newest of its channel.
    #[must_use]
    pub fn with_scope(mut self, facts: &Facts, dossier: &Dossier, scope: &ScopePart) -> Self {
        self.scopes.retain(|newest| newest.channel != scope.row.channel);
        self.scopes.push(scope_content(facts, dossier, scope));
        self.scopes.sort_by_key(|scope| scope.channel);
        self
    }

    /// Content of a stored version; null for one in another form, such as an imported one.
    pub fn read(version: &agreement_version::Model) -> Option<Self> {
        serde_json::from_str(&version.content).ok()
    }

    /// Canonical JSON (RFC 8785).
    pub fn canonical(&self) -> String {
        // The form has no numbers but integers and no keys but texts, so nothing in it can fail.
        serde_jcs::to_string(self).unwrap_or_default()
    }
}

/// Hash that signatures are made over: SHA-256 of the canonical content, 64 hexadecimal digits.
pub fn content_hash(canonical: &str) -> String {
    hex(digest(&SHA256, canonical.as_bytes()).as_ref())
}

/// Whether a stored version is what its hash says.
pub fn is_intact(version: &agreement_version::Model) -> bool {
    content_hash(&version.content) == version.content_hash
}

fn sorted<T: Ord>(parts: impl Iterator<Item = T>) -> Vec<T> {
    let mut parts: Vec<T> = parts.collect();
    parts.sort();
    parts
}

fn body(facts: &Facts, id: OrganisationId) -> String {
    let row = facts.party(id);
    row.map(|row| row.business_id.map_or_else(|| row.name_fi.clone(), |id| id.to_string())).unwrap_or_default()
}

fn basis(facts: &Facts, dossier: &Dossier, at: usize) -> Option<BasisContent> {
    let row = &dossier.bases.get(at)?.row;
    let law = facts.legal_basis.get(row.legal_basis_id)?;
    Some(BasisContent { citation: law.citation.clone(), valid_from: instant_text(law.valid_from), role: row.role })
}

fn newest_scopes(dossier: &Dossier) -> impl Iterator<Item = &ScopePart> {
    let live = || dossier.scopes.iter().filter(|scope| scope.row.status != ScopeStatus::Closed);
    live().filter(move |scope| {
        !live().any(|other| other.row.channel == scope.row.channel && other.row.version > scope.row.version)
    })
}

fn scope_content(facts: &Facts, dossier: &Dossier, scope: &ScopePart) -> ScopeContent {
    let row = &scope.row;
    let purposes = scope.purposes.iter().filter_map(|id| facts.purpose.get(*id));
    ScopeContent {
        channel: row.channel,
        regularity: row.regularity,
        necessity_check: row.necessity_check,
        mode_justification: row.mode_justification,
        mode_justification_text: row.mode_justification_text.as_deref().map(Into::into),
        admission: row.admission,
        retention_days: row.retention_days,
        defined_on: row.defined_on,
        purposes: sorted(purposes.map(|purpose| purpose.code.clone())),
        items: sorted(scope.items.iter().map(|item| item_content(facts, dossier, item))),
    }
}

fn item_content(facts: &Facts, dossier: &Dossier, item: &ItemPart) -> ItemContent {
    let mandates = item.mandates.iter().filter_map(|id| facts.mandate_theme.get(*id));
    ItemContent {
        item: item.row.item_code.clone(),
        operation: item.row.operation,
        look_back_days: item.row.look_back_days,
        population: item.row.population,
        bases: sorted(item.bases.iter().filter_map(|at| basis(facts, dossier, *at))),
        mandates: sorted(mandates.map(|theme| theme.code.clone())),
    }
}

fn onward_content(facts: &Facts, dossier: &Dossier, rule: &OnwardPart) -> OnwardContent {
    OnwardContent {
        recipient_kind: rule.row.recipient_kind,
        purpose: facts.purpose.get(rule.row.purpose_id).map(|purpose| purpose.code.clone()).unwrap_or_default(),
        valid_from: instant_text(rule.row.valid_from),
        valid_until: rule.row.valid_until.map(instant_text),
        threshold: rule.row.threshold,
        items: sorted(rule.items.iter().cloned()),
        bases: sorted(rule.bases.iter().filter_map(|at| basis(facts, dossier, *at))),
    }
}
