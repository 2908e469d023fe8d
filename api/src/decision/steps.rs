//! The way from law to use in twelve steps (R31–R64): what is computed, what is declared, what is missing and whose turn
//! it is.

use entity::{
    adoption_plan,
    vocabulary::{
        Adequacy, AdoptionStepCode as Step, AdoptionStepState as State, AgreementSide, AgreementStatus, ClosedEnum,
        Day, DecisionReasonCode, Instant, ScopeStatus, StatementStatus, helsinki_day, helsinki_midnight,
    },
};

use super::{Horizon, Reason, conditions, content, standing};
use crate::facts::{Dossier, Facts, ScopePart};

/// One step of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptionStep {
    /// Which.
    pub code: Step,
    /// Where it stands.
    pub state: State,
    /// Whose turn it is.
    pub responsible: AgreementSide,
    /// Agreed day.
    pub planned_on: Option<Day>,
    /// Day it was done.
    pub done_on: Option<Day>,
    /// What stands in its way.
    pub blocked_by: Vec<Reason>,
}

/// What a step has come to.
struct Progress {
    done_on: Option<Day>,
    is_done: bool,
    is_required: bool,
    blocked_by: Vec<Reason>,
}

impl Progress {
    fn done(on: Option<Day>) -> Self {
        Self { done_on: on, is_done: true, is_required: true, blocked_by: Vec::new() }
    }

    fn open(blocked_by: Vec<Reason>) -> Self {
        Self { done_on: None, is_done: false, is_required: true, blocked_by }
    }

    fn not_required() -> Self {
        Self { done_on: None, is_done: false, is_required: false, blocked_by: Vec::new() }
    }

    fn of(instant: Option<Instant>) -> Self {
        instant.map_or_else(|| Self::open(Vec::new()), |at| Self::done(Some(helsinki_day(at))))
    }
}

/// Every step, in order.
pub fn adoption_steps(facts: &Facts, dossier: &Dossier, at: Instant) -> Vec<AdoptionStep> {
    let mut all_done_before = true;
    Step::ALL
        .iter()
        .map(|(code, _, _)| {
            let plan = facts.adoption_plan.of(dossier.row.id).find(|plan| plan.step == *code);
            let progress = progress(facts, dossier, *code, plan.map(AsRef::as_ref), at);
            let state = match &progress {
                progress if !progress.is_required => State::NotRequired,
                progress if progress.is_done => State::Done,
                progress if !progress.blocked_by.is_empty() => State::Blocked,
                _ if all_done_before => State::Ready,
                _ => State::Pending,
            };
            all_done_before &= matches!(state, State::Done | State::NotRequired);
            AdoptionStep {
                code: *code,
                state,
                responsible: responsible(*code),
                planned_on: plan.and_then(|plan| plan.planned_on).or_else(|| opening_planned(dossier, *code)),
                done_on: progress.done_on,
                blocked_by: progress.blocked_by,
            }
        })
        .collect()
}

/// Whether a step is declared by who is responsible for it; nothing else tells of it.
pub fn is_declared(code: Step) -> bool {
    match code {
        Step::EmployeesInstructed | Step::MandatesGranted => true,
        Step::LegalBasisChecked
        | Step::ModeContentTimetableAgreed
        | Step::ContentDefined
        | Step::AgreementSigned
        | Step::MandateThemeReady
        | Step::ContentImplemented
        | Step::ContentTested
        | Step::StatementApproved
        | Step::MandatingRightGranted
        | Step::ConnectionOpened => false,
    }
}

/// Whether a side is responsible for a step, alone or with the other.
pub fn is_own(code: Step, side: AgreementSide) -> bool {
    let by = responsible(code);
    by == side || by == AgreementSide::Both
}

/// Whether a side has a step of its own whose day it may plan: one that is not done. The last step is done last.
pub fn has_step_to_plan(facts: &Facts, dossier: &Dossier, side: AgreementSide, at: Instant) -> bool {
    let plan = |code| facts.adoption_plan.of(dossier.row.id).find(|plan| plan.step == code).map(AsRef::as_ref);
    let mut own = Step::ALL.iter().rev().map(|(code, _, _)| *code).filter(|code| is_own(*code, side));
    own.any(|code| !progress(facts, dossier, code, plan(code), at).is_done)
}

/// Steps before one that are neither done nor left out (R69).
pub fn steps_before(facts: &Facts, dossier: &Dossier, code: Step, at: Instant) -> Vec<Step> {
    let before = adoption_steps(facts, dossier, at).into_iter().take_while(|step| step.code != code);
    before.filter(|step| !matches!(step.state, State::Done | State::NotRequired)).map(|step| step.code).collect()
}

fn opening_planned(dossier: &Dossier, code: Step) -> Option<Day> {
    (code == Step::ConnectionOpened)
        .then(|| dossier.scopes.iter().filter_map(|scope| scope.row.planned_on).min())
        .flatten()
}

fn responsible(code: Step) -> AgreementSide {
    match code {
        Step::LegalBasisChecked
        | Step::ContentDefined
        | Step::MandateThemeReady
        | Step::ContentImplemented
        | Step::ContentTested
        | Step::ConnectionOpened => AgreementSide::Discloser,
        Step::StatementApproved | Step::MandatingRightGranted | Step::EmployeesInstructed | Step::MandatesGranted => {
            AgreementSide::Recipient
        }
        Step::ModeContentTimetableAgreed | Step::AgreementSigned => AgreementSide::Both,
    }
}

