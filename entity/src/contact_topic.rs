//! Topic a mailbox answers.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{ContactId, ContactTopic, ContactTopicId};

/// Topic a mailbox answers.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "contact_topic")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ContactTopicId,
    /// Mailbox.
    pub contact_id: ContactId,
    /// Topic.
    pub topic: ContactTopic,
}

impl ActiveModelBehavior for ActiveModel {}
