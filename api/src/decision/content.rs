//! Content of an agreement: what its parties agree on, in one canonical form; in what two contents differ, and which
//! differences give more than before.
//!
//! Content is parties, register, provisions, what the newest scope of each channel holds and by which limits, onward
//! rules, term and catalogue version; never a status or a contact. Giving more needs both parties, giving less only the
//! discloser (R43).

use std::{collections::BTreeMap, fmt::Display};

use aws_lc_rs::digest::{SHA256, digest};
use chrono::Datelike;
use entity::{
    agreement_version,
    vocabulary::{
        Admission, AgreementId, AgreementKind, AgreementSide, BasisRole, Channel, Day, Instant, ItemCode,
        ModeJustification, NecessityCheck, OnwardRecipientKind, Operation, OrganisationId, PartyRole, Population,
        Regularity, ScopeStatus, SignatureAct, Threshold, hex, instant_text,
    },
};
use serde::{Deserialize, Serialize};

use crate::facts::{Catalogue, Dossier, Facts, ItemPart, OnwardPart, ScopePart, in_succession};

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
        mode_justification_text: row.mode_justification_text.clone(),
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

/// What a side did last with a content version; null when nothing. A successor goes on from what its predecessor did.
pub fn side_act(facts: &Facts, dossier: &Dossier, side: AgreementSide, version: i32) -> Option<SignatureAct> {
    let party = match side {
        AgreementSide::Discloser => dossier.row.discloser_id,
        AgreementSide::Recipient | AgreementSide::Both => dossier.row.recipient_id,
    };
    let signatures = facts.signature.of(dossier.row.id);
    let own = signatures.filter(|row| row.version == version && in_succession(facts, row.organisation_id, party));
    own.max_by_key(|row| (row.signed_at, row.id)).map(|row| row.act)
}

/// Whether a side stands by a content version: it accepted or signed it, and took neither back.
pub fn stands_by(facts: &Facts, dossier: &Dossier, side: AgreementSide, version: i32) -> bool {
    matches!(side_act(facts, dossier, side, version), Some(SignatureAct::Accepted | SignatureAct::Signed))
}

/// Stored versions of an agreement's content, oldest first.
pub fn versions(facts: &Facts, agreement: AgreementId) -> Vec<&std::sync::Arc<agreement_version::Model>> {
    let mut versions: Vec<_> = facts.agreement_version.of(agreement).collect();
    versions.sort_by_key(|row| row.version);
    versions
}

/// Content both parties stand by; null when there is none. What was signed before the gateway kept versions stands as it
/// is, or was first stored.
pub fn agreed(facts: &Facts, dossier: &Dossier) -> Option<Content> {
    let versions = versions(facts, dossier.row.id);
    let by_both = versions.iter().rev().find(|row| {
        [AgreementSide::Discloser, AgreementSide::Recipient]
            .into_iter()
            .all(|side| stands_by(facts, dossier, side, row.version))
    });
    match (by_both, versions.first()) {
        (Some(version), _) => Content::read(version),
        (None, _) if dossier.row.signed_on.is_none() => None,
        (None, Some(first)) => Content::read(first),
        (None, None) => Some(Content::of(facts, dossier)),
    }
}

/// How two contents differ at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// Stands only in the later one; gives more.
    Added,
    /// Stood only in the earlier one; gives less.
    Removed,
    /// A limit gives more than before, or is simply another.
    Widened,
    /// A limit gives less than before.
    Narrowed,
}

/// One difference of two contents.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Place, from the content on, such as `scopes`, `TECHNICAL_INTERFACE`, `purposes`, `TAXATION`.
    pub path: Vec<String>,
    /// How it differs.
    pub kind: DifferenceKind,
    /// What stood there; null where nothing did.
    pub before: Option<String>,
    /// What stands there; null where nothing does.
    pub after: Option<String>,
}

impl Difference {
    /// Whether it gives more, so that both parties must agree.
    pub fn gives_more(&self) -> bool {
        matches!(self.kind, DifferenceKind::Added | DifferenceKind::Widened)
    }
}

/// Place of a content and what stands there.
struct Term {
    said: String,
    width: Width,
}

/// How much a term gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Width {
    /// Its presence gives; another text is another thing.
    Grants,
    /// Its presence takes away.
    Restricts,
    /// The larger the more.
    Ordered(i64),
}

type Terms = BTreeMap<Vec<String>, Term>;

