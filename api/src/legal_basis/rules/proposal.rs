//! How a provision becomes law here: one administrator proposes its wording, another confirms it.

use std::sync::Arc;

use entity::{
    legal_basis,
    vocabulary::{
        Citation, Evidence, Instant, Jurisdiction, LegalBasisId, ProposalStatus, Threshold, helsinki_day, instant_text,
    },
};

use super::{changes, named, wordings};
use crate::{
    FaultCode, Violations,
    checks::{BLANK, Checks, NamesInput, REFERENCE_CHARACTERS_MAX, TEXT_CHARACTERS_MAX},
    confirmation::{self, Proposal},
    facts::{Edit, Facts},
    journal::Changes,
};

/// Provision as proposed, in the texts given.
#[derive(Debug, Clone)]
pub struct BasisInput {
    /// Citation.
    pub citation: String,
    /// Whether the act is of Åland, whose acts are cited like Finland's.
    pub is_aland: bool,
    /// European Legislation Identifier.
    pub eli: Option<String>,
    /// Titles of the act.
    pub title: NamesInput,
    /// What it says, in our own words.
    pub summary: Option<NamesInput>,
    /// How strongly data must be needed.
    pub threshold: Option<Threshold>,
    /// Whether the right covers electronic disclosure.
    pub allows_electronic: bool,
    /// Whether it applies notwithstanding secrecy.
    pub overrides_secrecy: bool,
    /// Whether the person must be told beforehand.
    pub informs_subject_beforehand: bool,
    /// Instant from which the wording is in force.
    pub valid_from: String,
    /// Instant at which it ceases.
    pub valid_until: Option<String>,
    /// Day on which the wording was checked.
    pub checked_on: String,
    /// How it was verified.
    pub evidence: Evidence,
    /// Global id of the wording of the same provision whose place it takes.
    pub supersedes: Option<String>,
}

/// Row an input proposed before: the same provision from the same instant on.
pub fn standing<'a>(facts: &'a Facts, input: &BasisInput) -> Option<&'a Arc<legal_basis::Model>> {
    let citation: Citation = input.citation.parse().ok()?;
    let from = entity::vocabulary::read_instant(&input.valid_from)?;
    wordings(facts, &citation).find(|row| row.valid_from == from)
}

