//! The decision: default deny, every failing condition collected, a permit cites its grounds.

use entity::{
    data_item,
    vocabulary::{
        Admission, Channel, DecisionReasonCode, Instant, ItemCode, LegalBasisId, NecessityCheck, ObligationCode,
        Operation, ProposalStatus, Verdict,
    },
};

use super::{
    About, Decision, Ground, Horizon, Obligation, Question, Reason, conditions, conditions::Use,
    content::onward_agreed, grants::grant_until,
};
use crate::facts::{Catalogue, Dossier, Facts, ItemPart, ScopePart, citation_key, in_succession};

/// Provision behind 906/2019's rules of case-by-case need, single searches and means.
const CASE_BY_CASE: &str = "906/2019 22 § 2 mom";
const SINGLE_SEARCH: &str = "906/2019 23 §";
const MEANS: &str = "906/2019 22 § 1 mom";
const NON_AUTHORITY: &str = "906/2019 24 §";

/// Whether the data asked for may be disclosed at an instant.
///
/// One decision rests on one agreement and one open scope: of the candidates the one that permits most of the asked
/// items, ties by earliest start, then number. Law: 906/2019 22–24 §, 621/1999 29 §.
pub fn decide(facts: &Facts, question: &Question, at: Instant) -> Decision {
    let mut best: Option<(usize, &Dossier, Judgement<'_>)> = None;
    let mut horizon = Horizon::new(at);
    for dossier in candidates(facts, question) {
        let judgement = judge(facts, question, dossier, at);
        horizon.change(judgement.horizon.next_change());
        let permitted = judgement.permitted();
        let better = best.as_ref().is_none_or(|(most, other, _)| {
            (std::cmp::Reverse(permitted), rank(dossier, at)) < (std::cmp::Reverse(*most), rank(other, at))
        });
        if better {
            best = Some((permitted, dossier, judgement));
        }
    }
    match best {
        Some((_, dossier, judgement)) => judgement.decision(facts, question, dossier, &horizon),
        None => nothing(facts, vec![conditions::reason(DecisionReasonCode::NoAgreement)], &horizon),
    }
}

/// Agreements by which the recipient, or a body it succeeded, receives from the register.
fn candidates<'a>(facts: &'a Facts, question: &'a Question) -> impl Iterator<Item = &'a Dossier> {
    std::iter::once(question.recipient)
        .chain(facts.predecessors(question.recipient))
        .flat_map(|recipient| facts.received(recipient, question.register))
        .map(AsRef::as_ref)
        .filter(|dossier| question.agreement.is_none_or(|id| id == dossier.row.id))
        .filter(|dossier| question.served.as_ref().is_none_or(|served| served.contains(&dossier.row.id)))
        .filter(|dossier| question.discloser.is_none_or(|id| in_succession(facts, id, dossier.row.discloser_id)))
}

/// Bodies that disclose to the recipient from the register: whose pseudonyms an end user may be known by.
pub fn disclosers(facts: &Facts, question: &Question) -> Vec<entity::vocabulary::OrganisationId> {
    let mut disclosers: Vec<_> = candidates(facts, question).map(|dossier| dossier.row.discloser_id).collect();
    disclosers.sort_unstable();
    disclosers.dedup();
    disclosers
}

/// Agreements active or suspended then before others, then by start, those without one last, and number; so a denial
/// names the nearest one.
fn rank(dossier: &Dossier, at: Instant) -> (bool, bool, Option<entity::vocabulary::Day>, &str) {
    let ended = !matches!(
        dossier.status.at(at),
        Some(entity::vocabulary::AgreementStatus::Active | entity::vocabulary::AgreementStatus::Suspended)
    );
    (ended, dossier.row.starts_on.is_none(), dossier.row.starts_on, &dossier.row.number)
}

fn nothing(facts: &Facts, reasons: Vec<Reason>, horizon: &Horizon) -> Decision {
    Decision {
        verdict: Verdict::Denied,
        permitted_items: Vec::new(),
        grounds: Vec::new(),
        reasons,
        obligations: Vec::new(),
        agreement: None,
        scope: None,
        valid_until: None,
        next_change_at: horizon.next_change(),
        facts_seq: facts.seq,
    }
}

/// Judgement on one agreement, over its scope that permits most.
struct Judgement<'a> {
    scope: Option<&'a ScopePart>,
    /// Reasons that concern every item.
    common: Vec<Reason>,
    /// Each asked item with what carries it, or why nothing does.
    items: Vec<Asked<'a>>,
    horizon: Horizon,
}

