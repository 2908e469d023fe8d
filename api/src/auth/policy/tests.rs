use std::collections::BTreeSet;

use entity::{
    agreement, agreement_party, contact, organisation,
    vocabulary::{
        AgreementId, AgreementPartyId, AgreementSide, AgreementStatus, Codes, ContactId, ContactRole, Instant,
        Language, OrganisationId, OrganisationKind, PartyRole, Publicity, RegisterId,
    },
};
use uuid::Uuid;

use super::{statistics::Sight as StatisticsSight, *};
use crate::{
    Error,
    auth::{Role, Viewer},
    facts::{Edit, Facts, bare},
};

/// The controller, dissolved; the agency took its place.
const BOARD: OrganisationId = OrganisationId(Uuid::from_u128(1));
const AGENCY: OrganisationId = OrganisationId(Uuid::from_u128(2));
const COUNTY: OrganisationId = OrganisationId(Uuid::from_u128(3));
const STRANGER: OrganisationId = OrganisationId(Uuid::from_u128(4));
const OMBUDSMAN: OrganisationId = OrganisationId(Uuid::from_u128(5));
/// Named by the first agreement, and not by the second.
const OPERATOR: OrganisationId = OrganisationId(Uuid::from_u128(6));
const REGISTER: RegisterId = RegisterId(Uuid::from_u128(7));
const FIRST: AgreementId = AgreementId(Uuid::from_u128(8));
const SECOND: AgreementId = AgreementId(Uuid::from_u128(9));

const BUSINESS_IDS: [(OrganisationId, &str); 6] = [
    (BOARD, "0245437-2"),
    (AGENCY, "9900001-8"),
    (COUNTY, "3221308-6"),
    (STRANGER, "2229500-6"),
    (OMBUDSMAN, "9900011-4"),
    (OPERATOR, "0246246-0"),
];

fn business_id(id: OrganisationId) -> &'static str {
    BUSINESS_IDS.iter().find(|(known, _)| *known == id).unwrap().1
}

fn organisation(id: OrganisationId) -> organisation::Model {
    let supervises = id == OMBUDSMAN;
    organisation::Model {
        business_id: business_id(id).parse().ok(),
        kind: if supervises { OrganisationKind::DataProtectionAuthority } else { OrganisationKind::StateAgency },
        dissolved_on: (id == BOARD).then(|| "2025-12-31".parse().unwrap()),
        successor_id: (id == BOARD).then_some(AGENCY),
        ..bare::organisation(id)
    }
}

fn agreement(id: AgreementId) -> agreement::Model {
    agreement::Model {
        number: id.0.to_string(),
        status: AgreementStatus::Active,
        signed_on: "2026-01-01".parse().ok(),
        publicity: Publicity::Secret,
        ..bare::agreement(id, BOARD, COUNTY, REGISTER)
    }
}

fn facts() -> Facts {
    let register = bare::register(REGISTER, BOARD);
    let party = agreement_party::Model {
        id: AgreementPartyId(Uuid::from_u128(10)),
        agreement_id: FIRST,
        organisation_id: OPERATOR,
        role: PartyRole::TechnicalOperator,
    };
    let organisations = BUSINESS_IDS.iter().map(|(id, _)| Edit::from(organisation(*id)));
    let edits: Vec<Edit> = organisations
        .chain([register.into(), agreement(FIRST).into(), agreement(SECOND).into(), party.into()])
        .collect();
    Facts::default().after(1, &edits)
}

fn restricted_contact(organisation_id: OrganisationId) -> contact::Model {
    contact::Model {
        id: ContactId(Uuid::from_u128(11)),
        organisation_id,
        agreement_id: None,
        role: ContactRole::TechnicalSupport,
        name_fi: "Tuki".to_owned(),
        name_sv: None,
        name_en: None,
        email: Some("tuki@example.fi".to_owned()),
        phone: None,
        languages: Codes([Language::Fi].into()),
        priority: 1,
        escalates_to_id: None,
        publicity: Publicity::PublicationRestricted,
        confirmed_on: None,
        retired_on: None,
    }
}

