//! An agreement with all its parts, a provision with its entitlements, a register with its items: compiled once after a
//! change, an agreement when it is first asked for, so that a decision follows pointers instead of searching.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use entity::{
    agreement, agreement_basis, data_item, data_item_qualifier, entitlement, legal_basis, mandating_right, onward_rule,
    organisation, protection_statement, register, scope, scope_item, status_entry,
    vocabulary::{
        Adequacy, AgreementId, AgreementStatus, ClosedEnum, Instant, ItemCode, LegalBasisId, MandateThemeId,
        MandateThemeStatus, MandatingRightStatus, OrganisationId, PurposeId, RegisterId, ScopeStatus, StatementStatus,
        day_end, helsinki_day, helsinki_midnight,
    },
};
use uuid::Uuid;

use super::Tables;

/// History of a status: from which instant on each value held, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History<S> {
    entries: Box<[(Instant, S)]>,
    now: S,
}

impl<S: ClosedEnum> History<S> {
    pub(super) fn read(tables: &Tables, subject: Uuid, now: S) -> Self {
        let mut rows: Vec<&Arc<status_entry::Model>> = tables.status_entry.of(subject).collect();
        rows.sort_by_key(|row| row.ordinal);
        let entries = rows.into_iter().filter_map(|row| Some((row.from_at, S::from_code(&row.status)?))).collect();
        Self { entries, now }
    }

    /// Value in force at an instant; none before the first entry. A row without history has always been what it is.
    pub fn at(&self, at: Instant) -> Option<S> {
        if self.entries.is_empty() {
            return Some(self.now);
        }
        self.entries.iter().rev().find(|(from, _)| *from <= at).map(|(_, value)| *value)
    }

    /// Instant from which the value in force at `at` holds.
    pub fn since(&self, at: Instant) -> Option<Instant> {
        self.entries.iter().rev().find(|(from, _)| *from <= at).map(|(from, _)| *from)
    }

    /// First instant at which a value was reached.
    pub fn reached(&self, value: S) -> Option<Instant> {
        self.entries.iter().find(|(_, entry)| *entry == value).map(|(from, _)| *from)
    }

    /// First instant after `at` at which the value changes.
    pub fn next_after(&self, at: Instant) -> Option<Instant> {
        self.entries.iter().map(|(from, _)| *from).find(|from| *from > at)
    }

    /// Every entry, oldest first.
    pub fn entries(&self) -> &[(Instant, S)] {
        &self.entries
    }
}

/// Provision an agreement rests on, in one role.
#[derive(Debug, Clone)]
pub struct BasisPart {
    /// The row.
    pub row: Arc<agreement_basis::Model>,
    /// Its adequacy over time.
    pub adequacy: History<Adequacy>,
}

/// Item of a scope with what it rests on and requires.
#[derive(Debug, Clone)]
pub struct ItemPart {
    /// The row.
    pub row: Arc<scope_item::Model>,
    /// Positions in [`Dossier::bases`].
    pub bases: Box<[usize]>,
    /// Mandate themes the end user must hold one mandate each of.
    pub mandates: Box<[MandateThemeId]>,
}

/// Scope with its items and purposes.
#[derive(Debug, Clone)]
pub struct ScopePart {
    /// The row.
    pub row: Arc<scope::Model>,
    /// Its status over time.
    pub status: History<ScopeStatus>,
    /// Instant its content was defined at: what came to be later is not in it by prefix. The end of that day where its
    /// history does not tell; and no later than that of an earlier version of the same day, which it may only narrow.
    pub defined_until: Instant,
    /// Purposes it serves.
    pub purposes: Box<[PurposeId]>,
    /// Its items in the order of their codes.
    pub items: Box<[ItemPart]>,
}

/// Onward rule with its items and provisions.
#[derive(Debug, Clone)]
pub struct OnwardPart {
    /// The row.
    pub row: Arc<onward_rule::Model>,
    /// Items that may travel on.
    pub items: Box<[ItemCode]>,
    /// Positions in [`Dossier::bases`].
    pub bases: Box<[usize]>,
}

/// Protection statement that may carry an agreement.
#[derive(Debug, Clone)]
pub struct StatementPart {
    /// The row.
    pub row: Arc<protection_statement::Model>,
    /// Its status over time.
    pub status: History<StatementStatus>,
}

/// Agreement with all its parts.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// The row.
    pub row: Arc<agreement::Model>,
    /// Its status over time.
    pub status: History<AgreementStatus>,
    /// First instant of its term; its days are civil days in Helsinki.
    pub starts_at: Option<Instant>,
    /// End of its last day.
    pub ends_at: Option<Instant>,
    /// Provisions it rests on.
    pub bases: Box<[BasisPart]>,
    /// Its scopes by channel and version.
    pub scopes: Box<[ScopePart]>,
    /// Its onward rules.
    pub onward: Box<[OnwardPart]>,
    /// Statements between its parties on its register, over every channel.
    pub statements: Box<[StatementPart]>,
}

