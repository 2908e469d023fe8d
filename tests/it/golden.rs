//! Files of the repository that must equal what the code says. `GOLDEN=update cargo test` writes them anew.

use std::path::PathBuf;

/// Fails when a file, named from the root of the repository, is not the text.
pub fn equals(file: &str, text: &str) {
    let path = root().join(file);
    if updates() {
        std::fs::write(&path, text).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    let line = stored.lines().zip(text.lines()).position(|(old, new)| old != new);
    let line = line.unwrap_or_else(|| stored.lines().count().min(text.lines().count()));
    let (old, new) = (stored.lines().nth(line), text.lines().nth(line));
    let at = line + 1;
    assert!(stored == text, "{file}:{at} is not what the code says (GOLDEN=update writes it):\n- {old:?}\n+ {new:?}");
}

/// Root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the gateway")]
fn updates() -> bool {
    std::env::var("GOLDEN").as_deref() == Ok("update")
}
