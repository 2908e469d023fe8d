//! Language of names, from what the client accepts.

use axum::http::{HeaderMap, header::ACCEPT_LANGUAGE};
use entity::vocabulary::Language;

/// Language the client likes best of those the registry has; Finnish when it names none of them.
pub fn preferred_language(headers: &HeaderMap) -> Language {
    let values = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    let mut best = (0.0, Language::Fi);
    for range in values.flat_map(|value| value.split(',')) {
        if let Some((quality, language)) = ranked(range)
            && quality > best.0
        {
            best = (quality, language);
        }
    }
    best.1
}

fn ranked(range: &str) -> Option<(f32, Language)> {
    let mut parts = range.split(';').map(str::trim);
    let tag = parts.next()?.split('-').next()?;
    let language = match tag.to_ascii_lowercase().as_str() {
        "fi" => Language::Fi,
        "sv" => Language::Sv,
        "en" => Language::En,
        _ => return None,
    };
    let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |quality| quality.parse().ok())?;
    Some((quality, language))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn best_liked_language_is_taken_and_finnish_otherwise() {
        for (accepted, language) in [
            ("", Language::Fi),
            ("sv", Language::Sv),
            ("de, en;q=0.5, sv-FI;q=0.8", Language::Sv),
            ("EN-gb,fi", Language::En),
            ("en;q=0", Language::Fi),
            ("sv;q=x, en;q=0.1", Language::En),
            ("*", Language::Fi),
        ] {
            let headers = [(ACCEPT_LANGUAGE, HeaderValue::from_static(accepted))].into_iter().collect();
            assert_eq!(preferred_language(&headers), language, "{accepted}");
        }
    }
}
