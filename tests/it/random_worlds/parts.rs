//! Agreements of a random world with everything that hangs on them.

use std::collections::BTreeSet;

use api::facts::Row;
use entity::{
    agreement, entitlement, onward_rule_basis, onward_rule_item, scope, scope_item, scope_item_basis,
    scope_item_mandate, scope_purpose,
    vocabulary::{
        Adequacy, Admission, AgreementBasisId, AgreementId, AgreementStatus, BasisRole, Channel, ClosedEnum, Instant,
        ItemCode, LegalBasisId, NecessityCheck, OnwardRecipientKind, OnwardRuleId, Operation, OrganisationId,
        Population, ProposalStatus, ProtectionStatementId, PurposeId, RegisterId, Regularity, ScopeId, ScopeItemId,
        ScopeStatus, StatementStatus, StatusSubject, day_end, helsinki_day, helsinki_midnight,
    },
};

use super::{
    rows,
    world::{Builder, Ground, ITEMS, QUALIFIERS},
};

/// Pseudonyms end users go by.
pub const USERS: [&str; 3] = ["user-1", "user-2", "user-3"];

const CHANNELS: [Channel; 5] = [
    Channel::TechnicalInterface,
    Channel::TechnicalInterface,
    Channel::ViewingConnection,
    Channel::ViewingConnection,
    Channel::Other,
];

const OPERATIONS: [Operation; 8] = [
    Operation::Read,
    Operation::Read,
    Operation::Read,
    Operation::Read,
    Operation::Read,
    Operation::Read,
    Operation::List,
    Operation::Notify,
];

/// Agreement and its bases.
struct Contract {
    id: AgreementId,
    register: RegisterId,
    discloser: OrganisationId,
    recipient: OrganisationId,
    rights: Vec<(AgreementBasisId, LegalBasisId)>,
    secrecy: Vec<AgreementBasisId>,
    onward: Vec<AgreementBasisId>,
    all: Vec<AgreementBasisId>,
}

impl Builder {
    /// One to four agreements, most between the same two on the same register.
    pub fn agreements(&mut self, ground: &Ground) {
        let count = self.chance.pick(&[1, 1, 2, 2, 3, 4]);
        let numbers = self.chance.shuffled((0..count).collect());
        for number in numbers {
            let contract = self.agreement(ground, number);
            for channel in self.channels() {
                self.scopes(ground, &contract, channel);
                self.statements(&contract, channel);
            }
            for _ in 0..self.chance.below(3) {
                self.onward_rule(ground, &contract);
            }
        }
    }

    fn channels(&mut self) -> BTreeSet<Channel> {
        (0..self.chance.pick(&[1, 1, 2, 3])).map(|_| self.chance.pick(&CHANNELS)).collect()
    }

    fn agreement(&mut self, ground: &Ground, number: usize) -> Contract {
        let id: AgreementId = self.chance.id();
        let [discloser, recipient] = [0, 1].map(|side| {
            let usual = self.chance.percent(75);
            if usual { ground.organisations[side] } else { self.chance.pick(&ground.organisations) }
        });
        let register = ground.registers[usize::from(self.chance.percent(5))];
        let mut row = rows::agreement(id, format!("N-{number}"), (discloser, recipient), register);
        row.status = self.history(
            (StatusSubject::Agreement, id.0),
            AgreementStatus::Active,
            &[AgreementStatus::Draft, AgreementStatus::Negotiation, AgreementStatus::Signed],
            &[AgreementStatus::Suspended, AgreementStatus::Terminated, AgreementStatus::Superseded],
        );
        self.term(&mut row);
        self.put(row);
        let mut contract = Contract {
            id,
            register,
            discloser,
            recipient,
            rights: Vec::new(),
            secrecy: Vec::new(),
            onward: Vec::new(),
            all: Vec::new(),
        };
        self.bases(ground, &mut contract);
        contract
    }

    fn term(&mut self, row: &mut agreement::Model) {
        let low = self.chance.pick(&[-300, -200, -100]);
        row.starts_on = if self.fault() {
            self.chance.percent(60).then(|| self.day(-60, 60))
        } else {
            Some(self.day(low, low + 1))
        };
        row.ends_on =
            if self.fault() { Some(self.day(-60, 60)) } else { self.chance.percent(30).then(|| self.day(31, 400)) };
        self.moments.extend(row.starts_on.map(helsinki_midnight));
        self.moments.extend(row.ends_on.map(day_end));
    }