impl Dossier {
    pub(super) fn compile(tables: &Tables, row: &Arc<agreement::Model>) -> Self {
        let bases: Box<[BasisPart]> = tables
            .agreement_basis
            .of(row.id)
            .map(|basis| BasisPart {
                row: Arc::clone(basis),
                adequacy: History::read(tables, basis.id.0, basis.adequacy),
            })
            .collect();
        let position = |id| bases.iter().position(|basis| basis.row.id == id);
        let mut scopes: Vec<ScopePart> =
            tables.scope.of(row.id).map(|scope| scope_part(tables, scope, &position)).collect();
        scopes.sort_by_key(|scope| (scope.row.channel, scope.row.version));
        let mut first = BTreeMap::new();
        for scope in &mut scopes {
            let of_day = first.entry((scope.row.channel, scope.row.defined_on)).or_insert(scope.defined_until);
            *of_day = scope.defined_until.min(*of_day);
            scope.defined_until = *of_day;
        }
        let onward = tables
            .onward_rule
            .of(row.id)
            .map(|rule| OnwardPart {
                row: Arc::clone(rule),
                items: tables.onward_rule_item.of(rule.id).map(|item| item.item_code.clone()).collect(),
                bases: tables
                    .onward_rule_basis
                    .of(rule.id)
                    .filter_map(|basis| position(basis.agreement_basis_id))
                    .collect(),
            })
            .collect();
        let statements = statements_between(tables, row);
        Self {
            row: Arc::clone(row),
            status: History::read(tables, row.id.0, row.status),
            starts_at: row.starts_on.map(helsinki_midnight),
            ends_at: row.ends_on.map(day_end),
            bases,
            scopes: scopes.into(),
            onward,
            statements: statements.into(),
        }
    }

    /// Scope of an id.
    pub fn scope(&self, id: entity::vocabulary::ScopeId) -> Option<&ScopePart> {
        self.scopes.iter().find(|scope| scope.row.id == id)
    }
}

fn scope_part(
    tables: &Tables,
    scope: &Arc<scope::Model>,
    position: &impl Fn(entity::vocabulary::AgreementBasisId) -> Option<usize>,
) -> ScopePart {
    let mut items: Vec<ItemPart> = tables
        .scope_item
        .of(scope.id)
        .map(|item| ItemPart {
            row: Arc::clone(item),
            bases: tables.scope_item_basis.of(item.id).filter_map(|basis| position(basis.agreement_basis_id)).collect(),
            mandates: tables.scope_item_mandate.of(item.id).map(|mandate| mandate.mandate_theme_id).collect(),
        })
        .collect();
    items.sort_by(|a, b| (&a.row.item_code, a.row.operation).cmp(&(&b.row.item_code, b.row.operation)));
    let status = History::read(tables, scope.id.0, scope.status);
    let day = scope.defined_on;
    // An entry at midnight is one of a file that tells the day alone.
    let told = |from: &Instant| helsinki_day(*from) == day && *from != helsinki_midnight(day);
    let first = status.entries().first().map(|(from, _)| *from).filter(told);
    ScopePart {
        row: Arc::clone(scope),
        status,
        defined_until: first.unwrap_or(day_end(day)),
        purposes: tables.scope_purpose.of(scope.id).map(|purpose| purpose.purpose_id).collect(),
        items: items.into(),
    }
}

/// A statement given to a predecessor of the discloser still speaks to the successor; a successor of the recipient gives
/// its own, for it is another's data protection.
fn statements_between(tables: &Tables, agreement: &agreement::Model) -> Vec<StatementPart> {
    let mut statements: Vec<StatementPart> = tables
        .protection_statement
        .of(agreement.recipient_id)
        .filter(|statement| {
            statement.recipient_id == agreement.recipient_id && statement.register_id == agreement.register_id
        })
        .filter(|statement| super::stands_for(tables, agreement.discloser_id, statement.discloser_id))
        .map(|row| StatementPart { row: Arc::clone(row), status: History::read(tables, row.id.0, row.status) })
        .collect();
    statements.sort_by_key(|statement| (statement.row.channel, statement.row.version));
    statements
}

/// Provision with the entitlements it gives.
#[derive(Debug, Clone)]
pub struct Law {
    /// The row.
    pub row: Arc<legal_basis::Model>,
    /// Its entitlements.
    pub entitlements: Vec<Arc<entitlement::Model>>,
}

impl Law {
    pub(super) fn compile(tables: &Tables, row: &Arc<legal_basis::Model>) -> Self {
        let entitlements =
            tables.entitlement.of(row.id).filter(|entitlement| entitlement.legal_basis_id == row.id).cloned().collect();
        Self { row: Arc::clone(row), entitlements }
    }
}

/// Register with its items and qualifiers.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// The row.
    pub row: Arc<register::Model>,
    /// Its items in the order of their codes; what is below a node follows it.
    pub items: Vec<Arc<data_item::Model>>,
    /// Its closed list of qualifiers.
    pub qualifiers: Vec<Arc<data_item_qualifier::Model>>,
}

