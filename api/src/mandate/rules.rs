//! How a mandate theme is named, and how many may be named at once.

use std::sync::Arc;

use entity::mandate_theme;

use crate::facts::Facts;

/// Most mandate themes one question or disclosure may name; an end user holds a few.
pub const MANDATES_MAX: usize = 20;

/// Mandate theme of a code, or else of a URI.
pub fn theme<'a>(facts: &'a Facts, name: &str) -> Option<&'a Arc<mandate_theme::Model>> {
    let by_uri = || facts.mandate_theme.all().find(|row| row.uri.as_deref() == Some(name));
    facts.mandate_theme.by_key(name).or_else(by_uri)
}
