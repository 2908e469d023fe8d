//! What of a registry anyone may read: what is restricted is left out with all that belongs to it.

use entity::{
    agreement, contact,
    vocabulary::{AgreementId, ContactId, Publicity},
};
use std::collections::BTreeSet;

use crate::facts::{Edit, Facts};

/// Facts without what is restricted, and how many agreements, statements, contacts, documents and incidents that leaves out.
pub fn public_part(facts: &Facts) -> (Facts, usize) {
    let is_restricted = |publicity: Publicity| publicity != Publicity::Public;
    let agreements: BTreeSet<AgreementId> =
        facts.agreement.all().filter(|row| is_restricted(row.publicity)).map(|row| row.id).collect();
    let of_hidden = |id: Option<AgreementId>| id.is_some_and(|id| agreements.contains(&id));
    let hidden_contact = |row: &contact::Model| is_restricted(row.publicity) || of_hidden(row.agreement_id);
    let contacts: BTreeSet<ContactId> =
        facts.contact.all().filter(|row| hidden_contact(row)).map(|row| row.id).collect();
    let mut edits: Vec<Edit> = Vec::new();
    edits.extend(agreements.iter().map(|id| Edit::Remove("agreement", (*id).into())));
    edits.extend(contacts.iter().map(|id| Edit::Remove("contact", (*id).into())));
    let statements = facts.protection_statement.all().filter(|row| is_restricted(row.publicity));
    edits.extend(statements.map(|row| Edit::Remove("protection_statement", row.id.into())));
    let documents = facts.document.all().filter(|row| is_restricted(row.publicity) || of_hidden(row.agreement_id));
    edits.extend(documents.map(|row| Edit::Remove("document", row.id.into())));
    let incidents =
        facts.incident.all().filter(|row| is_restricted(row.publicity) || agreements.contains(&row.agreement_id));
    edits.extend(incidents.map(|row| Edit::Remove("incident", row.id.into())));
    let omitted = edits.len();
    edits.extend(unlinked(facts, &agreements, &contacts));
    (facts.after(facts.seq, &edits), omitted)
}

/// What remains and points at what is left out, without the pointing.
fn unlinked(facts: &Facts, agreements: &BTreeSet<AgreementId>, contacts: &BTreeSet<ContactId>) -> Vec<Edit> {
    let successors = facts.agreement.all().filter(|row| !agreements.contains(&row.id));
    let successors = successors.filter(|row| row.supersedes_id.is_some_and(|id| agreements.contains(&id)));
    let callers = facts.contact.all().filter(|row| !contacts.contains(&row.id));
    let callers = callers.filter(|row| row.escalates_to_id.is_some_and(|id| contacts.contains(&id)));
    let mut edits: Vec<Edit> =
        successors.map(|row| agreement::Model { supersedes_id: None, ..row.as_ref().clone() }.into()).collect();
    edits.extend(callers.map(|row| Edit::from(contact::Model { escalates_to_id: None, ..row.as_ref().clone() })));
    edits
}
