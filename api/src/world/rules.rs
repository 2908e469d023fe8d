//! What must be true of the rows of a world file, each rule at the key it breaks.
//!
//! The databases hold most of this too; said here, every fault of a file is named at once and with its line.

use std::collections::BTreeSet;

use entity::{
    access_grant, agreement, contact, data_item, entitlement, incident, inquiry, mandating_right, protection_statement,
    scope, scope_item,
    vocabulary::{
        AgreementStatus, Channel, ContactTopic, DecisionReasonCode, InquiryStatus, Instant, MandatingRightStatus,
        Operation, OrganisationId, PartyRole, ProposalStatus, ScopeStatus, StatementStatus,
    },
};

use crate::{
    FaultCode,
    facts::{Dossier, Facts},
};

/// Key at which a rule is broken, with what and why.
pub(super) type Breach = (&'static str, FaultCode, String);

fn when(broken: bool, key: &'static str, code: FaultCode, why: &str) -> Option<Breach> {
    broken.then(|| (key, code, why.to_owned()))
}

/// A period ends after it starts.
pub(super) fn period(from: Instant, until: Option<Instant>) -> Vec<Breach> {
    let reversed = until.is_some_and(|until| until <= from);
    when(reversed, "valid_until", FaultCode::PeriodReversed, "is not after `valid_from`").into_iter().collect()
}

/// Two pairs of eyes: what is confirmed was confirmed by another than its proposer.
pub(super) fn confirmation(status: ProposalStatus, proposed_by: &str, confirmed_by: Option<&str>) -> Vec<Breach> {
    let unconfirmed = status == ProposalStatus::Confirmed && confirmed_by.is_none();
    [
        when(unconfirmed, "confirmed_by", FaultCode::Blank, "is needed where `status` is CONFIRMED"),
        when(
            confirmed_by == Some(proposed_by),
            "confirmed_by",
            FaultCode::Conflict,
            "is the one who proposed; another must confirm",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// An item of the catalogue is a node; qualifiers have their own list.
pub(super) fn item(row: &data_item::Model) -> Vec<Breach> {
    let qualified = row.code.qualifier().is_some();
    let mut breaches = period(row.valid_from, row.valid_until);
    breaches.extend(when(qualified, "code", FaultCode::Malformed, "an item of a register has no qualifier"));
    breaches
}

/// An entitlement names a kind of recipient or one recipient.
pub(super) fn entitlement(row: &entitlement::Model) -> Vec<Breach> {
    let both = row.recipient_kind.is_some() && row.recipient_id.is_some();
    let mut breaches = period(row.valid_from, row.valid_until);
    breaches.extend(confirmation(row.status, &row.proposed_by, row.confirmed_by.as_deref()));
    breaches.extend(when(both, "recipient", FaultCode::Conflict, "stands beside `recipient_kinds`; give one of them"));
    breaches
}

/// A right that is decided has the day of the decision.
pub(super) fn mandating_right(row: &mandating_right::Model) -> Vec<Breach> {
    let open = row.status == MandatingRightStatus::Applied;
    let reversed = row.decided_on.is_some_and(|day| day < row.applied_on);
    [
        when(open && row.decided_on.is_some(), "decided_on", FaultCode::Conflict, "stands where `status` is APPLIED"),
        when(!open && row.decided_on.is_none(), "decided_on", FaultCode::Blank, "is missing for this status"),
        when(reversed, "decided_on", FaultCode::PeriodReversed, "is before `applied_on`"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// An agreement has two parties and a term, and is signed before it is in force.
pub(super) fn agreement(row: &agreement::Model) -> Vec<Breach> {
    use AgreementStatus::{Active, Signed, Superseded, Suspended, Terminated};
    let signed = matches!(row.status, Signed | Active | Suspended | Terminated | Superseded);
    let reversed = row.starts_on.zip(row.ends_on).is_some_and(|(starts, ends)| ends < starts);
    [
        when(
            row.discloser_id == row.recipient_id,
            "recipient",
            FaultCode::Conflict,
            "is the discloser itself; an agreement has two parties",
        ),
        when(reversed, "ends_on", FaultCode::PeriodReversed, "is before `starts_on`"),
        when(signed && row.signed_on.is_none(), "signed_on", FaultCode::Blank, "is missing for this status"),
        when(row.version < 0, "version", FaultCode::Malformed, "is negative"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What holds of an agreement as a whole: it rests on law (R35), its discloser controls the register, and one scope a
/// channel is open.
pub(super) fn dossier(facts: &Facts, dossier: &Dossier) -> Vec<Breach> {
    let row = &dossier.row;
    let resting = dossier.bases.is_empty() && !may_lack_basis(row.status);
    let mut open = BTreeSet::new();
    let twice =
        dossier.scopes.iter().any(|scope| scope.row.status == ScopeStatus::Open && !open.insert(scope.row.channel));
    [
        when(
            resting,
            "bases",
            FaultCode::Reason(DecisionReasonCode::NoLegalBasis),
            "an agreement beyond DRAFT rests on a legal basis",
        ),
        when(
            !controls(facts, row),
            "discloser",
            FaultCode::Conflict,
            "is not the register's controller or a predecessor of it",
        ),
        when(twice, "scopes", FaultCode::Conflict, "more than one scope of a channel is OPEN"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn may_lack_basis(status: AgreementStatus) -> bool {
    use AgreementStatus::{
        Active, BasisConfirmed, Draft, Negotiation, RegisteredIncomplete, Rejected, Signed, Superseded, Suspended,
        Terminated, Withdrawn,
    };
    match status {
        RegisteredIncomplete | Draft | Rejected | Withdrawn => true,
        BasisConfirmed | Negotiation | Signed | Active | Suspended | Terminated | Superseded => false,
    }
}

/// Whether the discloser controls the register, did so before its successor, or controls it jointly.
fn controls(facts: &Facts, row: &agreement::Model) -> bool {
    let Some(register) = facts.register.get(row.register_id) else { return true };
    let jointly = |controller: OrganisationId| {
        facts.agreement_party.of(row.id).any(|party| {
            party.agreement_id == row.id
                && party.organisation_id == controller
                && party.role == PartyRole::JointController
        })
    };
    register.controller_id == row.discloser_id
        || facts.predecessors(register.controller_id).contains(&row.discloser_id)
        || jointly(register.controller_id)
}

/// An account of data protection is given by one body to another, and dated once it is given.
pub(super) fn statement(row: &protection_statement::Model) -> Vec<Breach> {
    let given = !matches!(row.status, StatementStatus::Draft | StatementStatus::Withdrawn);
    [
        when(row.discloser_id == row.recipient_id, "recipient", FaultCode::Conflict, "is the discloser itself"),
        when(given && row.dated_on.is_none(), "dated_on", FaultCode::Blank, "is missing for this status"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A limit of time is a number of days.
pub(super) fn scope(row: &scope::Model) -> Vec<Breach> {
    let reversed = row.retention_days.is_some_and(|days| days <= 0);
    when(reversed, "retention_days", FaultCode::Malformed, "is not a number of days from 1").into_iter().collect()
}

/// Viewing is a single search, never a list (906/2019 23 § 1 mom).
pub(super) fn scope_item(channel: Channel, row: &scope_item::Model) -> Vec<Breach> {
    let lists = channel == Channel::ViewingConnection && row.operation == Operation::List;
    let looks_ahead = row.look_back_days.is_some_and(|days| days <= 0);
    [
        when(
            lists,
            "operations",
            FaultCode::Reason(DecisionReasonCode::ListByViewing),
            "a viewing connection allows no lists (906/2019 23 § 1 mom)",
        ),
        when(looks_ahead, "look_back_days", FaultCode::Malformed, "is not a number of days from 1"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Access is decided by another, and revoked for a reason.
pub(super) fn grant(row: &access_grant::Model) -> Vec<Breach> {
    let halved = row.revoked_at.is_some() != row.revocation_reason.is_some();
    let mut breaches = period(row.valid_from, row.valid_until);
    breaches.extend(when(
        row.decided_by == row.user_pseudonym,
        "decided_by",
        FaultCode::Conflict,
        "is the user; another must decide",
    ));
    breaches.extend(when(halved, "revocation_reason", FaultCode::Conflict, "stands with `revoked_at` or not at all"));
    breaches
}

/// An answered question has its answer.
pub(super) fn inquiry(row: &inquiry::Model) -> Vec<Breach> {
    let unanswered = row.status != InquiryStatus::Open && (row.answer.is_none() || row.answered_at.is_none());
    when(unanswered, "answer", FaultCode::Blank, "an answered inquiry has `answer` and `answered_at`")
        .into_iter()
        .collect()
}

/// An incident is closed after it was reported.
pub(super) fn incident(row: &incident::Model) -> Vec<Breach> {
    let reversed = row.closed_at.is_some_and(|closed| closed < row.reported_at);
    when(reversed, "closed_at", FaultCode::PeriodReversed, "is before `reported_at`").into_iter().collect()
}

/// A mailbox can be reached.
pub(super) fn contact(row: &contact::Model) -> Vec<Breach> {
    let unreachable = row.email.is_none() && row.phone.is_none();
    let ranked = (1..=9).contains(&row.priority);
    [
        when(unreachable, "email", FaultCode::Blank, "a contact has an e-mail address or a telephone number"),
        when(!ranked, "priority", FaultCode::Malformed, "is not a number from 1 to 9"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// One contact is first for a topic of an organisation, and of it in one agreement.
pub(super) fn first_contact(facts: &Facts, row: &contact::Model) -> Vec<Breach> {
    let is_first = |row: &contact::Model| row.priority == 1 && row.retired_on.is_none();
    let topics = |row: &contact::Model| -> BTreeSet<ContactTopic> {
        facts.contact_topic.of(row.id).map(|topic| topic.topic).collect()
    };
    let others = facts.contact.of(row.organisation_id).filter(|other| {
        other.id != row.id
            && other.organisation_id == row.organisation_id
            && other.agreement_id == row.agreement_id
            && is_first(other)
    });
    let own = topics(row);
    let shared: BTreeSet<_> =
        others.flat_map(|other| topics(other).intersection(&own).copied().collect::<Vec<_>>()).collect();
    let names = super::parse::codes(shared.iter().map(|topic| entity::vocabulary::ClosedEnum::code(*topic)));
    let why = format!("another contact is first too for {names}");
    when(is_first(row) && !shared.is_empty(), "priority", FaultCode::Conflict, &why).into_iter().collect()
}
