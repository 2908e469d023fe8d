//! Web origins whose pages may call the gateway, as an exact list.

use std::net::IpAddr;

/// Web origins whose pages may call the gateway; none unless said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Vec<String>);

impl Origins {
    /// Origins of a list separated by commas.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut origins = Vec::new();
        for (at, origin) in text.split(',').map(str::trim).enumerate() {
            check(origin).map_err(|why| format!("item {at} {why}"))?;
            origins.push(origin.to_owned());
        }
        Ok(Self(origins))
    }

    /// Whether a page of this origin may call.
    pub fn holds(&self, origin: &str) -> bool {
        self.0.iter().any(|known| known == origin)
    }

    /// Each origin.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// Address of the gateway as its clients know it: an origin over https, or of this machine.
pub(super) fn public_url(text: &str) -> Result<String, String> {
    check(text)?;
    let is_own = |host: &str| host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let host = text.strip_prefix("http://").map(|rest| match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => host,
        _ => rest,
    });
    match host {
        Some(host) if !is_own(host.trim_matches(['[', ']'])) => Err("is not https".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// A browser sends an origin in one form only, in which it must stand here: compared are the characters.
fn check(origin: &str) -> Result<(), &'static str> {
    let (scheme, rest) = origin.split_once("://").ok_or("is no `SCHEME://HOST`")?;
    let usual = match scheme {
        "https" => "443",
        "http" => "80",
        _ => return Err("is neither http nor https"),
    };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    if let Some(port) = port {
        let is_number = port.parse::<u16>().is_ok_and(|number| number > 0 && number.to_string() == port);
        if !is_number {
            return Err("has no port where its port should be");
        }
        if port == usual {
            return Err("names the port a browser leaves out");
        }
    }
    let is_name = !host.is_empty()
        && host.split('.').all(|label| !label.is_empty())
        && host.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte));
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_address = bracketed
        .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok_and(|parsed| parsed.to_string() == address));
    if is_name || is_address {
        Ok(())
    } else {
        Err("has another host than one in lower case, without path or wildcard")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_address_is_https_but_on_this_machine() {
        for taken in ["https://pdp.example", "https://pdp.example:8443", "http://127.0.0.1:8080", "http://[::1]:8080"] {
            assert_eq!(public_url(taken).as_deref(), Ok(taken));
        }
        for refused in
            ["http://pdp.example", "http://10.0.0.1:8080", "https://pdp.example/", "https://pdp.example/a", "pdp"]
        {
            assert!(public_url(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn origins_are_taken_only_as_a_browser_sends_them() {
        let origins =
            Origins::parse("https://a.example, http://localhost:5173,https://10.0.0.1:8443,https://[::1]:8443")
                .unwrap();
        assert_eq!(origins.iter().count(), 4);
        assert!(origins.holds("https://a.example") && origins.holds("http://localhost:5173"));
        for other in ["https://a.example.evil", "http://a.example", "https://a.example:8443", "null", "*", ""] {
            assert!(!origins.holds(other), "{other}");
        }
        for text in [
            "*",
            "null",
            "https://*",
            "https://*.example",
            "a.example",
            "ftp://a.example",
            "https://a.example/",
            "https://a.example/path",
            "https://A.example",
            "https://a.example:443",
            "http://a.example:80",
            "https://a.example:0",
            "https://a.example:08443",
            "https://a.example:99999",
            "https://a.example:",
            "https://",
            "https://a..example",
            "https://user@a.example",
            "https://[::0001]",
            "https://[::1",
            "https://a.example,",
            "https://å.example",
        ] {
            assert!(Origins::parse(text).is_err(), "{text}");
        }
    }
}
