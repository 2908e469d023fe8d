//! Anything by its global id.

use std::sync::Arc;

use async_graphql::{Context, ID, Interface, Object};
use entity::vocabulary::{AnomalyId, RowId, table_and_row};

use crate::{
    Error,
    access_grant::graphql::AccessGrant,
    agreement::graphql::{Agreement, Incident},
    anomaly::graphql::Anomaly,
    context::View,
    graphql::request::request,
    inquiry::graphql::Inquiry,
    legal_basis::graphql::LegalBasis,
    mandate::graphql::{MandateTheme, MandatingRight},
    organisation::graphql::Organisation,
    protection_statement::graphql::ProtectionStatement,
    register::graphql::{Purpose, Register},
    scope::graphql::Scope,
    webhook::graphql::Webhook,
};

/// Thing with a global identifier.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Global identifier: its word and its id, opaque to callers."))]
pub enum Node {
    /// Organisation.
    Organisation(Organisation),
    /// Provision.
    LegalBasis(LegalBasis),
    /// Register.
    Register(Register),
    /// Purpose.
    Purpose(Purpose),
    /// Mandate theme.
    MandateTheme(MandateTheme),
    /// Right to grant mandates.
    MandatingRight(MandatingRight),
    /// Agreement.
    Agreement(Agreement),
    /// Scope.
    Scope(Scope),
    /// Access grant.
    AccessGrant(AccessGrant),
    /// Protection statement.
    ProtectionStatement(ProtectionStatement),
    /// Inquiry.
    Inquiry(Inquiry),
    /// Incident.
    Incident(Incident),
    /// Anomaly.
    Anomaly(Anomaly),
    /// Webhook.
    Webhook(Webhook),
}

/// Queries by global id.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Thing of a global identifier; null, with NOT_FOUND, when there is none the viewer may know of. Errors: NOT_FOUND,
    /// INVALID_INPUT.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global identifier.")] id: ID,
    ) -> Option<Result<Node, Error>> {
        let view = match request(ctx, "node") {
            Ok(request) => &request.view,
            Err(error) => return Some(Err(error)),
        };
        Some(find(ctx, view, &id).await)
    }
}

async fn find(ctx: &Context<'_>, view: &View, id: &ID) -> Result<Node, Error> {
    let (table, uuid) = table_and_row(id).ok_or(Error::NotFound("node"))?;
    let facts = &view.facts;
    let view = view.clone();
    if table == AnomalyId::TABLE {
        let found = Anomaly::of(ctx, &view, uuid).await?;
        return found.map(Node::Anomaly).ok_or(Error::NotFound("node"));
    }
    let node = match table {
        "organisation" => facts
            .organisation
            .get(uuid.into())
            .map(|row| Node::Organisation(Organisation { view, row: Arc::clone(row) })),
        "legal_basis" => {
            facts.legal_basis.get(uuid.into()).map(|row| Node::LegalBasis(LegalBasis { view, row: Arc::clone(row) }))
        }
        "register" => {
            facts.register.get(uuid.into()).map(|row| Node::Register(Register { view, row: Arc::clone(row) }))
        }
        "purpose" => facts.purpose.get(uuid.into()).map(|row| Node::Purpose(Purpose { view, row: Arc::clone(row) })),
        "mandate_theme" => facts
            .mandate_theme
            .get(uuid.into())
            .map(|row| Node::MandateTheme(MandateTheme { view, row: Arc::clone(row) })),
        "mandating_right" => MandatingRight::of(&view, uuid.into()).map(Node::MandatingRight),
        "agreement" => Agreement::of(&view, uuid.into()).map(Node::Agreement),
        "scope" => facts.scope.get(uuid.into()).and_then(|row| Scope::of(&view, row)).map(Node::Scope),
        "protection_statement" => ProtectionStatement::of(&view, uuid.into()).map(Node::ProtectionStatement),
        "access_grant" => AccessGrant::of(&view, uuid.into()).map(Node::AccessGrant),
        "inquiry" => Inquiry::of(&view, uuid.into()).map(Node::Inquiry),
        "webhook" => Webhook::of(&view, uuid.into()).map(Node::Webhook),
        "incident" => Incident::of(&view, uuid.into()).map(Node::Incident),
        _ => None,
    };
    node.ok_or(Error::NotFound("node"))
}
