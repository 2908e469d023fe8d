//! YAML of a world file as plain values, each with the place it stands at.

use saphyr::{LoadableYamlNode, MarkedYaml, Marker, Scalar, YamlData};

/// Line and column of a value, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    pub line: usize,
    pub column: usize,
}

impl From<Marker> for Spot {
    fn from(marker: Marker) -> Self {
        Self { line: marker.line(), column: marker.col() + 1 }
    }
}

/// Value with its place.
#[derive(Debug)]
pub(super) struct Node {
    pub spot: Spot,
    pub value: Value,
}

/// What stands at a place. Scalars keep the text as written, so that `0119343-0` and `091` lose no digit.
#[derive(Debug)]
pub(super) enum Value {
    Null,
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// Something a world file has no use for.
    Other,
}

/// Key of a map with its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub key: String,
    pub spot: Spot,
    pub node: Node,
}

/// Reads a file of one document; nothing for an empty one.
///
/// # Errors
/// The place where the text stops being YAML, and why.
pub(super) fn parse(text: &str) -> Result<Option<Node>, (Spot, String)> {
    let documents = MarkedYaml::load_from_str(text)
        .map_err(|error| (Spot::from(*error.marker()), format!("not YAML: {}", error.info())))?;
    if let [_, second, ..] = documents.as_slice() {
        return Err((second.span.start.into(), "a world file holds one document".to_owned()));
    }
    let characters: Vec<char> = text.chars().collect();
    Ok(documents.first().map(|document| node(document, &characters)))
}

fn node(yaml: &MarkedYaml<'_>, source: &[char]) -> Node {
    let value = match &yaml.data {
        YamlData::Value(Scalar::Null) => Value::Null,
        YamlData::Value(Scalar::String(text)) => Value::Text(text.trim_end_matches('\n').to_owned()),
        YamlData::Value(_) => {
            let written = source.get(yaml.span.start.index()..yaml.span.end.index()).unwrap_or_default();
            Value::Text(written.iter().collect::<String>().trim().to_owned())
        }
        YamlData::Sequence(items) => Value::List(items.iter().map(|item| node(item, source)).collect()),
        YamlData::Mapping(map) => Value::Map(map.iter().map(|(key, value)| entry(key, value, source)).collect()),
        YamlData::Tagged(..) | YamlData::Representation(..) | YamlData::Alias(_) | YamlData::BadValue => Value::Other,
    };
    Node { spot: yaml.span.start.into(), value }
}

fn entry(key: &MarkedYaml<'_>, value: &MarkedYaml<'_>, source: &[char]) -> Entry {
    let (key, value) = (node(key, source), node(value, source));
    let text = match key.value {
        Value::Text(text) => text,
        Value::Null | Value::List(_) | Value::Map(_) | Value::Other => String::new(),
    };
    Entry { key: text, spot: key.spot, node: value }
}

#[cfg(test)]
mod tests {
    use super::{Spot, Value, parse};

    #[test]
    fn scalars_keep_their_text_and_place() {
        let text = "a: 0119343-0\nb: [091, 1e5, true, ~]\n";
        let Ok(Some(root)) = parse(text) else { panic!("not read") };
        let Value::Map(entries) = root.value else { panic!("not a map") };
        assert!(matches!(&entries[0].node.value, Value::Text(text) if text == "0119343-0"));
        assert_eq!(entries[0].node.spot, Spot { line: 1, column: 4 });
        let Value::List(items) = &entries[1].node.value else { panic!("not a list") };
        let texts: Vec<_> = items
            .iter()
            .map(|item| match &item.value {
                Value::Text(text) => text.as_str(),
                _ => "",
            })
            .collect();
        assert_eq!(texts, ["091", "1e5", "true", ""]);
    }

    #[test]
    fn syntax_error_has_its_place() {
        let Err((spot, message)) = parse("a: 1\nb: [1, 2\n") else { panic!("read") };
        assert!(spot.line >= 2, "{spot:?} {message}");
    }
}
