//! What a data item must be like, and how a register gains and loses items. Pure, as `rules.rs`.

use std::sync::Arc;

use entity::{
    data_item, register,
    vocabulary::{Citation, DataItemId, Instant, ItemCode, ProposalStatus, RegisterId},
};

use super::rules::open_scopes;
use crate::{
    FaultCode, Violations,
    checks::{Checks, NamesInput},
    facts::{Edit, Facts, data_item_key, global_id},
    journal::Changes,
    legal_basis,
};

/// Data item as given.
#[derive(Debug, Clone)]
pub struct DataItemInput {
    /// Code of the register.
    pub register: String,
    /// Dotted code.
    pub code: String,
    /// Names.
    pub name: NamesInput,
    /// Whether it is personal data.
    pub is_personal: bool,
    /// Whether it is secret by law.
    pub is_secret: bool,
    /// Whether it holds personal identity codes.
    pub is_identity_code: bool,
    /// Whether it belongs to a special category.
    pub special_category: bool,
    /// Whether anyone may have it.
    pub is_public: bool,
    /// Citation of the provision that makes it secret.
    pub secrecy_basis: Option<String>,
}

/// Adds an item to a register, from `now` on. The same code with the same content changes nothing; with other content it
/// is a conflict, and a retired code is never used again.
pub fn add(facts: &Facts, id: DataItemId, input: &DataItemInput, now: Instant) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let register = checks.found("register", facts.register.by_key(&input.register), "register").cloned();
    let code: Option<ItemCode> = checks.parsed("code", &input.code);
    if code.as_ref().is_some_and(|code| code.qualifier().is_some()) {
        checks.fault(FaultCode::Malformed, "code", "an item has no qualifier; the register has a list of them");
    }
    if let (Some(register), Some(code)) = (&register, &code) {
        parent(&mut checks, facts, register, code);
    }
    let (name_fi, name_sv, name_en) = checks.names("name", &input.name);
    let secrecy_basis = secrecy(&mut checks, facts, input, now);
    marks(&mut checks, input);
    let prior = register.as_ref().and_then(|register| facts.data_item.by_key(&data_item_key(register.id, &input.code)));
    let row = register.zip(code).map(|(register, code)| data_item::Model {
        id: prior.map_or(id, |prior| prior.id),
        register_id: register.id,
        code,
        name_fi,
        name_sv,
        name_en,
        is_personal: input.is_personal,
        is_secret: input.is_secret,
        is_identity_code: input.is_identity_code,
        special_category: input.special_category,
        is_public: input.is_public,
        secrecy_basis_id: secrecy_basis.map(|row| row.id),
        valid_from: prior.map_or(now, |prior| prior.valid_from),
        valid_until: None,
    });
    if prior.is_some_and(|prior| row.as_ref() != Some(prior)) {
        checks.fault(FaultCode::Conflict, "code", "another item has, or had, this code");
    }
    let edits = if prior.is_some() { Vec::new() } else { row.iter().cloned().map(Edit::from).collect() };
    checks.done(|| Some(changes("addDataItem", row?.id, edits)))
}

/// Retires an item from `now` on. An open scope that names it keeps it alive.
pub fn retire(facts: &Facts, id: &str, now: Instant) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let named: Option<DataItemId> = checks.parsed("id", id);
    let prior = named.and_then(|id| checks.found("id", facts.data_item.get(id), "data item")).cloned();
    if prior.as_ref().is_some_and(|row| row.valid_until.is_some()) {
        checks.fault(FaultCode::WrongStatus, "id", "the item has been retired already");
    }
    if let Some(row) = &prior
        && let Some(number) = naming(facts, row)
    {
        checks.fault(FaultCode::Conflict, "id", format!("an open scope of agreement `{number}` names the item"));
    }
    checks.done(|| {
        let row = data_item::Model { valid_until: Some(now), ..(*prior?).clone() };
        Some(changes("retireDataItem", row.id, vec![row.into()]))
    })
}

