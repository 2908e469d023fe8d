//! Which wording of a provision is meant and how a provision is named; how one becomes law here, and ceases to be.

mod proposal;
mod repeal;

use std::sync::Arc;

use entity::{
    legal_basis,
    vocabulary::{Citation, Instant, Jurisdiction, Language, LegalBasisId, ProposalStatus},
};

use crate::{
    checks::Checks,
    decision::{self, Horizon},
    facts::{Edit, Facts, citation_key, global_id},
    journal::Changes,
};
pub use proposal::{BasisInput, cited, confirm, proposal, propose, standing, supersedes};
pub use repeal::{RepealInput, end, ending, repeal};

/// Wording of a provision that is confirmed and in force at an instant.
pub fn wording_at<'a>(facts: &'a Facts, citation: &Citation, at: Instant) -> Option<&'a Arc<legal_basis::Model>> {
    wordings(facts, citation)
        .find(|row| facts.law(row.id).is_some_and(|law| decision::law_in_force(law, &mut Horizon::new(at))))
}

/// Wording of a provision that is in force at an instant, or else its newest, so that a repealed provision is found too. A
/// proposal is found only where nothing else is.
pub fn wording<'a>(facts: &'a Facts, citation: &Citation, at: Instant) -> Option<&'a Arc<legal_basis::Model>> {
    let newest =
        || wordings(facts, citation).max_by_key(|row| (row.status != ProposalStatus::Proposed, row.valid_from));
    wording_at(facts, citation, at).or_else(newest)
}

/// Every wording of a provision, the earliest first, proposed and repealed ones included.
pub fn wordings<'a>(
    facts: &'a Facts,
    citation: &Citation,
) -> impl Iterator<Item = &'a Arc<legal_basis::Model>> + use<'a> {
    facts.legal_basis.by_key_prefix(citation_key(&citation.to_string()))
}

fn named<'a>(checks: &mut Checks, facts: &'a Facts, path: &str, id: &str) -> Option<&'a Arc<legal_basis::Model>> {
    let id: LegalBasisId = checks.parsed(path, id)?;
    checks.found(path, facts.legal_basis.get(id), "legal basis")
}

fn changes(action: &'static str, id: LegalBasisId, reason: Option<String>, edits: Vec<Edit>) -> Changes {
    Changes { action, subject: global_id(id), reason, edits }
}

/// Whether a wording has ceased at an instant.
pub fn is_repealed(row: &legal_basis::Model, at: Instant) -> bool {
    row.valid_until.is_some_and(|until| until <= at)
}

/// Provision as a reader of a language would write it: the act with its number, then the place in it. Where the act has
/// no title in that language, the whole is Finnish.
pub fn name(row: &legal_basis::Model, language: Language) -> String {
    let act = match row.jurisdiction {
        Jurisdiction::Eu => format!("(EU) {}/{}", row.year, row.number),
        Jurisdiction::Fi | Jurisdiction::Ax => format!("{}/{}", row.number, row.year),
    };
    let said = if row.jurisdiction == Jurisdiction::Eu { act.clone() } else { format!("({act})") };
    match (language, &row.title_sv, &row.title_en, place(row)) {
        (Language::Sv, Some(title), _, Some(place)) => format!("{title} {said} {}", place.display_sv()),
        (Language::En, _, Some(title), Some(place)) => format!("{title} {said}, {}", place.display_en()),
        _ => {
            let place = row.citation.strip_prefix(&act).unwrap_or(&row.citation);
            format!("{} {said} {}", row.title_fi, place.trim_start())
        }
    }
}

/// Place a row stands for, in the parts of a citation; null where its canonical text is none we can read.
fn place(row: &legal_basis::Model) -> Option<Citation> {
    row.citation.parse().ok().map(|citation| Citation { jurisdiction: row.jurisdiction, ..citation })
}

#[cfg(test)]
mod tests;
