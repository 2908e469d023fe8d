//! Decision said a second time, as plainly as it can be: every rule a loop over every row, no index and no compiling.
//!
//! Written from the rules and not from `api::decision`, so that where the two agree both are likely right. Nothing here
//! is fast, and nothing here is shared with what it checks but the tables and the words they are written in.

use std::collections::{BTreeMap, BTreeSet};

use api::{decision::Question, facts::Facts};
use entity::{
    agreement, agreement_basis, data_item, entitlement, legal_basis, organisation, scope, scope_item,
    vocabulary::{
        Adequacy, Admission, AgreementId, AgreementStatus, AuthorityStatus, BasisRole, Channel, ClosedEnum,
        DecisionReasonCode as Code, Instant, ItemCode, LegalBasisId, MandateThemeId, MandateThemeStatus,
        MandatingRightStatus, NecessityCheck, ObligationCode, OnwardRecipientKind, Operation, OrganisationId,
        ProposalStatus, Regularity, ScopeId, ScopeStatus, StatementStatus, Verdict, day_end, helsinki_day,
        helsinki_midnight,
    },
};
use uuid::Uuid;

/// Reason as far as the model compares it: its code and the asked item, null when it concerns all.
pub type NaiveReason = (Code, Option<ItemCode>);

/// Answer of the naive model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NaiveDecision {
    /// The answer.
    pub verdict: Verdict,
    /// Items of the question that may be disclosed, in its order.
    pub permitted_items: Vec<ItemCode>,
    /// Every condition that failed.
    pub reasons: BTreeSet<NaiveReason>,
    /// Agreement it was judged on; null when there is none.
    pub agreement: Option<AgreementId>,
    /// Scope it was judged on; null when there is none.
    pub scope: Option<ScopeId>,
    /// Provisions each permitted item rests on.
    pub grounds: BTreeMap<ItemCode, BTreeSet<LegalBasisId>>,
    /// Duties, each with its days.
    pub obligations: BTreeSet<(ObligationCode, Option<i32>)>,
}

/// Answer to a question at an instant.
pub fn decide(facts: &Facts, question: &Question, at: Instant) -> NaiveDecision {
    let mut answers: Vec<(&agreement::Model, NaiveDecision)> = Vec::new();
    for row in facts.agreement.all() {
        let pinned = question.agreement.is_none_or(|id| id == row.id);
        let same_register = row.register_id == question.register;
        let same_recipient = becomes(facts, row.recipient_id, question.recipient);
        let served = question.served.as_ref().is_none_or(|served| served.contains(&row.id));
        let same_discloser = question
            .discloser
            .is_none_or(|id| becomes(facts, row.discloser_id, id) || becomes(facts, id, row.discloser_id));
        if pinned && same_register && same_recipient && served && same_discloser {
            answers.push((row, judge(facts, question, at, row)));
        }
    }
    answers.sort_by_key(|(row, answer)| {
        let live = [Some(AgreementStatus::Active), Some(AgreementStatus::Suspended)]
            .contains(&status_of(facts, row.id.0, row.status, at));
        let start = (row.starts_on.is_none(), row.starts_on);
        (std::cmp::Reverse(answer.permitted_items.len()), !live, start, row.number.clone())
    });
    match answers.into_iter().next() {
        Some((_, answer)) => answer,
        None => NaiveDecision {
            verdict: Verdict::Denied,
            permitted_items: Vec::new(),
            reasons: BTreeSet::from([(Code::NoAgreement, None)]),
            agreement: None,
            scope: None,
            grounds: BTreeMap::new(),
            obligations: BTreeSet::new(),
        },
    }
}

