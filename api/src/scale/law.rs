//! Registers with their content, and the provisions that open them: a copy of Kela's KELMU under acts of their own.

use entity::{
    data_item, entitlement, legal_basis, register,
    vocabulary::{
        AuthorityStatus, BasisRole, Channel, Evidence, Jurisdiction, LegalBasisId, Operation, OrganisationId,
        OrganisationKind, ProposalStatus, RegisterId, Threshold,
    },
};

use super::{
    Rows,
    agreement::{NODES, PURPOSES},
    day, item, midnight,
};
use crate::{Error, facts::Facts};

/// Registers, each with a controller of its own.
pub const REGISTERS: usize = 8;

/// Provisions of each register.
const PROVISIONS: usize = 5;

/// Register whose content is copied.
const MODEL: &str = "KELMU";

/// Register with the provisions that open it.
pub(super) struct Opened {
    pub(super) id: RegisterId,
    pub(super) controller: OrganisationId,
    pub(super) laws: Vec<LegalBasisId>,
}

/// Code of the register with a number.
pub fn register_code(at: usize) -> String {
    format!("REKISTERI_{}", at + 1)
}

pub(super) fn registers(rows: &mut Rows, facts: &Facts, parties: &[OrganisationId]) -> Result<Vec<Opened>, Error> {
    (0..REGISTERS).map(|at| one(rows, facts, parties[at], at)).collect()
}

fn one(rows: &mut Rows, facts: &Facts, controller: OrganisationId, at: usize) -> Result<Opened, Error> {
    let model = facts.register.by_key(MODEL).ok_or_else(|| Error::internal("no register KELMU"))?;
    let catalogue = facts.catalogue(model.id).ok_or_else(|| Error::internal("no catalogue of KELMU"))?;
    let id = rows.id();
    let mut copy = register::Model::clone(model);
    (copy.id, copy.code, copy.controller_id, copy.name_fi) =
        (id, register_code(at), controller, format!("Rekisteri {}", at + 1));
    rows.put(copy);
    for item in &catalogue.items {
        let mut copy = data_item::Model::clone(item);
        (copy.id, copy.register_id) = (rows.id(), id);
        rows.put(copy);
    }
    let laws = (0..PROVISIONS).map(|provision| law(rows, at, provision)).collect::<Vec<_>>();
    for law in &laws {
        entitlements(rows, facts, *law, id)?;
    }
    Ok(Opened { id, controller, laws })
}

fn law(rows: &mut Rows, register: usize, provision: usize) -> LegalBasisId {
    let (number, section) = (1_000 + i32::try_from(register).unwrap_or(0), format!("{}", provision + 10));
    let row = legal_basis::Model {
        id: rows.id(),
        jurisdiction: Jurisdiction::Fi,
        number,
        year: 2023,
        chapter: None,
        citation: format!("{number}/2023 {section} §"),
        section,
        moment: None,
        item: None,
        subitem: None,
        eli: None,
        title_fi: format!("Laki rekisteristä {}", register + 1),
        title_sv: Some(format!("Lag om register {}", register + 1)),
        title_en: Some(format!("Act on register {}", register + 1)),
        summary_fi: Some("Oikeus saada välttämättömät tiedot salassapitosäännösten estämättä.".to_owned()),
        summary_sv: None,
        summary_en: Some("Right to receive necessary data secrecy notwithstanding.".to_owned()),
        threshold: Some(Threshold::Necessary),
        allows_electronic: true,
        overrides_secrecy: true,
        informs_subject_beforehand: false,
        valid_from: midnight(day(2021, 1, 1)),
        valid_until: None,
        superseded_by_id: None,
        checked_on: day(2026, 1, 15),
        evidence: Evidence::PrimaryText,
        status: ProposalStatus::Confirmed,
        proposed_by: "scale-1".to_owned(),
        confirmed_by: Some("scale-2".to_owned()),
    };
    let id = row.id;
    rows.put(row);
    id
}

/// What a provision allows at most: each top item for each purpose, over the interface.
fn entitlements(rows: &mut Rows, facts: &Facts, law: LegalBasisId, register: RegisterId) -> Result<(), Error> {
    for purpose in PURPOSES {
        let purpose = facts.purpose.by_key(purpose).ok_or_else(|| Error::internal("no such purpose"))?.id;
        for node in NODES {
            let row = entitlement::Model {
                id: rows.id(),
                legal_basis_id: law,
                role: BasisRole::RightToReceive,
                register_id: register,
                recipient_kind: Some(OrganisationKind::Municipality),
                recipient_id: None,
                authority_status: Some(AuthorityStatus::Authority),
                item_code: item(node)?,
                purpose_id: purpose,
                channel: Channel::TechnicalInterface,
                operation: Operation::Read,
                guide_url: None,
                valid_from: midnight(day(2021, 1, 1)),
                valid_until: None,
                status: ProposalStatus::Confirmed,
                proposed_by: "scale-1".to_owned(),
                confirmed_by: Some("scale-2".to_owned()),
            };
            rows.put(row);
        }
    }
    Ok(())
}
