//! Documents known before anyone asks with them: those of each client, listed in its manifest and judged at the start.
//!
//! A client then names its document by the SHA-256 of its text; where nothing else is admitted, nobody can ask anything else.
//! Trust answers for the document alone: token, role, side, variables and limits are judged as of any request.

use std::collections::HashMap;

use super::documents::{Asking, Call, Named};
use crate::{
    Error,
    journal::leaf::{hex, sha256},
    json, metrics,
};

/// What a hash may begin with, as the appendix on persisted documents of GraphQL over HTTP writes it.
const PREFIX: &str = "sha256:";

/// Which documents may be asked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Admission {
    /// Any.
    #[default]
    Any,
    /// `TRUSTED_DOCUMENTS_ONLY`: those of manifests.
    TrustedOnly,
}

/// Documents of one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Name of the client.
    pub client: String,
    /// Texts by their hashes, in the order of the file.
    pub documents: Vec<([u8; 32], String)>,
}

impl Manifest {
    /// Reads a manifest: a JSON object of texts by the SHA-256 of each, in lower-case hexadecimals, with or without `sha256:`
    /// before it. A client that has none yet lists none.
    ///
    /// # Errors
    /// Every fault, with the hash it was found under.
    pub fn read(client: &str, text: &[u8]) -> Result<Self, Vec<String>> {
        let members = match json::parse(text) {
            Ok(serde_json::Value::Object(members)) => members,
            Ok(_) => return Err(vec!["is no JSON object of documents by their hashes".to_owned()]),
            Err(fault) => return Err(vec![format!("is not well-formed: {fault}")]),
        };
        let (mut documents, mut faults) = (Vec::new(), Vec::new());
        for (name, document) in members {
            match (hash_of(&name), document.as_str()) {
                (None, _) => faults.push(format!("`{name}` is no SHA-256 in lower-case hexadecimals")),
                (Some(_), None) => faults.push(format!("{name}: is no text")),
                (Some(hash), Some(text)) if sha256(&[text.as_bytes()]) == hash => {
                    documents.push((hash, text.to_owned()));
                }
                (Some(_), Some(text)) => {
                    faults.push(format!("{name}: the document's SHA-256 is {}", hex(&sha256(&[text.as_bytes()]))));
                }
            }
        }
        if faults.is_empty() { Ok(Self { client: client.to_owned(), documents }) } else { Err(faults) }
    }
}

