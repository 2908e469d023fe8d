//! Disclosure Gateway: the system of record and decision point for disclosures of register data between authorities.
//!
//! Law → agreement → scope → decision → log → statistics. Modules may use only those before them in this list; a test
//! holds it.

mod error;

pub mod clock;

pub mod json;

pub mod role;

pub mod metrics;

pub mod config;

pub mod database;

pub mod telemetry;

pub mod server;

pub mod facts;

pub mod decision;

pub mod journal;

pub mod keys;

pub mod auth;

pub mod trail;

pub mod answers;

pub mod context;

pub mod checks;

pub mod graphql;

pub mod status;

pub mod confirmation;

pub mod version;

pub mod document;

pub mod change;

pub mod contact;

pub mod organisation;

pub mod legal_basis;

pub mod mandate;

pub mod register;

pub mod protection_statement;

pub mod access_grant;

pub mod scope;

pub mod onward_rule;

pub mod usage_review;

pub mod agreement;

pub mod adoption;

pub mod entitlement;

pub mod proposal;

pub mod inquiry;

pub mod incident;

pub mod access_decision;

pub mod expiration;

pub mod disclosure;

pub mod transparency_log;

pub mod subject_access;

pub mod statistics;

pub mod anomaly;

pub mod events;

pub mod webhook;

pub mod minimisation;

pub mod simulation;

pub mod retention;

pub mod export;

pub mod world;

pub mod scale;

pub mod backup;

pub mod app;

pub mod cli;

pub use error::{Error, ErrorCode, Fault, FaultCode, Proof, Violations};

/// Answers are made of many small allocations, at which the system's allocator is slower.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
