//! Token issuers the gateway believes, and where their keys are.

use std::{net::IpAddr, path::PathBuf};

use reqwest::Url;
use serde::Deserialize;

const NAME_BYTES_MAX: usize = 500;

/// Issuer of tokens, as configured; believed only with this audience and these keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Claim `iss`, exact.
    pub issuer: String,
    /// Claim `aud`, exact or one of a list.
    pub audience: String,
    /// Where the keys are.
    pub keys: KeySource,
}

/// Where the keys of an issuer are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// Key set at an address; https, but for loopback addresses.
    Url(Url),
    /// Key set in a file.
    File(PathBuf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    issuer: String,
    audience: String,
    jwks_url: Option<String>,
    jwks_file: Option<PathBuf>,
}

/// Reads a JSON list of issuers.
pub(super) fn parse(text: &str) -> Result<Vec<Issuer>, String> {
    let given: Vec<Given> = serde_json::from_str(text).map_err(|fault| format!("is not such a list: {fault}"))?;
    given
        .into_iter()
        .enumerate()
        .map(|(index, given)| checked(given).map_err(|why| format!("item {index} {why}")))
        .collect()
}

fn checked(given: Given) -> Result<Issuer, String> {
    if [&given.issuer, &given.audience].iter().any(|name| name.is_empty() || name.len() > NAME_BYTES_MAX) {
        return Err("has an issuer or audience that is empty or too long".to_owned());
    }
    let keys = match (given.jwks_url, given.jwks_file) {
        (Some(url), None) => KeySource::Url(key_set_address(&url)?),
        (None, Some(file)) => KeySource::File(file),
        (None, None) => return Err("has neither jwks_url nor jwks_file".to_owned()),
        (Some(_), Some(_)) => return Err("has both jwks_url and jwks_file".to_owned()),
    };
    Ok(Issuer { issuer: given.issuer, audience: given.audience, keys })
}

fn key_set_address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "has a jwks_url that is no address")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("has a jwks_url with a user or password".to_owned());
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err("has a jwks_url that is not https".to_owned()),
    }
}

/// Whether an address leads to this machine only.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(keys: &str) -> Result<Vec<Issuer>, String> {
        parse(&format!(r#"[{{"issuer":"https://i.example","audience":"gateway",{keys}}}]"#))
    }

    #[test]
    fn key_sets_come_from_a_file_or_over_https() {
        assert!(with(r#""jwks_file":"keys.json""#).is_ok());
        assert!(with(r#""jwks_url":"https://i.example/keys""#).is_ok());
    }

    #[test]
    fn plain_http_is_for_loopback_addresses_only() {
        for host in ["localhost", "127.0.0.1", "127.9.9.9:8081", "[::1]:80"] {
            assert!(with(&format!(r#""jwks_url":"http://{host}/keys""#)).is_ok(), "{host}");
        }
        for host in ["i.example", "localhost.example", "10.0.0.1", "127.0.0.1.example", "[::2]"] {
            assert!(with(&format!(r#""jwks_url":"http://{host}/keys""#)).is_err(), "{host}");
        }
    }

    #[test]
    fn anything_else_is_refused_and_says_which_item() {
        for keys in [
            r#""jwks_url":"ftp://i.example/keys""#,
            r#""jwks_url":"file:///etc/keys""#,
            r#""jwks_url":"https://user:secret@i.example/keys""#,
            r#""jwks_url":"https://i.example/keys","jwks_file":"keys.json""#,
            r#""jwks_fle":"keys.json""#,
            r#""jwks_file":"keys.json","algorithm":"none""#,
        ] {
            let fault = with(keys).expect_err(keys);
            assert!(!fault.contains("secret"), "{fault}");
        }
        assert_eq!(
            parse(r#"[{"issuer":"","audience":"a","jwks_file":"f"}]"#),
            Err("item 0 has an issuer or audience that is empty or too long".to_owned())
        );
        assert_eq!(parse("[]"), Ok(Vec::new()));
    }
}
