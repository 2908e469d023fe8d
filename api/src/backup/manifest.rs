//! What a backup says of itself: written last, read first.

use entity::vocabulary::Instant;
use serde::{Deserialize, Serialize};

/// Form of the backups this version writes and reads.
pub const FORMAT: u32 = 1;

/// File of the manifest in a backup.
pub const FILE: &str = "manifest.json";

/// Engine of the database in a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// A whole file of SQLite.
    Sqlite,
    /// An archive of `pg_dump`.
    Postgres,
}

impl Engine {
    /// File of the database in a backup.
    pub fn file(self) -> &'static str {
        match self {
            Self::Sqlite => "disclosure-gateway.db",
            Self::Postgres => "disclosure-gateway.dump",
        }
    }
}

/// File of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its name, without a directory.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

/// Where a database stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Position of the journal.
    pub seq: i64,
    /// Entries of the log.
    pub entries: i64,
}

/// Manifest of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Format of this manifest; another than this gateway writes is refused.
    pub format: u32,
    /// Version of the gateway that wrote it.
    pub version: String,
    /// Instant it was begun.
    pub made_at: Instant,
    /// Engine of its database.
    pub engine: Engine,
    /// Where its database stands.
    pub position: Position,
    /// Entries of the last checkpoint that was shown; null where none was.
    pub checkpoint: Option<i64>,
    /// Key that verifies the checkpoints of its log.
    pub verifier_key: String,
    /// Every other file.
    pub files: Vec<Listed>,
}

impl Manifest {
    /// Reads a manifest; none where it is none of this form.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let manifest: Self = serde_json::from_slice(text).ok()?;
        let is_name = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
        let is_whole = manifest.files.iter().any(|file| file.name == manifest.engine.file());
        let is_sound = manifest.files.iter().all(|file| is_name(&file.name) && file.name != FILE);
        (manifest.format == FORMAT && is_whole && is_sound).then_some(manifest)
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(name: &str) -> Manifest {
        let listed = |name: &str| Listed { name: name.to_owned(), bytes: 2, sha256: "00".to_owned() };
        Manifest {
            format: FORMAT,
            version: "1".to_owned(),
            made_at: "2026-11-29T00:00:00Z".parse().expect("instant"),
            engine: Engine::Sqlite,
            position: Position { seq: 1, entries: 2 },
            checkpoint: None,
            verifier_key: String::new(),
            files: vec![listed(Engine::Sqlite.file()), listed(name)],
        }
    }

    #[test]
    fn manifest_is_read_as_it_was_written() {
        let written = manifest("log.key");
        let text = serde_json::to_vec(&written).expect("text");
        assert_eq!(Manifest::parse(&text), Some(written));
    }

    #[test]
    fn a_manifest_names_files_of_its_own_directory_and_no_others() {
        for name in ["../log.key", "/etc/passwd", ".hidden", "", "a\\b", FILE] {
            let text = serde_json::to_vec(&manifest(name)).expect("text");
            assert_eq!(Manifest::parse(&text), None, "{name}");
        }
        let other = Manifest { format: FORMAT + 1, ..manifest("log.key") };
        assert_eq!(Manifest::parse(&serde_json::to_vec(&other).expect("text")), None);
        let empty = Manifest { files: Vec::new(), ..manifest("log.key") };
        assert_eq!(Manifest::parse(&serde_json::to_vec(&empty).expect("text")), None);
    }
}
