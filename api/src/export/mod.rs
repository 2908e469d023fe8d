//! What stands here said in the forms others read: an agreement as a policy, an organisation's disclosures as its record of
//! processing activities.
//!
//! Pure: facts and an instant in, text out. The command line and the doors over HTTP hand out the same.

mod odrl;
mod records;

pub use odrl::policy;
pub use records::records_of_processing;

use entity::vocabulary::RowId;
use uuid::Uuid;

/// Where the names of what stands here begin, so that each is an absolute IRI.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Base(Option<String>);

impl Base {
    /// Base of an absolute IRI; null for one that is none.
    pub fn of(iri: &str) -> Option<Self> {
        let rest = iri.strip_prefix("https://").or_else(|| iri.strip_prefix("http://"))?;
        let is_plain =
            !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte));
        is_plain.then(|| Self(Some(iri.trim_end_matches('/').to_owned())))
    }

    /// IRI of a row.
    fn row<I: RowId>(&self, id: I) -> String {
        let uuid: Uuid = id.into();
        match &self.0 {
            Some(base) => format!("{base}/id/{}/{uuid}", I::TABLE),
            None => format!("urn:uuid:{uuid}"),
        }
    }

    /// IRI of a value of a vocabulary, or of a code.
    fn code(&self, kind: &str, code: &str) -> String {
        let code: String = code.chars().map(|character| if character == '@' { ':' } else { character }).collect();
        match &self.0 {
            Some(base) => format!("{base}/id/{kind}/{code}"),
            None => format!("urn:x-disclosure-gateway:{kind}:{code}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use entity::vocabulary::AgreementId;

    use super::*;

    #[test]
    fn every_name_is_an_absolute_iri() {
        let id = AgreementId(Uuid::nil());
        assert_eq!(Base::default().row(id), "urn:uuid:00000000-0000-0000-0000-000000000000");
        assert_eq!(Base::default().code("item", "KEL.DECISION@X"), "urn:x-disclosure-gateway:item:KEL.DECISION:X");
        let base = Base::of("https://data.example/").unwrap_or_default();
        assert_eq!(base.row(id), "https://data.example/id/agreement/00000000-0000-0000-0000-000000000000");
        for iri in ["", "data.example", "ftp://x", "https://", "https://a b", "https://a\"b", "javascript:x"] {
            assert_eq!(Base::of(iri), None, "{iri}");
        }
    }
}
