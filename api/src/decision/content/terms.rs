//! A content as terms: each place that can differ by itself, what stands there, and how much it gives.

use std::{collections::BTreeMap, fmt::Display};

use chrono::Datelike;
use entity::vocabulary::{Admission, Day, Instant, Population, Regularity, Threshold};

use super::{BasisContent, Content, ItemContent, OnwardContent, ScopeContent};

/// Place of a content and what stands there.
pub(super) struct Term {
    /// What stands there, in words.
    pub(super) said: String,
    /// How much it gives.
    pub(super) width: Width,
}

/// How much a term gives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// Its presence gives; another text is another thing.
    Grants,
    /// Its presence takes away.
    Restricts,
    /// The larger the more.
    Ordered(i64),
}

/// Terms of a content by place.
pub(super) type Terms = BTreeMap<Vec<String>, Term>;

struct Writer<'a> {
    terms: &'a mut Terms,
    path: Vec<String>,
}

impl Writer<'_> {
    fn within(&mut self, part: impl Display) -> Writer<'_> {
        let path = self.path.iter().cloned().chain([part.to_string()]).collect();
        Writer { terms: self.terms, path }
    }

    fn put(&mut self, part: impl Display, said: impl Display, width: Width) {
        let here = self.within(part);
        here.terms.insert(here.path, Term { said: said.to_string(), width });
    }

    fn stands(&mut self, said: impl Display) {
        self.terms.insert(self.path.clone(), Term { said: said.to_string(), width: Width::Grants });
    }

    /// Limit that gives the more the larger it is, and most where there is none.
    fn limit(&mut self, part: &str, limit: Option<i64>, said: Option<String>) {
        let said = said.unwrap_or_else(|| "unlimited".to_owned());
        self.put(part, said, Width::Ordered(limit.unwrap_or(i64::MAX)));
    }

    fn bases(&mut self, bases: &[BasisContent]) {
        for basis in bases {
            let said = format!("{} @{} ({})", basis.citation, basis.valid_from, basis.role);
            self.within("bases").put(&said, &said, Width::Grants);
        }
    }
}

/// Terms of a content.
pub(super) fn terms(content: &Content) -> Terms {
    let mut terms = Terms::new();
    let mut root = Writer { terms: &mut terms, path: Vec::new() };
    for (part, said) in [
        ("agreement", content.agreement.clone()),
        ("kind", content.kind.to_string()),
        ("discloser", content.discloser.clone()),
        ("recipient", content.recipient.clone()),
        ("register", content.register.clone()),
        ("catalogueVersion", content.catalogue_version.to_string()),
    ] {
        root.put(part, said, Width::Grants);
    }
    root.limit("startsOn", content.starts_on.map(|day| -number_of(day)), content.starts_on.map(|day| day.to_string()));
    root.limit("endsOn", content.ends_on.map(number_of), content.ends_on.map(|day| day.to_string()));
    for party in &content.parties {
        root.within("parties").within(&party.organisation).put(party.role, party.role, Width::Grants);
    }
    root.bases(&content.bases);
    for scope in &content.scopes {
        scope_terms(root.within("scopes").within(scope.channel), scope);
    }
    for (at, rule) in content.onward_rules.iter().enumerate() {
        let is_there = |other: &&OnwardContent| {
            (other.recipient_kind, &other.purpose, &other.valid_from)
                == (rule.recipient_kind, &rule.purpose, &rule.valid_from)
        };
        // Several rules of one place are several terms, told apart by their order.
        let place = match content.onward_rules.iter().take(at).filter(is_there).count() {
            0 => rule.valid_from.clone(),
            before => format!("{} ({})", rule.valid_from, before + 1),
        };
        let mut rules = root.within("onwardRules");
        let mut kind = rules.within(rule.recipient_kind);
        let mut purpose = kind.within(&rule.purpose);
        onward_terms(purpose.within(place), rule);
    }
    terms
}

fn number_of(day: Day) -> i64 {
    i64::from(day.num_days_from_ce())
}

fn scope_terms(mut at: Writer<'_>, scope: &ScopeContent) {
    at.stands(scope.channel);
    let recurs = match scope.regularity {
        Regularity::AdHoc => 0,
        Regularity::RecurringFixed => 1,
    };
    at.put("regularity", scope.regularity, Width::Ordered(recurs));
    at.put("necessityCheck", scope.necessity_check, Width::Grants);
    let justification = scope.mode_justification.map(|reason| reason.to_string()).unwrap_or_default();
    let text = scope.mode_justification_text.as_deref().unwrap_or_default();
    at.put("modeJustification", format!("{justification} {text}").trim(), Width::Grants);
    let open = match scope.admission {
        Admission::Grant => 0,
        Admission::Mandate => 1,
        Admission::None => 2,
    };
    at.put("admission", scope.admission, Width::Ordered(open));
    at.limit("retentionDays", scope.retention_days.map(i64::from), scope.retention_days.map(|days| days.to_string()));
    at.put("definedOn", scope.defined_on, Width::Ordered(number_of(scope.defined_on)));
    for purpose in &scope.purposes {
        at.within("purposes").put(purpose, purpose, Width::Grants);
    }
    for item in &scope.items {
        let mut items = at.within("items");
        let mut code = items.within(&item.item);
        item_terms(code.within(item.operation), item);
    }
}

fn item_terms(mut at: Writer<'_>, item: &ItemContent) {
    at.stands(&item.item);
    at.limit("lookBackDays", item.look_back_days.map(i64::from), item.look_back_days.map(|days| days.to_string()));
    at.put("population", item.population, Width::Ordered(reach(item.population)));
    at.bases(&item.bases);
    for mandate in &item.mandates {
        at.within("mandates").put(mandate, mandate, Width::Restricts);
    }
}

/// How many people a population is of, the larger the more.
pub(super) fn reach(population: Population) -> i64 {
    match population {
        Population::PendingMatter => 0,
        Population::OwnClients => 1,
        Population::OwnMunicipality => 2,
        Population::All => 3,
    }
}

fn onward_terms(mut at: Writer<'_>, rule: &OnwardContent) {
    at.stands(rule.recipient_kind);
    let until = rule.valid_until.as_ref().and_then(|text| text.parse::<Instant>().ok());
    at.limit("validUntil", until.map(|until| until.timestamp_micros()), rule.valid_until.clone());
    let threshold = rule.threshold.map(|threshold| match threshold {
        Threshold::Necessary => 0,
        Threshold::Needed => 1,
    });
    at.limit("threshold", threshold, rule.threshold.map(|threshold| threshold.to_string()));
    for item in &rule.items {
        at.within("items").put(item, item, Width::Grants);
    }
    at.bases(&rule.bases);
}
