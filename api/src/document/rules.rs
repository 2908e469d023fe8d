//! How a document is named by an act: by its hash, once for each holder (R10).

use entity::{
    document,
    vocabulary::{AgreementId, DocumentId, OrganisationId, Publicity},
};

use crate::{
    FaultCode,
    checks::{Checks, NAME_CHARACTERS_MAX, REFERENCE_CHARACTERS_MAX},
    clock,
    facts::Facts,
};

/// Longest media type, in characters: RFC 6838 allows 127 for each of its two names.
const MEDIA_TYPE_CHARACTERS_MAX: usize = 255;

/// Hexadecimal digits of a SHA-256.
const SHA256_DIGITS: usize = 64;

/// Document as given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentInput {
    /// Title.
    pub title: String,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// Media type.
    pub media_type: String,
    /// Where its holder keeps it.
    pub location: Option<String>,
}

/// Who holds documents, and of what they are part.
#[derive(Debug, Clone, Copy)]
pub struct Holder {
    /// Organisation that holds them.
    pub owner: OrganisationId,
    /// Agreement they belong to; null for those of no single one.
    pub agreement: Option<AgreementId>,
    /// Who may know of them.
    pub publicity: Publicity,
}

/// Document an act names at a path. The holder's own of this hash stands for it; a new one is added to `fresh`. One hash is
/// one document: under another title or media type it is a conflict.
pub fn named(
    checks: &mut Checks,
    facts: &Facts,
    (path, input): (&str, &DocumentInput),
    holder: Holder,
    fresh: &mut Vec<document::Model>,
) -> Option<DocumentId> {
    let title = checks.text(&format!("{path}.title"), &input.title, NAME_CHARACTERS_MAX);
    let media_type = input.media_type.trim().to_ascii_lowercase();
    if !is_media_type(&media_type) {
        checks.fault(FaultCode::Malformed, &format!("{path}.mediaType"), "form is not `type/subtype` (RFC 6838)");
    }
    let location = checks.text_if(&format!("{path}.location"), input.location.as_ref(), REFERENCE_CHARACTERS_MAX);
    let sha256 = input.sha256.trim().to_ascii_lowercase();
    if sha256.len() != SHA256_DIGITS || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        checks.fault(FaultCode::Malformed, &format!("{path}.sha256"), "form is not 64 hexadecimal digits");
        return None;
    }
    let standing = || {
        let rows = facts.document.of(holder.owner).map(AsRef::as_ref).chain(fresh.iter());
        rows.filter(|row| row.owner_id == holder.owner && row.agreement_id == holder.agreement)
    };
    if let Some(row) = standing().find(|row| row.sha256 == sha256) {
        if (&row.title, &row.media_type) != (&title, &media_type) {
            let message = "a document of this hash stands with another title or media type";
            checks.fault(FaultCode::Conflict, &format!("{path}.sha256"), message);
        }
        return Some(row.id);
    }
    let ordinal = standing().map(|row| row.ordinal).max().unwrap_or(0) + 1;
    let id = clock::fresh_id();
    fresh.push(document::Model {
        id,
        title,
        ordinal,
        agreement_id: holder.agreement,
        owner_id: holder.owner,
        sha256,
        media_type,
        publicity: holder.publicity,
        location,
    });
    Some(id)
}

/// Two names of letters, digits and a few signs, with a stroke between them (RFC 6838, 4.2).
fn is_media_type(text: &str) -> bool {
    let is_name = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    text.len() <= MEDIA_TYPE_CHARACTERS_MAX
        && text.split_once('/').is_some_and(|(kind, subtype)| is_name(kind) && is_name(subtype))
}

#[cfg(test)]
mod tests {
    use entity::vocabulary::RowId;
    use uuid::Uuid;

    use super::*;
    use crate::{Fault, facts::Edit};

    fn id<I: RowId>(number: u128) -> I {
        Uuid::from_u128(number).into()
    }

    fn holder() -> Holder {
        Holder { owner: id(1), agreement: None, publicity: Publicity::PublicationRestricted }
    }

    fn input(title: &str, digit: char) -> DocumentInput {
        let sha256 = std::iter::repeat_n(digit, SHA256_DIGITS).collect();
        DocumentInput { title: title.to_owned(), sha256, media_type: "application/pdf".to_owned(), location: None }
    }

    fn codes(checks: &mut Checks) -> Vec<(FaultCode, String)> {
        checks.faults().iter().map(|fault: &Fault| (fault.code, fault.path.join("."))).collect()
    }

    #[test]
    fn one_hash_is_one_document_of_its_holder() {
        let (mut checks, mut fresh) = (Checks::default(), Vec::new());
        let facts = Facts::default();
        let first = named(&mut checks, &facts, ("document", &input("Liite 1", 'a')), holder(), &mut fresh);
        let again = named(&mut checks, &facts, ("document", &input(" Liite 1", 'A')), holder(), &mut fresh);
        let other = named(&mut checks, &facts, ("document", &input("Liite 2", 'b')), holder(), &mut fresh);
        assert!(first == again && first != other && checks.is_clean());
        assert_eq!(fresh.iter().map(|row| row.ordinal).collect::<Vec<_>>(), [1, 2]);
        let edits: Vec<Edit> = fresh.drain(..).map(Edit::from).collect();
        let facts = facts.after(1, &edits);
        assert_eq!(named(&mut checks, &facts, ("document", &input("Liite 1", 'a')), holder(), &mut fresh), first);
        assert!(fresh.is_empty() && checks.is_clean());
        named(&mut checks, &facts, ("document", &input("Liite 3", 'a')), holder(), &mut fresh);
        assert_eq!(codes(&mut checks), [(FaultCode::Conflict, "document.sha256".to_owned())]);
        let elsewhere = Holder { owner: id(2), ..holder() };
        named(&mut checks, &facts, ("document", &input("Liite 3", 'a')), elsewhere, &mut fresh);
        assert_eq!((checks.faults().len(), fresh[0].ordinal), (1, 1), "another holder names it as it does");
    }

    #[test]
    fn every_fault_of_a_document_is_named() {
        let (mut checks, mut fresh) = (Checks::default(), Vec::new());
        let wrong = DocumentInput {
            title: " ".to_owned(),
            sha256: "abc".to_owned(),
            media_type: "pdf".to_owned(),
            location: Some("131052-308T".to_owned()),
        };
        named(&mut checks, &Facts::default(), ("answers.3.document", &wrong), holder(), &mut fresh);
        let at = |name: &str| format!("answers.3.document.{name}");
        let expected = [
            (FaultCode::Blank, at("title")),
            (FaultCode::Malformed, at("mediaType")),
            (FaultCode::Malformed, at("location")),
            (FaultCode::Malformed, at("sha256")),
        ];
        assert_eq!(codes(&mut checks), expected);
        assert!(fresh.is_empty());
        for text in ["application/pdf", "application/vnd.oasis.opendocument.text", "image/svg+xml"] {
            assert!(is_media_type(text), "{text}");
        }
        for text in ["", "/", "application/", "/pdf", "a b/c", "text/html; charset=utf-8", "-a/b"] {
            assert!(!is_media_type(text), "{text}");
        }
    }
}