fn judge(facts: &Facts, question: &Question, at: Instant, agreement: &agreement::Model) -> NaiveDecision {
    let case = Case { facts, question, at, agreement, scope: judged_scope(facts, question.channel, at, agreement) };
    let common = case.common_reasons();
    let mut permitted_items = Vec::new();
    let mut carriers = Vec::new();
    let mut reasons: BTreeSet<NaiveReason> = common.iter().map(|code| (*code, None)).collect();
    for asked in &question.items {
        let against = case.scope.map(|scope| case.reasons_against(scope, asked)).unwrap_or_default();
        if common.is_empty() && against.is_empty() {
            permitted_items.push(asked.clone());
            carriers.extend(case.carriers(asked).into_iter().map(|carrier| (asked.clone(), carrier)));
        }
        reasons.extend(against.into_iter().map(|code| (code, Some(asked.clone()))));
    }
    let verdict = if permitted_items.is_empty() {
        Verdict::Denied
    } else if permitted_items.len() == question.items.len() {
        Verdict::Permitted
    } else {
        Verdict::Partial
    };
    let mut grounds: BTreeMap<ItemCode, BTreeSet<LegalBasisId>> = BTreeMap::new();
    for (asked, (_, laws)) in &carriers {
        grounds.entry(asked.clone()).or_default().extend(laws.iter().map(|law| law.id));
    }
    let obligations = match case.scope {
        Some(scope) if !permitted_items.is_empty() => {
            let laws = carriers.iter().flat_map(|(_, (_, laws))| laws.iter().copied());
            case.obligations(scope, carriers.iter().filter_map(|(_, (row, _))| row.look_back_days), laws)
        }
        _ => BTreeSet::new(),
    };
    let scope = case.scope.map(|scope| scope.id);
    NaiveDecision { verdict, permitted_items, reasons, agreement: Some(agreement.id), scope, grounds, obligations }
}

/// Open scope over the channel, else the one of the highest version.
fn judged_scope<'a>(
    facts: &'a Facts,
    channel: Channel,
    at: Instant,
    agreement: &agreement::Model,
) -> Option<&'a scope::Model> {
    let mut highest: Option<&scope::Model> = None;
    for row in facts.scope.all() {
        if row.agreement_id != agreement.id || row.channel != channel {
            continue;
        }
        if is_open(facts, row, at) {
            return Some(row);
        }
        if highest.is_none_or(|other| other.version < row.version) {
            highest = Some(row);
        }
    }
    highest
}

fn is_open(facts: &Facts, scope: &scope::Model, at: Instant) -> bool {
    status_of(facts, scope.id.0, scope.status, at) == Some(ScopeStatus::Open)
}

/// One question put to one agreement.
struct Case<'a> {
    facts: &'a Facts,
    question: &'a Question,
    at: Instant,
    agreement: &'a agreement::Model,
    scope: Option<&'a scope::Model>,
}