fn progress(
    facts: &Facts,
    dossier: &Dossier,
    code: Step,
    plan: Option<&adoption_plan::Model>,
    at: Instant,
) -> Progress {
    let declared = plan.and_then(|plan| plan.declared_on);
    match code {
        Step::LegalBasisChecked => basis_checked(facts, dossier, at),
        Step::ModeContentTimetableAgreed => agreed(facts, dossier, declared, at),
        Step::ContentDefined => content_defined(dossier, at),
        Step::AgreementSigned => {
            let signed_on = dossier.row.signed_on.filter(|day| helsinki_midnight(*day) <= at);
            signed_on.map_or_else(|| Progress::open(Vec::new()), |day| Progress::done(Some(day)))
        }
        Step::ContentImplemented => reached(dossier, ScopeStatus::Implemented, at),
        Step::ContentTested => reached(dossier, ScopeStatus::Tested, at),
        Step::ConnectionOpened => reached(dossier, ScopeStatus::Open, at),
        Step::StatementApproved => statement_approved(dossier, at),
        Step::MandateThemeReady => mandated(facts, dossier, DecisionReasonCode::MandateThemeNotActive, at),
        Step::MandatingRightGranted => mandated(facts, dossier, DecisionReasonCode::MandatingRightMissing, at),
        Step::MandatesGranted if !requires_mandates(dossier, at) => Progress::not_required(),
        Step::EmployeesInstructed | Step::MandatesGranted => {
            declared.map_or_else(|| Progress::open(Vec::new()), |day| Progress::done(Some(day)))
        }
    }
}

fn basis_checked(facts: &Facts, dossier: &Dossier, at: Instant) -> Progress {
    let mut reasons = Vec::new();
    standing::basis_reasons(facts, dossier, &mut Horizon::new(at), &mut reasons);
    if !reasons.is_empty() {
        return Progress::open(reasons);
    }
    let reviewed = dossier.bases.iter().filter_map(|basis| basis.adequacy.reached(Adequacy::Adequate)).max();
    let confirmed = dossier.status.reached(AgreementStatus::BasisConfirmed).filter(|confirmed| *confirmed <= at);
    Progress::done(confirmed.or(reviewed).map(helsinki_day))
}

/// Agreed once both parties accepted the content, or signed it, and while neither took that back.
fn agreed(facts: &Facts, dossier: &Dossier, declared: Option<Day>, at: Instant) -> Progress {
    let since = content::agreed_at(facts, dossier, at);
    match since.map(helsinki_day).or(declared).or(dossier.row.signed_on) {
        Some(day) => Progress::done(Some(day)),
        None => Progress::open(Vec::new()),
    }
}

/// Scopes that are not closed.
pub(super) fn live_scopes(dossier: &Dossier, at: Instant) -> impl Iterator<Item = &ScopePart> {
    dossier.scopes.iter().filter(move |scope| scope.status.at(at) != Some(ScopeStatus::Closed))
}

fn content_defined(dossier: &Dossier, at: Instant) -> Progress {
    let with_items = dossier.scopes.iter().filter(|scope| !scope.items.is_empty());
    let defined = with_items.map(|scope| scope.row.defined_on).filter(|day| helsinki_midnight(*day) <= at).min();
    defined.map_or_else(|| Progress::open(Vec::new()), |day| Progress::done(Some(day)))
}

fn reached(dossier: &Dossier, status: ScopeStatus, at: Instant) -> Progress {
    let first = dossier.scopes.iter().filter_map(|scope| scope.status.reached(status)).filter(|from| *from <= at).min();
    Progress::of(first)
}

fn statement_approved(dossier: &Dossier, at: Instant) -> Progress {
    let mut last = None;
    let mut reasons = Vec::new();
    for scope in live_scopes(dossier, at) {
        let approved = dossier
            .statements
            .iter()
            .filter(|statement| statement.row.channel == scope.row.channel)
            .filter(|statement| statement.status.at(at) == Some(StatementStatus::Approved))
            .filter(|statement| statement.row.valid_until.is_none_or(|until| at < until))
            .filter_map(|statement| statement.status.since(at).or(Some(at)))
            .min();
        match approved {
            Some(from) => last = last.max(Some(from)),
            None if scope.status.at(at) == Some(ScopeStatus::Defined) => {}
            None => reasons.push(conditions::reason(DecisionReasonCode::StatementMissing)),
        }
    }
    reasons.dedup();
    if reasons.is_empty() { Progress::of(last) } else { Progress::open(reasons) }
}

fn requires_mandates(dossier: &Dossier, at: Instant) -> bool {
    live_scopes(dossier, at).any(|scope| scope.items.iter().any(|item| !item.mandates.is_empty()))
}

/// A step that is done when no required mandate theme fails in one way.
fn mandated(facts: &Facts, dossier: &Dossier, failing: DecisionReasonCode, at: Instant) -> Progress {
    if !requires_mandates(dossier, at) {
        return Progress::not_required();
    }
    let mut reasons = Vec::new();
    for item in live_scopes(dossier, at).flat_map(|scope| &scope.items) {
        conditions::mandates(facts, dossier, item, &mut Horizon::new(at), &mut reasons);
    }
    reasons.retain(|reason| reason.code == failing);
    reasons.sort();
    reasons.dedup();
    if reasons.is_empty() { Progress::done(None) } else { Progress::open(reasons) }
}
