//! How much two bodies may have to tell of one register: an answer holds all of it.

/// Most statements of one recipient to one discloser on one register, over every channel and version.
pub const STATEMENTS_MAX: usize = 50;

/// Most answers of one statement.
pub const ANSWERS_MAX: usize = 100;
