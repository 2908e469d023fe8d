//! Laws of the whole repository: the schema is current and described, modules form a DAG, words agree everywhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::LazyLock,
};

use api::{auth::policy::MATRIX, graphql::schema::sdl};
use async_graphql::{
    Positioned,
    parser::{
        parse_schema,
        types::{FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind, TypeSystemDefinition},
    },
};
use entity::vocabulary::VOCABULARIES;
use regex::Regex;

use crate::golden;

#[test]
fn printed_schema_is_current() {
    golden::equals("schema.graphql", &sdl());
}

#[test]
fn every_item_is_described() {
    let bare: Vec<String> = types().iter().flat_map(undescribed).collect();
    assert!(bare.is_empty(), "without a description: {bare:#?}");
}

#[test]
fn every_root_field_has_its_row_in_the_matrix() {
    let fields: BTreeSet<String> = root_fields().into_iter().map(|(_, field)| field).collect();
    let rows: BTreeSet<String> = MATRIX.iter().map(|row| row.field.to_owned()).collect();
    assert_eq!(fields, rows, "root fields on the left, rows of the role matrix on the right");
    assert_eq!(rows.len(), MATRIX.len(), "a field has one row");
}

/// Root fields of the schema with their operation, `query`, `mutation` or `subscription`.
pub fn root_fields() -> Vec<(&'static str, String)> {
    let of = |kind, type_name| fields_of(type_name).into_iter().map(move |field| (kind, field.name.node.to_string()));
    of("query", "Query").chain(of("mutation", "Mutation")).chain(of("subscription", "Subscription")).collect()
}

/// Fields of an object of the schema.
pub fn fields_of(type_name: &str) -> Vec<FieldDefinition> {
    let found = types().into_iter().find(|ty| ty.name.node == type_name).expect("a type of the schema");
    let TypeKind::Object(object) = found.kind else { panic!("{type_name} is no object") };
    object.fields.into_iter().map(|field| field.node).collect()
}

/// Every type of the schema.
pub fn types() -> Vec<TypeDefinition> {
    let definitions = parse_schema(sdl()).expect("the printed schema").definitions.into_iter();
    definitions
        .filter_map(|definition| match definition {
            TypeSystemDefinition::Type(ty) => Some(ty.node),
            TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
        })
        .collect()
}

/// Names of what has no description in a type: itself, its fields, their arguments, its values.
fn undescribed(ty: &TypeDefinition) -> Vec<String> {
    let name = &ty.name.node;
    let mut items = vec![(name.to_string(), ty.description.as_ref())];
    let inputs = |path: &str, inputs: &'_ [Positioned<InputValueDefinition>]| -> Vec<(String, bool)> {
        let said = |input: &Positioned<InputValueDefinition>| is_said(input.node.description.as_ref());
        inputs.iter().map(|input| (format!("{path}.{}", input.node.name.node), said(input))).collect()
    };
    let mut parts = Vec::new();
    match &ty.kind {
        TypeKind::Object(async_graphql::parser::types::ObjectType { fields, .. })
        | TypeKind::Interface(async_graphql::parser::types::InterfaceType { fields, .. }) => {
            for field in fields {
                let path = format!("{name}.{}", field.node.name.node);
                parts.extend(inputs(&path, &field.node.arguments));
                items.push((path, field.node.description.as_ref()));
            }
        }
        TypeKind::Enum(all) => items.extend(
            all.values
                .iter()
                .map(|value| (format!("{name}.{}", value.node.value.node), value.node.description.as_ref())),
        ),
        TypeKind::InputObject(input) => parts.extend(inputs(name, &input.fields)),
        TypeKind::Scalar | TypeKind::Union(_) => {}
    }
    let said = items.into_iter().map(|(path, description)| (path, is_said(description)));
    said.chain(parts).filter(|(_, is_said)| !is_said).map(|(path, _)| path).collect()
}

fn is_said(description: Option<&Positioned<String>>) -> bool {
    description.is_some_and(|text| !text.node.trim().is_empty())
}

/// Modules that stand after the features, though their folder is the kit's: the schema is put together of them, and
/// HTTP serves it.
const GRAPHQL_ROOMS: [&str; 2] = ["graphql::schema", "graphql::http"];

