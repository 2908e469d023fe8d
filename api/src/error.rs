//! What can go wrong, without a word of HTTP or GraphQL: those map it in one place each.

use entity::vocabulary::{DecisionReasonCode, LegalBasisId, Malformed};
use sea_orm::{DbErr, RuntimeErr};

/// Code of an error that stops the caller or the server; stable forever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// No valid token.
    Unauthenticated,
    /// Known to exist, but not for this role.
    Forbidden,
    /// Not there, or not for the caller to know.
    NotFound,
    /// Malformed request.
    InvalidInput,
    /// Somebody else was first.
    Conflict,
    /// A named limit was reached.
    LimitExceeded,
    /// The store or the facts cannot answer now; retry with the same message id.
    Unavailable,
    /// A fault of ours; the log has it under the request id.
    Internal,
    /// No document is known by the hash that was given.
    PersistedQueryNotFound,
    /// Only the documents of manifests are admitted, and this is none of them.
    DocumentNotTrusted,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 10] = [
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::InvalidInput,
        Self::Conflict,
        Self::LimitExceeded,
        Self::Unavailable,
        Self::Internal,
        Self::PersistedQueryNotFound,
        Self::DocumentNotTrusted,
    ];
}

/// Code of a refusal by the business; stable forever. Reasons of decisions stand under their own names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultCode {
    /// Nothing given where something is needed.
    Blank,
    /// Longer, larger or more than the limit.
    TooLong,
    /// Not of its form.
    Malformed,
    /// Ends before it starts.
    PeriodReversed,
    /// Refers to what is not there, or not for the caller to know.
    NotFound,
    /// Contradicts what stands.
    Conflict,
    /// Not possible in this status.
    WrongStatus,
    /// Stands already.
    AlreadyExists,
    /// A contact is missing.
    ContactMissing,
    /// A guard of the law refuses; the reason says which.
    Reason(DecisionReasonCode),
}

/// One fault of an input, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What sort of fault.
    pub code: FaultCode,
    /// What is wrong, in words; never echoes a secret.
    pub message: String,
    /// Place from `input` on; indices in decimals.
    pub path: Vec<String>,
    /// Provisions a guard rests on.
    pub citations: Vec<LegalBasisId>,
}

impl Fault {
    /// Fault at a dotted path, such as `disclosures.3.items`.
    pub fn new(code: FaultCode, path: &str, message: impl Into<String>) -> Self {
        let path = path.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Self { code, message: message.into(), path, citations: Vec::new() }
    }

    /// Fault of a malformed identifier at a dotted path.
    pub fn malformed(path: &str, fault: &Malformed) -> Self {
        Self::new(FaultCode::Malformed, path, fault.to_string())
    }
}

/// Every fault found; never empty.
pub type Violations = Vec<Fault>;

/// What stops a use-case.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No valid token.
    #[error("no valid token: {reason}")]
    Unauthenticated {
        /// What was given instead.
        proof: Proof,
        /// Fixed sentence that holds nothing of what was given.
        reason: &'static str,
    },
    /// Known to exist, but not for this role.
    #[error("not allowed for your role")]
    Forbidden,
    /// Not there, or not for the caller to know.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The input has faults; each is named.
    #[error("the input has faults")]
    Invalid(Violations),
    /// A named limit was reached.
    #[error("{limit} is limited to {allowed}")]
    LimitExceeded {
        /// Name of the limit, as in the configuration.
        limit: &'static str,
        /// Largest value allowed.
        allowed: u64,
        /// Seconds to wait, where waiting helps.
        retry_after_seconds: Option<u32>,
    },
    /// The store or the facts cannot answer now.
    #[error("unavailable: {0}")]
    Unavailable(&'static str),
    /// A fault of ours. The source goes to the log, never to the caller.
    #[error("internal error")]
    Internal {
        /// What failed, for the log.
        detail: String,
    },
    /// No document is known by the hash that was given. Clients look for just this message.
    #[error("PersistedQueryNotFound")]
    DocumentUnknown,
    /// Only the documents of manifests are admitted, and this is none of them.
    #[error("only documents of a manifest are admitted here")]
    DocumentNotTrusted,
}

/// What a caller without a valid token gave as proof of who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Nothing.
    Missing,
    /// Something that is not one token.
    Unreadable,
    /// A token that is not believed.
    Refused,
}

impl Error {
    /// Who asks has to say so, and has not.
    pub fn without_token(reason: &'static str) -> Self {
        Self::Unauthenticated { proof: Proof::Missing, reason }
    }

