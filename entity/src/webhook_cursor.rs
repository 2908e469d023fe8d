//! How far a webhook has been told, and who tells it.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{Instant, WebhookId};

/// How far a webhook has been told, and who tells it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "webhook_cursor")]
pub struct Model {
    /// Webhook.
    #[sea_orm(primary_key, auto_increment = false)]
    pub webhook_id: WebhookId,
    /// Position in the journal up to which it has been told.
    pub seq: i64,
    /// Number of the anomaly up to which it has been told.
    pub raised: i64,
    /// Attempts in vain to deliver the event that waits.
    pub attempts: i32,
    /// Instant from which it is tried again.
    pub next_at: Instant,
    /// Instant of the last attempt; null before the first.
    pub tried_at: Option<Instant>,
    /// Process that delivers to it; null while none does.
    pub holder: Option<Uuid>,
    /// Instant until which no other does.
    pub leased_until: Option<Instant>,
}

impl ActiveModelBehavior for ActiveModel {}