impl Case<'_> {
    fn common_reasons(&self) -> BTreeSet<Code> {
        let mut codes = BTreeSet::new();
        let mut unless = |holds: bool, code: Code| {
            if !holds {
                codes.insert(code);
            }
        };
        unless(self.agreement_in_force(), Code::AgreementNotInForce);
        unless(self.parties_active(), Code::PartyNotActive);
        let viewing = self.question.channel == Channel::ViewingConnection;
        unless(!viewing || self.question.subject_count <= 1, Code::TooManySubjects);
        unless(!viewing || self.question.operation != Operation::List, Code::ListByViewing);
        unless(self.scope.is_some_and(|scope| is_open(self.facts, scope, self.at)), Code::ChannelNotOpen);
        if let Some(scope) = self.scope {
            let (current, lapsed) = self.statements();
            unless(current || !lapsed, Code::StatementLapsed);
            unless(current || lapsed, Code::StatementMissing);
            unless(self.serves_purpose(scope), Code::PurposeNotInScope);
            unless(self.mode_justified(scope), Code::ModeNotJustified);
            unless(scope.admission != Admission::Grant || self.end_user_granted(scope), Code::AccessGrantMissing);
        }
        codes
    }

    fn agreement_in_force(&self) -> bool {
        let agreement = self.agreement;
        status_of(self.facts, agreement.id.0, agreement.status, self.at) == Some(AgreementStatus::Active)
            && agreement.starts_on.is_some_and(|day| helsinki_midnight(day) <= self.at)
            && agreement.ends_on.is_none_or(|day| self.at < day_end(day))
    }

    fn parties_active(&self) -> bool {
        [self.agreement.discloser_id, self.agreement.recipient_id].into_iter().all(|id| {
            // Somebody along the line of successors is alive; a line never longer than there are organisations.
            let mut party = Some(organisation(self.facts, id));
            for _ in 0..self.facts.organisation.all().count() {
                let Some(row) = party else { return false };
                if row.dissolved_on.is_none_or(|day| self.at < day_end(day)) {
                    return true;
                }
                party = row.successor_id.map(|id| organisation(self.facts, id));
            }
            false
        })
    }

    fn may_process(&self) -> bool {
        let recipient = acting(self.facts, self.agreement.recipient_id, self.at);
        recipient.authority_status == AuthorityStatus::Authority || self.agreement_has(BasisRole::RightToProcess)
    }

    /// Whether an approved statement speaks now, and whether one has lapsed.
    fn statements(&self) -> (bool, bool) {
        let (mut current, mut lapsed) = (false, false);
        for row in self.facts.protection_statement.all() {
            let ours = row.register_id == self.agreement.register_id
                && row.recipient_id == self.agreement.recipient_id
                && row.channel == self.question.channel
                && becomes(self.facts, row.discloser_id, self.agreement.discloser_id);
            if ours && status_of(self.facts, row.id.0, row.status, self.at) == Some(StatementStatus::Approved) {
                match row.valid_until {
                    Some(until) if until <= self.at => lapsed = true,
                    _ => current = true,
                }
            }
        }
        (current, lapsed)
    }

    fn serves_purpose(&self, scope: &scope::Model) -> bool {
        self.facts.scope_purpose.all().any(|row| row.scope_id == scope.id && row.purpose_id == self.question.purpose)
    }

    fn mode_justified(&self, scope: &scope::Model) -> bool {
        let authority = |id| acting(self.facts, id, self.at).authority_status == AuthorityStatus::Authority;
        scope.channel == Channel::TechnicalInterface
            || scope.regularity != Regularity::RecurringFixed
            || scope.mode_justification.is_some()
            || !authority(self.agreement.discloser_id)
            || !authority(self.agreement.recipient_id)
    }

    fn end_user_granted(&self, scope: &scope::Model) -> bool {
        let known_as: Vec<String> = self
            .question
            .end_user
            .as_ref()
            .and_then(|user| user.pseudonyms.get(&self.agreement.discloser_id).cloned())
            .unwrap_or_default();
        self.facts.access_grant.all().any(|row| {
            row.scope_id == scope.id
                && known_as.contains(&row.user_pseudonym)
                && within(row.valid_from, row.valid_until, self.at)
                && within(row.valid_from, row.revoked_at, self.at)
        })
    }

    /// What asking a code asks: the node and what is below it and exists, but identity codes only by name.
    fn expanded(&self, asked: &ItemCode) -> Vec<&data_item::Model> {
        self.facts
            .data_item
            .all()
            .map(AsRef::as_ref)
            .filter(|item| item.register_id == self.question.register)
            .filter(|item| at_or_below(item.code.as_str(), asked.node()))
            .filter(|item| !item.is_identity_code || item.code.as_str() == asked.node())
            .filter(|item| within(item.valid_from, item.valid_until, self.at))
            .collect()
    }

    /// For each data item a permitted code asks, the scope item that carries it, the first by code of those nothing
    /// stands against, and the provisions that entitle there.
    fn carriers(&self, asked: &ItemCode) -> Vec<(&scope_item::Model, Vec<&legal_basis::Model>)> {
        let Some(scope) = self.scope else { return Vec::new() };
        let carrier = |item: &data_item::Model| {
            let rows = self.facts.scope_item.all().map(AsRef::as_ref);
            let clean = rows.filter(|row: &&scope_item::Model| {
                row.scope_id == scope.id
                    && row.operation == self.question.operation
                    && covers(self.facts, scope, &row.item_code, asked, item)
                    && self.reasons_against_scope_item(scope, row, asked, item).is_empty()
            });
            let first = clean.min_by(|a, b| a.item_code.cmp(&b.item_code))?;
            let entitling = self.laws_of(first).into_iter().filter(|law| self.entitled(scope, law.id, asked, item));
            Some((first, entitling.collect()))
        };
        self.expanded(asked).into_iter().filter_map(carrier).collect()
    }

    fn obligations<'l>(
        &self,
        scope: &scope::Model,
        look_back: impl Iterator<Item = i32>,
        mut laws: impl Iterator<Item = &'l legal_basis::Model>,
    ) -> BTreeSet<(ObligationCode, Option<i32>)> {
        let viewing = scope.channel == Channel::ViewingConnection;
        let confirms = scope.necessity_check == NecessityCheck::ClientRelationshipCheck;
        let days = look_back.min();
        [
            (true, ObligationCode::Log, None),
            (viewing, ObligationCode::StatePurpose, None),
            (viewing, ObligationCode::SingleSearch, None),
            (days.is_some(), ObligationCode::LimitLookBack, days),
            (confirms, ObligationCode::ConfirmClientRelationship, None),
            (laws.any(|law| law.informs_subject_beforehand), ObligationCode::InformSubjectBeforehand, None),
            (self.question.onward_to.is_none(), ObligationCode::NoOnwardDisclosure, None),
            (scope.retention_days.is_some(), ObligationCode::DeleteBy, scope.retention_days),
        ]
        .into_iter()
        .filter_map(|(holds, code, days)| holds.then_some((code, days)))
        .collect()
    }

    fn reasons_against(&self, scope: &scope::Model, asked: &ItemCode) -> BTreeSet<Code> {
        let expanded = self.expanded(asked);
        if expanded.is_empty() {
            return BTreeSet::from([Code::ItemNotInScope]);
        }
        let mut codes = BTreeSet::new();
        for item in expanded {
            codes.extend(self.reasons_against_one(scope, asked, item));
            if self.case_reference_missing(scope, asked, item) {
                codes.insert(Code::CaseReferenceMissing);
            }
            if let Some(kind) = self.question.onward_to
                && !self.may_travel_on(scope, kind, asked, item)
            {
                codes.insert(Code::OnwardForbidden);
            }
        }
        codes
    }

    /// Whether a personal or secret item that the scope holds would go without the case reference the scope asks for.
    fn case_reference_missing(&self, scope: &scope::Model, asked: &ItemCode, item: &data_item::Model) -> bool {
        let held = self.facts.scope_item.all().any(|row| {
            row.scope_id == scope.id
                && row.operation == self.question.operation
                && covers(self.facts, scope, &row.item_code, asked, item)
        });
        held && scope.necessity_check == NecessityCheck::CaseReference
            && (item.is_personal || item.is_secret)
            && self.question.case_reference.is_none()
    }

    /// Reasons against one data item asked under the qualifier of `asked`: nothing if any scope item carries it.
    fn reasons_against_one(&self, scope: &scope::Model, asked: &ItemCode, item: &data_item::Model) -> BTreeSet<Code> {
        let mut covered = false;
        let mut reasons = BTreeSet::new();
        let mut found = false;
        for row in self.facts.scope_item.all() {
            if row.scope_id != scope.id || !covers(self.facts, scope, &row.item_code, asked, item) {
                continue;
            }
            covered = true;
            if row.operation != self.question.operation {
                continue;
            }
            found = true;
            let against = self.reasons_against_scope_item(scope, row, asked, item);
            if against.is_empty() {
                return BTreeSet::new();
            }
            reasons.extend(against);
        }
        match (covered, found) {
            (false, _) => BTreeSet::from([Code::ItemNotInScope]),
            (true, false) => BTreeSet::from([Code::OperationNotInScope]),
            (true, true) => reasons,
        }
    }

    fn reasons_against_scope_item(
        &self,
        scope: &scope::Model,
        row: &scope_item::Model,
        asked: &ItemCode,
        item: &data_item::Model,
    ) -> BTreeSet<Code> {
        let laws = self.laws_of(row);
        let mut codes = BTreeSet::new();
        if laws.is_empty() {
            codes.extend(self.reasons_against_rights(&self.rights_of(row)));
        } else if !laws.iter().any(|law| self.entitled(scope, law.id, asked, item)) {
            codes.insert(Code::NotEntitled);
            let gave = |basis: &&agreement_basis::Model| self.entitled(scope, basis.legal_basis_id, asked, item);
            for basis in self.rights_of(row).into_iter().filter(gave) {
                if self.is_repealed(basis) {
                    codes.insert(Code::BasisRepealed);
                } else if !self.is_adequate(basis) {
                    codes.insert(Code::BasisNotAdequate);
                }
            }
        }
        if !self.may_process() {
            codes.insert(Code::ProcessingRightMissing);
        }
        let overridden = laws.iter().any(|law| law.overrides_secrecy && !self.is_doubted(law.id))
            || self.agreement_has(BasisRole::SecrecyOverride);
        if item.is_secret && !overridden {
            codes.insert(Code::SecrecyNotOverridden);
        }
        for mandate in self.facts.scope_item_mandate.all() {
            if mandate.scope_item_id == row.id {
                codes.extend(self.reasons_against_mandate(mandate.mandate_theme_id));
            }
        }
        codes
    }

    /// Why none of the rights carries: nothing but paper, ceased or not found adequate. What is not yet in force is
    /// simply not there.
    fn reasons_against_rights(&self, rights: &[&agreement_basis::Model]) -> BTreeSet<Code> {
        let mut codes = BTreeSet::new();
        for basis in rights {
            if self.carries(basis) {
                codes.insert(Code::ElectronicNotAllowed);
            } else if self.is_repealed(basis) {
                codes.insert(Code::BasisRepealed);
            } else if !self.is_adequate(basis) {
                codes.insert(Code::BasisNotAdequate);
            }
        }
        if !codes.contains(&Code::ElectronicNotAllowed) {
            codes.insert(Code::NoLegalBasis);
        }
        codes
    }

    fn is_adequate(&self, basis: &agreement_basis::Model) -> bool {
        status_of(self.facts, basis.id.0, basis.adequacy, self.at) == Some(Adequacy::Adequate)
    }

    /// Whether the provision of a basis has ceased, or was found to have.
    fn is_repealed(&self, basis: &agreement_basis::Model) -> bool {
        let law = law(self.facts, basis.legal_basis_id);
        let ceased = law.status == ProposalStatus::Confirmed && law.valid_until.is_some_and(|until| until <= self.at);
        ceased || status_of(self.facts, basis.id.0, basis.adequacy, self.at) == Some(Adequacy::Repealed)
    }

    fn entitled(&self, scope: &scope::Model, law: LegalBasisId, asked: &ItemCode, item: &data_item::Model) -> bool {
        let recipient = acting(self.facts, self.agreement.recipient_id, self.at);
        self.facts.entitlement.all().any(|row| {
            row.legal_basis_id == law
                && row.register_id == self.question.register
                && row.purpose_id == self.question.purpose
                && row.operation == self.question.operation
                && row.status == ProposalStatus::Confirmed
                && within(row.valid_from, row.valid_until, self.at)
                && row.recipient_id.is_none_or(|named| becomes(self.facts, named, recipient.id))
                && reaches_kind(row, recipient)
                && reaches(&row.item_code, asked, item)
                && self.reaches_channel(scope, row.channel)
        })
    }

    fn reaches_channel(&self, scope: &scope::Model, channel: Channel) -> bool {
        channel == self.question.channel
            || (channel == Channel::TechnicalInterface
                && scope.mode_justification.is_some()
                && self.agreement_has(BasisRole::Mode))
    }

    fn reasons_against_mandate(&self, theme: MandateThemeId) -> BTreeSet<Code> {
        let mut codes = BTreeSet::new();
        let usable = self.facts.mandate_theme.all().any(|row| {
            let status = status_of(self.facts, row.id.0, row.status, self.at);
            row.id == theme && [Some(MandateThemeStatus::Active), Some(MandateThemeStatus::Hidden)].contains(&status)
        });
        let granted = self.facts.mandating_right.all().any(|row| {
            let recipient = self.agreement.recipient_id;
            let passed = becomes(self.facts, row.organisation_id, recipient)
                || becomes(self.facts, recipient, row.organisation_id);
            passed
                && row.mandate_theme_id == theme
                && row.valid_until.is_none_or(|until| self.at < until)
                && status_of(self.facts, row.id.0, row.status, self.at) == Some(MandatingRightStatus::Granted)
        });
        if !usable {
            codes.insert(Code::MandateThemeNotActive);
        }
        if !granted {
            codes.insert(Code::MandatingRightMissing);
        }
        if !self.question.mandates.contains(&theme) {
            codes.insert(Code::MandateMissing);
        }
        codes
    }

    fn may_travel_on(
        &self,
        scope: &scope::Model,
        kind: OnwardRecipientKind,
        asked: &ItemCode,
        item: &data_item::Model,
    ) -> bool {
        self.facts.onward_rule.all().any(|rule| {
            let carried = self.facts.onward_rule_basis.all().any(|link| {
                link.onward_rule_id == rule.id
                    && self.facts.agreement_basis.get(link.agreement_basis_id).is_some_and(|basis| self.carries(basis))
            });
            let names = self
                .facts
                .onward_rule_item
                .all()
                .any(|row| row.onward_rule_id == rule.id && covers(self.facts, scope, &row.item_code, asked, item));
            rule.agreement_id == self.agreement.id
                && rule.recipient_kind == kind
                && rule.purpose_id == self.question.purpose
                && within(rule.valid_from, rule.valid_until, self.at)
                && carried
                && names
        })
    }

    fn rights_of(&self, item: &scope_item::Model) -> Vec<&agreement_basis::Model> {
        self.bases_of(item).into_iter().filter(|basis| is_right(basis.role)).collect()
    }

    /// Provisions that give a right to an item by electronic means.
    fn laws_of(&self, item: &scope_item::Model) -> Vec<&legal_basis::Model> {
        let rights = self.rights_of(item).into_iter().filter(|basis| self.carries(basis));
        rights.map(|basis| law(self.facts, basis.legal_basis_id)).filter(|law| law.allows_electronic).collect()
    }

    fn bases_of(&self, item: &scope_item::Model) -> Vec<&agreement_basis::Model> {
        let links = self.facts.scope_item_basis.all().filter(|link| link.scope_item_id == item.id);
        links
            .filter_map(|link| self.facts.agreement_basis.get(link.agreement_basis_id))
            .filter(|basis| basis.agreement_id == self.agreement.id)
            .map(AsRef::as_ref)
            .collect()
    }

    fn agreement_has(&self, role: BasisRole) -> bool {
        self.facts
            .agreement_basis
            .all()
            .any(|basis| basis.agreement_id == self.agreement.id && basis.role == role && self.carries(basis))
    }

    /// Whether a provision was reviewed as what overrides secrecy, and found wanting.
    fn is_doubted(&self, law: LegalBasisId) -> bool {
        self.facts.agreement_basis.all().any(|basis| {
            let adequacy = status_of(self.facts, basis.id.0, basis.adequacy, self.at);
            basis.agreement_id == self.agreement.id
                && basis.role == BasisRole::SecrecyOverride
                && basis.legal_basis_id == law
                && ![None, Some(Adequacy::Adequate), Some(Adequacy::Unreviewed)].contains(&adequacy)
        })
    }

    /// Whether a basis is adequate and its provision confirmed and in force.
    fn carries(&self, basis: &agreement_basis::Model) -> bool {
        let law = law(self.facts, basis.legal_basis_id);
        status_of(self.facts, basis.id.0, basis.adequacy, self.at) == Some(Adequacy::Adequate)
            && law.status == ProposalStatus::Confirmed
            && within(law.valid_from, law.valid_until, self.at)
    }
}

