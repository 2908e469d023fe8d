//! How an organisation applies for the right to grant mandates, for several themes at once, and how that is decided (R50,
//! R51).
//!
//! A right may be applied for while its theme is still being defined, for both take their time; it is granted only once the
//! theme is active. A hidden theme admits no new right, as it admits no new mandate.

use entity::{
    mandate_theme, mandating_right,
    vocabulary::{
        DecisionReasonCode, Instant, MandateThemeId, MandateThemeStatus, MandatingRightId, MandatingRightStatus,
        OrganisationId, StatusSubject, helsinki_day,
    },
};

use super::{MANDATES_MAX, theme};
use crate::{
    FaultCode, Violations,
    checks::{Checks, REFERENCE_CHARACTERS_MAX, TEXT_CHARACTERS_MAX},
    clock, decision,
    facts::{Edit, Facts, global_id},
    journal::Changes,
    status,
};

/// Application as made, in texts.
#[derive(Debug, Clone)]
pub struct ApplicationInput {
    /// Business ID of the applicant; the acting organisation when absent.
    pub organisation: Option<String>,
    /// Codes or URIs of the themes.
    pub themes: Vec<String>,
    /// Reference of the application.
    pub application: Option<String>,
}

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RightDecision {
    /// Grant it.
    Grant,
    /// Reject the application.
    Reject,
    /// Revoke what was granted.
    Revoke,
}

