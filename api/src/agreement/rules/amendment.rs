//! How mistakes of a draft are mended, and of what was offered that which its parties do not agree on (R43).

use entity::{
    agreement,
    vocabulary::{AgreementId, Instant, Publicity},
};

use super::{amendable, check_end, check_order};
use crate::{
    FaultCode, Violations,
    checks::{Checks, REFERENCE_CHARACTERS_MAX},
    decision,
    facts::{Facts, global_id},
    journal::Changes,
    version,
};

/// What is to become of one member, in the text given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Amended {
    /// It stays as it is.
    Kept,
    /// There is none any more.
    Removed,
    /// It is this.
    Given(String),
}

impl Amended {
    /// Value of the member afterwards; one that cannot be read leaves what stands.
    fn over<T>(&self, standing: Option<T>, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        match self {
            Self::Kept => standing,
            Self::Removed => None,
            Self::Given(text) => read(text).or(standing),
        }
    }
}

/// Amendment as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct AmendmentInput {
    /// Global id of the agreement.
    pub id: String,
    /// Identifier in the discloser's case register.
    pub case_register_id: Amended,
    /// First day.
    pub starts_on: Amended,
    /// Last day, included.
    pub ends_on: Amended,
    /// Publicity; as it is when absent.
    pub publicity: Option<Publicity>,
}

/// Amends an agreement; the same again changes nothing. `known` is what the id names, as far as the asker may know it.
///
/// Its term is part of what is offered: from the offer on only what its parties do not agree on is amended, and another
/// term is agreed by a renewal.
pub fn amend(
    facts: &Facts,
    known: Option<AgreementId>,
    input: &AmendmentInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let row = amendable(&mut checks, facts, (&input.id, known), by.1).map(|dossier| &dossier.row);
    let case_register_id = input.case_register_id.over(row.and_then(|row| row.case_register_id.clone()), |text| {
        Some(checks.text("caseRegisterId", text, REFERENCE_CHARACTERS_MAX))
    });
    let standing = (row.and_then(|row| row.starts_on), row.and_then(|row| row.ends_on));
    let starts_on = input.starts_on.over(standing.0, |text| checks.day("startsOn", text));
    let ends_on = input.ends_on.over(standing.1, |text| checks.day("endsOn", text));
    let changed = [("startsOn", starts_on != standing.0), ("endsOn", ends_on != standing.1)];
    let mut changed = changed.into_iter().filter_map(|(member, differs)| differs.then_some(member));
    if row.is_some_and(|row| decision::is_offered(row.status)) {
        for member in changed {
            checks.fault(FaultCode::WrongStatus, member, "its term has been offered; a renewal agrees on another");
        }
    } else if let Some(last) = changed.next_back() {
        check_order(&mut checks, last, (starts_on, ends_on));
        if last == "endsOn" {
            check_end(&mut checks, ends_on, by.1);
        }
    }
    checks.done(|| {
        let row = row?.as_ref();
        let publicity = input.publicity.unwrap_or(row.publicity);
        let amended = agreement::Model { case_register_id, starts_on, ends_on, publicity, ..row.clone() };
        let edits = if amended == *row { Vec::new() } else { version::frozen(facts, row.id, vec![amended.into()]) };
        Some(Changes { action: "amendAgreement", subject: global_id(row.id), reason: None, edits })
    })
}

#[cfg(test)]
mod tests {
    use entity::vocabulary::{AgreementStatus, Day, OrganisationId, RegisterId, read_day};
    use uuid::Uuid;

    use super::*;
    use crate::facts::{Edit, Row, bare};

    const ID: AgreementId = AgreementId(Uuid::from_u128(1));

    const DISCLOSER: OrganisationId = OrganisationId(Uuid::from_u128(2));

    const RECIPIENT: OrganisationId = OrganisationId(Uuid::from_u128(3));

    const REGISTER: RegisterId = RegisterId(Uuid::from_u128(4));

    fn day(text: &str) -> Option<Day> {
        read_day(text)
    }

    fn facts(status: AgreementStatus) -> Facts {
        let row = agreement::Model {
            status,
            starts_on: day("2026-01-01"),
            ends_on: day("2026-12-31"),
            ..bare::agreement(ID, DISCLOSER, RECIPIENT, REGISTER)
        };
        let edits: Vec<Edit> = vec![
            bare::organisation(DISCLOSER).into(),
            bare::organisation(RECIPIENT).into(),
            bare::register(REGISTER, DISCLOSER).into(),
            row.into(),
        ];
        Facts::default().after(1, &edits)
    }

    fn given(text: &str) -> Amended {
        Amended::Given(text.to_owned())
    }

