//! Renewal: what of an agreement can go on under a new number, and what stands in the way (I15: repealed law does not).

use entity::{
    agreement,
    vocabulary::{
        AgreementAction, AgreementId, AgreementSide, AgreementStatus, DecisionReasonCode, Instant, LegalBasisId,
        OrganisationId, ScopeStatus,
    },
};

use super::{AllowedAction, is_preparing};
use crate::{
    decision::{Horizon, Reason, conditions, standing},
    facts::{Dossier, Facts, ItemPart, ScopePart, successors},
};

/// Renewal, for the discloser of an agreement that runs or has run out, one at a time.
pub(super) fn actions(facts: &Facts, dossier: &Dossier, side: AgreementSide, at: Instant) -> Vec<AllowedAction> {
    if side == AgreementSide::Recipient
        || !is_renewable(dossier.row.status)
        || renewal_under_way(facts, dossier.row.id).is_some()
    {
        return Vec::new();
    }
    vec![AllowedAction { code: AgreementAction::Renew, blocked_by: renewable(facts, dossier, at) }]
}

/// Whether an agreement of a status is renewed: one that runs, or has run out by its term alone.
pub fn is_renewable(status: AgreementStatus) -> bool {
    match status {
        AgreementStatus::Active | AgreementStatus::Suspended => true,
        AgreementStatus::RegisteredIncomplete
        | AgreementStatus::Draft
        | AgreementStatus::BasisConfirmed
        | AgreementStatus::Negotiation
        | AgreementStatus::Signed
        | AgreementStatus::Terminated
        | AgreementStatus::Superseded
        | AgreementStatus::Rejected
        | AgreementStatus::Withdrawn => false,
    }
}

/// Agreement that is already on its way to replace another.
pub fn renewal_under_way(facts: &Facts, earlier: AgreementId) -> Option<&agreement::Model> {
    let mut later = facts.agreement.of(earlier).map(AsRef::as_ref).filter(|row| row.supersedes_id == Some(earlier));
    later.find(|row| is_preparing(row.status) || row.status == AgreementStatus::Signed)
}

/// What stands in the way of a renewal: a party without anybody in its place, or an item whose every right has been
/// repealed with nothing in its place.
pub fn renewable(facts: &Facts, dossier: &Dossier, at: Instant) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let heirs = [dossier.row.discloser_id, dossier.row.recipient_id].map(|party| heir(facts, party, at));
    if heirs.contains(&None) || heirs[0] == heirs[1] {
        reasons.push(conditions::reason(DecisionReasonCode::PartyNotActive));
    }
    let items = renewed_scopes(dossier).into_iter().flat_map(|scope| &scope.items);
    reasons.extend(items.filter_map(|item| orphaned(facts, dossier, item, at)));
    standing::tidy(reasons)
}

/// Why an item cannot go on: it rested on rights, and none of them is law any more or was succeeded.
fn orphaned(facts: &Facts, dossier: &Dossier, item: &ItemPart, at: Instant) -> Option<Reason> {
    let bases = item.bases.iter().filter_map(|position| dossier.bases.get(*position));
    let rights: Vec<LegalBasisId> =
        bases.filter(|basis| conditions::is_right(basis.row.role)).map(|basis| basis.row.legal_basis_id).collect();
    let goes_on = rights.iter().any(|law| law_now(facts, *law, at).is_some());
    (!rights.is_empty() && !goes_on).then(|| Reason {
        item: Some(item.row.item_code.clone()),
        bases: rights,
        ..conditions::reason(DecisionReasonCode::BasisRepealed)
    })
}

/// Body that exists and stands where a party stood; null when there is none.
pub fn heir(facts: &Facts, party: OrganisationId, at: Instant) -> Option<OrganisationId> {
    let mut bodies = std::iter::once(party).chain(successors(facts, party));
    bodies.find(|id| facts.party(*id).is_some_and(|row| conditions::exists(row, at)))
}

