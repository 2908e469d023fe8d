//! How a recipient takes back what it said of its data protection.

use entity::vocabulary::{Instant, ProtectionStatementId, StatementStatus};

use super::{in_status, moved};
use crate::{
    Violations,
    checks::{Checks, TEXT_CHARACTERS_MAX},
    facts::{Facts, global_id},
    journal::Changes,
};

/// Withdrawal as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct WithdrawalInput {
    /// Global id of the statement.
    pub id: String,
    /// Why, in words.
    pub note: Option<String>,
}

/// Withdraws a statement: one that is given, or one that is approved and no longer true. `known` is what the id names, as
/// far as the asker may know it.
pub fn withdraw(
    facts: &Facts,
    known: Option<ProtectionStatementId>,
    input: &WithdrawalInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    use StatementStatus::{Approved, Draft, Returned, Submitted, UnderReview, Withdrawn};
    let mut checks = Checks::default();
    let note = checks.prose_if("note", input.note.as_ref(), TEXT_CHARACTERS_MAX);
    let from = [Draft, Submitted, UnderReview, Returned, Approved];
    let row = in_status(&mut checks, facts, (&input.id, known), &from);
    checks.done(|| {
        let row = row?;
        let subject = global_id(row.id);
        let edits = moved(facts, row, Withdrawn, by, note.clone()).into();
        Some(Changes { action: "withdrawProtectionStatement", subject, reason: note, edits })
    })
}