    fn bases(&mut self, ground: &Ground, contract: &mut Contract) {
        for law in &ground.rights {
            if self.chance.percent(95) {
                let role = self.chance.pick(&[BasisRole::RightToReceive, BasisRole::RightToDisclose]);
                let basis = self.basis(contract, *law, role);
                contract.rights.push((basis, *law));
            }
        }
        let roles = [
            (BasisRole::Mode, 92),
            (BasisRole::RightToProcess, 94),
            (BasisRole::SecrecyOverride, 60),
            (BasisRole::Onward, 85),
            (BasisRole::Procedure, 20),
        ];
        for (role, percent) in roles {
            if self.chance.percent(percent) {
                let law = self.chance.pick(&[ground.others.clone(), ground.rights.clone()].concat());
                let basis = self.basis(contract, law, role);
                match role {
                    BasisRole::SecrecyOverride => contract.secrecy.push(basis),
                    BasisRole::Onward => contract.onward.push(basis),
                    _ => {}
                }
            }
        }
    }

    fn basis(&mut self, contract: &mut Contract, law: LegalBasisId, role: BasisRole) -> AgreementBasisId {
        let id: AgreementBasisId = self.chance.id();
        let adequacy = self.history(
            (StatusSubject::AgreementBasis, id.0),
            Adequacy::Adequate,
            &[Adequacy::Unreviewed],
            &[Adequacy::Repealed, Adequacy::Disputed, Adequacy::TooNarrow, Adequacy::DefinitionOnly],
        );
        self.put(rows::agreement_basis(id, contract.id, law, role, adequacy));
        contract.all.push(id);
        id
    }

    /// One version, or two of which never both are open.
    fn scopes(&mut self, ground: &Ground, contract: &Contract, channel: Channel) {
        let ways = self.chance.below(10);
        let open = |at| (at, ScopeStatus::Open);
        match ways {
            0..7 => self.scope(ground, contract, channel, 1, None),
            7 => {
                self.scope(ground, contract, channel, 1, None);
                let from = self.instant(-400, 60);
                self.scope(ground, contract, channel, 2, Some(vec![(from, ScopeStatus::Tested)]));
            }
            _ => {
                let (opened, until) = (self.instant(-500, -401), self.instant(-300, 30));
                let first = vec![open(opened), (until, ScopeStatus::Closed)];
                self.scope(ground, contract, channel, 1, Some(first));
                let second = vec![(opened, ScopeStatus::Defined), open(until)];
                self.scope(ground, contract, channel, 2, Some(second));
            }
        }
    }

    fn scope(
        &mut self,
        ground: &Ground,
        contract: &Contract,
        channel: Channel,
        version: i32,
        path: Option<Vec<(Instant, ScopeStatus)>>,
    ) {
        let id: ScopeId = self.chance.id();
        let subject = (StatusSubject::Scope, id.0);
        let before = [ScopeStatus::Defined, ScopeStatus::Implemented, ScopeStatus::Tested];
        let after = [ScopeStatus::Suspended, ScopeStatus::Closed];
        let mut row = rows::scope(id, contract.id, channel, version);
        row.status = match path {
            Some(path) => self.write_history(subject, path, ScopeStatus::Open),
            None => self.history(subject, ScopeStatus::Open, &before, &after),
        };
        self.terms_of(&mut row);
        let late = self.late.clone();
        row.defined_on = if !late.is_empty() && self.chance.percent(40) {
            let day = helsinki_day(self.chance.pick(&late));
            if self.chance.percent(50) { day } else { day.pred_opt().unwrap_or(day) }
        } else {
            self.day(-400, -100)
        };
        let purposes: BTreeSet<PurposeId> =
            (0..self.chance.pick(&[1, 2])).map(|_| self.chance.pick(&ground.purposes)).collect();
        self.put(row.clone());
        for purpose_id in &purposes {
            let id = self.chance.id();
            self.put(scope_purpose::Model { id, scope_id: row.id, purpose_id: *purpose_id });
        }
        if row.admission == Admission::Grant {
            self.grants(&row);
        }
        let mut names = BTreeSet::new();
        for _ in 0..self.chance.pick(&[1, 2, 3, 4]) {
            let name = (self.code(), self.chance.pick(&OPERATIONS));
            if names.insert(name.clone()) {
                self.scope_item(ground, contract, &row, &purposes, name);
            }
        }
    }

