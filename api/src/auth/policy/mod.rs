//! Who may do what. Nothing is visible and nothing may be done that is not said in this folder.
//!
//! `matrix` says which role may ask which root field, `party` for whom a viewer stands, `sight` what it sees of the
//! answer, `act` what it may do. What an officer or a system may do depends on the side its organisation is on in that
//! agreement; roles belong to agreements, never to organisations. What one may not know exists is not found, not
//! forbidden. Whoever took the place of a party stands where that party stood.

mod act;
mod history;
mod log;
mod matrix;
mod party;
mod sight;
pub mod statistics;
#[cfg(test)]
mod tests;

pub use act::{
    Act, Permit, actor, acts_for, answers_inquiry, closes_incident, decides_mandating_right, judge, keeps_law,
};
pub use history::{sees_address, sees_change, sees_row, sees_subject, sees_webhook};
pub use log::{LogKeeper, PersonSight, Rows, log_keeper, person_sight, rows, sees_anomalies, sees_subjects, served};
pub use matrix::{MATRIX, Row, admit};
pub use party::{
    acting_side, audits, audits_all, has_ceased, is_processor, keeps_records_of, offered_side, own_id, own_people,
    side, stands_for,
};
pub use sight::{
    Access, Sight, access, agreement_of, enforces, knows_of, names_actor, sees_contact, sees_every_change, sees_grants,
    sees_incident, sees_inquiry, sees_mandating_right, sees_reason, sees_statement, sight,
};
