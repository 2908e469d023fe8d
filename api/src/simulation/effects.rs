//! What differs between two pictures: agreements, their scopes, and the decisions that rest on them.

use std::collections::{BTreeMap, BTreeSet};

use entity::vocabulary::{
    Admission, AgreementId, Instant, ItemCode, Operation, OrganisationId, PurposeId, RegisterId, ScopeId, ScopeStatus,
    StatusSubject, helsinki_day,
};

use crate::{
    decision::{self, Decision, EndUser, Question, Standing},
    facts::{Dossier, Edit, Facts, ItemPart, Row, ScopePart},
    status,
};

/// Case reference of a question that asks what would be answered to whoever gives one.
const ANY_CASE: &str = "supposed";

/// Agreement that changes.
#[derive(Debug, Clone)]
pub struct Effect {
    /// The agreement.
    pub agreement: AgreementId,
    /// Decisions under it that come out another way.
    pub decisions: Vec<Decided>,
}

/// Decision before and after.
#[derive(Debug, Clone)]
pub struct Decided {
    /// Scope that holds the item.
    pub scope: ScopeId,
    /// The item.
    pub item: ItemCode,
    /// What is done with it.
    pub operation: Operation,
    /// What for.
    pub purpose: PurposeId,
    /// As it is.
    pub before: Decision,
    /// As it would be.
    pub after: Decision,
}

/// Agreements, of some, that come to something else in one picture than in another.
pub fn effects<'a>(
    pictures: &'a Pictures<'a>,
    among: impl IntoIterator<Item = AgreementId> + 'a,
    at: Instant,
) -> impl Iterator<Item = Effect> + 'a {
    among.into_iter().filter_map(move |id| effect(pictures, id, at))
}

/// The two pictures, and which agreements the asker sees as their sides do: a decision rests on no others, or it would tell
/// of them.
pub struct Pictures<'a> {
    /// As it is.
    pub before: &'a Facts,
    /// As it would be.
    pub after: &'a Facts,
    /// Whether the asker sees an agreement so.
    pub is_seen: &'a (dyn Fn(AgreementId) -> bool + Sync),
}

impl Pictures<'_> {
    /// Agreements the asker sees by which a recipient, or a body whose place it took or would take, receives.
    pub fn carrying(&self, recipient: OrganisationId, register: RegisterId) -> BTreeSet<AgreementId> {
        let received = [self.before, self.after].into_iter().flat_map(|facts| {
            let bodies = facts.lineage(recipient).into_iter();
            bodies.flat_map(move |body| facts.received(body, register)).map(|dossier| dossier.row.id)
        });
        received.filter(|id| (self.is_seen)(*id)).collect()
    }
}

fn effect(pictures: &Pictures<'_>, id: AgreementId, at: Instant) -> Option<Effect> {
    let Pictures { before, after, .. } = pictures;
    let (then, now) = (before.dossier(id)?, after.dossier(id)?);
    let carrying = pictures.carrying(then.row.recipient_id, then.row.register_id);
    let decisions: Vec<Decided> =
        open(then, at).flat_map(|scope| decided((before, after), (then, &carrying), scope, at)).collect();
    let has_changed = !decisions.is_empty() || standings(before, then, at) != standings(after, now, at);
    has_changed.then_some(Effect { agreement: id, decisions })
}

/// What an agreement and each of its scopes amount to, and why.
fn standings(facts: &Facts, dossier: &Dossier, at: Instant) -> Vec<impl PartialEq + use<>> {
    let scopes = dossier.scopes.iter().map(|scope| decision::of_scope(facts, dossier, scope, at));
    let all = [decision::of_agreement(facts, dossier, at)].into_iter().chain(scopes);
    all.map(|Standing { state, blockers, .. }| (state, blockers)).collect()
}

fn open(dossier: &Dossier, at: Instant) -> impl Iterator<Item = &ScopePart> {
    dossier.scopes.iter().filter(move |scope| scope.status.at(at) == Some(ScopeStatus::Open))
}