/// Value of the last entry begun by `at`; a row without entries has always been what its column says.
fn status_of<S: ClosedEnum>(facts: &Facts, subject: Uuid, column: S, at: Instant) -> Option<S> {
    let mut last: Option<(i32, S)> = None;
    let mut entries = 0;
    for row in facts.status_entry.all() {
        if row.subject_id != subject {
            continue;
        }
        entries += 1;
        if let Some(status) = S::from_code(&row.status)
            && row.from_at <= at
            && last.is_none_or(|(ordinal, _)| ordinal < row.ordinal)
        {
            last = Some((row.ordinal, status));
        }
    }
    if entries == 0 { Some(column) } else { last.map(|(_, status)| status) }
}

/// Whether `body` is `heir` or its rights have passed to it, however many times.
fn becomes(facts: &Facts, body: OrganisationId, heir: OrganisationId) -> bool {
    let mut at = body;
    for _ in 0..=facts.organisation.len() {
        if at == heir {
            return true;
        }
        match facts.organisation.get(at).and_then(|row| row.successor_id) {
            Some(next) => at = next,
            None => return false,
        }
    }
    false
}

/// Body that acts for a party at an instant: the last of its line that had begun to, when the one before had ceased.
fn acting(facts: &Facts, id: OrganisationId, at: Instant) -> &organisation::Model {
    let row = organisation(facts, id);
    let ceased = row.dissolved_on.is_some_and(|day| day_end(day) <= at);
    match row.successor_id {
        Some(next) if ceased => acting(facts, next, at),
        _ => row,
    }
}

