//! Agreements as a table, a row each: what a spreadsheet can say of them.

use csv::{Terminator, WriterBuilder};
use entity::{
    agreement,
    vocabulary::{ContactTopic, OrganisationId, ScopeStatus},
};

use super::Writer;
use crate::{facts::ScopePart, statistics::csv::harmless, world::csv::COLUMNS};

impl Writer<'_> {
    /// Table with the columns an import reads. A row tells the newest scope that is not closed.
    pub(super) fn table(&self) -> String {
        let mut rows: Vec<_> = self.facts.agreement.all().collect();
        rows.sort_by_key(|row| &row.number);
        let mut table = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
        // Nothing written into memory fails.
        drop(table.write_record(COLUMNS));
        for row in rows {
            drop(table.write_record(self.table_row(row).map(harmless)));
        }
        String::from_utf8(table.into_inner().unwrap_or_default()).unwrap_or_default()
    }

    fn table_row(&self, row: &agreement::Model) -> [String; COLUMNS.len()] {
        let day = |day: Option<entity::vocabulary::Day>| day.map(|day| day.to_string()).unwrap_or_default();
        let dossier = self.facts.dossier(row.id);
        let live = dossier.iter().flat_map(|dossier| dossier.scopes.iter());
        let scope = live.filter(|scope| scope.row.status != ScopeStatus::Closed).max_by_key(|scope| scope.row.version);
        let of_scope = |said: &dyn Fn(&ScopePart) -> String| scope.map(said).unwrap_or_default();
        [
            row.number.clone(),
            row.case_register_id.clone().unwrap_or_default(),
            self.organisation(row.discloser_id),
            self.organisation(row.recipient_id),
            self.register(row.register_id),
            day(row.signed_on),
            day(row.starts_on),
            day(row.ends_on),
            self.provisions(row),
            of_scope(&|scope| joined(scope.items.iter().map(|item| item.row.item_code.to_string()))),
            of_scope(&|scope| joined(scope.purposes.iter().map(|purpose| self.purpose(*purpose)))),
            of_scope(&|scope| scope.row.channel.to_string()),
            of_scope(&|scope| scope.row.regularity.to_string()),
            of_scope(&|scope| scope.row.necessity_check.to_string()),
            of_scope(&|scope| joined(scope.items.iter().take(1).map(|item| item.row.population.to_string()))),
            self.desk(row, row.discloser_id),
            self.desk(row, row.recipient_id),
        ]
    }

    /// Provisions, each with its role.
    fn provisions(&self, row: &agreement::Model) -> String {
        let rows = self.facts.agreement_basis.of(row.id).filter(|basis| basis.agreement_id == row.id);
        joined(rows.map(|basis| format!("{} ({})", self.basis(basis.legal_basis_id), basis.role)))
    }

    /// Address of a side's mailbox for just this agreement.
    fn desk(&self, row: &agreement::Model, side: OrganisationId) -> String {
        let own = self.facts.contact.of(side).filter(|contact| contact.agreement_id == Some(row.id));
        let own = own.filter(|contact| contact.organisation_id == side && contact.retired_on.is_none());
        let answers = |contact: &&std::sync::Arc<entity::contact::Model>| {
            self.facts.contact_topic.of(contact.id).any(|answered| answered.topic == ContactTopic::Agreement)
        };
        own.filter(answers).find_map(|contact| contact.email.clone()).unwrap_or_default()
    }
}

/// Parts of a cell in the order of the alphabet, each once.
fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>().join("; ")
}
