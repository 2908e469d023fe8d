//! Incidents: misuse and breaches (R18).

pub mod graphql;
