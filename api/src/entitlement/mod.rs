//! Entitlements: at most this, to these, for that. What a provision of law allows before any agreement is made.

pub mod ceiling;
pub mod graphql;
mod next_step;
pub mod rules;

pub use next_step::NextStep;
pub use rules::{Entitlements, Insight, Question, Recipient};