struct Asked<'a> {
    code: &'a ItemCode,
    bases: Vec<LegalBasisId>,
    parts: Vec<&'a ItemPart>,
    reasons: Vec<Reason>,
}

impl<'a> Asked<'a> {
    /// An item of the scope carries part of what was asked, on these provisions.
    fn carry(&mut self, part: &'a ItemPart, bases: Vec<LegalBasisId>) {
        if self.bases.is_empty() {
            self.bases = bases;
        } else {
            self.bases.extend(bases);
        }
        self.bases.sort_unstable();
        self.bases.dedup();
        if !self.parts.iter().any(|known| known.row.id == part.row.id) {
            self.parts.push(part);
        }
    }
}

impl Judgement<'_> {
    fn permitted(&self) -> usize {
        if self.common.is_empty() { self.items.iter().filter(|item| item.reasons.is_empty()).count() } else { 0 }
    }

    fn decision(self, facts: &Facts, question: &Question, dossier: &Dossier, horizon: &Horizon) -> Decision {
        let permitted = self.permitted();
        let verdict = match permitted {
            0 => Verdict::Denied,
            some if some == self.items.len() => Verdict::Permitted,
            _ => Verdict::Partial,
        };
        let is_permitted = |item: &&Asked<'_>| permitted > 0 && item.reasons.is_empty();
        let obligations = match self.scope {
            Some(scope) if permitted > 0 => obligations(facts, question, scope, self.items.iter().filter(is_permitted)),
            _ => Vec::new(),
        };
        let mut decision = Decision {
            verdict,
            permitted_items: self.items.iter().filter(is_permitted).map(|item| item.code.clone()).collect(),
            grounds: self
                .items
                .iter()
                .filter(is_permitted)
                .map(|item| Ground { item: item.code.clone(), bases: item.bases.clone() })
                .collect(),
            reasons: self.common,
            obligations,
            agreement: Some(dossier.row.id),
            scope: self.scope.map(|scope| scope.row.id),
            valid_until: if permitted > 0 { self.horizon.first_end() } else { None },
            next_change_at: horizon.next_change(),
            facts_seq: facts.seq,
        };
        decision.reasons.extend(self.items.into_iter().flat_map(|item| item.reasons));
        if verdict != Verdict::Permitted {
            name_other_agreements(facts, question, dossier, &mut decision, horizon.at());
        }
        decision
    }
}

/// Judges one agreement over its open scope of the asked channel, else over the newest version.
fn judge<'a>(facts: &'a Facts, question: &'a Question, dossier: &'a Dossier, at: Instant) -> Judgement<'a> {
    let over_channel = dossier.scopes.iter().filter(|scope| scope.row.channel == question.channel);
    let mut horizon = Horizon::new(at);
    for scope in over_channel.clone() {
        horizon.change(scope.status.next_after(at));
    }
    let mut open = over_channel.clone().filter(|scope| conditions::is_open(scope, &mut Horizon::new(at)));
    let scope = open.next().or_else(|| over_channel.max_by_key(|scope| scope.row.version));
    judge_scope(facts, question, dossier, scope, horizon)
}

