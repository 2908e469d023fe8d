//! From a question as somebody asks it to one that can be answered: every fault named at once, whatever the door.

use entity::{
    agreement,
    vocabulary::{Channel, ClosedEnum, DisclosureOutcome, OrganisationKind},
};

use super::rules::{self, Dimension, Interval, StatisticsFilter, StatisticsQuestion};
use crate::{FaultCode, Violations, checks::Checks, facts::Facts, legal_basis};

/// Values one condition may name, as many as a page of GraphQL would hold twice over.
pub const VALUES_MAX: usize = 1_000;

/// Question as asked; texts are raw so that every fault can be named at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asking {
    /// First day.
    pub from: String,
    /// First day after.
    pub until: String,
    /// Length of the periods; a month when absent.
    pub interval: Option<Interval>,
    /// Dimensions.
    pub group_by: Vec<Dimension>,
    /// Business IDs of disclosers.
    pub disclosers: Vec<String>,
    /// Business IDs of recipients.
    pub recipients: Vec<String>,
    /// Kinds of recipient.
    pub recipient_kinds: Vec<OrganisationKind>,
    /// Codes of registers.
    pub registers: Vec<String>,
    /// Numbers of agreements.
    pub agreements: Vec<String>,
    /// Item codes.
    pub items: Vec<String>,
    /// Citations.
    pub legal_bases: Vec<String>,
    /// Codes of purposes.
    pub purposes: Vec<String>,
    /// Channels.
    pub channels: Vec<Channel>,
    /// Outcomes.
    pub outcomes: Vec<DisclosureOutcome>,
}

/// Where a door has the parts of a question: what stands before their names in the path of a fault.
#[derive(Debug, Clone, Copy)]
pub struct Paths {
    /// Before the days, the interval and the dimensions.
    pub question: &'static str,
    /// Before the conditions.
    pub filter: &'static str,
}

/// A door that has them all beside each other.
const FLAT: Paths = Paths { question: "", filter: "" };

impl Asking {
    /// The question, its references found; of agreements only those the asker `knows` of.
    ///
    /// # Errors
    /// Every fault.
    pub fn question(
        self,
        facts: &Facts,
        knows: impl Fn(&agreement::Model) -> bool,
        paths: Paths,
    ) -> Result<StatisticsQuestion, Violations> {
        self.checked(facts, knows, paths, Checks::default())
    }

    fn checked(
        self,
        facts: &Facts,
        knows: impl Fn(&agreement::Model) -> bool,
        paths: Paths,
        mut checks: Checks,
    ) -> Result<StatisticsQuestion, Violations> {
        let path = |field| format!("{}{field}", paths.question);
        let (from, until) = (checks.day(&path("from"), &self.from), checks.day(&path("until"), &self.until));
        checks.faults().extend(rules::violations(paths.question, from, until, &self.group_by));
        let organisation =
            |checks: &mut Checks, path: &str, id: &str| checks.organisation(facts, path, id).map(|row| row.id);
        let register = |checks: &mut Checks, path: &str, code: &str| {
            checks.found(path, facts.register.by_key(code), "register").map(|row| row.id)
        };
        let agreement = |checks: &mut Checks, path: &str, number: &str| {
            let row = facts.agreement.by_key(number).filter(|row| knows(row));
            checks.found(path, row, "agreement").map(|row| row.id)
        };
        let item = |checks: &mut Checks, path: &str, code: &str| {
            let code: entity::vocabulary::ItemCode = checks.parsed(path, code)?;
            checks.found(path, rules::is_item(facts, &code).then_some(code), "item in any register")
        };
        let basis = |checks: &mut Checks, path: &str, citation: &str| {
            let citation: entity::vocabulary::Citation = checks.parsed(path, citation)?;
            let wordings: Vec<_> = legal_basis::rules::wordings(facts, &citation).map(|row| row.id).collect();
            checks.found(path, (!wordings.is_empty()).then_some(wordings), "provision")
        };
        let purpose = |checks: &mut Checks, path: &str, code: &str| {
            checks.found(path, facts.purpose.by_key(code), "purpose").map(|row| row.id)
        };
        let filter = StatisticsFilter {
            disclosers: each(&mut checks, paths, "disclosers", &self.disclosers, organisation),
            recipients: each(&mut checks, paths, "recipients", &self.recipients, organisation),
            recipient_kinds: self.recipient_kinds,
            registers: each(&mut checks, paths, "registers", &self.registers, register),
            agreements: each(&mut checks, paths, "agreements", &self.agreements, agreement),
            items: each(&mut checks, paths, "items", &self.items, item),
            bases: each(&mut checks, paths, "legalBases", &self.legal_bases, basis).concat(),
            purposes: each(&mut checks, paths, "purposes", &self.purposes, purpose),
            channels: self.channels,
            outcomes: self.outcomes,
        };
        let (interval, group_by) = (self.interval.unwrap_or(Interval::Month), self.group_by);
        checks.done(|| Some(StatisticsQuestion { from: from?, until: until?, interval, group_by, filter }))
    }
}

