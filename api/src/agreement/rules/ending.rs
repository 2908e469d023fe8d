//! How an agreement ends by an act: refused, taken back by its drafter, or ended by notice of either party. What has ended
//! takes its scopes with it, and never changes again (R20, R44).

use std::sync::Arc;

use entity::{
    agreement, agreement_notice,
    vocabulary::{
        AgreementId, AgreementNoticeId, AgreementSide, AgreementStatus, Day, Instant, TerminationReason, helsinki_day,
    },
};

use super::{activation::closed, of_id, signing::Speaker};
use crate::{
    FaultCode, Violations,
    checks::{Checks, TEXT_CHARACTERS_MAX},
    decision,
    facts::{Dossier, Facts, global_id},
    journal::Changes,
    legal_basis::rules::is_repealed,
    version,
};

/// Refusal as given, in texts.
#[derive(Debug, Clone)]
pub struct RejectionInput {
    /// Global id of the agreement.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// Withdrawal as given, in texts.
#[derive(Debug, Clone)]
pub struct WithdrawalInput {
    /// Global id of the agreement.
    pub id: String,
    /// Why.
    pub note: Option<String>,
}

/// Notice as given, in texts.
#[derive(Debug, Clone)]
pub struct TerminationInput {
    /// Global id of the agreement.
    pub id: String,
    /// Why.
    pub reason: TerminationReason,
    /// The same in words.
    pub note: Option<String>,
    /// Last day; today when absent, and then it ends at once.
    pub on: Option<String>,
}

/// Refuses an agreement before it is signed: the discloser at any time, its recipient once it is offered. `speaker` is who
/// refuses; null where the asker may not know what the id names.
pub fn reject(
    facts: &Facts,
    speaker: Option<Speaker>,
    input: &RejectionInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let reason = checks.prose("reason", &input.reason, TEXT_CHARACTERS_MAX, "say why");
    let dossier = of_id(&mut checks, facts, (&input.id, speaker.map(|speaker| speaker.agreement)));
    if let Some(row) = dossier.map(|dossier| &dossier.row) {
        let receives = speaker.is_some_and(|speaker| speaker.side == AgreementSide::Recipient);
        if !decision::is_preparing(row.status) {
            wrong_status(&mut checks, row, "");
        } else if receives && row.status != AgreementStatus::Negotiation {
            wrong_status(&mut checks, row, ": until it is offered it is its drafter's alone");
        }
    }
    checks.done(|| Some(ended(facts, dossier?, (AgreementStatus::Rejected, None), ("rejectAgreement", reason), by)))
}

/// Takes an agreement back before it is signed, as only its drafter may; `known` is what the id names, as far as the
/// asker may know it.
pub fn withdraw(
    facts: &Facts,
    known: Option<AgreementId>,
    input: &WithdrawalInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let note = checks.prose_if("note", input.note.as_ref(), TEXT_CHARACTERS_MAX);
    let dossier = of_id(&mut checks, facts, (&input.id, known));
    if let Some(row) = dossier.map(|dossier| &dossier.row).filter(|row| !decision::is_preparing(row.status)) {
        wrong_status(&mut checks, row, "");
    }
    checks.done(|| Some(ended(facts, dossier?, (AgreementStatus::Withdrawn, None), ("withdrawAgreement", note), by)))
}

/// Gives notice of an agreement, as either party may: at once, or at the end of a later day, which brings its end forward
/// and never back. Until that day it stays in force. `speaker` as for [`reject`].
pub fn terminate(
    facts: &Facts,
    fresh: AgreementNoticeId,
    speaker: Option<Speaker>,
    input: &TerminationInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let note = checks.prose_if("note", input.note.as_ref(), TEXT_CHARACTERS_MAX);
    if note.is_none() && matches!(input.reason, TerminationReason::Breach | TerminationReason::Mutual) {
        checks.fault(FaultCode::Blank, "note", "say what the breach was, or how both agreed");
    }
    let on = checks.day_if("on", input.on.as_ref());
    let dossier = of_id(&mut checks, facts, (&input.id, speaker.map(|speaker| speaker.agreement)));
    if let Some(dossier) = dossier {
        if !decision::is_terminable(dossier, by.1) {
            super::wrong_status(&mut checks, dossier, by.1);
        }
        holds(&mut checks, facts, dossier, input.reason, by.1);
    }
    let later = on.filter(|day| *day != helsinki_day(by.1));
    let notice = dossier.zip(speaker).map(|(dossier, speaker)| agreement_notice::Model {
        id: fresh,
        agreement_id: dossier.row.id,
        given_by_id: speaker.organisation,
        reason: input.reason,
        note: note.clone(),
        given_at: by.1,
        ends_on: later,
    });
    let repeated = notice.as_ref().is_some_and(|notice| is_repeated(facts, notice));
    if let (Some(dossier), Some(day), false) = (dossier, later, repeated) {
        brought_forward(&mut checks, &dossier.row, day, by.1);
    }
    checks.done(|| {
        let (dossier, notice) = (dossier?, notice?);
        let said =
            notice.note.as_ref().map_or_else(|| input.reason.to_string(), |note| format!("{}: {note}", input.reason));
        let row = &dossier.row;
        if repeated {
            let subject = global_id(row.id);
            return Some(Changes { action: "terminateAgreement", subject, reason: Some(said), edits: Vec::new() });
        }
        if notice.ends_on.is_none() {
            let act = ("terminateAgreement", Some(said));
            let mut changes = ended(facts, dossier, (AgreementStatus::Terminated, Some(input.reason)), act, by);
            changes.edits.push(notice.into());
            return Some(changes);
        }
        let after = agreement::Model {
            ends_on: notice.ends_on,
            termination_reason: Some(input.reason),
            ..row.as_ref().clone()
        };
        let edits = version::frozen(facts, row.id, vec![after.into(), notice.into()]);
        Some(Changes { action: "terminateAgreement", subject: global_id(row.id), reason: Some(said), edits })
    })
}

/// A reason that is a fact must be one.
fn holds(checks: &mut Checks, facts: &Facts, dossier: &Dossier, reason: TerminationReason, at: Instant) {
    let why = match reason {
        TerminationReason::Notice | TerminationReason::Mutual | TerminationReason::Breach => return,
        TerminationReason::Replaced => "an agreement is replaced when the one that takes its place is activated",
        TerminationReason::PartyDissolved => {
            let parties = [dossier.row.discloser_id, dossier.row.recipient_id];
            let gone = |id| facts.party(id).is_some_and(|row| !decision::exists(row, at));
            if parties.into_iter().any(gone) {
                return;
            }
            "both parties exist"
        }
        TerminationReason::BasisRepealed => {
            let mut laws = dossier.bases.iter().filter_map(|basis| facts.legal_basis.get(basis.row.legal_basis_id));
            if laws.any(|law| is_repealed(law, at) || law.valid_until.is_some()) {
                return;
            }
            "no provision it rests on has been repealed"
        }
    };
    checks.fault(FaultCode::Conflict, "reason", why);
}

/// Whether the party has already given this notice.
fn is_repeated(facts: &Facts, notice: &agreement_notice::Model) -> bool {
    let said = |row: &agreement_notice::Model| (row.given_by_id, row.reason, row.note.clone(), row.ends_on);
    notice.ends_on.is_some() && last_notice(facts, notice.agreement_id).is_some_and(|row| said(row) == said(notice))
}

/// Newest notice given of an agreement.
pub fn last_notice(facts: &Facts, agreement: AgreementId) -> Option<&Arc<agreement_notice::Model>> {
    let rows = facts.agreement_notice.of(agreement).filter(|row| row.agreement_id == agreement);
    rows.max_by_key(|row| (row.given_at, row.id))
}

/// The last day a notice names is to come, within the term, and before its present end.
fn brought_forward(checks: &mut Checks, row: &agreement::Model, day: Day, at: Instant) {
    if day < helsinki_day(at) {
        checks.fault(FaultCode::Malformed, "on", "must not be earlier than today");
    } else if row.starts_on.is_some_and(|starts_on| day < starts_on) {
        checks.fault(FaultCode::PeriodReversed, "on", "its term begins later; end it at once instead");
    } else if let Some(ends_on) = row.ends_on.filter(|ends_on| *ends_on <= day) {
        checks.fault(
            FaultCode::Conflict,
            "on",
            format!("it ends on {ends_on} already; notice only brings the end forward"),
        );
    }
}

fn wrong_status(checks: &mut Checks, row: &agreement::Model, more: &str) {
    checks.fault(FaultCode::WrongStatus, "id", format!("the agreement is {}{more}", row.status));
}

/// What an act that ends an agreement does: its status, and its scopes closed with it.
fn ended(
    facts: &Facts,
    dossier: &Dossier,
    (status, termination_reason): (AgreementStatus, Option<TerminationReason>),
    (action, reason): (&'static str, Option<String>),
    by: (&str, Instant),
) -> Changes {
    let row = agreement::Model { termination_reason, ..dossier.row.as_ref().clone() };
    let mut changes = super::moved(facts, &row, status, action, reason, by);
    changes.edits.extend(closed(facts, dossier, &format!("agreement {status}"), by));
    changes
}
