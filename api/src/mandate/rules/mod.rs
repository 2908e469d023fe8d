//! How a mandate theme is named, how it comes to be, and who may grant mandates of it.

mod right;
mod theme;

use std::sync::Arc;

use entity::mandate_theme;

use crate::facts::Facts;

pub use right::{ApplicationInput, DecisionInput, RightDecision, apply, decide, open_application};
pub use theme::{AdvanceInput, ThemeInput, advance_theme, register_theme};

/// Most mandate themes one question, disclosure or application may name; an end user holds a few.
pub const MANDATES_MAX: usize = 20;

/// Mandate theme of a code, or else of a URI.
pub fn theme<'a>(facts: &'a Facts, name: &str) -> Option<&'a Arc<mandate_theme::Model>> {
    let by_uri = || facts.mandate_theme.all().find(|row| row.uri.as_deref() == Some(name));
    facts.mandate_theme.by_key(name).or_else(by_uri)
}
