//! Everything the registry knows at one position of the journal, in memory and immutable.
//!
//! A change makes a new picture that shares what it did not touch. Nothing here does I/O but [`Tables::read`], reads a
//! clock or knows GraphQL.
//!
//! **Invariant:** facts loaded from the tables equal facts replayed from the journal.

#[cfg(test)]
pub mod bare;
mod base;
mod dossier;
mod recent;
mod registered;
mod row;
mod table;
#[cfg(test)]
mod tests;
mod turns;

use std::{collections::BTreeSet, hash::Hash, sync::Arc};

use entity::{
    access_grant, agreement, organisation,
    vocabulary::{
        AgreementId, BusinessId, LegalBasisId, MandateThemeId, MandateThemeStatus, OrganisationId, RegisterId, ScopeId,
        StatusSubject,
    },
};
use uuid::Uuid;

pub use dossier::*;
pub use registered::{Registered, citation_key, data_item_key, grant_key_prefix};
pub use row::*;
pub use table::Table;
pub use turns::Span;

use recent::Recent;
use turns::Turns;

/// What tells a change from every other: its salted commitment.
pub type Mark = [u8; 32];

/// Picture of every registry table at one position of the journal.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Position of the last change it holds.
    pub seq: i64,
    /// Which change that is, for another may come to stand at its position; null where the journal does not know it yet.
    pub mark: Option<Mark>,
    tables: Tables,
    compiled: Compiled,
    recent: Recent,
    turns: Turns,
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
        let touched = Touched::all(&tables);
        let mut facts = Self { seq, tables, ..Self::default() };
        facts.compile(&touched);
        let keys = facts.tables.access_grant.all().map(|row| row.key_version);
        facts.compiled.newest_grant_key = keys.max().unwrap_or(0);
        facts
    }

    /// Picture after some edits, at the journal position `seq`. The cost grows with what the edits touch, not with the
    /// size of the registry.
    #[must_use]
    pub fn after<'a>(&self, seq: i64, edits: impl IntoIterator<Item = &'a Edit>) -> Self {
        let mut facts = self.clone();
        (facts.seq, facts.mark) = (seq, None);
        let mut touched = Touched::default();
        for edit in edits {
            if let Edit::Put(row) = edit {
                facts.turns.put(row);
            }
            let earlier = facts.tables.edit(edit);
            if let (Some(Row::Organisation(before)), Edit::Put(Row::Organisation(after))) = (&earlier, edit)
                && before.successor_id == after.successor_id
            {
                // Only a succession changes more than the row itself.
                touched.organisations.insert(after.id);
                continue;
            }
            touched.rows.extend(earlier);
            if let Edit::Put(row) = edit {
                if let Row::AccessGrant(grant) = row {
                    facts.compiled.newest_grant_key = facts.compiled.newest_grant_key.max(grant.key_version);
                }
                touched.rows.push(row.clone());
            }
        }
        touched.find(&facts.tables);
        facts.compile(&touched);
        let told = touched.told(&facts.tables);
        facts.recent.remember(self.seq, seq, told);
        facts
    }

    /// Agreements that may differ from the picture at an earlier position, in the order of their ids: they, their parts or
    /// the law they rest on were changed. All of them, where that position is too long ago to be remembered.
    pub fn changed_since(&self, seq: i64) -> BTreeSet<AgreementId> {
        self.recent.after(seq).unwrap_or_else(|| self.tables.agreement.all().map(|row| row.id).collect())
    }

    fn compile(&mut self, touched: &Touched) {
        let (tables, compiled) = (&self.tables, &mut self.compiled);
        for id in &touched.organisations {
            set(&mut compiled.organisations, *id, tables.organisation.get(*id).cloned());
        }
        for id in &touched.agreements {
            compiled.put(*id, tables.agreement.get(*id));
        }
        for id in &touched.laws {
            set(&mut compiled.laws, *id, tables.legal_basis.get(*id).map(|row| Arc::new(Law::compile(tables, row))));
        }
        for id in &touched.registers {
            let catalogue = tables.register.get(*id).map(|row| Arc::new(Catalogue::compile(tables, row)));
            set(&mut compiled.catalogues, *id, catalogue);
        }
        for id in &touched.themes {
            let history = tables.mandate_theme.get(*id).map(|row| Arc::new(History::read(tables, id.0, row.status)));
            set(&mut compiled.themes, *id, history);
        }
        for right in &touched.rights {
            compiled.rights.insert(*right, RightPart::compile(tables, *right).into());
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

    /// Organisation of an id, found as decisions find everything: in one step.
    pub fn party(&self, id: OrganisationId) -> Option<&organisation::Model> {
        self.compiled.organisations.get(&id).map(AsRef::as_ref)
    }

    /// Every registry table.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Agreement with all its parts.
    pub fn dossier(&self, id: AgreementId) -> Option<&Arc<Dossier>> {
        self.compiled.dossiers.get(&id).map(|filed| filed.dossier(&self.tables))
    }

    /// Compiles whatever nobody has asked for yet.
    pub fn compile_all(&self) {
        for filed in self.compiled.dossiers.values() {
            filed.dossier(&self.tables);
        }
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
        let received = self.compiled.received.get(&(recipient, register)).into_iter().flatten();
        received.map(|filed| filed.dossier(&self.tables))
    }

    /// Access grants of an end user in a scope.
    pub fn grants(&self, scope: ScopeId, user_pseudonym: &str) -> impl Iterator<Item = &Arc<access_grant::Model>> {
        self.tables.access_grant.by_key_prefix(grant_key_prefix(scope, user_pseudonym))
    }

    /// Newest pseudonym key any access grant was given under; 0 where there is none.
    pub fn newest_grant_key(&self) -> i32 {
        self.compiled.newest_grant_key
    }

    /// Organisation of a business id.
    pub fn organisation_of(&self, business_id: &str) -> Option<&Arc<organisation::Model>> {
        self.tables.organisation.by_key(business_id)
    }

    /// Organisation of a business id as somebody wrote it; null where it is malformed or nobody's.
    pub fn organisation_named(&self, text: &str) -> Option<OrganisationId> {
        let business_id: BusinessId = text.parse().ok()?;
        self.organisation_of(business_id.as_str()).map(|row| row.id)
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

    /// Agreements of an organisation, and of those whose place it took.
    pub fn agreements_of(&self, organisation: OrganisationId) -> impl Iterator<Item = &Arc<agreement::Model>> {
        self.lineage(organisation).into_iter().flat_map(|party| self.agreement.of(party))
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
    organisations: BTreeSet<OrganisationId>,
    agreements: BTreeSet<AgreementId>,
    /// Agreements with a part that decisions do not ask for.
    aside: BTreeSet<AgreementId>,
    laws: BTreeSet<LegalBasisId>,
    registers: BTreeSet<RegisterId>,
    themes: BTreeSet<MandateThemeId>,
    rights: BTreeSet<(OrganisationId, MandateThemeId)>,
}

/// Follows one entry: as it is now, or gone.
fn set<K: Hash + Eq + Clone, V: Clone>(lookup: &mut Lookup<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => drop(lookup.insert(key, value)),
        None => drop(lookup.remove(&key)),
    }
}

impl Touched {
    /// Everything, as for a picture compiled for the first time.
    fn all(tables: &Tables) -> Self {
        Self {
            rows: Vec::new(),
            organisations: tables.organisation.all().map(|row| row.id).collect(),
            agreements: tables.agreement.all().map(|row| row.id).collect(),
            aside: BTreeSet::new(),
            laws: tables.legal_basis.all().map(|row| row.id).collect(),
            registers: tables.register.all().map(|row| row.id).collect(),
            themes: tables.mandate_theme.all().map(|row| row.id).collect(),
            rights: tables.mandating_right.all().map(|row| (row.organisation_id, row.mandate_theme_id)).collect(),
        }
    }

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
                Row::AgreementParty(row) => drop(self.aside.insert(row.agreement_id)),
                Row::AgreementNotice(row) => drop(self.aside.insert(row.agreement_id)),
                Row::AgreementVersion(row) => drop(self.aside.insert(row.agreement_id)),
                Row::Signature(row) => drop(self.aside.insert(row.agreement_id)),
                Row::AdoptionPlan(row) => drop(self.aside.insert(row.agreement_id)),
                Row::Contact(row) => self.aside.extend(row.agreement_id),
                _ => {}
            }
        }
    }

    /// Agreements a change was about, as both sides see them: also those that rest on a law it touched.
    fn told(self, tables: &Tables) -> BTreeSet<AgreementId> {
        let resting = self.laws.iter().flat_map(|law| tables.agreement_basis.of(*law)).map(|basis| basis.agreement_id);
        let resting: BTreeSet<AgreementId> = resting.collect();
        self.agreements.into_iter().chain(self.aside).chain(resting).collect()
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
        self.organisations.insert(row.id);
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