/// Decision as made, in texts.
#[derive(Debug, Clone)]
pub struct DecisionInput {
    /// Global id of the right.
    pub id: String,
    /// What is decided.
    pub decision: RightDecision,
    /// Instant at which a granted right ends.
    pub valid_until: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// Applies for the rights to grant mandates of some themes; `known` is the applicant as far as the viewer acts for it. What
/// is applied for already stands as it is.
pub fn apply(
    facts: &Facts,
    known: Option<OrganisationId>,
    input: &ApplicationInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let named = match &input.organisation {
        Some(text) => checks.organisation(facts, "organisation", text).map(|row| row.id),
        None => known,
    };
    let applicant = named.filter(|id| known == Some(*id));
    if applicant.and_then(|id| facts.organisation.get(id)).is_some_and(|row| !decision::exists(row, by.1)) {
        let message = "the organisation has ceased to exist; its successor applies";
        checks.fault(FaultCode::Reason(DecisionReasonCode::PartyNotActive), "organisation", message);
    }
    let application = checks.text_if("application", input.application.as_ref(), REFERENCE_CHARACTERS_MAX);
    let wanted = wanted(&mut checks, facts, applicant, (&input.themes, application.as_ref()), by.1);
    checks.done(|| {
        let organisation_id = applicant?;
        let edits = wanted.into_iter().flat_map(|mandate_theme_id| {
            let row = mandating_right::Model {
                id: clock::fresh_id(),
                organisation_id,
                mandate_theme_id,
                application: application.clone(),
                status: MandatingRightStatus::Applied,
                applied_on: helsinki_day(by.1),
                decided_on: None,
                valid_until: None,
            };
            moved(facts, row, by, None)
        });
        let (subject, edits) = (global_id(organisation_id), edits.collect());
        Some(Changes { action: "applyMandatingRight", subject, reason: None, edits })
    })
}

/// Themes of an application that are not applied for already.
fn wanted(
    checks: &mut Checks,
    facts: &Facts,
    applicant: Option<OrganisationId>,
    (names, application): (&[String], Option<&String>),
    now: Instant,
) -> Vec<MandateThemeId> {
    if names.is_empty() {
        checks.fault(FaultCode::Blank, "themes", "name at least one theme");
    }
    if names.len() > MANDATES_MAX {
        checks.fault(FaultCode::TooLong, "themes", format!("more than {MANDATES_MAX} themes"));
        return Vec::new();
    }
    let (mut seen, mut wanted) = (Vec::new(), Vec::new());
    for (at, name) in names.iter().enumerate() {
        let path = format!("themes.{at}");
        let Some(theme) = checks.found(&path, theme(facts, name), "mandate theme") else { continue };
        if seen.contains(&theme.id) {
            checks.fault(FaultCode::Conflict, &path, "is named twice");
        }
        seen.push(theme.id);
        let open = applicant.and_then(|applicant| open_application(facts, applicant, theme.id));
        match open {
            Some(open) if application.is_some() && open.application.as_ref() != application => {
                checks.fault(FaultCode::Conflict, &path, "is applied for already under another reference");
            }
            Some(_) => {}
            None => {
                may_be_applied_for(checks, facts, &path, (theme, applicant), now);
                wanted.push(theme.id);
            }
        }
    }
    wanted
}

fn may_be_applied_for(
    checks: &mut Checks,
    facts: &Facts,
    path: &str,
    (theme, applicant): (&mandate_theme::Model, Option<OrganisationId>),
    now: Instant,
) {
    if theme.status == MandateThemeStatus::Hidden {
        let message = "the theme is hidden: it admits no new right (R42)";
        checks.fault(FaultCode::Reason(DecisionReasonCode::MandateThemeNotActive), path, message);
    }
    let Some(applicant) = applicant else { return };
    let rights = || of_theme(facts, applicant, theme.id);
    if rights().any(|row| row.status == MandatingRightStatus::Granted && row.valid_until.is_none()) {
        checks.fault(FaultCode::Conflict, path, "the organisation holds this right already, without an end");
    }
    if rights().any(|row| row.applied_on == helsinki_day(now)) {
        checks.fault(FaultCode::Conflict, path, "was applied for and decided today; apply anew another day");
    }
}

/// Application of an organisation for a theme that is not decided yet.
pub fn open_application(
    facts: &Facts,
    organisation: OrganisationId,
    theme: MandateThemeId,
) -> Option<&mandating_right::Model> {
    of_theme(facts, organisation, theme).find(|row| row.status == MandatingRightStatus::Applied)
}

fn of_theme(
    facts: &Facts,
    organisation: OrganisationId,
    theme: MandateThemeId,
) -> impl Iterator<Item = &mandating_right::Model> {
    let rights = facts.mandating_right.of(organisation).map(AsRef::as_ref);
    rights.filter(move |row| (row.organisation_id, row.mandate_theme_id) == (organisation, theme))
}

/// Decides a right: an application is granted or rejected, what was granted may be revoked. `known` is what the id names, as
/// far as the asker may know it. The same decision again changes nothing.
pub fn decide(
    facts: &Facts,
    known: Option<MandatingRightId>,
    input: &DecisionInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let reason = checks.prose_if("reason", input.reason.as_ref(), TEXT_CHARACTERS_MAX);
    let valid_until = checks.instant_if("validUntil", input.valid_until.as_ref());
    let id: Option<MandatingRightId> = checks.parsed("id", &input.id);
    let row = id.and_then(|id| {
        let row = facts.mandating_right.get(id).filter(|row| known == Some(row.id));
        checks.found("id", row, "mandating right").map(|row| row.as_ref().clone())
    });
    let (from, to) = match input.decision {
        RightDecision::Grant => (MandatingRightStatus::Applied, MandatingRightStatus::Granted),
        RightDecision::Reject => (MandatingRightStatus::Applied, MandatingRightStatus::Rejected),
        RightDecision::Revoke => (MandatingRightStatus::Granted, MandatingRightStatus::Revoked),
    };
    let grants = input.decision == RightDecision::Grant;
    if !grants && reason.is_none() {
        checks.fault(FaultCode::Blank, "reason", "say why");
    }
    if !grants && valid_until.is_some() {
        checks.fault(FaultCode::Conflict, "validUntil", "belongs to GRANT");
    }
    if let Some(row) = &row {
        let is_decided = row.status == to && (!grants || row.valid_until == valid_until);
        if is_decided && checks.is_clean() {
            return Ok(decided(row.id, None, Vec::new()));
        }
        if row.status != from {
            checks.fault(FaultCode::WrongStatus, "id", format!("the right is {}", row.status));
        } else if grants {
            grantable(&mut checks, facts, row, by.1);
        }
    }
    if grants && valid_until.is_some_and(|until| until <= by.1) {
        checks.fault(FaultCode::Malformed, "validUntil", "must be still to come");
    }
    checks.done(|| {
        let row = row?;
        let row = mandating_right::Model {
            status: to,
            decided_on: Some(helsinki_day(by.1).max(row.applied_on)),
            valid_until: if grants { valid_until } else { row.valid_until },
            ..row
        };
        Some(decided(row.id, reason.clone(), moved(facts, row, by, reason)))
    })
}

/// A right is granted to a body that exists, for a theme that is active.
fn grantable(checks: &mut Checks, facts: &Facts, row: &mandating_right::Model, now: Instant) {
    let theme = facts.mandate_theme.get(row.mandate_theme_id);
    if theme.is_none_or(|theme| theme.status != MandateThemeStatus::Active) {
        let message = "the theme is not active: a right is granted once it is (R42, R50)";
        checks.fault(FaultCode::Reason(DecisionReasonCode::MandateThemeNotActive), "id", message);
    }
    if facts.organisation.get(row.organisation_id).is_none_or(|holder| !decision::exists(holder, now)) {
        let message = "the applicant has ceased to exist; its successor applies";
        checks.fault(FaultCode::Reason(DecisionReasonCode::PartyNotActive), "id", message);
    }
}

fn moved(facts: &Facts, row: mandating_right::Model, by: (&str, Instant), reason: Option<String>) -> Vec<Edit> {
    let entry = status::entry(facts, (StatusSubject::MandatingRight, row.id.0), row.status, by, reason);
    vec![row.into(), entry.into()]
}

fn decided(id: MandatingRightId, reason: Option<String>, edits: Vec<Edit>) -> Changes {
    Changes { action: "decideMandatingRight", subject: global_id(id), reason, edits }
}
