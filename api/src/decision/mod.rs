//! Whether data may be disclosed, and every other question that cuts across the house; nobody answers them elsewhere.
//!
//! Pure: facts and an instant in, an answer out. The doors, the guards of acts and the recording of disclosures all ask
//! here, so the same question gets the same answer through every one of them.

mod actions;
mod checklist;
mod completeness;
mod conditions;
mod content;
mod decide;
mod grants;
mod horizon;
mod message;
mod notice;
mod question;
mod standing;
mod steps;

pub use actions::{
    AllowedAction, activatable, agreed_bases, allowed_actions, confirmable, definable, heir, is_agreed_party,
    is_preparing, is_renewable, is_terminable, law_now, newest_scope, offerable, onward_addable, open_scope, renewable,
    renewal_under_way, renewed_scopes, resumable, revocable, scope_actions, scope_beyond, scope_openable,
    scope_resumable, signable, waits_for,
};
pub use checklist::{CATALOGUE_VERSION, Question as CatalogueQuestion, checklist, gaps, questions};
pub use completeness::{Completeness, completeness, unfounded, unfounded_items};
pub use conditions::{
    acting, carries, exists, has_basis, in_force, is_for, is_right, law_in_force, mode_justified, openable,
    party_active,
};
pub use content::{
    Content, Difference, DifferenceKind, Present, SIDES, agreed, agreed_version, awaited, beyond, content_hash,
    differences, is_intact, last_act, newest_acted_on, onward_agreed, present, present_number, reaches, side_act,
    signed_by_both, stands_by, versions,
};
pub use decide::{cited, decide, disclosers};
pub use grants::{GrantBarrier, grant_barrier, grant_holds, grant_stands, grant_until};
pub use horizon::Horizon;
pub use message::{completeness_message, next_step_message, obligation_message, reason_message};
pub use notice::{notice_due, notify_by};
pub use question::*;
pub use standing::{
    Standing, basis_reasons, has_ended, is_alive, is_amendable, is_negotiable, is_offered, is_over, item_reasons,
    of_agreement, of_scope, serves,
};
pub use steps::{AdoptionStep, adoption_steps, has_step_to_plan, is_declared, is_own, steps_before};
