use entity::vocabulary::{Channel, DisclosureGround, OnwardRecipientKind};

use super::*;
use crate::{
    FaultCode,
    disclosure::rules::{Checked, Corrects, check},
    mandate::rules::MANDATES_MAX,
};

fn checked(draft: &DisclosureDraft) -> Result<Checked, Vec<(FaultCode, String)>> {
    check(&facts(), instant("2026-03-02T08:00:00Z"), KELA, draft, "disclosures.3")
        .map_err(|faults| faults.into_iter().map(|fault| (fault.code, fault.path[2..].join("."))).collect())
}

fn fault(change: impl FnOnce(&mut DisclosureDraft)) -> (FaultCode, String) {
    let mut changed = draft("m");
    change(&mut changed);
    let faults = checked(&changed).unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults[0].clone()
}

fn at(code: FaultCode, field: &str) -> (FaultCode, String) {
    (code, field.to_owned())
}

#[test]
fn well_formed_report_is_taken_in() {
    let checked = checked(&draft("m")).unwrap();
    assert_eq!(checked.recipient, Some(PIRKANMAA));
    assert_eq!(checked.occurred_at, instant("2026-03-02T08:00:00Z"));
    assert_eq!(checked.items.len(), 2);
}

#[test]
fn every_fault_is_named_with_its_place() {
    let mut wrong = draft("");
    wrong.part = -1;
    wrong.register = "NOWHERE".to_owned();
    wrong.purpose = "NOTHING".to_owned();
    wrong.items = vec!["not a code".to_owned()];
    wrong.occurred_at = "yesterday".to_owned();
    wrong.subject = person("010594Y903X");
    wrong.mandates = vec!["M1".to_owned()];
    wrong.client_system = None;
    let faults = checked(&wrong).unwrap_err();
    let places: Vec<&str> = faults.iter().map(|(_, place)| place.as_str()).collect();
    assert_eq!(
        places,
        [
            "messageId",
            "part",
            "clientSystem",
            "register",
            "items.0",
            "purpose",
            "mandates.0",
            "occurredAt",
            "subject.personalIdentityCode"
        ]
    );
}

#[test]
fn fault_path_starts_at_the_report() {
    let faults = check(&facts(), instant("2026-03-02T08:00:00Z"), KELA, &draft(" "), "disclosures.3").unwrap_err();
    assert_eq!(faults[0].path, ["disclosures", "3", "messageId"]);
}

#[test]
fn personal_identity_code_is_refused_in_every_free_text() {
    let text = || Some(format!("asiakas {CODE}"));
    assert_eq!(fault(|draft| draft.message_id = CODE.to_owned()), at(FaultCode::Malformed, "messageId"));
    assert_eq!(fault(|draft| draft.case_reference = text()), at(FaultCode::Malformed, "caseReference"));
    assert_eq!(fault(|draft| draft.consent_reference = text()), at(FaultCode::Malformed, "consentReference"));
    assert_eq!(fault(|draft| draft.client_system = text()), at(FaultCode::Malformed, "clientSystem"));
    assert_eq!(fault(|draft| draft.end_user = text()), at(FaultCode::Malformed, "endUser"));
    assert_eq!(fault(|draft| draft.corrects = text()), at(FaultCode::Malformed, "corrects"));
    // The tables refuse the shape alone, so the report is refused before it stops a batch.
    assert_eq!(
        fault(|draft| draft.case_reference = Some("131052-308U".to_owned())),
        at(FaultCode::Malformed, "caseReference")
    );
}

#[test]
fn fault_never_shows_the_person() {
    let mut wrong = draft("m");
    wrong.subject = person("010594Y903X");
    let faults = check(&facts(), instant("2026-03-02T08:00:00Z"), KELA, &wrong, "disclosures.0").unwrap_err();
    assert!(!format!("{faults:?} {wrong:?}").contains("010594"));
}

#[test]
fn discloser_clock_may_be_five_minutes_ahead() {
    assert!(checked(&DisclosureDraft { occurred_at: "2026-03-02T08:05:00Z".to_owned(), ..draft("m") }).is_ok());
    let late = fault(|draft| draft.occurred_at = "2026-03-02T08:05:00.000001Z".to_owned());
    assert_eq!(late, at(FaultCode::Malformed, "occurredAt"));
}

