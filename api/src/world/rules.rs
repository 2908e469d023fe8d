//! What must be true of the rows of a world file, each rule at the key it breaks.
//!
//! The databases hold most of this too; said here, every fault of a file is named at once and with its line.

use std::collections::BTreeSet;

use entity::{
    access_grant, agreement, agreement_version, contact, data_item, entitlement, incident, inquiry, mandating_right,
    organisation_key, protection_statement, scope, scope_item,
    vocabulary::{
        AgreementStatus, Channel, DecisionReasonCode, InquiryStatus, Instant, MandatingRightStatus, Operation,
        OrganisationId, PartyRole, ProposalStatus, ScopeId, ScopeStatus, StatementStatus, day_end, helsinki_midnight,
    },
};
use uuid::Uuid;

use crate::{
    FaultCode,
    agreement::rules::{BASES_MAX, PARTIES_MAX},
    auth::PublicKey,
    contact::rules as contact_rules,
    decision,
    facts::{Dossier, Facts, Row, in_succession, stands_for},
    inquiry::PROVISIONS_MAX,
    onward_rule::rules::RULES_MAX,
    organisation::{keys::rules::KEYS_MAX, rules::SUBSYSTEMS_MAX},
    protection_statement::rules::{ANSWERS_MAX, STATEMENTS_MAX},
    register::rules::QUALIFIERS_MAX,
    scope::rules::{CITATIONS_MAX, ITEMS_MAX, PURPOSES_MAX, SCOPES_MAX, THEMES_MAX},
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

/// A key is public, of a kind that is taken, and named by its own thumbprint.
pub(super) fn key(row: &organisation_key::Model) -> Vec<Breach> {
    match PublicKey::parse(&row.jwk) {
        Err(fault) => vec![("jwk", FaultCode::Malformed, fault.to_string())],
        Ok(key) if key.kid != row.kid => {
            vec![("kid", FaultCode::Malformed, format!("is not the thumbprint `{}` of `jwk` (RFC 7638)", key.kid))]
        }
        Ok(_) => Vec::new(),
    }
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
    let signed = is_signed(row.status);
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
        when(
            is_unsigned(row.status) && row.signed_on.is_some(),
            "signed_on",
            FaultCode::Conflict,
            "stands in an agreement that has not been signed",
        ),
        when(row.version < 0, "version", FaultCode::Malformed, "is negative"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A content version is known by its hash.
pub(super) fn version(row: &agreement_version::Model) -> Vec<Breach> {
    when(!decision::is_intact(row), "content_hash", FaultCode::Malformed, "is not the SHA-256 of `content`")
        .into_iter()
        .collect()
}

/// Whether an agreement of a status has been signed.
pub(super) fn is_signed(status: AgreementStatus) -> bool {
    use AgreementStatus::{Active, Signed, Superseded, Suspended, Terminated};
    matches!(status, Signed | Active | Suspended | Terminated | Superseded)
}

/// Whether an agreement of a status is on its way to being signed. One registered incomplete, or one that came to nothing,
/// may have been.
fn is_unsigned(status: AgreementStatus) -> bool {
    use AgreementStatus::{BasisConfirmed, Draft, Negotiation};
    matches!(status, Draft | BasisConfirmed | Negotiation)
}

/// What holds of an agreement as a whole: it rests on law (R35), its discloser controls the register, and one scope a
/// channel is open.
pub(super) fn dossier(facts: &Facts, dossier: &Dossier) -> Vec<Breach> {
    let row = &dossier.row;
    let resting = dossier.bases.is_empty() && !may_lack_basis(row.status);
    let mut open = BTreeSet::new();
    let moved = row.status == AgreementStatus::RegisteredIncomplete
        && dossier.scopes.iter().any(|scope| scope.row.status != ScopeStatus::Defined);
    let early =
        !matches!(
            row.status,
            AgreementStatus::Active
                | AgreementStatus::Suspended
                | AgreementStatus::Terminated
                | AgreementStatus::Superseded
        ) && dossier.scopes.iter().any(|scope| matches!(scope.row.status, ScopeStatus::Open | ScopeStatus::Suspended));
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
            early && !moved,
            "scopes",
            FaultCode::WrongStatus,
            "a scope was opened of an agreement that has not been in force",
        ),
        when(
            !controls(facts, row),
            "discloser",
            FaultCode::Conflict,
            "is not the register's controller or a predecessor of it",
        ),
        when(
            moved,
            "scopes",
            FaultCode::WrongStatus,
            "of a REGISTERED_INCOMPLETE agreement are DEFINED and nothing more, for it permits nothing",
        ),
        when(twice, "scopes", FaultCode::Conflict, "more than one scope of a channel is OPEN"),
        when(
            was_one_body(facts, dossier),
            "recipient",
            FaultCode::Conflict,
            "was one body with the discloser already; an agreement has two parties",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether one party had taken the other's place before the agreement was made; one that did so since stands for both.
fn was_one_body(facts: &Facts, dossier: &Dossier) -> bool {
    let (discloser, recipient) = (dossier.row.discloser_id, dossier.row.recipient_id);
    let registered = dossier.status.entries().first().map(|(from, _)| *from);
    let made =
        [dossier.row.signed_on.map(helsinki_midnight), dossier.starts_at, registered].into_iter().flatten().min();
    let ended = |id| facts.party(id).and_then(|row| row.dissolved_on).map(day_end);
    let ended_before = |id| ended(id).zip(made).is_some_and(|(end, made)| end <= made);
    discloser != recipient
        && in_succession(facts, discloser, recipient)
        && (ended_before(discloser) || ended_before(recipient))
}

/// Whether an agreement, and each item of its scopes, may still stand without a provision.
pub(super) fn may_lack_basis(status: AgreementStatus) -> bool {
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
    stands_for(facts, register.controller_id, row.discloser_id) || jointly(register.controller_id)
}

/// Whole that a row is one part of, of which an answer shows every part: its table and ids.
pub(super) type Whole = (&'static str, [Uuid; 3]);

/// Whole of a row; none where its parts are answered in pages.
pub(super) fn whole(row: &Row) -> Option<Whole> {
    let one = |id: Uuid| [id, Uuid::nil(), Uuid::nil()];
    let ids = match row {
        Row::OrganisationXroad(row) => one(row.organisation_id.into()),
        Row::OrganisationKey(row) => one(row.organisation_id.into()),
        Row::DataItemQualifier(row) => one(row.register_id.into()),
        Row::AgreementParty(row) => one(row.agreement_id.into()),
        Row::AgreementBasis(row) => one(row.agreement_id.into()),
        Row::Scope(row) => one(row.agreement_id.into()),
        Row::OnwardRule(row) => one(row.agreement_id.into()),
        Row::ScopePurpose(row) => one(row.scope_id.into()),
        Row::ScopeItem(row) => one(row.scope_id.into()),
        Row::ScopeItemBasis(row) => one(row.scope_item_id.into()),
        Row::StatementAnswer(row) => one(row.protection_statement_id.into()),
        Row::ProtectionStatement(row) => [row.recipient_id.into(), row.discloser_id.into(), row.register_id.into()],
        Row::Inquiry(row) => one(row.id.into()),
        _ => return None,
    };
    Some((row.table(), ids))
}

/// A whole has no more parts than one answer holds.
pub(super) fn parts(facts: &Facts, row: &Row) -> Option<(FaultCode, String)> {
    let (count, most, what) = match row {
        Row::OrganisationXroad(row) => {
            (facts.organisation_xroad.of(row.organisation_id).count(), SUBSYSTEMS_MAX, "subsystems of one organisation")
        }
        Row::OrganisationKey(row) => {
            (facts.organisation_key.of(row.organisation_id).count(), KEYS_MAX, "keys of one organisation")
        }
        Row::DataItemQualifier(row) => {
            (facts.data_item_qualifier.of(row.register_id).count(), QUALIFIERS_MAX, "qualifiers of one register")
        }
        Row::AgreementParty(row) => {
            (facts.agreement_party.of(row.agreement_id).count(), PARTIES_MAX, "parties of one agreement")
        }
        Row::AgreementBasis(row) => {
            (facts.agreement_basis.of(row.agreement_id).count(), BASES_MAX, "bases of one agreement")
        }
        Row::Scope(row) => {
            let living = facts.scope.of(row.agreement_id).filter(|scope| scope.status != ScopeStatus::Closed);
            (living.count(), SCOPES_MAX, "scopes of one agreement that are not closed")
        }
        Row::OnwardRule(row) => {
            (facts.onward_rule.of(row.agreement_id).count(), RULES_MAX, "onward rules of one agreement")
        }
        Row::ScopePurpose(row) => (facts.scope_purpose.of(row.scope_id).count(), PURPOSES_MAX, "purposes of one scope"),
        Row::ScopeItem(row) => {
            let themes = themes(facts, row.scope_id);
            if themes > THEMES_MAX {
                (themes, THEMES_MAX, "mandate themes of one scope")
            } else {
                (facts.scope_item.of(row.scope_id).count(), ITEMS_MAX, "items of one scope")
            }
        }
        Row::ScopeItemBasis(row) => {
            (facts.scope_item_basis.of(row.scope_item_id).count(), CITATIONS_MAX, "bases of one item")
        }
        Row::StatementAnswer(row) => {
            (facts.statement_answer.of(row.protection_statement_id).count(), ANSWERS_MAX, "answers of one statement")
        }
        Row::ProtectionStatement(row) => {
            let same = facts.protection_statement.of(row.recipient_id).filter(|other| {
                (other.recipient_id, other.discloser_id, other.register_id)
                    == (row.recipient_id, row.discloser_id, row.register_id)
            });
            (same.count(), STATEMENTS_MAX, "statements between two bodies on one register")
        }
        Row::Inquiry(row) => {
            let answered = row.answer_provisions.as_ref().map_or(0, |provisions| provisions.lines().count());
            (row.claimed_provisions.lines().count().max(answered), PROVISIONS_MAX, "provisions of one inquiry")
        }
        _ => return None,
    };
    (count > most).then(|| (FaultCode::TooLong, format!("more than {most} {what}")))
}

fn themes(facts: &Facts, scope: ScopeId) -> usize {
    let items = facts.scope_item.of(scope);
    let themes = items.flat_map(|item| facts.scope_item_mandate.of(item.id)).map(|row| row.mandate_theme_id);
    themes.collect::<BTreeSet<_>>().len()
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

/// An incident becomes known after it happened, and is closed after it was reported.
pub(super) fn incident(row: &incident::Model) -> Vec<Breach> {
    let foreseen = row.known_at.is_some_and(|known_at| known_at < row.occurred_at);
    let reversed = row.closed_at.is_some_and(|closed| closed < row.reported_at);
    [
        when(foreseen, "known_at", FaultCode::PeriodReversed, "is before `occurred_at`"),
        when(reversed, "closed_at", FaultCode::PeriodReversed, "is before `reported_at`"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A mailbox as its organisation could have appointed it: reachable, of one order with the others, and matters never come
/// back to it (R9).
pub(super) fn contact(facts: &Facts, row: &contact::Model) -> Vec<Breach> {
    let topics = contact_rules::topics(facts, row.id);
    let mut breaches = contact_rules::breaches(row, &topics);
    breaches.extend(contact_rules::escalation(facts, row));
    let agreement = row.agreement_id.and_then(|id| facts.agreement.get(id));
    let apart = agreement.is_some_and(|agreement| !contact_rules::is_on_a_side(facts, agreement, row.organisation_id));
    breaches.extend(when(apart, "organisation", FaultCode::Conflict, "is on no side of the agreement"));
    if row.retired_on.is_none() {
        breaches.extend(contact_rules::precedence(facts, row, &topics));
    }
    breaches
}
