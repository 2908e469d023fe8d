//! How a mandate theme is registered and taken on, one status after another (R42). From activation on its content stands,
//! for mandates rest on it.

use entity::{
    mandate_theme,
    vocabulary::{ClosedEnum, Instant, MandateThemeId, MandateThemeStatus, StatusSubject},
};

use crate::{
    FaultCode, Violations,
    checks::{Checks, NamesInput, REFERENCE_CHARACTERS_MAX, TEXT_CHARACTERS_MAX},
    facts::{Edit, Facts, global_id},
    journal::Changes,
    status,
};

/// Theme to be registered, in texts.
#[derive(Debug, Clone)]
pub struct ThemeInput {
    /// Code.
    pub code: String,
    /// Names.
    pub name: NamesInput,
    /// Theme URI.
    pub uri: Option<String>,
    /// Business ID of the body that keeps the mandate register.
    pub owner: Option<String>,
}

/// Step of a theme as asked for, in texts.
#[derive(Debug, Clone)]
pub struct AdvanceInput {
    /// Global id of the theme.
    pub id: String,
    /// Status it reaches.
    pub status: MandateThemeStatus,
    /// Names as they have been defined; as they stand when absent.
    pub name: Option<NamesInput>,
    /// Theme URI; as it stands when absent.
    pub uri: Option<String>,
    /// Why.
    pub note: Option<String>,
}

/// Registers a theme, as a need that has been identified. The same code with the same content changes nothing; with other
/// content it is a conflict.
pub fn register_theme(
    facts: &Facts,
    fresh: MandateThemeId,
    input: &ThemeInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    checks.segment("code", &input.code);
    let (name_fi, name_sv, name_en) = checks.names("name", &input.name);
    let uri = uri(&mut checks, input.uri.as_ref());
    let owner = input.owner.as_ref().map(|text| checks.organisation(facts, "owner", text).map(|row| row.id));
    let prior = facts.mandate_theme.by_key(&input.code);
    let row = mandate_theme::Model {
        id: prior.map_or(fresh, |row| row.id),
        code: input.code.clone(),
        uri: uri.or_else(|| prior.and_then(|row| row.uri.clone())),
        name_fi,
        name_sv,
        name_en,
        status: prior.map_or(MandateThemeStatus::Identified, |row| row.status),
        owner_id: owner.flatten(),
    };
    if prior.is_some_and(|prior| **prior != row) {
        checks.fault(FaultCode::Conflict, "code", "another theme stands under this code");
    }
    one_uri(&mut checks, facts, &row);
    checks.done(|| {
        Some(changes(
            "registerMandateTheme",
            row.id,
            None,
            prior.map_or_else(|| moved(facts, row, by, None), |_| Vec::new()),
        ))
    })
}

/// Takes a theme on to the status that follows, defining its names and URI on the way.
pub fn advance_theme(facts: &Facts, input: &AdvanceInput, by: (&str, Instant)) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let id: Option<MandateThemeId> = checks.parsed("id", &input.id);
    let prior = id.and_then(|id| checks.found("id", facts.mandate_theme.get(id), "mandate theme")).cloned();
    let names = input.name.as_ref().map(|name| checks.names("name", name));
    let uri = uri(&mut checks, input.uri.as_ref());
    let note = checks.prose_if("note", input.note.as_ref(), TEXT_CHARACTERS_MAX);
    let Some(prior) = prior else { return checks.done(|| None) };
    let mut row = prior.as_ref().clone();
    if let Some((name_fi, name_sv, name_en)) = names {
        (row.name_fi, row.name_sv, row.name_en) = (name_fi, name_sv, name_en);
    }
    row.uri = uri.or(row.uri);
    content_stands(&mut checks, &prior, &row);
    one_uri(&mut checks, facts, &row);
    let gives_uri = prior.uri.is_none() && row.uri.is_some();
    let stays = input.status == prior.status && (gives_uri || row == *prior);
    if !stays && !next(prior.status).contains(&input.status) {
        let message = format!("does not follow {}", prior.status.code());
        checks.fault(FaultCode::WrongStatus, "status", message);
    }
    row.status = input.status;
    checks.done(|| {
        let edits = match (stays, row == *prior) {
            (true, true) => Vec::new(),
            (true, false) => vec![row.into()],
            (false, _) => moved(facts, row, by, note.clone()),
        };
        Some(changes("advanceMandateTheme", prior.id, note, edits))
    })
}

