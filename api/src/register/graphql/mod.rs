//! How registers, their items and purposes are said.

mod mutation;
mod purpose_mutation;

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use entity::{
    data_item, data_item_qualifier, purpose, register, register_alternative,
    vocabulary::{AlternativeKind, Channel, DataItemId, Language, OrganisationId, PurposeId, RegisterId},
};

pub use mutation::RegisterMutation;
pub use purpose_mutation::PurposeMutation;

use crate::{
    Error, Violations,
    checks::Checks,
    context::View,
    facts::global_id,
    graphql::{
        connections::{Connection, Page},
        names::is_named,
        request::{named, request, within},
        said::Said,
        scalars::{BusinessId, DateTime, ItemCode},
    },
    legal_basis::graphql::LegalBasis,
    organisation::graphql::Organisation,
};

/// Register at the instant of a view.
pub struct Register {
    /// What is seen.
    pub view: View,
    /// The row.
    pub row: Arc<register::Model>,
}

impl Register {
    /// Register of an id; null when there is none.
    pub fn of(view: &View, id: RegisterId) -> Option<Self> {
        Some(Self { view: view.clone(), row: Arc::clone(view.facts.register.get(id)?) })
    }
}

/// Source of data as offered for disclosure: a register, or the service over it.
#[Object]
impl Register {
    /// Global identifier.
    pub async fn id(&self) -> ID {
        global_id(self.row.id).into()
    }

    /// Stable code, `[A-Z][A-Z0-9_]*`.
    async fn code(&self) -> &str {
        &self.row.code
    }

    /// Name.
    async fn name(
        &self,
        #[graphql(desc = "Language; that of the request when absent. Falls back to Finnish.")] language: Option<
            Said<Language>,
        >,
    ) -> String {
        named(&self.view, language, &self.row.name_fi, self.row.name_sv.as_ref(), self.row.name_en.as_ref())
    }

    /// Controller, who alone discloses from it.
    async fn controller(&self) -> Result<Organisation, Error> {
        Organisation::of(&self.view, self.row.controller_id)
            .ok_or_else(|| Error::internal("a register without its controller"))
    }

    /// Channels over which it is offered, at most 3.
    async fn channels(&self) -> Vec<Said<Channel>> {
        self.row.channels.0.iter().copied().map(Said).collect()
    }

    /// Ways to the data other than an agreement, at most 4.
    async fn alternatives(&self) -> Vec<RegisterAlternative> {
        RegisterAlternative::of(&self.view, self.row.id)
    }

    /// Version of the data-structure description (906/2019 22 § 3 mom); null when none is recorded.
    async fn structure_version(&self) -> Option<&str> {
        self.row.structure_version.as_deref()
    }

    /// Web address of that description; null when it is not published.
    async fn structure_url(&self) -> Option<&str> {
        self.row.structure_url.as_deref()
    }

    /// Its items by code, those below a node after it; retired ones too. Errors: INVALID_INPUT, LIMIT_EXCEEDED.
    async fn items(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Node: it and what is below it; every item when absent.")] below: Option<ItemCode>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<DataItem>, Error> {
        let page = Page::of("items", first, after.as_deref(), within(ctx)?.page_size_max())?;
        let mut checks = Checks::default();
        let node = below.and_then(|code| checks.parsed("below", code.as_str()));
        checks.done(|| Some(())).map_err(Error::Invalid)?;
        let catalogue = self.view.facts.catalogue(self.row.id);
        let catalogue = catalogue.ok_or_else(|| Error::internal("a register without its catalogue"))?;
        let items: Vec<_> = match &node {
            Some(node) => catalogue.below(node).collect(),
            None => catalogue.items.iter().collect(),
        };
        let total = items.len();
        let keyed = items.into_iter().map(|row| (row.code.clone(), row));
        let said = |row: &Arc<data_item::Model>| DataItem { view: self.view.clone(), row: Arc::clone(row) };
        Ok(page.connection(keyed, said).of_total(total))
    }

