//! Citation: the place in the law a claim rests on, down to the sub-item.
//!
//! Read as Finnish lawyers write it, `906/2019 22 § 1 mom`, in Finnish or Swedish and with the endings of prose; that
//! the provision exists is asked of the table of legal bases, not here.

use super::{
    Jurisdiction,
    malformed::{Malformed, serde_as_text},
};
use regex::{Captures, Regex};
use std::{
    fmt::{self, Display},
    str::FromStr,
    sync::LazyLock,
};

/// One provision of one act.
///
/// Letters stand close to their numbers in the parts (`18a`) and apart in the display (`18 a §`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Citation {
    /// Order of law the act belongs to; read as Finnish for Åland too, whose acts are cited alike.
    pub jurisdiction: Jurisdiction,
    /// Number of the act within its year.
    pub number: u32,
    /// Year of the act.
    pub year: u16,
    /// Chapter, where section numbers begin anew in each.
    pub chapter: Option<Box<str>>,
    /// Section (§); article of an EU act.
    pub section: Box<str>,
    /// Subsection (momentti); paragraph (kohta) of an EU article.
    pub moment: Option<u16>,
    /// Item (kohta) of a subsection; none in EU acts.
    pub item: Option<Box<str>>,
    /// Sub-item (alakohta) of an item; point of an EU paragraph or article.
    pub subitem: Option<Box<str>>,
}

serde_as_text!(Citation);

impl Citation {
    /// Reads a citation and says whether it was normalised: an item without its subsection is of the first.
    ///
    /// The caller who knows the act may refuse that where the section has several subsections.
    ///
    /// # Errors
    /// When the text is not a citation, or names a sub-item without its item.
    pub fn parse_normalising(text: &str) -> Result<(Self, bool), Malformed> {
        if text.chars().nth(CHARACTERS_MAX).is_some() {
            return Err(malformed("longer than 200 characters"));
        }
        if let Some(captures) = FINNISH.captures(text) {
            let mut citation = read(&captures, Jurisdiction::Fi)?;
            if citation.subitem.is_some() && citation.item.is_none() {
                return Err(malformed("sub-item without its item"));
            }
            let normalised = citation.item.is_some() && citation.moment.is_none();
            if normalised {
                citation.moment = Some(1);
            }
            return Ok((citation, normalised));
        }
        let captures = EUROPEAN
            .captures(text)
            .ok_or(malformed("form is not `906/2019 22 § 1 mom` or `(EU) 2016/679 6 art. 1 kohta`"))?;
        Ok((read(&captures, Jurisdiction::Eu)?, false))
    }

    /// Provision within its act as written in Swedish, `22 § 1 mom.`; the name of the act goes before it.
    pub fn display_sv(&self) -> String {
        let section = Spaced(&self.section);
        fmt::from_fn(|f| match self.jurisdiction {
            Jurisdiction::Eu => {
                write!(f, "artikel {section}")?;
                part(f, ".", self.moment, "")?;
                part(f, " ", self.subitem.as_ref(), "")
            }
            Jurisdiction::Fi | Jurisdiction::Ax => {
                part(f, "", self.chapter.as_deref().map(Spaced), " kap. ")?;
                write!(f, "{section} §")?;
                part(f, " ", self.moment, " mom.")?;
                part(f, " ", self.item.as_deref().map(Spaced), " punkten")?;
                part(f, " ", self.subitem.as_ref(), " underpunkten")
            }
        })
        .to_string()
    }

    /// Provision within its act as written in English, `Section 22(1)`; the name of the act goes before it.
    pub fn display_en(&self) -> String {
        fmt::from_fn(|f| {
            part(f, "Chapter ", self.chapter.as_ref(), ", ")?;
            let unit = match self.jurisdiction {
                Jurisdiction::Eu => "Article",
                Jurisdiction::Fi | Jurisdiction::Ax => "Section",
            };
            write!(f, "{unit} {}", self.section)?;
            part(f, "(", self.moment, ")")?;
            part(f, "(", self.item.as_ref(), ")")?;
            part(f, "(", self.subitem.as_ref(), ")")
        })
        .to_string()
    }