/// Number of an agreement with an open scope that names exactly this item.
fn naming<'a>(facts: &'a Facts, item: &data_item::Model) -> Option<&'a str> {
    open_scopes(facts, item.register_id)
        .find(|(_, scope)| scope.items.iter().any(|part| part.row.item_code.node() == item.code.as_str()))
        .map(|(dossier, _)| dossier.row.number.as_str())
}

/// An item stands below one in use. Its first segment alone is the register's own and no item.
fn parent(checks: &mut Checks, facts: &Facts, register: &register::Model, code: &ItemCode) {
    let Some((above, _)) = code.node().rsplit_once('.').filter(|(above, _)| above.contains('.')) else { return };
    let known = facts.data_item.by_key(&data_item_key(register.id, above));
    if known.is_none_or(|row| row.valid_until.is_some()) {
        checks.fault(FaultCode::NotFound, "code", format!("the register has no item `{above}` to stand below"));
    }
}

/// Provision that makes a secret item secret, in the wording of `now` or else the newest.
fn secrecy<'a>(
    checks: &mut Checks,
    facts: &'a Facts,
    input: &DataItemInput,
    now: Instant,
) -> Option<&'a Arc<entity::legal_basis::Model>> {
    match (&input.secrecy_basis, input.is_secret) {
        (None, true) => checks.fault(FaultCode::Blank, "secrecyBasis", "cite the provision that makes the item secret"),
        (Some(_), false) => checks.fault(FaultCode::Conflict, "secrecyBasis", "only a secret item has one"),
        _ => {}
    }
    let citation: Citation = checks.parsed_if("secrecyBasis", input.secrecy_basis.as_ref())?;
    let row = checks.found("secrecyBasis", legal_basis::rules::wording(facts, &citation, now), "legal basis")?;
    if row.status == ProposalStatus::Proposed {
        checks.fault(FaultCode::Conflict, "secrecyBasis", "has not been confirmed: a proposal is no law");
    }
    Some(row)
}

/// Marks that contradict one another.
fn marks(checks: &mut Checks, input: &DataItemInput) {
    if input.is_identity_code && !input.is_personal {
        checks.fault(FaultCode::Conflict, "isPersonal", "a personal identity code is personal data (1050/2018 29 §)");
    }
    if input.special_category && !input.is_personal {
        checks.fault(FaultCode::Conflict, "isPersonal", "a special category is of personal data");
    }
    if input.is_public && input.is_secret {
        checks.fault(FaultCode::Conflict, "isPublic", "what is secret by law is not public");
    }
}

/// Register of an item; null when there is no such item.
pub fn register_of(facts: &Facts, item: DataItemId) -> Option<RegisterId> {
    facts.data_item.get(item).map(|row| row.register_id)
}

fn changes(action: &'static str, id: DataItemId, edits: Vec<Edit>) -> Changes {
    Changes { action, subject: global_id(id), reason: None, edits }
}

#[cfg(test)]
pub(super) mod tests {
    use entity::{
        agreement, organisation, scope, scope_item,
        vocabulary::{
            AgreementId, AgreementStatus, LegalBasisId, Operation, OrganisationId, OrganisationKind, Population,
            ScopeId, ScopeItemId, ScopeStatus,
        },
    };
    use uuid::Uuid;

    use super::*;
    use crate::facts::bare;

    pub(in crate::register) const CONTROLLER: OrganisationId = OrganisationId(Uuid::from_u128(1));
    pub(in crate::register) const REGISTER: RegisterId = RegisterId(Uuid::from_u128(2));
    const ITEM: DataItemId = DataItemId(Uuid::from_u128(3));
    const SECRECY: LegalBasisId = LegalBasisId(Uuid::from_u128(4));

