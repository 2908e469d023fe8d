//! Each requirement of the source documents has its row in `docs/requirements.md`, and what the row names exists.

use std::{collections::BTreeSet, fs, path::Path};

/// Words of a text as code writes them.
fn words(text: &str) -> BTreeSet<&str> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).collect()
}

/// What a cell names between backticks.
fn named(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn every_requirement_is_said_somewhere_and_tried_by_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = fs::read_to_string(root.join("docs/requirements.md")).unwrap();
    let sdl = fs::read_to_string(root.join("schema.graphql")).unwrap();
    let tests: String = fs::read_dir(root.join("tests/it"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let tests: BTreeSet<&str> =
        tests.split("fn ").skip(1).filter_map(|rest| rest.split('(').next()).map(str::trim).collect();
    let (sdl, mut expected) = (words(&sdl), 1..);
    for row in page.lines().filter(|line| line.starts_with("| R")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [requirement, asked, said, tried] = cells[..] else { panic!("four cells: {row}") };
        assert_eq!(requirement, format!("R{}", expected.next().unwrap()), "in order, each once");
        assert!(!asked.is_empty() && named(said).count() > 0 && named(tried).count() > 0, "{row}");
        let missing: Vec<&str> = named(said).filter(|name| !sdl.contains(name)).collect();
        assert_eq!(missing, [""; 0], "{requirement} names what the schema does not hold");
        let missing: Vec<&str> = named(tried).filter(|name| !tests.contains(name)).collect();
        assert_eq!(missing, [""; 0], "{requirement} names tests that are not there");
    }
    assert_eq!(expected.next(), Some(71), "all seventy");
}
