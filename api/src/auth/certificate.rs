//! Which certificate a client showed, as a trusted proxy that ended its TLS says.

use axum::http::HeaderValue;
use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;

use super::{AuthFault, Credentials, binding::Thumbprint};
use crate::config::{CertificateHeader, Config, TrustedProxies};

/// Whose word is taken for a client's certificate, and where it stands.
pub(super) struct Certificates {
    proxies: TrustedProxies,
    header: Option<CertificateHeader>,
}

impl Certificates {
    pub(super) fn of(config: &Config) -> Self {
        Self { proxies: config.trusted_proxies.clone(), header: config.certificate_header.clone() }
    }

    /// Thumbprint of the one certificate that was shown.
    pub(super) fn shown(&self, credentials: Credentials<'_>) -> Result<Thumbprint, AuthFault> {
        let header = self.header.as_ref().ok_or(AuthFault::CertificateMissing)?;
        // What anybody else says of a certificate, the client may have said itself.
        if !credentials.peer.is_some_and(|peer| self.proxies.trusts(peer)) {
            return Err(AuthFault::CertificateMissing);
        }
        let mut given = credentials.headers.get_all(header.name()).iter();
        let value = given.next().ok_or(AuthFault::CertificateMissing)?;
        if given.next().is_some() {
            return Err(AuthFault::Certificate);
        }
        thumbprint(header, value).ok_or(AuthFault::Certificate)
    }
}

/// Thumbprint by a header's value; none unless it holds exactly one certificate.
fn thumbprint(header: &CertificateHeader, value: &HeaderValue) -> Option<Thumbprint> {
    let text = value.to_str().ok()?.trim_matches([' ', '\t']);
    match header {
        CertificateHeader::ClientCert => {
            let bytes = text.strip_prefix(':')?.strip_suffix(':')?;
            certificate(bytes)
        }
        CertificateHeader::EscapedPem(_) => {
            let pem = percent_decode_str(text).decode_utf8().ok()?;
            let inner = pem.trim_ascii().strip_prefix("-----BEGIN CERTIFICATE-----")?;
            let inner = inner.strip_suffix("-----END CERTIFICATE-----")?;
            certificate(&inner.split_ascii_whitespace().collect::<String>())
        }
        CertificateHeader::ForwardedClientCert => {
            let [hash] = <[&str; 1]>::try_from(hashes(text)?).ok()?;
            Thumbprint::from_bytes(&unhexed(hash)?)
        }
    }
}

/// A second certificate would not be base64, for it begins with dashes or a comma.
fn certificate(text: &str) -> Option<Thumbprint> {
    let bytes = STANDARD.decode(text).ok().filter(|bytes| !bytes.is_empty())?;
    Thumbprint::of(&bytes)
}

/// Values of `Hash` in the one element of Envoy's header; none when there are several elements, each a certificate that
/// another proxy saw, or one is not of its form.
fn hashes(text: &str) -> Option<Vec<&str>> {
    let mut hashes = Vec::new();
    for pair in split(text)? {
        let (key, value) = pair.split_once('=')?;
        if key.trim().eq_ignore_ascii_case("hash") {
            hashes.push(value.trim());
        }
    }
    Some(hashes)
}

/// Pairs of one element, split at semicolons outside quotes; none where a comma begins another element or a quote is
/// left open.
fn split(text: &str) -> Option<Vec<&str>> {
    let (mut pairs, mut start) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => return None,
            b';' if !is_quoted => {
                pairs.push(text.get(start..index)?);
                start = index + 1;
            }
            _ => {}
        }
    }
    pairs.push(text.get(start..)?);
    (!is_quoted).then_some(pairs)
}

