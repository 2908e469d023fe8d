//! Why a caller is not believed: a few fixed sentences, none of which holds anything of what it gave.

use std::fmt;

use crate::{Error, Proof};

/// Why a caller is not believed. Each has one sentence that holds nothing of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthFault {
    /// `Authorization` is of another scheme; no token was given.
    Scheme,
    /// More than one `Authorization` header, or not of the form `Bearer TOKEN`.
    Header,
    /// Longer than [`super::TOKEN_BYTES_MAX`].
    TooLong,
    /// Not three base64url parts with a JSON header and claims.
    Malformed,
    /// Has a `crit` header: extensions are not understood, and so must not be passed over.
    Critical,
    /// Is another sort of token.
    Type,
    /// Names no key, or in too many bytes.
    KeyId,
    /// Names a key no issuer publishes.
    UnknownKey,
    /// Its algorithm is not that of its key.
    Algorithm,
    /// Signature does not verify.
    Signature,
    /// A claim is missing, repeated or of another type.
    Claims,
    /// Another issuer than that of the key.
    Issuer,
    /// Another audience.
    Audience,
    /// Past `exp`.
    Expired,
    /// Before `nbf`.
    NotYetValid,
    /// Issued in the future.
    IssuedInFuture,
    /// Subject is empty, too long, or holds what must not be logged.
    Subject,
    /// Organisation is missing for its role, or is no business id.
    Organisation,
    /// Processor is no business id, or stands alone.
    Processor,
    /// No issuer's keys could be fetched yet.
    KeysUnavailable,
}

impl AuthFault {
    /// Stable sentence for the answer and the log.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Scheme => "the Authorization header is of another scheme than Bearer",
            Self::Header => "the Authorization header is not one bearer token",
            Self::TooLong => "the token is too long",
            Self::Malformed => "the token is malformed",
            Self::Critical => "the token has critical extensions",
            Self::Type => "the token is of another type",
            Self::KeyId => "the token names no key",
            Self::UnknownKey => "the token names an unknown key",
            Self::Algorithm => "the algorithm is not that of the key",
            Self::Signature => "the signature does not verify",
            Self::Claims => "a claim is missing, repeated or malformed",
            Self::Issuer => "the issuer is not that of the key",
            Self::Audience => "the token is for another audience",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not yet valid",
            Self::IssuedInFuture => "the token is issued in the future",
            Self::Subject => "the subject is not acceptable",
            Self::Organisation => "the organisation is missing or no business id",
            Self::Processor => "the processor is not acceptable",
            Self::KeysUnavailable => "the keys of the issuer are not available",
        }
    }
}

impl fmt::Display for AuthFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl std::error::Error for AuthFault {}

impl From<AuthFault> for Error {
    fn from(fault: AuthFault) -> Self {
        match fault {
            AuthFault::KeysUnavailable => Self::Unavailable(fault.reason()),
            AuthFault::Scheme => Self::without_token(fault.reason()),
            AuthFault::Header => Self::Unauthenticated { proof: Proof::Unreadable, reason: fault.reason() },
            _ => Self::Unauthenticated { proof: Proof::Refused, reason: fault.reason() },
        }
    }
}