/// Proposes a provision in one wording. The citation and the instant it is in force from are its natural key: with the same
/// content it changes nothing, with other content it is a conflict.
pub fn propose(
    facts: &Facts,
    fresh: LegalBasisId,
    input: &BasisInput,
    (actor, now): (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let row = row(&mut checks, fresh, input, (actor, now));
    let supersedes: Option<LegalBasisId> = checks.parsed_if("supersedes", input.supersedes.as_ref());
    if let Some(prior) = standing(facts, input) {
        if prior.status == ProposalStatus::Revoked || !row.as_ref().is_none_or(|row| is_same(prior, row)) {
            let message = "the provision stands with this `validFrom` and other content";
            checks.fault(FaultCode::Conflict, "citation", message);
        }
        return checks.done(|| Some(changes("proposeLegalBasis", prior.id, None, Vec::new())));
    }
    let earlier = row.as_ref().and_then(|row| superseded(facts, row));
    if let Some(row) = &row {
        clash(&mut checks, facts, row, "validUntil");
    }
    succession(&mut checks, facts, supersedes.filter(|_| row.is_some()), earlier);
    checks.done(|| Some(changes("proposeLegalBasis", fresh, None, vec![row?.into()])))
}

/// Whether a proposal says what stands. Who proposed it does not matter, nor that it has since been confirmed or repealed.
fn is_same(prior: &legal_basis::Model, row: &legal_basis::Model) -> bool {
    let end = |of: &legal_basis::Model| of.valid_until.filter(|_| prior.status == ProposalStatus::Proposed);
    let comparable = |of: &legal_basis::Model| legal_basis::Model {
        id: prior.id,
        valid_until: end(of),
        superseded_by_id: None,
        status: prior.status,
        proposed_by: String::new(),
        confirmed_by: None,
        ..of.clone()
    };
    comparable(prior) == comparable(row)
}

fn row(
    checks: &mut Checks,
    id: LegalBasisId,
    input: &BasisInput,
    (actor, now): (&str, Instant),
) -> Option<legal_basis::Model> {
    let citation: Option<Citation> = checks.parsed("citation", &input.citation);
    if citation.as_ref().is_some_and(|citation| input.is_aland && citation.jurisdiction == Jurisdiction::Eu) {
        checks.fault(FaultCode::Conflict, "isAland", "an act of the Union is none of Åland");
    }
    let eli = eli(checks, input.eli.as_ref());
    let (title_fi, title_sv, title_en) = checks.names("title", &input.title);
    let (summary_fi, summary_sv, summary_en) = summary(checks, input.summary.as_ref());
    let valid_from = checks.instant("validFrom", &input.valid_from);
    let valid_until = checks.instant_if("validUntil", input.valid_until.as_ref());
    if valid_from.zip(valid_until).is_some_and(|(from, until)| until <= from) {
        checks.fault(FaultCode::PeriodReversed, "validUntil", "is not after `validFrom`");
    }
    let checked_on = checks.day("checkedOn", &input.checked_on);
    if checked_on.is_some_and(|day| day > helsinki_day(now)) {
        checks.fault(FaultCode::Malformed, "checkedOn", "must not be later than today");
    }
    let row = legal_basis::Model {
        id,
        jurisdiction: if input.is_aland { Jurisdiction::Ax } else { Jurisdiction::Fi },
        number: 0,
        year: 0,
        chapter: None,
        section: String::new(),
        moment: None,
        item: None,
        subitem: None,
        citation: String::new(),
        eli,
        title_fi,
        title_sv,
        title_en,
        summary_fi,
        summary_sv,
        summary_en,
        threshold: input.threshold,
        allows_electronic: input.allows_electronic,
        overrides_secrecy: input.overrides_secrecy,
        informs_subject_beforehand: input.informs_subject_beforehand,
        valid_from: valid_from?,
        valid_until,
        superseded_by_id: None,
        checked_on: checked_on?,
        evidence: input.evidence,
        status: ProposalStatus::Proposed,
        proposed_by: actor.to_owned(),
        confirmed_by: None,
    };
    Some(cited(row, &citation?))
}

/// Summary, of which the Finnish one is needed where there is any.
fn summary(checks: &mut Checks, given: Option<&NamesInput>) -> (Option<String>, Option<String>, Option<String>) {
    let Some(given) = given else { return (None, None, None) };
    let mut text = |path: &str, text: &Option<String>| checks.prose_if(path, text.as_ref(), TEXT_CHARACTERS_MAX);
    let (fi, sv, en) = (text("summary.fi", &given.fi), text("summary.sv", &given.sv), text("summary.en", &given.en));
    if fi.is_none() {
        checks.fault(FaultCode::Blank, "summary.fi", BLANK);
    }
    (fi, sv, en)
}

/// Row with the parts of its citation. Åland's acts are cited like Finland's, so their order is said beside.
pub fn cited(row: legal_basis::Model, citation: &Citation) -> legal_basis::Model {
    let aland = row.jurisdiction == Jurisdiction::Ax && citation.jurisdiction == Jurisdiction::Fi;
    let own = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
    legal_basis::Model {
        jurisdiction: if aland { Jurisdiction::Ax } else { citation.jurisdiction },
        number: i32::try_from(citation.number).unwrap_or(i32::MAX),
        year: i32::from(citation.year),
        chapter: own(&citation.chapter),
        section: citation.section.clone().into(),
        moment: citation.moment.map(i32::from),
        item: own(&citation.item),
        subitem: own(&citation.subitem),
        citation: citation.to_string(),
        ..row
    }
}

/// Address of the act or its part; an identifier, which older acts have under `http`. A blank one counts as absent.
fn eli(checks: &mut Checks, given: Option<&String>) -> Option<String> {
    let text = checks.text_if("eli", given, REFERENCE_CHARACTERS_MAX)?;
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let is_address = rest.is_some_and(|rest| rest.contains("/eli/") && !rest.contains(char::is_whitespace));
    if !is_address {
        checks.fault(FaultCode::Malformed, "eli", "form is not `http://host/eli/…`");
    }
    Some(text)
}

/// Confirmed wording of the same provision that is in force when another begins: whose place that one takes.
fn superseded<'a>(facts: &'a Facts, row: &'a legal_basis::Model) -> Option<&'a Arc<legal_basis::Model>> {
    others(facts, row).find(|other| {
        other.status == ProposalStatus::Confirmed
            && other.valid_from < row.valid_from
            && other.valid_until.is_none_or(|until| row.valid_from < until)
    })
}

/// Wording whose place a provision takes, or took when it was confirmed.
pub fn supersedes<'a>(facts: &'a Facts, row: &'a legal_basis::Model) -> Option<&'a Arc<legal_basis::Model>> {
    match row.status {
        ProposalStatus::Proposed => superseded(facts, row),
        ProposalStatus::Confirmed | ProposalStatus::Revoked => {
            others(facts, row).find(|other| other.superseded_by_id == Some(row.id))
        }
    }
}

fn others<'a>(
    facts: &'a Facts,
    row: &'a legal_basis::Model,
) -> impl Iterator<Item = &'a Arc<legal_basis::Model>> + use<'a> {
    let citation: Option<Citation> = row.citation.parse().ok();
    let wordings = citation.into_iter().flat_map(|citation| wordings(facts, &citation));
    wordings.filter(|other| other.id != row.id)
}

