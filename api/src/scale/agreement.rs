//! Agreements with what they rest on, their scopes, and the statements that let those open.

use std::collections::BTreeSet;

use entity::{
    agreement, agreement_basis, agreement_party, protection_statement, scope, scope_item, scope_item_basis,
    scope_item_mandate, scope_purpose, signature,
    vocabulary::{
        Adequacy, Admission, AgreementBasisId, AgreementId, AgreementKind, AgreementStatus, BasisRole, Channel, Day,
        LegalBasisId, MandateThemeId, ModeJustification, NecessityCheck, Operation, OrganisationId, PartyRole,
        Population, Publicity, PurposeId, RegisterId, Regularity, ScopeStatus, SignatureAct, SignatureEvidence,
        StatementStatus, StatusSubject,
    },
};

use super::{REGISTERS, Rows, day, item, law::Opened, midnight};
use crate::{Error, facts::Facts};

/// Item a single question asks.
pub const ITEM: &str = "KEL.DECISION.AMOUNT";

/// Node with several items below it.
pub const NODE: &str = "KEL.DECISION";

/// Purposes of every open scope.
pub const PURPOSES: [&str; 2] = ["SOCIAL_WELFARE", "SOCIAL_ASSISTANCE"];

/// Nodes of every open scope; entitlements reach further.
const SCOPE_NODES: [&str; 3] = [NODE, "KEL.PENDING", "KEL.PAYMENT"];

/// Nodes the provisions give.
pub(super) const NODES: [&str; 5] = [NODE, "KEL.PENDING", "KEL.PAYMENT", "KEL.INSURANCE", "KEL.RECOVERY"];

/// Of this many agreements one is between parties who have another on the same register.
const SECOND_EVERY: usize = 10;

/// Of this many agreements one is suspended.
const SUSPENDED_EVERY: usize = 50;

/// Of this many agreements the publication of one is restricted.
const RESTRICTED_EVERY: usize = 25;

/// Number of the agreement made as such.
pub fn number(at: usize) -> String {
    format!("LOAD-{at:05}")
}

/// Rows of the sample world that agreements point at.
struct Known {
    purposes: Vec<PurposeId>,
    theme: MandateThemeId,
    means: LegalBasisId,
    viewing: LegalBasisId,
    operator: OrganisationId,
}

impl Known {
    fn of(facts: &Facts) -> Result<Self, Error> {
        let law = |citation: &str| {
            let prefix = crate::facts::citation_key(citation);
            facts
                .legal_basis
                .by_key_prefix(prefix)
                .last()
                .map(|row| row.id)
                .ok_or_else(|| Error::internal("no such provision"))
        };
        let purposes = PURPOSES.iter().map(|code| facts.purpose.by_key(code).map(|row| row.id));
        Ok(Self {
            purposes: purposes.collect::<Option<_>>().ok_or_else(|| Error::internal("no such purpose"))?,
            theme: facts.mandate_theme.by_key("M1").ok_or_else(|| Error::internal("no mandate theme M1"))?.id,
            means: law("906/2019 22 § 1 mom")?,
            viewing: law("906/2019 23 §")?,
            operator: facts.organisation_of("0245437-2").ok_or_else(|| Error::internal("no operator"))?.id,
        })
    }
}

/// Number of the register, and of the recipient among so many, that an agreement is about.
pub(super) fn parties_of(at: usize, recipients: usize) -> (usize, usize) {
    let (turn, of) = (at / recipients, at % recipients);
    let turn = if at.is_multiple_of(SECOND_EVERY) { 0 } else { turn };
    ((of + turn) % REGISTERS, of)
}

pub(super) fn agreements(
    rows: &mut Rows,
    facts: &Facts,
    parties: &[OrganisationId],
    registers: &[Opened],
    count: usize,
) -> Result<(), Error> {
    let known = Known::of(facts)?;
    let recipients = parties
        .get(REGISTERS..)
        .filter(|rest| !rest.is_empty())
        .ok_or_else(|| Error::internal("too few organisations"))?;
    let mut between = BTreeSet::new();
    for at in 0..count {
        let (register, recipient) = parties_of(at, recipients.len());
        let (recipient, register) = (recipients[recipient], &registers[register]);
        if between.insert((recipient, register.id)) {
            statements(rows, register, recipient);
        }
        Made { known: &known, register, recipient, at }.write(rows)?;
    }
    Ok(())
}

