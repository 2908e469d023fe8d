//! What an issuer publishes of itself (OpenID Connect Discovery 1.0, RFC 8414): where, and what of it is believed.

use reqwest::Url;
use serde_json::Value;

use super::JwksFault;
use crate::{
    config::{is_loopback, key_set_address},
    json,
};

/// Where an issuer says what it is.
pub(super) struct Whereabouts {
    /// Its name, exact.
    issuer: String,
    /// Place of OpenID Connect Discovery 1.0, 4: after the path.
    pub(super) openid: Url,
    /// Place of RFC 8414, 3: before the path.
    pub(super) oauth: Url,
}

impl Whereabouts {
    pub(super) fn of(issuer: &str, url: &Url) -> Self {
        let path = url.path().trim_end_matches('/');
        let at = |path: String| {
            let mut url = url.clone();
            url.set_path(&path);
            url
        };
        Self {
            issuer: issuer.to_owned(),
            openid: at(format!("{path}/.well-known/openid-configuration")),
            oauth: at(format!("/.well-known/oauth-authorization-server{path}")),
        }
    }
}

/// Address of the keys, by what an issuer said.
pub(super) fn key_set_of(whereabouts: &Whereabouts, said: &[u8]) -> Result<Url, JwksFault> {
    let said = json::object(said).ok_or(JwksFault::Malformed)?;
    let text = |member: &str| said.get(member).and_then(Value::as_str);
    // Whoever publishes for another name would speak for it (RFC 8414, 6.2).
    if text("issuer") != Some(&whereabouts.issuer) {
        return Err(JwksFault::OtherIssuer);
    }
    let url = text("jwks_uri").and_then(|text| key_set_address(text).ok()).ok_or(JwksFault::KeySetAddress)?;
    // An issuer elsewhere has no keys on this machine, whatever it says.
    if is_loopback(&url) && !is_loopback(&whereabouts.openid) { Err(JwksFault::KeySetAddress) } else { Ok(url) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(issuer: &str) -> Whereabouts {
        Whereabouts::of(issuer, &issuer.parse().expect("url"))
    }

    #[test]
    fn publications_stand_after_and_before_the_path() {
        for (issuer, openid, oauth) in [
            (
                "https://i.example",
                "https://i.example/.well-known/openid-configuration",
                "https://i.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://i.example/realms/a/",
                "https://i.example/realms/a/.well-known/openid-configuration",
                "https://i.example/.well-known/oauth-authorization-server/realms/a",
            ),
        ] {
            assert_eq!((of(issuer).openid.as_str(), of(issuer).oauth.as_str()), (openid, oauth));
        }
    }

    #[test]
    fn keys_are_where_the_issuer_itself_says_and_over_https() {
        let keys = |issuer: &str, said: Value| key_set_of(&of(issuer), said.to_string().as_bytes());
        let said = |uri: &str| json!({ "issuer": "https://i.example", "jwks_uri": uri });
        assert_eq!(
            keys("https://i.example", said("https://keys.example/a")).map(String::from).as_deref(),
            Ok("https://keys.example/a")
        );
        for uri in
            ["http://i.example/", "http://127.0.0.1/", "https://localhost/", "https://u:p@i.example/", "keys", ""]
        {
            assert_eq!(keys("https://i.example", said(uri)), Err(JwksFault::KeySetAddress), "{uri}");
        }
        for other in ["https://i.example/", "https://I.example", "http://i.example", ""] {
            let said = json!({ "issuer": other, "jwks_uri": "https://i.example/keys" });
            assert_eq!(keys("https://i.example", said), Err(JwksFault::OtherIssuer), "{other}");
        }
        assert_eq!(keys("https://i.example", json!({ "issuer": "https://i.example" })), Err(JwksFault::KeySetAddress));
        assert_eq!(keys("https://i.example", json!([])), Err(JwksFault::Malformed));
        let twice =
            br#"{"issuer":"https://i.example","jwks_uri":"https://i.example/a","jwks_uri":"https://i.example/b"}"#;
        assert_eq!(key_set_of(&of("https://i.example"), twice), Err(JwksFault::Malformed));
    }
}
