//! Everything the registry knows at one position of the journal, in memory and immutable.
//!
//! A change makes a new picture that shares what it did not touch. Nothing here does I/O but [`Tables::read`], reads a
//! clock or knows GraphQL.
//!
//! **Invariant:** facts loaded from the tables equal facts replayed from the journal.

mod dossier;
mod registered;
mod row;
mod table;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, sync::Arc};

use entity::{
    access_grant, organisation,
    vocabulary::{
        AgreementId, LegalBasisId, MandateThemeId, MandateThemeStatus, OrganisationId, RegisterId, ScopeId,
        StatusSubject,
    },
};
use uuid::Uuid;

pub use dossier::*;
pub use registered::{citation_key, data_item_key, grant_key_prefix};
pub use row::*;
pub use table::{Registered, Table};

/// Picture of every registry table at one position of the journal.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Position of the last change it holds.
    pub seq: i64,
    tables: Tables,
    compiled: Compiled,
}

impl std::ops::Deref for Facts {
    type Target = Tables;

    fn deref(&self) -> &Tables {
        &self.tables
    }
}

impl Facts {
    /// Picture of tables read whole.
    pub fn of(seq: i64, tables: Tables) -> Self {
        let mut facts = Self { seq, tables, ..Self::default() };
        for row in facts.tables.organisation.all() {
            facts.compiled.organisations.insert(row.id, Arc::clone(row));
        }
        for row in facts.tables.agreement.all() {
            facts.compiled.put(row.id, Some(Arc::new(Dossier::compile(&facts.tables, row))));
        }
        for row in facts.tables.legal_basis.all() {
            facts.compiled.laws.insert(row.id, Arc::new(Law::compile(&facts.tables, row)));
        }
        for row in facts.tables.register.all() {
            facts.compiled.catalogues.insert(row.id, Arc::new(Catalogue::compile(&facts.tables, row)));
        }
        for row in facts.tables.mandate_theme.all() {
            let history = History::read(&facts.tables, row.id.0, row.status);
            facts.compiled.themes.insert(row.id, Arc::new(history));
        }
        for row in facts.tables.mandating_right.all() {
            let right = (row.organisation_id, row.mandate_theme_id);
            facts.compiled.rights.insert(right, RightPart::compile(&facts.tables, right).into());
        }
        facts
    }

