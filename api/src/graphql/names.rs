//! Names in the three languages: how they are given, and how they are searched.

use async_graphql::InputObject;

use crate::checks::NamesInput;

/// Text in Finnish and, where there is one, in Swedish and English.
#[derive(InputObject)]
pub struct LocalisedTextInput {
    /// Finnish, at most 200 characters.
    fi: String,
    /// Swedish, at most 200 characters.
    sv: Option<String>,
    /// English, at most 200 characters.
    en: Option<String>,
}

impl From<LocalisedTextInput> for NamesInput {
    fn from(text: LocalisedTextInput) -> Self {
        Self { fi: Some(text.fi), sv: text.sv, en: text.en }
    }
}

/// Whether a part of a name occurs in any language, without regard to case.
pub fn is_named(part: &str, fi: &str, sv: Option<&String>, en: Option<&String>) -> bool {
    let part = part.to_lowercase();
    let holds = |name: &str| name.to_lowercase().contains(&part);
    holds(fi) || sv.is_some_and(|name| holds(name)) || en.is_some_and(|name| holds(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_of_a_name_in_any_language_and_case_is_found() {
        let (sv, en) = ("Folkpensionsanstalten".to_owned(), "Social Insurance Institution".to_owned());
        let found = |part| is_named(part, "Kansaneläkelaitos", Some(&sv), Some(&en));
        for part in ["ELÄKE", "pensions", "insurance i", ""] {
            assert!(found(part), "{part}");
        }
        assert!(!found("vero"));
        assert!(!is_named("folk", "Kansaneläkelaitos", None, None));
    }
}