    /// Machine key, `fi/2019/906/sec/22/mom/1`; keys of parts begin with the key of the whole.
    pub fn key(&self) -> String {
        let [root, section, moment, item, subitem] = match self.jurisdiction {
            Jurisdiction::Fi => ["fi", "sec", "mom", "item", "sub"],
            Jurisdiction::Ax => ["ax", "sec", "mom", "item", "sub"],
            Jurisdiction::Eu => ["eu/reg", "art", "par", "item", "pnt"],
        };
        fmt::from_fn(|f| {
            write!(f, "{root}/{}/{}", self.year, self.number)?;
            part(f, "/ch/", self.chapter.as_ref(), "")?;
            write!(f, "/{section}/{}", self.section)?;
            part(f, format_args!("/{moment}/"), self.moment, "")?;
            part(f, format_args!("/{item}/"), self.item.as_ref(), "")?;
            part(f, format_args!("/{subitem}/"), self.subitem.as_ref(), "")
        })
        .to_string()
    }
}

impl FromStr for Citation {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse_normalising(text).map(|(citation, _)| citation)
    }
}

/// Canonical form, in Finnish.
impl Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let section = Spaced(&self.section);
        match self.jurisdiction {
            Jurisdiction::Eu => {
                write!(f, "(EU) {}/{} {section} art.", self.year, self.number)?;
                part(f, " ", self.moment, " kohta")?;
                part(f, " ", self.subitem.as_ref(), " alakohta")
            }
            Jurisdiction::Fi | Jurisdiction::Ax => {
                write!(f, "{}/{}", self.number, self.year)?;
                part(f, " ", self.chapter.as_deref().map(Spaced), " luku")?;
                write!(f, " {section} §")?;
                part(f, " ", self.moment, " mom")?;
                part(f, " ", self.item.as_deref().map(Spaced), " k")?;
                part(f, " ", self.subitem.as_ref(), " alak")
            }
        }
    }
}

/// Longest text that is read, in characters; the title of an act may stand before the number.
const CHARACTERS_MAX: usize = 200;

/// Finnish act, in Finnish or Swedish. A title does not end in a digit, or it would swallow the first digits of a
/// number that is too long or begins with zero.
static FINNISH: LazyLock<Regex> = LazyLock::new(|| {
    grammar(
        r"(?x) ^\s* (?: [A-ZÅÄÖ] (?:[^()§]*?[^()§0-9])? \s* )?
        \(? (?P<number>[1-9][0-9]{0,4}) / (?P<year>1[789][0-9][0-9]|20[0-9][0-9]) \)?
        (?: \s+ (?P<chapter>[1-9][0-9]{0,2}(?:\s?[a-z])?) \s* (?:luku|luvun|luvussa|kap\.?) )?
        \s+ (?P<section>[1-9][0-9]{0,3}(?:\s?[a-z])?) \s* § (?: :(?:n|ssä|stä|ää|llä|lle|ään) )?
        (?: \s* (?P<moment>[1-9][0-9]{0,2}) \s* (?:momentissa|momentin|momentti|mom\.?) )?
        (?: \s* (?P<item>[1-9][0-9]{0,2}(?:\s?[a-z])?) \s* (?:kohdassa|kohdan|kohta|punkten|k\.?) )?
        (?: \s* (?P<subitem>[a-zåäö]) \s* (?:alakohdassa|alakohdan|alakohta|underpunkten|alak\.?) )? \s*$",
    )
});

/// EU act numbered year first, as since 2015.
static EUROPEAN: LazyLock<Regex> = LazyLock::new(|| {
    grammar(
        r"(?x) ^\s* (?: [A-ZÅÄÖ][^()§]*? \s* )?
        \(EU\) \s+ (?P<year>20[0-9][0-9]) / (?P<number>[1-9][0-9]{0,4})
        \s+ (?P<section>[1-9][0-9]{0,3}(?:\s?[a-z])?) \s* (?:artiklassa|artiklan|artikla|art\.?)
        (?: \s* (?P<moment>[1-9][0-9]{0,2}) \s* (?:kohdassa|kohdan|kohta) )?
        (?: \s* (?P<subitem>[a-zåäö]) \s* (?:alakohdassa|alakohdan|alakohta|alak\.?) )? \s*$",
    )
});

