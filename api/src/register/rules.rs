//! What a register must be like as it is offered, and how its content grows and is retired (R36, R39–R41).

use std::{collections::BTreeSet, sync::Arc};

use entity::{
    data_item_qualifier, register, register_alternative,
    vocabulary::{AlternativeKind, Channel, ClosedEnum, Codes, ItemCode, OrganisationId, RegisterId, ScopeStatus},
};

use uuid::Uuid;

use crate::{
    FaultCode, Violations,
    checks::{Checks, NamesInput, REFERENCE_CHARACTERS_MAX},
    clock,
    facts::{Dossier, Edit, Facts, ScopePart, global_id},
    journal::Changes,
};

/// Most qualifiers of one register.
pub const QUALIFIERS_MAX: usize = 100;

/// Register as offered.
#[derive(Debug, Clone)]
pub struct RegisterInput {
    /// Names.
    pub name: NamesInput,
    /// Channels over which it is offered.
    pub channels: BTreeSet<Channel>,
    /// Ways to the data other than an agreement.
    pub alternatives: Vec<AlternativeInput>,
    /// Closed list of values that narrow its items.
    pub qualifiers: Vec<QualifierInput>,
    /// Version of the data-structure description.
    pub structure_version: Option<String>,
    /// Where that description is published.
    pub structure_url: Option<String>,
}

/// Way to the data other than an agreement.
#[derive(Debug, Clone)]
pub struct AlternativeInput {
    /// Which way.
    pub kind: AlternativeKind,
    /// Instructions.
    pub guide_url: Option<String>,
}

/// Value that narrows items.
#[derive(Debug, Clone)]
pub struct QualifierInput {
    /// Segment after the at sign.
    pub code: String,
    /// Names.
    pub name: NamesInput,
}

/// Offers a register of a controller. The same code with the same content changes nothing; with other content it is a
/// conflict.
pub fn offer(
    facts: &Facts,
    id: RegisterId,
    controller: OrganisationId,
    code: &str,
    input: &RegisterInput,
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    checks.segment("code", code);
    let prior = facts.register.by_key(code);
    let parts = parts(&mut checks, prior.map_or(id, |row| row.id), input);
    let row = row(&mut checks, parts.id, (controller, code), input);
    if let Some(prior) = prior {
        if **prior != row || !parts.are_in(facts) {
            checks.fault(FaultCode::Conflict, "code", "another register is offered under this code");
        }
        return checks.done(|| Some(changes("offerRegister", prior.id, Vec::new())));
    }
    checks.done(|| {
        let edits = std::iter::once(row.into()).chain(parts.edits(facts)).collect();
        Some(changes("offerRegister", id, edits))
    })
}

/// Amends a register. What scopes rest on stays: channels that are open, and qualifiers that are used.
pub fn amend(facts: &Facts, id: &str, input: &RegisterInput) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let named: Option<RegisterId> = checks.parsed("id", id);
    let prior = named.and_then(|id| checks.found("id", facts.register.get(id), "register"));
    let (controller, code) =
        prior.map_or((OrganisationId(Uuid::nil()), ""), |row| (row.controller_id, row.code.as_str()));
    let id = named.unwrap_or(RegisterId(Uuid::nil()));
    let parts = parts(&mut checks, id, input);
    let row = row(&mut checks, id, (controller, code), input);
    for (_, scope) in open_scopes(facts, id) {
        if !input.channels.contains(&scope.row.channel) {
            let message = format!("{} is open under an agreement", scope.row.channel.code());
            checks.fault(FaultCode::Conflict, "channels", message);
            break;
        }
    }
    for code in used_qualifiers(facts, id).difference(&parts.qualifier_codes()) {
        checks.fault(FaultCode::Conflict, "qualifiers", format!("`{code}` is used by a scope or an entitlement"));
    }
    checks.done(|| {
        let edits = std::iter::once(row.into()).chain(parts.edits(facts)).collect();
        Some(changes("amendRegister", id, edits))
    })
}