    /// Picture after some edits, at the journal position `seq`. The cost grows with what the edits touch, not with the
    /// size of the registry.
    #[must_use]
    pub fn after<'a>(&self, seq: i64, edits: impl IntoIterator<Item = &'a Edit>) -> Self {
        let mut facts = self.clone();
        facts.seq = seq;
        let mut touched = Touched::default();
        for edit in edits {
            let earlier = facts.tables.edit(edit);
            facts.compiled.organisation(earlier.as_ref(), edit);
            if let (Some(Row::Organisation(before)), Edit::Put(Row::Organisation(after))) = (&earlier, edit)
                && before.successor_id == after.successor_id
            {
                continue;
            }
            touched.rows.extend(earlier);
            if let Edit::Put(row) = edit {
                touched.rows.push(row.clone());
            }
        }
        touched.find(&facts.tables);
        facts.compile(&touched);
        facts
    }

    fn compile(&mut self, touched: &Touched) {
        for id in &touched.agreements {
            let row = self.tables.agreement.get(*id);
            self.compiled.put(*id, row.map(|row| Arc::new(Dossier::compile(&self.tables, row))));
        }
        for id in &touched.laws {
            match self.tables.legal_basis.get(*id) {
                Some(row) => self.compiled.laws.insert(*id, Arc::new(Law::compile(&self.tables, row))),
                None => self.compiled.laws.remove(id),
            };
        }
        for id in &touched.registers {
            match self.tables.register.get(*id) {
                Some(row) => self.compiled.catalogues.insert(*id, Arc::new(Catalogue::compile(&self.tables, row))),
                None => self.compiled.catalogues.remove(id),
            };
        }
        for id in &touched.themes {
            match self.tables.mandate_theme.get(*id) {
                Some(row) => self.compiled.themes.insert(*id, Arc::new(History::read(&self.tables, id.0, row.status))),
                None => self.compiled.themes.remove(id),
            };
        }
        for right in &touched.rights {
            self.compiled.rights.insert(*right, RightPart::compile(&self.tables, *right).into());
        }
    }

    /// Status of a mandate theme over time.
    pub fn theme_history(&self, id: MandateThemeId) -> Option<&History<MandateThemeStatus>> {
        self.compiled.themes.get(&id).map(AsRef::as_ref)
    }

    /// Rights of an organisation to mandate for a theme, in the order of their ids.
    pub fn rights(&self, organisation: OrganisationId, theme: MandateThemeId) -> &[RightPart] {
        self.compiled.rights.get(&(organisation, theme)).map_or(&[], AsRef::as_ref)
    }

    /// Organisation of an id.
    pub fn party(&self, id: OrganisationId) -> Option<&organisation::Model> {
        self.compiled.organisations.get(&id).map(AsRef::as_ref)
    }

    /// Every registry table.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Agreement with all its parts.
    pub fn dossier(&self, id: AgreementId) -> Option<&Arc<Dossier>> {
        self.compiled.dossiers.get(&id)
    }

    /// Provision with its entitlements.
    pub fn law(&self, id: LegalBasisId) -> Option<&Arc<Law>> {
        self.compiled.laws.get(&id)
    }

    /// Register with its items.
    pub fn catalogue(&self, id: RegisterId) -> Option<&Arc<Catalogue>> {
        self.compiled.catalogues.get(&id)
    }

    /// Agreements by which a recipient receives from a register, in the order of their ids.
    pub fn received(&self, recipient: OrganisationId, register: RegisterId) -> impl Iterator<Item = &Arc<Dossier>> {
        self.compiled.received.get(&(recipient, register)).into_iter().flatten()
    }

    /// Access grants of an end user in a scope.
    pub fn grants(&self, scope: ScopeId, user_pseudonym: &str) -> impl Iterator<Item = &Arc<access_grant::Model>> {
        self.tables.access_grant.by_key_prefix(grant_key_prefix(scope, user_pseudonym))
    }

    /// Organisation of a business id.
    pub fn organisation_of(&self, business_id: &str) -> Option<&Arc<organisation::Model>> {
        self.tables.organisation.by_key(business_id)
    }

    /// Bodies whose rights and duties passed to `organisation`, directly or through others, without itself.
    pub fn predecessors(&self, organisation: OrganisationId) -> Vec<OrganisationId> {
        let mut found = Vec::new();
        let (mut heir, mut next) = (organisation, 0);
        loop {
            for row in self.tables.organisation.of(heir) {
                if row.id != organisation && !found.contains(&row.id) {
                    found.push(row.id);
                }
            }
            let Some(id) = found.get(next) else { return found };
            (heir, next) = (*id, next + 1);
        }
    }

    /// Bodies an organisation stands for: itself first, then those whose place it took.
    pub fn lineage(&self, organisation: OrganisationId) -> Vec<OrganisationId> {
        std::iter::once(organisation).chain(self.predecessors(organisation)).collect()
    }
}

/// Whether `body` is `party`, or took its place, directly or through others.
pub fn stands_for(tables: &Tables, body: OrganisationId, party: OrganisationId) -> bool {
    body == party || successors(tables, party).any(|heir| heir == body)
}

/// Whether either of two bodies is the other, or took its place.
pub fn in_succession(tables: &Tables, one: OrganisationId, other: OrganisationId) -> bool {
    stands_for(tables, one, other) || stands_for(tables, other, one)
}

/// Bodies that took the place of `organisation`, nearest first; stops where a chain would repeat.
pub fn successors(tables: &Tables, organisation: OrganisationId) -> impl Iterator<Item = OrganisationId> {
    let mut seen = BTreeSet::from([organisation]);
    std::iter::successors(tables.organisation.get(organisation).and_then(|row| row.successor_id), |id| {
        tables.organisation.get(*id).and_then(|row| row.successor_id)
    })
    .take_while(move |id| seen.insert(*id))
}

/// What must be compiled anew after some rows changed.
#[derive(Default)]
struct Touched {
    rows: Vec<Row>,
    agreements: BTreeSet<AgreementId>,
    laws: BTreeSet<LegalBasisId>,
    registers: BTreeSet<RegisterId>,
    themes: BTreeSet<MandateThemeId>,
    rights: BTreeSet<(OrganisationId, MandateThemeId)>,
}

