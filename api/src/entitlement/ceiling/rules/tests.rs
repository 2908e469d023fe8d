use entity::{
    data_item, purpose,
    vocabulary::{DataItemId, OrganisationId, PurposeId, RegisterId},
};
use uuid::Uuid;

use super::*;
use crate::facts::bare;

const KELA: OrganisationId = OrganisationId(Uuid::from_u128(1));
const REGISTER: RegisterId = RegisterId(Uuid::from_u128(2));
const LAW: LegalBasisId = LegalBasisId(Uuid::from_u128(3));
const CEILING: EntitlementId = EntitlementId(Uuid::from_u128(4));

fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

fn now() -> Instant {
    instant("2026-06-01T09:00:00Z")
}

fn law(status: ProposalStatus, until: Option<&str>) -> legal_basis::Model {
    legal_basis::Model {
        number: 703,
        year: 2023,
        section: "64".to_owned(),
        moment: Some(1),
        citation: "703/2023 64 § 1 mom".to_owned(),
        overrides_secrecy: true,
        valid_from: instant("2024-01-01T00:00:00Z"),
        valid_until: until.map(instant),
        status,
        proposed_by: "a".to_owned(),
        confirmed_by: (status == ProposalStatus::Confirmed).then(|| "b".to_owned()),
        ..bare::legal_basis(LAW)
    }
}

fn world() -> Facts {
    let item = data_item::Model {
        id: DataItemId(Uuid::from_u128(5)),
        register_id: REGISTER,
        code: "KEL.DECISION".parse().unwrap(),
        name_fi: "Päätös".to_owned(),
        name_sv: None,
        name_en: None,
        is_personal: true,
        is_secret: false,
        is_identity_code: false,
        special_category: false,
        secrecy_basis_id: None,
        is_public: false,
        valid_from: instant("2020-01-01T00:00:00Z"),
        valid_until: None,
    };
    let purpose = purpose::Model {
        id: PurposeId(Uuid::from_u128(6)),
        code: "SOCIAL_WELFARE".to_owned(),
        name_fi: "Sosiaalihuolto".to_owned(),
        name_sv: None,
        name_en: None,
        dpv_iri: None,
    };
    let holder =
        entity::organisation::Model { business_id: Some("0246246-0".parse().unwrap()), ..bare::organisation(KELA) };
    let edits: Vec<Edit> = vec![
        holder.into(),
        bare::register(REGISTER, KELA).into(),
        item.into(),
        purpose.into(),
        law(ProposalStatus::Confirmed, None).into(),
    ];
    Facts::default().after(1, &edits)
}

fn input() -> CeilingInput {
    CeilingInput {
        legal_basis: global_id(LAW),
        role: BasisRole::RightToReceive,
        register: "REG".to_owned(),
        recipient_kind: Some(OrganisationKind::WellbeingCounty),
        recipient: None,
        authority_status: Some(AuthorityStatus::Authority),
        item: "KEL.DECISION".to_owned(),
        purpose: "SOCIAL_WELFARE".to_owned(),
        channel: Channel::TechnicalInterface,
        operation: Operation::Read,
        guide_url: None,
        valid_from: None,
        valid_until: None,
    }
}

fn faults(outcome: Result<Changes, Violations>) -> Vec<(FaultCode, String)> {
    outcome.unwrap_err().into_iter().map(|fault| (fault.code, fault.path.join("."))).collect()
}

fn fault(code: FaultCode, path: &str) -> Vec<(FaultCode, String)> {
    vec![(code, path.to_owned())]
}

fn with(facts: &Facts, outcome: Result<Changes, Violations>) -> Facts {
    facts.after(facts.seq + 1, &outcome.unwrap().edits)
}

fn ending(on: Option<&str>) -> EndInput {
    EndInput { id: global_id(CEILING), on: on.map(str::to_owned), note: "supistettu".to_owned() }
}

