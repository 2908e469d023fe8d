//! How a scope is defined: every item within what its own provisions allow at most, over a channel the law admits
//! (R6, R38–R43; 906/2019 22–24 §).

use std::collections::BTreeMap;

use entity::{
    agreement_basis, scope, scope_purpose,
    vocabulary::{
        Adequacy, Admission, AgreementId, Channel, Day, DecisionReasonCode, Instant, ItemCode, ModeJustification,
        NecessityCheck, Operation, PurposeId, Regularity, ScopeId, ScopeStatus, StatusSubject, helsinki_day,
    },
};

use super::{
    ItemInput, PURPOSES_MAX, SCOPES_MAX,
    item::{self, ItemDraft},
    moved, narrowing, replaced_by,
};
use crate::{
    FaultCode, Violations,
    checks::{Checks, TEXT_CHARACTERS_MAX},
    clock,
    decision::{self, Content, Horizon, Reason},
    facts::{Dossier, Edit, Facts, ScopePart, global_id},
    journal::Changes,
    status,
    version::frozen,
};

/// Scope as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct DefinitionInput {
    /// Number of the agreement.
    pub agreement: String,
    /// Channel.
    pub channel: Channel,
    /// Whether disclosures recur.
    pub regularity: Regularity,
    /// Codes of the purposes.
    pub purposes: Vec<String>,
    /// Items.
    pub items: Vec<ItemInput>,
    /// How case-by-case need is ensured.
    pub necessity_check: NecessityCheck,
    /// Why another means than the interface.
    pub mode_justification: Option<ModeJustification>,
    /// The same in words.
    pub mode_justification_text: Option<String>,
    /// What admits an end user.
    pub admission: Admission,
    /// Day on which opening is planned.
    pub planned_on: Option<String>,
    /// Days after which the recipient deletes.
    pub retention_days: Option<i32>,
    /// Global id of the open scope it narrows.
    pub replaces: Option<String>,
    /// Number the scope is to have in its channel; the next one when absent.
    pub version: Option<i32>,
}

/// Scope as it will stand.
struct Draft {
    row: scope::Model,
    purposes: Vec<PurposeId>,
    items: Vec<ItemDraft>,
}

impl Draft {
    fn edits(&self) -> Vec<Edit> {
        let purpose = |id: &PurposeId| {
            scope_purpose::Model { id: clock::fresh_id(), scope_id: self.row.id, purpose_id: *id }.into()
        };
        let items = self.items.iter().flat_map(|item| item.edits(self.row.id));
        std::iter::once(self.row.clone().into()).chain(self.purposes.iter().map(purpose)).chain(items).collect()
    }
}

/// Defines a scope as the next version of its channel; `known` is what the number names, as far as the asker may know it.
/// The same content again changes nothing. Versions that were never opened give way; the open one stays until the new one
/// is opened, unless that only narrows it and is to replace it at once.
pub fn define(
    facts: &Facts,
    fresh: ScopeId,
    known: Option<AgreementId>,
    input: &DefinitionInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let dossier = checks.found("agreement", known.and_then(|id| facts.dossier(id)), "agreement").map(AsRef::as_ref);
    let replaced = narrowing::replaced(&mut checks, dossier, input.channel, input.replaces.as_ref());
    let draft = read(&mut checks, facts, (dossier, fresh), replaced, input, by.1);
    let (Some(dossier), Some(draft), true) = (dossier, draft, checks.is_clean()) else {
        if let Some(dossier) = dossier {
            guards(&mut checks, facts, dossier, by.1);
        }
        return checks.done(|| None);
    };
    let edits = draft.edits();
    let after = as_reviewed(facts, dossier, &edits, by);
    if let Some(standing) =
        decision::newest_scope(dossier, input.channel).filter(|prior| repeats(facts, dossier, prior, &after, &draft))
    {
        let subject = global_id(standing.row.id);
        return Ok(Changes { action: "defineScope", subject, reason: None, edits: Vec::new() });
    }
    guards(&mut checks, facts, dossier, by.1);
    if input.version.is_some_and(|version| version != draft.row.version) {
        let message = format!("the next version of this channel is {}: read what stands first", draft.row.version);
        checks.fault(FaultCode::Conflict, "version", message);
    }
    if let Some((dossier, scope)) =
        after.dossier(dossier.row.id).and_then(|dossier| Some((dossier, dossier.scope(fresh)?)))
    {
        entitled(&mut checks, &after, (dossier, scope), &draft, by.1);
        if !decision::mode_justified(&after, dossier, scope, &mut Horizon::new(by.1)) {
            let reason = decision::cited(facts, DecisionReasonCode::ModeNotJustified, by.1);
            checks.reasons("modeJustification", [reason]);
        }
    }
    if let Some(replaced) = replaced {
        narrowing::narrows(&mut checks, facts, dossier, replaced, (&after, fresh), by.1);
    }
    checks.done(|| {
        let mut changed = if let Some(replaced) = replaced {
            narrowing::edits(facts, dossier, replaced, draft.row.clone(), by)
        } else {
            prepared(facts, dossier, draft.row.clone(), by)
        };
        changed.extend(edits.into_iter().skip(1));
        let edits = frozen(facts, dossier.row.id, changed);
        Some(Changes { action: "defineScope", subject: global_id(fresh), reason: None, edits })
    })
}

