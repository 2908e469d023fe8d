//! How large a scope may be: an answer holds all of it, and a reader can take it in.

/// Most purposes of one scope.
pub const PURPOSES_MAX: usize = 20;

/// Most items of one scope.
pub const ITEMS_MAX: usize = 1_000;

/// Most provisions one item rests on.
pub const CITATIONS_MAX: usize = 20;

/// Most mandate themes the items of one scope require together.
pub const THEMES_MAX: usize = 20;
