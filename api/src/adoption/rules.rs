//! Who plans and declares which step, and in which order (R47, R52, R69).

use entity::{
    adoption_plan,
    vocabulary::{
        AdoptionStepCode as Step, AdoptionStepState as State, AgreementId, AgreementSide, ContactRole, Day, Instant,
        helsinki_day,
    },
};

use crate::{
    FaultCode, Violations,
    checks::Checks,
    clock,
    contact::rules::serving,
    decision::{self, AdoptionStep},
    facts::{Dossier, Facts, global_id},
    journal::Changes,
};

/// Plan as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct PlanInput {
    /// Number of the agreement.
    pub agreement: String,
    /// Step.
    pub step: Step,
    /// Day.
    pub planned_on: String,
}

/// Declaration as made, in the texts given.
#[derive(Debug, Clone)]
pub struct DeclarationInput {
    /// Number of the agreement.
    pub agreement: String,
    /// Step.
    pub step: Step,
    /// Day it was done; today when absent.
    pub declared_on: Option<String>,
}

/// What a number names and the side the asker acts for, as far as the asker may know it.
type Known = (Option<AgreementId>, Option<AgreementSide>);

/// Plans the day of one's own step. The same day again changes nothing.
pub fn plan(facts: &Facts, known: Known, input: &PlanInput, now: Instant) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let planned_on = checks.day("plannedOn", &input.planned_on);
    let found = step_of(&mut checks, facts, known, input.step, now);
    let row = found.as_ref().map(|(dossier, _)| standing(facts, dossier, input.step));
    let is_same = row.as_ref().is_some_and(|row| planned_on.is_some() && row.planned_on == planned_on);
    if planned_on.is_some_and(|day| day < helsinki_day(now)) && !is_same {
        checks.fault(FaultCode::PeriodReversed, "plannedOn", "has passed");
    }
    if found.as_ref().is_some_and(|(_, step)| step.state == State::Done) && !is_same {
        checks.fault(FaultCode::WrongStatus, "step", format!("{} is done", input.step));
    }
    checks.done(|| {
        let row = row?;
        let subject = global_id(row.agreement_id);
        let edits = if is_same { Vec::new() } else { vec![adoption_plan::Model { planned_on, ..row }.into()] };
        Some(Changes { action: "planAdoptionStep", subject, reason: None, edits })
    })
}

/// Declares a step done that nothing else tells of, once every step before it is done. The same day again changes nothing.
pub fn declare(
    facts: &Facts,
    known: Known,
    input: &DeclarationInput,
    (actor, now): (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let today = helsinki_day(now);
    let declared_on = match &input.declared_on {
        Some(text) => checks.day("declaredOn", text),
        None => Some(today),
    };
    if declared_on.is_some_and(|day| day > today) {
        checks.fault(FaultCode::Malformed, "declaredOn", "must not be later than today");
    }
    if !decision::is_declared(input.step) {
        let message = format!("{} is told by what stands, not declared", input.step);
        checks.fault(FaultCode::Conflict, "step", message);
    }
    let found = step_of(&mut checks, facts, known, input.step, now);
    let row = found.as_ref().map(|(dossier, _)| standing(facts, dossier, input.step));
    let is_same = row.as_ref().is_some_and(|row| declared_on.is_some() && row.declared_on == declared_on);
    if let (Some((dossier, step)), false, true) = (&found, is_same, checks.is_clean()) {
        ready(&mut checks, facts, dossier, step, (declared_on, now));
    }
    checks.done(|| {
        let row = row?;
        let subject = global_id(row.agreement_id);
        let declared = adoption_plan::Model { declared_on, declared_by: Some(actor.to_owned()), ..row };
        let edits = if is_same { Vec::new() } else { vec![declared.into()] };
        Some(Changes { action: "declareAdoptionStep", subject, reason: None, edits })
    })
}

/// Step of an agreement that lives, for which the asker's side is responsible.
fn step_of<'a>(
    checks: &mut Checks,
    facts: &'a Facts,
    (known, side): Known,
    code: Step,
    now: Instant,
) -> Option<(&'a Dossier, AdoptionStep)> {
    let dossier = checks.found("agreement", known.and_then(|id| facts.dossier(id)), "agreement")?;
    if !decision::is_alive(dossier.row.status) {
        checks.fault(FaultCode::WrongStatus, "agreement", format!("the agreement is {}", dossier.row.status));
    }
    let step = decision::adoption_steps(facts, dossier, now).into_iter().find(|step| step.code == code)?;
    if !side.is_some_and(|side| decision::is_own(step.code, side)) {
        checks.fault(FaultCode::Conflict, "step", format!("{code} is the other side's step"));
    }
    Some((dossier, step))
}

/// Plan of a step as it stands, or as a first one would.
fn standing(facts: &Facts, dossier: &Dossier, step: Step) -> adoption_plan::Model {
    let known = facts.adoption_plan.of(dossier.row.id).find(|plan| plan.step == step);
    if let Some(plan) = known {
        return plan.as_ref().clone();
    }
    adoption_plan::Model {
        id: clock::fresh_id(),
        agreement_id: dossier.row.id,
        step,
        planned_on: None,
        declared_on: None,
        declared_by: None,
    }
}

/// A step is declared once, in its order, and employees are instructed whom to ask for their mandates (R52, R69).
fn ready(
    checks: &mut Checks,
    facts: &Facts,
    dossier: &Dossier,
    step: &AdoptionStep,
    (declared_on, now): (Option<Day>, Instant),
) {
    match step.state {
        State::Done => checks.fault(FaultCode::WrongStatus, "step", format!("{} is done", step.code)),
        State::NotRequired => checks.fault(FaultCode::WrongStatus, "step", format!("{} is not required", step.code)),
        State::Pending | State::Blocked => {
            let waiting = decision::steps_before(facts, dossier, step.code, now);
            let waiting: Vec<_> = waiting.into_iter().map(|code| code.to_string()).collect();
            let message = format!("{} waits for {} (R69)", step.code, waiting.join(", "));
            checks.fault(FaultCode::WrongStatus, "step", message);
        }
        State::Ready => {}
    }
    let steps = decision::adoption_steps(facts, dossier, now);
    let mandated = steps.iter().any(|other| other.code == Step::MandatesGranted && other.state != State::NotRequired);
    let today = helsinki_day(now);
    let grantor = || {
        let contacts = serving(facts, dossier.row.recipient_id, Some(dossier.row.id), None, today);
        contacts.iter().any(|contact| contact.role == ContactRole::MandateGrantor)
    };
    if step.code == Step::EmployeesInstructed && declared_on.is_some() && mandated && !grantor() {
        let message = format!("no contact of the recipient is {} (R52)", ContactRole::MandateGrantor);
        checks.fault(FaultCode::ContactMissing, "step", message);
    }
}