/// Spine of the house; the order of `api/src/lib.rs` must keep it.
const SPINE: [&str; 9] =
    ["facts", "decision", "journal", "auth", "context", "graphql", "organisation", "agreement", "disclosure"];

#[test]
fn modules_use_only_those_before_them() {
    let order = module_order();
    let place = |module: &str| order.iter().position(|name| name == module);
    let spine: Vec<_> = SPINE.iter().map(|module| place(module).expect(module)).collect();
    assert!(spine.is_sorted(), "the spine is out of order: {order:?}");
    let broken: Vec<_> = uses()
        .into_iter()
        .filter(|(from, to, _)| place(to).expect(to) > place(from).expect(from))
        .map(|(from, to, file)| format!("{file}: `{from}` uses `{to}`"))
        .collect();
    assert!(broken.is_empty(), "against the order of api/src/lib.rs: {broken:#?}");
}

#[test]
fn decisions_rest_on_facts_alone() {
    let other: Vec<_> = uses()
        .into_iter()
        .filter(|(from, to, _)| from == "decision" && !["facts", "error"].contains(&to.as_str()))
        .collect();
    assert!(other.is_empty(), "{other:?}");
}

/// Every module as `api/src/lib.rs` lists it, the two rooms of `graphql` after the features.
fn module_order() -> Vec<String> {
    let declared = Regex::new(r"(?m)^(?:pub )?mod ([a-z_]+);").unwrap();
    let text = source("api/src/lib.rs");
    let order: Vec<String> = declared.captures_iter(&text).map(|found| found[1].to_owned()).collect();
    let features = order.iter().position(|module| module == "world").unwrap_or(order.len());
    let rooms = GRAPHQL_ROOMS.iter().map(ToString::to_string);
    order[..features].iter().cloned().chain(rooms).chain(order[features..].iter().cloned()).collect()
}

/// Which module uses which, and where; tests are exempt.
fn uses() -> BTreeSet<(String, String, String)> {
    let mut found = BTreeSet::new();
    for (file, text) in sources("api/src") {
        let path = file.trim_start_matches("api/src/");
        if ["lib.rs", "main.rs"].contains(&path) {
            continue;
        }
        let from = module_of(path.trim_end_matches(".rs").split('/'));
        for used in crate_paths(&text) {
            let to = module_of(used.split("::"));
            if to != from {
                found.insert((from.clone(), to, file.clone()));
            }
        }
    }
    found
}

fn module_of<'a>(mut path: impl Iterator<Item = &'a str>) -> String {
    let first = path.next().unwrap_or_default();
    if first.starts_with(|letter: char| letter.is_uppercase()) {
        // The crate's root re-exports what `error` holds.
        return "error".to_owned();
    }
    let room = path.next().map(|second| format!("{first}::{second}"));
    room.filter(|room| GRAPHQL_ROOMS.contains(&room.as_str())).unwrap_or_else(|| first.to_owned())
}

/// Paths from the crate's root that a text names, each brace of a `use` spelt out.
fn crate_paths(text: &str) -> Vec<String> {
    static USE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"use crate::([^;]+);").unwrap());
    static INLINE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"crate::([A-Za-z_]+(?:::[A-Za-z_]+)*)").unwrap());
    let spelt = USE.captures_iter(text).flat_map(|found| spelt_out("", &found[1]));
    let rest = USE.replace_all(text, "");
    spelt.chain(INLINE.captures_iter(&rest).map(|found| found[1].to_owned())).collect()
}

fn spelt_out(prefix: &str, tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((head, rest)) = tree.split_once('{') else {
        return if tree.is_empty() { Vec::new() } else { vec![format!("{prefix}{tree}")] };
    };
    let body = &rest[..rest.rfind('}').expect("a closed brace")];
    let (mut depth, mut branches) = (0, vec![String::new()]);
    for letter in body.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if letter == ',' && depth == 0 {
            branches.push(String::new());
        } else {
            branches.last_mut().expect("a branch").push(letter);
        }
    }
    branches.iter().flat_map(|branch| spelt_out(&format!("{prefix}{head}"), branch)).collect()
}