fn decided<'a>(
    (before, after): (&'a Facts, &'a Facts),
    (dossier, carrying): (&'a Dossier, &'a BTreeSet<AgreementId>),
    scope: &'a ScopePart,
    at: Instant,
) -> impl Iterator<Item = Decided> + 'a {
    let user = admitted(before, dossier, scope, at);
    let asked = scope.items.iter().flat_map(|item| scope.purposes.iter().map(move |purpose| (item, *purpose)));
    asked.filter_map(move |(item, purpose)| {
        let question =
            Question { served: Some(carrying.clone()), ..question(dossier, scope, item, purpose, user.clone()) };
        let (then, now) = (decision::decide(before, &question, at), decision::decide(after, &question, at));
        let row = &item.row;
        (then.verdict != now.verdict).then(|| Decided {
            scope: scope.row.id,
            item: row.item_code.clone(),
            operation: row.operation,
            purpose,
            before: then,
            after: now,
        })
    })
}

/// An end user who has access, where the scope asks for one: the question is what the change takes from such a one.
fn admitted(facts: &Facts, dossier: &Dossier, scope: &ScopePart, at: Instant) -> Option<EndUser> {
    if scope.row.admission != Admission::Grant {
        return None;
    }
    let mut grants = facts.access_grant.of(scope.row.id);
    let grant = grants.find(|grant| decision::grant_holds(dossier, scope, grant, at))?;
    let pseudonyms = BTreeMap::from([(dossier.row.discloser_id, vec![grant.user_pseudonym.clone()])]);
    Some(EndUser { pseudonyms })
}

/// Question of whoever brings everything a scope asks for.
fn question(
    dossier: &Dossier,
    scope: &ScopePart,
    item: &ItemPart,
    purpose: PurposeId,
    end_user: Option<EndUser>,
) -> Question {
    Question {
        recipient: dossier.row.recipient_id,
        register: dossier.row.register_id,
        items: vec![item.row.item_code.clone()],
        purpose,
        channel: scope.row.channel,
        operation: item.row.operation,
        mandates: item.mandates.to_vec(),
        end_user,
        case_reference: Some(ANY_CASE.to_owned()),
        subject_count: 1,
        onward_to: None,
        agreement: None,
        discloser: Some(dossier.row.discloser_id),
        served: None,
    }
}

/// The same edits as if they had been made at an earlier instant, or as soon after it as they could have been: an agreement
/// is not suspended before it was active.
pub fn backdated(facts: &Facts, edits: &[Edit], from: Instant) -> Vec<Edit> {
    edits.iter().map(|edit| earlier(facts, edit, from).unwrap_or_else(|| edit.clone())).collect()
}

fn earlier(facts: &Facts, edit: &Edit, from: Instant) -> Option<Edit> {
    let Edit::Put(row) = edit else { return None };
    let last_day = || helsinki_day(from).pred_opt();
    match row {
        Row::StatusEntry(entry) if facts.status_entry.get(entry.id).is_none() => {
            let subject: (StatusSubject, _) = (entry.subject_kind, entry.subject_id);
            let reached = status::entries(facts, subject).last().map(|last| last.from_at);
            let from_at = from.max(reached.unwrap_or(from)).min(entry.from_at);
            Some(entity::status_entry::Model { from_at, ..entry.as_ref().clone() }.into())
        }
        Row::LegalBasis(law) => {
            let valid_until = law.valid_until.map(|end| from.max(law.valid_from).min(end));
            Some(entity::legal_basis::Model { valid_until, ..law.as_ref().clone() }.into())
        }
        Row::ProtectionStatement(statement) => {
            let valid_until = statement.valid_until.map(|until| until.min(from));
            Some(entity::protection_statement::Model { valid_until, ..statement.as_ref().clone() }.into())
        }
        Row::Organisation(body) => {
            let dissolved_on = body.dissolved_on.and_then(|day| Some(day.min(last_day()?)));
            Some(entity::organisation::Model { dissolved_on, ..body.as_ref().clone() }.into())
        }
        Row::Agreement(agreement) if facts.agreement.get(agreement.id)?.ends_on != agreement.ends_on => {
            let last = last_day()?.max(agreement.starts_on?);
            let ends_on = agreement.ends_on.map(|day| day.min(last));
            Some(entity::agreement::Model { ends_on, ..agreement.as_ref().clone() }.into())
        }
        _ => None,
    }
}
