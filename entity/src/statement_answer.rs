//! Answer to one question of the catalogue.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{DocumentId, ProtectionStatementId, StatementAnswerId, StatementAnswerKind};

/// Answer to one question of the catalogue.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "statement_answer")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StatementAnswerId,
    /// Statement.
    pub protection_statement_id: ProtectionStatementId,
    /// Question.
    pub question_code: String,
    /// Answer.
    pub answer: StatementAnswerKind,
    /// Explanation.
    pub text: Option<String>,
    /// Evidence.
    pub document_id: Option<DocumentId>,
    /// Subject claim of the discloser's officer who accepted an exception.
    pub exception_accepted_by: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
