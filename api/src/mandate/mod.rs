//! Suomi.fi mandate themes, and organisations' rights to grant mandates of them (R42, R48, R50).

pub mod graphql;
pub mod rules;
