//! How a request names its document: by its text, or by the hash of a trusted one.
//!
//! There are two forms of the latter: `documentId` of the appendix on persisted documents of GraphQL over HTTP, and
//! `extensions.persistedQuery` of Apollo's and urql's clients.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::envelope::{malformed, missing, object_or_null};
use crate::{
    Error,
    graphql::{documents::Named, trusted},
    journal::leaf::sha256,
};

/// Document a request names, by its text or by a hash of one of two forms; by both, they must fit. An empty text beside a hash is
/// none: some clients always send one.
pub(super) fn named(
    query: Option<String>,
    document_id: Option<String>,
    persisted: Option<String>,
    within: &str,
) -> Result<Named, Error> {
    let given = [("documentId", document_id), ("extensions.persistedQuery.sha256Hash", persisted)];
    let mut given = given.into_iter().filter_map(|(path, id)| Some((path, id?)));
    let identifiers = [given.next(), given.next()];
    let has_identifier = identifiers[0].is_some();
    let mut hashes = identifiers.iter().flatten().map(|(path, id)| (*path, trusted::hash_of(id)));
    if let Some(text) = query.filter(|text| !text.is_empty() || !has_identifier) {
        let own = sha256(&[text.as_bytes()]);
        return match hashes.find(|(_, hash)| hash.is_some_and(|hash| hash != own)) {
            Some((path, _)) => Err(malformed(&format!("{within}{path}"), "is not the SHA-256 of the document")),
            None => Ok(Named::Text(text)),
        };
    }
    let (_, first) = hashes.next().ok_or_else(|| missing(&format!("{within}query")))?;
    if hashes.next().is_some_and(|(_, second)| second != first) {
        return Err(malformed(&format!("{within}documentId"), "names another document than `extensions`"));
    }
    Ok(first.map_or(Named::Unknown, Named::Hash))
}

/// Members of `extensions` that mean something here.
#[derive(Deserialize)]
struct Extensions {
    #[serde(rename = "persistedQuery")]
    persisted_query: Option<PersistedQuery>,
}

/// How the clients of Apollo and urql name a document by its hash; without one it names none.
#[derive(Deserialize)]
struct PersistedQuery {
    version: Option<u32>,
    #[serde(rename = "sha256Hash")]
    hash: Option<String>,
}

/// Hash in the extensions of a request; none where they hold none.
pub(super) fn persisted_query(extensions: &RawValue, within: &str) -> Result<Option<String>, Error> {
    let path = format!("{within}extensions");
    // Read only where it may matter: what else stands there is for nobody here.
    if !object_or_null(extensions, &path)? || !extensions.get().contains("persistedQuery") {
        return Ok(None);
    }
    let path = format!("{path}.persistedQuery");
    let read: Extensions = serde_json::from_str(extensions.get())
        .map_err(|_| malformed(&path, "must hold a `version` of 1 and a `sha256Hash`"))?;
    match read.persisted_query {
        Some(PersistedQuery { version: Some(1), hash }) => Ok(hash),
        Some(PersistedQuery { hash: Some(_), .. }) => Err(malformed(&path, "must be of version 1")),
        Some(PersistedQuery { hash: None, .. }) | None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::{
        documents::Asking,
        http::{
            RequestLimits, VariablesLimits,
            envelope::{Calls, asks, of_body, of_url},
        },
    };

    const LIMITS: RequestLimits =
        RequestLimits { operations: 1, variables: VariablesLimits { bytes: 200, depth: 4, values: 20 } };

    fn one_of(body: &str) -> Asking {
        match of_body(body.as_bytes(), &LIMITS).unwrap() {
            Calls::One(asking) => asking,
            Calls::Batch(_) => panic!("a list"),
        }
    }

    /// Place of the first fault.
    fn place(body: &str) -> String {
        match of_body(body.as_bytes(), &LIMITS).unwrap_err() {
            Error::Invalid(faults) => faults[0].path.join("."),
            other => panic!("{other}"),
        }
    }

    fn text_of(asking: &Asking) -> &str {
        match &asking.document {
            Named::Text(text) => text,
            Named::Hash(_) | Named::Unknown => panic!("no text"),
        }
    }

    const HASH: &str = "460c3a93211614ac783c0f1d1bbbcb45a6da87d6421b5c0771772588f1015ff8";

    /// Whether a request names its document by the hash of `{a}` alone.
    fn is_by_hash(asking: &Asking) -> bool {
        matches!(asking.document, Named::Hash(hash) if trusted::hash_of(HASH) == Some(hash))
    }

    #[test]
    fn document_is_named_by_its_hash_in_either_form_and_by_each_method() {
        let extensions = format!(r#"{{"persistedQuery":{{"version":1,"sha256Hash":"{HASH}"}},"other":1}}"#);
        for body in [
            format!(r#"{{"documentId":"sha256:{HASH}"}}"#),
            format!(r#"{{"documentId":"{HASH}","variables":{{}}}}"#),
            format!(r#"{{"extensions":{extensions}}}"#),
            format!(r#"{{"extensions":{extensions},"documentId":"{HASH}"}}"#),
        ] {
            assert!(is_by_hash(&one_of(&body)), "{body}");
            let both = format!(r#"{{"query":"{{a}}",{}"#, &body[1..]);
            assert_eq!(text_of(&one_of(&both)), "{a}", "{both}");
            assert!(is_by_hash(&one_of(&both.replace("{a}", ""))), "{both}");
        }
        assert!(is_by_hash(&of_url(&format!("documentId=sha256%3A{HASH}"), &LIMITS).unwrap()));
        let escaped = extensions.replace('"', "%22");
        assert!(is_by_hash(&of_url(&format!("extensions={escaped}"), &LIMITS).unwrap()));
        assert!(asks(&format!("documentId={HASH}")) && asks(&format!("extensions={escaped}")));
    }

    #[test]
    fn identifier_that_does_not_fit_is_refused_by_its_place_or_known_to_nobody() {
        let persisted = |value: &str| format!(r#"{{"extensions":{{"persistedQuery":{value}}}}}"#);
        let hash = format!(r#"{{"version":1,"sha256Hash":"{HASH}"}}"#);
        for (body, path) in [
            (r#"{"documentId":1}"#.to_owned(), "documentId"),
            (r#"{"documentId":null}"#.to_owned(), "query"),
            (format!(r#"{{"query":"{{b}}","documentId":"sha256:{HASH}"}}"#), "documentId"),
            (format!(r#"{{"query":"{{b}}",{}"#, &persisted(&hash)[1..]), "extensions.persistedQuery.sha256Hash"),
            (format!(r#"{{"documentId":"other",{}"#, &persisted(&hash)[1..]), "documentId"),
            (persisted("1"), "extensions.persistedQuery"),
            (persisted(r#"{"version":1}"#), "query"),
            (persisted(r#"{"version":1,"sha256Hash":1}"#), "extensions.persistedQuery"),
            (persisted(&hash.replace("\"version\":1,", "")), "extensions.persistedQuery"),
            (persisted(&hash.replace('1', "2")), "extensions.persistedQuery"),
            (persisted("null"), "query"),
        ] {
            assert_eq!(place(&body), path, "{body}");
        }
        for unknown in ["", "sha256:", "md5:460c", "Relay-7"] {
            let asking = one_of(&format!(r#"{{"documentId":"{unknown}"}}"#));
            assert!(matches!(asking.document, Named::Unknown), "{unknown}");
        }
        assert_eq!(text_of(&one_of(r#"{"query":"{a}","documentId":"Relay-7"}"#)), "{a}");
    }
}
