//! How much of a whole agreement is on record, whatever its status: what an old agreement that was registered as it was
//! found still lacks (R35, R43–R46).

use entity::vocabulary::{
    Adequacy, AdoptionStepCode, CompletenessCode, ContactTopic, DecisionReasonCode, Instant, OrganisationId,
    ScopeStatus, helsinki_day,
};

use super::{Horizon, Reason, conditions, content::signed_by_both, standing};
use crate::facts::{Dossier, Facts, ItemPart, ScopePart, successors};

/// How whole an agreement is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completeness {
    /// Share of what is asked of it that is on record, in whole per cent, rounded down: 100 only where nothing is missing.
    pub score: i32,
    /// What is missing, in the order in which it is asked.
    pub missing: Vec<CompletenessCode>,
}

/// How one thing asked of an agreement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// On record.
    Kept,
    /// Missing.
    Missing,
    /// Cannot be told while something before it is missing; counts against the score, and is not named twice.
    Waiting,
    /// Not asked of this agreement.
    Unasked,
}

impl Part {
    fn kept(kept: bool) -> Self {
        if kept { Self::Kept } else { Self::Missing }
    }

    /// Every one of some things, of which there must be one for it to be told.
    fn every<T>(things: impl IntoIterator<Item = T>, kept: impl Fn(T) -> bool) -> Self {
        let mut things = things.into_iter().peekable();
        if things.peek().is_none() { Self::Waiting } else { Self::kept(things.all(kept)) }
    }
}

/// What an agreement lacks at an instant to be a whole one.
pub fn completeness(facts: &Facts, dossier: &Dossier, at: Instant) -> Completeness {
    let mut parts = paper(facts, dossier);
    parts.extend(law(facts, dossier, at));
    parts.extend(substance(facts, dossier, at));
    parts.extend(contacts(facts, dossier, at));
    let of = |wanted: Part| parts.iter().filter(move |(_, part)| *part == wanted);
    let asked = parts.len() - of(Part::Unasked).count();
    let score = of(Part::Kept).count() * 100 / asked.max(1);
    Completeness {
        score: i32::try_from(score).unwrap_or_default(),
        missing: of(Part::Missing).map(|(code, _)| *code).collect(),
    }
}

/// What the signed paper says of itself.
fn paper(facts: &Facts, dossier: &Dossier) -> Vec<(CompletenessCode, Part)> {
    let row = &dossier.row;
    // What is accepted later is not signed again; what a draft made anew was once signed for is no longer offered.
    let signed = signed_by_both(facts, dossier);
    let by_both = signed.is_some_and(|version| version == row.version || row.signed_on.is_some());
    vec![
        (CompletenessCode::CaseRegisterIdMissing, Part::kept(row.case_register_id.is_some())),
        (CompletenessCode::TermMissing, Part::kept(row.starts_on.is_some())),
        (CompletenessCode::SigningDayMissing, Part::kept(row.signed_on.is_some())),
        (CompletenessCode::SignatureMissing, Part::kept(by_both)),
    ]
}

/// What law it rests on.
fn law(facts: &Facts, dossier: &Dossier, at: Instant) -> Vec<(CompletenessCode, Part)> {
    let has_right = conditions::has_right(dossier);
    let mut lacking = Vec::new();
    standing::basis_reasons(facts, dossier, &mut Horizon::new(at), &mut lacking);
    let lacks = |code| lacking.iter().any(|reason| reason.code == code);
    let adequate = if has_right { Part::kept(!lacks(DecisionReasonCode::NoLegalBasis)) } else { Part::Waiting };
    let processing = if conditions::is_authority(facts, dossier.row.recipient_id, &mut Horizon::new(at)) {
        Part::Unasked
    } else {
        Part::kept(!lacks(DecisionReasonCode::ProcessingRightMissing))
    };
    let reviewed = Part::every(&dossier.bases, |basis| {
        basis.adequacy.at(at).is_some_and(|adequacy| adequacy != Adequacy::Unreviewed)
    });
    vec![
        (CompletenessCode::RightMissing, Part::kept(has_right)),
        (CompletenessCode::BasisUnreviewed, reviewed),
        (CompletenessCode::RightNotAdequate, adequate),
        (CompletenessCode::ProcessingRightMissing, processing),
    ]
}

