//! Names in the three languages.

use super::Language;

impl Language {
    /// Name in this language, or in Finnish, which always stands.
    pub fn choose(self, fi: &str, sv: Option<&String>, en: Option<&String>) -> String {
        let said = match self {
            Self::Fi => None,
            Self::Sv => sv,
            Self::En => en,
        };
        said.map_or_else(|| fi.to_owned(), Clone::clone)
    }
}