#[test]
fn leap_second_becomes_an_instant_the_databases_keep() {
    let draft = DisclosureDraft { occurred_at: "2016-12-31T23:59:60Z".to_owned(), ..draft("m") };
    assert_eq!(checked(&draft).unwrap().occurred_at, instant("2017-01-01T00:00:00Z"));
}

#[test]
fn items_are_known_distinct_and_not_too_many() {
    assert_eq!(fault(|draft| draft.items = Vec::new()), at(FaultCode::Blank, "items"));
    assert_eq!(fault(|draft| draft.items = vec!["KEL.X".to_owned()]), at(FaultCode::NotFound, "items.0"));
    assert_eq!(fault(|draft| draft.items = vec!["KEL.DECISION".to_owned(); 2]), at(FaultCode::Malformed, "items.1"));
}

#[test]
fn viewing_needs_a_person_and_the_interface_a_system() {
    let viewing = fault(|draft| draft.channel = Channel::ViewingConnection);
    assert_eq!(viewing, at(FaultCode::Blank, "endUser"));
    assert_eq!(fault(|draft| draft.client_system = None), at(FaultCode::Blank, "clientSystem"));
    let mut denied = draft("m");
    denied.outcome = DisclosureOutcome::Denied;
    denied.client_system = None;
    assert!(checked(&denied).is_ok());
}

#[test]
fn consent_is_named() {
    assert_eq!(fault(|draft| draft.ground = DisclosureGround::Consent), at(FaultCode::Blank, "consentReference"));
}

#[test]
fn only_an_onward_disclosure_to_an_applicant_has_no_recipient() {
    assert_eq!(fault(|draft| draft.recipient = None), at(FaultCode::Blank, "recipient"));
    let mut onward = draft("m");
    onward.recipient = None;
    onward.onward_to = Some(OnwardRecipientKind::Applicant);
    assert!(checked(&onward).is_ok());
    onward.onward_to = Some(OnwardRecipientKind::EcecProvider);
    assert!(checked(&onward).is_err());
}

#[test]
fn recipient_is_known_and_another_than_the_discloser() {
    assert_eq!(fault(|draft| draft.recipient = Some("0211675-2".to_owned())), at(FaultCode::NotFound, "recipient"));
    assert_eq!(fault(|draft| draft.recipient = Some("0246246-0".to_owned())), at(FaultCode::Conflict, "recipient"));
    assert_eq!(fault(|draft| draft.recipient = Some("0246246-1".to_owned())), at(FaultCode::Malformed, "recipient"));
}

#[test]
fn withholding_rests_on_a_provision_and_ends_after_the_disclosure() {
    let until = || Some("2026-06-01T00:00:00Z".to_owned());
    let basis = || Some("621/1999 11 § 2 mom".to_owned());
    assert_eq!(fault(|draft| draft.withheld_until = until()), at(FaultCode::Blank, "withholdingBasis"));
    assert_eq!(fault(|draft| draft.withholding_basis = basis()), at(FaultCode::Blank, "withheldUntil"));
    let reversed = fault(|draft| {
        draft.withheld_until = Some("2026-03-02T08:00:00Z".to_owned());
        draft.withholding_basis = basis();
    });
    assert_eq!(reversed, at(FaultCode::PeriodReversed, "withheldUntil"));
    let mut withheld = draft("m");
    withheld.withheld_until = until();
    withheld.withholding_basis = basis();
    assert_eq!(checked(&withheld).unwrap().withheld, Some((instant("2026-06-01T00:00:00Z"), BASIS)));
}

