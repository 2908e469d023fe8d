//! Token issuers the gateway believes: what of their tokens is asked, and where their keys are.

mod claims;
mod keys;
mod members;
mod token_type;

use std::path::PathBuf;

use reqwest::Url;
use serde_json::Value;

pub use claims::{Claims, Roles};
pub use keys::{KeySource, KeyTimes, is_loopback, key_set_address};
pub use token_type::TokenType;

pub(super) use keys::{ISSUER_KEYS_COOL_DOWN, ISSUER_KEYS_MAX_AGE, ISSUER_KEYS_REFRESH};

use crate::json;
use members::Members;

const NAME_BYTES_MAX: usize = 500;

/// Audiences of one issuer; a gateway that moves has two.
const AUDIENCES_MAX: usize = 10;

/// Issuer of tokens, as configured; believed only with these audiences and these keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Claim `iss`, exact.
    pub issuer: String,
    /// Claim `aud`: one of these, exact, or a list with one of them.
    pub audiences: Vec<String>,
    /// Where the keys are.
    pub keys: KeySource,
    /// Types of tokens that are taken; null for all, and for tokens that name none.
    pub token_types: Option<Vec<TokenType>>,
    /// What its claims say, and where.
    pub claims: Claims,
}

/// Reads a JSON list of issuers.
pub(super) fn parse(text: &str) -> Result<Vec<Issuer>, String> {
    let list = json::parse(text.as_bytes()).map_err(|fault| format!("is not such a list: {fault}"))?;
    let Value::Array(items) = list else { return Err("is not a list".to_owned()) };
    let mut issuers: Vec<Issuer> = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let issuer = Members::of(format!("item {index}"), item).and_then(read)?;
        if let Some(earlier) = issuers.iter().position(|earlier| earlier.issuer == issuer.issuer) {
            return Err(format!(
                "item {index}: `issuer` is that of item {earlier}; one item may list several audiences"
            ));
        }
        issuers.push(issuer);
    }
    Ok(issuers)
}

fn read(mut given: Members) -> Result<Issuer, String> {
    let issuer = given.needed_text("issuer")?;
    let audiences = given.texts("audience")?.ok_or_else(|| given.fault("audience", "is missing"))?;
    if !(1..=AUDIENCES_MAX).contains(&audiences.len()) {
        return Err(given.fault("audience", "is a list of none or of too many"));
    }
    for (name, text) in [("issuer", &issuer)].into_iter().chain(audiences.iter().map(|text| ("audience", text))) {
        if text.is_empty() || text.len() > NAME_BYTES_MAX {
            return Err(given.fault(name, "is empty or too long"));
        }
    }
    let keys = match (given.text("jwks_url")?, given.text("jwks_file")?) {
        (Some(url), None) => KeySource::Url(address(&given, "jwks_url", &url)?),
        (None, Some(file)) => KeySource::File(PathBuf::from(file)),
        (None, None) => KeySource::Discovered(discoverable(&given, &issuer)?),
        (Some(_), Some(_)) => return Err(given.fault("jwks_file", "stands beside jwks_url; give one, or neither")),
    };
    let token_types = given.texts("token_types")?.map(|names| token_types(&given, &names)).transpose()?;
    let claims = Claims::read(&mut given)?;
    given.end()?;
    Ok(Issuer { issuer, audiences, keys, token_types, claims })
}

fn address(given: &Members, member: &str, text: &str) -> Result<Url, String> {
    key_set_address(text).map_err(|why| given.fault(member, why))
}

/// Address of an issuer whose keys are found through what it publishes of itself (OpenID Connect Discovery 1.0, RFC 8414).
fn discoverable(given: &Members, issuer: &str) -> Result<Url, String> {
    let url = key_set_address(issuer).ok().filter(|url| url.query().is_none() && url.fragment().is_none());
    url.ok_or_else(|| given.fault("issuer", "is no https address at which keys are found; give jwks_url or jwks_file"))
}

fn token_types(given: &Members, names: &[String]) -> Result<Vec<TokenType>, String> {
    if names.is_empty() {
        return Err(given.fault("token_types", "is a list of none"));
    }
    let types = names.iter().map(|name| TokenType::parse(name));
    types
        .collect::<Option<_>>()
        .ok_or_else(|| given.fault("token_types", "names one that is neither `at+jwt` nor `JWT`"))
}

#[cfg(test)]
mod tests;