fn grammar(pattern: &str) -> Regex {
    // INVARIANT: the patterns are constants, and every test of this module compiles them.
    Regex::new(pattern).unwrap_or_else(|fault| unreachable!("{fault}"))
}

const fn malformed(why: &'static str) -> Malformed {
    Malformed { what: "citation", why }
}

fn read(captures: &Captures<'_>, jurisdiction: Jurisdiction) -> Result<Citation, Malformed> {
    let text = |name| captures.name(name).map(|found| found.as_str());
    let compact = |name| text(name).map(|part| part.split_whitespace().collect::<String>().into());
    Ok(Citation {
        jurisdiction,
        number: decimal(text("number"))?,
        year: decimal(text("year"))?,
        chapter: compact("chapter"),
        section: compact("section").unwrap_or_default(),
        moment: text("moment").map(|n| decimal(Some(n))).transpose()?,
        item: compact("item"),
        subitem: compact("subitem"),
    })
}

fn decimal<T: FromStr>(digits: Option<&str>) -> Result<T, Malformed> {
    digits.and_then(|digits| digits.parse().ok()).ok_or(malformed("number is too large"))
}

/// Number with its letter set apart: `18a` as `18 a`.
struct Spaced<'a>(&'a str);

impl Display for Spaced<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0.trim_end_matches(|c: char| !c.is_ascii_digit());
        f.write_str(number)?;
        match self.0.strip_prefix(number) {
            None | Some("") => Ok(()),
            Some(letter) => write!(f, " {letter}"),
        }
    }
}

fn part(f: &mut fmt::Formatter<'_>, before: impl Display, part: Option<impl Display>, after: &str) -> fmt::Result {
    part.map_or(Ok(()), |part| write!(f, "{before}{part}{after}"))
}

#[cfg(test)]
mod tests {
    use super::{Citation, Jurisdiction, Malformed, malformed};
    use proptest::{option, prelude::*};

    fn parsed(text: &str) -> Result<Citation, Malformed> {
        text.parse()
    }

    fn tiedonhallintalaki_22_1() -> Citation {
        Citation {
            jurisdiction: Jurisdiction::Fi,
            number: 906,
            year: 2019,
            chapter: None,
            section: "22".into(),
            moment: Some(1),
            item: None,
            subitem: None,
        }
    }

    #[test]
    fn canonical_form_and_prose_name_the_same_provision() {
        for text in [
            "906/2019 22 § 1 mom",
            "Laki julkisen hallinnon tiedonhallinnasta (906/2019) 22 §:n 1 momentin",
            "(906/2019) 22 §:n 1 momentti",
            "906/2019 22\u{a0}§ 1\u{a0}mom.",
            "906/2019 22\u{2009}§ 1 momentissa",
            " 906/2019 22§ 1mom ",
        ] {
            assert_eq!(parsed(text), Ok(tiedonhallintalaki_22_1()), "{text}");
        }
    }

    #[test]
    fn every_part_finds_its_place() -> Result<(), Malformed> {
        let tuple = |text: &str| -> Result<_, Malformed> {
            let c = parsed(text)?;
            Ok((c.number, c.year, c.chapter, c.section, c.moment, c.item, c.subitem))
        };
        let boxed = |text: &str| Some(text.into());
        assert_eq!(tuple("741/2023 47 § 1 mom 1 k")?, (741, 2023, None, "47".into(), Some(1), boxed("1"), None));
        assert_eq!(tuple("1412/1997 18 a § 1 mom")?, (1412, 1997, None, "18a".into(), Some(1), None, None));
        assert_eq!(
            tuple("1290/2002 13 luku 1 § 1 mom 1 kohta")?,
            (1290, 2002, boxed("13"), "1".into(), Some(1), boxed("1"), None)
        );
        assert_eq!(tuple("705/2007 3 luku 64 §")?, (705, 2007, boxed("3"), "64".into(), None, None, None));
        assert_eq!(
            tuple("1290/2002 2 a kap. 1 b § 1 mom. 2 c punkten d underpunkten")?,
            (1290, 2002, boxed("2a"), "1b".into(), Some(1), boxed("2c"), boxed("d"))
        );
        Ok(())
    }

