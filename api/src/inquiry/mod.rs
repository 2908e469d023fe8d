//! Inquiries: "do we have a right?" (R34, R65).

pub mod graphql;

/// Most provisions one inquiry relies on: an answer holds all of them.
pub const CLAIMED_PROVISIONS_MAX: usize = 20;