    fn nothing() -> AmendmentInput {
        AmendmentInput {
            id: global_id(ID),
            case_register_id: Amended::Kept,
            starts_on: Amended::Kept,
            ends_on: Amended::Kept,
            publicity: None,
        }
    }

    fn amended(status: AgreementStatus, input: &AmendmentInput) -> Result<Vec<Edit>, Vec<String>> {
        let by = ("officer", "2026-06-30T12:00:00Z".parse().unwrap());
        let told = |faults: Violations| {
            faults.into_iter().map(|fault| format!("{:?} {}", fault.code, fault.path.join("."))).collect()
        };
        amend(&facts(status), Some(ID), input, by).map(|changes| changes.edits).map_err(told)
    }

    fn row_of(edits: &[Edit]) -> &agreement::Model {
        let found = edits.iter().find_map(|edit| match edit {
            Edit::Put(Row::Agreement(row)) => Some(row.as_ref()),
            _ => None,
        });
        found.unwrap()
    }

    #[test]
    fn what_is_left_out_of_an_amendment_stays_and_what_is_null_goes() {
        for status in [AgreementStatus::Draft, AgreementStatus::BasisConfirmed] {
            assert_eq!(amended(status, &nothing()), Ok(Vec::new()));
            let input =
                AmendmentInput { case_register_id: given(" Kela 1/2026 "), ends_on: Amended::Removed, ..nothing() };
            let edits = amended(status, &input).unwrap();
            let row = row_of(&edits);
            assert_eq!(
                (row.case_register_id.as_deref(), row.starts_on, row.ends_on),
                (Some("Kela 1/2026"), day("2026-01-01"), None)
            );
            assert_eq!((row.status, edits.len()), (status, 1), "there is no version before an offer");
        }
    }

    #[test]
    fn term_does_not_end_before_it_starts_nor_before_it_is_amended() {
        let term =
            |starts_on, ends_on| amended(AgreementStatus::Draft, &AmendmentInput { starts_on, ends_on, ..nothing() });
        for (starts_on, ends_on, fault) in [
            (given("2027-01-01"), Amended::Kept, "PeriodReversed startsOn"),
            (given("2026-08-01"), given("2026-07-31"), "PeriodReversed endsOn"),
            (Amended::Kept, given("2026-06-29"), "PeriodReversed endsOn"),
            (Amended::Removed, given("2026-02-30"), "Malformed endsOn"),
        ] {
            assert_eq!(term(starts_on, ends_on), Err(vec![fault.to_owned()]));
        }
        for (starts_on, ends_on) in [
            (given("2026-12-31"), Amended::Kept),
            (given("2027-01-01"), Amended::Removed),
            (Amended::Kept, given("2026-06-30")),
        ] {
            assert!(term(starts_on, ends_on).is_ok());
        }
    }

    #[test]
    fn every_fault_of_an_amendment_is_named_at_once() {
        let input = AmendmentInput {
            id: "nope".to_owned(),
            case_register_id: given(" "),
            starts_on: given("soon"),
            ends_on: given("2026-02-30"),
            publicity: None,
        };
        let expected = ["Malformed id", "Blank caseRegisterId", "Malformed startsOn", "Malformed endsOn"];
        assert_eq!(amended(AgreementStatus::Draft, &input), Err(expected.map(str::to_owned).to_vec()));
    }

    #[test]
    fn from_the_offer_on_only_what_nobody_agrees_on_is_amended() {
        use AgreementStatus::{Active, Negotiation, Signed, Suspended};
        let files = AmendmentInput {
            case_register_id: given("Kela 1/2026"),
            starts_on: given("2026-01-01"),
            publicity: Some(Publicity::Secret),
            ..nothing()
        };
        let term = AmendmentInput { starts_on: Amended::Removed, ends_on: given("2027-12-31"), ..nothing() };
        for status in [Negotiation, Signed, Active, Suspended] {
            let edits = amended(status, &files).unwrap();
            assert_eq!(row_of(&edits).publicity, Publicity::Secret, "{status}: the term is the one that stands");
            let expected = ["WrongStatus startsOn", "WrongStatus endsOn"].map(str::to_owned).to_vec();
            assert_eq!(amended(status, &term), Err(expected), "{status}");
        }
    }

    #[test]
    fn what_is_no_draft_yet_or_has_ended_is_not_amended() {
        use AgreementStatus::{RegisteredIncomplete, Rejected, Superseded, Terminated, Withdrawn};
        let input = AmendmentInput { publicity: Some(Publicity::Secret), ..nothing() };
        for status in [RegisteredIncomplete, Rejected, Superseded, Terminated, Withdrawn] {
            assert_eq!(amended(status, &input), Err(vec!["WrongStatus id".to_owned()]), "{status}");
        }
    }
}
