//! Protection statements: the recipient's account of its data protection, reviewed before anything opens.

pub mod graphql;
pub mod rules;
