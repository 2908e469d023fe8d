//! How the list of purposes grows: a purpose is named once, for every register, and never changes, for the log rests on it.

use entity::{purpose, vocabulary::PurposeId};

use super::rules::web_address;
use crate::{
    FaultCode, Violations,
    checks::{Checks, NamesInput},
    facts::{Facts, global_id},
    journal::Changes,
};

/// Purpose to be registered, in texts.
#[derive(Debug, Clone)]
pub struct PurposeInput {
    /// Code.
    pub code: String,
    /// Names.
    pub name: NamesInput,
    /// Term of the Data Privacy Vocabulary.
    pub dpv_iri: Option<String>,
}

/// Registers a purpose. The same code with the same content changes nothing; with other content it is a conflict.
pub fn register(facts: &Facts, fresh: PurposeId, input: &PurposeInput) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    checks.segment("code", &input.code);
    let (name_fi, name_sv, name_en) = checks.names("name", &input.name);
    let dpv_iri = web_address(&mut checks, "dpvIri", input.dpv_iri.as_ref());
    let prior = facts.purpose.by_key(&input.code);
    let id = prior.map_or(fresh, |row| row.id);
    let row = purpose::Model { id, code: input.code.clone(), name_fi, name_sv, name_en, dpv_iri };
    if prior.is_some_and(|prior| **prior != row) {
        checks.fault(FaultCode::Conflict, "code", "another purpose stands under this code");
    }
    checks.done(|| {
        let edits = if prior.is_some() { Vec::new() } else { vec![row.into()] };
        Some(Changes { action: "registerPurpose", subject: global_id(id), reason: None, edits })
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn input() -> PurposeInput {
        PurposeInput {
            code: "HOUSING".to_owned(),
            name: NamesInput { fi: Some("Asumistuki".to_owned()), ..NamesInput::default() },
            dpv_iri: Some("https://w3id.org/dpv#LegalCompliance".to_owned()),
        }
    }

    #[test]
    fn purpose_is_named_once_and_never_changes() {
        let (one, other) = (PurposeId(Uuid::from_u128(1)), PurposeId(Uuid::from_u128(2)));
        let made = register(&Facts::default(), one, &input()).unwrap();
        let facts = Facts::default().after(1, &made.edits);
        let again = register(&facts, other, &input()).unwrap();
        assert_eq!((again.subject, again.edits), (made.subject, Vec::new()));
        let paths = |input: &PurposeInput| -> Vec<String> {
            register(&facts, other, input).unwrap_err().into_iter().map(|fault| fault.path.join(".")).collect()
        };
        assert_eq!(paths(&PurposeInput { dpv_iri: None, ..input() }), ["code"]);
        let wrong =
            PurposeInput { code: "a.b".to_owned(), name: NamesInput::default(), dpv_iri: Some("dpv:X".to_owned()) };
        assert_eq!(paths(&wrong), ["code", "name.fi", "dpvIri"]);
    }
}
