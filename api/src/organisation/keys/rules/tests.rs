use entity::{organisation, vocabulary::OrganisationId};
use uuid::Uuid;

use super::*;
use crate::facts::bare;

const HOLDER: OrganisationId = OrganisationId(Uuid::from_u128(1));
const OTHER: OrganisationId = OrganisationId(Uuid::from_u128(2));
const KEY: OrganisationKeyId = OrganisationKeyId(Uuid::from_u128(3));
const JWK: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

fn now() -> Instant {
    instant("2026-06-01T09:00:00Z")
}

fn holder(id: OrganisationId, business_id: &str, dissolved_on: Option<&str>) -> Edit {
    organisation::Model {
        business_id: Some(business_id.parse().unwrap()),
        dissolved_on: dissolved_on.map(|day| day.parse().unwrap()),
        ..bare::organisation(id)
    }
    .into()
}

fn world() -> Facts {
    Facts::default().after(1, &[holder(HOLDER, "0246246-0", None), holder(OTHER, "0116297-6", Some("2025-12-31"))])
}

fn input() -> KeyInput {
    KeyInput { organisation: "0246246-0".to_owned(), jwk: JWK.to_owned(), valid_from: None, valid_until: None }
}

fn revocation(note: &str) -> RevocationInput {
    RevocationInput { id: global_id(KEY), note: note.to_owned() }
}

fn faults(outcome: Result<Changes, Violations>) -> Vec<(FaultCode, String)> {
    outcome.unwrap_err().into_iter().map(|fault| (fault.code, fault.path.join("."))).collect()
}

fn with(facts: &Facts, outcome: Result<Changes, Violations>) -> Facts {
    facts.after(facts.seq + 1, &outcome.unwrap().edits)
}

fn proposed(input: &KeyInput) -> Facts {
    let facts = world();
    let outcome = propose(&facts, KEY, input, ("a", now()));
    with(&facts, outcome)
}

#[test]
fn every_fault_of_a_key_is_named() {
    let wrong = KeyInput {
        organisation: "0246246-1".to_owned(),
        jwk: "{}".to_owned(),
        valid_from: Some("2026-05-31".to_owned()),
        valid_until: Some("2026-05-30".to_owned()),
    };
    let found = faults(propose(&world(), KEY, &wrong, ("a", now())));
    let expected = [
        (FaultCode::Malformed, "organisation"),
        (FaultCode::Malformed, "jwk"),
        (FaultCode::Malformed, "validFrom"),
        (FaultCode::PeriodReversed, "validUntil"),
    ];
    assert_eq!(found, expected.map(|(code, path)| (code, path.to_owned())));
    let one = |input: KeyInput| faults(propose(&world(), KEY, &input, ("a", now()))).remove(0);
    let at = |code, path: &str| (code, path.to_owned());
    assert_eq!(one(KeyInput { jwk: " ".to_owned(), ..input() }), at(FaultCode::Blank, "jwk"));
    assert_eq!(one(KeyInput { jwk: "x".repeat(5_000), ..input() }), at(FaultCode::TooLong, "jwk"));
    assert_eq!(
        one(KeyInput { organisation: "0116297-6".to_owned(), ..input() }),
        at(FaultCode::Conflict, "organisation")
    );
    let today = KeyInput { valid_from: Some("2026-06-01".to_owned()), ..input() };
    assert!(propose(&world(), KEY, &today, ("a", now())).is_ok(), "from today on is no backdating");
    let past = KeyInput { valid_until: Some("2026-06-01T08:00:00Z".to_owned()), ..today };
    assert_eq!(one(past), at(FaultCode::Malformed, "validUntil"));
}

#[test]
fn one_key_is_one_proposal() {
    let facts = proposed(&input());
    let again = propose(&facts, OrganisationKeyId(Uuid::from_u128(9)), &input(), ("b", now()));
    let again = again.unwrap();
    assert_eq!((again.edits.len(), again.subject), (0, global_id(KEY)));
    let other = KeyInput { valid_until: Some("2030-01-01".to_owned()), ..input() };
    assert_eq!(faults(propose(&facts, KEY, &other, ("a", now()))), [(FaultCode::Conflict, "jwk".to_owned())]);
}

#[test]
fn proposer_does_not_confirm() {
    let facts = proposed(&input());
    let id = global_id(KEY);
    assert_eq!(faults(confirm(&facts, &id, ("a", now()))), [(FaultCode::Conflict, "id".to_owned())]);
    let facts = with(&facts, confirm(&facts, &id, ("b", now())));
    let row = facts.organisation_key.get(KEY).unwrap();
    assert_eq!((row.status, row.confirmed_by.as_deref()), (ProposalStatus::Confirmed, Some("b")));
    assert_eq!(confirm(&facts, &id, ("b", now())).unwrap().edits, []);
    assert_eq!(faults(confirm(&facts, &id, ("c", now()))), [(FaultCode::WrongStatus, "id".to_owned())]);
}

#[test]
fn key_whose_validity_or_holder_has_ended_is_not_confirmed() {
    let until = KeyInput { valid_until: Some("2026-07-01".to_owned()), ..input() };
    let facts = proposed(&until);
    let later = instant("2026-07-02T09:00:00Z");
    assert_eq!(faults(confirm(&facts, &global_id(KEY), ("b", later))), [(FaultCode::WrongStatus, "id".to_owned())]);
    let gone = facts.after(3, &[holder(HOLDER, "0246246-0", Some("2026-05-31"))]);
    assert_eq!(faults(confirm(&gone, &global_id(KEY), ("b", now()))), [(FaultCode::WrongStatus, "id".to_owned())]);
}

#[test]
fn revoked_key_ends_now_and_does_not_return() {
    let facts = proposed(&input());
    assert_eq!(faults(revoke(&facts, &revocation("x"), now())), [(FaultCode::WrongStatus, "id".to_owned())]);
    let facts = with(&facts, confirm(&facts, &global_id(KEY), ("b", now())));
    assert_eq!(faults(revoke(&facts, &revocation(" "), now())), [(FaultCode::Blank, "note".to_owned())]);
    let later = instant("2026-06-02T09:00:00Z");
    let facts = with(&facts, revoke(&facts, &revocation("hukattu"), later));
    let row = facts.organisation_key.get(KEY).unwrap();
    assert_eq!((row.status, row.valid_until), (ProposalStatus::Revoked, Some(later)));
    assert_eq!(faults(revoke(&facts, &revocation("x"), later)), [(FaultCode::WrongStatus, "id".to_owned())]);
    assert_eq!(faults(propose(&facts, KEY, &input(), ("a", later))), [(FaultCode::Conflict, "jwk".to_owned())]);
}

#[test]
fn key_revoked_before_it_began_keeps_its_period() {
    let from = KeyInput { valid_from: Some("2026-07-01".to_owned()), ..input() };
    let facts = proposed(&from);
    let facts = with(&facts, confirm(&facts, &global_id(KEY), ("b", now())));
    let facts = with(&facts, revoke(&facts, &revocation("peruttu"), now()));
    let row = facts.organisation_key.get(KEY).unwrap();
    assert_eq!((row.status, row.valid_until), (ProposalStatus::Revoked, None));
}
