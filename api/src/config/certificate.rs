//! Header in which a proxy that ends TLS says which certificate the client showed it.

use axum::http::HeaderName;

use super::setting::Setting;

pub(super) const CLIENT_CERTIFICATE_HEADER: Setting = Setting {
    name: "CLIENT_CERTIFICATE_HEADER",
    default: "",
    allowed: "`client-cert`, `x-forwarded-client-cert` or `pem:NAME`; with `TRUSTED_PROXIES`",
};

/// Header, and the form of what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateHeader {
    /// `Client-Cert` of RFC 9440: the certificate as a byte sequence.
    ClientCert,
    /// `X-Forwarded-Client-Cert` of Envoy: its hash, `Hash=`.
    ForwardedClientCert,
    /// Header of another name with the certificate in PEM, percent-encoded, as nginx and load balancers write it.
    EscapedPem(HeaderName),
}

impl CertificateHeader {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("client-cert") {
            return Ok(Self::ClientCert);
        }
        if text.eq_ignore_ascii_case("x-forwarded-client-cert") {
            return Ok(Self::ForwardedClientCert);
        }
        let name = text.strip_prefix("pem:").and_then(|name| name.parse().ok());
        name.map(Self::EscapedPem).ok_or_else(|| "is no such header".to_owned())
    }

    /// Name of the header.
    pub fn name(&self) -> HeaderName {
        match self {
            Self::ClientCert => HeaderName::from_static("client-cert"),
            Self::ForwardedClientCert => HeaderName::from_static("x-forwarded-client-cert"),
            Self::EscapedPem(name) => name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_is_one_of_three_forms() {
        for (text, name) in [
            ("Client-Cert", "client-cert"),
            ("x-forwarded-client-cert", "x-forwarded-client-cert"),
            ("pem:X-SSL-Client-Cert", "x-ssl-client-cert"),
        ] {
            assert_eq!(CertificateHeader::parse(text).expect(text).name(), name);
        }
        for text in ["x-ssl-client-cert", "pem:", "pem:a b", "der:x", ""] {
            assert!(CertificateHeader::parse(text).is_err(), "{text}");
        }
    }
}
