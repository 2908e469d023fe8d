//! X-Road identifier: how an information system is named in the Suomi.fi Data Exchange Layer and its Estonian sister.
//!
//! Names a subsystem, `INSTANCE/CLASS/MEMBER/SUBSYSTEM`; a member's code in Finland is its business id.

use super::malformed::{Malformed, checked_text};
use std::str::FromStr;

const INSTANCES: [&str; 7] = ["FI", "FI-TEST", "FI-DEV", "EE", "EE-TEST", "ee-dev", "ee-test"];
const MEMBER_CLASSES: [&str; 7] = ["GOV", "MUN", "COM", "EDU", "ORG", "PUB", "NGO"];
const CODE_CHARACTERS_MAX: usize = 64;

/// Identifier of an X-Road subsystem, `FI/GOV/0245437-2/VTJkysely`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, sea_orm::DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "Text")]
pub struct XRoadId(Box<str>);

checked_text!(XRoadId);

impl XRoadId {
    /// Identifier as written, with its three slashes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Instance of X-Road, `FI` or a test environment of it.
    pub fn instance(&self) -> &str {
        self.part(0)
    }

    /// Class of the member, `GOV` for the state.
    pub fn member_class(&self) -> &str {
        self.part(1)
    }

    /// Code of the member; its business id in Finland.
    pub fn member_code(&self) -> &str {
        self.part(2)
    }

    /// Code of the member's subsystem.
    pub fn subsystem_code(&self) -> &str {
        self.part(3)
    }

    /// Reads the other spellings too: after `SUBSYSTEM:`, and with dots, of which the first three separate.
    ///
    /// # Errors
    /// As the strict form, once the text is rewritten.
    pub fn normalised(text: &str) -> Result<Self, Malformed> {
        let text = text.trim();
        let text = text.strip_prefix("SUBSYSTEM:").unwrap_or(text);
        if text.contains('/') { text.parse() } else { text.replacen('.', "/", 3).parse() }
    }

    fn part(&self, position: usize) -> &str {
        // INVARIANT: the text has exactly four parts.
        self.0.split('/').nth(position).unwrap_or_default()
    }
}

impl FromStr for XRoadId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut parts = text.split('/');
        let four = [(); 4].map(|()| parts.next());
        let ([Some(instance), Some(class), Some(member), Some(subsystem)], None) = (four, parts.next()) else {
            return Err(malformed("form is not `INSTANCE/CLASS/MEMBER/SUBSYSTEM`"));
        };
        if !INSTANCES.contains(&instance) {
            return Err(malformed("unknown instance"));
        }
        if !MEMBER_CLASSES.contains(&class) {
            return Err(malformed("unknown member class"));
        }
        if !is_code(member) || !is_code(subsystem) {
            return Err(malformed("code is not 1 to 64 of the characters X-Road allows"));
        }
        Ok(Self(text.into()))
    }
}

const fn malformed(why: &'static str) -> Malformed {
    Malformed { what: "X-Road id", why }
}

fn is_code(code: &str) -> bool {
    (1..=CODE_CHARACTERS_MAX).contains(&code.len())
        && code.bytes().all(|b| b.is_ascii_alphanumeric() || b"'()+,-.=?".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::{Malformed, XRoadId};

    #[test]
    fn subsystem_is_taken_apart_into_its_four_codes() -> Result<(), Malformed> {
        let id: XRoadId = "FI/GOV/0245437-2/VTJkysely".parse()?;
        assert_eq!(id.instance(), "FI");
        assert_eq!(id.member_class(), "GOV");
        assert_eq!(id.member_code(), "0245437-2");
        assert_eq!(id.subsystem_code(), "VTJkysely");
        Ok(())
    }

    #[test]
    fn normaliser_reads_the_prefixed_and_the_dotted_spelling() -> Result<(), Malformed> {
        for (written, meant) in [
            ("SUBSYSTEM:FI-TEST/GOV/0245437-2/ServiceViewClient", "FI-TEST/GOV/0245437-2/ServiceViewClient"),
            ("FI.GOV.0245437-2.VTJkysely", "FI/GOV/0245437-2/VTJkysely"),
            ("FI.GOV.0245437-2.VTJ.kysely", "FI/GOV/0245437-2/VTJ.kysely"),
            (" FI/GOV/2769790-1/koski ", "FI/GOV/2769790-1/koski"),
        ] {
            assert_eq!(XRoadId::normalised(written)?.as_str(), meant);
        }
        Ok(())
    }

    #[test]
    fn strict_form_refuses_what_the_normaliser_rewrites() {
        for id in [
            "SUBSYSTEM:FI-TEST/GOV/0245437-2/ServiceViewClient",
            "FI.GOV.0245437-2.VTJkysely",
            " FI/GOV/2769790-1/koski",
        ] {
            assert!(id.parse::<XRoadId>().is_err(), "{id}");
        }
    }

    #[test]
    fn unknown_codes_and_other_shapes_are_refused() {
        let long = format!("FI/GOV/1/{}", "x".repeat(65));
        for id in [
            "",
            "FI/GOV/0245437-2",
            "FI/GOV/0245437-2/",
            "FI/GOV/0245437-2/a/b",
            "SE/GOV/1/a",
            "fi/GOV/1/a",
            "FI/gov/1/a",
            "FI/GOV/1 2/a",
            "FI/GOV/1/ä",
            "FI/GOV/1/a:b",
            &long,
        ] {
            assert!(id.parse::<XRoadId>().is_err(), "{id}");
            assert!(XRoadId::normalised(id).is_err(), "{id}");
        }
    }

    #[test]
    fn estonian_instances_and_every_allowed_character_are_accepted() {
        for id in ["ee-dev/NGO/70000000/x", "EE/COM/10000000/A'()+,-.=?z9"] {
            assert!(id.parse::<XRoadId>().is_ok(), "{id}");
        }
    }
}