/// Approved statements, one for each channel.
fn statements(rows: &mut Rows, register: &Opened, recipient: OrganisationId) {
    for channel in [Channel::TechnicalInterface, Channel::ViewingConnection] {
        let id = rows.id();
        let row = protection_statement::Model {
            id,
            register_id: register.id,
            recipient_id: recipient,
            discloser_id: register.controller,
            channel,
            required_by_id: None,
            version: 1,
            status: StatementStatus::Approved,
            dated_on: Some(day(2021, 2, 1)),
            catalogue_version: 1,
            recipient_collects_logs: true,
            discloser_log_confirmed: true,
            valid_until: None,
            next_review_on: Some(day(2028, 2, 1)),
            publicity: Publicity::PublicationRestricted,
            decision_text: None,
        };
        rows.put(row);
        let history = [(StatementStatus::Submitted, day(2021, 2, 1)), (StatementStatus::Approved, day(2021, 2, 20))];
        rows.history(StatusSubject::ProtectionStatement, id, &history);
    }
}

/// One agreement in the making.
struct Made<'a> {
    known: &'a Known,
    register: &'a Opened,
    recipient: OrganisationId,
    at: usize,
}

/// Rights of an agreement that its items rest on.
struct Rights {
    agreement: AgreementId,
    bases: Vec<AgreementBasisId>,
}

