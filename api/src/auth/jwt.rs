//! One token: what of it is checked, and what its claims make of the caller.
//!
//! Closes what the library leaves open: `crit` is refused, `typ` is checked, `iat` may not lie ahead. Times are judged
//! against the instant of the request, not another reading of the clock. `jku`, `jwk`, `x5u` and `x5c` are never used.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta};
use entity::vocabulary::{BusinessId, Instant, contains_personal_identity_code};
use jsonwebtoken::{Algorithm, Validation, errors::ErrorKind};
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use super::{AuthFault, Role, Viewer, jwks::VerifyingKey};

/// Seconds by which clocks of issuer and gateway may differ.
pub const LEEWAY_SECONDS: i64 = 30;

/// Bytes of a key id; it is used as a map key and for nothing else.
pub const KEY_ID_BYTES_MAX: usize = 64;

/// Characters of a subject; the journal keeps it as the actor.
pub const SUBJECT_CHARACTERS_MAX: usize = 200;

/// Last second of the year 9999; what lies beyond is not a time.
const SECONDS_MAX: i64 = 253_402_300_799;

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

/// Claims used. Deserialising refuses repeated ones.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    /// Compared by the library, which would also take a list.
    #[serde(rename = "iss")]
    _issuer: String,
    exp: Seconds,
    nbf: Option<Seconds>,
    iat: Option<Seconds>,
    org: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    act: Option<Actor>,
    /// Binding to a client certificate (RFC 8705) or key (RFC 9449): the enforcement point in front that ends TLS must
    /// hold it; here it is neither needed nor believed.
    #[serde(rename = "cnf")]
    _confirmation: Option<IgnoredAny>,
}

/// Claim `act` of RFC 8693: who acts for the organisation.
#[derive(Deserialize)]
struct Actor {
    org: Option<String>,
}

/// Whole seconds since 1970; a fraction is cut.
#[derive(Clone, Copy)]
struct Seconds(i64);

impl<'de> Deserialize<'de> for Seconds {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be within bounds that i64 holds")]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        let seconds = number
            .as_i64()
            .or_else(|| number.as_f64().filter(|seconds| seconds.abs() < 1e15).map(|seconds| seconds.floor() as i64));
        seconds
            .filter(|seconds| (0..=SECONDS_MAX).contains(seconds))
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("not a time"))
    }
}

/// True for a member that is there, whatever its value.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// Id of the key a token names, its header found acceptable.
pub(super) fn key_id(token: &str) -> Result<String, AuthFault> {
    let header = token.split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| AuthFault::Malformed)?;
    let header: Header = serde_json::from_slice(&header).map_err(|_| AuthFault::Malformed)?;
    if header.crit {
        return Err(AuthFault::Critical);
    }
    // The key decides between these; anything else, `none` above all, is not even looked up.
    if !["ES256", "EdDSA", "RS256"].contains(&header.alg.as_str()) {
        return Err(AuthFault::Algorithm);
    }
    if header
        .typ
        .is_some_and(|typ| !["JWT", "at+jwt", "application/at+jwt"].iter().any(|t| typ.eq_ignore_ascii_case(t)))
    {
        return Err(AuthFault::Type);
    }
    header.kid.filter(|id| (1..=KEY_ID_BYTES_MAX).contains(&id.len())).ok_or(AuthFault::KeyId)
}

/// What is asked of every token of an issuer; times are judged apart.
pub(super) fn validation(algorithm: Algorithm, issuer: &str, audience: &str) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    validation.validate_exp = false;
    validation
}

/// Caller of a token and the end of its validity. Issuers may have given different keys one id; each is tried.
pub(super) fn verify(token: &str, candidates: &[VerifyingKey], now: Instant) -> Result<(Viewer, Instant), AuthFault> {
    let mut fault = AuthFault::UnknownKey;
    for candidate in candidates {
        match claims(token, candidate) {
            Ok(claims) => return judged(claims, now),
            // What a key that does fit says is worth more than that another does not.
            Err(AuthFault::Signature | AuthFault::Algorithm) if fault != AuthFault::UnknownKey => {}
            Err(refusal) => fault = refusal,
        }
    }
    Err(fault)
}

fn claims(token: &str, key: &VerifyingKey) -> Result<Claims, AuthFault> {
    match jsonwebtoken::decode::<Claims>(token, &key.key, &key.validation) {
        Ok(token) => Ok(token.claims),
        Err(error) => Err(match error.kind() {
            ErrorKind::InvalidAlgorithm | ErrorKind::InvalidKeyFormat => AuthFault::Algorithm,
            ErrorKind::InvalidSignature => AuthFault::Signature,
            ErrorKind::InvalidIssuer => AuthFault::Issuer,
            ErrorKind::InvalidAudience => AuthFault::Audience,
            ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) | ErrorKind::Json(_) => {
                AuthFault::Claims
            }
            _ => AuthFault::Malformed,
        }),
    }
}

fn judged(claims: Claims, now: Instant) -> Result<(Viewer, Instant), AuthFault> {
    let leeway = TimeDelta::seconds(LEEWAY_SECONDS);
    let expires_at = instant(claims.exp)?;
    if now >= expires_at + leeway {
        return Err(AuthFault::Expired);
    }
    if claims.nbf.map(instant).transpose()?.is_some_and(|not_before| not_before > now + leeway) {
        return Err(AuthFault::NotYetValid);
    }
    if claims.iat.map(instant).transpose()?.is_some_and(|issued_at| issued_at > now + leeway) {
        return Err(AuthFault::IssuedInFuture);
    }
    Ok((viewer(claims)?, expires_at))
}

fn instant(seconds: Seconds) -> Result<Instant, AuthFault> {
    DateTime::from_timestamp(seconds.0, 0).ok_or(AuthFault::Claims)
}

fn viewer(claims: Claims) -> Result<Viewer, AuthFault> {
    let subject = subject(claims.sub)?;
    let organisation = business_id(claims.org.as_deref(), AuthFault::Organisation)?;
    let processor = claims.act.and_then(|actor| actor.org);
    let processor = business_id(processor.as_deref(), AuthFault::Processor)?;
    let mut roles: Vec<_> = claims.roles.iter().filter_map(|name| Role::from_name(name)).collect();
    roles.sort_unstable();
    roles.dedup();
    if organisation.is_none() && roles.iter().any(|role| acts_for_an_organisation(*role)) {
        return Err(AuthFault::Organisation);
    }
    if organisation.is_none() && processor.is_some() {
        return Err(AuthFault::Processor);
    }
    Ok(Viewer { subject: Some(subject), organisation, roles, processor })
}

/// Subject a token may name: a personal identity code must not reach the journal as an actor (1050/2018 29 §).
pub fn subject(text: String) -> Result<String, AuthFault> {
    let characters = text.chars().count();
    let acceptable = (1..=SUBJECT_CHARACTERS_MAX).contains(&characters)
        && !text.contains(char::is_control)
        && !contains_personal_identity_code(&text);
    if acceptable { Ok(text) } else { Err(AuthFault::Subject) }
}

fn business_id(text: Option<&str>, fault: AuthFault) -> Result<Option<BusinessId>, AuthFault> {
    text.map(|text| text.parse().map_err(|_| fault)).transpose()
}

fn acts_for_an_organisation(role: Role) -> bool {
    match role {
        Role::Administrator | Role::Officer | Role::System | Role::Auditor => true,
        Role::Statistician | Role::SubjectService => false,
    }
}