/// Differences of two contents of one register's catalogue, by place. A part that is wholly new or gone is one.
pub fn differences(earlier: &Content, later: &Content, catalogue: Option<&Catalogue>) -> Vec<Difference> {
    let (before, after) = (terms(earlier), terms(later));
    let mut found = Vec::new();
    for (path, term) in &before {
        match after.get(path) {
            None if !has_ancestor(path, &before, &after) => found.push(gone(path, term)),
            Some(now) if now.said != term.said || now.width != term.width => found.push(changed(path, term, now)),
            _ => {}
        }
    }
    for (path, term) in &after {
        if !before.contains_key(path) && !has_ancestor(path, &after, &before) {
            found.push(new(path, term, earlier, catalogue));
        }
    }
    found.sort();
    found
}

/// What a later content gives over one channel beyond an earlier one.
pub fn beyond(agreed: &Content, later: &Content, channel: Channel, catalogue: Option<&Catalogue>) -> Vec<Difference> {
    let over = |difference: &Difference| {
        difference.path.first().is_some_and(|part| part == "scopes")
            && difference.path.get(1).is_some_and(|part| *part == channel.to_string())
    };
    let mut found = differences(agreed, later, catalogue);
    found.retain(|difference| over(difference) && difference.gives_more());
    found
}

/// Whether a part above a place stands in one content only.
fn has_ancestor(path: &[String], here: &Terms, there: &Terms) -> bool {
    (1..path.len()).any(|length| here.contains_key(&path[..length]) && !there.contains_key(&path[..length]))
}

fn gone(path: &[String], term: &Term) -> Difference {
    let kind = if term.width == Width::Restricts { DifferenceKind::Widened } else { DifferenceKind::Removed };
    Difference { path: path.to_vec(), kind, before: Some(term.said.clone()), after: None }
}

fn changed(path: &[String], before: &Term, after: &Term) -> Difference {
    let narrowed = matches!((before.width, after.width), (Width::Ordered(was), Width::Ordered(is)) if is < was);
    let kind = if narrowed { DifferenceKind::Narrowed } else { DifferenceKind::Widened };
    Difference { path: path.to_vec(), kind, before: Some(before.said.clone()), after: Some(after.said.clone()) }
}

fn new(path: &[String], term: &Term, earlier: &Content, catalogue: Option<&Catalogue>) -> Difference {
    let within = item_at(path).and_then(|(channel, code, operation)| {
        let scope = earlier.scopes.iter().find(|scope| scope.channel.to_string() == channel)?;
        let wider = scope.items.iter().filter(|item| item.operation.to_string() == operation);
        wider.map(|item| &item.item).find(|item| reaches(item, &code, catalogue)).map(ToString::to_string)
    });
    let kind = match (term.width, &within) {
        (Width::Restricts, _) | (_, Some(_)) => DifferenceKind::Narrowed,
        _ => DifferenceKind::Added,
    };
    Difference { path: path.to_vec(), kind, before: within, after: Some(term.said.clone()) }
}

/// Channel, item and operation of the place of an item.
fn item_at(path: &[String]) -> Option<(&str, ItemCode, &str)> {
    let [scopes, channel, items, code, operation] = path else { return None };
    (scopes == "scopes" && items == "items").then_some(())?;
    Some((channel, code.parse().ok()?, operation))
}

/// Whether an item below another is what that already covers: identity codes never are, they are covered by name only.
fn reaches(item: &ItemCode, below: &ItemCode, catalogue: Option<&Catalogue>) -> bool {
    let by_name = item.node() == below.node();
    let named_only = catalogue.and_then(|catalogue| catalogue.item(below)).is_none_or(|item| item.is_identity_code);
    item.covers_parts(below.node(), below.qualifier()) && (by_name || !named_only)
}

struct Writer<'a> {
    terms: &'a mut Terms,
    path: Vec<String>,
}

impl Writer<'_> {
    fn within(&mut self, part: impl Display) -> Writer<'_> {
        let path = self.path.iter().cloned().chain([part.to_string()]).collect();
        Writer { terms: self.terms, path }
    }

    fn put(&mut self, part: impl Display, said: impl Display, width: Width) {
        let here = self.within(part);
        here.terms.insert(here.path, Term { said: said.to_string(), width });
    }

    fn stands(&mut self, said: impl Display) {
        self.terms.insert(self.path.clone(), Term { said: said.to_string(), width: Width::Grants });
    }

    /// Limit that gives the more the larger it is, and most where there is none.
    fn limit(&mut self, part: &str, limit: Option<i64>, said: Option<String>) {
        let said = said.unwrap_or_else(|| "unlimited".to_owned());
        self.put(part, said, Width::Ordered(limit.unwrap_or(i64::MAX)));
    }

    fn bases(&mut self, bases: &[BasisContent]) {
        for basis in bases {
            let said = format!("{} @{} ({})", basis.citation, basis.valid_from, basis.role);
            self.within("bases").put(&said, &said, Width::Grants);
        }
    }
}