/// The new version in preparation; those that were never opened give way to it.
fn prepared(facts: &Facts, dossier: &Dossier, row: scope::Model, by: (&str, Instant)) -> Vec<Edit> {
    let never_opened = |status| matches!(status, ScopeStatus::Defined | ScopeStatus::Implemented | ScopeStatus::Tested);
    let mut edits = replaced_by(facts, dossier, &row, never_opened, by);
    let (row, entry) = moved(facts, row, ScopeStatus::Defined, by, None);
    edits.extend([Edit::from(row), entry.into()]);
    edits
}

fn read(
    checks: &mut Checks,
    facts: &Facts,
    (dossier, fresh): (Option<&Dossier>, ScopeId),
    replaced: Option<&ScopePart>,
    input: &DefinitionInput,
    now: Instant,
) -> Option<Draft> {
    let register = dossier.and_then(|dossier| facts.register.get(dossier.row.register_id));
    if register.is_some_and(|register| !register.channels.0.contains(&input.channel)) {
        checks.fault(FaultCode::Conflict, "channel", "the register is not offered over this channel");
    }
    let purposes = purposes(checks, facts, &input.purposes);
    let items = item::read(checks, facts, dossier, (input.channel, &input.items), now);
    let mode_justification_text =
        checks.prose_if("modeJustificationText", input.mode_justification_text.as_ref(), TEXT_CHARACTERS_MAX);
    justification(checks, input, mode_justification_text.as_ref());
    admission(checks, input.admission, &items);
    let planned_on = planned(checks, input.planned_on.as_ref(), helsinki_day(now));
    if input.retention_days.is_some_and(|days| days < 1) {
        checks.fault(FaultCode::Malformed, "retentionDays", "is not a number of days from 1");
    }
    let dossier = dossier?;
    let of_channel = dossier.scopes.iter().filter(|scope| scope.row.channel == input.channel);
    let row = scope::Model {
        id: fresh,
        agreement_id: dossier.row.id,
        channel: input.channel,
        version: of_channel.map(|scope| scope.row.version).max().unwrap_or(0) + 1,
        regularity: input.regularity,
        status: ScopeStatus::Defined,
        necessity_check: input.necessity_check,
        mode_justification: input.mode_justification,
        mode_justification_text: mode_justification_text.map(Into::into),
        admission: input.admission,
        structure_version: None,
        // What narrows an open scope covers nothing that has come to be since that was defined.
        defined_on: replaced.map_or_else(|| helsinki_day(now), |replaced| replaced.row.defined_on),
        planned_on,
        retention_days: input.retention_days,
    };
    Some(Draft { row, purposes, items })
}

fn purposes(checks: &mut Checks, facts: &Facts, given: &[String]) -> Vec<PurposeId> {
    if given.is_empty() {
        checks.fault(FaultCode::Blank, "purposes", "say what the data is used for (R22)");
    }
    if given.len() > PURPOSES_MAX {
        checks.fault(FaultCode::TooLong, "purposes", format!("more than {PURPOSES_MAX} purposes"));
        return Vec::new();
    }
    let mut found = Vec::new();
    for (at, code) in given.iter().enumerate() {
        let path = format!("purposes.{at}");
        let Some(purpose) = checks.found(&path, facts.purpose.by_key(code), "purpose") else { continue };
        if found.contains(&purpose.id) {
            checks.fault(FaultCode::Conflict, &path, "stands twice");
        }
        found.push(purpose.id);
    }
    found
}

/// A justification is one of the law's, in words too, and stands only where the means needs one (R6).
fn justification(checks: &mut Checks, input: &DefinitionInput, text: Option<&String>) {
    match (input.mode_justification, text) {
        (Some(_), None) => checks.fault(FaultCode::Blank, "modeJustificationText", "say in words why"),
        (None, Some(_)) => {
            checks.fault(FaultCode::Blank, "modeJustification", "say which justification of the law it is");
        }
        _ => {}
    }
    if input.mode_justification.is_some() && input.channel == Channel::TechnicalInterface {
        checks.fault(FaultCode::Conflict, "modeJustification", "the technical interface needs no justification");
    }
}