fn row(
    checks: &mut Checks,
    id: RegisterId,
    (controller_id, code): (OrganisationId, &str),
    input: &RegisterInput,
) -> register::Model {
    let (name_fi, name_sv, name_en) = checks.names("name", &input.name);
    if input.channels.is_empty() {
        checks.fault(FaultCode::Blank, "channels", "a register is offered over at least one channel");
    }
    let structure_version =
        checks.text_if("structureVersion", input.structure_version.as_ref(), REFERENCE_CHARACTERS_MAX);
    register::Model {
        id,
        code: code.to_owned(),
        name_fi,
        name_sv,
        name_en,
        controller_id,
        channels: Codes(input.channels.clone()),
        structure_version,
        structure_url: web_address(checks, "structureUrl", input.structure_url.as_ref()),
    }
}

/// Alternatives and qualifiers of one register, as given.
struct Parts {
    id: RegisterId,
    alternatives: Vec<register_alternative::Model>,
    qualifiers: Vec<data_item_qualifier::Model>,
}

fn parts(checks: &mut Checks, id: RegisterId, input: &RegisterInput) -> Parts {
    if input.qualifiers.len() > QUALIFIERS_MAX {
        checks.fault(FaultCode::TooLong, "qualifiers", format!("more than {QUALIFIERS_MAX}"));
    }
    let mut kinds = BTreeSet::new();
    let mut alternatives = Vec::new();
    for (at, alternative) in input.alternatives.iter().enumerate() {
        if !kinds.insert(alternative.kind) {
            checks.fault(FaultCode::Conflict, &format!("alternatives.{at}.kind"), "stands in the list already");
        }
        let guide_url = web_address(checks, &format!("alternatives.{at}.guideUrl"), alternative.guide_url.as_ref());
        let row =
            register_alternative::Model { id: clock::fresh_id(), register_id: id, kind: alternative.kind, guide_url };
        alternatives.push(row);
    }
    let mut codes = BTreeSet::new();
    let mut qualifiers = Vec::new();
    for (at, qualifier) in input.qualifiers.iter().enumerate() {
        let path = format!("qualifiers.{at}.code");
        checks.segment(&path, &qualifier.code);
        if !codes.insert(&qualifier.code) {
            checks.fault(FaultCode::Conflict, &path, "stands in the list already");
        }
        let (name_fi, name_sv, name_en) = checks.names(&format!("qualifiers.{at}.name"), &qualifier.name);
        let code = qualifier.code.clone();
        qualifiers.push(data_item_qualifier::Model {
            id: clock::fresh_id(),
            register_id: id,
            code,
            name_fi,
            name_sv,
            name_en,
        });
    }
    Parts { id, alternatives, qualifiers }
}

impl Parts {
    fn qualifier_codes(&self) -> BTreeSet<&str> {
        self.qualifiers.iter().map(|row| row.code.as_str()).collect()
    }

