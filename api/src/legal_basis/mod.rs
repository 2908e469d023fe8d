//! Provisions of law, each in one wording: what a right to receive or disclose rests on.

pub mod graphql;
pub mod rules;