fn terms(content: &Content) -> Terms {
    let mut terms = Terms::new();
    let mut root = Writer { terms: &mut terms, path: Vec::new() };
    for (part, said) in [
        ("agreement", content.agreement.clone()),
        ("kind", content.kind.to_string()),
        ("discloser", content.discloser.clone()),
        ("recipient", content.recipient.clone()),
        ("register", content.register.clone()),
        ("catalogueVersion", content.catalogue_version.to_string()),
    ] {
        root.put(part, said, Width::Grants);
    }
    let starts = content.starts_on.map_or(i64::MIN, |day| -i64::from(day.num_days_from_ce()));
    root.put("startsOn", content.starts_on.map_or("unset".to_owned(), |day| day.to_string()), Width::Ordered(starts));
    root.limit("endsOn", content.ends_on.map(number_of), content.ends_on.map(|day| day.to_string()));
    for party in &content.parties {
        root.within("parties").within(&party.organisation).put(party.role, party.role, Width::Grants);
    }
    root.bases(&content.bases);
    for scope in &content.scopes {
        scope_terms(root.within("scopes").within(scope.channel), scope);
    }
    for rule in &content.onward_rules {
        let mut rules = root.within("onwardRules");
        let mut kind = rules.within(rule.recipient_kind);
        let mut purpose = kind.within(&rule.purpose);
        onward_terms(purpose.within(&rule.valid_from), rule);
    }
    terms
}

fn number_of(day: Day) -> i64 {
    i64::from(day.num_days_from_ce())
}

fn scope_terms(mut at: Writer<'_>, scope: &ScopeContent) {
    at.stands(scope.channel);
    let recurs = match scope.regularity {
        Regularity::AdHoc => 0,
        Regularity::RecurringFixed => 1,
    };
    at.put("regularity", scope.regularity, Width::Ordered(recurs));
    at.put("necessityCheck", scope.necessity_check, Width::Grants);
    let justification = scope.mode_justification.map(|reason| reason.to_string()).unwrap_or_default();
    let text = scope.mode_justification_text.as_deref().unwrap_or_default();
    at.put("modeJustification", format!("{justification} {text}").trim(), Width::Grants);
    let open = match scope.admission {
        Admission::Grant => 0,
        Admission::Mandate => 1,
        Admission::None => 2,
    };
    at.put("admission", scope.admission, Width::Ordered(open));
    at.limit("retentionDays", scope.retention_days.map(i64::from), scope.retention_days.map(|days| days.to_string()));
    at.put("definedOn", scope.defined_on, Width::Ordered(number_of(scope.defined_on)));
    for purpose in &scope.purposes {
        at.within("purposes").put(purpose, purpose, Width::Grants);
    }
    for item in &scope.items {
        let mut items = at.within("items");
        let mut code = items.within(&item.item);
        item_terms(code.within(item.operation), item);
    }
}

fn item_terms(mut at: Writer<'_>, item: &ItemContent) {
    at.stands(&item.item);
    at.limit("lookBackDays", item.look_back_days.map(i64::from), item.look_back_days.map(|days| days.to_string()));
    let reach = match item.population {
        Population::PendingMatter => 0,
        Population::OwnClients => 1,
        Population::OwnMunicipality => 2,
        Population::All => 3,
    };
    at.put("population", item.population, Width::Ordered(reach));
    at.bases(&item.bases);
    for mandate in &item.mandates {
        at.within("mandates").put(mandate, mandate, Width::Restricts);
    }
}

fn onward_terms(mut at: Writer<'_>, rule: &OnwardContent) {
    at.stands(rule.recipient_kind);
    let until = rule.valid_until.as_ref().and_then(|text| text.parse::<Instant>().ok());
    at.limit("validUntil", until.map(|until| until.timestamp_micros()), rule.valid_until.clone());
    let threshold = rule.threshold.map(|threshold| match threshold {
        Threshold::Necessary => 0,
        Threshold::Needed => 1,
    });
    at.limit("threshold", threshold, rule.threshold.map(|threshold| threshold.to_string()));
    for item in &rule.items {
        at.within("items").put(item, item, Width::Grants);
    }
    at.bases(&rule.bases);
}
