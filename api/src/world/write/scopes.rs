//! Scopes, access grants and onward rules written out.

use std::collections::BTreeSet;

use entity::vocabulary::{AgreementBasisId, AgreementId, BasisRole, ItemCode, ScopeId, StatusSubject};

use super::{Writer, code, dated, emit::Entry, merged};

impl Writer<'_> {
    pub(super) fn scopes(&self, agreement: AgreementId) -> Vec<Entry> {
        let mut rows: Vec<_> = self.facts.scope.of(agreement).collect();
        rows.sort_by_key(|row| (row.channel, row.version));
        rows.into_iter()
            .map(|row| {
                let mut purposes: Vec<_> =
                    self.facts.scope_purpose.of(row.id).map(|purpose| self.purpose(purpose.purpose_id)).collect();
                purposes.sort();
                Entry::default()
                    .with("channel", code(row.channel))
                    .with("version", row.version)
                    .with("regularity", code(row.regularity))
                    .with("status", code(row.status))
                    .with("necessity_check", code(row.necessity_check))
                    .maybe("mode_justification", row.mode_justification.map(code))
                    .maybe("mode_justification_text", row.mode_justification_text.as_ref())
                    .with("admission", code(row.admission))
                    .maybe("structure_version", row.structure_version.as_ref())
                    .with("defined_on", row.defined_on)
                    .maybe("planned_on", row.planned_on)
                    .maybe("retention_days", row.retention_days)
                    .list("purposes", purposes)
                    .list("history", self.history(StatusSubject::Scope, row.id))
                    .list("items", self.scope_items(agreement, row.id))
                    .list("grants", self.grants(row.id))
            })
            .collect()
    }

    /// Items of a scope; those that differ in code or operation only stand together.
    fn scope_items(&self, agreement: AgreementId, scope: ScopeId) -> Vec<Entry> {
        let rows = self.facts.scope_item.of(scope).map(|row| {
            let bases = self.facts.scope_item_basis.of(row.id).map(|basis| basis.agreement_basis_id).collect();
            let bases = self.cited(agreement, &bases, &[BasisRole::RightToReceive, BasisRole::RightToDisclose]);
            let mandates = self.facts.scope_item_mandate.of(row.id).map(|mandate| self.theme(mandate.mandate_theme_id));
            let mandates: BTreeSet<String> = mandates.collect();
            ((row.item_code.clone(), row.look_back_days, row.population, bases, mandates), row.operation)
        });
        let by_operations =
            merged(rows).into_iter().map(|((item, look_back, population, bases, mandates), operations)| {
                ((operations, look_back, population, bases, mandates), item)
            });
        let mut groups: Vec<_> = merged(by_operations).into_iter().collect();
        groups.sort_by(|(_, a), (_, b)| a.cmp(b));
        groups
            .into_iter()
            .map(|((operations, look_back, population, bases, mandates), items)| {
                Entry::default()
                    .list("items", items.iter().map(ItemCode::as_str))
                    .list("operations", operations.into_iter().map(code))
                    .maybe("look_back_days", look_back)
                    .with("population", code(population))
                    .list("bases", bases)
                    .list("mandates", mandates)
            })
            .collect()
    }

    /// Citations that mean just these bases of an agreement: the citation alone where it does, else with its wording's
    /// day and with each role.
    fn cited(&self, agreement: AgreementId, meant: &BTreeSet<AgreementBasisId>, roles: &[BasisRole]) -> Vec<String> {
        let rows: Vec<_> = self
            .facts
            .agreement_basis
            .of(agreement)
            .filter_map(|row| Some((row, self.facts.legal_basis.get(row.legal_basis_id)?)))
            .collect();
        let mut citations = BTreeSet::new();
        for (row, law) in rows.iter().filter(|(row, _)| meant.contains(&row.id)) {
            let same = |wording: bool| {
                rows.iter().filter(move |(row, other)| {
                    roles.contains(&row.role)
                        && other.citation == law.citation
                        && (!wording || other.valid_from == law.valid_from)
                })
            };
            let carries = roles.contains(&row.role);
            let wordings: BTreeSet<_> =
                rows.iter().filter(|(_, other)| other.citation == law.citation).map(|(_, other)| other.id).collect();
            citations.insert(if carries && same(false).all(|(row, _)| meant.contains(&row.id)) {
                law.citation.clone()
            } else {
                let citation = if wordings.len() > 1 { dated(law) } else { law.citation.clone() };
                format!("{citation} ({})", row.role)
            });
        }
        citations.into_iter().collect()
    }

    fn grants(&self, scope: ScopeId) -> Vec<Entry> {
        let mut rows: Vec<_> = self.facts.access_grant.of(scope).collect();
        rows.sort_by_key(|row| (row.valid_from, &row.user_pseudonym, &row.task));
        rows.into_iter()
            .map(|row| {
                Entry::default()
                    .with("user_pseudonym", &row.user_pseudonym)
                    .with("decided_by_pseudonym", &row.decided_by)
                    .with("key_version", row.key_version)
                    .maybe("key_fingerprint", self.key_fingerprints.get(&row.key_version))
                    .with("task", &row.task)
                    .maybe("granted_at", row.granted_at)
                    .with("valid_from", row.valid_from)
                    .maybe("valid_until", row.valid_until)
                    .maybe("revoked_at", row.revoked_at)
                    .maybe("revocation_reason", row.revocation_reason.map(code))
            })
            .collect()
    }

    pub(super) fn onward_rules(&self, agreement: AgreementId) -> Vec<Entry> {
        let rows = self.facts.onward_rule.of(agreement);
        let mut entries: Vec<_> = rows
            .map(|row| {
                let items: BTreeSet<String> =
                    self.facts.onward_rule_item.of(row.id).map(|item| item.item_code.to_string()).collect();
                let bases = self.facts.onward_rule_basis.of(row.id).map(|basis| basis.agreement_basis_id).collect();
                Entry::default()
                    .with("recipient_kind", code(row.recipient_kind))
                    .with("purpose", self.purpose(row.purpose_id))
                    .maybe("threshold", row.threshold.map(code))
                    .list("items", items)
                    .list("bases", self.cited(agreement, &bases, &[BasisRole::Onward]))
                    .with("valid_from", row.valid_from)
                    .maybe("valid_until", row.valid_until)
            })
            .collect();
        entries.sort();
        entries
    }
}
