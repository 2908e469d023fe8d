//! Agreements with their parts written out.

use entity::{
    agreement,
    vocabulary::{AgreementId, StatusSubject},
};

use super::{
    Writer, code,
    emit::{Entry, Value},
};

impl Writer<'_> {
    pub(super) fn agreements(&self) -> Vec<Entry> {
        let mut rows: Vec<_> = self.facts.agreement.all().collect();
        rows.sort_by_key(|row| &row.number);
        rows.into_iter().map(|row| self.one_agreement(row)).collect()
    }

    fn one_agreement(&self, row: &agreement::Model) -> Entry {
        let drafter = (row.drafted_by_id != row.discloser_id).then(|| self.organisation(row.drafted_by_id));
        Entry::default()
            .with("number", &row.number)
            .maybe("case_register_id", row.case_register_id.as_ref())
            .with("kind", code(row.kind))
            .with("discloser", self.organisation(row.discloser_id))
            .with("recipient", self.organisation(row.recipient_id))
            .with("register", self.register(row.register_id))
            .with("status", code(row.status))
            .maybe("signed_on", row.signed_on)
            .maybe("starts_on", row.starts_on)
            .maybe("ends_on", row.ends_on)
            .maybe("termination_reason", row.termination_reason.map(code))
            .maybe("supersedes", row.supersedes_id.map(|id| self.agreement(id)))
            .maybe("drafted_by", drafter)
            .with("catalogue_version", row.catalogue_version)
            .with("publicity", code(row.publicity))
            .with("version", row.version)
            .maybe("content_hash", row.content_hash.as_ref())
            .list("history", self.history(StatusSubject::Agreement, row.id))
            .list("parties", self.parties(row.id))
            .list("bases", self.bases(row.id))
            .list("versions", self.versions(row.id))
            .list("signatures", self.signatures(row.id))
            .list("documents", self.documents(Some(row.id)))
            .list("scopes", self.scopes(row.id))
            .list("onward_rules", self.onward_rules(row.id))
            .list("plan", self.plan(row.id))
            .list("notices", self.notices(row.id))
            .list("incidents", self.incidents(row.id))
            .list("usage_reviews", self.reviews(row.id))
    }

    fn parties(&self, agreement: AgreementId) -> Vec<Entry> {
        let rows = self.facts.agreement_party.of(agreement);
        let party = |id, role| Entry::default().with("organisation", self.organisation(id)).with("role", code(role));
        let mut entries: Vec<_> = rows.map(|row| party(row.organisation_id, row.role)).collect();
        entries.sort();
        entries
    }

    fn bases(&self, agreement: AgreementId) -> Vec<Entry> {
        let rows = self.facts.agreement_basis.of(agreement);
        let mut entries: Vec<_> = rows
            .map(|row| {
                let history =
                    self.history(StatusSubject::AgreementBasis, row.id).into_iter().map(Value::from).collect();
                Entry::default()
                    .with("legal_basis", self.basis(row.legal_basis_id))
                    .list("roles", [code(row.role)])
                    .with("adequacy", code(row.adequacy))
                    .maybe("reviewed_by", row.reviewed_by.as_ref())
                    .maybe("reviewed_at", row.reviewed_at)
                    .maybe("note", row.note.as_ref())
                    .with("history", Value::List(history))
            })
            .collect();
        entries.sort();
        entries
    }

    fn versions(&self, agreement: AgreementId) -> Vec<Entry> {
        let mut rows: Vec<_> = self.facts.agreement_version.of(agreement).collect();
        rows.sort_by_key(|row| row.version);
        rows.into_iter()
            .map(|row| {
                Entry::default()
                    .with("version", row.version)
                    .with("content_hash", &row.content_hash)
                    .with("content", &row.content)
            })
            .collect()
    }

    fn signatures(&self, agreement: AgreementId) -> Vec<Entry> {
        let mut rows: Vec<_> = self.facts.signature.of(agreement).collect();
        rows.sort_by_key(|row| (row.version, row.signed_at, self.organisation(row.organisation_id)));
        rows.into_iter()
            .map(|row| {
                Entry::default()
                    .with("organisation", self.organisation(row.organisation_id))
                    .with("version", row.version)
                    .with("act", code(row.act))
                    .maybe("content_hash", (!row.content_hash.is_empty()).then_some(&row.content_hash))
                    .with("evidence", code(row.evidence))
                    .maybe("jws", row.jws.as_ref())
                    .maybe("document", row.document_id.and_then(|id| self.document(id)))
                    .with("signed_at", row.signed_at)
                    .with("actor", &row.actor)
            })
            .collect()
    }

    fn notices(&self, agreement: AgreementId) -> Vec<Entry> {
        let rows = self.facts.agreement_notice.of(agreement).filter(|row| row.agreement_id == agreement);
        let mut rows: Vec<_> = rows.collect();
        rows.sort_by_key(|row| (row.given_at, self.organisation(row.given_by_id)));
        rows.into_iter()
            .map(|row| {
                Entry::default()
                    .with("given_by", self.organisation(row.given_by_id))
                    .with("reason", code(row.reason))
                    .maybe("note", row.note.as_ref())
                    .with("given_at", row.given_at)
                    .maybe("ends_on", row.ends_on)
            })
            .collect()
    }

    /// Documents of an agreement, or those of none.
    pub(super) fn documents(&self, agreement: Option<AgreementId>) -> Vec<Entry> {
        let mut rows: Vec<_> = self.facts.document.all().filter(|row| row.agreement_id == agreement).collect();
        rows.sort_by_key(|row| (row.ordinal, &row.title, self.organisation(row.owner_id)));
        rows.into_iter()
            .map(|row| {
                Entry::default()
                    .with("title", &row.title)
                    .with("ordinal", row.ordinal)
                    .with("owner", self.organisation(row.owner_id))
                    .with("sha256", &row.sha256)
                    .with("media_type", &row.media_type)
                    .with("publicity", code(row.publicity))
                    .maybe("location", row.location.as_ref())
            })
            .collect()
    }

    fn plan(&self, agreement: AgreementId) -> Vec<Entry> {
        let mut rows: Vec<_> = self.facts.adoption_plan.of(agreement).collect();
        rows.sort_by_key(|row| row.step);
        rows.into_iter()
            .map(|row| {
                Entry::default()
                    .with("step", code(row.step))
                    .maybe("planned_on", row.planned_on)
                    .maybe("declared_on", row.declared_on)
                    .maybe("declared_by", row.declared_by.as_ref())
            })
            .collect()
    }

    fn incidents(&self, agreement: AgreementId) -> Vec<Entry> {
        let mut rows: Vec<_> = self.facts.incident.of(agreement).collect();
        rows.sort_by_key(|row| (row.occurred_at, row.kind, self.organisation(row.reporter_id)));
        rows.into_iter()
            .map(|row| {
                Entry::default()
                    .with("reporter", self.organisation(row.reporter_id))
                    .with("kind", code(row.kind))
                    .with("status", code(row.status))
                    .with("description", &row.description)
                    .with("occurred_at", row.occurred_at)
                    .maybe("known_at", row.known_at)
                    .with("reported_at", row.reported_at)
                    .maybe("closed_at", row.closed_at)
                    .maybe("notified_authority_on", row.notified_authority_on)
                    .maybe("outcome", row.outcome.as_ref())
                    .with("publicity", code(row.publicity))
                    .list("history", self.history(StatusSubject::Incident, row.id))
            })
            .collect()
    }

    fn reviews(&self, agreement: AgreementId) -> Vec<Entry> {
        let mut rows: Vec<_> = self.facts.usage_review.of(agreement).collect();
        rows.sort_by_key(|row| (row.from_on, row.until_on));
        rows.into_iter()
            .map(|row| {
                Entry::default()
                    .with("from_on", row.from_on)
                    .with("until_on", row.until_on)
                    .with("sample_size", row.sample_size)
                    .with("findings", &row.findings)
                    .with("reviewed_on", row.reviewed_on)
            })
            .collect()
    }
}
