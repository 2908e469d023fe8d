//! The data layer: one entity per table and the vocabulary they are written in.
//!
//! Entities carry no relation fields: registry rows are read into memory whole and never joined in SQL, so a relation
//! here would be a second, unused way to say what a foreign key and the indexes of the facts already say.

pub mod access_grant;
pub mod adoption_plan;
pub mod agreement;
pub mod agreement_basis;
pub mod agreement_party;
pub mod agreement_version;
pub mod anomaly;
pub mod anomaly_decision;
pub mod change;
pub mod change_row;
pub mod contact;
pub mod contact_topic;
pub mod data_item;
pub mod data_item_qualifier;
pub mod disclosure;
pub mod disclosure_key;
pub mod disclosure_withholding;
pub mod document;
pub mod dropped_month;
pub mod entitlement;
pub mod incident;
pub mod inquiry;
pub mod interned;
pub mod key_fingerprint;
pub mod legal_basis;
pub mod log_checkpoint;
pub mod log_tile;
pub mod log_tree;
pub mod mandate_theme;
pub mod mandating_right;
pub mod onward_rule;
pub mod onward_rule_basis;
pub mod onward_rule_item;
pub mod organisation;
pub mod organisation_key;
pub mod organisation_xroad;
pub mod protection_statement;
pub mod purpose;
pub mod register;
pub mod register_alternative;
pub mod retention_rule;
pub mod scope;
pub mod scope_item;
pub mod scope_item_basis;
pub mod scope_item_mandate;
pub mod scope_purpose;
pub mod signature;
pub mod statement_answer;
pub mod status_entry;
pub mod subject_lookup;
pub mod tally;
pub mod usage_review;
pub mod vocabulary;
