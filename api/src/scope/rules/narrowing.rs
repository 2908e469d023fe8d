//! What gives less may take the place of an open scope at once: nobody needs to agree to receiving less (R43).

use entity::{
    access_grant, scope, status_entry,
    vocabulary::{Admission, Channel, ClosedEnum, DecisionReasonCode, Instant, ScopeId, ScopeStatus, StatusSubject},
};

use chrono::TimeDelta;

use super::replaced_by;
use crate::{
    FaultCode,
    checks::Checks,
    clock,
    decision::{self, Content, Difference},
    facts::{Dossier, Edit, Facts, ScopePart},
    status,
};

/// Differences that a refusal names; the rest are counted.
const DIFFERENCES_NAMED_MAX: usize = 5;

/// Scope an input is to replace.
pub(super) fn replaced<'a>(
    checks: &mut Checks,
    dossier: Option<&'a Dossier>,
    channel: Channel,
    text: Option<&String>,
) -> Option<&'a ScopePart> {
    let id: ScopeId = checks.parsed_if("replaces", text)?;
    let replaced = checks.found("replaces", dossier.and_then(|dossier| dossier.scope(id)), "scope of the agreement")?;
    if replaced.row.channel != channel {
        checks.fault(FaultCode::Conflict, "replaces", format!("is a scope over {}", replaced.row.channel));
    }
    Some(replaced)
}

/// A scope is replaced at once only while it is open, and only by one that gives nothing beyond it and beyond what both
/// parties agreed.
pub(super) fn narrows(
    checks: &mut Checks,
    facts: &Facts,
    dossier: &Dossier,
    replaced: &ScopePart,
    (after, fresh): (&Facts, ScopeId),
    now: Instant,
) {
    if replaced.row.status != ScopeStatus::Open {
        let message = format!("the scope is {}, not {}", replaced.row.status, ScopeStatus::Open);
        checks.fault(FaultCode::WrongStatus, "replaces", message);
        return;
    }
    let later = after.dossier(dossier.row.id);
    let Some((later, scope)) = later.and_then(|later| Some((later, later.scope(fresh)?))) else { return };
    let open = Content::of(facts, dossier).with_scope(facts, dossier, replaced);
    let mut wider = decision::scope_beyond(&open, after, later, scope);
    match decision::agreed(facts, dossier) {
        Some(agreed) => wider.extend(decision::scope_beyond(&agreed, after, later, scope)),
        None => checks.reasons("replaces", [decision::cited(facts, DecisionReasonCode::ContentNotAgreed, now)]),
    }
    wider.sort();
    wider.dedup();
    if !wider.is_empty() {
        checks.fault(FaultCode::Reason(DecisionReasonCode::ContentNotAgreed), "replaces", said(&wider));
    }
}

fn said(wider: &[Difference]) -> String {
    let named = wider.iter().take(DIFFERENCES_NAMED_MAX).map(|difference| {
        let place = difference.path.iter().skip(2).map(String::as_str).collect::<Vec<_>>();
        format!("`{}`", place.join(" "))
    });
    let named = named.collect::<Vec<_>>().join(", ");
    let more = wider.len().saturating_sub(DIFFERENCES_NAMED_MAX);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("gives more than is open and agreed: {named}{more}; what gives more is agreed by both parties and tested")
}

/// The new version open in the place of the old: tested as that was, for it holds less; its end users go on.
pub(super) fn edits(
    facts: &Facts,
    dossier: &Dossier,
    replaced: &ScopePart,
    row: scope::Model,
    (actor, now): (&str, Instant),
) -> Vec<Edit> {
    let history = carried(facts, replaced, row.id, (actor, now));
    let opened_at = history.last().map_or(now, |entry| entry.from_at);
    let mut edits = replaced_by(facts, dossier, &row, |_| true, (actor, opened_at));
    let grants = grants(facts, replaced, &row, now);
    let structure_version = replaced.row.structure_version.clone();
    edits.push(scope::Model { status: ScopeStatus::Open, structure_version, ..row }.into());
    edits.extend(grants);
    edits.extend(history.into_iter().map(Edit::from));
    edits
}

/// History of the new version: defined now, with the evidence of the old for what need not be done again.
fn carried(facts: &Facts, replaced: &ScopePart, fresh: ScopeId, by: (&str, Instant)) -> Vec<status_entry::Model> {
    let subject = |id: ScopeId| (StatusSubject::Scope, id.0);
    let first = status::entry(facts, subject(fresh), ScopeStatus::Defined, by, None);
    let earlier = status::entries(facts, subject(replaced.row.id));
    let carried = [ScopeStatus::Implemented, ScopeStatus::Tested].into_iter().filter_map(|status| {
        let entry = earlier.iter().rev().find(|entry| entry.status == status.code())?;
        let reason = format!("carried over from version {}, by {}", replaced.row.version, entry.actor);
        Some(status_entry::Model { reason: Some(reason.into()), actor: by.0.into(), ..(*entry).clone() })
    });
    let opened = status::entry(facts, subject(fresh), ScopeStatus::Open, by, None);
    let mut entries: Vec<status_entry::Model> = vec![first];
    for entry in carried.chain([opened]) {
        let ordinal = i32::try_from(entries.len()).unwrap_or(i32::MAX) + 1;
        let from_at = by.1 + TimeDelta::microseconds(i64::from(ordinal) - 1);
        entries.push(status_entry::Model { id: clock::fresh_id(), subject_id: fresh.0, ordinal, from_at, ..entry });
    }
    entries
}

/// Access the old version's end users have now, for the new one.
fn grants(facts: &Facts, replaced: &ScopePart, row: &scope::Model, now: Instant) -> Vec<Edit> {
    if row.admission != Admission::Grant {
        return Vec::new();
    }
    let held = facts
        .access_grant
        .of(replaced.row.id)
        .filter(|grant| grant.revoked_at.is_none() && grant.valid_until.is_none_or(|until| now < until));
    held.map(|grant| access_grant::Model { id: clock::fresh_id(), scope_id: row.id, ..grant.as_ref().clone() }.into())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::DifferenceKind;

    #[test]
    fn refusal_names_the_first_places_that_give_more_and_counts_the_rest() {
        let at = |item: &str| Difference {
            path: ["scopes", "OTHER", "items", item, "READ"].map(str::to_owned).to_vec(),
            kind: DifferenceKind::Added,
            before: None,
            after: Some(item.to_owned()),
        };
        let wider: Vec<_> = ["A", "B", "C", "D", "E", "F", "G"].map(at).to_vec();
        assert!(said(&wider[..1]).contains("agreed: `items A READ`; what"));
        let all = said(&wider);
        assert!(all.contains("`items E READ` and 2 more") && !all.contains("items F"), "{all}");
    }
}
