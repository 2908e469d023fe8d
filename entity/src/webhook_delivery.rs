//! One attempt to deliver an event.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{Instant, WebhookDeliveryId, WebhookFault, WebhookId};

/// One attempt to deliver an event. Nothing of what was answered is kept but the status.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "webhook_delivery")]
pub struct Model {
    /// Identifier; rises with time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookDeliveryId,
    /// Webhook.
    pub webhook_id: WebhookId,
    /// Identifier of the event.
    pub event_id: String,
    /// Number of the attempt, from 1.
    pub attempt: i32,
    /// Instant it began.
    pub at: Instant,
    /// Milliseconds it took.
    pub milliseconds: i64,
    /// Status of the answer; null where there was none.
    pub status: Option<i32>,
    /// Why there was no answer.
    pub fault: Option<WebhookFault>,
}

impl ActiveModelBehavior for ActiveModel {}