fn judge_scope<'a>(
    facts: &'a Facts,
    question: &'a Question,
    dossier: &'a Dossier,
    scope: Option<&'a ScopePart>,
    mut horizon: Horizon,
) -> Judgement<'a> {
    let mut common = Vec::new();
    conditions::agreement(facts, dossier, &mut horizon, &mut common);
    match scope {
        Some(scope) => {
            conditions::scope(facts, dossier, scope, &mut horizon, &mut common);
            if !scope.purposes.contains(&question.purpose) {
                common.push(conditions::reason(DecisionReasonCode::PurposeNotInScope));
            }
        }
        None => common.push(conditions::reason(DecisionReasonCode::ChannelNotOpen)),
    }
    search(question, &mut common);
    let items =
        question.items.iter().map(|code| judge_item(facts, question, dossier, scope, code, &mut horizon)).collect();
    if let Some(scope) = scope {
        admission(facts, question, dossier, scope, &mut horizon, &mut common);
    }
    for reason in &mut common {
        reason.bases.extend(source(facts, reason.code, horizon.at()));
    }
    Judgement { scope, common, items, horizon }
}

/// Viewing: one subject a search, never a list (906/2019 23 § 1 mom).
fn search(question: &Question, reasons: &mut Vec<Reason>) {
    if question.channel != Channel::ViewingConnection {
        return;
    }
    if question.subject_count > 1 {
        reasons.push(conditions::reason(DecisionReasonCode::TooManySubjects));
    }
    if question.operation == Operation::List {
        reasons.push(conditions::reason(DecisionReasonCode::ListByViewing));
    }
}

/// End user's access grant where the scope admits by grants (R19–R21).
fn admission(
    facts: &Facts,
    question: &Question,
    dossier: &Dossier,
    scope: &ScopePart,
    horizon: &mut Horizon,
    reasons: &mut Vec<Reason>,
) {
    if scope.row.admission != Admission::Grant {
        return;
    }
    let pseudonyms = question.end_user.as_ref().and_then(|user| user.pseudonyms.get(&dossier.row.discloser_id));
    let mut granted = false;
    for pseudonym in pseudonyms.into_iter().flatten() {
        for grant in facts.grants(scope.row.id, pseudonym) {
            granted |= horizon.within(grant.valid_from, grant_until(grant));
        }
    }
    if !granted {
        reasons.push(conditions::reason(DecisionReasonCode::AccessGrantMissing));
    }
}

fn judge_item<'a>(
    facts: &'a Facts,
    question: &'a Question,
    dossier: &'a Dossier,
    scope: Option<&'a ScopePart>,
    code: &'a ItemCode,
    horizon: &mut Horizon,
) -> Asked<'a> {
    let mut asked = Asked { code, bases: Vec::new(), parts: Vec::new(), reasons: Vec::new() };
    let (Some(scope), Some(catalogue)) = (scope, facts.catalogue(question.register)) else {
        return asked;
    };
    let contents = contents(catalogue, code, horizon);
    for item in &contents {
        judge_content(facts, question, dossier, scope, item, &mut asked, horizon);
        if !may_travel_on(facts, question, dossier, scope, item, code, horizon) {
            asked.reasons.push(conditions::reason(DecisionReasonCode::OnwardForbidden));
        }
    }
    if contents.is_empty() {
        asked.reasons.push(conditions::reason(DecisionReasonCode::ItemNotInScope));
    }
    asked.reasons.sort();
    asked.reasons.dedup();
    for reason in &mut asked.reasons {
        reason.item = Some(code.clone());
        reason.bases.extend(source(facts, reason.code, horizon.at()));
    }
    asked
}

/// What asking a code asks: the node and everything below it that exists, but identity codes only by name.
fn contents<'a>(catalogue: &'a Catalogue, code: &'a ItemCode, horizon: &mut Horizon) -> Vec<&'a data_item::Model> {
    catalogue
        .below(code)
        .filter(|item| item.code.node() == code.node() || !item.is_identity_code)
        .filter(|item| {
            // A node asked today asks one more when the item comes to be, and that one may be refused.
            horizon.end(Some(item.valid_from));
            horizon.within(item.valid_from, item.valid_until)
        })
        .map(AsRef::as_ref)
        .collect()
}