    fn terms_of(&mut self, row: &mut scope::Model) {
        let interface = row.channel == Channel::TechnicalInterface;
        let justified = self.chance.percent(if interface { 10 } else { 80 });
        row.mode_justification = justified.then_some(entity::vocabulary::ModeJustification::Both);
        if self.chance.percent(50) && (interface || justified || self.chance.percent(15)) {
            row.regularity = Regularity::RecurringFixed;
        }
        if self.chance.percent(40) {
            row.necessity_check =
                self.chance.pick(&[NecessityCheck::CaseReference, NecessityCheck::ClientRelationshipCheck]);
        }
        if self.chance.percent(30) {
            row.admission = self.chance.pick(&[Admission::Grant, Admission::Mandate]);
        }
        row.retention_days = self.chance.percent(20).then_some(30);
    }

    fn grants(&mut self, scope: &scope::Model) {
        for user in &USERS[..2] {
            for _ in 0..self.chance.pick(&[0, 1, 1, 1, 2]) {
                let id = self.chance.id();
                let mut row = rows::access_grant(id, scope.id, user);
                (row.valid_from, row.valid_until) = self.period();
                let revoked = self.fault();
                row.revoked_at = revoked.then(|| self.instant(-60, 60)).filter(|at| *at >= row.valid_from);
                self.put(row);
            }
        }
    }

    /// Code with or without a qualifier.
    pub fn code(&mut self) -> ItemCode {
        let node = self.chance.pick(&ITEMS);
        if self.chance.percent(20) {
            return rows::item_code(&format!("{node}@{}", self.chance.pick(&QUALIFIERS)));
        }
        rows::item_code(node)
    }

    fn scope_item(
        &mut self,
        ground: &Ground,
        contract: &Contract,
        scope: &scope::Model,
        purposes: &BTreeSet<PurposeId>,
        (item_code, operation): (ItemCode, Operation),
    ) {
        let id: ScopeItemId = self.chance.id();
        let look_back_days = self.chance.percent(20).then_some(365);
        let row = scope_item::Model {
            id,
            scope_id: scope.id,
            item_code,
            operation,
            look_back_days,
            population: Population::All,
        };
        self.put(row.clone());
        let mut bases: BTreeSet<AgreementBasisId> = BTreeSet::new();
        for (basis, law) in &contract.rights {
            if self.chance.percent(88) {
                bases.insert(*basis);
                for purpose in purposes {
                    self.entitlements(ground, contract, scope, &row, (*law, *purpose));
                }
            }
        }
        if self.chance.percent(60) {
            bases.extend(&contract.secrecy);
        }
        if !contract.all.is_empty() && self.chance.percent(20) {
            bases.insert(self.chance.pick(&contract.all));
        }
        for agreement_basis_id in bases {
            let id = self.chance.id();
            self.put(scope_item_basis::Model { id, scope_item_id: row.id, agreement_basis_id });
        }
        for mandate_theme_id in &ground.themes {
            if self.chance.percent(15) {
                let id = self.chance.id();
                self.put(scope_item_mandate::Model { id, scope_item_id: row.id, mandate_theme_id: *mandate_theme_id });
            }
        }
    }

    /// Mostly one that fits, and sometimes one that misses by one column.
    fn entitlements(
        &mut self,
        ground: &Ground,
        contract: &Contract,
        scope: &scope::Model,
        item: &scope_item::Model,
        (law, purpose): (LegalBasisId, PurposeId),
    ) {
        let justified = scope.mode_justification.is_some() && self.chance.percent(60);
        let channel = if justified { Channel::TechnicalInterface } else { scope.channel };
        let id = self.chance.id();
        let code = self.ceiling(&item.item_code);
        let mut row = rows::entitlement(id, law, code, channel);
        row.register_id = contract.register;
        row.purpose_id = purpose;
        row.operation = item.operation;
        row.role = self.chance.pick(&[BasisRole::RightToReceive, BasisRole::RightToDisclose]);
        (row.valid_from, row.valid_until) = self.period();
        let recipient = self.organisation_row(contract.recipient);
        row.recipient_id = self.chance.percent(30).then_some(contract.recipient);
        row.recipient_kind = self.chance.percent(30).then_some(recipient.kind);
        row.authority_status = self.chance.percent(30).then_some(recipient.authority_status);
        if self.chance.percent(25) {
            let mut miss = row.clone();
            miss.id = self.chance.id();
            self.miss(ground, &mut miss);
            self.put(miss);
        }
        if self.chance.percent(93) {
            self.put(row);
        }
    }

