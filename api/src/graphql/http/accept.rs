//! What a client takes for an answer: `Accept`, with its wildcards and weights (RFC 9110, 12.5.1).

use axum::http::{HeaderMap, header::ACCEPT};

use super::answer::Media;

/// A form and how well a client likes it: its weight in thousandths, then how closely it named it.
type Liking = (u16, Closeness);

/// How closely a range names a form. Of two ranges that hold it the closer one speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    /// `*/*`.
    Anything,
    /// `application/*`.
    Kind,
    /// The form itself.
    Named,
}

/// One range of an `Accept` header.
struct Range {
    kind: String,
    form: String,
    weight: u16,
}

impl Range {
    /// Range of a text; none where it is malformed, or wants another character set than UTF-8.
    fn of(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, form) = parts.next()?.split_once('/')?;
        let is_token = |text: &str| !text.is_empty() && text.bytes().all(is_of_token);
        if !is_token(kind) || !is_token(form) || (kind == "*" && form != "*") {
            return None;
        }
        let mut weight = 1_000;
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "q" => weight = thousandths(value)?,
                "charset" if !value.eq_ignore_ascii_case("utf-8") => return None,
                _ => {}
            }
        }
        Some(Self { kind: kind.to_ascii_lowercase(), form: form.to_ascii_lowercase(), weight })
    }

    fn holds(&self, kind: &str, form: &str) -> Option<Closeness> {
        match (self.kind.as_str(), self.form.as_str()) {
            ("*", "*") => Some(Closeness::Anything),
            (own, "*") => (own == kind).then_some(Closeness::Kind),
            (own, named) => (own == kind && named == form).then_some(Closeness::Named),
        }
    }
}

fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Weight of a text `1`, `0.5` or `0.123`.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 3 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part: u16 = format!("{part:0<3}").parse().ok()?;
    match whole {
        "0" => Some(part),
        "1" if part == 0 => Some(1_000),
        _ => None,
    }
}

/// Ranges of the request; none when it has no such header, or an empty one.
fn ranges(headers: &HeaderMap) -> Option<Vec<Range>> {
    let values: Vec<_> = headers.get_all(ACCEPT).iter().map(|value| value.to_str().unwrap_or_default()).collect();
    let given: Vec<_> =
        values.iter().flat_map(|value| value.split(',')).filter(|text| !text.trim().is_empty()).collect();
    (!given.is_empty()).then(|| given.into_iter().filter_map(Range::of).collect())
}

fn liking(ranges: &[Range], kind: &str, form: &str) -> Option<Liking> {
    let held = ranges.iter().filter_map(|range| Some((range.holds(kind, form)?, range.weight)));
    let (closeness, weight) = held.max()?;
    (weight > 0).then_some((weight, closeness))
}

/// Form the client likes best of those an answer can have; none when it takes neither.
///
/// The newer form is the better one of two that are liked alike and both named. Whoever names none, or takes anything,
/// gets plain JSON, which every client reads.
pub(super) fn preferred(headers: &HeaderMap) -> Option<Media> {
    let Some(ranges) = ranges(headers) else { return Some(Media::Json) };
    let plain = liking(&ranges, "application", "json");
    let newer = liking(&ranges, "application", "graphql-response+json");
    let is_newer = match (plain, newer) {
        (None, None) => return None,
        (Some(_), None) => false,
        (None, Some(_)) => true,
        (Some(plain), Some(newer)) => newer.0 > plain.0 || (newer.1 == Closeness::Named && newer >= plain),
    };
    Some(if is_newer { Media::GraphqlJson } else { Media::Json })
}

/// Whether a browser asks: it names a page among what it takes.
pub(super) fn asks_for_page(headers: &HeaderMap) -> bool {
    let ranges = ranges(headers).unwrap_or_default();
    matches!(liking(&ranges, "text", "html"), Some((_, Closeness::Named)))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn accepted(values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (ACCEPT, HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn best_liked_form_is_taken_and_plain_json_when_all_are_alike() {
        const JSON: Option<Media> = Some(Media::Json);
        const NEWER: Option<Media> = Some(Media::GraphqlJson);
        for (values, form) in [
            (&[][..], JSON),
            (&[""], JSON),
            (&["*/*"], JSON),
            (&["application/*"], JSON),
            (&["application/json"], JSON),
            (&["application/json; charset=utf-8"], JSON),
            (&["APPLICATION/JSON;Charset=\"UTF-8\""], JSON),
            (&["application/graphql-response+json"], NEWER),
            (&["application/graphql-response+json; charset=utf-8, application/json; charset=utf-8"], NEWER),
            (&["application/graphql-response+json, application/json;q=0.9"], NEWER),
            (&["application/json, application/graphql-response+json"], NEWER),
            (&["application/json;q=0.9", "application/graphql-response+json"], NEWER),
            (&["application/json, application/graphql-response+json;q=0.9"], JSON),
            (&["application/json;q=0.2, application/graphql-response+json;q=0.3"], NEWER),
            (&["application/json, */*"], JSON),
            (&["application/json, */*;q=0.1"], JSON),
            (&["application/graphql-response+json, */*"], NEWER),
            (&["application/json;q=0, */*"], NEWER),
            (&["application/graphql-response+json;q=0, */*"], JSON),
            (&["application/json;q=0.5, */*"], NEWER),
            (&["*/*;q=0.001"], JSON),
            (&["text/html, application/xml;q=0.9, */*;q=0.8"], JSON),
            (&["text/html, , application/json"], JSON),
            (&["text/html"], None),
            (&["application/json;q=0"], None),
            (&["*/*;q=0"], None),
            (&["*/*;q=0.000, text/html"], None),
            (&["application/json;charset=utf-16"], None),
            (&["application/json;q=2"], None),
            (&["application/json;q=0.1234"], None),
            (&["application/json;q="], None),
            (&["json"], None),
            (&["*/json"], None),
            (&["application/xml, application/graphql+json"], None),
        ] {
            assert_eq!(preferred(&accepted(values)), form, "{values:?}");
        }
    }

    #[test]
    fn browser_is_told_by_the_page_it_names() {
        assert!(asks_for_page(&accepted(&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"])));
        for other in ["", "*/*", "text/*", "text/html;q=0", "application/json"] {
            assert!(!asks_for_page(&accepted(&[other])), "{other}");
        }
    }
}
