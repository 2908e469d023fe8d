//! What will end by time alone, so that officers act before it does.

pub mod graphql;
pub mod rules;
