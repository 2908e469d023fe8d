use entity::{
    agreement, scope, status_entry,
    vocabulary::{
        Admission, AgreementId, AgreementStatus, Channel, ClosedEnum, OrganisationId, RegisterId, ScopeStatus,
        StatusSubject,
    },
};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::facts::{Edit, bare};

const AGREEMENT: AgreementId = AgreementId(Uuid::from_u128(1));
const SCOPE: ScopeId = ScopeId(Uuid::from_u128(2));
const FRESH: AccessGrantId = AccessGrantId(Uuid::from_u128(9));

fn now() -> Instant {
    "2026-06-01T09:00:00Z".parse().unwrap()
}

fn facts(status: AgreementStatus, scope_status: ScopeStatus, admission: Admission) -> Facts {
    let party = |id| OrganisationId(Uuid::from_u128(id));
    let register = RegisterId(Uuid::from_u128(5));
    let agreement = bare::agreement(AGREEMENT, party(3), party(4), register);
    let scope = scope::Model {
        channel: Channel::ViewingConnection,
        status: scope_status,
        admission,
        defined_on: "2026-01-01".parse().unwrap(),
        ..bare::scope(SCOPE, AGREEMENT)
    };
    let edits: [Edit; 5] = [
        bare::organisation(party(3)).into(),
        bare::organisation(party(4)).into(),
        bare::register(register, party(3)).into(),
        agreement::Model { status, ..agreement }.into(),
        scope.into(),
    ];
    Facts::default().after(1, &edits)
}

fn open() -> Facts {
    facts(AgreementStatus::Active, ScopeStatus::Open, Admission::Grant)
}

fn user(name: &str) -> User {
    User { pseudonyms: vec![format!("{name} under 1"), format!("{name} under 2")], key_version: 2 }
}

fn persons() -> Persons {
    Persons { user: user("u"), supervisor: user("s"), acts: false }
}

fn input() -> GrantInput {
    GrantInput {
        scope: global_id(SCOPE),
        end_user: "u".to_owned(),
        task: "Ratkaisut".to_owned(),
        decided_by: "s".to_owned(),
        valid_from: None,
        valid_until: None,
    }
}

fn granted(facts: &Facts, input: &GrantInput, at: Instant) -> Result<Vec<Edit>, Vec<FaultCode>> {
    let done = grant(facts, FRESH, Some(SCOPE), Some(&persons()), input, at);
    done.map(|changes| changes.edits).map_err(|faults| faults.into_iter().map(|fault| fault.code).collect())
}

#[test]
fn access_is_granted_under_a_signed_agreement_that_lasts_to_a_scope_that_admits_by_grants() {
    for (code, _, _) in AgreementStatus::ALL {
        let facts = facts(*code, ScopeStatus::Defined, Admission::Grant);
        let may = matches!(code, AgreementStatus::Signed | AgreementStatus::Active | AgreementStatus::Suspended);
        let expected = if may { Ok(1) } else { Err(vec![FaultCode::WrongStatus]) };
        assert_eq!(granted(&facts, &input(), now()).map(|edits| edits.len()), expected, "{code:?}");
    }
    let closed = facts(AgreementStatus::Active, ScopeStatus::Closed, Admission::Grant);
    assert_eq!(granted(&closed, &input(), now()), Err(vec![FaultCode::WrongStatus]));
    let by_mandate = facts(AgreementStatus::Active, ScopeStatus::Open, Admission::Mandate);
    assert_eq!(granted(&by_mandate, &input(), now()), Err(vec![FaultCode::Conflict]));
}

#[test]
fn user_granted_under_an_older_key_is_the_same_user() {
    let row = access_grant::Model {
        id: AccessGrantId(Uuid::from_u128(8)),
        scope_id: SCOPE,
        user_pseudonym: "u under 1".to_owned(),
        key_version: 1,
        task: "Ratkaisut".to_owned(),
        decided_by: "s under 1".to_owned(),
        granted_at: None,
        valid_from: "2026-01-01T00:00:00Z".parse().unwrap(),
        valid_until: None,
        revoked_at: None,
        revocation_reason: None,
    };
    let facts = open().after(2, &[row.into()]);
    assert_eq!(granted(&facts, &input(), now()), Ok(Vec::new()), "nothing new");
    let other = GrantInput { valid_until: Some("2027-01-01".to_owned()), ..input() };
    assert_eq!(granted(&facts, &other, now()), Err(vec![FaultCode::Conflict]));
}

#[test]
fn nobody_decides_or_asks_for_oneself() {
    let oneself = GrantInput { decided_by: " U ".to_owned(), ..input() };
    assert_eq!(granted(&open(), &oneself, now()), Err(vec![FaultCode::Conflict]));
    let asking = Persons { acts: true, ..persons() };
    assert!(grant(&open(), FRESH, Some(SCOPE), Some(&asking), &input(), now()).is_err());
}

#[test]
fn status_histories_say_when_grants_were_void() {
    let entry = |ordinal: i32, status: AgreementStatus, from_at: &str| status_entry::Model {
        id: entity::vocabulary::StatusEntryId(Uuid::from_u128(20 + u128::from(ordinal.unsigned_abs()))),
        subject_kind: StatusSubject::Agreement,
        subject_id: AGREEMENT.0,
        ordinal,
        status: status.code().into(),
        from_at: from_at.parse().unwrap(),
        actor: "a".into(),
        reason: None,
        document_id: None,
    };
    let mut facts = facts(AgreementStatus::Terminated, ScopeStatus::Open, Admission::Grant);
    let (active, ended) = ("2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z");
    let entries = [entry(1, AgreementStatus::Active, active), entry(2, AgreementStatus::Terminated, ended)];
    facts = facts.after(2, &entries.map(Edit::from));
    assert_eq!(granted(&facts, &input(), now()).map(|edits| edits.len()), Ok(1));
    assert_eq!(granted(&facts, &input(), ended.parse().unwrap()), Err(vec![FaultCode::WrongStatus]));
}

proptest! {
    #[test]
    fn revoked_access_never_holds_again(
        revoked_after in 0..100_i64, asked_after in 0..200_i64, until_after in proptest::option::of(1..200_i64),
    ) {
        let after = |minutes| now() + chrono::TimeDelta::minutes(minutes);
        let until = until_after.map(|minutes| entity::vocabulary::instant_text(after(minutes)));
        let facts = open();
        let facts = facts.after(2, &granted(&facts, &GrantInput { valid_until: until, ..input() }, now()).unwrap());
        let reason = RevocationReason::JobChange;
        let revocation = RevocationInput { id: global_id(FRESH), reason };
        let ended = until_after.is_some_and(|minutes| minutes <= revoked_after);
        let revoked = revoke(&facts, Some(FRESH), &revocation, after(revoked_after));
        prop_assert_eq!(revoked.is_err(), ended, "what has ended is not revoked");
        let Ok(changes) = revoked else { return Ok(()) };
        let facts = facts.after(3, &changes.edits);
        let row = facts.access_grant.get(FRESH).unwrap();
        let holds = |minutes| {
            let dossier = facts.dossier(AGREEMENT).unwrap();
            decision::grant_holds(dossier, &dossier.scopes[0], row, after(minutes))
        };
        prop_assert_eq!(holds(asked_after), asked_after < revoked_after);
        let again = revoke(&facts, Some(FRESH), &revocation, after(asked_after + 100)).unwrap();
        prop_assert!(again.edits.is_empty());
        let otherwise = RevocationInput { reason: RevocationReason::Misuse, ..revocation };
        prop_assert!(revoke(&facts, Some(FRESH), &otherwise, after(asked_after + 100)).is_err());
    }
}
