//! Entitlements: at most this, to these, for that. What a provision of law allows before any agreement is made.

pub mod ceiling;
pub mod graphql;
pub mod rules;

pub use rules::{Entitlements, Insight, Question, Recipient};
