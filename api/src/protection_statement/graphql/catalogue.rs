//! How the protection catalogue is said.

use async_graphql::Object;
use entity::vocabulary::Language;

use crate::{
    context::View,
    decision::{self, CatalogueQuestion as Asked},
    graphql::said::Said,
};

/// Version of the protection catalogue.
pub struct ProtectionCatalogue {
    view: View,
    version: i32,
}

impl ProtectionCatalogue {
    /// Catalogue of a version; null where there is none.
    pub fn of(view: &View, version: i32) -> Option<Self> {
        let exists = !decision::questions(version).is_empty();
        exists.then(|| Self { view: view.clone(), version })
    }
}

/// What a recipient is asked about its data protection; versioned, so that an account says which questions it answered
/// (R67).
#[Object]
impl ProtectionCatalogue {
    /// Version, from 1.
    async fn version(&self) -> i32 {
        self.version
    }

    /// Questions in order, at most 100; a statement answers each of them once.
    async fn questions(&self) -> Vec<CatalogueQuestion> {
        decision::questions(self.version).iter().map(|asked| CatalogueQuestion::of(&self.view, asked)).collect()
    }
}

/// Question of the protection catalogue.
pub struct CatalogueQuestion {
    view: View,
    asked: &'static Asked,
}

impl CatalogueQuestion {
    /// Question as the viewer reads it.
    pub fn of(view: &View, asked: &'static Asked) -> Self {
        Self { view: view.clone(), asked }
    }
}

/// Question of the protection catalogue.
#[Object]
impl CatalogueQuestion {
    /// Code; stable.
    async fn code(&self) -> &str {
        self.asked.code
    }

    /// Question in words.
    async fn text(
        &self,
        #[graphql(desc = "Language; that of the request when absent.")] language: Option<Said<Language>>,
    ) -> &str {
        self.asked.text(language.map_or(self.view.language, |language| language.0))
    }

    /// Requirement of the source documents it asks for.
    async fn source(&self) -> &str {
        self.asked.source
    }

    /// Whether an answer YES is borne out by a text or a document (R64).
    async fn asks_evidence(&self) -> bool {
        self.asked.asks_evidence
    }
}