    fn miss(&mut self, ground: &Ground, row: &mut entitlement::Model) {
        match self.chance.below(11) {
            0 => row.legal_basis_id = self.chance.pick(&ground.rights),
            1 => row.register_id = self.chance.pick(&ground.registers),
            2 => row.recipient_id = Some(self.chance.pick(&ground.organisations)),
            3 => row.recipient_kind = Some(entity::vocabulary::OrganisationKind::Tax),
            4 => row.authority_status = Some(self.chance.pick(&values())),
            5 => row.item_code = self.code(),
            6 => row.purpose_id = self.chance.pick(&ground.purposes),
            7 => row.channel = self.chance.pick(&CHANNELS),
            8 => row.operation = self.chance.pick(&values()),
            9 => row.status = self.chance.pick(&[ProposalStatus::Proposed, ProposalStatus::Revoked]),
            _ => row.valid_until = Some(row.valid_from),
        }
    }

    /// The code itself or a node above it, without its qualifier or with it.
    fn ceiling(&mut self, code: &ItemCode) -> ItemCode {
        if self.chance.percent(30) {
            return code.clone();
        }
        let top = code.node().split('.').next().unwrap_or_default();
        rows::item_code(if self.chance.percent(50) { top } else { code.node() })
    }

    fn organisation_row(&self, id: OrganisationId) -> entity::organisation::Model {
        let found = self.rows.iter().find_map(|row| match row {
            Row::Organisation(row) if row.id == id => Some(row.as_ref().clone()),
            _ => None,
        });
        found.unwrap_or_else(|| panic!("{id} is missing"))
    }

    fn statements(&mut self, contract: &Contract, channel: Channel) {
        let predecessors: Vec<OrganisationId> = self
            .rows
            .iter()
            .filter_map(|row| match row {
                Row::Organisation(row) if row.successor_id == Some(contract.discloser) => Some(row.id),
                _ => None,
            })
            .collect();
        for _ in 0..self.chance.pick(&[0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2]) {
            let id: ProtectionStatementId = self.chance.id();
            let status = self.history(
                (StatusSubject::ProtectionStatement, id.0),
                StatementStatus::Approved,
                &[StatementStatus::Draft, StatementStatus::Submitted, StatementStatus::UnderReview],
                &[StatementStatus::Superseded, StatementStatus::Withdrawn, StatementStatus::Rejected],
            );
            let earlier = !predecessors.is_empty() && self.chance.percent(40);
            let discloser = if earlier { self.chance.pick(&predecessors) } else { contract.discloser };
            let parties = (discloser, contract.recipient);
            let mut row = rows::statement(id, contract.register, parties, channel, status);
            row.valid_until = self.end();
            self.put(row);
        }
    }

    fn onward_rule(&mut self, ground: &Ground, contract: &Contract) {
        let id: OnwardRuleId = self.chance.id();
        let kind = self.chance.pick(&values::<OnwardRecipientKind>()[..2]);
        let mut row = rows::onward_rule(id, contract.id, kind, self.chance.pick(&ground.purposes));
        (row.valid_from, row.valid_until) = self.period();
        self.put(row);
        for _ in 0..self.chance.pick(&[1, 2, 3]) {
            let (row, item_code) = (self.chance.id(), self.code());
            self.put(onward_rule_item::Model { id: row, onward_rule_id: id, item_code });
        }
        let mut bases: BTreeSet<AgreementBasisId> = contract.onward.iter().copied().collect();
        if !contract.all.is_empty() && self.chance.percent(30) {
            bases.insert(self.chance.pick(&contract.all));
        }
        for agreement_basis_id in bases {
            let row = self.chance.id();
            self.put(onward_rule_basis::Model { id: row, onward_rule_id: id, agreement_basis_id });
        }
    }
}

/// Every value of a vocabulary.
pub fn values<S: ClosedEnum>() -> Vec<S> {
    S::ALL.iter().map(|(value, _, _)| *value).collect()
}