#[test]
fn every_fault_of_an_entitlement_is_named() {
    let wrong = CeilingInput {
        legal_basis: "nope".to_owned(),
        register: "NOWHERE".to_owned(),
        recipient: Some("0246246-1".to_owned()),
        item: "kel".to_owned(),
        purpose: "NONE".to_owned(),
        guide_url: Some("http://kela.fi".to_owned()),
        valid_from: Some("soon".to_owned()),
        ..input()
    };
    let expected = [
        (FaultCode::Malformed, "legalBasis"),
        (FaultCode::NotFound, "register"),
        (FaultCode::Conflict, "recipient"),
        (FaultCode::Malformed, "recipient"),
        (FaultCode::Malformed, "item"),
        (FaultCode::NotFound, "purpose"),
        (FaultCode::Malformed, "guideUrl"),
        (FaultCode::Malformed, "validFrom"),
    ];
    let found = faults(propose(&world(), CEILING, &wrong, ("a", now())));
    assert_eq!(found, expected.map(|(code, path)| (code, path.to_owned())));
    let refused = |input: CeilingInput| faults(propose(&world(), CEILING, &input, ("a", now())));
    assert_eq!(refused(CeilingInput { item: "KEL.OTHER".to_owned(), ..input() }), fault(FaultCode::NotFound, "item"));
    let early = CeilingInput { valid_from: Some("2023-01-01".to_owned()), ..input() };
    assert_eq!(refused(early), fault(FaultCode::Conflict, "validFrom"));
    let reversed = CeilingInput { valid_until: Some("2024-01-01T00:00:00Z".to_owned()), ..input() };
    assert_eq!(refused(reversed), fault(FaultCode::PeriodReversed, "validUntil"));
    let named = CeilingInput { recipient: Some("0246246-0".to_owned()), recipient_kind: None, ..input() };
    assert!(propose(&world(), CEILING, &named, ("a", now())).is_ok());
    let private = CeilingInput { authority_status: Some(AuthorityStatus::Private), ..named };
    assert_eq!(refused(private), fault(FaultCode::Conflict, "authorityStatus"));
}

#[test]
fn nothing_is_given_by_what_is_no_law() {
    for law in [law(ProposalStatus::Proposed, None), law(ProposalStatus::Confirmed, Some("2026-06-01T09:00:00Z"))] {
        let facts = world().after(2, &[law.into()]);
        let found = faults(propose(&facts, CEILING, &input(), ("a", now())));
        assert_eq!(found, fault(FaultCode::Conflict, "legalBasis"));
    }
    let facts = with(&world(), propose(&world(), CEILING, &input(), ("a", now())));
    let repealed = facts.after(3, &[law(ProposalStatus::Confirmed, Some("2026-06-01T09:00:00Z")).into()]);
    assert_eq!(faults(confirm(&repealed, &global_id(CEILING), ("b", now()))), fault(FaultCode::WrongStatus, "id"));
}

#[test]
fn another_confirms_and_the_same_ceiling_is_proposed_once() {
    let facts = with(&world(), propose(&world(), CEILING, &input(), ("a", now())));
    assert_eq!(faults(confirm(&facts, &global_id(CEILING), ("a", now()))), fault(FaultCode::Conflict, "id"));
    let facts = with(&facts, confirm(&facts, &global_id(CEILING), ("b", now())));
    let row = facts.entitlement.get(CEILING).unwrap();
    assert_eq!((row.status, row.valid_from), (ProposalStatus::Confirmed, instant("2024-01-01T00:00:00Z")));
    let again = propose(&facts, EntitlementId(Uuid::from_u128(9)), &input(), ("c", now())).unwrap();
    assert_eq!((again.edits.len(), again.subject), (0, global_id(CEILING)));
    assert_eq!(standing(&facts, &input(), now()).map(|row| row.id), Some(CEILING));
    let other = CeilingInput { valid_until: Some("2030-01-01".to_owned()), ..input() };
    assert_eq!(faults(propose(&facts, CEILING, &other, ("c", now()))), fault(FaultCode::Conflict, "item"));
    let listed = CeilingInput { operation: Operation::List, ..input() };
    assert!(propose(&facts, EntitlementId(Uuid::from_u128(9)), &listed, ("c", now())).is_ok());
}

#[test]
fn entitlement_ends_now_or_later_and_is_then_proposed_anew() {
    let facts = with(&world(), propose(&world(), CEILING, &input(), ("a", now())));
    assert_eq!(faults(end(&facts, &ending(None), now())), fault(FaultCode::WrongStatus, "id"));
    let facts = with(&facts, confirm(&facts, &global_id(CEILING), ("b", now())));
    assert_eq!(faults(end(&facts, &ending(Some("2026-05-31")), now())), fault(FaultCode::Malformed, "on"));
    let facts = with(&facts, end(&facts, &ending(Some("2027-01-01")), now()));
    assert_eq!(end(&facts, &ending(Some("2027-01-01")), now()).unwrap().edits, []);
    assert_eq!(faults(end(&facts, &ending(Some("2028-01-01")), now())), fault(FaultCode::Conflict, "on"));
    let facts = with(&facts, end(&facts, &ending(None), now()));
    assert_eq!(faults(end(&facts, &ending(None), now())), fault(FaultCode::WrongStatus, "id"));
    let fresh = EntitlementId(Uuid::from_u128(9));
    let anew = CeilingInput { valid_from: Some("2026-07-01".to_owned()), ..input() };
    assert_eq!(propose(&facts, fresh, &anew, ("a", now())).unwrap().edits.len(), 1);
}