    #[test]
    fn item_without_its_subsection_is_of_the_first_and_marked() -> Result<(), Malformed> {
        let full = parsed("741/2023 47 § 1 mom 1 k")?;
        let text = "741/2023 47 § 1 kohta";
        assert_eq!(Citation::parse_normalising(text)?, (full.clone(), true));
        assert_eq!(parsed(text)?, full);
        let text = "741/2023 47 § 1 mom 1 k";
        assert_eq!(Citation::parse_normalising(text)?, (full, false));
        assert!(!Citation::parse_normalising("741/2023 47 §")?.1);
        Ok(())
    }

    #[test]
    fn text_that_is_no_citation_is_refused() {
        for text in [
            "",
            "906/2019 22",
            "22 § 1 mom",
            "906/19 22 §",
            "0906/2019 22 §",
            "906/2019 § 22",
            "906/2019 22 § 0 mom",
            "2019/906 22 §",
            "906/2019 022 §",
            "906/2119 22 §",
            "123456/2019 22 §",
            "906/2019 22 § 1 mom ja 2 mom",
            "٩٠٦/2019 22 §",
            "laki 906/2019 22 §",
            "13:1.1",
        ] {
            assert!(parsed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn title_never_swallows_the_digits_of_a_number() {
        assert!(parsed("Laki 0906/2019 22 §").is_err());
        assert!(parsed("Laki 123456/2019 22 §").is_err());
        assert_eq!(parsed("Laki 906/2019 22 § 1 mom"), Ok(tiedonhallintalaki_22_1()));
    }

    #[test]
    fn sub_item_without_its_item_is_refused() {
        assert_eq!(parsed("906/2019 22 § 1 mom a alak"), Err(malformed("sub-item without its item")));
    }

    #[test]
    fn provision_of_an_eu_act_is_read_and_shown_as_given() -> Result<(), Malformed> {
        let text = "(EU) 2016/679 6 art. 1 kohta e alakohta";
        let citation = parsed(text)?;
        assert_eq!(
            citation,
            Citation {
                jurisdiction: Jurisdiction::Eu,
                number: 679,
                year: 2016,
                chapter: None,
                section: "6".into(),
                moment: Some(1),
                item: None,
                subitem: Some("e".into()),
            }
        );
        assert_eq!(citation.to_string(), text);
        assert_eq!(citation.key(), "eu/reg/2016/679/art/6/par/1/pnt/e");
        assert_eq!(citation.display_sv(), "artikel 6.1 e");
        assert_eq!(citation.display_en(), "Article 6(1)(e)");
        let prose = "Yleinen tietosuoja-asetus (EU) 2016/679 6 artiklan 1 kohdan e alakohta";
        assert_eq!(parsed(prose)?, citation);
        assert_eq!(parsed("(EU) 2016/679 87 art.")?.key(), "eu/reg/2016/679/art/87");
        for text in ["(EU) 679/2016 6 art.", "EU 2016/679 6 art.", "(EU) 2016/679 6 §"] {
            assert!(parsed(text).is_err(), "{text}");
        }
        Ok(())
    }

    #[test]
    fn citation_is_shown_in_three_languages_and_as_a_key() -> Result<(), Malformed> {
        for (fi, sv, en, key) in [
            ("906/2019 22 § 1 mom", "22 § 1 mom.", "Section 22(1)", "fi/2019/906/sec/22/mom/1"),
            ("741/2023 47 § 1 mom 1 k", "47 § 1 mom. 1 punkten", "Section 47(1)(1)", "fi/2023/741/sec/47/mom/1/item/1"),
            ("1412/1997 18 a § 1 mom", "18 a § 1 mom.", "Section 18a(1)", "fi/1997/1412/sec/18a/mom/1"),
            ("705/2007 3 luku 64 §", "3 kap. 64 §", "Chapter 3, Section 64", "fi/2007/705/ch/3/sec/64"),
            (
                "1290/2002 13 luku 1 § 1 mom 1 k",
                "13 kap. 1 § 1 mom. 1 punkten",
                "Chapter 13, Section 1(1)(1)",
                "fi/2002/1290/ch/13/sec/1/mom/1/item/1",
            ),
            (
                "621/1999 24 § 1 mom 31 a k b alak",
                "24 § 1 mom. 31 a punkten b underpunkten",
                "Section 24(1)(31a)(b)",
                "fi/1999/621/sec/24/mom/1/item/31a/sub/b",
            ),
        ] {
            let citation = parsed(fi)?;
            assert_eq!(citation.to_string(), fi);
            assert_eq!(citation.display_sv(), sv);
            assert_eq!(citation.display_en(), en);
            assert_eq!(citation.key(), key);
        }
        Ok(())
    }

    #[test]
    fn act_of_aland_is_shown_alike_under_its_own_key() {
        let mut citation = tiedonhallintalaki_22_1();
        citation.jurisdiction = Jurisdiction::Ax;
        assert_eq!(citation.to_string(), "906/2019 22 § 1 mom");
        assert_eq!(citation.key(), "ax/2019/906/sec/22/mom/1");
    }

    #[test]
    fn document_holds_the_canonical_form_and_is_checked_when_read() {
        let citation = serde_json::from_str::<Citation>("\"906/2019 22 §:n 1 momentti\"").ok();
        assert_eq!(citation, Some(tiedonhallintalaki_22_1()));
        assert_eq!(serde_json::to_string(&citation).ok().as_deref(), Some("\"906/2019 22 § 1 mom\""));
        assert!(serde_json::from_str::<Citation>("\"906/2019 22\"").is_err());
    }

    fn boxed(pattern: &'static str) -> impl Strategy<Value = Box<str>> {
        pattern.prop_map(String::into_boxed_str)
    }

    prop_compose! {
        fn finnish()(
            number in 1_u32..=99_999,
            year in 1700_u16..=2099,
            chapter in option::of(boxed("[1-9][0-9]{0,2}[a-z]?")),
            section in boxed("[1-9][0-9]{0,3}[a-z]?"),
            moment in option::of(1_u16..=999),
            item in option::of(boxed("[1-9][0-9]{0,2}[a-z]?")),
            subitem in option::of(boxed("[a-zåäö]")),
        ) -> Citation {
            let item = item.filter(|_| moment.is_some());
            let subitem = subitem.filter(|_| item.is_some());
            Citation { jurisdiction: Jurisdiction::Fi, number, year, chapter, section, moment, item, subitem }
        }
    }

    prop_compose! {
        fn european()(
            number in 1_u32..=99_999,
            year in 2000_u16..=2099,
            section in boxed("[1-9][0-9]{0,3}[a-z]?"),
            moment in option::of(1_u16..=999),
            subitem in option::of(boxed("[a-zåäö]")),
        ) -> Citation {
            Citation { jurisdiction: Jurisdiction::Eu, number, year, chapter: None, section, moment, item: None, subitem }
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back_the_same(citation in prop_oneof![finnish(), european()]) {
            prop_assert_eq!(Citation::parse_normalising(&citation.to_string()), Ok((citation, false)));
        }

        #[test]
        fn what_is_shown_in_swedish_reads_back_the_same(citation in finnish()) {
            let text = format!("{}/{} {}", citation.number, citation.year, citation.display_sv());
            prop_assert_eq!(parsed(&text), Ok(citation));
        }

        #[test]
        fn keys_differ_when_citations_do(a in finnish(), b in finnish()) {
            prop_assert_eq!(a == b, a.key() == b.key());
        }
    }
}