impl Touched {
    fn find(&mut self, tables: &Tables) {
        for row in std::mem::take(&mut self.rows) {
            match &row {
                Row::Agreement(row) => drop(self.agreements.insert(row.id)),
                Row::AgreementBasis(row) => drop(self.agreements.insert(row.agreement_id)),
                Row::Scope(row) => drop(self.agreements.insert(row.agreement_id)),
                Row::OnwardRule(row) => drop(self.agreements.insert(row.agreement_id)),
                Row::ScopePurpose(row) => self.scope(tables, row.scope_id),
                Row::ScopeItem(row) => self.scope(tables, row.scope_id),
                Row::ScopeItemBasis(row) => self.scope_item(tables, row.scope_item_id),
                Row::ScopeItemMandate(row) => self.scope_item(tables, row.scope_item_id),
                Row::OnwardRuleItem(row) => self.onward_rule(tables, row.onward_rule_id),
                Row::OnwardRuleBasis(row) => self.onward_rule(tables, row.onward_rule_id),
                Row::ProtectionStatement(row) => self.statement(tables, row),
                Row::StatusEntry(row) => self.subject(tables, row.subject_kind, row.subject_id),
                Row::LegalBasis(row) => drop(self.laws.insert(row.id)),
                Row::Entitlement(row) => drop(self.laws.insert(row.legal_basis_id)),
                Row::Register(row) => drop(self.registers.insert(row.id)),
                Row::DataItem(row) => drop(self.registers.insert(row.register_id)),
                Row::DataItemQualifier(row) => drop(self.registers.insert(row.register_id)),
                Row::MandateTheme(row) => drop(self.themes.insert(row.id)),
                Row::MandatingRight(row) => drop(self.rights.insert((row.organisation_id, row.mandate_theme_id))),
                Row::Organisation(row) => self.parties(tables, row),
                _ => {}
            }
        }
    }

    fn scope(&mut self, tables: &Tables, id: ScopeId) {
        self.agreements.extend(tables.scope.get(id).map(|scope| scope.agreement_id));
    }

    fn scope_item(&mut self, tables: &Tables, id: entity::vocabulary::ScopeItemId) {
        if let Some(item) = tables.scope_item.get(id) {
            self.scope(tables, item.scope_id);
        }
    }

    fn onward_rule(&mut self, tables: &Tables, id: entity::vocabulary::OnwardRuleId) {
        self.agreements.extend(tables.onward_rule.get(id).map(|rule| rule.agreement_id));
    }

    fn statement(&mut self, tables: &Tables, row: &entity::protection_statement::Model) {
        let between =
            tables.agreement.of(row.recipient_id).filter(|agreement| agreement.register_id == row.register_id);
        self.agreements.extend(between.map(|agreement| agreement.id));
    }

    /// A succession changes whose statements speak for whom.
    fn parties(&mut self, tables: &Tables, row: &organisation::Model) {
        let heirs = row.successor_id.into_iter().flat_map(|heir| std::iter::once(heir).chain(successors(tables, heir)));
        let bodies = std::iter::once(row.id).chain(heirs);
        for body in bodies {
            let agreements = tables.agreement.of(body).filter(|agreement| agreement.discloser_id == body);
            self.agreements.extend(agreements.map(|agreement| agreement.id));
        }
    }

    fn subject(&mut self, tables: &Tables, kind: StatusSubject, id: Uuid) {
        match kind {
            StatusSubject::Agreement => drop(self.agreements.insert(id.into())),
            StatusSubject::Scope => self.scope(tables, id.into()),
            StatusSubject::AgreementBasis => {
                self.agreements.extend(tables.agreement_basis.get(id.into()).map(|basis| basis.agreement_id));
            }
            StatusSubject::ProtectionStatement => {
                if let Some(row) = tables.protection_statement.get(id.into()) {
                    let row = Arc::clone(row);
                    self.statement(tables, &row);
                }
            }
            StatusSubject::MandateTheme => drop(self.themes.insert(id.into())),
            StatusSubject::MandatingRight => {
                let row = tables.mandating_right.get(id.into());
                self.rights.extend(row.map(|row| (row.organisation_id, row.mandate_theme_id)));
            }
            StatusSubject::Incident | StatusSubject::Inquiry => {}
        }
    }
}
