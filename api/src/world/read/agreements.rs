//! Agreements with their parties, bases, versions, signatures, documents, plans, incidents and reviews.

use entity::{
    adoption_plan, agreement, agreement_basis, agreement_notice, agreement_party, agreement_version, document,
    incident, legal_basis, signature, usage_review,
    vocabulary::{
        Adequacy, AgreementBasisId, AgreementId, AgreementKind, AgreementStatus, BasisRole, BusinessId, OrganisationId,
        Publicity, RegisterId, StatusSubject,
    },
};

use super::{Reader, history::Subject, references::CitationReference, unset};
use crate::{
    FaultCode,
    world::{fault::Parsed, fields::Fields, natural::Natural, parse, rules},
};

/// What the parts of one agreement refer to.
pub(super) struct Frame {
    pub id: AgreementId,
    pub register: RegisterId,
    /// Whether its scopes may still lack purposes, items and provisions.
    pub may_lack: bool,
    /// Whether it comes in as less than the file calls it, so that its scopes are no more than defined.
    pub is_demoted: bool,
    pub discloser: Option<BusinessId>,
    pub recipient: Option<BusinessId>,
    pub bases: Vec<FrameBasis>,
}

/// Provision of the agreement, to be cited by its scopes and onward rules.
pub(super) struct FrameBasis {
    pub id: AgreementBasisId,
    pub role: BasisRole,
    pub law: Option<std::sync::Arc<legal_basis::Model>>,
}