/// Items that require mandates are admitted by mandate, or by grant beside it (R48).
fn admission(checks: &mut Checks, admission: Admission, items: &[ItemDraft]) {
    let requires = items.iter().any(|item| !item.mandates.is_empty());
    match admission {
        Admission::Mandate if !requires => {
            checks.fault(FaultCode::Conflict, "admission", "no item says which mandate it requires");
        }
        Admission::None if requires => {
            checks.fault(FaultCode::Conflict, "admission", "items require a mandate (R48)");
        }
        Admission::None | Admission::Mandate | Admission::Grant => {}
    }
}

fn planned(checks: &mut Checks, text: Option<&String>, today: Day) -> Option<Day> {
    let day = checks.day_if("plannedOn", text);
    if day.is_some_and(|day| day < today) {
        checks.fault(FaultCode::PeriodReversed, "plannedOn", "has passed");
    }
    day
}

/// What the agreement must be for a scope to be defined in it.
fn guards(checks: &mut Checks, facts: &Facts, dossier: &Dossier, now: Instant) {
    if !decision::is_alive(dossier.row.status) {
        checks.fault(FaultCode::WrongStatus, "agreement", format!("the agreement is {}", dossier.row.status));
        return;
    }
    checks.reasons("agreement", decision::definable(facts, dossier, now));
    let living = dossier.scopes.iter().filter(|scope| scope.row.status != ScopeStatus::Closed);
    if living.count() >= SCOPES_MAX {
        let message = format!("has {SCOPES_MAX} scopes that are not closed");
        checks.fault(FaultCode::TooLong, "agreement", message);
    }
}

/// Facts with the draft, in which bases nobody has reviewed yet are taken as adequate: whether they are is judged before
/// anything is confirmed or opened.
pub fn as_reviewed(facts: &Facts, dossier: &Dossier, edits: &[Edit], by: (&str, Instant)) -> Facts {
    let mut supposed = edits.to_vec();
    for basis in dossier.bases.iter().filter(|basis| basis.row.adequacy == Adequacy::Unreviewed) {
        let adequacy = Adequacy::Adequate;
        supposed.push(agreement_basis::Model { adequacy, ..basis.row.as_ref().clone() }.into());
        supposed.push(status::entry(facts, (StatusSubject::AgreementBasis, basis.row.id.0), adequacy, by, None).into());
    }
    facts.after(facts.seq, &supposed)
}

/// Whether a draft says what the newest version of its channel says.
fn repeats(facts: &Facts, dossier: &Dossier, prior: &ScopePart, after: &Facts, draft: &Draft) -> bool {
    let content = |facts: &Facts, dossier: &Dossier| {
        let scopes = Content::of(facts, dossier).scopes;
        scopes.into_iter().find(|scope| scope.channel == draft.row.channel)
    };
    let drafted = after.dossier(dossier.row.id).and_then(|dossier| content(after, dossier));
    prior.row.planned_on == draft.row.planned_on && content(facts, dossier) == drafted
}

/// Each item within an entitlement of its own bases, and each purpose within those of an item (R40).
fn entitled(checks: &mut Checks, facts: &Facts, (dossier, scope): (&Dossier, &ScopePart), draft: &Draft, now: Instant) {
    let place: BTreeMap<(&ItemCode, Operation), usize> =
        draft.items.iter().enumerate().map(|(at, item)| ((&item.code, item.operation), at)).collect();
    let mut horizon = Horizon::new(now);
    let mut is_clean = true;
    for part in &scope.items {
        let Some(at) = place.get(&(&part.row.item_code, part.row.operation)) else { continue };
        for reason in decision::item_reasons(facts, dossier, scope, part, &mut horizon) {
            let member = match reason.code {
                // Themes and the rights to them may still be on their way; nothing opens before they are there (R42). A
                // right to process is the agreement's, of which it is asked.
                DecisionReasonCode::MandateThemeNotActive
                | DecisionReasonCode::MandatingRightMissing
                | DecisionReasonCode::ProcessingRightMissing => continue,
                DecisionReasonCode::NotEntitled => "item",
                _ => "bases",
            };
            is_clean = false;
            checks.reasons(&format!("items.{at}.{member}"), [reason]);
        }
    }
    if !is_clean {
        return;
    }
    for (at, purpose) in draft.purposes.iter().enumerate() {
        if !scope.items.iter().any(|item| decision::serves(facts, dossier, scope, item, *purpose, &mut horizon)) {
            let reason: Reason = decision::cited(facts, DecisionReasonCode::NotEntitled, now);
            checks.reasons(&format!("purposes.{at}"), [reason]);
        }
    }
}
