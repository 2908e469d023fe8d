//! From raw input to checked values: every fault is collected with its place, nothing stops at the first.

use std::{str::FromStr, sync::Arc};

use entity::{
    organisation,
    vocabulary::{
        BusinessId, Day, Instant, ItemCode, Language, Malformed, contains_personal_identity_code, read_day,
        read_instant,
    },
};

use crate::{Fault, FaultCode, Violations, decision, decision::Reason, facts::Facts};

/// Longest name or title, in characters.
pub const NAME_CHARACTERS_MAX: usize = 200;

/// Longest free text, in characters.
pub const TEXT_CHARACTERS_MAX: usize = 4_000;

/// Longest address, code or reference, in characters.
pub const REFERENCE_CHARACTERS_MAX: usize = 200;

/// What is said of a text with a control character where none may be.
pub const CONTROL_CHARACTER: &str = "holds a control character";

/// What is said of a blank text where there must be one.
pub const BLANK: &str = "must not be blank";

/// Whether a text is one line: no control character stands in it, and so no line break.
pub fn is_line(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// Whether a text is made of lines: line breaks and tabs may stand in it, no other control character.
pub fn is_prose(text: &str) -> bool {
    !text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t'))
}

/// Name in the three languages, as given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamesInput {
    /// Finnish.
    pub fi: Option<String>,
    /// Swedish.
    pub sv: Option<String>,
    /// English.
    pub en: Option<String>,
}

/// Collects faults while an input is read.
#[derive(Debug, Default)]
pub struct Checks {
    faults: Violations,
}

impl Checks {
    /// Adds a fault.
    pub fn fault(&mut self, code: FaultCode, path: &str, message: impl Into<String>) {
        self.faults.push(Fault::new(code, path, message));
    }

    /// Value of a checked type; a malformed one is a fault.
    pub fn parsed<T: FromStr<Err = Malformed>>(&mut self, path: &str, text: &str) -> Option<T> {
        text.parse().map_err(|fault| self.faults.push(Fault::malformed(path, &fault))).ok()
    }

    /// The same for a value that may be absent.
    pub fn parsed_if<T: FromStr<Err = Malformed>>(&mut self, path: &str, text: Option<&String>) -> Option<T> {
        text.and_then(|text| self.parsed(path, text))
    }

    /// Day `YYYY-MM-DD`.
    pub fn day(&mut self, path: &str, text: &str) -> Option<Day> {
        let day = read_day(text);
        if day.is_none() {
            self.fault(FaultCode::Malformed, path, "form is not `YYYY-MM-DD`, or no day of 1800 to 9998");
        }
        day
    }

    /// The same for a day that may be absent.
    pub fn day_if(&mut self, path: &str, text: Option<&String>) -> Option<Day> {
        text.and_then(|text| self.day(path, text))
    }

    /// Instant in RFC 3339, in whole microseconds; a day means its midnight in Helsinki.
    pub fn instant(&mut self, path: &str, text: &str) -> Option<Instant> {
        let instant = read_instant(text);
        if instant.is_none() {
            let message = "form is not `YYYY-MM-DDThh:mm:ssZ`, or no instant of 1800 to 9998 in UTC";
            self.fault(FaultCode::Malformed, path, message);
        }
        instant
    }

    /// The same for an instant that may be absent.
    pub fn instant_if(&mut self, path: &str, text: Option<&String>) -> Option<Instant> {
        text.and_then(|text| self.instant(path, text))
    }

