//! Who the gateway takes the caller for.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object};

use crate::{
    Error, auth,
    context::View,
    graphql::{
        long::Long,
        request::request,
        scalars::{BusinessId, DateTime},
    },
    organisation::graphql::Organisation,
};

/// Role of a token. May grow.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "auth::Role")]
pub enum Role {
    /// Keeps organisations, law and catalogues; sees no disclosures.
    Administrator,
    /// Acts for its organisation.
    Officer,
    /// System of its organisation.
    System,
    /// Reads everything of its organisation; of all when it is the data-protection authority.
    Auditor,
    /// Reads rounded statistics.
    Statistician,
    /// Shows persons their own disclosures.
    SubjectService,
}

/// Caller.
pub struct Viewer {
    view: View,
}

/// Who the gateway takes the caller for, and the picture it answers from.
#[Object]
impl Viewer {
    /// Subject of the token; null without one.
    async fn subject(&self) -> Option<&str> {
        self.view.viewer.subject.as_deref()
    }

    /// Roles of the token.
    async fn roles(&self) -> Vec<Role> {
        self.view.viewer.roles.iter().copied().map(Role::from).collect()
    }

    /// Organisation the caller acts for; null without a token, or when the registry does not know it.
    async fn organisation(&self) -> Option<Organisation> {
        let row = self.view.own_organisation()?;
        Some(Organisation { view: self.view.clone(), row: Arc::clone(row) })
    }

    /// Business ID of the processor that acts for the organisation; null when it acts itself.
    async fn processor(&self) -> Option<BusinessId> {
        self.view.viewer.processor.map(BusinessId::from)
    }

    /// Instant the answer holds at, UTC.
    async fn at(&self) -> DateTime {
        self.view.at.into()
    }

    /// Journal position of the facts the answer rests on.
    async fn facts_seq(&self) -> Long {
        self.view.facts.seq.into()
    }
}

/// Queries about the caller.
#[derive(Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Who the gateway takes the caller for.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer, Error> {
        Ok(Viewer { view: request(ctx, "viewer")?.view.clone() })
    }
}
