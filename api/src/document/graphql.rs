//! How documents are said: never more than to whom the thing they are evidence of is said.

use std::sync::Arc;

use async_graphql::{InputObject, Object};
use entity::document;

use super::rules;

/// Document.
pub struct Document {
    /// The row.
    pub row: Arc<document::Model>,
}

/// Document by its hash; the gateway keeps no document bodies.
#[Object]
impl Document {
    /// Title.
    async fn title(&self) -> &str {
        &self.row.title
    }

    /// SHA-256 of the document, 64 hexadecimal digits in lower case.
    async fn sha256(&self) -> &str {
        &self.row.sha256
    }

    /// Media type (RFC 6838).
    async fn media_type(&self) -> &str {
        &self.row.media_type
    }
}

/// Document named as evidence. The same hash is the same document, under one title and media type.
#[derive(InputObject)]
pub struct DocumentInput {
    /// Title, 1 to 200 characters. Never personal data.
    title: String,
    /// SHA-256 of the document, 64 hexadecimal digits.
    sha256: String,
    /// Media type (RFC 6838), such as `application/pdf`.
    media_type: String,
    /// Where its holder keeps it, at most 200 characters; kept for the holder's exports.
    location: Option<String>,
}

impl From<DocumentInput> for rules::DocumentInput {
    fn from(input: DocumentInput) -> Self {
        Self { title: input.title, sha256: input.sha256, media_type: input.media_type, location: input.location }
    }
}