impl Frame {
    /// Bases a citation means, in one of the roles that carry the purpose, or in the role it names.
    pub(super) fn bases_of(&self, text: &str, roles: &[BasisRole]) -> Parsed<Vec<AgreementBasisId>> {
        let reference = CitationReference::parse(text)?;
        let carries = |role| reference.role.map_or_else(|| roles.contains(&role), |named| named == role);
        let found: Vec<_> = self
            .bases
            .iter()
            .filter(|basis| carries(basis.role) && basis.law.as_ref().is_some_and(|law| reference.names(law)))
            .map(|basis| basis.id)
            .collect();
        if found.is_empty() { super::references::not_a_basis(text) } else { Ok(found) }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn read_agreements(&mut self) {
        let rows: Vec<_> = self.section("agreements").into_iter().map(|fields| self.read_agreement(fields)).collect();
        self.settle();
        for (row, fields) in &rows {
            let supersedes_id = fields.optional("supersedes", |text| self.agreement(text));
            if supersedes_id == Some(row.id) {
                fields.fault("supersedes", FaultCode::Conflict, "is the agreement itself");
            }
            self.amend(fields, agreement::Model { supersedes_id, ..row.clone() });
            self.read_documents(fields.maps("documents"), Some(row.id));
        }
        let documents = self.section("documents");
        self.read_documents(documents, None);
        self.settle();
        for (row, fields) in rows {
            self.read_parts(&row, &fields);
            if fields.finish() {
                fields.note(rules::agreement(&row));
            }
            self.agreements.push((row.id, fields));
        }
        self.settle();
    }

    fn read_agreement(&mut self, fields: Fields<'a>) -> (agreement::Model, Fields<'a>) {
        let number = fields.text("number");
        let discloser_id = fields.refer("discloser", |text| self.organisation(text));
        let standing_hash = self.base.agreement.by_key(&number).and_then(|row| row.content_hash.clone());
        let row = agreement::Model {
            id: unset(),
            number,
            case_register_id: fields.maybe_text("case_register_id"),
            kind: fields.choice_or("kind", AgreementKind::Agreement),
            discloser_id,
            recipient_id: fields.refer("recipient", |text| self.organisation(text)),
            register_id: fields.refer("register", |text| self.register(text)),
            status: fields.choice("status"),
            signed_on: fields.optional("signed_on", parse::day),
            starts_on: fields.optional("starts_on", parse::day),
            ends_on: fields.optional("ends_on", parse::day),
            termination_reason: fields.optional("termination_reason", parse::choice),
            supersedes_id: None,
            drafted_by_id: fields.optional("drafted_by", |text| self.organisation(text)).unwrap_or(discloser_id),
            catalogue_version: fields.number_or("catalogue_version", 1),
            publicity: fields.choice_or("publicity", Publicity::Public),
            version: fields.number_or("version", 1),
            content_hash: fields.maybe_text("content_hash").or(standing_hash),
        };
        let row = self.admitted(&fields, row);
        let id = self.put(&fields, row.clone());
        (agreement::Model { id, ..row }, fields)
    }

    fn read_parts(&mut self, row: &agreement::Model, fields: &Fields<'a>) {
        let subject = Subject { kind: StatusSubject::Agreement, id: row.id.into(), key: "status", now: row.status };
        if is_demoted(fields, row) {
            self.registered_once(fields, subject);
        } else {
            self.history(fields, subject);
        }
        self.read_parties(fields, row.id);
        let business_id = |id: OrganisationId| self.facts.organisation.get(id).and_then(|row| row.business_id);
        let frame = Frame {
            id: row.id,
            register: row.register_id,
            may_lack: rules::may_lack_basis(row.status),
            is_demoted: is_demoted(fields, row),
            discloser: business_id(row.discloser_id),
            recipient: business_id(row.recipient_id),
            bases: Vec::new(),
        };
        let frame = Frame { bases: self.read_bases(fields, row.id), ..frame };
        self.read_versions(fields, row.id);
        self.read_signatures(fields, row);
        self.read_notices(fields, row.id);
        self.read_scopes(fields, &frame);
        self.read_onward_rules(fields, &frame);
        self.read_plan(fields, row.id);
        self.read_incidents(fields, row.id);
        self.read_reviews(fields, row.id);
    }

    fn read_parties(&mut self, fields: &Fields<'a>, agreement_id: AgreementId) {
        for fields in fields.maps("parties") {
            let organisation_id = fields.refer("organisation", |text| self.organisation(text));
            let row =
                agreement_party::Model { id: unset(), agreement_id, organisation_id, role: fields.choice("role") };
            fields.finish();
            self.put(&fields, row);
        }
    }

    fn read_bases(&mut self, fields: &Fields<'a>, agreement_id: AgreementId) -> Vec<FrameBasis> {
        fields.maps("bases").iter().flat_map(|fields| self.read_basis(fields, agreement_id)).collect()
    }

    /// One provision in every role it is cited for.
    fn read_basis(&mut self, fields: &Fields<'a>, agreement_id: AgreementId) -> Vec<FrameBasis> {
        let legal_basis_id = fields.refer("legal_basis", |text| self.legal_basis(text));
        let roles: Vec<BasisRole> = fields.some("roles", parse::choice);
        let pattern = agreement_basis::Model {
            id: unset(),
            agreement_id,
            legal_basis_id,
            role: BasisRole::Mode,
            adequacy: fields.choice("adequacy"),
            reviewed_by: fields.maybe_text("reviewed_by").map(Into::into),
            reviewed_at: fields.optional("reviewed_at", parse::instant),
            note: fields.maybe_prose("note"),
        };
        let told = fields.given("history");
        let events = self.events(fields);
        fields.finish();
        let mut bases = Vec::new();
        for role in roles {
            let id = self.put(fields, agreement_basis::Model { role, ..pattern.clone() });
            let subject: Subject<Adequacy> =
                Subject { kind: StatusSubject::AgreementBasis, id: id.into(), key: "adequacy", now: pattern.adequacy };
            match pattern.reviewed_at {
                Some(reviewed_at) if !told => {
                    let reviewer = pattern.reviewed_by.clone().unwrap_or_else(|| "import".into());
                    self.chronicle_once(fields, subject, reviewed_at, reviewer);
                }
                _ => self.chronicle(fields, subject, &events),
            }
            bases.push(FrameBasis { id, role, law: self.facts.legal_basis.get(legal_basis_id).cloned() });
        }
        bases
    }

    fn read_versions(&mut self, fields: &Fields<'a>, agreement_id: AgreementId) {
        for fields in fields.maps("versions") {
            let row = agreement_version::Model {
                id: unset(),
                agreement_id,
                version: fields.number("version"),
                content: fields.prose("content"),
                content_hash: fields.text("content_hash"),
            };
            if fields.finish() {
                fields.note(rules::version(&row));
            }
            self.put(&fields, row);
        }
    }

    /// A signature keeps what the registry has of its proof where the file leaves it out.
    fn read_signatures(&mut self, fields: &Fields<'a>, agreement: &agreement::Model) {
        for fields in fields.maps("signatures") {
            let organisation_id = fields.refer("organisation", |text| self.organisation(text));
            let nearest = (Some(agreement.id), Some(organisation_id));
            let row = signature::Model {
                id: unset(),
                agreement_id: agreement.id,
                organisation_id,
                version: fields.number_or("version", agreement.version),
                act: fields.choice("act"),
                content_hash: String::new(),
                evidence: fields.choice("evidence"),
                jws: fields.maybe_text("jws"),
                document_id: fields.optional("document", |text| self.document(nearest, text)),
                signed_at: fields.instant("signed_at"),
                actor: fields.text("actor").into(),
            };
            let given = fields.maybe_text("content_hash");
            fields.finish();
            let natural = row.natural();
            let standing = self.base.signature.of(agreement.id).find(|standing| standing.natural() == natural);
            let content_hash = given.or_else(|| standing.map(|row| row.content_hash.clone()));
            let row = signature::Model {
                content_hash: content_hash.or_else(|| agreement.content_hash.clone()).unwrap_or_default(),
                jws: row.jws.or_else(|| standing.and_then(|row| row.jws.clone())),
                document_id: self.document_of(row.document_id, standing.and_then(|row| row.document_id)),
                ..row
            };
            self.put(&fields, row);
        }
    }

    fn read_notices(&mut self, fields: &Fields<'a>, agreement_id: AgreementId) {
        for fields in fields.maps("notices") {
            let row = agreement_notice::Model {
                id: unset(),
                agreement_id,
                given_by_id: fields.refer("given_by", |text| self.organisation(text)),
                reason: fields.choice("reason"),
                note: fields.maybe_prose("note"),
                given_at: fields.instant("given_at"),
                ends_on: fields.optional("ends_on", parse::day),
            };
            fields.finish();
            self.put(&fields, row);
        }
    }

    fn read_documents(&mut self, documents: Vec<Fields<'a>>, agreement_id: Option<AgreementId>) {
        for fields in documents {
            let row = document::Model {
                id: unset(),
                title: fields.text("title"),
                ordinal: fields.number_or("ordinal", 1),
                agreement_id,
                owner_id: fields.refer("owner", |text| self.organisation(text)),
                sha256: fields.required("sha256", parse::sha256).unwrap_or_default(),
                media_type: fields.text("media_type"),
                publicity: fields.choice("publicity"),
                location: fields.maybe_text("location"),
            };
            fields.finish();
            self.put(&fields, row);
        }
    }

    fn read_plan(&mut self, fields: &Fields<'a>, agreement_id: AgreementId) {
        for fields in fields.maps("plan") {
            let row = adoption_plan::Model {
                id: unset(),
                agreement_id,
                step: fields.choice("step"),
                planned_on: fields.optional("planned_on", parse::day),
                declared_on: fields.optional("declared_on", parse::day),
                declared_by: fields.maybe_text("declared_by"),
            };
            fields.finish();
            self.put(&fields, row);
        }
    }

    fn read_incidents(&mut self, fields: &Fields<'a>, agreement_id: AgreementId) {
        for fields in fields.maps("incidents") {
            let row = incident::Model {
                id: unset(),
                agreement_id,
                reporter_id: fields.refer("reporter", |text| self.organisation(text)),
                kind: fields.choice("kind"),
                status: fields.choice("status"),
                description: fields.prose("description"),
                occurred_at: fields.instant("occurred_at"),
                known_at: fields.optional("known_at", parse::instant),
                reported_at: fields.instant("reported_at"),
                closed_at: fields.optional("closed_at", parse::instant),
                notified_authority_on: fields.optional("notified_authority_on", parse::day),
                outcome: fields.maybe_prose("outcome"),
                publicity: fields.choice_or("publicity", Publicity::PublicationRestricted),
            };
            let (now, breaches) = (row.status, rules::incident(&row));
            let id = self.put(&fields, row);
            self.history(&fields, Subject { kind: StatusSubject::Incident, id: id.into(), key: "status", now });
            if fields.finish() {
                fields.note(breaches);
            }
        }
    }

    fn read_reviews(&mut self, fields: &Fields<'a>, agreement_id: AgreementId) {
        for fields in fields.maps("usage_reviews") {
            let row = usage_review::Model {
                id: unset(),
                agreement_id,
                from_on: fields.day("from_on"),
                until_on: fields.day("until_on"),
                sample_size: fields.number("sample_size"),
                findings: fields.prose("findings"),
                reviewed_on: fields.day("reviewed_on"),
            };
            if fields.finish() && row.until_on < row.from_on {
                fields.fault("until_on", FaultCode::PeriodReversed, "is before `from_on`");
            }
            self.put(&fields, row);
        }
    }
}

/// Whether the file calls an agreement more than it comes in as.
fn is_demoted(fields: &Fields<'_>, row: &agreement::Model) -> bool {
    let said: Option<AgreementStatus> = fields.optional("status", parse::choice);
    row.status == AgreementStatus::RegisteredIncomplete && said.is_some_and(|said| said != row.status)
}