/// What is disclosed, on what, for what, how and from when.
fn substance(facts: &Facts, dossier: &Dossier, at: Instant) -> Vec<(CompletenessCode, Part)> {
    let scopes = scopes(dossier, at);
    let items = || scopes.iter().flat_map(|scope| scope.items.iter().map(move |item| (*scope, item)));
    let lacks = |scope: &ScopePart, codes: &[DecisionReasonCode]| {
        let mut reasons = Vec::new();
        conditions::openable(facts, dossier, scope, &mut Horizon::new(at), &mut reasons);
        reasons.iter().any(|reason| codes.contains(&reason.code))
    };
    let statement = [DecisionReasonCode::StatementMissing, DecisionReasonCode::StatementLapsed];
    let entitled = |(scope, item): (&ScopePart, &ItemPart)| {
        let reasons = standing::item_reasons(facts, dossier, scope, item, &mut Horizon::new(at));
        !reasons.iter().any(|reason| reason.code == DecisionReasonCode::NotEntitled)
    };
    let carried =
        |item: &ItemPart| !conditions::footing(facts, dossier, item, false, &mut Horizon::new(at)).laws.is_empty();
    let told = items().any(|(_, item)| carried(item));
    vec![
        (CompletenessCode::ScopeMissing, Part::kept(!scopes.is_empty())),
        (CompletenessCode::PurposeMissing, Part::every(&scopes, |scope| !scope.purposes.is_empty())),
        (CompletenessCode::ItemMissing, Part::every(&scopes, |scope| !scope.items.is_empty())),
        (CompletenessCode::ItemBasisMissing, Part::every(items(), |(_, item)| is_founded(dossier, item))),
        (CompletenessCode::ItemNotEntitled, if told { Part::every(items(), entitled) } else { Part::Waiting }),
        (
            CompletenessCode::ModeNotJustified,
            Part::every(&scopes, |scope| !lacks(scope, &[DecisionReasonCode::ModeNotJustified])),
        ),
        (CompletenessCode::TimetableMissing, Part::every([()], |()| has_timetable(facts, dossier))),
        (CompletenessCode::StatementMissing, Part::every(&scopes, |scope| !lacks(scope, &statement))),
    ]
}

/// Scopes that are not closed; of an agreement of which every scope is closed, all it had.
fn scopes(dossier: &Dossier, at: Instant) -> Vec<&ScopePart> {
    let live = dossier.scopes.iter().filter(|scope| scope.status.at(at) != Some(ScopeStatus::Closed));
    let live: Vec<&ScopePart> = live.collect();
    if live.is_empty() { dossier.scopes.iter().collect() } else { live }
}

/// Whether an opening is, or was, planned or has taken place.
fn has_timetable(facts: &Facts, dossier: &Dossier) -> bool {
    let opened =
        |scope: &ScopePart| scope.row.planned_on.is_some() || scope.status.reached(ScopeStatus::Open).is_some();
    dossier.scopes.iter().any(opened)
        || facts
            .adoption_plan
            .of(dossier.row.id)
            .any(|plan| plan.step == AdoptionStepCode::ConnectionOpened && plan.planned_on.is_some())
}

/// Whom to ask.
fn contacts(facts: &Facts, dossier: &Dossier, at: Instant) -> Vec<(CompletenessCode, Part)> {
    let row = &dossier.row;
    let answers = |party, topic| Part::kept(has_contact(facts, dossier, party, topic, at));
    vec![
        (CompletenessCode::DiscloserContactMissing, answers(row.discloser_id, ContactTopic::Agreement)),
        (CompletenessCode::RecipientContactMissing, answers(row.recipient_id, ContactTopic::Agreement)),
        (CompletenessCode::DataProtectionContactMissing, answers(row.recipient_id, ContactTopic::DataProtection)),
    ]
}

/// Whether a party, or who took its place, has a mailbox in use for a topic.
fn has_contact(facts: &Facts, dossier: &Dossier, party: OrganisationId, topic: ContactTopic, at: Instant) -> bool {
    let today = helsinki_day(at);
    std::iter::once(party).chain(successors(facts, party)).any(|body| {
        let mailboxes = facts.contact.of(body).filter(|row| row.organisation_id == body);
        mailboxes
            .filter(|row| row.agreement_id.is_none_or(|agreement| agreement == dossier.row.id))
            .filter(|row| row.retired_on.is_none_or(|last| today <= last))
            .any(|row| facts.contact_topic.of(row.id).any(|answered| answered.topic == topic))
    })
}

