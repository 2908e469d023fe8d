//! Keys of this gateway: of the log's checkpoints, of pseudonyms and, in development, of its own tokens.
//!
//! They are made only together with a new database, whose table `key_fingerprint` remembers them: a gateway that
//! opened an old database with other keys would join nothing and sign another log. They live as files in `DATA_DIR`,
//! readable by the process alone; nothing of them is ever shown.

mod development;
mod files;
mod log;
mod pseudonyms;

use std::{collections::BTreeMap, fmt, path::Path};

use entity::key_fingerprint;

pub use development::DevelopmentKey;
pub use files::private_directory;
pub use log::LogSigningKey;
pub use pseudonyms::Pseudonyms;

use files::KeyFiles;

use crate::{
    Error,
    journal::leaf::{hex, sha256},
};

const DEVELOPMENT: &str = "dev-issuer";
const LOG: &str = "log";
/// Name of the pseudonym keys, of which there is one for each version.
pub const PSEUDONYM: &str = "pseudonym";

/// What a process says that lacks a pseudonym key added since it started.
pub const KEY_ADDED: Error = Error::Unavailable("a pseudonym key was added since this process started: start it again");

/// Who issues the tokens of this gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issuance {
    /// The gateway itself: no issuer is configured.
    Development,
    /// Configured issuers; no key of ours signs a token.
    Configured,
}

/// Fingerprint of one key, as the database remembers it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint {
    /// Name of the key: `dev-issuer`, `log` or `pseudonym`.
    pub name: String,
    /// Version of the key, from 1.
    pub version: i32,
    /// SHA-256 in hexadecimal of the public key, or of a keyed hash for a secret.
    pub fingerprint: String,
}

impl Fingerprint {
    fn new(name: &str, version: i32, fingerprint: String) -> Self {
        Self { name: name.to_owned(), version, fingerprint }
    }

    /// File of the key in `DATA_DIR`.
    pub fn file(&self) -> String {
        file(&self.name, self.version)
    }
}

impl From<key_fingerprint::Model> for Fingerprint {
    fn from(row: key_fingerprint::Model) -> Self {
        Self { name: row.name, version: row.version, fingerprint: row.fingerprint }
    }
}

/// Why the keys cannot be used. Names files, never their content.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The database remembers a key that is not there.
    #[error("key `{0}` is missing; the database was made with it: restore the file or DATA_DIR")]
    Missing(String),
    /// The key is not the one the database remembers.
    #[error("key `{0}` is not the one the database was made with: restore the file or DATA_DIR")]
    Differs(String),
    /// A new database must not take the key of another.
    #[error("key `{0}` belongs to another database, and this one is new: use another DATA_DIR or move the file away")]
    Exists(String),
    /// The database does not remember the key this gateway needs.
    #[error("the database was made without key `{0}`: configure ISSUERS as when it was made, or use a new database")]
    Unrecorded(String),
    /// The file is not a key of its kind.
    #[error("key `{0}` is malformed")]
    Malformed(String),
    /// The file cannot be read or written.
    #[error("key `{file}` cannot be read or written: {source}")]
    File {
        /// File of the key.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// No randomness, or the cryptographic library refused.
    #[error("no key can be made")]
    Refused,
}

/// Every key of this gateway. Its `Debug` shows none.
pub struct Keys {
    development: Option<DevelopmentKey>,
    log: LogSigningKey,
    pseudonyms: Pseudonyms,
    files: KeyFiles,
}

impl Keys {
    /// Makes the keys of a new database. They stand beside their final names until [`Keys::keep`], which the caller
    /// calls once the database remembers the fingerprints; a start cut short in between can so be repeated.
    ///
    /// # Errors
    /// When a key stands there already: it is another database's.
    pub fn create(data_dir: &Path, issuance: Issuance) -> Result<Self, KeysError> {
        let keys = Self {
            development: (issuance == Issuance::Development).then(DevelopmentKey::generate).transpose()?,
            log: LogSigningKey::generate()?,
            pseudonyms: Pseudonyms::generate()?,
            files: KeyFiles::new(data_dir),
        };
        let fingerprints = keys.fingerprints();
        fingerprints.iter().try_for_each(|fingerprint| keys.files.refuse_existing(&fingerprint.file()))?;
        fingerprints.iter().try_for_each(|fingerprint| keys.stage(fingerprint))?;
        Ok(keys)
    }

    /// Opens the keys an existing database remembers.
    ///
    /// # Errors
    /// Names the file that is missing, malformed or another than the database remembers.
    pub fn open(data_dir: &Path, fingerprints: &[Fingerprint], issuance: Issuance) -> Result<Self, KeysError> {
        let files = KeyFiles::new(data_dir);
        let development = match issuance {
            Issuance::Development => Some(read(&files, fingerprints, DEVELOPMENT, DevelopmentKey::parse)?),
            Issuance::Configured => None,
        };
        let log = read(&files, fingerprints, LOG, LogSigningKey::parse)?;
        let mut masters = Vec::new();
        for remembered in fingerprints.iter().filter(|remembered| remembered.name == PSEUDONYM) {
            masters.push((remembered.version, files.read(remembered)?));
        }
        let pseudonyms =
            Pseudonyms::parse(&masters).map_err(|version| KeysError::Malformed(file(PSEUDONYM, version)))?;
        let keys = Self { development, log, pseudonyms, files };
        keys.compare(fingerprints)?;
        keys.keep()?;
        Ok(keys)
    }

