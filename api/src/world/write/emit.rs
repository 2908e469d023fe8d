//! YAML as people like to read it: what fits a line stands on one, all else in blocks.

use entity::vocabulary::{Day, Instant, SharedText, helsinki_day, helsinki_midnight, instant_text};

/// Longest line, in characters, where a value can be broken.
const LINE_CHARACTERS_MAX: usize = 120;

/// Value to be written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value {
    /// Text.
    Text(String),
    /// Number or truth value, in its written form.
    Bare(String),
    /// Day or instant, in its written form.
    Time(String),
    List(Vec<Value>),
    Map(Entry),
}

/// Keys and values, in the order given; what is nothing is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry(Vec<(&'static str, Value)>);

impl Entry {
    pub(super) fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.0.push((key, value.into()));
        self
    }

    pub(super) fn maybe(self, key: &'static str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    pub(super) fn flag(self, key: &'static str, set: bool) -> Self {
        if set { self.with(key, true) } else { self }
    }

    pub(super) fn list<V: Into<Value>>(self, key: &'static str, values: impl IntoIterator<Item = V>) -> Self {
        let values: Vec<Value> = values.into_iter().map(Into::into).collect();
        if values.is_empty() { self } else { self.with(key, Value::List(values)) }
    }

    pub(super) fn names(self, key: &'static str, fi: Option<&str>, sv: Option<&String>, en: Option<&String>) -> Self {
        let names = Self::default().maybe("fi", fi).maybe("sv", sv).maybe("en", en);
        if names.0.is_empty() { self } else { self.with(key, names) }
    }

    /// Both, one after the other.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Text of a file whose keys these are.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (at, (key, value)) in self.0.iter().enumerate() {
            if at > 0 {
                text.push('\n');
            }
            pair(&mut text, 0, key, value);
        }
        text
    }
}

impl Entry {
    /// The same as JSON.
    pub(super) fn json(&self) -> String {
        let mut text = String::new();
        json(&mut text, 0, &Value::Map(self.clone()));
        text.push('\n');
        text
    }
}

fn json(text: &mut String, indent: usize, value: &Value) {
    match value {
        Value::Text(said) | Value::Time(said) => text.push_str(&json_text(said)),
        Value::Bare(said) => text.push_str(said),
        Value::List(values) => {
            let each = |text: &mut String, value: &Value| json(text, indent + 2, value);
            json_parts(text, indent, ('[', ']'), values, each);
        }
        Value::Map(entry) => json_parts(text, indent, ('{', '}'), &entry.0, |text, (key, value)| {
            text.push_str(&json_text(key));
            text.push_str(": ");
            json(text, indent + 2, value);
        }),
    }
}

fn json_parts<T>(
    text: &mut String,
    indent: usize,
    (open, close): (char, char),
    parts: &[T],
    each: impl Fn(&mut String, &T),
) {
    text.push(open);
    for (at, part) in parts.iter().enumerate() {
        text.push_str(if at > 0 { ",\n" } else { "\n" });
        text.push_str(&" ".repeat(indent + 2));
        each(text, part);
    }
    if !parts.is_empty() {
        text.push('\n');
        text.push_str(&" ".repeat(indent));
    }
    text.push(close);
}

fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl From<Entry> for Value {
    fn from(entry: Entry) -> Self {
        Self::Map(entry)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<&SharedText> for Value {
    fn from(text: &SharedText) -> Self {
        text.as_str().into()
    }
}

impl From<bool> for Value {
    fn from(set: bool) -> Self {
        Self::Bare(set.to_string())
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Bare(number.to_string())
    }
}

impl From<Day> for Value {
    fn from(day: Day) -> Self {
        Self::Time(day.to_string())
    }
}

/// Instant; as a day where it is that day's first in Helsinki.
impl From<Instant> for Value {
    fn from(instant: Instant) -> Self {
        let day = helsinki_day(instant);
        let is_midnight = helsinki_midnight(day) == instant;
        Self::Time(if is_midnight { day.to_string() } else { instant_text(instant) })
    }
}

fn pair(text: &mut String, indent: usize, key: &str, value: &Value) {
    text.push_str(key);
    text.push(':');
    let flow = flow(value);
    let is_list_of_maps = matches!(value, Value::List(items) if items.iter().any(|item| matches!(item, Value::Map(_))));
    let fits = indent + key.len() + 2 + flow.chars().count() <= LINE_CHARACTERS_MAX;
    match value {
        Value::List(items) if !items.is_empty() && (!fits || is_list_of_maps) => {
            text.push('\n');
            for item in items {
                element(text, indent + 2, item);
            }
        }
        Value::Map(entry) if !fits => {
            text.push('\n');
            for (key, value) in &entry.0 {
                text.push_str(&" ".repeat(indent + 2));
                pair(text, indent + 2, key, value);
            }
        }
        _ => {
            text.push(' ');
            text.push_str(&flow);
            text.push('\n');
        }
    }
}

fn element(text: &mut String, indent: usize, value: &Value) {
    text.push_str(&" ".repeat(indent));
    text.push_str("- ");
    let flow = flow(value);
    match value {
        Value::Map(entry) if indent + 2 + flow.chars().count() > LINE_CHARACTERS_MAX => {
            for (at, (key, value)) in entry.0.iter().enumerate() {
                if at > 0 {
                    text.push_str(&" ".repeat(indent + 2));
                }
                pair(text, indent + 2, key, value);
            }
        }
        _ => {
            text.push_str(&flow);
            text.push('\n');
        }
    }
}

fn flow(value: &Value) -> String {
    match value {
        Value::Text(text) => scalar(text),
        Value::Bare(text) | Value::Time(text) => text.clone(),
        Value::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Map(entry) => {
            let pairs: Vec<_> = entry.0.iter().map(|(key, value)| format!("{key}: {}", flow(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
    }
}

/// Text as a scalar that reads as the same text everywhere, in quotes where it would not.
fn scalar(text: &str) -> String {
    let safe_start = text.starts_with(|first: char| first.is_alphabetic());
    let digits_start = text.starts_with(|first: char| first.is_ascii_digit());
    let is_number_like =
        text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'_' | b'e' | b'E' | b'x' | b'o' | b'+' | b'-'));
    let safe_inside = !text.contains([',', '[', ']', '{', '}', '"', '\\', '\u{feff}'])
        && !text.chars().any(char::is_control)
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([' ', ':'])
        && !text.contains(['\u{2028}', '\u{2029}', '\u{a0}']);
    let word = text.to_ascii_lowercase();
    let is_word = matches!(word.as_str(), "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n");
    let hyphenated = text.matches('-').count() == 1 && !text.contains(['.', 'e', 'E', '+']) && text.len() > 3;
    let plain = safe_inside && !is_word && (safe_start || (digits_start && (!is_number_like || hyphenated)));
    if plain { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            other if other.is_control() || matches!(other, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                quoted.extend(format!("\\u{:04x}", u32::from(other)).chars());
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::scalar;

    #[test]
    fn scalars_that_would_read_otherwise_stand_in_quotes() {
        for text in ["0119343-0", "906/2019 22 § 1 mom", "KEL.DECISION@CHILD", "http://a.example/b#c", "Kela: n"] {
            assert_eq!(scalar(text) == text, text != "Kela: n", "{text}");
        }
        for text in ["091", "1e5", "true", "No", "", " a", "a, b", "- a", "a #b", "1.2.246.562", "1.2", "a\nb"] {
            assert!(scalar(text).starts_with('"'), "{text}");
        }
    }
}
