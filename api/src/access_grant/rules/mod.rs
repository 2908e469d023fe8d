//! How access is granted and revoked (R19–R21, R53, I13): by decision of another than the user, for a task, and without a
//! way back from a revocation.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use entity::{
    access_grant,
    vocabulary::{AccessGrantId, Instant, RevocationReason, ScopeId, helsinki_day, helsinki_midnight},
};

use crate::{
    FaultCode, Violations,
    checks::{Checks, NAME_CHARACTERS_MAX, REFERENCE_CHARACTERS_MAX},
    decision::{self, GrantBarrier},
    facts::{Facts, ScopePart, global_id},
    journal::Changes,
};

/// Grant as asked for, in the texts given. It names persons, so it is never printed.
#[derive(Clone)]
pub struct GrantInput {
    /// Global id of the scope.
    pub scope: String,
    /// User in the clear.
    pub end_user: String,
    /// Work task.
    pub task: String,
    /// Supervisor in the clear.
    pub decided_by: String,
    /// Instant from which it holds; now when absent.
    pub valid_from: Option<String>,
    /// Instant at which it ends; open-ended when absent.
    pub valid_until: Option<String>,
}

/// Revocation as asked for.
#[derive(Debug, Clone)]
pub struct RevocationInput {
    /// Global id of the grant.
    pub id: String,
    /// Why.
    pub reason: RevocationReason,
}

/// User of a recipient as a discloser knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Pseudonyms under every live key, the newest key's last.
    pub pseudonyms: Vec<String>,
    /// Version of the newest key.
    pub key_version: i32,
}

impl User {
    /// Whether a pseudonym is this user's.
    pub fn is(&self, pseudonym: &str) -> bool {
        self.pseudonyms.iter().any(|own| own == pseudonym)
    }

    fn newest(&self) -> String {
        self.pseudonyms.last().cloned().unwrap_or_default()
    }
}

/// Who gets access, and who decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Persons {
    /// User.
    pub user: User,
    /// Supervisor.
    pub supervisor: User,
    /// Whether the user is who acts.
    pub acts: bool,
}

/// Whether two names are one person's, however they are written.
pub fn is_same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// Grant of a user for a task that has neither ended nor been revoked.
pub fn standing<'a>(
    facts: &'a Facts,
    scope: ScopeId,
    user: &User,
    task: &str,
    at: Instant,
) -> Option<&'a Arc<access_grant::Model>> {
    of_user(facts, scope, user).find(|row| row.task == task.trim() && decision::grant_stands(row, at))
}

fn of_user<'a>(facts: &'a Facts, scope: ScopeId, user: &User) -> impl Iterator<Item = &'a Arc<access_grant::Model>> {
    user.pseudonyms.iter().flat_map(move |pseudonym| facts.grants(scope, pseudonym))
}

/// Grants access to a scope; `known` is what the id names, as far as the asker may know it. A user has one standing grant
/// for a task: with the same content it changes nothing.
pub fn grant(
    facts: &Facts,
    fresh: AccessGrantId,
    known: Option<ScopeId>,
    persons: Option<&Persons>,
    input: &GrantInput,
    now: Instant,
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let scope = grantable(&mut checks, facts, known, &input.scope, now);
    let end_user = checks.text("endUser", &input.end_user, REFERENCE_CHARACTERS_MAX);
    let decided_by = checks.text("decidedBy", &input.decided_by, REFERENCE_CHARACTERS_MAX);
    let task = checks.text("task", &input.task, NAME_CHARACTERS_MAX);
    if scope.is_some() && persons.is_none() {
        checks.fault(FaultCode::Conflict, "scope", "a party of the agreement has no business ID to name users under");
    }
    if !end_user.is_empty() && is_same(&end_user, &decided_by) {
        checks.fault(FaultCode::Conflict, "decidedBy", "is the user; another must decide");
    }
    if persons.is_some_and(|persons| persons.acts) {
        checks.fault(FaultCode::Conflict, "endUser", "is who asks; nobody grants access to oneself");
    }
    let asked_from = checks.instant_if("validFrom", input.valid_from.as_ref());
    let valid_until = checks.instant_if("validUntil", input.valid_until.as_ref());
    let valid_from = asked_from.map_or(now, |from| from.max(now));
    let prior = scope.zip(persons).and_then(|(scope, persons)| standing(facts, scope, &persons.user, &task, now));
    if let (Some(prior), Some(persons)) = (prior, persons) {
        let begins_alike = asked_from.is_none_or(|from| from == prior.valid_from || from.max(prior.valid_from) <= now);
        let same = persons.supervisor.is(&prior.decided_by) && valid_until == prior.valid_until && begins_alike;
        if !same {
            let message = "the user's access for this task stands already with other content; revoke it first";
            checks.fault(FaultCode::Conflict, "task", message);
        }
        return checks.done(|| Some(changes("grantAccess", prior.id, None, None)));
    }
    if asked_from.is_some_and(|from| from < helsinki_midnight(helsinki_day(now))) {
        checks.fault(FaultCode::Malformed, "validFrom", "must not be before today");
    }
    if valid_until.is_some_and(|until| until <= valid_from) {
        checks.fault(FaultCode::PeriodReversed, "validUntil", "is not after `validFrom`");
    }
    let again = |persons: &Persons, scope| {
        of_user(facts, scope, &persons.user).any(|row| row.task == task && row.valid_from == valid_from)
    };
    if scope.zip(persons).is_some_and(|(scope, persons)| again(persons, scope)) {
        checks.fault(FaultCode::Conflict, "validFrom", "access from this instant was revoked; let it begin at another");
    }
    checks.done(|| {
        let persons = persons?;
        let row = access_grant::Model {
            id: fresh,
            scope_id: scope?,
            user_pseudonym: persons.user.newest(),
            key_version: persons.user.key_version,
            task,
            decided_by: persons.supervisor.newest(),
            granted_at: Some(now),
            valid_from,
            valid_until,
            revoked_at: None,
            revocation_reason: None,
        };
        Some(changes("grantAccess", fresh, None, Some(row)))
    })
}

