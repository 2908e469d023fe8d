//! What a change did to a row, said field by field, without what is nobody's to read.

use entity::vocabulary::{ClosedEnum, StatusSubject};
use serde_json::{Map, Value};

use crate::journal::subject_table;

/// Field that differs between two images of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Name of the field.
    pub name: String,
    /// Value before; null where there was none.
    pub before: Option<String>,
    /// Value after; null where there is none.
    pub after: Option<String>,
}

/// Fields in which two images of a row of a table differ, in the order of their names.
pub fn differences(table: &str, before: Option<&Value>, after: Option<&Value>) -> Vec<Difference> {
    let empty = Map::new();
    let fields = |image: Option<&Value>| image.and_then(Value::as_object).unwrap_or(&empty).clone();
    let (before, after) = (fields(before), fields(after));
    let mut columns: Vec<&String> = before.keys().chain(after.keys()).filter(|column| is_shown(column)).collect();
    columns.sort_unstable();
    columns.dedup();
    let said = |image: &Map<String, Value>, column: &str| said(table, image, column);
    let differences = columns.into_iter().map(|column| Difference {
        name: field_name(column),
        before: said(&before, column),
        after: said(&after, column),
    });
    differences.filter(|difference| difference.before != difference.after).collect()
}

/// Whether a column is shown at all: who acted stands in the change, as far as the viewer may know; pseudonyms, keys,
/// signatures and stored contents are not for reading.
fn is_shown(column: &str) -> bool {
    const HIDDEN: [&str; 10] =
        ["id", "actor", "content", "image", "jwk", "jws", "key_version", "location", "salt", "user_pseudonym"];
    !(HIDDEN.contains(&column)
        || column.ends_with("_by")
        || column.ends_with("_key_version")
        || column.contains("pseudonym"))
}

fn field_name(column: &str) -> String {
    let mut parts = column.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| {
        let mut characters = part.chars();
        let head = characters.next().map(|head| head.to_ascii_uppercase());
        name + &head.into_iter().chain(characters).collect::<String>()
    })
}

fn said(table: &str, image: &Map<String, Value>, column: &str) -> Option<String> {
    let text = match image.get(column)? {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let referred = match (table, column) {
        ("status_entry", "subject_id") => {
            let kind = image.get("subject_kind").and_then(Value::as_str).and_then(StatusSubject::from_code);
            kind.map(subject_table)
        }
        _ => reference(column),
    };
    Some(referred.map_or_else(|| text.clone(), |table| format!("{table}:{text}")))
}

/// Table a column refers to.
fn reference(column: &str) -> Option<&'static str> {
    let table = match column {
        "agreement_id" | "supersedes_id" => "agreement",
        "agreement_basis_id" => "agreement_basis",
        "contact_id" | "escalates_to_id" => "contact",
        "document_id" => "document",
        "legal_basis_id" | "required_by_id" | "superseded_by_id" => "legal_basis",
        "mandate_theme_id" => "mandate_theme",
        "onward_rule_id" => "onward_rule",
        "organisation_id" | "discloser_id" | "recipient_id" | "controller_id" | "reporter_id" | "owner_id"
        | "drafted_by_id" | "given_by_id" | "successor_id" => "organisation",
        "protection_statement_id" => "protection_statement",
        "purpose_id" => "purpose",
        "register_id" => "register",
        "scope_id" => "scope",
        "scope_item_id" => "scope_item",
        _ => return None,
    };
    Some(table)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "a value written where it is used")]
    fn said(table: &str, before: Option<Value>, after: Option<Value>) -> Vec<(String, Option<String>, Option<String>)> {
        let differences = differences(table, before.as_ref(), after.as_ref());
        differences.into_iter().map(|field| (field.name, field.before, field.after)).collect()
    }

    fn field(name: &str, before: Option<&str>, after: Option<&str>) -> (String, Option<String>, Option<String>) {
        (name.to_owned(), before.map(str::to_owned), after.map(str::to_owned))
    }

    #[test]
    fn only_what_differs_is_said_and_references_are_global_ids() {
        let before = json!({"id": "x", "status": "ACTIVE", "ends_on": null, "version": 1, "register_id": "r"});
        let after = json!({"id": "x", "status": "ACTIVE", "ends_on": "2026-12-31", "version": 2, "register_id": "r"});
        let changed = [field("endsOn", None, Some("2026-12-31")), field("version", Some("1"), Some("2"))];
        assert_eq!(said("agreement", Some(before.clone()), Some(after)), changed);
        let removed = [
            field("registerId", Some("register:r"), None),
            field("status", Some("ACTIVE"), None),
            field("version", Some("1"), None),
        ];
        assert_eq!(said("agreement", Some(before), None), removed);
        let entry = json!({"subject_kind": "SCOPE", "subject_id": "s"});
        let added = [field("subjectId", None, Some("scope:s")), field("subjectKind", None, Some("SCOPE"))];
        assert_eq!(said("status_entry", None, Some(entry)), added);
    }

    #[test]
    fn image_of_an_older_shape_differs_only_where_it_says_otherwise() {
        let (older, newer) = (json!({"task": "a"}), json!({"task": "a", "granted_at": null}));
        assert_eq!(said("access_grant", Some(older), Some(newer)), []);
    }

    #[test]
    fn pseudonyms_actors_keys_and_contents_are_never_said() {
        let row = json!({"user_pseudonym": "a", "decided_by": "b", "key_version": 1, "actor": "c", "jws": "d", "jwk": "e",
            "content": "f", "location": "g", "subject_pseudonym": "h", "salt": "i", "reviewed_by": "j", "id": "k"});
        assert_eq!(said("any", None, Some(row)), []);
    }
}
