//! How data comes to be allowed to travel on: no further than a scope reaches, on law of its own, once both parties agree
//! (R27–R30, R43).

use std::collections::BTreeSet;

use chrono::TimeDelta;
use entity::{
    onward_rule, onward_rule_basis, onward_rule_item,
    vocabulary::{
        AgreementBasisId, AgreementId, AgreementStatus, BasisRole, DecisionReasonCode, Instant, ItemCode,
        OnwardRecipientKind, OnwardRuleId, PurposeId, ScopeStatus, Threshold,
    },
};

use crate::{
    FaultCode, Violations,
    checks::{Checks, TEXT_CHARACTERS_MAX},
    clock,
    decision::{self, Horizon},
    facts::{Dossier, Edit, Facts, OnwardPart, global_id},
    journal::Changes,
    scope::rules::{ITEMS_MAX, as_reviewed, bases},
    version::frozen,
};

/// Most onward rules of one agreement, ended ones included: an answer holds all of them.
pub const RULES_MAX: usize = 50;

/// Rule as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct RuleInput {
    /// Number of the agreement.
    pub agreement: String,
    /// To whom.
    pub recipient_kind: OnwardRecipientKind,
    /// Code of the purpose.
    pub purpose: String,
    /// Codes of the items.
    pub items: Vec<String>,
    /// How necessary it must be.
    pub threshold: Option<Threshold>,
    /// Bases of the agreement: citations, or global ids.
    pub bases: Vec<String>,
}

/// End as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct EndingInput {
    /// Global id of the rule.
    pub id: String,
    /// In words.
    pub note: Option<String>,
}

/// Rule as it will stand.
struct Draft {
    purpose: PurposeId,
    items: BTreeSet<ItemCode>,
    bases: BTreeSet<AgreementBasisId>,
}

/// Adds a rule by which data may travel on; `known` is what the number names, as far as the asker may know it. The same
/// content again changes nothing.
pub fn add(
    facts: &Facts,
    fresh: OnwardRuleId,
    known: Option<AgreementId>,
    input: &RuleInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let dossier = checks.found("agreement", known.and_then(|id| facts.dossier(id)), "agreement").map(AsRef::as_ref);
    let draft = read(&mut checks, facts, dossier, input);
    let changes = |id, edits| Changes { action: "addOnwardRule", subject: global_id(id), reason: None, edits };
    if let (Some(dossier), Some(draft), true) = (dossier, &draft, checks.is_clean())
        && let Some(standing) = standing(dossier, input, draft, by.1)
    {
        return Ok(changes(standing.row.id, Vec::new()));
    }
    if let Some(dossier) = dossier {
        guards(&mut checks, dossier, by.1);
        // While the agreement is drafted, what nobody has reviewed yet is taken as adequate.
        let is_draft = dossier.row.status == AgreementStatus::Draft;
        let supposed = is_draft.then(|| as_reviewed(facts, dossier, &[], by));
        let judged = supposed.as_ref().unwrap_or(facts);
        if let (Some(draft), Some(dossier)) = (&draft, judged.dossier(dossier.row.id)) {
            within_scopes(&mut checks, judged, dossier, draft, (input, by.1));
            carried(&mut checks, judged, dossier, (&draft.bases, input.threshold), by.1);
        }
    }
    checks.done(|| {
        let (dossier, draft) = (dossier?, draft?);
        let row = onward_rule::Model {
            id: fresh,
            agreement_id: dossier.row.id,
            recipient_kind: input.recipient_kind,
            purpose_id: draft.purpose,
            threshold: input.threshold,
            valid_from: by.1,
            valid_until: None,
        };
        let item = |code: ItemCode| {
            onward_rule_item::Model { id: clock::fresh_id(), onward_rule_id: fresh, item_code: code }.into()
        };
        let basis = |id: AgreementBasisId| {
            onward_rule_basis::Model { id: clock::fresh_id(), onward_rule_id: fresh, agreement_basis_id: id }.into()
        };
        let parts = draft.items.into_iter().map(item).chain(draft.bases.into_iter().map(basis));
        let edits: Vec<Edit> = std::iter::once(row.into()).chain(parts).collect();
        Some(changes(fresh, frozen(facts, dossier.row.id, edits)))
    })
}

