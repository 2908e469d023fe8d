//! Address of an organisation that is told what happens.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{Codes, EventTopic, Instant, OrganisationId, WebhookId, WebhookPause, WebhookStatus};

/// Address of an organisation that is told what happens. Its secret is kept nowhere: it is derived from the key of a
/// version, of the row's id and of its generation.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "webhook")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookId,
    /// Organisation that is told.
    pub organisation_id: OrganisationId,
    /// Address events are sent to.
    pub url: String,
    /// What it is told about; everything when empty.
    pub topics: Codes<EventTopic>,
    /// Where it stands.
    pub status: WebhookStatus,
    /// Why it is paused; null while it is not.
    pub pause: Option<WebhookPause>,
    /// Version of the key its secret is derived from.
    pub key_version: i32,
    /// Generation of its secret, from 1.
    pub generation: i32,
    /// Version of the key of the secret before; null where there was none.
    pub previous_key_version: Option<i32>,
    /// Instant of registration.
    pub registered_at: Instant,
    /// Instant the secret was last changed; null where it never was.
    pub rotated_at: Option<Instant>,
    /// Instant since which it stands where it stands.
    pub status_at: Instant,
}

impl ActiveModelBehavior for ActiveModel {}