    /// The same keys and one more version of the pseudonym key, which is then the current one. The caller records its
    /// fingerprint, then calls [`Keys::keep`].
    ///
    /// # Errors
    /// When the file of that version stands there already.
    pub fn rotated(self) -> Result<Self, KeysError> {
        let keys = Self { pseudonyms: self.pseudonyms.rotated()?, ..self };
        let newest = keys.newest_pseudonym_key();
        keys.files.refuse_existing(&newest.file())?;
        keys.stage(&newest)?;
        Ok(keys)
    }

    /// Fingerprint of the pseudonym key under which new pseudonyms are made.
    pub fn newest_pseudonym_key(&self) -> Fingerprint {
        let version = self.pseudonyms.current_version();
        let shown = self.pseudonym_fingerprints().remove(&version).unwrap_or_default();
        Fingerprint::new(PSEUDONYM, version, shown)
    }

    /// Gives every key its final name. Called once the database remembers the fingerprints.
    ///
    /// # Errors
    /// When a file cannot be renamed.
    pub fn keep(&self) -> Result<(), KeysError> {
        self.fingerprints().iter().try_for_each(|fingerprint| self.files.keep(fingerprint))
    }

    /// Fingerprints of all keys, for table `key_fingerprint`.
    pub fn fingerprints(&self) -> Vec<Fingerprint> {
        let development = self.development.iter().map(|key| Fingerprint::new(DEVELOPMENT, 1, key.fingerprint()));
        let log = Fingerprint::new(LOG, 1, self.log.fingerprint());
        let pseudonyms = self.pseudonyms.fingerprints();
        let pseudonyms = pseudonyms.into_iter().map(|(version, shown)| Fingerprint::new(PSEUDONYM, version, shown));
        development.chain([log]).chain(pseudonyms).collect()
    }

    /// Fingerprints of the pseudonym keys by version, by which exported pseudonyms are known as this gateway's.
    pub fn pseudonym_fingerprints(&self) -> BTreeMap<i32, String> {
        self.pseudonyms.fingerprints().into_iter().collect()
    }

    /// Pseudonyms of persons and users.
    pub fn pseudonyms(&self) -> &Pseudonyms {
        &self.pseudonyms
    }

    /// Key that signs checkpoints of the log.
    pub fn log_signing_key(&self) -> &LogSigningKey {
        &self.log
    }

    /// Key of the gateway's own tokens; null when issuers are configured.
    pub fn development(&self) -> Option<&DevelopmentKey> {
        self.development.as_ref()
    }

    fn stage(&self, fingerprint: &Fingerprint) -> Result<(), KeysError> {
        match (fingerprint.name.as_str(), &self.development) {
            (LOG, _) => self.files.stage(fingerprint, self.log.content()),
            (DEVELOPMENT, Some(key)) => self.files.stage(fingerprint, key.content()?.as_bytes()),
            _ => self.files.stage(fingerprint, self.pseudonyms.content(fingerprint.version).as_bytes()),
        }
    }

    fn compare(&self, remembered: &[Fingerprint]) -> Result<(), KeysError> {
        for present in self.fingerprints() {
            let same_key = |other: &&Fingerprint| other.name == present.name && other.version == present.version;
            match remembered.iter().find(same_key) {
                None => return Err(KeysError::Unrecorded(present.file())),
                Some(other) if other.fingerprint != present.fingerprint => {
                    return Err(KeysError::Differs(present.file()));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// File of a key in `DATA_DIR`.
fn file(name: &str, version: i32) -> String {
    match name {
        DEVELOPMENT => "dev-issuer.jwk".to_owned(),
        PSEUDONYM => format!("pseudonym-v{version}.key"),
        name => format!("{name}.key"),
    }
}

/// Reads the one version of a key that the database must remember.
fn read<K>(
    files: &KeyFiles,
    remembered: &[Fingerprint],
    name: &str,
    parse: impl Fn(&[u8]) -> Result<K, KeysError>,
) -> Result<K, KeysError> {
    let file = file(name, 1);
    let Some(key) = remembered.iter().find(|remembered| remembered.name == name && remembered.version == 1) else {
        return Err(KeysError::Unrecorded(file));
    };
    parse(&files.read(key)?).map_err(|_| KeysError::Malformed(file))
}

/// SHA-256 in hexadecimal.
fn sha256_hex(bytes: &[u8]) -> String {
    hex(&sha256(&[bytes]))
}

#[cfg(test)]
mod tests;
