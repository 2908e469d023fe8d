use entity::vocabulary::{Evidence, LegalBasisId, ProposalStatus};
use uuid::Uuid;

use super::*;
use crate::{FaultCode, Violations, checks::NamesInput, facts::bare};

fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

fn provision(id: u128, from: &str, until: Option<&str>) -> legal_basis::Model {
    legal_basis::Model {
        number: 906,
        year: 2019,
        section: "22".to_owned(),
        moment: Some(1),
        citation: "906/2019 22 § 1 mom".to_owned(),
        title_fi: "Laki julkisen hallinnon tiedonhallinnasta".to_owned(),
        title_sv: Some("Lag om informationshantering inom den offentliga förvaltningen".to_owned()),
        title_en: Some("Act on Information Management in Public Administration".to_owned()),
        valid_from: instant(from),
        valid_until: until.map(instant),
        ..bare::legal_basis(LegalBasisId(Uuid::from_u128(id)))
    }
}

fn facts(rows: &[legal_basis::Model]) -> Facts {
    let edits: Vec<Edit> = rows.iter().cloned().map(Edit::from).collect();
    Facts::default().after(1, &edits)
}

fn citation() -> Citation {
    "906/2019 22 §:n 1 momentti".parse().unwrap()
}

#[test]
fn wording_is_the_one_in_force_at_the_instant() {
    let earlier = provision(1, "2020-01-01T00:00:00Z", Some("2024-01-01T00:00:00Z"));
    let later = provision(2, "2024-01-01T00:00:00Z", None);
    let facts = facts(&[earlier.clone(), later.clone()]);
    let at = |text| wording_at(&facts, &citation(), instant(text)).map(|row| row.id);
    assert_eq!(at("2023-12-31T23:59:59Z"), Some(earlier.id));
    assert_eq!(at("2024-01-01T00:00:00Z"), Some(later.id));
    assert_eq!(at("2019-01-01T00:00:00Z"), None);
}

#[test]
fn repealed_provision_is_found_in_its_newest_wording() {
    let rows = [
        provision(2, "2010-01-01T00:00:00Z", Some("2020-01-01T00:00:00Z")),
        provision(1, "2020-01-01T00:00:00Z", Some("2024-01-01T00:00:00Z")),
    ];
    let facts = facts(&rows);
    let now = instant("2026-01-01T00:00:00Z");
    assert_eq!(wording(&facts, &citation(), now).map(|row| row.id), Some(rows[1].id));
    assert_eq!(wording_at(&facts, &citation(), now), None);
    assert!(is_repealed(&rows[1], now) && !is_repealed(&rows[1], rows[1].valid_from));
}

#[test]
fn wordings_stand_in_the_order_of_their_days() {
    let days = ["1999-12-01", "2001-09-08", "2001-09-10", "2024-01-01", "0900-01-01", "1950-01-01"];
    let rows: Vec<_> = (1..).zip(days).map(|(id, day)| provision(id, &format!("{day}T00:00:00Z"), None)).collect();
    let facts = facts(&rows);
    let found: Vec<Instant> = wordings(&facts, &citation()).map(|row| row.valid_from).collect();
    assert_eq!(found.len(), days.len());
    assert!(found.is_sorted(), "{found:?}");
}

#[test]
fn proposal_is_no_wording_in_force() {
    let proposed =
        legal_basis::Model { status: ProposalStatus::Proposed, ..provision(1, "2020-01-01T00:00:00Z", None) };
    assert_eq!(wording_at(&facts(&[proposed]), &citation(), instant("2026-01-01T00:00:00Z")), None);
}

#[test]
fn provision_is_named_as_readers_of_each_language_write_it() {
    let row = provision(1, "2020-01-01T00:00:00Z", None);
    let fi = "Laki julkisen hallinnon tiedonhallinnasta (906/2019) 22 § 1 mom";
    assert_eq!(name(&row, Language::Fi), fi);
    assert_eq!(
        name(&row, Language::Sv),
        "Lag om informationshantering inom den offentliga förvaltningen (906/2019) 22 § 1 mom."
    );
    assert_eq!(
        name(&row, Language::En),
        "Act on Information Management in Public Administration (906/2019), Section 22(1)"
    );
    let untitled = legal_basis::Model { title_sv: None, ..row };
    assert_eq!(name(&untitled, Language::Sv), fi);
}

#[test]
fn provision_of_an_eu_act_is_named_by_its_year_first() {
    let row = legal_basis::Model {
        jurisdiction: Jurisdiction::Eu,
        number: 679,
        year: 2016,
        section: "6".to_owned(),
        citation: "(EU) 2016/679 6 art. 1 kohta".to_owned(),
        title_fi: "Yleinen tietosuoja-asetus".to_owned(),
        title_en: Some("General Data Protection Regulation".to_owned()),
        ..provision(1, "2018-05-25T00:00:00Z", None)
    };
    assert_eq!(name(&row, Language::Fi), "Yleinen tietosuoja-asetus (EU) 2016/679 6 art. 1 kohta");
    assert_eq!(name(&row, Language::En), "General Data Protection Regulation (EU) 2016/679, Article 6(1)");
}

