//! How the house speaks GraphQL: what may be asked, and how values, pages, faults and errors are said.
//!
//! The kit of every `graphql.rs`; it knows no feature. What it takes from async-graphql stays here and there.

pub mod as_of;
pub mod connections;
pub mod documents;
mod effort;
pub mod errors;
pub mod gate;
pub mod http;
pub mod long;
pub mod names;
pub mod request;
pub mod said;
pub mod scalars;
pub mod schema;
pub mod trusted;