/// Rule in force that an input asks for again.
pub fn repeated(facts: &Facts, dossier: &Dossier, input: &RuleInput, now: Instant) -> Option<OnwardRuleId> {
    let draft = read(&mut Checks::default(), facts, Some(dossier), input)?;
    standing(dossier, input, &draft, now).map(|rule| rule.row.id)
}

fn standing<'a>(dossier: &'a Dossier, input: &RuleInput, draft: &Draft, now: Instant) -> Option<&'a OnwardPart> {
    dossier.onward.iter().find(|rule| {
        let bases = rule.bases.iter().filter_map(|at| dossier.bases.get(*at)).map(|basis| basis.row.id);
        (rule.row.recipient_kind, rule.row.purpose_id, rule.row.threshold)
            == (input.recipient_kind, draft.purpose, input.threshold)
            && rule.row.valid_until.is_none_or(|until| now < until)
            && rule.items.iter().cloned().collect::<BTreeSet<_>>() == draft.items
            && bases.collect::<BTreeSet<_>>() == draft.bases
    })
}

fn read(checks: &mut Checks, facts: &Facts, dossier: Option<&Dossier>, input: &RuleInput) -> Option<Draft> {
    let purpose = checks.found("purpose", facts.purpose.by_key(&input.purpose), "purpose").map(|row| row.id);
    let items = items(checks, facts, dossier, &input.items);
    let is_onward = |role| role == BasisRole::Onward;
    let bases = bases::named(checks, (facts, dossier), "bases", &input.bases, is_onward);
    Some(Draft { purpose: purpose?, items, bases })
}

fn items(checks: &mut Checks, facts: &Facts, dossier: Option<&Dossier>, given: &[String]) -> BTreeSet<ItemCode> {
    if given.is_empty() {
        checks.fault(FaultCode::Blank, "items", "say what may travel on (R28)");
    }
    if given.len() > ITEMS_MAX {
        checks.fault(FaultCode::TooLong, "items", format!("more than {ITEMS_MAX} items"));
        return BTreeSet::new();
    }
    let catalogue = dossier.and_then(|dossier| facts.catalogue(dossier.row.register_id));
    let mut found = BTreeSet::new();
    for (at, text) in given.iter().enumerate() {
        let path = format!("items.{at}");
        let Some(code) = checks.parsed::<ItemCode>(&path, text) else { continue };
        if catalogue.is_some_and(|catalogue| !catalogue.knows(&code)) {
            checks.fault(FaultCode::NotFound, &path, "no such item of the register");
        }
        if !found.insert(code) {
            checks.fault(FaultCode::Conflict, &path, "stands twice");
        }
    }
    found
}

fn guards(checks: &mut Checks, dossier: &Dossier, now: Instant) {
    if !decision::is_alive(dossier.row.status) {
        checks.fault(FaultCode::WrongStatus, "agreement", format!("the agreement is {}", dossier.row.status));
        return;
    }
    checks.reasons("agreement", decision::onward_addable(dossier, now));
    if dossier.onward.len() >= RULES_MAX {
        checks.fault(FaultCode::TooLong, "agreement", format!("more than {RULES_MAX} onward rules of one agreement"));
    }
}