fn unhexed(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()));
    let digits = digits.collect::<Option<Vec<_>>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::http::HeaderMap;

    use super::*;
    use crate::config::Flags;

    const PROXY: &str = "10.0.0.5";

    fn shown(form: &str, peer: &str, headers: &[(&'static str, &str)]) -> Result<Thumbprint, AuthFault> {
        let config = Config::load(&Flags::default(), |name| match name {
            "CLIENT_CERTIFICATE_HEADER" => Some(form.to_owned()),
            "TRUSTED_PROXIES" => Some(PROXY.to_owned()),
            _ => None,
        });
        let mut given = HeaderMap::new();
        for (name, value) in headers {
            given.append(*name, value.parse().expect("value"));
        }
        let peer = peer.parse::<IpAddr>().ok();
        Certificates::of(&config.expect("config")).shown(Credentials { headers: &given, peer })
    }

    fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write;
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("written");
            text
        })
    }

    fn hash(certificate: &[u8]) -> String {
        hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate).as_ref())
    }

    fn escaped(certificate: &[u8]) -> String {
        let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(certificate));
        percent_encoding::utf8_percent_encode(&pem, percent_encoding::NON_ALPHANUMERIC).to_string()
    }

    #[test]
    fn certificate_is_the_same_in_each_form() {
        let certificate = b"a certificate in DER".as_slice();
        let expected = Ok(Thumbprint::of(certificate).expect("thumbprint"));
        let sequence = format!(":{}:", STANDARD.encode(certificate));
        assert_eq!(shown("client-cert", PROXY, &[("client-cert", &sequence)]), expected);
        let pem = escaped(certificate);
        assert_eq!(shown("pem:X-SSL-Client-Cert", PROXY, &[("x-ssl-client-cert", &pem)]), expected);
        let hash = hash(certificate);
        for forwarded in [
            format!("Hash={hash}"),
            format!("By=spiffe://a;Hash={};URI=spiffe://b", hash.to_uppercase()),
            format!(r#"Subject="CN=a, O=\"b\"; Hash=00,";hash={hash};DNS=x"#),
        ] {
            let headers = [("x-forwarded-client-cert", forwarded.as_str())];
            assert_eq!(shown("x-forwarded-client-cert", PROXY, &headers), expected, "{forwarded}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let sequence = format!(":{}:", STANDARD.encode("certificate"));
        for peer in ["10.0.0.6", "unknown"] {
            let found = shown("client-cert", peer, &[("client-cert", &sequence)]);
            assert_eq!(found, Err(AuthFault::CertificateMissing), "{peer}");
        }
        assert_eq!(shown("client-cert", PROXY, &[]), Err(AuthFault::CertificateMissing));
        assert_eq!(
            shown("client-cert", PROXY, &[("x-ssl-client-cert", &sequence)]),
            Err(AuthFault::CertificateMissing)
        );
    }

    #[test]
    fn several_certificates_and_other_forms_are_refused() {
        let (one, other) = (format!(":{}:", STANDARD.encode("one")), format!(":{}:", STANDARD.encode("other")));
        let (hash, pem) = (hash(b"one"), escaped(b"one"));
        let both = [("client-cert", one.as_str()), ("client-cert", other.as_str())];
        assert_eq!(shown("client-cert", PROXY, &both), Err(AuthFault::Certificate));
        let twice = [&one, &one].map(|value| ("client-cert", value.as_str()));
        assert_eq!(shown("client-cert", PROXY, &twice), Err(AuthFault::Certificate));
        for (form, name, values) in [
            (
                "client-cert",
                "client-cert",
                vec![format!("{one}, {other}"), one.replace(':', ""), "::".to_owned(), ":!:".to_owned(), String::new()],
            ),
            (
                "pem:x-cert",
                "x-cert",
                vec![
                    format!("{pem}{pem}"),
                    STANDARD.encode("one"),
                    "-----BEGIN CERTIFICATE-----".to_owned(),
                    "%FF".to_owned(),
                ],
            ),
            (
                "x-forwarded-client-cert",
                "x-forwarded-client-cert",
                vec![
                    format!("Hash={hash},Hash={hash}"),
                    format!("Hash={hash};Hash={hash}"),
                    format!("By=a;Hash={hash},By=b"),
                    format!("Hash=\"{hash}\""),
                    format!("Hash={}", &hash[2..]),
                    format!("Hash={hash}0"),
                    format!("Hash={hash};Subject=\"open"),
                    "By=a;URI=b".to_owned(),
                    "Hash".to_owned(),
                    String::new(),
                ],
            ),
        ] {
            for value in values {
                assert_eq!(shown(form, PROXY, &[(name, &value)]), Err(AuthFault::Certificate), "{form} {value}");
            }
        }
    }
}