fn judge_content<'a>(
    facts: &'a Facts,
    question: &Question,
    dossier: &Dossier,
    scope: &'a ScopePart,
    item: &data_item::Model,
    asked: &mut Asked<'a>,
    horizon: &mut Horizon,
) {
    let about = if item.code.node() == asked.code.node() { About::Nothing } else { About::Item(item.code.clone()) };
    let reaching = scope.items.iter().filter(|part| reaches(scope, &part.row.item_code, item, asked.code));
    let (mut is_in_scope, mut is_fitting) = (false, false);
    let mut refused = Vec::new();
    for part in reaching {
        is_in_scope = true;
        if part.row.operation != question.operation {
            continue;
        }
        is_fitting = true;
        let before = refused.len();
        let bases = judge_part(facts, question, dossier, scope, part, item, asked.code, horizon, &mut refused);
        if refused.len() == before {
            refused.clear();
            asked.carry(part, bases);
            break;
        }
    }
    if !is_in_scope {
        return asked.reasons.push(Reason { about, ..conditions::reason(DecisionReasonCode::ItemNotInScope) });
    }
    if !is_fitting {
        return asked.reasons.push(conditions::reason(DecisionReasonCode::OperationNotInScope));
    }
    if (item.is_personal || item.is_secret)
        && scope.row.necessity_check == NecessityCheck::CaseReference
        && question.case_reference.is_none()
    {
        asked.reasons.push(conditions::reason(DecisionReasonCode::CaseReferenceMissing));
    }
    asked.reasons.extend(refused);
}

/// Whether a code of a scope or onward rule reaches a data item: by prefix only what existed when the content was
/// defined, identity codes only by name.
fn reaches(scope: &ScopePart, code: &ItemCode, item: &data_item::Model, asked: &ItemCode) -> bool {
    if code.node() == item.code.node() {
        return qualifier_covers(code, asked);
    }
    !item.is_identity_code
        && code.covers_parts(item.code.node(), asked.qualifier())
        && item.valid_from < scope.defined_until
}

fn qualifier_covers(code: &ItemCode, asked: &ItemCode) -> bool {
    code.qualifier().is_none_or(|qualifier| asked.qualifier() == Some(qualifier))
}

#[expect(clippy::too_many_arguments, reason = "one condition over everything a content is judged by")]
fn judge_part(
    facts: &Facts,
    question: &Question,
    dossier: &Dossier,
    scope: &ScopePart,
    part: &ItemPart,
    item: &data_item::Model,
    asked: &ItemCode,
    horizon: &mut Horizon,
    reasons: &mut Vec<Reason>,
) -> Vec<LegalBasisId> {
    let footing = conditions::footing(facts, dossier, part, item.is_secret, horizon);
    reasons.extend(
        footing.reasons.iter().map(|(code, bases)| Reason { bases: bases.clone(), ..conditions::reason(*code) }),
    );
    let wanted = Use {
        node: item.code.node(),
        qualifier: asked.qualifier(),
        purpose: question.purpose,
        operation: question.operation,
    };
    let entitled: Vec<LegalBasisId> = footing
        .laws
        .iter()
        .filter(|law| conditions::entitles(facts, dossier, scope, law, wanted, horizon))
        .map(|law| law.row.id)
        .collect();
    if entitled.is_empty() && !footing.laws.is_empty() {
        let wanted = std::iter::once(wanted);
        reasons.extend(conditions::unentitled(facts, dossier, scope, &footing, &wanted, horizon.at()));
    }
    conditions::mandates(facts, dossier, part, horizon, reasons);
    for theme in part.mandates.iter().filter(|theme| !question.mandates.contains(theme)) {
        let about = About::MandateTheme(*theme);
        reasons.push(Reason { about, ..conditions::reason(DecisionReasonCode::MandateMissing) });
    }
    entitled
}

/// Data travels on only by a rule with an adequate provision (R27–R30) that both parties have agreed on (R43).
fn may_travel_on(
    facts: &Facts,
    question: &Question,
    dossier: &Dossier,
    scope: &ScopePart,
    item: &data_item::Model,
    asked: &ItemCode,
    horizon: &mut Horizon,
) -> bool {
    let Some(kind) = question.onward_to else { return true };
    dossier.onward.iter().any(|rule| {
        rule.row.recipient_kind == kind
            && rule.row.purpose_id == question.purpose
            && rule.items.iter().any(|code| reaches(scope, code, item, asked))
            && horizon.within(rule.row.valid_from, rule.row.valid_until)
            && onward_agreed(facts, dossier, rule, horizon.at())
            && rule
                .bases
                .iter()
                .filter_map(|at| dossier.bases.get(*at))
                .any(|basis| conditions::carries(facts, basis, horizon))
    })
}

