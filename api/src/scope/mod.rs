//! Scopes: what may be disclosed over which channel, in one version.

pub mod graphql;
pub mod rules;