/// What the values of one condition name; malformed and unknown ones are faults.
fn each<I>(
    checks: &mut Checks,
    paths: Paths,
    condition: &str,
    given: &[String],
    find: impl Fn(&mut Checks, &str, &str) -> Option<I>,
) -> Vec<I> {
    let place = |at: usize| format!("{}{condition}.{at}", paths.filter);
    given.iter().enumerate().filter_map(|(at, value)| find(checks, &place(at), value)).collect()
}

/// Question of names and values, as in the query of a URL: `from`, `until` and `interval` once each, `groupBy` and the
/// conditions of the GraphQL filter as often as they have values.
///
/// # Errors
/// Every fault, each at the name and the number of the value.
pub fn of_parameters(
    facts: &Facts,
    knows: impl Fn(&agreement::Model) -> bool,
    parameters: impl IntoIterator<Item = (String, String)>,
) -> Result<StatisticsQuestion, Violations> {
    let (mut asking, mut checks) = (Asking::default(), Checks::default());
    let mut intervals = Vec::new();
    let (mut from, mut until) = (Vec::new(), Vec::new());
    for (at, (name, value)) in parameters.into_iter().enumerate() {
        if at >= VALUES_MAX {
            checks.fault(FaultCode::TooLong, "", format!("more than {VALUES_MAX} values"));
            break;
        }
        match name.as_str() {
            "from" => from.push(value),
            "until" => until.push(value),
            "interval" => coded(&mut checks, "interval", &mut intervals, &value, |code| of(&Interval::ALL, code)),
            "groupBy" => {
                coded(&mut checks, "groupBy", &mut asking.group_by, &value, |code| of(&Dimension::ALL, code));
            }
            "disclosers" => asking.disclosers.push(value),
            "recipients" => asking.recipients.push(value),
            "recipientKinds" => {
                coded(&mut checks, "recipientKinds", &mut asking.recipient_kinds, &value, OrganisationKind::from_code);
            }
            "registers" => asking.registers.push(value),
            "agreements" => asking.agreements.push(value),
            "items" => asking.items.push(value),
            "legalBases" => asking.legal_bases.push(value),
            "purposes" => asking.purposes.push(value),
            "channels" => coded(&mut checks, "channels", &mut asking.channels, &value, Channel::from_code),
            "outcomes" => coded(&mut checks, "outcomes", &mut asking.outcomes, &value, DisclosureOutcome::from_code),
            // The name is the caller's text, and is not repeated.
            _ => checks.fault(FaultCode::Malformed, "", "a name is none of a question's"),
        }
    }
    asking.from = one(&mut checks, "from", from).unwrap_or_default();
    asking.until = one(&mut checks, "until", until).unwrap_or_default();
    asking.interval = one(&mut checks, "interval", intervals);
    asking.checked(facts, knows, FLAT, checks)
}

fn coded<T>(checks: &mut Checks, name: &str, into: &mut Vec<T>, code: &str, find: impl Fn(&str) -> Option<T>) {
    match find(code) {
        Some(value) => into.push(value),
        None => checks.fault(FaultCode::Malformed, &format!("{name}.{}", into.len()), "not one of its values"),
    }
}

fn of<T: Copy>(all: &[(T, &str)], code: &str) -> Option<T> {
    all.iter().find(|(_, known)| *known == code).map(|(value, _)| *value)
}

fn one<T>(checks: &mut Checks, name: &str, values: Vec<T>) -> Option<T> {
    if values.len() > 1 {
        checks.fault(FaultCode::Malformed, name, "given more than once");
    }
    values.into_iter().next()
}