impl Catalogue {
    pub(super) fn compile(tables: &Tables, row: &Arc<register::Model>) -> Self {
        let mut items: Vec<_> = tables.data_item.of(row.id).cloned().collect();
        items.sort_by(|a, b| a.code.cmp(&b.code));
        let mut qualifiers: Vec<_> = tables.data_item_qualifier.of(row.id).cloned().collect();
        qualifiers.sort_by(|a, b| a.code.cmp(&b.code));
        Self { row: Arc::clone(row), items, qualifiers }
    }

    /// Item a code names, without regard to its qualifier.
    pub fn item(&self, code: &ItemCode) -> Option<&Arc<data_item::Model>> {
        let node = code.node();
        self.items.binary_search_by(|item| item.code.node().cmp(node)).ok().map(|at| &self.items[at])
    }

    /// Whether the register knows the code and, where it has one, its qualifier.
    pub fn knows(&self, code: &ItemCode) -> bool {
        self.item(code).is_some()
            && code.qualifier().is_none_or(|text| self.qualifiers.iter().any(|qualifier| qualifier.code == text))
    }

    /// Item a code names and everything below it.
    pub fn below<'a>(&'a self, code: &'a ItemCode) -> impl Iterator<Item = &'a Arc<data_item::Model>> {
        let node = code.node();
        let from = self.items.partition_point(|item| item.code.node() < node);
        self.items[from..].iter().take_while(move |item| {
            item.code.node().strip_prefix(node).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }
}

/// Right of an organisation to mandate for one theme.
#[derive(Debug, Clone)]
pub struct RightPart {
    /// The row.
    pub row: Arc<mandating_right::Model>,
    /// Its status over time.
    pub status: History<MandatingRightStatus>,
}

impl RightPart {
    pub(super) fn compile(tables: &Tables, (organisation, theme): (OrganisationId, MandateThemeId)) -> Vec<Self> {
        let rights = tables.mandating_right.of(organisation).filter(|row| row.mandate_theme_id == theme);
        rights.map(|row| Self { row: Arc::clone(row), status: History::read(tables, row.id.0, row.status) }).collect()
    }
}

/// Map that shares what a change did not touch; its keys are random ids, so a fast hash does.
pub(super) type Lookup<K, V> =
    imbl::GenericHashMap<K, V, foldhash::fast::FixedState, imbl::shared_ptr::DefaultSharedPtr>;

/// Agreement, and its dossier once somebody has asked for it: a start would compile thousands that nobody asks for before the next
/// change. Pictures share it until one of the rows it is compiled of changes, so it is the same by the tables of any of them.
#[derive(Debug)]
pub(super) struct Filed {
    row: Arc<agreement::Model>,
    dossier: OnceLock<Arc<Dossier>>,
}

impl Filed {
    /// Its dossier, by the tables of a picture that holds it.
    pub(super) fn dossier(&self, tables: &Tables) -> &Arc<Dossier> {
        self.dossier.get_or_init(|| Dossier::compile(tables, &self.row).into())
    }
}

/// Compiled pictures, each rebuilt when one of its rows changes. Decisions find everything here, in a step each.
#[derive(Debug, Clone, Default)]
pub(super) struct Compiled {
    pub(super) organisations: Lookup<OrganisationId, Arc<organisation::Model>>,
    pub(super) dossiers: Lookup<AgreementId, Arc<Filed>>,
    /// Agreements by recipient and register, in the order of their ids.
    pub(super) received: Lookup<(OrganisationId, RegisterId), Vec<Arc<Filed>>>,
    pub(super) laws: Lookup<LegalBasisId, Arc<Law>>,
    pub(super) catalogues: Lookup<RegisterId, Arc<Catalogue>>,
    pub(super) themes: Lookup<MandateThemeId, Arc<History<MandateThemeStatus>>>,
    pub(super) rights: Lookup<(OrganisationId, MandateThemeId), Arc<[RightPart]>>,
    /// Newest pseudonym key of any access grant.
    pub(super) newest_grant_key: i32,
}

impl Compiled {
    /// Puts an agreement, whose dossier is to be compiled anew, in the place of the one with its id, or takes that away.
    pub(super) fn put(&mut self, id: AgreementId, row: Option<&Arc<agreement::Model>>) {
        let side = |filed: &Filed| (filed.row.recipient_id, filed.row.register_id);
        let filed = row.map(|row| Arc::new(Filed { row: Arc::clone(row), dossier: OnceLock::new() }));
        let earlier = match &filed {
            Some(filed) => self.dossiers.insert(id, Arc::clone(filed)),
            None => self.dossiers.remove(&id),
        };
        if let Some(earlier) = earlier
            && let Some(received) = self.received.get_mut(&side(&earlier))
        {
            received.retain(|other| other.row.id != id);
        }
        if let Some(filed) = filed {
            let received = self.received.entry(side(&filed)).or_default();
            let place = received.partition_point(|other| other.row.id < id);
            received.insert(place, filed);
        }
    }
}
