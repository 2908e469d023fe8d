//! Inquiries: "do we have a right?" (R34, R65).

pub mod graphql;