    fn prior_alternative<'a>(
        &self,
        facts: &'a Facts,
        kind: AlternativeKind,
    ) -> Option<&'a Arc<register_alternative::Model>> {
        facts.register_alternative.of(self.id).find(|prior| prior.kind == kind)
    }

    fn prior_qualifier<'a>(&self, facts: &'a Facts, code: &str) -> Option<&'a Arc<data_item_qualifier::Model>> {
        facts.data_item_qualifier.of(self.id).find(|prior| prior.code == code)
    }

    /// Whether they are what stands.
    fn are_in(&self, facts: &Facts) -> bool {
        facts.register_alternative.of(self.id).count() == self.alternatives.len()
            && facts.data_item_qualifier.of(self.id).count() == self.qualifiers.len()
            && self.edits(facts).is_empty()
    }

    /// What must change for them to stand; rows that stay keep their ids.
    fn edits(&self, facts: &Facts) -> Vec<Edit> {
        let dropped_alternatives = facts
            .register_alternative
            .of(self.id)
            .filter(|prior| self.alternatives.iter().all(|row| row.kind != prior.kind))
            .map(|prior| Edit::Remove("register_alternative", prior.id.into()));
        let dropped_qualifiers = facts
            .data_item_qualifier
            .of(self.id)
            .filter(|prior| !self.qualifier_codes().contains(prior.code.as_str()))
            .map(|prior| Edit::Remove("data_item_qualifier", prior.id.into()));
        let mut edits: Vec<Edit> = dropped_alternatives.chain(dropped_qualifiers).collect();
        for row in &self.alternatives {
            let prior = self.prior_alternative(facts, row.kind);
            let row = register_alternative::Model { id: prior.map_or(row.id, |prior| prior.id), ..row.clone() };
            edits.extend(prior.is_none_or(|prior| **prior != row).then(|| Edit::from(row)));
        }
        for row in &self.qualifiers {
            let prior = self.prior_qualifier(facts, &row.code);
            let row = data_item_qualifier::Model { id: prior.map_or(row.id, |prior| prior.id), ..row.clone() };
            edits.extend(prior.is_none_or(|prior| **prior != row).then(|| Edit::from(row)));
        }
        edits
    }
}

/// Scopes of a register that are open or only suspended, with their agreements.
pub(super) fn open_scopes(facts: &Facts, register: RegisterId) -> impl Iterator<Item = (&Arc<Dossier>, &ScopePart)> {
    facts
        .agreement
        .of(register)
        .filter_map(|row| facts.dossier(row.id))
        .flat_map(|dossier| dossier.scopes.iter().map(move |scope| (dossier, scope)))
        .filter(|(_, scope)| matches!(scope.row.status, ScopeStatus::Open | ScopeStatus::Suspended))
}

fn used_qualifiers(facts: &Facts, register: RegisterId) -> BTreeSet<&str> {
    let scoped = facts
        .agreement
        .of(register)
        .filter_map(|row| facts.dossier(row.id))
        .flat_map(|dossier| &dossier.scopes)
        .filter(|scope| scope.row.status != ScopeStatus::Closed)
        .flat_map(|scope| scope.items.iter().map(|item| &item.row.item_code));
    let entitled = facts.entitlement.of(register).map(|row| &row.item_code);
    scoped.chain(entitled).filter_map(ItemCode::qualifier).collect()
}

/// Web address under `https`; a blank one counts as absent.
pub fn web_address(checks: &mut Checks, path: &str, text: Option<&String>) -> Option<String> {
    let address = checks.text_if(path, text, REFERENCE_CHARACTERS_MAX)?;
    let host = address.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
    let is_host = |host: &str| host.contains('.') && !host.starts_with('.') && !host.contains('@');
    if !host.is_some_and(is_host) || !address.bytes().all(|byte| byte.is_ascii_graphic()) {
        checks.fault(FaultCode::Malformed, path, "form is not `https://host/…`");
    }
    Some(address)
}