/// Hash of an identifier, `sha256:` before it or not; none when it is another sort of identifier.
pub fn hash_of(identifier: &str) -> Option<[u8; 32]> {
    let digits = identifier.strip_prefix(PREFIX).unwrap_or(identifier);
    if digits.len() != 64 || !digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let mut hash = [0; 32];
    for (index, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(hash)
}

/// Documents of all manifests.
#[derive(Debug, Default)]
pub struct TrustedDocuments {
    admission: Admission,
    known: HashMap<[u8; 32], Known>,
}

#[derive(Debug)]
struct Known {
    text: Box<str>,
    client: metrics::Client,
}

impl TrustedDocuments {
    /// Those of some manifests; one that several have is counted for the first.
    pub fn new(admission: Admission, manifests: Vec<Manifest>) -> Self {
        let mut known = HashMap::new();
        for Manifest { client, documents } in manifests {
            let client = metrics::Client::of_configuration(&client);
            for (hash, text) in documents {
                known.entry(hash).or_insert_with(|| Known { text: text.into(), client });
            }
        }
        Self { admission, known }
    }

    /// Documents known.
    pub fn count(&self) -> usize {
        self.known.len()
    }

    /// Which documents may be asked with.
    pub fn admission(&self) -> Admission {
        self.admission
    }

    /// Request with the text of its document.
    ///
    /// # Errors
    /// When no document is known by its hash; when it is none of a manifest and nothing else is admitted.
    pub fn found(&self, asking: Asking) -> Result<Call, Error> {
        let Asking { document, operation_name, variables } = asking;
        let (query, client) = match document {
            Named::Text(text) => {
                let client = self.admitted(&text)?;
                (text, client)
            }
            Named::Hash(hash) => {
                let known = self.known(&hash).ok_or(Error::DocumentUnknown)?;
                (known.text.to_string(), Some(known.client))
            }
            Named::Unknown => return Err(Error::DocumentUnknown),
        };
        Ok(Call { query, operation_name, variables, client })
    }

    /// Client of a text, where none but theirs are admitted.
    fn admitted(&self, text: &str) -> Result<Option<metrics::Client>, Error> {
        match self.admission {
            Admission::Any => Ok(None),
            Admission::TrustedOnly => {
                let known = self.known(&sha256(&[text.as_bytes()])).ok_or(Error::DocumentNotTrusted)?;
                Ok(Some(known.client))
            }
        }
    }

    fn known(&self, hash: &[u8; 32]) -> Option<&Known> {
        self.known.get(hash).inspect(|known| metrics::trusted_document(known.client))
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Variables;

    use super::*;

    const TEXT: &str = "query($id:ID!){user(id:$id){name}}";
    const HASH: &str = "71f7dc5758652baac68e4a10c50be732b741c892ade2883a99358f52b555286b";

    fn asked(trusted: &TrustedDocuments, document: Named) -> Result<String, Error> {
        let asking = Asking { document, operation_name: None, variables: Variables::default() };
        trusted.found(asking).map(|call| call.query)
    }

    fn trusting(admission: Admission) -> TrustedDocuments {
        let manifest = serde_json::json!({ HASH: TEXT }).to_string();
        TrustedDocuments::new(admission, vec![Manifest::read("app", manifest.as_bytes()).unwrap()])
    }

    /// The text and its hash are the example of the appendix.
    #[test]
    fn document_is_found_by_the_sha_256_of_its_text() {
        let trusted = trusting(Admission::Any);
        let hash = hash_of(&format!("sha256:{HASH}")).unwrap();
        assert_eq!((trusted.count(), hash_of(HASH)), (1, Some(hash)));
        assert_eq!(asked(&trusted, Named::Hash(hash)).unwrap(), TEXT);
        for unknown in [Named::Hash([0; 32]), Named::Unknown] {
            assert!(matches!(asked(&trusted, unknown), Err(Error::DocumentUnknown)));
        }
    }

    #[test]
    fn only_what_a_manifest_holds_is_admitted_where_that_is_said() {
        let (any, only) = (trusting(Admission::Any), trusting(Admission::TrustedOnly));
        let other = || Named::Text(format!("{TEXT} "));
        assert!(asked(&any, other()).is_ok());
        assert!(matches!(asked(&only, other()), Err(Error::DocumentNotTrusted)));
        assert_eq!(asked(&only, Named::Text(TEXT.to_owned())).unwrap(), TEXT);
    }

    #[test]
    fn identifiers_of_another_form_are_no_hash() {
        for other in ["", "sha256:", "md5:0", &HASH[1..], &HASH.to_uppercase(), &format!("sha256:sha256:{HASH}"), "äö"]
        {
            assert_eq!(hash_of(other), None, "{other}");
        }
    }

    #[test]
    fn every_fault_of_a_manifest_is_named_with_its_hash() {
        let other = HASH.replace('7', "8");
        let manifest = serde_json::json!({ HASH: TEXT, &other: TEXT, "latest": TEXT, HASH.replace('7', "9"): 1 });
        let faults = Manifest::read("app", manifest.to_string().as_bytes()).unwrap_err();
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults.iter().any(|fault| fault.starts_with(&other) && fault.ends_with(HASH)), "{faults:?}");
        for text in ["", "[]", "{", r#"{"a":"b","a":"c"}"#] {
            assert_eq!(Manifest::read("app", text.as_bytes()).unwrap_err().len(), 1, "{text}");
        }
    }
}