/// Statuses that may follow one. The keeper of the mandate register may define a theme nobody requested of it; a hidden one
/// stays hidden, for new mandates rest on a new theme.
fn next(status: MandateThemeStatus) -> &'static [MandateThemeStatus] {
    match status {
        MandateThemeStatus::Identified => &[MandateThemeStatus::Requested, MandateThemeStatus::Defined],
        MandateThemeStatus::Requested => &[MandateThemeStatus::Defined],
        MandateThemeStatus::Defined => &[MandateThemeStatus::Active],
        MandateThemeStatus::Active => &[MandateThemeStatus::Hidden],
        MandateThemeStatus::Hidden => &[],
    }
}

/// From activation on the names stand, and so does the URI once there is one.
fn content_stands(checks: &mut Checks, prior: &mandate_theme::Model, row: &mandate_theme::Model) {
    if !matches!(prior.status, MandateThemeStatus::Active | MandateThemeStatus::Hidden) {
        return;
    }
    if (&row.name_fi, &row.name_sv, &row.name_en) != (&prior.name_fi, &prior.name_sv, &prior.name_en) {
        checks.fault(FaultCode::Conflict, "name", "an active theme keeps its names: mandates rest on them");
    }
    if prior.uri.is_some() && row.uri != prior.uri {
        checks.fault(FaultCode::Conflict, "uri", "an active theme keeps its URI: mandates rest on it");
    }
}

fn one_uri(checks: &mut Checks, facts: &Facts, row: &mandate_theme::Model) {
    let Some(uri) = &row.uri else { return };
    let mut others = facts.mandate_theme.all().filter(|other| other.id != row.id);
    if let Some(other) = others.find(|other| other.uri.as_ref() == Some(uri) || other.code == *uri) {
        checks.fault(FaultCode::Conflict, "uri", format!("theme `{}` has it", other.code));
    }
}

/// Absolute URI: a scheme, a colon and more, without spaces.
fn uri(checks: &mut Checks, text: Option<&String>) -> Option<String> {
    let uri = checks.text_if("uri", text, REFERENCE_CHARACTERS_MAX)?;
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_lowercase())
            && scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte))
    };
    let is_absolute = uri.split_once(':').is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty());
    if !is_absolute || !uri.bytes().all(|byte| byte.is_ascii_graphic()) {
        checks.fault(FaultCode::Malformed, "uri", "form is not `scheme:…`");
    }
    Some(uri)
}

fn moved(facts: &Facts, row: mandate_theme::Model, by: (&str, Instant), note: Option<String>) -> Vec<Edit> {
    let entry = status::entry(facts, (StatusSubject::MandateTheme, row.id.0), row.status, by, note);
    vec![row.into(), entry.into()]
}

