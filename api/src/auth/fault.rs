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
    /// Brings a key of its own, or says where one is.
    OwnKey,
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
    /// Of an issuer that is not believed.
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
    /// Bound to something that cannot be checked.
    Binding,
    /// Bound to a certificate, and none is shown by anyone who would be believed.
    CertificateMissing,
    /// What is shown is not exactly one certificate.
    Certificate,
    /// Bound to another certificate than the one shown.
    OtherCertificate,
    /// Its issuer's keys could not be fetched yet.
    KeysUnavailable,
}

impl AuthFault {
    /// Every fault.
    pub const ALL: [Self; 25] = [
        Self::Scheme,
        Self::Header,
        Self::TooLong,
        Self::Malformed,
        Self::Critical,
        Self::OwnKey,
        Self::Type,
        Self::KeyId,
        Self::UnknownKey,
        Self::Algorithm,
        Self::Signature,
        Self::Claims,
        Self::Issuer,
        Self::Audience,
        Self::Expired,
        Self::NotYetValid,
        Self::IssuedInFuture,
        Self::Subject,
        Self::Organisation,
        Self::Processor,
        Self::Binding,
        Self::CertificateMissing,
        Self::Certificate,
        Self::OtherCertificate,
        Self::KeysUnavailable,
    ];

    /// Stable sentence for the answer and the log.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Scheme => "the Authorization header is of another scheme than Bearer",
            Self::Header => "the Authorization header is not one bearer token",
            Self::TooLong => "the token is too long",
            Self::Malformed => "the token is malformed",
            Self::Critical => "the token has critical extensions",
            Self::OwnKey => "the token brings a key of its own",
            Self::Type => "the token is of another type",
            Self::KeyId => "the token names no key",
            Self::UnknownKey => "the token names an unknown key",
            Self::Algorithm => "the algorithm is not that of the key",
            Self::Signature => "the signature does not verify",
            Self::Claims => "a claim is missing, repeated or malformed",
            Self::Issuer => "the issuer is not believed",
            Self::Audience => "the token is for another audience",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not yet valid",
            Self::IssuedInFuture => "the token is issued in the future",
            Self::Subject => "the subject is not acceptable",
            Self::Organisation => "the organisation is missing or no business id",
            Self::Processor => "the processor is not acceptable",
            Self::Binding => "the token is bound to what cannot be checked",
            Self::CertificateMissing => "the certificate the token is bound to is not shown",
            Self::Certificate => "what is shown is not one certificate",
            Self::OtherCertificate => "the token is bound to another certificate",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_a_sentence_of_its_own_that_a_header_can_quote() {
        let mut reasons = AuthFault::ALL.map(AuthFault::reason).to_vec();
        // RFC 6750, 3: what `error_description` may hold.
        let is_quotable = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(reasons.iter().all(|reason| reason.bytes().all(is_quotable)));
        reasons.sort_unstable();
        reasons.dedup();
        assert_eq!(reasons.len(), AuthFault::ALL.len());
    }
}