fn obligations<'a>(
    facts: &Facts,
    question: &Question,
    scope: &ScopePart,
    items: impl Iterator<Item = &'a Asked<'a>>,
) -> Vec<Obligation> {
    let plain = |code| Obligation { code, days: None };
    let mut obligations = vec![plain(ObligationCode::Log)];
    if scope.row.channel == Channel::ViewingConnection {
        obligations.extend([plain(ObligationCode::StatePurpose), plain(ObligationCode::SingleSearch)]);
    }
    let (mut look_back, mut inform) = (None, false);
    for item in items {
        for part in &item.parts {
            look_back = match (look_back, part.row.look_back_days) {
                (Some(a), Some(b)) => Some(std::cmp::min::<i32>(a, b)),
                (a, b) => a.or(b),
            };
        }
        inform |= item.bases.iter().filter_map(|id| facts.law(*id)).any(|law| law.row.informs_subject_beforehand);
    }
    if let Some(days) = look_back {
        obligations.push(Obligation { code: ObligationCode::LimitLookBack, days: Some(days) });
    }
    if scope.row.necessity_check == NecessityCheck::ClientRelationshipCheck {
        obligations.push(plain(ObligationCode::ConfirmClientRelationship));
    }
    if inform {
        obligations.push(plain(ObligationCode::InformSubjectBeforehand));
    }
    if question.onward_to.is_none() {
        obligations.push(plain(ObligationCode::NoOnwardDisclosure));
    }
    if let Some(days) = scope.row.retention_days {
        obligations.push(Obligation { code: ObligationCode::DeleteBy, days: Some(days) });
    }
    obligations
}

/// Items that another agreement would carry are refused here; the reason names that agreement.
fn name_other_agreements(facts: &Facts, question: &Question, dossier: &Dossier, decision: &mut Decision, at: Instant) {
    for reason in &mut decision.reasons {
        let (DecisionReasonCode::ItemNotInScope, Some(item)) = (reason.code, reason.item.as_ref()) else { continue };
        let alone = Question { items: vec![item.clone()], ..question.clone() };
        let other = candidates(facts, question)
            .filter(|other| other.row.id != dossier.row.id)
            .find(|other| judge(facts, &alone, other, at).permitted() == 1);
        if let Some(other) = other {
            reason.about = About::Agreement(other.row.id);
        }
    }
}

/// Condition that fails, with the provision it itself comes from.
pub fn cited(facts: &Facts, code: DecisionReasonCode, at: Instant) -> Reason {
    Reason { bases: source(facts, code, at).into_iter().collect(), ..conditions::reason(code) }
}

/// Provision a condition itself comes from, in the wording in force then, else the newest.
fn source(facts: &Facts, code: DecisionReasonCode, at: Instant) -> Option<LegalBasisId> {
    let citation = match code {
        DecisionReasonCode::CaseReferenceMissing => CASE_BY_CASE,
        DecisionReasonCode::TooManySubjects | DecisionReasonCode::ListByViewing => SINGLE_SEARCH,
        DecisionReasonCode::ModeNotJustified => MEANS,
        DecisionReasonCode::ProcessingRightMissing => NON_AUTHORITY,
        _ => return None,
    };
    let wordings = || {
        let known = facts.legal_basis.by_key_prefix(citation_key(citation));
        known.filter(|row| row.status == ProposalStatus::Confirmed)
    };
    let in_force = wordings().find(|row| row.valid_from <= at && row.valid_until.is_none_or(|until| at < until));
    in_force.or_else(|| wordings().max_by_key(|row| row.valid_from)).map(|row| row.id)
}
