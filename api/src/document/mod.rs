//! Documents as evidence: the gateway keeps what they are and their hash, never their bodies.

pub mod graphql;
pub mod rules;

pub use rules::{DocumentInput, Holder};
