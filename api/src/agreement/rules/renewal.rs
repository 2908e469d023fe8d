//! Renewal: a new draft under a new number, which holds what its predecessor held as far as law and parties still carry it
//! (I15). Nothing goes on by itself: the draft is reviewed, offered, signed and opened like any other.

use std::collections::BTreeMap;

use entity::{
    agreement, agreement_basis, agreement_party, onward_rule, onward_rule_basis, onward_rule_item, scope, scope_item,
    scope_item_basis, scope_item_mandate, scope_purpose,
    vocabulary::{
        Adequacy, AgreementBasisId, AgreementId, AgreementStatus, BasisRole, Day, Instant, LegalBasisId, Publicity,
        ScopeStatus, StatusSubject,
    },
};

use super::{basis::unreviewed, check_end, check_order, of_id, same_draft};
use crate::{
    FaultCode, Violations,
    checks::{Checks, REFERENCE_CHARACTERS_MAX},
    clock, decision,
    facts::{BasisPart, Dossier, Edit, Facts, ItemPart, OnwardPart, ScopePart, global_id, stands_for},
    journal::Changes,
    status,
};

/// Renewal as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct RenewalInput {
    /// Global id of the agreement to be renewed.
    pub id: String,
    /// Number of the draft.
    pub number: String,
    /// Identifier in the discloser's case register.
    pub case_register_id: Option<String>,
    /// First day.
    pub starts_on: Option<String>,
    /// Last day, included.
    pub ends_on: Option<String>,
    /// Day on which opening is planned.
    pub planned_on: Option<String>,
    /// Publicity; its predecessor's when absent.
    pub publicity: Option<Publicity>,
}

/// Drafts the renewal of an agreement. The same number with the same content changes nothing; with other content it is a
/// conflict. `known` is what the id names, as far as the asker may know it.
pub fn renew(
    facts: &Facts,
    fresh: AgreementId,
    known: Option<AgreementId>,
    input: &RenewalInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let number = checks.text("number", &input.number, REFERENCE_CHARACTERS_MAX);
    let case_register_id = checks.text_if("caseRegisterId", input.case_register_id.as_ref(), REFERENCE_CHARACTERS_MAX);
    let starts_on = checks.day_if("startsOn", input.starts_on.as_ref());
    let ends_on = checks.day_if("endsOn", input.ends_on.as_ref());
    check_order(&mut checks, "endsOn", (starts_on, ends_on));
    let planned_on = checks.day_if("plannedOn", input.planned_on.as_ref());
    let dossier = of_id(&mut checks, facts, (&input.id, known));
    let prior = facts.agreement.by_key(&number);
    let row = dossier.and_then(|dossier| {
        let earlier = &dossier.row;
        if !decision::is_renewable(earlier.status) {
            checks.fault(FaultCode::WrongStatus, "id", format!("the agreement is {}", earlier.status));
            return None;
        }
        checks.reasons("id", decision::renewable(facts, dossier, by.1));
        let discloser_id = decision::heir(facts, earlier.discloser_id, by.1)?;
        let register = facts.register.get(earlier.register_id)?;
        if !stands_for(facts, discloser_id, register.controller_id) {
            checks.fault(FaultCode::Conflict, "id", "only the controller of a register discloses from it");
        }
        Some(agreement::Model {
            id: prior.map_or(fresh, |prior| prior.id),
            number: number.clone(),
            case_register_id: case_register_id.clone(),
            discloser_id,
            recipient_id: decision::heir(facts, earlier.recipient_id, by.1)?,
            status: AgreementStatus::Draft,
            signed_on: None,
            starts_on,
            ends_on,
            termination_reason: None,
            supersedes_id: Some(earlier.id),
            drafted_by_id: discloser_id,
            catalogue_version: decision::CATALOGUE_VERSION,
            publicity: input.publicity.unwrap_or(earlier.publicity),
            version: 1,
            content_hash: None,
            ..earlier.as_ref().clone()
        })
    });
    match (prior, &row) {
        (Some(prior), Some(row)) if !same_draft(prior, row) => {
            checks.fault(FaultCode::Conflict, "number", "another agreement has this number");
        }
        (None, Some(row)) => {
            if let Some(other) = row.supersedes_id.and_then(|id| decision::renewal_under_way(facts, id)) {
                checks.fault(FaultCode::Conflict, "id", format!("{} renews it already", other.number));
            }
        }
        _ => {}
    }
    let repeated = prior.is_some();
    if !repeated {
        check_end(&mut checks, ends_on, by.1);
    }
    let edits = match (&row, dossier) {
        (Some(row), Some(dossier)) if checks.is_clean() && !repeated => {
            Renewal { facts, row, earlier: dossier, planned_on, by }.edits()
        }
        _ => Vec::new(),
    };
    checks.done(|| Some(Changes { action: "renewAgreement", subject: global_id(row?.id), reason: None, edits }))
}