fn now() -> Instant {
    instant("2026-06-01T09:00:00Z")
}

fn input() -> BasisInput {
    let names = |fi: &str| NamesInput { fi: Some(fi.to_owned()), ..NamesInput::default() };
    BasisInput {
        citation: "Laki julkisen hallinnon tiedonhallinnasta (906/2019) 24 §:n 1 momentti".to_owned(),
        is_aland: false,
        eli: Some("http://data.finlex.fi/eli/sd/2019/906/luku/5/pykala/24/momentti/1".to_owned()),
        title: names("Laki julkisen hallinnon tiedonhallinnasta"),
        summary: Some(names("Muulle kuin viranomaiselle voidaan avata rajapinta.")),
        threshold: None,
        allows_electronic: true,
        overrides_secrecy: false,
        informs_subject_beforehand: false,
        valid_from: "2020-01-01".to_owned(),
        valid_until: None,
        checked_on: "2026-05-31".to_owned(),
        evidence: Evidence::PrimaryText,
        supersedes: None,
    }
}

fn id(number: u128) -> LegalBasisId {
    LegalBasisId(Uuid::from_u128(number))
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

fn repealing(number: u128, on: Option<&str>, successor: Option<u128>) -> RepealInput {
    RepealInput {
        id: global_id(id(number)),
        on: on.map(str::to_owned),
        successor: successor.map(|number| global_id(id(number))),
        note: "kumottu lailla 1/2026".to_owned(),
    }
}

fn row(facts: &Facts, number: u128) -> &legal_basis::Model {
    facts.legal_basis.get(id(number)).unwrap()
}

#[test]
fn every_fault_of_a_proposal_is_named() {
    let wrong = BasisInput {
        citation: "0906/2019 22 §".to_owned(),
        eli: Some("finlex".to_owned()),
        title: NamesInput::default(),
        summary: Some(NamesInput { fi: None, sv: Some("131052-308T".to_owned()), en: None }),
        valid_from: "2020-13-01".to_owned(),
        checked_on: "2026-06-02".to_owned(),
        supersedes: Some("nope".to_owned()),
        ..input()
    };
    let expected = [
        (FaultCode::Malformed, "citation"),
        (FaultCode::Malformed, "eli"),
        (FaultCode::Blank, "title.fi"),
        (FaultCode::Malformed, "summary.sv"),
        (FaultCode::Blank, "summary.fi"),
        (FaultCode::Malformed, "validFrom"),
        (FaultCode::Malformed, "checkedOn"),
        (FaultCode::Malformed, "supersedes"),
    ];
    let found = faults(propose(&Facts::default(), id(1), &wrong, ("a", now())));
    assert_eq!(found, expected.map(|(code, path)| (code, path.to_owned())));
    let reversed = BasisInput { valid_until: Some("2019-12-31".to_owned()), ..input() };
    let found = faults(propose(&Facts::default(), id(1), &reversed, ("a", now())));
    assert_eq!(found, fault(FaultCode::PeriodReversed, "validUntil"));
    let union = BasisInput { citation: "(EU) 2016/679 6 art. 1 kohta".to_owned(), is_aland: true, ..input() };
    assert_eq!(faults(propose(&Facts::default(), id(1), &union, ("a", now()))), fault(FaultCode::Conflict, "isAland"));
}

#[test]
fn proposal_is_no_law_before_another_confirms_it() {
    let facts = with(&Facts::default(), propose(&Facts::default(), id(1), &input(), ("a", now())));
    let place: Citation = "906/2019 24 § 1 mom".parse().unwrap();
    assert!(wording_at(&facts, &place, now()).is_none());
    assert_eq!(wording(&facts, &place, now()).map(|row| row.id), Some(id(1)), "it can be looked up");
    let named = global_id(id(1));
    assert_eq!(faults(confirm(&facts, &named, ("a", now()))), fault(FaultCode::Conflict, "id"));
    let facts = with(&facts, confirm(&facts, &named, ("b", now())));
    assert_eq!(wording_at(&facts, &place, now()).map(|row| row.id), Some(id(1)));
    assert_eq!(confirm(&facts, &named, ("b", now())).unwrap().edits, []);
    let again = propose(&facts, id(9), &input(), ("c", now())).unwrap();
    assert_eq!((again.edits.len(), again.subject), (0, named), "the same content answers as the first time");
    let other = BasisInput { allows_electronic: false, ..input() };
    assert_eq!(faults(propose(&facts, id(9), &other, ("c", now()))), fault(FaultCode::Conflict, "citation"));
}

#[test]
fn new_wording_names_the_one_it_takes_the_place_of_and_ends_it() {
    let facts = facts(&[
        provision(1, "2020-01-01T00:00:00Z", None),
        provision(2, "2015-01-01T00:00:00Z", Some("2020-01-01T00:00:00Z")),
    ]);
    let next = |supersedes: Option<u128>, from: &str| BasisInput {
        citation: "906/2019 22 § 1 mom".to_owned(),
        valid_from: from.to_owned(),
        supersedes: supersedes.map(|number| global_id(id(number))),
        ..input()
    };
    let proposed = |input: &BasisInput| propose(&facts, id(3), input, ("a", now()));
    assert_eq!(faults(proposed(&next(None, "2027-01-01"))), fault(FaultCode::Blank, "supersedes"));
    assert_eq!(faults(proposed(&next(Some(2), "2027-01-01"))), fault(FaultCode::Conflict, "supersedes"));
    assert_eq!(faults(proposed(&next(Some(7), "2027-01-01"))), fault(FaultCode::NotFound, "supersedes"));
    let older = BasisInput { valid_until: None, ..next(None, "2010-01-01") };
    assert_eq!(faults(proposed(&older)), fault(FaultCode::Conflict, "validUntil"));
    let older = BasisInput { valid_until: Some("2015-01-01T00:00:00Z".to_owned()), ..older };
    assert!(proposed(&older).is_ok(), "an older wording that ended before the next one");

    let facts = with(&facts, proposed(&next(Some(1), "2027-01-01")));
    assert_eq!(row(&facts, 1).valid_until, None, "a proposal ends nothing");
    assert_eq!(supersedes(&facts, row(&facts, 3)).map(|row| row.id), Some(id(1)));
    let facts = with(&facts, confirm(&facts, &global_id(id(3)), ("b", now())));
    let (old, new) = (row(&facts, 1), row(&facts, 3));
    assert_eq!((old.valid_until, old.superseded_by_id), (Some(new.valid_from), Some(id(3))));
    assert_eq!(supersedes(&facts, new).map(|row| row.id), Some(id(1)));
}

#[test]
fn wording_confirmed_late_ends_the_earlier_one_now() {
    let facts = facts(&[provision(1, "2020-01-01T00:00:00Z", None)]);
    let late = BasisInput {
        citation: "906/2019 22 § 1 mom".to_owned(),
        valid_from: "2026-05-01".to_owned(),
        supersedes: Some(global_id(id(1))),
        ..input()
    };
    let facts = with(&facts, propose(&facts, id(3), &late, ("a", now())));
    let facts = with(&facts, confirm(&facts, &global_id(id(3)), ("b", now())));
    assert_eq!(row(&facts, 1).valid_until, Some(now()), "an act does not backdate");
}

#[test]
fn repeal_ends_a_provision_at_its_instant_and_names_what_follows() {
    let other =
        legal_basis::Model { citation: "906/2019 22 a §".to_owned(), ..provision(2, "2026-01-01T00:00:00Z", None) };
    let proposed = legal_basis::Model {
        citation: "906/2019 22 b §".to_owned(),
        status: ProposalStatus::Proposed,
        confirmed_by: None,
        ..provision(3, "2026-01-01T00:00:00Z", None)
    };
    let facts = facts(&[provision(1, "2020-01-01T00:00:00Z", None), other, proposed]);
    let refused = |input: RepealInput| faults(repeal(&facts, &input, now()));
    assert_eq!(refused(repealing(1, Some("2026-05-31"), None)), fault(FaultCode::Malformed, "on"));
    assert_eq!(refused(repealing(1, None, Some(3))), fault(FaultCode::Conflict, "successor"));
    assert_eq!(refused(repealing(1, None, Some(1))), fault(FaultCode::Conflict, "successor"));
    assert_eq!(refused(repealing(3, None, None)), fault(FaultCode::WrongStatus, "id"));
    assert_eq!(refused(repealing(9, None, None)), fault(FaultCode::NotFound, "id"));
    let silent = RepealInput { note: " ".to_owned(), ..repealing(1, None, None) };
    assert_eq!(refused(silent), fault(FaultCode::Blank, "note"));

    let later = repealing(1, Some("2027-01-01T00:00:00Z"), Some(2));
    let facts = with(&facts, repeal(&facts, &later, now()));
    let at = instant("2027-01-01T00:00:00Z");
    assert_eq!((row(&facts, 1).valid_until, row(&facts, 1).superseded_by_id), (Some(at), Some(id(2))));
    assert_eq!(repeal(&facts, &later, now()).unwrap().edits, [], "the same repeal answers as the first time");
    let off = repealing(1, Some("2028-01-01T00:00:00Z"), Some(2));
    assert_eq!(faults(repeal(&facts, &off, now())), fault(FaultCode::Conflict, "on"), "an end is not put off");
    let without = repealing(1, Some("2026-12-01T00:00:00Z"), None);
    assert_eq!(faults(repeal(&facts, &without, now())), fault(FaultCode::Conflict, "successor"));
    let facts = with(&facts, repeal(&facts, &repealing(1, None, Some(2)), now()));
    assert_eq!(row(&facts, 1).valid_until, Some(now()), "it is brought forward");
    for again in [repealing(1, None, Some(2)), repealing(1, None, None)] {
        assert_eq!(faults(repeal(&facts, &again, now())), fault(FaultCode::WrongStatus, "id"));
    }
    assert_eq!(
        faults(repeal(&facts, &repealing(2, None, Some(1)), now())).len(),
        2,
        "no circle, and nothing that has ended"
    );
}