/// Whether an item rests on a provision of its agreement that gives a right, adequate or not.
fn is_founded(dossier: &Dossier, item: &ItemPart) -> bool {
    let bases = item.bases.iter().filter_map(|at| dossier.bases.get(*at));
    bases.into_iter().any(|basis| conditions::is_right(basis.row.role))
}

/// Items of the scopes that are not closed which rest on no provision at all (R40): only what was registered incomplete may
/// hold such, and nothing of it is confirmed, offered or opened while it does.
pub fn unfounded_items(dossier: &Dossier, at: Instant) -> Vec<Reason> {
    let live = dossier.scopes.iter().filter(|scope| scope.status.at(at) != Some(ScopeStatus::Closed));
    let mut reasons: Vec<Reason> = live.flat_map(|scope| unfounded(dossier, scope)).collect();
    reasons.sort();
    reasons.dedup();
    reasons
}

/// The same of one scope.
pub fn unfounded(dossier: &Dossier, scope: &ScopePart) -> Vec<Reason> {
    let bare = scope.items.iter().filter(|item| !is_founded(dossier, item));
    let reason = conditions::reason(DecisionReasonCode::NoLegalBasis);
    bare.map(|item| Reason { item: Some(item.row.item_code.clone()), ..reason.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use entity::{
        agreement, signature,
        vocabulary::{AgreementStatus, RowId, SignatureAct, SignatureEvidence},
    };
    use uuid::Uuid;

    use super::*;
    use crate::facts::{Edit, bare};

    fn id<I: RowId>(number: u128) -> I {
        Uuid::from_u128(number).into()
    }

    /// Agreement on its second version, whose parties did acts on versions of it.
    fn lacks_signature(signed: Option<AgreementStatus>, acts: &[(u128, i32, SignatureAct)]) -> bool {
        let at = Instant::UNIX_EPOCH;
        let agreement = agreement::Model {
            status: signed.unwrap_or(AgreementStatus::Draft),
            signed_on: signed.map(|_| at.date_naive()),
            version: 2,
            ..bare::agreement(id(20), id(1), id(2), id(30))
        };
        let row = |(number, (party, version, act)): (u128, &(u128, i32, SignatureAct))| signature::Model {
            id: id(40 + number),
            agreement_id: id(20),
            organisation_id: id(*party),
            version: *version,
            act: *act,
            content_hash: String::new(),
            evidence: SignatureEvidence::Paper,
            jws: None,
            document_id: None,
            signed_at: at,
            actor: "officer".into(),
        };
        let mut edits: Vec<Edit> = vec![agreement.into(), bare::register(id(30), id(1)).into()];
        edits.extend([1, 2].map(|number| Edit::from(bare::organisation(id(number)))));
        edits.extend((0..).zip(acts).map(row).map(Edit::from));
        let facts = Facts::default().after(1, &edits);
        let found = completeness(&facts, facts.dossier(id(20)).unwrap(), at);
        found.missing.contains(&CompletenessCode::SignatureMissing)
    }

    #[test]
    fn signature_of_both_stands_until_one_takes_it_back() {
        use SignatureAct::{Accepted, Revoked, Signed};
        let active = Some(AgreementStatus::Active);
        let by_both = [(1, 1, Signed), (2, 1, Signed)];
        let accepted = [by_both.to_vec(), vec![(1, 2, Accepted), (2, 2, Accepted)]].concat();
        assert!(!lacks_signature(active, &by_both));
        assert!(!lacks_signature(active, &accepted), "what is accepted later is not signed again");
        assert!(lacks_signature(active, &accepted[1..]), "one side has signed nothing");
        assert!(lacks_signature(active, &[by_both.to_vec(), vec![(2, 1, Revoked)]].concat()));
        assert!(lacks_signature(None, &by_both), "a draft made anew is signed anew");
        assert!(!lacks_signature(None, &[(1, 2, Signed), (2, 2, Signed)]));
    }
}