fn changes(action: &'static str, id: MandateThemeId, reason: Option<String>, edits: Vec<Edit>) -> Changes {
    Changes { action, subject: global_id(id), reason, edits }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const THEME: MandateThemeId = MandateThemeId(Uuid::from_u128(1));

    fn by() -> (&'static str, Instant) {
        ("admin-1", "2026-06-01T09:00:00Z".parse().unwrap())
    }

    fn names(fi: &str) -> NamesInput {
        NamesInput { fi: Some(fi.to_owned()), ..NamesInput::default() }
    }

    fn input() -> ThemeInput {
        ThemeInput { code: "M7".to_owned(), name: names("Etuustietojen katselu"), uri: None, owner: None }
    }

    fn step(status: MandateThemeStatus) -> AdvanceInput {
        AdvanceInput { id: global_id(THEME), status, name: None, uri: None, note: None }
    }

    fn registered() -> Facts {
        let made = register_theme(&Facts::default(), THEME, &input(), by()).unwrap();
        Facts::default().after(1, &made.edits)
    }

    fn at(status: MandateThemeStatus) -> Facts {
        let way = [MandateThemeStatus::Defined, MandateThemeStatus::Active, MandateThemeStatus::Hidden];
        let mut facts = registered();
        for reached in way.into_iter().filter(|reached| *reached <= status) {
            facts = facts.after(facts.seq + 1, &advance_theme(&facts, &step(reached), by()).unwrap().edits);
        }
        facts
    }

    fn refused(outcome: Result<Changes, Violations>) -> Vec<(FaultCode, String)> {
        outcome.unwrap_err().into_iter().map(|fault| (fault.code, fault.path.join("."))).collect()
    }

    #[test]
    fn theme_goes_on_in_order_and_never_back() {
        let all = MandateThemeStatus::ALL.iter().map(|(status, ..)| *status);
        for (from, to) in all.clone().flat_map(|from| all.clone().map(move |to| (from, to))) {
            let facts = if from == MandateThemeStatus::Requested {
                let facts = registered();
                facts.after(2, &advance_theme(&facts, &step(from), by()).unwrap().edits)
            } else {
                at(from)
            };
            let outcome = advance_theme(&facts, &step(to), by());
            if next(from).contains(&to) {
                assert_eq!(outcome.unwrap().edits.len(), 2, "{from} {to}");
            } else if from == to {
                assert!(outcome.unwrap().edits.is_empty(), "{from}: again changes nothing");
            } else {
                assert_eq!(refused(outcome), [(FaultCode::WrongStatus, "status".to_owned())], "{from} {to}");
            }
        }
    }

    #[test]
    fn content_is_defined_until_the_theme_is_active_and_stands_from_then_on() {
        let defining = |status| AdvanceInput {
            name: Some(names("Toinen nimi")),
            uri: Some("urn:example:theme:7".to_owned()),
            ..step(status)
        };
        let facts = at(MandateThemeStatus::Defined);
        let facts = facts.after(9, &advance_theme(&facts, &defining(MandateThemeStatus::Active), by()).unwrap().edits);
        let row = facts.mandate_theme.get(THEME).unwrap();
        assert_eq!((row.name_fi.as_str(), row.uri.as_deref()), ("Toinen nimi", Some("urn:example:theme:7")));
        let other = AdvanceInput {
            name: Some(names("Kolmas nimi")),
            uri: Some("urn:example:theme:8".to_owned()),
            ..step(MandateThemeStatus::Hidden)
        };
        let expected = [(FaultCode::Conflict, "name".to_owned()), (FaultCode::Conflict, "uri".to_owned())];
        assert_eq!(refused(advance_theme(&facts, &other, by())), expected);
        assert!(advance_theme(&facts, &defining(MandateThemeStatus::Hidden), by()).is_ok(), "the same content");
    }

    #[test]
    fn uri_the_mandate_register_gives_later_is_taken_once() {
        let facts = at(MandateThemeStatus::Active);
        let given = |uri: &str| AdvanceInput { uri: Some(uri.to_owned()), ..step(MandateThemeStatus::Active) };
        let facts = facts.after(9, &advance_theme(&facts, &given("urn:example:7"), by()).unwrap().edits);
        assert_eq!(facts.theme_history(THEME).unwrap().entries().len(), 3, "no step of its own");
        assert!(advance_theme(&facts, &given("urn:example:7"), by()).unwrap().edits.is_empty());
        let other = refused(advance_theme(&facts, &given("urn:example:8"), by()));
        assert!(other.contains(&(FaultCode::Conflict, "uri".to_owned())), "{other:?}");
        let second = MandateThemeId(Uuid::from_u128(2));
        let same = ThemeInput { code: "M8".to_owned(), uri: Some("urn:example:7".to_owned()), ..input() };
        assert_eq!(refused(register_theme(&facts, second, &same, by())), [(FaultCode::Conflict, "uri".to_owned())]);
    }

    #[test]
    fn every_fault_of_an_input_is_named_and_the_same_again_changes_nothing() {
        let wrong = ThemeInput {
            code: "m 7".to_owned(),
            name: names(" "),
            uri: Some("no uri".to_owned()),
            owner: Some("0246246-0".to_owned()),
        };
        let paths: Vec<_> =
            refused(register_theme(&Facts::default(), THEME, &wrong, by())).into_iter().map(|(_, path)| path).collect();
        assert_eq!(paths, ["code", "name.fi", "uri", "owner"]);
        let facts = at(MandateThemeStatus::Active);
        assert!(register_theme(&facts, THEME, &input(), by()).unwrap().edits.is_empty());
        let other = ThemeInput { name: names("Toinen"), ..input() };
        assert_eq!(refused(register_theme(&facts, THEME, &other, by())), [(FaultCode::Conflict, "code".to_owned())]);
    }
}