/// What is copied, from where and by whom.
struct Renewal<'a> {
    facts: &'a Facts,
    row: &'a agreement::Model,
    earlier: &'a Dossier,
    planned_on: Option<Day>,
    by: (&'a str, Instant),
}

/// New basis for each of the predecessor's that goes on, by its position there.
type Bases = BTreeMap<usize, AgreementBasisId>;

impl Renewal<'_> {
    /// Parents come before their parts.
    fn edits(&self) -> Vec<Edit> {
        let mut edits = vec![self.row.clone().into()];
        let mut entries = vec![self.entry((StatusSubject::Agreement, self.row.id.0), self.row.status)];
        edits.extend(self.parties());
        let bases = self.bases(&mut edits, &mut entries);
        for scope in decision::renewed_scopes(self.earlier) {
            self.scope(scope, &bases, &mut edits, &mut entries);
        }
        let live = |rule: &&OnwardPart| rule.row.valid_until.is_none_or(|until| self.by.1 < until);
        for rule in self.earlier.onward.iter().filter(live) {
            self.onward_rule(rule, &bases, &mut edits);
        }
        edits.extend(entries);
        edits
    }

    fn entry(&self, subject: (StatusSubject, uuid::Uuid), status: impl entity::vocabulary::ClosedEnum) -> Edit {
        let reason = Some(format!("renews {}", self.earlier.row.number));
        status::entry(self.facts, subject, status, self.by, reason).into()
    }

    /// Further parties that exist, or whoever took their place.
    fn parties(&self) -> Vec<Edit> {
        let mut parties: Vec<agreement_party::Model> = Vec::new();
        let sides = [self.row.discloser_id, self.row.recipient_id];
        for party in self.facts.agreement_party.of(self.earlier.row.id) {
            let Some(organisation_id) = decision::heir(self.facts, party.organisation_id, self.by.1) else { continue };
            let stands =
                |row: &agreement_party::Model| (row.organisation_id, row.role) == (organisation_id, party.role);
            if party.agreement_id == self.earlier.row.id
                && !sides.contains(&organisation_id)
                && !parties.iter().any(stands)
            {
                let (id, agreement_id) = (clock::fresh_id(), self.row.id);
                parties.push(agreement_party::Model { id, agreement_id, organisation_id, ..party.as_ref().clone() });
            }
        }
        parties.into_iter().map(Edit::from).collect()
    }

    /// Provisions still in force keep their review; what took the place of one is to be looked at anew. What has gone
    /// without a successor is left behind.
    fn bases(&self, edits: &mut Vec<Edit>, entries: &mut Vec<Edit>) -> Bases {
        let mut made: BTreeMap<(LegalBasisId, BasisRole), AgreementBasisId> = BTreeMap::new();
        let mut places = Bases::new();
        // Those that stand by themselves come first, so that a successor is not reviewed anew where it was reviewed already.
        let (same, replaced): (Vec<_>, Vec<_>) = self
            .earlier
            .bases
            .iter()
            .enumerate()
            .filter_map(|(at, basis)| {
                Some((at, basis, decision::law_now(self.facts, basis.row.legal_basis_id, self.by.1)?))
            })
            .partition(|(_, basis, law)| basis.row.legal_basis_id == *law);
        for (at, basis, law) in same.into_iter().chain(replaced) {
            let id = *made.entry((law, basis.row.role)).or_insert_with(|| {
                let row = self.basis(basis, law);
                entries.push(self.entry((StatusSubject::AgreementBasis, row.id.0), row.adequacy));
                let id = row.id;
                edits.push(row.into());
                id
            });
            places.insert(at, id);
        }
        places
    }

    fn basis(&self, basis: &BasisPart, law: LegalBasisId) -> agreement_basis::Model {
        let row = basis.row.as_ref().clone();
        let copied = agreement_basis::Model { id: clock::fresh_id(), agreement_id: self.row.id, ..row };
        if law == basis.row.legal_basis_id && basis.row.adequacy != Adequacy::Repealed {
            return copied;
        }
        agreement_basis::Model { legal_basis_id: law, ..unreviewed(&copied) }
    }

    /// Scope as it was defined: no more is in it than was then.
    fn scope(&self, part: &ScopePart, bases: &Bases, edits: &mut Vec<Edit>, entries: &mut Vec<Edit>) {
        let row = scope::Model {
            id: clock::fresh_id(),
            agreement_id: self.row.id,
            version: 1,
            status: ScopeStatus::Defined,
            planned_on: self.planned_on,
            ..part.row.as_ref().clone()
        };
        let scope_id = row.id;
        entries.push(self.entry((StatusSubject::Scope, scope_id.0), row.status));
        edits.push(row.into());
        edits.extend(part.purposes.iter().map(|purpose_id| {
            scope_purpose::Model { id: clock::fresh_id(), scope_id, purpose_id: *purpose_id }.into()
        }));
        for item in &part.items {
            Self::item(scope_id, item, bases, edits);
        }
    }

    fn item(scope_id: entity::vocabulary::ScopeId, item: &ItemPart, bases: &Bases, edits: &mut Vec<Edit>) {
        let scope_item_id = clock::fresh_id();
        edits.push(scope_item::Model { id: scope_item_id, scope_id, ..item.row.as_ref().clone() }.into());
        edits.extend(placed(&item.bases, bases).map(|agreement_basis_id| {
            scope_item_basis::Model { id: clock::fresh_id(), scope_item_id, agreement_basis_id }.into()
        }));
        edits.extend(item.mandates.iter().map(|mandate_theme_id| {
            scope_item_mandate::Model { id: clock::fresh_id(), scope_item_id, mandate_theme_id: *mandate_theme_id }
                .into()
        }));
    }

    /// A rule that no provision carries any more is left behind.
    fn onward_rule(&self, rule: &OnwardPart, bases: &Bases, edits: &mut Vec<Edit>) {
        let carried: Vec<AgreementBasisId> = placed(&rule.bases, bases).collect();
        if carried.is_empty() {
            return;
        }
        let onward_rule_id = clock::fresh_id();
        let row = rule.row.as_ref().clone();
        edits.push(onward_rule::Model { id: onward_rule_id, agreement_id: self.row.id, ..row }.into());
        edits.extend(rule.items.iter().map(|item| {
            onward_rule_item::Model { id: clock::fresh_id(), onward_rule_id, item_code: item.clone() }.into()
        }));
        edits.extend(carried.into_iter().map(|agreement_basis_id| {
            onward_rule_basis::Model { id: clock::fresh_id(), onward_rule_id, agreement_basis_id }.into()
        }));
    }
}

/// New bases at the places of the old, each once.
fn placed(positions: &[usize], bases: &Bases) -> impl Iterator<Item = AgreementBasisId> {
    let mut found: Vec<AgreementBasisId> = positions.iter().filter_map(|at| bases.get(at).copied()).collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter()
}