/// Revokes access, for good; `known` is what the id names, as far as the asker may know it. The same reason again changes
/// nothing.
pub fn revoke(
    facts: &Facts,
    known: Option<AccessGrantId>,
    input: &RevocationInput,
    now: Instant,
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let id = checks.parsed::<AccessGrantId>("id", &input.id);
    let row = id.and_then(|id| {
        checks.found("id", facts.access_grant.get(id).filter(|row| known == Some(row.id)), "access grant")
    });
    let repeated = row.is_some_and(|row| row.revocation_reason == Some(input.reason));
    if let Some(row) = row.filter(|_| !repeated) {
        revocable(&mut checks, facts, row, now);
    }
    checks.done(|| {
        let row = row?;
        let revoked = access_grant::Model {
            revoked_at: Some(now),
            revocation_reason: Some(input.reason),
            ..row.as_ref().clone()
        };
        Some(changes("revokeAccess", row.id, Some(input.reason), (!repeated).then_some(revoked)))
    })
}

fn changes(
    action: &'static str,
    id: AccessGrantId,
    reason: Option<RevocationReason>,
    row: Option<access_grant::Model>,
) -> Changes {
    let reason = reason.map(|reason| entity::vocabulary::ClosedEnum::code(reason).to_owned());
    Changes { action, subject: global_id(id), reason, edits: row.into_iter().map(Into::into).collect() }
}

/// Scope access to which can be granted now.
fn grantable(checks: &mut Checks, facts: &Facts, known: Option<ScopeId>, id: &str, now: Instant) -> Option<ScopeId> {
    let id = checks.parsed::<ScopeId>("scope", id)?;
    let id = checks.found("scope", known.filter(|known| *known == id), "scope")?;
    unbarred(checks, facts, id, "scope", now);
    Some(id)
}

fn revocable(checks: &mut Checks, facts: &Facts, row: &access_grant::Model, now: Instant) {
    if row.revoked_at.is_some() {
        checks.fault(FaultCode::WrongStatus, "id", "access was revoked for another reason");
    } else if !decision::grant_stands(row, now) {
        checks.fault(FaultCode::WrongStatus, "id", "access has ended");
    } else {
        unbarred(checks, facts, row.scope_id, "id", now);
    }
}

fn unbarred(checks: &mut Checks, facts: &Facts, scope: ScopeId, path: &str, now: Instant) {
    let part = |scope| {
        let row = facts.scope.get(scope)?;
        let dossier = facts.dossier(row.agreement_id)?;
        Some((dossier, dossier.scopes.iter().find(|part| part.row.id == scope)?))
    };
    let barrier = part(scope).and_then(|(dossier, part): (_, &ScopePart)| decision::grant_barrier(dossier, part, now));
    let (code, message) = match barrier {
        None => return,
        Some(GrantBarrier::NotByGrant) => (FaultCode::Conflict, "the scope does not admit by grants"),
        Some(GrantBarrier::NotSigned) => (FaultCode::WrongStatus, "the agreement is not signed yet"),
        Some(GrantBarrier::ScopeClosed) => (FaultCode::WrongStatus, "the scope is closed, and every grant with it"),
        Some(GrantBarrier::AgreementEnded) => {
            (FaultCode::WrongStatus, "the agreement has ended, and every grant with it")
        }
    };
    checks.fault(code, path, message);
}