    /// Organisation of a business id.
    pub fn organisation<'a>(
        &mut self,
        facts: &'a Facts,
        path: &str,
        business_id: &str,
    ) -> Option<&'a Arc<organisation::Model>> {
        let business_id: BusinessId = self.parsed(path, business_id)?;
        self.found(path, facts.organisation_of(business_id.as_str()), "organisation")
    }

    /// Text of one line that must be there, within a length and without a personal identity code.
    pub fn text(&mut self, path: &str, text: &str, characters_max: usize) -> String {
        if text.trim().is_empty() {
            self.fault(FaultCode::Blank, path, BLANK);
        }
        if !is_line(text.trim()) {
            self.fault(FaultCode::Malformed, path, CONTROL_CHARACTER);
        }
        self.free_text(path, text, characters_max)
    }

    /// The same for a text that may be absent; a blank one counts as absent.
    pub fn text_if(&mut self, path: &str, text: Option<&String>, characters_max: usize) -> Option<String> {
        text.filter(|text| !text.trim().is_empty()).map(|text| self.text(path, text, characters_max))
    }

    /// Note or description of one or more lines that may be absent; a blank one counts as absent.
    pub fn prose_if(&mut self, path: &str, text: Option<&String>, characters_max: usize) -> Option<String> {
        let text = text.filter(|text| !text.trim().is_empty())?;
        if !is_prose(text.trim()) {
            self.fault(FaultCode::Malformed, path, CONTROL_CHARACTER);
        }
        Some(self.free_text(path, text, characters_max))
    }

    /// The same for a text that must be there; where it is blank, `why` says what is to be told.
    pub fn prose(&mut self, path: &str, text: &String, characters_max: usize, why: &str) -> Option<String> {
        let text = self.prose_if(path, Some(text), characters_max);
        if text.is_none() {
            self.fault(FaultCode::Blank, path, why);
        }
        text
    }

    fn free_text(&mut self, path: &str, text: &str, characters_max: usize) -> String {
        if text.chars().count() > characters_max {
            self.fault(FaultCode::TooLong, path, format!("longer than {characters_max} characters"));
        }
        if contains_personal_identity_code(text) {
            self.fault(FaultCode::Malformed, path, "must not hold a personal identity code (1050/2018 29 §)");
        }
        text.trim().to_owned()
    }

    /// Code of one segment, as registers, purposes and mandate themes have.
    pub fn segment(&mut self, path: &str, text: &str) {
        if text.contains(['.', '@']) || text.parse::<ItemCode>().is_err() {
            let message = "form is not a segment `[A-Z][A-Z0-9_]*` of at most 100 characters";
            self.fault(FaultCode::Malformed, path, message);
        }
    }

    /// Value that must be found; null is a fault.
    pub fn found<T>(&mut self, path: &str, value: Option<T>, what: &str) -> Option<T> {
        if value.is_none() {
            self.fault(FaultCode::NotFound, path, format!("no such {what}"));
        }
        value
    }

    /// Conditions of law that fail: each a fault, with the provisions it rests on.
    pub fn reasons(&mut self, path: &str, reasons: impl IntoIterator<Item = Reason>) {
        self.faults.extend(reasons.into_iter().map(|reason| {
            let said = decision::reason_message(reason.code, Language::En);
            let message = reason.item.map_or_else(|| said.to_owned(), |item| format!("{said}: `{item}`"));
            Fault { citations: reason.bases, ..Fault::new(FaultCode::Reason(reason.code), path, message) }
        }));
    }

    /// Names of which the Finnish one is needed.
    pub fn names(&mut self, path: &str, names: &NamesInput) -> (String, Option<String>, Option<String>) {
        let fi = self.text(&format!("{path}.fi"), names.fi.as_deref().unwrap_or_default(), NAME_CHARACTERS_MAX);
        let sv = self.text_if(&format!("{path}.sv"), names.sv.as_ref(), NAME_CHARACTERS_MAX);
        let en = self.text_if(&format!("{path}.en"), names.en.as_ref(), NAME_CHARACTERS_MAX);
        (fi, sv, en)
    }

    /// Faults so far, for readers that add their own.
    pub fn faults(&mut self) -> &mut Violations {
        &mut self.faults
    }

    /// Whether nothing has been found so far.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    /// The value, unless there were faults.
    ///
    /// # Errors
    /// Every fault found.
    pub fn done<T>(self, value: impl FnOnce() -> Option<T>) -> Result<T, Violations> {
        if !self.faults.is_empty() {
            return Err(self.faults);
        }
        value().ok_or_else(|| vec![Fault::new(FaultCode::Malformed, "", "the input is incomplete")])
    }
}

#[cfg(test)]
mod tests {
    use entity::vocabulary::{AgreementId, Citation, instant_text};

    use super::*;

    fn faults(check: impl FnOnce(&mut Checks)) -> Vec<(FaultCode, String)> {
        let mut checks = Checks::default();
        check(&mut checks);
        checks.faults.into_iter().map(|fault| (fault.code, fault.path.join("."))).collect()
    }

    fn malformed(path: &str) -> (FaultCode, String) {
        (FaultCode::Malformed, path.to_owned())
    }

    #[test]
    fn nothing_stops_at_the_first_fault() {
        let long = "x".repeat(100_000);
        let found = faults(|checks| {
            for text in ["2023-02-29", "2024-2-29", "+024-02-29", "0000-01-01", "", "٢٠٢٤-٠٢-٢٩", &long] {
                assert_eq!(checks.day("startsOn", text), None, "{text}");
            }
            for text in ["2026-03-01 00:00", "0000-01-01", "9999-12-31T23:59:59Z", &long] {
                assert_eq!(checks.instant("at", text), None, "{text}");
            }
            assert_eq!(checks.parsed::<AgreementId>("id", &long), None);
            assert_eq!(checks.parsed::<Citation>("secrecyBasis", &format!("Laki {long} 906/2019 22 §")), None);
            assert_eq!(checks.organisation(&Facts::default(), "recipient", "0246246-1"), None);
            assert_eq!(checks.organisation(&Facts::default(), "recipient", "0246246-0"), None);
        });
        let paths: Vec<_> = found.iter().map(|(_, path)| path.as_str()).collect();
        let expected = [["startsOn"; 7].as_slice(), &["at"; 4], &["id", "secrecyBasis", "recipient", "recipient"]];
        assert_eq!(paths, expected.concat());
        assert_eq!(found.last(), Some(&(FaultCode::NotFound, "recipient".to_owned())));
    }

    #[test]
    fn instant_is_read_in_utc_cut_to_microseconds_and_a_day_is_its_helsinki_midnight() {
        for (given, canonical) in [
            ("2026-03-01T02:00:00.1234567+02:00", "2026-03-01T00:00:00.123456Z"),
            ("2026-03-01", "2026-02-28T22:00:00.000000Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"),
        ] {
            assert_eq!(Checks::default().instant("at", given).map(instant_text).as_deref(), Some(canonical));
        }
    }

    #[test]
    fn names_are_one_line_and_notes_may_have_several() {
        for text in ["a\u{0}b", "a\u{7f}b", "a\u{85}b", "a\u{1b}[1m"] {
            let note = text.to_owned();
            let found = faults(|checks| {
                let _ = checks.text("name", text, NAME_CHARACTERS_MAX);
                let _ = checks.prose_if("note", Some(&note), TEXT_CHARACTERS_MAX);
            });
            assert_eq!(found, [malformed("name"), malformed("note")], "{text:?}");
        }
        let lines = "one\r\n\ttwo\n".to_owned();
        let found = faults(|checks| {
            let _ = checks.text("name", &lines, NAME_CHARACTERS_MAX);
            assert_eq!(checks.prose_if("note", Some(&lines), TEXT_CHARACTERS_MAX).as_deref(), Some("one\r\n\ttwo"));
            assert_eq!(checks.text("number", " KEL-1\n", NAME_CHARACTERS_MAX), "KEL-1");
        });
        assert_eq!(found, [malformed("name")]);
    }
}