impl Made<'_> {
    fn write(&self, rows: &mut Rows) -> Result<(), Error> {
        let id = rows.id();
        let suspended = self.at % SUSPENDED_EVERY == SUSPENDED_EVERY - 1;
        let mut history = vec![
            (AgreementStatus::Draft, day(2021, 1, 8)),
            (AgreementStatus::Signed, day(2021, 2, 25)),
            (AgreementStatus::Active, day(2021, 3, 1)),
        ];
        history.extend(suspended.then_some((AgreementStatus::Suspended, day(2026, 5, 4))));
        rows.put(self.row(id, if suspended { AgreementStatus::Suspended } else { AgreementStatus::Active }));
        rows.history(StatusSubject::Agreement, id, &history);
        let party = agreement_party::Model {
            id: rows.id(),
            agreement_id: id,
            organisation_id: self.known.operator,
            role: PartyRole::TechnicalOperator,
        };
        rows.put(party);
        for organisation_id in [self.register.controller, self.recipient] {
            let signature = signed(rows, id, organisation_id);
            rows.put(signature);
        }
        let rights = self.bases(rows, id);
        self.scopes(rows, &rights)
    }

    fn row(&self, id: AgreementId, status: AgreementStatus) -> agreement::Model {
        let (discloser_id, register_id): (OrganisationId, RegisterId) = (self.register.controller, self.register.id);
        agreement::Model {
            id,
            number: number(self.at),
            case_register_id: Some(format!("{}/330/2021", self.at)),
            kind: AgreementKind::Agreement,
            discloser_id,
            recipient_id: self.recipient,
            register_id,
            status,
            signed_on: Some(day(2021, 2, 25)),
            starts_on: Some(day(2021, 3, 1)),
            ends_on: self.at.is_multiple_of(3).then_some(day(2029, 12, 31)),
            termination_reason: None,
            supersedes_id: None,
            drafted_by_id: discloser_id,
            catalogue_version: 1,
            publicity: if self.at % RESTRICTED_EVERY == RESTRICTED_EVERY - 2 {
                Publicity::PublicationRestricted
            } else {
                Publicity::Public
            },
            version: 1,
            content_hash: None,
        }
    }

    /// Two of the register's provisions as rights, and the provisions on means.
    fn bases(&self, rows: &mut Rows, agreement: AgreementId) -> Rights {
        let laws = &self.register.laws;
        let rights = [laws[self.at % laws.len()], laws[(self.at + 1) % laws.len()]];
        let bases = rights.map(|law| basis(rows, agreement, law, BasisRole::RightToReceive)).to_vec();
        basis(rows, agreement, self.known.means, BasisRole::Mode);
        basis(rows, agreement, self.known.viewing, BasisRole::Mode);
        Rights { agreement, bases }
    }

    fn scopes(&self, rows: &mut Rows, rights: &Rights) -> Result<(), Error> {
        use ScopeStatus::{Closed, Defined, Implemented, Open, Tested};
        let (interface, viewing) = (Channel::TechnicalInterface, Channel::ViewingConnection);
        let old = [(Defined, day(2021, 1, 10)), (Open, day(2021, 3, 1)), (Closed, day(2021, 9, 2))];
        let new = [
            (Defined, day(2021, 5, 20)),
            (Implemented, day(2021, 7, 29)),
            (Tested, day(2021, 8, 19)),
            (Open, day(2021, 9, 2)),
        ];
        let planned = [(Defined, day(2026, 1, 12))];
        self.scope(rows, rights, interface, 1, &old, &SCOPE_NODES[..1])?;
        self.scope(rows, rights, interface, 2, &new, &SCOPE_NODES)?;
        self.scope(rows, rights, viewing, 1, &new, &SCOPE_NODES)?;
        self.scope(rows, rights, Channel::Other, 1, &planned, &SCOPE_NODES[..1])
    }

    fn scope(
        &self,
        rows: &mut Rows,
        rights: &Rights,
        channel: Channel,
        version: i32,
        history: &[(ScopeStatus, Day)],
        nodes: &[&str],
    ) -> Result<(), Error> {
        let (Some((_, defined_on)), Some((status, _))) = (history.first(), history.last()) else { return Ok(()) };
        let id = rows.id();
        let justified = channel != Channel::TechnicalInterface;
        let row = scope::Model {
            id,
            agreement_id: rights.agreement,
            channel,
            version,
            regularity: Regularity::RecurringFixed,
            status: *status,
            necessity_check: NecessityCheck::CaseReference,
            mode_justification: justified.then_some(ModeJustification::EconomicallyInappropriate),
            mode_justification_text: justified.then(|| "Vähäinen käyttö.".into()),
            admission: Admission::Mandate,
            structure_version: Some("3.0".into()),
            defined_on: *defined_on,
            planned_on: None,
            retention_days: None,
        };
        rows.put(row);
        rows.history(StatusSubject::Scope, id, history);
        for purpose_id in &self.known.purposes {
            let row = scope_purpose::Model { id: rows.id(), scope_id: id, purpose_id: *purpose_id };
            rows.put(row);
        }
        for node in nodes {
            let item = scope_item::Model {
                id: rows.id(),
                scope_id: id,
                item_code: item(node)?,
                operation: Operation::Read,
                look_back_days: Some(365),
                population: Population::OwnClients,
            };
            let scope_item_id = item.id;
            rows.put(item);
            for agreement_basis_id in rights.bases.iter().copied() {
                let row = scope_item_basis::Model { id: rows.id(), scope_item_id, agreement_basis_id };
                rows.put(row);
            }
            let row = scope_item_mandate::Model { id: rows.id(), scope_item_id, mandate_theme_id: self.known.theme };
            rows.put(row);
        }
        Ok(())
    }
}

fn basis(rows: &mut Rows, agreement_id: AgreementId, law: LegalBasisId, role: BasisRole) -> AgreementBasisId {
    let id = rows.id();
    let row = agreement_basis::Model {
        id,
        agreement_id,
        legal_basis_id: law,
        role,
        adequacy: Adequacy::Adequate,
        reviewed_by: Some("scale".into()),
        reviewed_at: Some(midnight(day(2021, 1, 20))),
        note: None,
    };
    rows.put(row);
    rows.history(StatusSubject::AgreementBasis, id, &[(Adequacy::Adequate, day(2021, 1, 20))]);
    id
}

fn signed(rows: &mut Rows, agreement_id: AgreementId, organisation_id: OrganisationId) -> signature::Model {
    signature::Model {
        id: rows.id(),
        agreement_id,
        organisation_id,
        version: 1,
        act: SignatureAct::Signed,
        content_hash: "0".repeat(64),
        evidence: SignatureEvidence::ESignature,
        jws: None,
        document_id: None,
        signed_at: midnight(day(2021, 2, 25)),
        actor: "scale".into(),
    }
}