    /// A fault of ours, with a detail for the log.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::Internal { detail: detail.into() }
    }

    /// Its code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unauthenticated { .. } => ErrorCode::Unauthenticated,
            Self::Forbidden => ErrorCode::Forbidden,
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::Invalid(_) => ErrorCode::InvalidInput,
            Self::LimitExceeded { .. } => ErrorCode::LimitExceeded,
            Self::Unavailable(_) => ErrorCode::Unavailable,
            Self::Internal { .. } => ErrorCode::Internal,
            Self::DocumentUnknown => ErrorCode::PersistedQueryNotFound,
            Self::DocumentNotTrusted => ErrorCode::DocumentNotTrusted,
        }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        let later = match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Some(NO_ANSWER),
            _ => cause(&error).and_then(later),
        };
        if cause(&error).is_some_and(is_unkept) {
            return unkept();
        }
        later.map_or_else(|| Self::internal(error.to_string()), Self::Unavailable)
    }
}

/// What the driver says of a statement that failed.
pub fn cause(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => Some(cause),
        _ => None,
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if is_unkept(&error) {
            return unkept();
        }
        later(&error).map_or_else(|| Self::internal(error.to_string()), Self::Unavailable)
    }
}

/// Whether PostgreSQL refused a text for a character it keeps nowhere, which is NUL.
fn is_unkept(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(said) if said.code().as_deref() == Some("22021"))
}

fn unkept() -> Error {
    Error::Invalid(vec![Fault::new(FaultCode::Malformed, "", "a text holds a character that cannot be kept")])
}

const NO_ANSWER: &str = "the database does not answer";

const NO_ROOM: &str = "the database has no room left";

/// Why the same call may be repeated later: the database is away or busy for a while, or waits for room. None where a
/// repeat would not help.
fn later(error: &sqlx::Error) -> Option<&'static str> {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            Some(NO_ANSWER)
        }
        sqlx::Error::Database(said) => said.code().and_then(|code| said_later(&code)),
        _ => None,
    }
}

/// What a code of an engine means that says "later": five characters are a SQLSTATE, fewer a result code of SQLite.
fn said_later(code: &str) -> Option<&'static str> {
    const SQLITE_BUSY: u32 = 5;
    const SQLITE_FULL: u32 = 13;
    if code.len() < 5 {
        // The low byte is the primary code, whatever extends it.
        return match code.parse::<u32>().ok()? & 0xff {
            SQLITE_BUSY => Some(NO_ANSWER),
            SQLITE_FULL => Some(NO_ROOM),
            _ => None,
        };
    }
    if code == "53100" {
        return Some(NO_ROOM);
    }
    // Connection lost, server shutting down or starting, a standby that takes no writes, a transaction ended for its idleness,
    // serialisation, deadlock, no connection to spare, a lock waited for in vain.
    let is_away = ["25006", "25P03", "40001", "40P01", "53300", "55P03"].contains(&code);
    (is_away || code.starts_with("08") || code.starts_with("57P0")).then_some(NO_ANSWER)
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::{io, sync::Arc};

    use super::*;

    #[test]
    fn lost_connection_is_unavailable_and_not_a_fault_of_ours() {
        let lost = || RuntimeErr::SqlxError(Arc::new(sqlx::Error::Io(io::ErrorKind::ConnectionReset.into())));
        let closed = RuntimeErr::SqlxError(Arc::new(sqlx::Error::PoolClosed));
        for error in [DbErr::Exec(lost()), DbErr::Query(lost()), DbErr::Conn(lost()), DbErr::Query(closed)] {
            let said = error.to_string();
            assert_eq!(Error::from(error).code(), ErrorCode::Unavailable, "{said}");
        }
        let ours = RuntimeErr::SqlxError(Arc::new(sqlx::Error::ColumnNotFound("seq".to_owned())));
        assert_eq!(Error::from(DbErr::Query(ours)).code(), ErrorCode::Internal);
        assert_eq!(Error::from(DbErr::Custom("other".to_owned())).code(), ErrorCode::Internal);
    }

    #[test]
    fn engines_say_later_in_their_own_codes() {
        for code in [
            "57P01", "57P02", "57P03", "25006", "25P03", "40001", "40P01", "53300", "55P03", "08006", "5", "261",
            "517", "773",
        ] {
            assert_eq!(said_later(code), Some(NO_ANSWER), "{code}");
        }
        for code in ["53100", "13"] {
            assert_eq!(said_later(code), Some(NO_ROOM), "{code}");
        }
        for code in ["23505", "23503", "57014", "42P01", "P0001", "1", "19", "787", "2067", ""] {
            assert_eq!(said_later(code), None, "{code}");
        }
    }
}