/// One wording of a provision is in force at a time: an earlier one ends before the next, whatever is known first.
fn clash(checks: &mut Checks, facts: &Facts, row: &legal_basis::Model, path: &str) {
    let next = others(facts, row).find(|other| {
        other.status == ProposalStatus::Confirmed
            && other.valid_from >= row.valid_from
            && row.valid_until.is_none_or(|until| other.valid_from < until)
    });
    if let Some(next) = next {
        let from = instant_text(next.valid_from);
        checks.fault(
            FaultCode::Conflict,
            path,
            format!("the next wording is in force from {from}: this one ends by then"),
        );
    }
}

/// Whoever proposes a wording says which one it takes the place of, and means no other provision.
fn succession(
    checks: &mut Checks,
    facts: &Facts,
    named: Option<LegalBasisId>,
    earlier: Option<&Arc<legal_basis::Model>>,
) {
    match (named, earlier) {
        (None, Some(earlier)) => {
            let from = instant_text(earlier.valid_from);
            let message = format!("name the wording in force from {from}, whose place this one takes");
            checks.fault(FaultCode::Blank, "supersedes", message);
        }
        (Some(id), earlier) if earlier.is_none_or(|earlier| earlier.id != id) => {
            let message =
                "is no wording of this provision in force when this one begins; another provision is repealed";
            let found = checks.found("supersedes", facts.legal_basis.get(id), "legal basis");
            found.inspect(|_| checks.fault(FaultCode::Conflict, "supersedes", message));
        }
        _ => {}
    }
}

/// Confirms a provision: from then on it is law, within its validity. The earlier wording of the same provision ends when
/// it begins, but not before now, for an act does not backdate.
pub fn confirm(facts: &Facts, id: &str, (actor, now): (&str, Instant)) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let Some(row) = named(&mut checks, facts, "id", id) else { return checks.done(|| None) };
    let fresh = confirmation::confirms(&mut checks, proposal(row), actor);
    if fresh {
        clash(&mut checks, facts, row, "id");
    }
    checks.done(|| {
        if !fresh {
            return Some(changes("confirmLegalBasis", row.id, None, Vec::new()));
        }
        let (status, confirmed_by) = (ProposalStatus::Confirmed, Some(actor.to_owned()));
        let confirmed = legal_basis::Model { status, confirmed_by, ..row.as_ref().clone() };
        let end = row.valid_from.max(now);
        let ended = superseded(facts, row).map(|earlier| legal_basis::Model {
            valid_until: Some(earlier.valid_until.map_or(end, |until| until.min(end))),
            superseded_by_id: Some(row.id),
            ..earlier.as_ref().clone()
        });
        let edits = std::iter::once(Edit::from(confirmed)).chain(ended.map(Edit::from)).collect();
        Some(changes("confirmLegalBasis", row.id, None, edits))
    })
}

/// Provision as a proposal.
pub fn proposal(row: &legal_basis::Model) -> Proposal<'_> {
    Proposal { status: row.status, proposed_by: &row.proposed_by, confirmed_by: row.confirmed_by.as_deref() }
}
