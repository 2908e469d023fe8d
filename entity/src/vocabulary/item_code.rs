//! Code of a data item: a node of a register's content, dotted from the whole to its parts.
//!
//! An optional qualifier narrows a node, `KEL.DECISION.AMOUNT@CHILD_HOME_CARE`; codes are shared, so a clone is cheap.

use std::str::FromStr;

use super::{
    SharedText,
    malformed::{Malformed, checked_text},
    text_column::{TextColumn, text_column},
};

const LENGTH_MAX: usize = 100;

/// Data item code, `SEGMENT(.SEGMENT)*(@QUALIFIER)?`, at most 100 characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemCode {
    text: SharedText,
    /// Bytes before the qualifier; found once, for decisions ask it again and again.
    node_length: usize,
}

checked_text!(ItemCode);

impl ItemCode {
    /// Code as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Node the code names, without its qualifier.
    pub fn node(&self) -> &str {
        &self.text[..self.node_length]
    }

    /// Qualifier that narrows the node; none when the code names the whole node.
    pub fn qualifier(&self) -> Option<&str> {
        self.text.get(self.node_length + 1..)
    }

    /// Whether a permission for this code reaches the other.
    ///
    /// A code covers itself and what is below it by dots. Without a qualifier it covers qualified codes too; with one
    /// it covers only codes of the same qualifier, never the unqualified.
    pub fn covers(&self, other: &Self) -> bool {
        let (node, qualifier) = other.parts();
        self.covers_parts(node, qualifier)
    }

    /// The same for a code in its two parts, as when a node is looked at under another code's qualifier.
    pub fn covers_parts(&self, node: &str, qualifier: Option<&str>) -> bool {
        let (own_node, own_qualifier) = self.parts();
        let below = node.strip_prefix(own_node);
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            && (own_qualifier.is_none() || own_qualifier == qualifier)
    }

    fn parts(&self) -> (&str, Option<&str>) {
        (self.node(), self.qualifier())
    }
}

impl FromStr for ItemCode {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let node_length = node_length(text)?;
        Ok(Self { text: SharedText::unshared(text), node_length })
    }
}

/// Codes of rows are few, and many rows say each.
impl TextColumn for ItemCode {
    fn read(text: &str) -> Result<Self, Malformed> {
        let node_length = node_length(text)?;
        Ok(Self { text: text.into(), node_length })
    }

    fn said(&self) -> &str {
        self.as_str()
    }
}

text_column!(ItemCode);

/// Bytes before the qualifier of a well-formed code.
fn node_length(text: &str) -> Result<usize, Malformed> {
    if text.len() > LENGTH_MAX {
        return Err(malformed("longer than 100 characters"));
    }
    let (node, qualifier) = match text.split_once('@') {
        Some((node, qualifier)) => (node, Some(qualifier)),
        None => (text, None),
    };
    if !node.split('.').chain(qualifier).all(is_segment) {
        return Err(malformed("form is not `SEGMENT.SEGMENT@QUALIFIER`"));
    }
    Ok(node.len())
}

const fn malformed(why: &'static str) -> Malformed {
    Malformed { what: "item code", why }
}

fn is_segment(segment: &str) -> bool {
    segment.starts_with(|first: char| first.is_ascii_uppercase())
        && segment.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::{ItemCode, Malformed, malformed};
    use proptest::prelude::*;

    fn covers(code: &str, other: &str) -> Result<bool, Malformed> {
        Ok(code.parse::<ItemCode>()?.covers(&other.parse()?))
    }

    #[test]
    fn code_is_taken_apart_into_node_and_qualifier() -> Result<(), Malformed> {
        let code: ItemCode = "KEL.DECISION.AMOUNT@CHILD_HOME_CARE".parse()?;
        assert_eq!(code.node(), "KEL.DECISION.AMOUNT");
        assert_eq!(code.qualifier(), Some("CHILD_HOME_CARE"));
        let code: ItemCode = "KEL".parse()?;
        assert_eq!((code.node(), code.qualifier()), ("KEL", None));
        Ok(())
    }

    #[test]
    fn text_that_is_no_code_is_refused() {
        for code in
            ["", ".", "A.", ".A", "A..B", "a", "A.b", "1A", "_A", "A@", "@A", "A@B@C", "A@B.C", "A B", "A-B", "Ä", "A "]
        {
            assert!(code.parse::<ItemCode>().is_err(), "{code}");
        }
    }

    #[test]
    fn code_has_at_most_100_characters() {
        assert!("A".repeat(100).parse::<ItemCode>().is_ok());
        assert_eq!("A".repeat(101).parse::<ItemCode>(), Err(malformed("longer than 100 characters")));
    }

    #[test]
    fn code_covers_itself_and_what_is_below_it() -> Result<(), Malformed> {
        assert!(covers("KEL.DECISION", "KEL.DECISION")?);
        assert!(covers("KEL.DECISION", "KEL.DECISION.AMOUNT")?);
        assert!(!covers("KEL.DECISION.AMOUNT", "KEL.DECISION")?);
        assert!(!covers("KEL.DECISION", "KEL.DECISIONS")?);
        assert!(!covers("KEL.DECISION", "KEL.PAYMENT")?);
        Ok(())
    }

    #[test]
    fn qualifier_narrows_and_is_never_widened() -> Result<(), Malformed> {
        assert!(covers("KEL.DECISION", "KEL.DECISION.AMOUNT@X")?);
        assert!(covers("KEL.DECISION@X", "KEL.DECISION@X")?);
        assert!(covers("KEL.DECISION@X", "KEL.DECISION.AMOUNT@X")?);
        assert!(!covers("KEL.DECISION@X", "KEL.DECISION@Y")?);
        assert!(!covers("KEL.DECISION@X", "KEL.DECISION@XY")?);
        assert!(!covers("KEL.DECISION@X", "KEL.DECISION.AMOUNT")?);
        Ok(())
    }

    /// Few and short segments, so that generated codes are often related.
    fn code() -> impl Strategy<Value = ItemCode> {
        "(A|AB|B)(\\.(A|AB|B)){0,3}(@(A|B))?".prop_map(|text| text.parse().unwrap_or_else(|fault| panic!("{fault}")))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn cover_is_reflexive(a in code()) {
            prop_assert!(a.covers(&a));
        }

        #[test]
        fn cover_is_transitive(a in code(), b in code(), c in code()) {
            prop_assert!(!(a.covers(&b) && b.covers(&c)) || a.covers(&c));
        }

        #[test]
        fn cover_is_antisymmetric(a in code(), b in code()) {
            prop_assert!(!(a.covers(&b) && b.covers(&a)) || a == b);
        }

        #[test]
        fn qualified_code_never_covers_an_unqualified_one(a in code(), b in code()) {
            prop_assert!(!(a.qualifier().is_some() && b.qualifier().is_none() && a.covers(&b)));
        }

        #[test]
        fn code_is_shown_as_written(text in "[A-Z][A-Z0-9_]{0,9}(\\.[A-Z][A-Z0-9_]{0,9}){0,5}(@[A-Z][A-Z0-9_]{0,9})?") {
            let code: Result<ItemCode, _> = text.parse();
            prop_assert_eq!(code.map(|c| c.to_string()), Ok(text));
        }
    }
}
