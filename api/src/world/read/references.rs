//! References by natural key: who, which law, which register, which item.

use entity::{
    legal_basis,
    vocabulary::{
        AgreementId, BusinessId, Citation, ContactId, Day, DocumentId, ItemCode, LegalBasisId, MandateThemeId,
        OrganisationId, Period, PurposeId, RegisterId, helsinki_midnight,
    },
};

use super::Reader;
use crate::{
    FaultCode,
    facts::{Facts, citation_key},
    world::{
        fault::{Parsed, unknown},
        parse,
    },
};

impl Reader<'_> {
    pub(super) fn organisation(&self, text: &str) -> Parsed<OrganisationId> {
        find_organisation(&self.facts, text).map_or_else(|| no_organisation(text), Ok)
    }

    pub(super) fn purpose(&self, text: &str) -> Parsed<PurposeId> {
        self.facts.purpose.by_key(text).map_or_else(|| unknown("purpose", text), |row| Ok(row.id))
    }

    pub(super) fn theme(&self, text: &str) -> Parsed<MandateThemeId> {
        self.facts.mandate_theme.by_key(text).map_or_else(|| unknown("mandate theme", text), |row| Ok(row.id))
    }

    pub(super) fn register(&self, text: &str) -> Parsed<RegisterId> {
        self.facts.register.by_key(text).map_or_else(|| unknown("register", text), |row| Ok(row.id))
    }

    pub(super) fn agreement(&self, text: &str) -> Parsed<AgreementId> {
        self.facts.agreement.by_key(text).map_or_else(|| unknown("agreement", text), |row| Ok(row.id))
    }

    pub(super) fn legal_basis(&self, text: &str) -> Parsed<LegalBasisId> {
        let reference = CitationReference::parse(text)?;
        find_basis(&self.facts, &reference).map_or_else(|| unknown("legal basis", text), |row| Ok(row.id))
    }

    /// Item the register knows, with a qualifier of its list.
    pub(super) fn item(&self, register: RegisterId, text: &str) -> Parsed<ItemCode> {
        let code: ItemCode = parse::identifier(text)?;
        let Some(catalogue) = self.facts.catalogue(register) else { return Ok(code) };
        if catalogue.item(&code).is_none() {
            return unknown(&format!("item of {}", catalogue.row.code), code.node());
        }
        if !catalogue.knows(&code) {
            return unknown(&format!("qualifier of {}", catalogue.row.code), code.qualifier().unwrap_or_default());
        }
        Ok(code)
    }

    /// Document by its SHA-256. Where several stand, the agreement's own before others, and of those the holder's.
    pub(super) fn document(
        &self,
        (agreement, holder): (Option<AgreementId>, Option<OrganisationId>),
        text: &str,
    ) -> Parsed<DocumentId> {
        let hash = parse::sha256(text)?;
        let found = self.facts.document.all().filter(|row| row.sha256 == hash);
        let nearest = found.min_by_key(|row| {
            (row.agreement_id != agreement, holder.is_some_and(|holder| row.owner_id != holder), row.ordinal, row.id)
        });
        nearest.map_or_else(|| unknown("document", text), |row| Ok(row.id))
    }

    /// Document a row names: the one the registry's own row names already where that has the same hash, else the one found,
    /// or what stands where the file says nothing.
    pub(super) fn document_of(&self, found: Option<DocumentId>, standing: Option<DocumentId>) -> Option<DocumentId> {
        let hash = |id| self.facts.document.get(id).map(|row| &row.sha256);
        match (found, standing) {
            (Some(found), Some(standing)) if hash(found) != hash(standing) => Some(found),
            (found, standing) => standing.or(found),
        }
    }

    pub(super) fn contact(&self, agreement: Option<AgreementId>, text: &str) -> Parsed<ContactId> {
        find_contact(&self.facts, agreement, text).map_or_else(|| unknown("contact", text), Ok)
    }
}

/// Refusal of an organisation: malformed if it was meant as a business ID, else unknown.
fn no_organisation(text: &str) -> Parsed<OrganisationId> {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        parse::identifier::<BusinessId>(text)?;
    }
    unknown("organisation", text)
}

/// Organisation by its business ID or, where it has none, by its Finnish name.
pub(in crate::world) fn find_organisation(facts: &Facts, text: &str) -> Option<OrganisationId> {
    let by_name = || facts.organisation.all().find(|row| row.business_id.is_none() && row.name_fi == text);
    facts.organisation_of(text).or_else(by_name).map(|row| row.id)
}

/// Contact by `ORG/EMAIL`, `ORG/ROLE` or `ORG/ROLE/EMAIL`; the agreement's own before the organisation's.
pub(in crate::world) fn find_contact(facts: &Facts, agreement: Option<AgreementId>, text: &str) -> Option<ContactId> {
    let (organisation, rest) = text.split_once('/')?;
    let organisation = find_organisation(facts, organisation)?;
    let named = |row: &&std::sync::Arc<entity::contact::Model>| {
        let email = row.email.as_deref().unwrap_or_default();
        let role = row.role.to_string();
        row.organisation_id == organisation && (rest == email || rest == role || rest == format!("{role}/{email}"))
    };
    let nearness = |row: &&std::sync::Arc<entity::contact::Model>| {
        (row.agreement_id != agreement, row.agreement_id.is_some(), row.retired_on.is_some(), row.id)
    };
    facts.contact.of(organisation).filter(named).min_by_key(nearness).map(|row| row.id)
}

/// Citation as world files write it: `906/2019 23 §`, with a day `@2024-01-01` for one of several wordings and a role
/// `(MODE)` for one of several uses in an agreement.
pub(in crate::world) struct CitationReference {
    pub citation: String,
    pub day: Option<Day>,
    pub role: Option<entity::vocabulary::BasisRole>,
}

impl CitationReference {
    pub(in crate::world) fn parse(text: &str) -> Parsed<Self> {
        let (text, role) = match text.strip_suffix(')').and_then(|text| text.rsplit_once(" (")) {
            Some((text, role)) if !role.starts_with("EU") => (text, Some(parse::choice(role)?)),
            _ => (text, None),
        };
        let (text, day) = match text.rsplit_once(" @") {
            Some((text, day)) => (text, Some(parse::day(day)?)),
            None => (text, None),
        };
        let citation: Citation = parse::identifier(text)?;
        Ok(Self { citation: citation.to_string(), day, role })
    }

    /// Whether a wording is meant.
    pub(in crate::world) fn names(&self, row: &legal_basis::Model) -> bool {
        let period = Period { from: row.valid_from, until: row.valid_until };
        row.citation == self.citation && self.day.is_none_or(|day| period.contains(helsinki_midnight(day)))
    }
}

/// Wording a citation means: the one without end, else the newest, or the one of its day.
pub(in crate::world) fn find_basis<'f>(
    facts: &'f Facts,
    reference: &CitationReference,
) -> Option<&'f std::sync::Arc<legal_basis::Model>> {
    let wordings = facts.legal_basis.by_key_prefix(citation_key(&reference.citation));
    wordings.filter(|row| reference.names(row)).max_by_key(|row| (row.valid_until.is_none(), row.valid_from))
}

/// Refusal of a provision an agreement does not rest on.
pub(in crate::world) fn not_a_basis<T>(text: &str) -> Parsed<T> {
    let text = super::super::fault::quoted(text);
    Err((FaultCode::NotFound, format!("{text} is not among the agreement's bases in a role that carries this")))
}