/// Provision in force that stands where one stood: itself, or the first of its successors; null when there is none.
pub fn law_now(facts: &Facts, law: LegalBasisId, at: Instant) -> Option<LegalBasisId> {
    let mut seen = Vec::new();
    let mut next = Some(law);
    while let Some(id) = next.filter(|id| !seen.contains(id)) {
        let law = facts.law(id)?;
        if conditions::law_in_force(law, &mut Horizon::new(at)) {
            return Some(id);
        }
        seen.push(id);
        next = law.row.superseded_by_id;
    }
    None
}

/// Scopes a renewal goes on with: the newest of each channel that is not closed; where all are, the newest of each channel.
pub fn renewed_scopes(dossier: &Dossier) -> Vec<&ScopePart> {
    let live: Vec<&ScopePart> = dossier.scopes.iter().filter(|scope| scope.row.status != ScopeStatus::Closed).collect();
    let of = if live.is_empty() { dossier.scopes.iter().collect() } else { live };
    let newest = |scope: &&ScopePart| {
        !of.iter().any(|other| other.row.channel == scope.row.channel && other.row.version > scope.row.version)
    };
    of.iter().copied().filter(newest).collect()
}

#[cfg(test)]
mod tests {
    use entity::legal_basis;
    use uuid::Uuid;

    use super::*;
    use crate::facts::{Edit, bare};

    fn instant(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn law(id: u128, until: Option<&str>, successor: Option<u128>) -> legal_basis::Model {
        legal_basis::Model {
            number: 1,
            year: 2020,
            section: id.to_string(),
            citation: format!("1/2020 {id} §"),
            valid_from: instant("2020-01-01T00:00:00Z"),
            valid_until: until.map(instant),
            superseded_by_id: successor.map(|id| LegalBasisId(Uuid::from_u128(id))),
            ..bare::legal_basis(LegalBasisId(Uuid::from_u128(id)))
        }
    }

    #[test]
    fn repealed_law_goes_on_as_the_first_of_its_successors_in_force() {
        let gone = Some("2024-01-01T00:00:00Z");
        let rows = [
            law(1, gone, Some(2)),
            law(2, gone, Some(3)),
            law(3, None, None),
            law(4, gone, None),
            law(5, gone, Some(5)),
        ];
        let facts = Facts::default().after(1, &rows.map(Edit::from));
        let now = |id: u128, at: &str| {
            law_now(&facts, LegalBasisId(Uuid::from_u128(id)), instant(at)).map(|id| id.0.as_u128())
        };
        for (id, expected) in [(1, Some(3)), (3, Some(3)), (4, None), (5, None), (9, None)] {
            assert_eq!(now(id, "2026-01-01T00:00:00Z"), expected, "{id}");
        }
        assert_eq!(now(1, "2023-12-31T23:59:59Z"), Some(1), "while it was in force it stood for itself");
    }

    #[test]
    fn heir_is_the_first_body_that_exists() {
        let id = |number: u128| OrganisationId(Uuid::from_u128(number));
        let body = |number: u128, dissolved: Option<&str>, successor: Option<u128>| entity::organisation::Model {
            dissolved_on: dissolved.map(|day| day.parse().unwrap()),
            successor_id: successor.map(id),
            ..bare::organisation(id(number))
        };
        let rows = [body(1, Some("2025-12-31"), Some(2)), body(2, None, None), body(3, Some("2025-12-31"), None)];
        let facts = Facts::default().after(1, &rows.map(Edit::from));
        let at = instant("2026-01-01T00:00:00Z");
        assert_eq!([1, 2, 3].map(|number| heir(&facts, id(number), at)), [Some(id(2)), Some(id(2)), None]);
        assert_eq!(heir(&facts, id(1), instant("2025-12-31T12:00:00Z")), Some(id(1)), "its last day is included");
    }
}