fn organisation(facts: &Facts, id: OrganisationId) -> &organisation::Model {
    facts.organisation.get(id).unwrap_or_else(|| panic!("{id} is missing"))
}

fn law(facts: &Facts, id: LegalBasisId) -> &legal_basis::Model {
    facts.legal_basis.get(id).unwrap_or_else(|| panic!("{id} is missing"))
}

fn within(from: Instant, until: Option<Instant>, at: Instant) -> bool {
    from <= at && until.is_none_or(|until| at < until)
}

fn is_right(role: BasisRole) -> bool {
    role == BasisRole::RightToReceive || role == BasisRole::RightToDisclose
}

fn at_or_below(node: &str, top: &str) -> bool {
    node == top || node.starts_with(&format!("{top}."))
}

fn same_qualifier(code: &ItemCode, asked: &ItemCode) -> bool {
    code.qualifier().is_none() || code.qualifier() == asked.qualifier()
}

/// Whether a code reaches an item, by its name or by prefix.
fn reaches(code: &ItemCode, asked: &ItemCode, item: &data_item::Model) -> bool {
    at_or_below(item.code.as_str(), code.node()) && same_qualifier(code, asked)
}

/// Whether a code of an agreement covers an item: by prefix only what existed when the content was defined, and never an
/// identity code.
fn covers(facts: &Facts, scope: &scope::Model, code: &ItemCode, asked: &ItemCode, item: &data_item::Model) -> bool {
    let named = item.code.as_str() == code.node();
    let existed = item.valid_from < defined_until(facts, scope);
    reaches(code, asked, item) && (named || (existed && !item.is_identity_code))
}

/// Instant a content was defined at, as its history tells, else the end of that day; an earlier version of the day counts
/// for the later ones.
fn defined_until(facts: &Facts, scope: &scope::Model) -> Instant {
    let of_day = facts.scope.all().filter(|other| {
        (other.agreement_id, other.channel, other.defined_on) == (scope.agreement_id, scope.channel, scope.defined_on)
            && other.version <= scope.version
    });
    let instants = of_day.map(|scope| {
        let entries = facts.status_entry.all().filter(|row| row.subject_id == scope.id.0);
        let first = entries.min_by_key(|row| row.ordinal).map(|row| row.from_at);
        first
            .filter(|from| helsinki_day(*from) == scope.defined_on && *from != helsinki_midnight(scope.defined_on))
            .unwrap_or(day_end(scope.defined_on))
    });
    instants.min().unwrap()
}

fn reaches_kind(row: &entitlement::Model, recipient: &organisation::Model) -> bool {
    row.recipient_kind.is_none_or(|kind| kind == recipient.kind)
        && row.authority_status.is_none_or(|status| status == recipient.authority_status)
}