    /// Closed list of values that narrow its items, by code, at most 100.
    async fn qualifiers(&self) -> Vec<DataItemQualifier> {
        let catalogue = self.view.facts.catalogue(self.row.id);
        let rows = catalogue.into_iter().flat_map(|catalogue| &catalogue.qualifiers);
        rows.map(|row| DataItemQualifier { view: self.view.clone(), row: Arc::clone(row) }).collect()
    }
}

/// Way to data other than an agreement.
pub struct RegisterAlternative {
    row: Arc<register_alternative::Model>,
}

impl RegisterAlternative {
    /// Alternatives of a register, by kind.
    pub fn of(view: &View, register: RegisterId) -> Vec<Self> {
        let mut rows: Vec<_> = view.facts.register_alternative.of(register).cloned().collect();
        rows.sort_by_key(|row| row.kind);
        rows.into_iter().map(|row| Self { row }).collect()
    }
}

/// Way to a register's data other than an agreement.
#[Object]
impl RegisterAlternative {
    /// Which way.
    async fn kind(&self) -> Said<AlternativeKind> {
        self.row.kind.into()
    }

    /// Web address of instructions; null when there are none.
    async fn guide_url(&self) -> Option<&str> {
        self.row.guide_url.as_deref()
    }
}

/// Value that narrows items.
pub struct DataItemQualifier {
    view: View,
    row: Arc<data_item_qualifier::Model>,
}

/// Value by which the items of a register may be narrowed, such as a benefit.
#[Object]
impl DataItemQualifier {
    /// Segment after the at sign of an item code.
    async fn code(&self) -> &str {
        &self.row.code
    }

    /// Name.
    async fn name(
        &self,
        #[graphql(desc = "Language; that of the request when absent. Falls back to Finnish.")] language: Option<
            Said<Language>,
        >,
    ) -> String {
        named(&self.view, language, &self.row.name_fi, self.row.name_sv.as_ref(), self.row.name_en.as_ref())
    }
}

/// Data item.
pub struct DataItem {
    /// What is seen.
    pub view: View,
    /// The row.
    pub row: Arc<data_item::Model>,
}

impl DataItem {
    /// Item of an id; null when there is none.
    pub fn of(view: &View, id: DataItemId) -> Option<Self> {
        Some(Self { view: view.clone(), row: Arc::clone(view.facts.data_item.get(id)?) })
    }
}

/// Node of a register's content.
#[Object]
impl DataItem {
    /// Global identifier.
    pub async fn id(&self) -> ID {
        global_id(self.row.id).into()
    }

    /// Dotted code. It covers what is below it, but identity codes only when they are named.
    async fn code(&self) -> ItemCode {
        (&self.row.code).into()
    }

    /// Name.
    async fn name(
        &self,
        #[graphql(desc = "Language; that of the request when absent. Falls back to Finnish.")] language: Option<
            Said<Language>,
        >,
    ) -> String {
        named(&self.view, language, &self.row.name_fi, self.row.name_sv.as_ref(), self.row.name_en.as_ref())
    }

    /// Whether it is personal data.
    async fn is_personal(&self) -> bool {
        self.row.is_personal
    }

    /// Whether it is secret by law.
    async fn is_secret(&self) -> bool {
        self.row.is_secret
    }

    /// Whether it holds personal identity codes; then it is covered only when named (1050/2018 29 §).
    async fn is_identity_code(&self) -> bool {
        self.row.is_identity_code
    }

    /// Whether it belongs to a special category of personal data (GDPR article 9).
    async fn special_category(&self) -> bool {
        self.row.special_category
    }

    /// Whether anyone may have it.
    async fn is_public(&self) -> bool {
        self.row.is_public
    }

    /// Provision that makes it secret; null unless it is secret.
    async fn secrecy_basis(&self) -> Option<LegalBasis> {
        LegalBasis::of(&self.view, self.row.secrecy_basis_id?)
    }

    /// Instant from which it exists, UTC, inclusive; a node covers only items that existed when the scope was defined.
    async fn valid_from(&self) -> DateTime {
        self.row.valid_from.into()
    }

    /// Instant at which it was retired, UTC, exclusive; null while in use.
    async fn valid_until(&self) -> Option<DateTime> {
        self.row.valid_until.map(DateTime::from)
    }
}