fn now() -> Instant {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn viewer(organisation: OrganisationId, role: Role) -> Viewer {
    Viewer {
        subject: Some("somebody".to_owned()),
        organisation: business_id(organisation).parse().ok(),
        roles: vec![role],
        processor: None,
    }
}

fn operator_for(organisation: OrganisationId) -> Viewer {
    Viewer { processor: business_id(OPERATOR).parse().ok(), ..viewer(organisation, Role::System) }
}

#[test]
fn successor_of_the_controller_keeps_its_register_and_runs_its_agreements() {
    let facts = facts();
    let may = |organisation, act| judge(&facts, &viewer(organisation, Role::Officer), act, now()).is_ok();
    for act in [Act::KeepRegister { register: REGISTER }, Act::RunAgreement { agreement: FIRST }] {
        assert!(may(AGENCY, act), "{act:?}");
        assert!(!may(COUNTY, act) && !may(STRANGER, act), "{act:?}");
    }
    assert!(may(AGENCY, Act::KeepContacts { organisation: BOARD }), "its mailboxes passed on too");
    assert!(!may(BOARD, Act::KeepContacts { organisation: AGENCY }), "and nothing goes back");
    assert!(judge(&facts, &operator_for(AGENCY), Act::KeepRegister { register: REGISTER }, now()).is_err());
}

#[test]
fn body_that_has_ceased_acts_no_more() {
    let facts = facts();
    let last_day = "2025-12-31T12:00:00Z".parse().unwrap();
    let act = Act::KeepContacts { organisation: BOARD };
    assert!(judge(&facts, &viewer(BOARD, Role::Officer), act, last_day).is_ok());
    assert!(judge(&facts, &viewer(BOARD, Role::Officer), act, now()).is_err());
}

#[test]
fn draft_shows_nothing_of_the_other_side() {
    let seen = |status, role| {
        let edits = [FIRST, SECOND].map(|id| Edit::from(agreement::Model { status, ..agreement(id) }));
        let facts = facts().after(2, &edits);
        sees_contact(&facts, &viewer(AGENCY, role), &restricted_contact(COUNTY))
    };
    assert!(seen(AgreementStatus::Negotiation, Role::Officer) && seen(AgreementStatus::Active, Role::System));
    assert!(!seen(AgreementStatus::Draft, Role::Officer) && !seen(AgreementStatus::Withdrawn, Role::Officer));
    let facts = facts();
    let own = |role| sees_contact(&facts, &viewer(COUNTY, role), &restricted_contact(COUNTY));
    assert!(own(Role::Officer) && own(Role::System) && own(Role::Auditor));
    assert!(!own(Role::Statistician) && !own(Role::SubjectService) && !own(Role::Administrator));
}

#[test]
fn each_side_stands_where_the_body_before_it_stood() {
    let facts = facts();
    let side = |organisation| side(&facts, &viewer(organisation, Role::System), &agreement(FIRST));
    assert_eq!((side(BOARD), side(AGENCY)), (Some(AgreementSide::Discloser), Some(AgreementSide::Discloser)));
    assert_eq!((side(COUNTY), side(STRANGER)), (Some(AgreementSide::Recipient), None));
    let acting = |role| acting_side(&facts, &viewer(AGENCY, role), &agreement(FIRST));
    assert_eq!((acting(Role::Officer), acting(Role::System)), (Some(AgreementSide::Discloser), None));
}

#[test]
fn recipient_controller_and_their_auditors_ask_what_may_be_received() {
    let facts = facts();
    let asked = |organisation, role| access(&facts, &viewer(organisation, role), COUNTY, REGISTER).ok();
    for (organisation, role) in [
        (COUNTY, Role::Officer),
        (COUNTY, Role::System),
        (AGENCY, Role::System),
        (AGENCY, Role::Auditor),
        (OMBUDSMAN, Role::Auditor),
    ] {
        assert_eq!(asked(organisation, role), Some(Access::All), "{organisation} {role:?}");
    }
    for (organisation, role) in [
        (STRANGER, Role::Officer),
        (STRANGER, Role::Auditor),
        (COUNTY, Role::Administrator),
        (OMBUDSMAN, Role::Officer),
        (OPERATOR, Role::System),
    ] {
        assert_eq!(asked(organisation, role), None, "{organisation} {role:?}");
    }
    assert!(access(&facts, &Viewer::anonymous(), COUNTY, REGISTER).is_err());
}

#[test]
fn processor_asks_under_the_agreements_that_name_it_and_no_others() {
    let facts = facts();
    for principal in [COUNTY, AGENCY] {
        let asked = access(&facts, &operator_for(principal), COUNTY, REGISTER).ok();
        assert_eq!(asked, Some(Access::Served(BTreeSet::from([FIRST]))), "{principal}");
    }
    assert!(access(&facts, &operator_for(STRANGER), STRANGER, REGISTER).is_err());
}

#[test]
fn processor_of_what_nobody_has_agreed_to_serves_who_names_it() {
    let offered = agreement::Model { status: AgreementStatus::Negotiation, signed_on: None, ..agreement(FIRST) };
    let facts = facts().after(2, &[Edit::from(offered)]);
    let asked = |principal| access(&facts, &operator_for(principal), COUNTY, REGISTER).ok();
    assert_eq!((asked(AGENCY), asked(COUNTY)), (Some(Access::Served(BTreeSet::from([FIRST]))), None));
}

#[test]
fn log_and_statistics_of_a_body_pass_to_its_successor() -> Result<(), Error> {
    let facts = facts();
    let seen = |organisation, role| rows(&facts, &viewer(organisation, role));
    assert_eq!(seen(AGENCY, Role::Officer)?, Rows::Of(vec![AGENCY, BOARD]));
    assert_eq!(seen(BOARD, Role::Officer)?, Rows::Of(vec![BOARD]));
    assert_eq!(seen(OMBUDSMAN, Role::Auditor)?, Rows::All);
    let (parties, agreements) = (vec![AGENCY, BOARD], vec![FIRST]);
    assert_eq!(rows(&facts, &operator_for(AGENCY))?, Rows::Served { parties, agreements, processor: OPERATOR });
    assert!(rows(&facts, &operator_for(STRANGER)).is_err());
    let subjects = |organisation| sees_subjects(&facts, &viewer(organisation, Role::Officer), BOARD);
    assert!(subjects(BOARD) && subjects(AGENCY) && !subjects(COUNTY) && !subjects(OMBUDSMAN));
    assert!(audits(&facts, &viewer(AGENCY, Role::Auditor), &[BOARD]));
    assert!(!audits(&facts, &viewer(BOARD, Role::Auditor), &[AGENCY]));
    Ok(())
}

#[test]
fn sight_of_statistics_follows_role_and_organisation() {
    let facts = facts();
    let seen = |organisation, role| StatisticsSight::of(&facts, &viewer(organisation, role));
    assert_eq!(seen(OMBUDSMAN, Role::Auditor), Some(StatisticsSight::Everything));
    assert_eq!(seen(OMBUDSMAN, Role::Officer), Some(StatisticsSight::Own(OMBUDSMAN)));
    assert_eq!(seen(COUNTY, Role::Auditor), Some(StatisticsSight::Own(COUNTY)));
    assert_eq!(seen(COUNTY, Role::Statistician), Some(StatisticsSight::Rounded));
    assert_eq!(seen(COUNTY, Role::Administrator), None);
    assert_eq!(StatisticsSight::of(&facts, &operator_for(COUNTY)), None);
    let unknown = Viewer { organisation: "0116297-6".parse().ok(), ..viewer(COUNTY, Role::Officer) };
    assert_eq!(StatisticsSight::of(&facts, &unknown), None);
}

#[test]
fn reason_of_an_act_on_an_agreement_is_for_those_who_see_its_history() {
    let facts = facts();
    let seen = |organisation, role| sees_reason(&facts, &viewer(organisation, role), Some(FIRST));
    assert!(seen(AGENCY, Role::Officer) && seen(COUNTY, Role::System) && seen(OMBUDSMAN, Role::Auditor));
    assert!(!seen(STRANGER, Role::Administrator) && !seen(AGENCY, Role::Administrator));
    assert!(sees_reason(&facts, &viewer(STRANGER, Role::Administrator), None));
    let named = |organisation, role| names_actor(&facts, &viewer(organisation, role), Some(business_id(BOARD)));
    assert!(named(AGENCY, Role::Officer) && named(STRANGER, Role::Administrator) && !named(COUNTY, Role::Officer));
}

#[test]
fn agreement_is_named_by_its_parties_unless_it_is_public() {
    let facts = facts();
    let knows =
        |organisation, publicity| knows_of(&facts, organisation, &agreement::Model { publicity, ..agreement(FIRST) });
    assert!(knows(AGENCY, Publicity::Secret) && knows(COUNTY, Publicity::Secret));
    assert!(!knows(STRANGER, Publicity::Secret) && knows(STRANGER, Publicity::Public));
}
