//! Faults of world files: every one is collected, with the place it stands at.

use std::{cell::RefCell, fmt};

use entity::vocabulary::contains_personal_identity_code;

use super::{WorldFile, tree::Spot};
use crate::FaultCode;

/// One fault of a world file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldFault {
    /// Name of the file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// Place in the document, such as `agreements.0.scopes.1.channel`.
    pub path: String,
    /// What sort of fault.
    pub code: FaultCode,
    /// What is wrong, in words; never echoes a secret.
    pub message: String,
}

impl fmt::Display for WorldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, path, code: _, message } = self;
        write!(f, "{file}:{line}:{column}: ")?;
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        f.write_str(message)
    }
}

/// Place of a row: what a fault found later points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub file: String,
    pub spot: Spot,
    pub path: String,
}

impl Place {
    pub(super) fn fault(&self, code: FaultCode, message: impl Into<String>) -> WorldFault {
        WorldFault {
            file: self.file.clone(),
            line: self.spot.line,
            column: self.spot.column,
            path: self.path.clone(),
            code,
            message: message.into(),
        }
    }
}

/// Every fault found so far.
#[derive(Debug, Default)]
pub(super) struct Faults(RefCell<Vec<WorldFault>>);

impl Faults {
    pub(super) fn add(&self, fault: WorldFault) {
        self.0.borrow_mut().push(fault);
    }

    pub(super) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Faults in the order of files and lines.
    pub(super) fn into_sorted(self, files: &[WorldFile]) -> Vec<WorldFault> {
        in_order(self.0.into_inner(), files)
    }
}

/// Faults in the order of files and lines, each once.
pub fn in_order(mut faults: Vec<WorldFault>, files: &[WorldFile]) -> Vec<WorldFault> {
    let order = |fault: &WorldFault| files.iter().position(|file| file.name == fault.file);
    let key = |fault: &WorldFault| (order(fault), fault.line, fault.column);
    faults.sort_by(|a, b| (key(a), &a.path, &a.message).cmp(&(key(b), &b.path, &b.message)));
    faults.dedup();
    faults
}

/// Name of an input as world files write it.
pub(super) fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 2);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// Value of a text, or why it has none.
pub(super) type Parsed<T> = Result<T, (FaultCode, String)>;

/// Text in backticks for a message; left out where it may be a secret or says too much.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN_CHARACTERS_MAX: usize = 120;
    if contains_personal_identity_code(text) || text.chars().count() > SHOWN_CHARACTERS_MAX {
        return "…".to_owned();
    }
    format!("`{}`", text.escape_debug())
}

/// Refusal of a reference to what is not there.
pub(super) fn unknown<T>(what: &str, text: &str) -> Parsed<T> {
    Err((FaultCode::NotFound, format!("no {what} {}", quoted(text))))
}