/// Only what a scope gives for this purpose by its own law may travel on, and identity codes only where it names them
/// (R28).
fn within_scopes(
    checks: &mut Checks,
    facts: &Facts,
    dossier: &Dossier,
    draft: &Draft,
    (input, now): (&RuleInput, Instant),
) {
    let live = dossier.scopes.iter().filter(|scope| scope.row.status != ScopeStatus::Closed);
    let serving: Vec<_> = live.filter(|scope| scope.purposes.contains(&draft.purpose)).collect();
    if serving.is_empty() {
        checks.reasons("purpose", [decision::cited(facts, DecisionReasonCode::PurposeNotInScope, now)]);
        return;
    }
    let catalogue = facts.catalogue(dossier.row.register_id).map(AsRef::as_ref);
    let mut horizon = Horizon::new(now);
    for (at, text) in input.items.iter().enumerate() {
        let Ok(code) = text.parse::<ItemCode>() else { continue };
        let mut held = serving.iter().flat_map(|scope| scope.items.iter().map(move |item| (scope, item)));
        let is_held = held.any(|(scope, item)| {
            decision::reaches(&item.row.item_code, &code, catalogue)
                && decision::serves(facts, dossier, scope, item, draft.purpose, &mut horizon)
        });
        if !is_held {
            let reason = decision::cited(facts, DecisionReasonCode::ItemNotInScope, now);
            checks.reasons(&format!("items.{at}"), [reason]);
        }
    }
}

/// A rule rests on law that carries it, never on a definition alone, and asks for no less than that law does (R28, R30).
fn carried(
    checks: &mut Checks,
    facts: &Facts,
    dossier: &Dossier,
    (bases, threshold): (&BTreeSet<AgreementBasisId>, Option<Threshold>),
    now: Instant,
) {
    let mut horizon = Horizon::new(now);
    let named: Vec<_> = dossier.bases.iter().filter(|basis| bases.contains(&basis.row.id)).collect();
    let carrying: Vec<_> = named.iter().filter(|basis| decision::carries(facts, basis, &mut horizon)).collect();
    if carrying.is_empty() && !named.is_empty() {
        let bases = named.iter().map(|basis| basis.row.legal_basis_id).collect();
        let reason = decision::cited(facts, DecisionReasonCode::BasisNotAdequate, now);
        checks.reasons("bases", [decision::Reason { bases, ..reason }]);
    }
    let mut laws = carrying.iter().filter_map(|basis| facts.legal_basis.get(basis.row.legal_basis_id));
    if laws.any(|law| law.threshold == Some(Threshold::Necessary)) && threshold != Some(Threshold::Necessary) {
        checks.fault(FaultCode::Conflict, "threshold", "its law gives only what is necessary (R28)");
    }
}

/// Ends a rule at once: nothing travels on by it from now on; `known` is its agreement, as far as the asker may know its
/// rules.
pub fn end(
    facts: &Facts,
    known: Option<AgreementId>,
    input: &EndingInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let reason = checks.prose_if("note", input.note.as_ref(), TEXT_CHARACTERS_MAX);
    let id = checks.parsed::<OnwardRuleId>("id", &input.id);
    let dossier = known.and_then(|agreement| facts.dossier(agreement));
    let found = id.and_then(|id| {
        let rule = dossier.and_then(|dossier| dossier.onward.iter().find(|rule| rule.row.id == id));
        checks.found("id", rule, "onward rule")
    });
    if found.is_some_and(|rule| rule.row.valid_until.is_some_and(|until| until <= by.1)) {
        checks.fault(FaultCode::WrongStatus, "id", "the rule has ended");
    }
    if let Some(dossier) = dossier.filter(|dossier| found.is_some() && !decision::is_alive(dossier.row.status)) {
        checks.fault(FaultCode::WrongStatus, "id", format!("the agreement is {}", dossier.row.status));
    }
    checks.done(|| {
        let row = &found?.row;
        let earliest = row.valid_from + TimeDelta::microseconds(1);
        let ended = onward_rule::Model { valid_until: Some(by.1.max(earliest)), ..row.as_ref().clone() };
        let edits = frozen(facts, row.agreement_id, vec![ended.into()]);
        Some(Changes { action: "endOnwardRule", subject: global_id(row.id), reason, edits })
    })
}
