//! Items of a scope as they are asked for: each of the register, known by its code, resting on the agreement's own law.

use std::collections::BTreeSet;

use entity::{
    scope_item, scope_item_basis, scope_item_mandate,
    vocabulary::{
        AgreementBasisId, Channel, DecisionReasonCode, Instant, ItemCode, MandateThemeId, Operation, Population,
        ScopeId, ScopeItemId,
    },
};

use super::{ITEMS_MAX, THEMES_MAX, bases};
use crate::{
    FaultCode,
    checks::Checks,
    clock, decision,
    facts::{Catalogue, Dossier, Edit, Facts},
    mandate::rules::theme,
};

/// Item as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct ItemInput {
    /// Code.
    pub item: String,
    /// What is done with it.
    pub operation: Operation,
    /// How far back, in days.
    pub look_back_days: Option<i32>,
    /// Whose data.
    pub population: Population,
    /// Bases of the agreement: citations, or global ids.
    pub bases: Vec<String>,
    /// Mandate themes the end user must hold: codes or URIs.
    pub mandates: Vec<String>,
}

/// Item as it will stand.
pub(super) struct ItemDraft {
    pub(super) code: ItemCode,
    pub(super) operation: Operation,
    look_back_days: Option<i32>,
    population: Population,
    bases: BTreeSet<AgreementBasisId>,
    pub(super) mandates: BTreeSet<MandateThemeId>,
}

impl ItemDraft {
    /// Rows of the item.
    pub(super) fn edits(&self, scope_id: ScopeId) -> impl Iterator<Item = Edit> {
        let id: ScopeItemId = clock::fresh_id();
        let row = scope_item::Model {
            id,
            scope_id,
            item_code: self.code.clone(),
            operation: self.operation,
            look_back_days: self.look_back_days,
            population: self.population,
        };
        let basis = move |basis: &AgreementBasisId| {
            scope_item_basis::Model { id: clock::fresh_id(), scope_item_id: id, agreement_basis_id: *basis }.into()
        };
        let mandate = move |theme: &MandateThemeId| {
            scope_item_mandate::Model { id: clock::fresh_id(), scope_item_id: id, mandate_theme_id: *theme }.into()
        };
        std::iter::once(row.into()).chain(self.bases.iter().map(basis)).chain(self.mandates.iter().map(mandate))
    }
}

/// Reads the items of a scope over a channel, each (code, operation) once. Without an agreement only their form is read.
pub(super) fn read(
    checks: &mut Checks,
    facts: &Facts,
    dossier: Option<&Dossier>,
    (channel, given): (Channel, &[ItemInput]),
    now: Instant,
) -> Vec<ItemDraft> {
    if given.is_empty() {
        checks.fault(FaultCode::Blank, "items", "say what may be disclosed (R40)");
    }
    if given.len() > ITEMS_MAX {
        checks.fault(FaultCode::TooLong, "items", format!("more than {ITEMS_MAX} items"));
        return Vec::new();
    }
    let (mut items, mut seen): (Vec<ItemDraft>, _) = (Vec::new(), BTreeSet::new());
    for (at, input) in given.iter().enumerate() {
        let path = |member: &str| format!("items.{at}.{member}");
        if channel == Channel::ViewingConnection && input.operation == Operation::List {
            let reason = decision::cited(facts, DecisionReasonCode::ListByViewing, now);
            checks.reasons(&path("operation"), [reason]);
        }
        if input.look_back_days.is_some_and(|days| days < 1) {
            checks.fault(FaultCode::Malformed, &path("lookBackDays"), "is not a number of days from 1");
        }
        let bases = bases::named(checks, (facts, dossier), &path("bases"), &input.bases, decision::is_right);
        let mandates = mandates(checks, facts, &path("mandates"), &input.mandates);
        let Some(code) = checks.parsed::<ItemCode>(&path("item"), &input.item) else { continue };
        if let Some(catalogue) = dossier.and_then(|dossier| facts.catalogue(dossier.row.register_id)) {
            exists(checks, catalogue, (&path("item"), &code), now);
        }
        if !seen.insert((code.clone(), input.operation)) {
            checks.fault(FaultCode::Conflict, &path("item"), format!("`{code}` stands twice for {}", input.operation));
        }
        items.push(ItemDraft {
            code,
            operation: input.operation,
            look_back_days: input.look_back_days,
            population: input.population,
            bases,
            mandates,
        });
    }
    let themes: BTreeSet<_> = items.iter().flat_map(|item| &item.mandates).collect();
    if themes.len() > THEMES_MAX {
        checks.fault(FaultCode::TooLong, "items", format!("require more than {THEMES_MAX} mandate themes"));
    }
    items
}

/// An item is of the register, stands now, and its qualifier is one of the register's list.
fn exists(checks: &mut Checks, catalogue: &Catalogue, (path, code): (&str, &ItemCode), now: Instant) {
    let known = catalogue.item(code).filter(|_| catalogue.knows(code));
    let Some(item) = checks.found(path, known, "item of the register") else { return };
    if item.valid_from > now {
        checks.fault(FaultCode::Conflict, path, "the item does not exist yet");
    }
    if item.valid_until.is_some_and(|until| until <= now) {
        checks.fault(FaultCode::Conflict, path, "the item has been retired");
    }
}

/// Mandate themes the end user must hold.
fn mandates(checks: &mut Checks, facts: &Facts, path: &str, given: &[String]) -> BTreeSet<MandateThemeId> {
    if given.len() > THEMES_MAX {
        checks.fault(FaultCode::TooLong, path, format!("more than {THEMES_MAX} mandate themes"));
        return BTreeSet::new();
    }
    let mut found = BTreeSet::new();
    for (at, name) in given.iter().enumerate() {
        found.extend(checks.found(&format!("{path}.{at}"), theme(facts, name), "mandate theme").map(|theme| theme.id));
    }
    found
}