#[test]
fn no_module_is_a_drawer_for_anything() {
    let drawers = ["utils", "util", "helpers", "helper", "common", "misc", "types", "models", "services", "managers"];
    let found: Vec<_> = ["api/src", "entity/src", "migration/src", "tests/it"]
        .into_iter()
        .flat_map(sources)
        .map(|(file, _)| file)
        .filter(|file| file.trim_end_matches(".rs").split('/').any(|part| drawers.contains(&part)))
        .collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn rules_know_no_engine_no_wire_and_no_clock() {
    let foreign = ["sea_orm", "sqlx", "axum", "async_graphql", "async fn", ".await", "Clock", "tokio"];
    let found: Vec<_> = sources("api/src")
        .into_iter()
        .filter(|(file, _)| file.ends_with("/rules.rs") || file.starts_with("api/src/decision/"))
        .flat_map(|(file, text)| {
            foreign.into_iter().filter(move |word| text.contains(word)).map(move |word| format!("{file}: `{word}`"))
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_code_the_tables_admit_is_one_of_the_vocabulary() {
    let tables = tables();
    let vocabularies: BTreeMap<_, _> = VOCABULARIES.iter().copied().collect();
    let mut checked = BTreeSet::new();
    for (table, column, vocabulary) in columns_of_closed_codes() {
        let Some(codes) = vocabularies.get(vocabulary.as_str()) else { continue };
        let script = tables.get(&table).unwrap_or_else(|| panic!("no table `{table}`"));
        let listed = listed_codes(script, &table, &column)
            .unwrap_or_else(|| panic!("no check `{table}_{column}_check` lists the codes of {vocabulary}"));
        assert_eq!(listed, codes.iter().map(ToString::to_string).collect(), "{table}.{column} against {vocabulary}");
        checked.insert(vocabulary);
    }
    assert!(checked.len() > 35, "only {checked:?}");
}

/// Columns of the entities whose type is a closed vocabulary.
fn columns_of_closed_codes() -> Vec<(String, String, String)> {
    let table = Regex::new(r#"table_name = "([a-z_]+)""#).unwrap();
    let column = Regex::new(r"(?m)^    pub ([a-z_]+): (?:Option<)?([A-Z][A-Za-z]+)>?,").unwrap();
    let mut found = Vec::new();
    for (_, text) in sources("entity/src") {
        let Some(table) = table.captures(&text) else { continue };
        found.extend(column.captures_iter(&text).map(|of| (table[1].to_owned(), of[1].to_owned(), of[2].to_owned())));
    }
    found
}

/// Text of every `create table`, by name.
fn tables() -> BTreeMap<String, String> {
    let create = Regex::new(r"create table ([a-z_]+) \(").unwrap();
    let mut tables = BTreeMap::new();
    for (_, script) in files("migration/src", "sql") {
        let starts: Vec<_> =
            create.captures_iter(&script).map(|found| (found.get(0).unwrap().start(), found[1].to_owned())).collect();
        for (at, (start, table)) in starts.iter().enumerate() {
            let end = starts.get(at + 1).map_or(script.len(), |next| next.0);
            tables.insert(table.clone(), script[*start..end].to_owned());
        }
    }
    tables
}

fn listed_codes(script: &str, table: &str, column: &str) -> Option<BTreeSet<String>> {
    let check = Regex::new(&format!(r"{table}_{column}_check check \(\s*{column} in \(([^)]*)\)")).unwrap();
    let list = check.captures(script)?[1].to_owned();
    Some(list.split(',').map(|code| code.trim().trim_matches('\'').to_owned()).collect())
}

fn source(file: &str) -> String {
    fs::read_to_string(golden::root().join(file)).expect(file)
}

/// Rust files below a folder without their tests.
fn sources(folder: &str) -> Vec<(String, String)> {
    let is_test = |file: &str| file.ends_with("/tests.rs") || file.contains("/tests/");
    let without_tests = |text: String| text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
    let files = files(folder, "rs").into_iter();
    files.filter(|(file, _)| !is_test(file)).map(|(file, text)| (file, without_tests(text))).collect()
}

fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(&golden::root().join(folder), folder, ending, &mut found);
    found.sort();
    found
}

fn collect(directory: &Path, name: &str, ending: &str, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(directory).expect(name) {
        let path = entry.unwrap().path();
        let name = format!("{name}/{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            collect(&path, &name, ending, found);
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}
