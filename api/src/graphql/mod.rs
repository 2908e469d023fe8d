//! How the house speaks GraphQL: what may be asked, and how values, pages, faults and errors are said.
//!
//! The kit of every `graphql.rs`; it knows no feature. What it takes from async-graphql stays here and there.
//!
//! Each field of an answer is a future of its own, as large as the largest of all fields of its type. So a resolver that waits
//! for the database boxes what it waits for: then the other fields do not carry its kilobytes.

pub mod as_of;
pub mod connections;
pub mod documents;
mod effort;
pub mod errors;
pub mod gate;
pub mod http;
pub mod long;
pub mod names;
pub mod plain;
pub mod request;
pub mod said;
pub mod scalars;
pub mod schema;
pub mod trusted;
