//! Keys of one map, read by type. A fault is noted and a stand-in given, so that the reading goes on to the next fault;
//! what was read with faults never leaves the module.

use std::cell::{Cell, RefCell};

use entity::vocabulary::{ClosedEnum, Codes, Day, Instant, RowId, contains_personal_identity_code};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    fault::{Faults, Parsed, Place, snake_case},
    origin::{Form, Origin},
    parse,
    tree::{Entry, Node, Spot, Value},
};
use crate::FaultCode;

/// Longest text of a world file, in characters.
const TEXT_CHARACTERS_MAX: usize = 20_000;

/// Name or text in three languages.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub fi: Option<String>,
    pub sv: Option<String>,
    pub en: Option<String>,
}

/// Keys of one map.
pub(super) struct Fields<'a> {
    file: &'a str,
    spot: Spot,
    path: String,
    entries: &'a [Entry],
    is_map: bool,
    asked: RefCell<Vec<&'static str>>,
    faults: &'a Faults,
    clean: Cell<bool>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(file: &'a str, path: String, node: &'a Node, faults: &'a Faults) -> Self {
        let (entries, is_map): (&[Entry], bool) = match &node.value {
            Value::Map(entries) => (entries, true),
            Value::Null | Value::Text(_) | Value::List(_) | Value::Other => (&[], false),
        };
        let asked = RefCell::default();
        let fields = Self { file, spot: node.spot, path, entries, is_map, asked, faults, clean: Cell::new(true) };
        if !is_map {
            fields.add(&fields.place(), FaultCode::Malformed, "expected keys with values".to_owned());
        }
        fields
    }

    /// Where the map stands.
    pub(super) fn place(&self) -> Place {
        Place { file: self.file.to_owned(), spot: self.spot, path: self.path.clone() }
    }

    /// Where a key stands, or the map where the key is missing.
    pub(super) fn place_of(&self, key: &str) -> Place {
        let spot = self.entries.iter().find(|entry| entry.key == key).map_or(self.spot, |entry| entry.spot);
        self.place_at(key, None, spot)
    }

    /// Where the map and its keys stand.
    pub(super) fn origin(&self, form: Form) -> Origin {
        let keys = self.entries.iter().map(|entry| (entry.key.clone(), entry.spot));
        Origin::new(self.place(), keys.collect(), form)
    }

    /// Notes a fault at a key, or at the map where the key is missing.
    pub(super) fn fault(&self, key: &str, code: FaultCode, message: impl Into<String>) {
        self.add(&self.place_of(key), code, message.into());
    }

    fn add(&self, place: &Place, code: FaultCode, message: String) {
        self.clean.set(false);
        self.faults.add(place.fault(code, message));
    }

    /// Whether everything asked of the map so far stood without fault.
    pub(super) fn is_clean(&self) -> bool {
        self.clean.get()
    }

    /// Notes what a rule found.
    pub(super) fn note(&self, breaches: Vec<super::rules::Breach>) {
        for (member, code, message) in breaches {
            self.fault(&snake_case(member), code, message);
        }
    }

    /// Notes the keys nobody asked for; whether the map stood without fault.
    pub(super) fn finish(&self) -> bool {
        let asked = self.asked.borrow();
        for entry in self.entries.iter().filter(|entry| !asked.contains(&entry.key.as_str())) {
            let is_plain = entry.key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            let key = if is_plain { entry.key.as_str() } else { "…" };
            let near = nearest(&entry.key, &asked).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let place = self.place_at(key, None, entry.spot);
            self.add(&place, FaultCode::Malformed, format!("unknown key `{key}`{near}"));
        }
        self.is_clean()
    }

    /// Whether the key stands, even with nothing in it.
    pub(super) fn given(&self, key: &'static str) -> bool {
        self.node(key).is_some()
    }

    /// Value a key must have.
    pub(super) fn required<T>(&self, key: &'static str, parse: impl Fn(&str) -> Parsed<T>) -> Option<T> {
        if self.filled(key).is_none() {
            self.missing(key);
            return None;
        }
        self.optional(key, parse)
    }

    /// Value a key may have.
    pub(super) fn optional<T>(&self, key: &'static str, parse: impl Fn(&str) -> Parsed<T>) -> Option<T> {
        let node = self.filled(key)?;
        self.read(key, None, node, parse)
    }

    /// Values of a key; one alone needs no brackets.
    pub(super) fn each<T>(&self, key: &'static str, parse: impl Fn(&str) -> Parsed<T>) -> Vec<T> {
        match self.filled(key) {
            None => Vec::new(),
            Some(Node { value: Value::List(nodes), .. }) => self.read_all(key, nodes, &parse),
            Some(node) => self.read(key, None, node, parse).into_iter().collect(),
        }
    }

    /// Values of a key, at least one.
    pub(super) fn some<T>(&self, key: &'static str, parse: impl Fn(&str) -> Parsed<T>) -> Vec<T> {
        let before = self.faults.len();
        let values = self.each(key, parse);
        if values.is_empty() && self.faults.len() == before {
            self.missing(key);
        }
        values
    }

    /// Values of a key, at least one unless there may be none.
    pub(super) fn some_unless<T>(
        &self,
        may_lack: bool,
        key: &'static str,
        parse: impl Fn(&str) -> Parsed<T>,
    ) -> Vec<T> {
        if may_lack { self.each(key, parse) } else { self.some(key, parse) }
    }

    /// Lists of a key, one after the other.
    pub(super) fn lists<T>(&self, key: &'static str, parse: impl Fn(&str) -> Parsed<T>) -> Vec<Vec<T>> {
        let Some(Node { value: Value::List(nodes), .. }) = self.filled(key) else {
            return vec![self.some(key, parse)];
        };
        if !nodes.iter().any(|node| matches!(node.value, Value::List(_))) {
            return vec![self.some(key, parse)];
        }
        nodes
            .iter()
            .enumerate()
            .map(|(at, node)| match &node.value {
                Value::List(inner) => self.read_all(key, inner, &parse),
                _ => self.read(key, Some(at), node, &parse).into_iter().collect(),
            })
            .collect()
    }

    /// Maps of a list.
    pub(super) fn maps(&self, key: &'static str) -> Vec<Fields<'a>> {
        match self.filled(key) {
            None => Vec::new(),
            Some(Node { value: Value::List(nodes), .. }) => {
                let child = |(at, node)| Fields::new(self.file, self.path_of(key, Some(at)), node, self.faults);
                nodes.iter().enumerate().map(child).collect()
            }
            Some(_) => {
                self.fault(key, FaultCode::Malformed, "expected a list");
                Vec::new()
            }
        }
    }

    /// Map of a key.
    pub(super) fn map(&self, key: &'static str) -> Option<Fields<'a>> {
        self.filled(key).map(|node| Fields::new(self.file, self.path_of(key, None), node, self.faults))
    }

    /// Weights by code.
    pub(super) fn weights<E: ClosedEnum>(&self) -> Vec<(E, u32)> {
        let mut weights = Vec::new();
        for (value, code, _) in E::ALL {
            let weight = |text: &str| text.parse().map_err(|_| (FaultCode::Malformed, "not a weight".to_owned()));
            weights.extend(self.optional(code, weight).map(|weight| (*value, weight)));
        }
        weights
    }

    /// Secret of a key; it never appears in a fault.
    pub(super) fn secret(&self, key: &'static str) -> Option<Zeroizing<String>> {
        match &self.filled(key)?.value {
            Value::Text(text) if !text.is_empty() => Some(Zeroizing::new(text.clone())),
            _ => {
                self.fault(key, FaultCode::Malformed, "expected one value");
                None
            }
        }
    }

    /// Secrets of a list.
    pub(super) fn secrets(&self, key: &'static str) -> Vec<Zeroizing<String>> {
        let Some(Node { value: Value::List(nodes), .. }) = self.filled(key) else {
            return self.secret(key).into_iter().collect();
        };
        let mut secrets = Vec::new();
        for node in nodes {
            match &node.value {
                Value::Text(text) if !text.is_empty() => secrets.push(Zeroizing::new(text.clone())),
                _ => self.fault(key, FaultCode::Malformed, "expected a list of single values"),
            }
        }
        secrets
    }

    pub(super) fn text(&self, key: &'static str) -> String {
        self.required(key, parse::text).unwrap_or_default()
    }

    pub(super) fn maybe_text(&self, key: &'static str) -> Option<String> {
        self.optional(key, parse::text)
    }

    /// Note or description, which may have lines.
    pub(super) fn prose(&self, key: &'static str) -> String {
        self.required(key, parse::prose).unwrap_or_default()
    }

    /// The same where it may be absent.
    pub(super) fn maybe_prose(&self, key: &'static str) -> Option<String> {
        self.optional(key, parse::prose)
    }

    pub(super) fn choice<E: ClosedEnum>(&self, key: &'static str) -> E {
        self.required(key, parse::choice).unwrap_or(E::ALL[0].0)
    }

    pub(super) fn choice_or<E: ClosedEnum>(&self, key: &'static str, otherwise: E) -> E {
        self.optional(key, parse::choice).unwrap_or(otherwise)
    }

    pub(super) fn codes<E: ClosedEnum>(&self, key: &'static str) -> Codes<E> {
        self.some(key, parse::choice).into_iter().collect()
    }

    pub(super) fn flag(&self, key: &'static str) -> bool {
        self.required(key, parse::flag).unwrap_or_default()
    }

    pub(super) fn flag_or_false(&self, key: &'static str) -> bool {
        self.optional(key, parse::flag).unwrap_or_default()
    }

    pub(super) fn number(&self, key: &'static str) -> i32 {
        self.required(key, parse::number).unwrap_or_default()
    }

    pub(super) fn number_or(&self, key: &'static str, otherwise: i32) -> i32 {
        self.optional(key, parse::number).unwrap_or(otherwise)
    }

    pub(super) fn day(&self, key: &'static str) -> Day {
        self.required(key, parse::day).unwrap_or_default()
    }

    pub(super) fn instant(&self, key: &'static str) -> Instant {
        self.required(key, parse::instant).unwrap_or_default()
    }

    /// Row a key must refer to.
    pub(super) fn refer<I: RowId>(&self, key: &'static str, find: impl Fn(&str) -> Parsed<I>) -> I {
        self.required(key, find).unwrap_or_else(|| Uuid::nil().into())
    }

    /// Name in Finnish and, where known, in the other languages.
    pub(super) fn names(&self, key: &'static str) -> (String, Option<String>, Option<String>) {
        if self.filled(key).is_none() {
            self.missing(key);
            return Default::default();
        }
        let faults = self.faults.len();
        let Names { fi, sv, en } = self.languages(key, parse::text);
        if fi.is_none() && self.faults.len() == faults {
            self.fault(key, FaultCode::Blank, "the Finnish text (`fi`) is missing");
        }
        (fi.unwrap_or_default(), sv, en)
    }

    /// Description in the languages it is known in.
    pub(super) fn maybe_descriptions(&self, key: &'static str) -> Names {
        self.languages(key, parse::prose)
    }

    fn languages(&self, key: &'static str, parse: fn(&str) -> Parsed<String>) -> Names {
        self.map(key).map_or_else(Names::default, |fields| {
            let read = |language| fields.optional(language, parse);
            let names = Names { fi: read("fi"), sv: read("sv"), en: read("en") };
            if !fields.finish() {
                self.clean.set(false);
            }
            names
        })
    }

    fn node(&self, key: &'static str) -> Option<&'a Node> {
        self.asked.borrow_mut().push(key);
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    fn filled(&self, key: &'static str) -> Option<&'a Node> {
        self.node(key).filter(|node| !matches!(node.value, Value::Null))
    }

    fn missing(&self, key: &str) {
        if self.is_map {
            self.fault(key, FaultCode::Blank, "is missing");
        }
    }

    fn read_all<T>(&self, key: &'static str, nodes: &'a [Node], parse: &impl Fn(&str) -> Parsed<T>) -> Vec<T> {
        nodes.iter().enumerate().filter_map(|(at, node)| self.read(key, Some(at), node, parse)).collect()
    }

    fn read<T>(&self, key: &str, at: Option<usize>, node: &'a Node, parse: impl Fn(&str) -> Parsed<T>) -> Option<T> {
        let value = checked(node).and_then(parse);
        value.map_err(|(code, message)| self.add(&self.place_at(key, at, node.spot), code, message)).ok()
    }

    fn place_at(&self, key: &str, at: Option<usize>, spot: Spot) -> Place {
        Place { file: self.file.to_owned(), spot, path: self.path_of(key, at) }
    }

    fn path_of(&self, key: &str, at: Option<usize>) -> String {
        let dot = if self.path.is_empty() { "" } else { "." };
        let at = at.map(|at| format!(".{at}")).unwrap_or_default();
        format!("{}{dot}{key}{at}", self.path)
    }
}

fn checked(node: &Node) -> Parsed<&str> {
    match &node.value {
        Value::Text(text) if text.trim().is_empty() => Err((FaultCode::Blank, "is empty".to_owned())),
        Value::Text(text) if text.chars().count() > TEXT_CHARACTERS_MAX => {
            Err((FaultCode::TooLong, format!("longer than {TEXT_CHARACTERS_MAX} characters")))
        }
        Value::Text(text) if contains_personal_identity_code(text) => {
            Err((FaultCode::Malformed, "holds a personal identity code".to_owned()))
        }
        Value::Text(text) => Ok(text),
        Value::Null | Value::List(_) | Value::Map(_) | Value::Other => {
            Err((FaultCode::Malformed, "expected one value".to_owned()))
        }
    }
}

/// Known key nearest to an unknown one, if any is near.
fn nearest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    const DISTANCE_MAX: usize = 3;
    let near = known.iter().map(|known| (distance(key, known), *known)).min()?;
    (near.0 <= DISTANCE_MAX && near.0 < key.len()).then_some(near.1)
}

/// Number of letters to change, put in or take out between two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = before + usize::from(from != *to);
            before = row[j + 1];
            row[j + 1] = changed.min(before + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