fn changes(action: &'static str, id: RegisterId, edits: Vec<Edit>) -> Changes {
    Changes { action, subject: global_id(id), reason: None, edits }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::register::items::tests::{CONTROLLER, REGISTER, opened, world};

    fn names(fi: &str) -> NamesInput {
        NamesInput { fi: Some(fi.to_owned()), ..NamesInput::default() }
    }

    fn input() -> RegisterInput {
        RegisterInput {
            name: names("Rekisteri"),
            channels: BTreeSet::from([Channel::TechnicalInterface]),
            alternatives: vec![AlternativeInput {
                kind: AlternativeKind::Consent,
                guide_url: Some("https://kela.example/suostumus".to_owned()),
            }],
            qualifiers: vec![QualifierInput { code: "CHILD_HOME_CARE".to_owned(), name: names("Kotihoidon tuki") }],
            structure_version: Some("3.0".to_owned()),
            structure_url: None,
        }
    }

    fn id() -> RegisterId {
        RegisterId(Uuid::from_u128(77))
    }

    fn paths(outcome: Result<Changes, Violations>) -> Vec<String> {
        outcome.unwrap_err().into_iter().map(|fault| fault.path.join(".")).collect()
    }

    #[test]
    fn offering_again_changes_nothing_and_other_content_is_a_conflict() {
        let facts = world();
        let offered = offer(&facts, id(), CONTROLLER, "KELMU", &input()).unwrap();
        let facts = facts.after(2, &offered.edits);
        assert!(offer(&facts, REGISTER, CONTROLLER, "KELMU", &input()).unwrap().edits.is_empty());
        let other = RegisterInput { qualifiers: Vec::new(), ..input() };
        assert_eq!(paths(offer(&facts, id(), CONTROLLER, "KELMU", &other)), ["code"]);
    }

    #[test]
    fn every_fault_of_an_input_is_named() {
        let faulty = RegisterInput {
            name: names(" "),
            channels: BTreeSet::new(),
            alternatives: vec![
                AlternativeInput { kind: AlternativeKind::Consent, guide_url: Some("http://kela.example".to_owned()) },
                AlternativeInput { kind: AlternativeKind::Consent, guide_url: None },
            ],
            qualifiers: vec![QualifierInput { code: "A.B".to_owned(), name: names("") }],
            structure_version: None,
            structure_url: Some("https://kela".to_owned()),
        };
        let expected = [
            "code",
            "alternatives.0.guideUrl",
            "alternatives.1.kind",
            "qualifiers.0.code",
            "qualifiers.0.name.fi",
            "name.fi",
            "channels",
            "structureUrl",
        ];
        assert_eq!(paths(offer(&world(), id(), CONTROLLER, "kelmu", &faulty)), expected);
    }

    #[test]
    fn amended_register_keeps_the_rows_that_stay() {
        let facts = world();
        let offered = offer(&facts, id(), CONTROLLER, "KELMU", &input()).unwrap();
        let facts = facts.after(2, &offered.edits);
        let qualifier = |facts: &Facts| facts.data_item_qualifier.of(id()).next().cloned();
        let before = qualifier(&facts).unwrap();
        let changed = RegisterInput { alternatives: Vec::new(), ..input() };
        let facts = facts.after(3, &amend(&facts, &global_id(id()), &changed).unwrap().edits);
        assert_eq!(qualifier(&facts), Some(before));
        assert_eq!(facts.register_alternative.of(id()).count(), 0);
    }

    #[test]
    fn open_channel_and_used_qualifier_stay() {
        let facts = opened(&world(), "KEL.DECISION@CHILD_HOME_CARE");
        let bare =
            RegisterInput { channels: BTreeSet::from([Channel::ViewingConnection]), qualifiers: Vec::new(), ..input() };
        assert_eq!(paths(amend(&facts, &global_id(REGISTER), &bare)), ["channels", "qualifiers"]);
        assert!(amend(&facts, &global_id(REGISTER), &input()).is_ok());
    }

    #[test]
    fn register_that_is_not_there_hides_no_other_fault() {
        assert_eq!(paths(amend(&world(), &global_id(id()), &input())), ["id"]);
        let faulty = RegisterInput { name: names(""), channels: BTreeSet::new(), ..input() };
        for id in ["register", &global_id(CONTROLLER), &global_id(id())] {
            assert_eq!(paths(amend(&world(), id, &faulty)), ["id", "name.fi", "channels"], "{id}");
        }
    }

    #[test]
    fn web_address_is_under_https_and_has_a_host() {
        let address = |text: &str| {
            let mut checks = Checks::default();
            let _ = web_address(&mut checks, "url", Some(&text.to_owned()));
            checks.is_clean()
        };
        for text in ["https://www.kela.fi", "https://kelmu.example/tietorakenne/3.0?x=1#y", ""] {
            assert!(address(text), "{text}");
        }
        for text in
            ["http://kela.fi", "https://", "https://kela", "https://.fi", "https://a@kela.fi/", "https://kela.fi/a b"]
        {
            assert!(!address(text), "{text}");
        }
    }
}
