//! World files: the registry as people write it, read in with every fault named and written out again.
//!
//! The sample, an import and an export share one format and one reader. Nothing here does I/O, reads a clock or knows
//! the database.
//!
//! **Invariant:** an export read against the facts it was made of changes nothing.

mod csv;
mod fault;
mod fields;
mod natural;
mod origin;
mod parse;
mod read;
mod rules;
mod tree;
mod write;

#[cfg(test)]
mod tests;

use entity::vocabulary::{BusinessId, CompletenessCode, OrganisationId};

pub use fault::{WorldFault, in_order};
pub use origin::Origin;
pub use read::{Circumstances, read, survey};
pub use write::{ExportForm, export, export_as, public_part};

use crate::{Error, decision::Completeness, disclosure::DisclosureDraft, facts::Edit};

/// Pseudonym in hexadecimal, and its key version, of an end user: by the discloser, the recipient and the user.
pub type Pseudonyms<'a> = dyn Fn(&BusinessId, &BusinessId, &str) -> Result<(String, i32), Error> + 'a;

/// One file of a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldFile {
    /// Name, such as `01-organisations.yaml`.
    pub name: String,
    /// Content.
    pub text: String,
}

/// What world files say, against the facts they were read with.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// Rows that are new or differ, parents before children.
    pub edits: Vec<Edit>,
    /// Disclosures in the order of the files: single ones, then series.
    pub disclosures: Vec<WorldDisclosure>,
}

/// Disclosure of a world file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldDisclosure {
    /// Discloser.
    pub discloser: OrganisationId,
    /// As its discloser would report it.
    pub draft: DisclosureDraft,
    /// Where it stands.
    pub origin: Origin,
}

/// What is done with agreements that lack what a whole one has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// They are faults, unless the file says that they are registered incomplete.
    Whole,
    /// They come in as REGISTERED_INCOMPLETE, whatever the file says, and permit nothing.
    Incomplete,
}

/// What an agreement of a file lacks, where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldGap {
    /// Which.
    pub code: CompletenessCode,
    /// Where, and in words.
    pub place: WorldFault,
}

/// How whole an agreement of a file is once it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldScore {
    /// Its number.
    pub number: String,
    /// How whole.
    pub completeness: Completeness,
}

/// What a look at world files found, before anything is written.
#[derive(Debug)]
pub struct Survey {
    /// Faults; each stops an import.
    pub faults: Vec<WorldFault>,
    /// Gaps; each makes its agreement incomplete.
    pub gaps: Vec<WorldGap>,
    /// Agreements of the files in their order.
    pub scores: Vec<WorldScore>,
}

/// Why world files could not be read.
#[derive(Debug)]
pub enum Unread {
    /// Every fault of every file.
    Faults(Vec<WorldFault>),
    /// A pseudonym could not be made.
    Failed(Error),
}

macro_rules! sample {
    ($($name:literal),+ $(,)?) => {
        /// Names and contents of the sample world.
        pub const SAMPLE: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../sample/", $name)))),+];
    };
}

sample! {
    "01-organisations.yaml",
    "02-law.yaml",
    "03-registers.yaml",
    "04-entitlements.yaml",
    "05-mandates.yaml",
    "06-agreements.yaml",
    "07-statements.yaml",
    "08-contacts.yaml",
    "09-disclosures.yaml",
}

/// File of the sample world that holds its disclosures.
const SAMPLE_DISCLOSURES: &str = "09-disclosures.yaml";

/// Files of the sample world.
pub fn sample() -> Vec<WorldFile> {
    SAMPLE.iter().map(|(name, text)| WorldFile { name: (*name).to_owned(), text: (*text).to_owned() }).collect()
}

/// Files of the sample world without those of its disclosures.
pub fn sample_registry() -> Vec<WorldFile> {
    sample().into_iter().filter(|file| file.name != SAMPLE_DISCLOSURES).collect()
}