/// Purpose.
pub struct Purpose {
    /// What is seen.
    pub view: View,
    /// The row.
    pub row: Arc<purpose::Model>,
}

impl Purpose {
    /// Purpose of an id; null when there is none.
    pub fn of(view: &View, id: PurposeId) -> Option<Self> {
        Some(Self { view: view.clone(), row: Arc::clone(view.facts.purpose.get(id)?) })
    }
}

/// What disclosed data is used for.
#[Object]
impl Purpose {
    /// Global identifier.
    pub async fn id(&self) -> ID {
        global_id(self.row.id).into()
    }

    /// Stable code, `[A-Z][A-Z0-9_]*`.
    async fn code(&self) -> &str {
        &self.row.code
    }

    /// Name.
    async fn name(
        &self,
        #[graphql(desc = "Language; that of the request when absent. Falls back to Finnish.")] language: Option<
            Said<Language>,
        >,
    ) -> String {
        named(&self.view, language, &self.row.name_fi, self.row.name_sv.as_ref(), self.row.name_en.as_ref())
    }

    /// Term of the Data Privacy Vocabulary, an IRI; null where none fits.
    async fn dpv_iri(&self) -> Option<&str> {
        self.row.dpv_iri.as_deref()
    }
}

/// Conditions a register must meet to be listed; all that are given.
#[derive(InputObject, Default)]
pub struct RegisterFilter {
    /// Code.
    code: Option<String>,
    /// Business ID of the controller.
    controller: Option<BusinessId>,
    /// Part of its name in any language, without regard to case.
    name: Option<String>,
}

impl RegisterFilter {
    fn admits(&self, controller: Option<OrganisationId>, row: &register::Model) -> bool {
        self.code.as_ref().is_none_or(|code| *code == row.code)
            && controller.is_none_or(|id| id == row.controller_id)
            && self
                .name
                .as_ref()
                .is_none_or(|part| is_named(part, &row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref()))
    }
}

/// Queries about registers and purposes.
#[derive(Default)]
pub struct RegisterQuery;

#[Object]
impl RegisterQuery {
    /// Registers offered, by code. Errors: INVALID_INPUT, LIMIT_EXCEEDED.
    async fn registers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions; every register when absent.")] filter: Option<RegisterFilter>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<Register>, Error> {
        let request = request(ctx, "registers")?;
        let page = Page::of("registers", first, after.as_deref(), request.page_size_max())?;
        let view = &request.view;
        let filter = filter.unwrap_or_default();
        let controller = controller(view, &filter).map_err(Error::Invalid)?;
        let mut rows: Vec<_> = view.facts.register.all().filter(|row| filter.admits(controller, row)).collect();
        rows.sort_by(|a, b| a.code.cmp(&b.code));
        let total = rows.len();
        let node = |row: &Arc<register::Model>| Register { view: view.clone(), row: Arc::clone(row) };
        Ok(page.connection(rows.into_iter().map(|row| (row.code.clone(), row)), node).of_total(total))
    }

    /// Purposes data may be asked for, by code. Errors: INVALID_INPUT, LIMIT_EXCEEDED.
    async fn purposes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<Purpose>, Error> {
        let request = request(ctx, "purposes")?;
        let page = Page::of("purposes", first, after.as_deref(), request.page_size_max())?;
        let view = &request.view;
        let mut rows: Vec<_> = view.facts.purpose.all().collect();
        rows.sort_by(|a, b| a.code.cmp(&b.code));
        let total = rows.len();
        let node = |row: &Arc<purpose::Model>| Purpose { view: view.clone(), row: Arc::clone(row) };
        Ok(page.connection(rows.into_iter().map(|row| (row.code.clone(), row)), node).of_total(total))
    }
}

fn controller(view: &View, filter: &RegisterFilter) -> Result<Option<OrganisationId>, Violations> {
    let Some(business_id) = &filter.controller else { return Ok(None) };
    let mut checks = Checks::default();
    let found = checks.organisation(&view.facts, "filter.controller", business_id.as_str()).map(|row| row.id);
    checks.done(|| Some(found))
}