    fn instant(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn now() -> Instant {
        instant("2026-06-01T09:00:00Z")
    }

    fn organisation() -> organisation::Model {
        organisation::Model { kind: OrganisationKind::SocialInsuranceInstitution, ..bare::organisation(CONTROLLER) }
    }

    fn provision() -> entity::legal_basis::Model {
        entity::legal_basis::Model {
            number: 621,
            year: 1999,
            section: "24".to_owned(),
            moment: Some(1),
            item: Some("25".to_owned()),
            citation: "621/1999 24 § 1 mom 25 k".to_owned(),
            title_fi: "Laki viranomaisten toiminnan julkisuudesta".to_owned(),
            allows_electronic: false,
            valid_from: instant("1999-12-01T00:00:00Z"),
            ..bare::legal_basis(SECRECY)
        }
    }

    /// A controller, its register with KEL.DECISION, and the provision that makes it secret.
    pub(in crate::register) fn world() -> Facts {
        let register = register::Model { code: "SAMPLE".to_owned(), ..bare::register(REGISTER, CONTROLLER) };
        let edits = [Edit::from(organisation()), provision().into(), register.into()];
        let facts = Facts::default().after(1, &edits);
        let changes = add(&facts, ITEM, &input("KEL.DECISION"), now()).unwrap();
        facts.after(2, &changes.edits)
    }

    /// The same with an open scope that names one item.
    pub(in crate::register) fn opened(facts: &Facts, item: &str) -> Facts {
        let agreement = agreement::Model {
            status: AgreementStatus::Active,
            ..bare::agreement(AgreementId(Uuid::from_u128(10)), CONTROLLER, CONTROLLER, REGISTER)
        };
        let scope = scope::Model {
            status: ScopeStatus::Open,
            defined_on: "2026-06-01".parse().unwrap(),
            ..bare::scope(ScopeId(Uuid::from_u128(11)), agreement.id)
        };
        let part = scope_item::Model {
            id: ScopeItemId(Uuid::from_u128(12)),
            scope_id: scope.id,
            item_code: item.parse().unwrap(),
            operation: Operation::Read,
            look_back_days: None,
            population: Population::All,
        };
        facts.after(facts.seq + 1, &[Edit::from(agreement), scope.into(), part.into()])
    }

    fn input(code: &str) -> DataItemInput {
        DataItemInput {
            register: "SAMPLE".to_owned(),
            code: code.to_owned(),
            name: NamesInput { fi: Some("Tieto".to_owned()), ..NamesInput::default() },
            is_personal: true,
            is_secret: true,
            is_identity_code: false,
            special_category: false,
            is_public: false,
            secrecy_basis: Some("621/1999 24 §:n 1 momentin 25 kohta".to_owned()),
        }
    }

    fn fresh() -> DataItemId {
        DataItemId(Uuid::from_u128(50))
    }

    fn faults(outcome: Result<Changes, Violations>) -> Vec<(FaultCode, String)> {
        outcome.unwrap_err().into_iter().map(|fault| (fault.code, fault.path.join("."))).collect()
    }

    #[test]
    fn adding_again_changes_nothing_and_other_content_is_a_conflict() {
        let later = instant("2026-07-01T09:00:00Z");
        let again = add(&world(), fresh(), &input("KEL.DECISION"), later).unwrap();
        assert!(again.edits.is_empty());
        assert_eq!(again.subject, global_id(ITEM));
        let other = DataItemInput { special_category: true, ..input("KEL.DECISION") };
        assert_eq!(faults(add(&world(), fresh(), &other, later)), [(FaultCode::Conflict, "code".to_owned())]);
    }

    #[test]
    fn item_stands_below_one_in_use() {
        assert!(add(&world(), fresh(), &input("KEL.DECISION.AMOUNT"), now()).is_ok());
        let orphan = add(&world(), fresh(), &input("KEL.PAYMENT.AMOUNT"), now());
        assert_eq!(faults(orphan), [(FaultCode::NotFound, "code".to_owned())]);
        let facts = world();
        let facts = facts.after(3, &retire(&facts, &global_id(ITEM), now()).unwrap().edits);
        let orphan = add(&facts, fresh(), &input("KEL.DECISION.AMOUNT"), now());
        assert_eq!(faults(orphan), [(FaultCode::NotFound, "code".to_owned())]);
    }

    #[test]
    fn unknown_register_hides_no_other_fault() {
        let faulty = DataItemInput {
            register: "NO".to_owned(),
            code: "kel..x".to_owned(),
            name: NamesInput { fi: Some(" ".to_owned()), ..NamesInput::default() },
            secrecy_basis: Some("zz".to_owned()),
            ..input("KEL.DECISION")
        };
        let expected = [
            (FaultCode::NotFound, "register"),
            (FaultCode::Malformed, "code"),
            (FaultCode::Blank, "name.fi"),
            (FaultCode::Malformed, "secrecyBasis"),
        ];
        let outcome = add(&world(), fresh(), &faulty, now());
        assert_eq!(faults(outcome), expected.map(|(code, path)| (code, path.to_owned())));
        assert_eq!(faults(retire(&world(), "x", now())), [(FaultCode::Malformed, "id".to_owned())]);
    }

    #[test]
    fn retired_code_is_never_used_again() {
        let facts = world();
        let facts = facts.after(3, &retire(&facts, &global_id(ITEM), now()).unwrap().edits);
        let again = add(&facts, fresh(), &input("KEL.DECISION"), now());
        assert_eq!(faults(again), [(FaultCode::Conflict, "code".to_owned())]);
        assert_eq!(faults(retire(&facts, &global_id(ITEM), now())), [(FaultCode::WrongStatus, "id".to_owned())]);
    }

    #[test]
    fn code_is_a_node_without_qualifier() {
        for code in ["kel", "KEL.DECISION@CHILD_HOME_CARE", ""] {
            let outcome = add(&world(), fresh(), &input(code), now());
            assert_eq!(faults(outcome), [(FaultCode::Malformed, "code".to_owned())], "{code}");
        }
    }

    #[test]
    fn secret_item_cites_the_provision_that_makes_it_secret() {
        let cite = |is_secret, citation: Option<&str>| {
            let secrecy_basis = citation.map(str::to_owned);
            add(&world(), fresh(), &DataItemInput { is_secret, secrecy_basis, ..input("KEL.CLAIM") }, now())
        };
        let path = || "secrecyBasis".to_owned();
        assert_eq!(faults(cite(true, None)), [(FaultCode::Blank, path())]);
        assert_eq!(faults(cite(true, Some("621/1999 99 §"))), [(FaultCode::NotFound, path())]);
        assert_eq!(faults(cite(true, Some("salainen"))), [(FaultCode::Malformed, path())]);
        assert_eq!(faults(cite(false, Some("621/1999 24 § 1 mom 25 k"))), [(FaultCode::Conflict, path())]);
        assert!(cite(false, None).is_ok());
    }

    #[test]
    fn marks_do_not_contradict_one_another() {
        let marked = DataItemInput {
            is_personal: false,
            is_identity_code: true,
            special_category: true,
            is_public: true,
            ..input("KEL.CLAIM")
        };
        let paths: Vec<_> = faults(add(&world(), fresh(), &marked, now())).into_iter().map(|fault| fault.1).collect();
        assert_eq!(paths, ["isPersonal", "isPersonal", "isPublic"]);
    }

    #[test]
    fn open_scope_keeps_the_item_it_names_alive() {
        let named = opened(&world(), "KEL.DECISION@CHILD_HOME_CARE");
        assert_eq!(faults(retire(&named, &global_id(ITEM), now())), [(FaultCode::Conflict, "id".to_owned())]);
        let above = opened(&world(), "KEL");
        assert!(retire(&above, &global_id(ITEM), now()).is_ok());
    }
}