#[test]
fn withholding_rests_on_a_confirmed_wording_in_force_when_the_data_was_given() {
    let mut withheld = draft("m");
    withheld.withheld_until = Some("2026-06-01T00:00:00Z".to_owned());
    withheld.withholding_basis = Some("621/1999 11 § 2 mom".to_owned());
    let now = instant("2026-03-02T08:00:00Z");
    let with = |basis: legal_basis::Model| {
        let facts = facts().after(2, &[basis.into()]);
        check(&facts, now, KELA, &withheld, "").map(|checked| checked.withheld.is_some())
    };
    assert_eq!(with(basis()), Ok(true));
    for basis in [
        legal_basis::Model { status: ProposalStatus::Proposed, ..basis() },
        legal_basis::Model { valid_until: Some(instant("2026-03-02T08:00:00Z")), ..basis() },
        legal_basis::Model { valid_from: instant("2026-03-02T08:00:01Z"), ..basis() },
    ] {
        let faults = with(basis).unwrap_err();
        assert_eq!((faults.len(), faults[0].code), (1, FaultCode::NotFound));
        assert_eq!(faults[0].path, ["withholdingBasis"]);
    }
}

#[test]
fn mandates_are_not_too_many() {
    let names = |count: usize| vec!["M1".to_owned(); count];
    let faults = |count| checked(&DisclosureDraft { mandates: names(count), ..draft("m") }).unwrap_err();
    assert!(!faults(MANDATES_MAX).contains(&at(FaultCode::TooLong, "mandates")));
    let many = faults(MANDATES_MAX + 1);
    assert!(many.contains(&at(FaultCode::TooLong, "mandates")));
    assert_eq!(many.len(), MANDATES_MAX + 1, "no more are looked up than may be named");
}

#[test]
fn register_is_disclosed_from_by_its_controller_by_who_was_it_and_by_who_took_its_place() {
    let now = instant("2026-03-02T08:00:00Z");
    let report = |facts: &Facts, discloser| check(facts, now, discloser, &draft("m"), "").map(drop);
    let before = facts();
    assert!(report(&before, KELA).is_ok());
    assert_eq!(report(&before, LVV).unwrap_err()[0].path, ["register"]);
    let kela = before.organisation.get(KELA).unwrap().as_ref().clone();
    let dissolved_on = Some(now.date_naive());
    let gone = organisation::Model { dissolved_on, successor_id: Some(LVV), ..kela };
    let after = before.after(2, &[gone.into()]);
    assert!(report(&after, LVV).is_ok() && report(&after, KELA).is_ok());
    let moved = register::Model { controller_id: LVV, ..after.register.get(KELMU).unwrap().as_ref().clone() };
    let moved = after.after(3, &[moved.into()]);
    assert!(report(&moved, LVV).is_ok() && report(&moved, KELA).is_ok());
}

#[test]
fn agreement_between_others_is_not_to_be_known() {
    let mut pinned = draft("m");
    pinned.agreement = Some("KEL-1".to_owned());
    assert!(checked(&pinned).unwrap().agreement.is_some());
    // To Pirkanmaa, its recipient, it is known for onward disclosure only.
    let now = instant("2026-03-02T08:00:00Z");
    pinned.recipient = Some("0246246-0".to_owned());
    let faults = check(&facts(), now, PIRKANMAA, &pinned, "").unwrap_err();
    assert!(faults.iter().any(|fault| fault.path == ["agreement"]));
    pinned.onward_to = Some(OnwardRecipientKind::AppealBody);
    assert!(check(&facts(), now, PIRKANMAA, &pinned, "").is_ok());
}

#[test]
fn count_is_a_count() {
    for count in [0, -1, 1_000_000_001] {
        assert_eq!(
            fault(|draft| draft.subject = SubjectDraft::Count(count)),
            at(FaultCode::Malformed, "subject.count")
        );
    }
}

#[test]
fn corrected_row_is_named_by_id_or_by_message() {
    let corrects =
        |text: &str| checked(&DisclosureDraft { corrects: Some(text.to_owned()), ..draft("m") }).unwrap().corrects;
    let id = "01980000-0000-7000-8000-000000000001";
    let row = Corrects::Row(id.parse::<Uuid>().unwrap().into());
    assert_eq!(corrects(&format!("disclosure:{id}")), Some(row));
    assert_eq!(corrects("disclosure:earlier"), Some(Corrects::Message("disclosure:earlier".to_owned())));
}
