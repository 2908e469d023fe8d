//! How an input names the bases of an agreement that something in it rests on.

use std::collections::BTreeSet;

use entity::vocabulary::{AgreementBasisId, BasisRole, Citation, RowId};

use super::CITATIONS_MAX;
use crate::{
    FaultCode,
    checks::Checks,
    facts::{BasisPart, Dossier, Facts},
};

/// Bases named by texts, at least one: a citation names every basis by that provision in a fitting role, a global id one.
/// Without an agreement only the form of the texts is read.
pub fn named(
    checks: &mut Checks,
    (facts, dossier): (&Facts, Option<&Dossier>),
    path: &str,
    given: &[String],
    fits: impl Fn(BasisRole) -> bool,
) -> BTreeSet<AgreementBasisId> {
    if given.is_empty() {
        checks.fault(FaultCode::Blank, path, "name a basis of the agreement (R40)");
    }
    if given.len() > CITATIONS_MAX {
        checks.fault(FaultCode::TooLong, path, format!("more than {CITATIONS_MAX} bases"));
        return BTreeSet::new();
    }
    let mut found = BTreeSet::new();
    for (at, text) in given.iter().enumerate() {
        found.extend(one(checks, (facts, dossier), &format!("{path}.{at}"), text, &fits));
    }
    found
}

fn one(
    checks: &mut Checks,
    (facts, dossier): (&Facts, Option<&Dossier>),
    path: &str,
    text: &str,
    fits: impl Fn(BasisRole) -> bool,
) -> Vec<AgreementBasisId> {
    let by_id = text.starts_with(AgreementBasisId::TABLE).then(|| checks.parsed::<AgreementBasisId>(path, text));
    let by_citation = if by_id.is_none() { checks.parsed::<Citation>(path, text) } else { None };
    let Some(dossier) = dossier else { return Vec::new() };
    let canonical = match (by_id, by_citation) {
        (Some(Some(id)), _) => return standing(checks, dossier, path, |basis| basis.row.id == id, fits),
        (_, Some(citation)) => citation.to_string(),
        _ => return Vec::new(),
    };
    let is_cited =
        |basis: &BasisPart| facts.law(basis.row.legal_basis_id).is_some_and(|law| law.row.citation == canonical);
    standing(checks, dossier, path, is_cited, fits)
}

fn standing(
    checks: &mut Checks,
    dossier: &Dossier,
    path: &str,
    is_meant: impl Fn(&BasisPart) -> bool,
    fits: impl Fn(BasisRole) -> bool,
) -> Vec<AgreementBasisId> {
    let meant: Vec<_> = dossier.bases.iter().filter(|basis| is_meant(basis)).collect();
    if meant.is_empty() {
        checks.fault(FaultCode::NotFound, path, "no such basis of the agreement");
    }
    let fitting: Vec<_> = meant.iter().filter(|basis| fits(basis.row.role)).map(|basis| basis.row.id).collect();
    if fitting.is_empty() && !meant.is_empty() {
        checks.fault(FaultCode::Conflict, path, "stands in the agreement, but in no role that carries this");
    }
    fitting
}
