//! Which addresses events may be sent to: those of the public internet, unless the operator opens private ones.
//!
//! An officer of any organisation may name an address, and the gateway stands inside somebody's network: what only that
//! network can reach is refused, by its literal when it is named and by what its name resolves to when it is used.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use reqwest::Url;

/// Characters of an address.
pub const URL_CHARACTERS_MAX: usize = 500;

/// How far events may be sent (`WEBHOOK_PRIVATE_ADDRESSES`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses, over https.
    Public,
    /// Any address, over plain http too: for development and tests.
    Private,
}

impl Reach {
    /// Reach of the setting.
    pub fn of(private_addresses: bool) -> Self {
        if private_addresses { Self::Private } else { Self::Public }
    }

    /// Whether an address may be connected to.
    pub fn admits(self, address: IpAddr) -> bool {
        self == Self::Private || is_public(address)
    }
}

/// Networks of IPv4 that are not of the public internet (IANA special-purpose registry, RFC 6890 and its updates).
const NOT_PUBLIC_V4: [Ipv4Net; 15] = [
    net4([0, 0, 0, 0], 8),
    net4([10, 0, 0, 0], 8),
    net4([100, 64, 0, 0], 10),
    net4([127, 0, 0, 0], 8),
    net4([169, 254, 0, 0], 16),
    net4([172, 16, 0, 0], 12),
    net4([192, 0, 0, 0], 24),
    net4([192, 0, 2, 0], 24),
    net4([192, 88, 99, 0], 24),
    net4([192, 168, 0, 0], 16),
    net4([198, 18, 0, 0], 15),
    net4([198, 51, 100, 0], 24),
    net4([203, 0, 113, 0], 24),
    net4([224, 0, 0, 0], 4),
    net4([240, 0, 0, 0], 4),
];

/// All that is public of IPv6.
const UNICAST_V6: Ipv6Net = net6([0x2000, 0], 3);

/// Networks within that are not: protocol assignments (Teredo among them), documentation twice.
const NOT_PUBLIC_V6: [Ipv6Net; 3] = [net6([0x2001, 0], 23), net6([0x2001, 0xdb8], 32), net6([0x3fff, 0], 20)];

/// IPv4 within IPv6: 6to4, whose address stands after the first 16 bits.
const SIX_TO_FOUR: Ipv6Net = net6([0x2002, 0], 16);

/// NAT64 (RFC 6052), whose address stands last.
const NAT64: Ipv6Net = net6([0x64, 0xff9b], 96);

const fn net4(octets: [u8; 4], length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::from_octets(octets), length)
}

const fn net6([first, second]: [u16; 2], length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), length)
}

/// Whether an address is one of the public internet; one that carries an address of IPv4 is judged by that.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match carried(address) {
            Some(address) => is_public_v4(address),
            None => UNICAST_V6.contains(&address) && !NOT_PUBLIC_V6.iter().any(|net| net.contains(&address)),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !NOT_PUBLIC_V4.iter().any(|net| net.contains(&address))
}

/// Address of IPv4 that one of IPv6 stands for.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let octets = address.octets();
    let four = |at: usize| Some(Ipv4Addr::from_octets(*octets.get(at..)?.first_chunk()?));
    if let Some(mapped) = address.to_ipv4_mapped() {
        return Some(mapped);
    }
    if NAT64.contains(&address) {
        return four(12);
    }
    if SIX_TO_FOUR.contains(&address) { four(2) } else { None }
}

/// Address as given, if events may be sent there; else why not.
///
/// # Errors
/// What is wrong, in words.
pub fn read(text: &str, reach: Reach) -> Result<Url, &'static str> {
    let url: Url = text.parse().map_err(|_| "is no absolute URL")?;
    if !(url.scheme() == "https" || reach == Reach::Private && url.scheme() == "http") {
        return Err("must begin with `https://`");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must hold no user name and no password");
    }
    if url.fragment().is_some() {
        return Err("must hold no fragment");
    }
    let host = url.host_str().ok_or("names no host")?;
    if reach == Reach::Public && !is_public_host(host) {
        return Err("names a host that is not of the public internet");
    }
    Ok(url)
}

/// Address a host says itself; none of a name.
pub fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether a host may be public as far as its words tell: names of one word, and those kept for private use, are not.
fn is_public_host(host: &str) -> bool {
    const PRIVATE: [&str; 8] = ["localhost", "local", "internal", "home.arpa", "lan", "intranet", "test", "invalid"];
    let host = host.trim_end_matches('.');
    if let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse() {
        return is_public(address);
    }
    let is_private = |end: &str| host == end || host.strip_suffix(end).is_some_and(|rest| rest.ends_with('.'));
    host.contains('.') && !PRIVATE.iter().any(|end| is_private(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for (address, expected) in [
            ("0.0.0.0", false),
            ("0.1.2.3", false),
            ("9.255.255.255", true),
            ("10.0.0.1", false),
            ("11.0.0.0", true),
            ("100.63.255.255", true),
            ("100.64.0.1", false),
            ("100.127.255.255", false),
            ("100.128.0.0", true),
            ("127.0.0.1", false),
            ("127.255.255.254", false),
            ("169.254.169.254", false),
            ("172.15.255.255", true),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("172.32.0.0", true),
            ("192.0.0.170", false),
            ("192.0.2.1", false),
            ("192.88.99.1", false),
            ("192.168.1.1", false),
            ("193.166.4.1", true),
            ("198.17.255.255", true),
            ("198.18.0.1", false),
            ("198.19.255.255", false),
            ("198.51.100.7", false),
            ("203.0.113.7", false),
            ("224.0.0.1", false),
            ("239.255.255.255", false),
            ("240.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::127.0.0.1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:10.0.0.1", false),
            ("::ffff:193.166.4.1", true),
            ("64:ff9b::10.0.0.1", false),
            ("64:ff9b::193.166.4.1", true),
            ("64:ff9b:1::193.166.4.1", false),
            ("100::1", false),
            ("2001::1", false),
            ("2001:1ff:ffff::1", false),
            ("2001:200::1", true),
            ("2001:708:10::1", true),
            ("2001:db8::1", false),
            ("2002:a00:1::1", false),
            ("2002:7f00:1::", false),
            ("2002:c1a6:401::1", true),
            ("3fff::1", false),
            ("3fff:fff:ffff::1", false),
            ("2a00:1450:4001:80b::200e", true),
            ("5f00::1", false),
            ("fc00::1", false),
            ("fd12:3456:789a::1", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
        ] {
            assert_eq!(is_public(address.parse().expect(address)), expected, "{address}");
        }
    }

    #[test]
    fn address_is_https_to_a_public_host_with_nothing_secret_in_it() {
        for text in [
            "https://receiver.example.fi/events",
            "https://receiver.example.fi:8443/events?key=value",
            "https://193.166.4.1/",
            "https://[2001:708:10::1]/events",
            "https://test.example.fi/",
        ] {
            assert!(read(text, Reach::Public).is_ok(), "{text}");
        }
        for text in [
            "",
            "receiver.example.fi",
            "/events",
            "http://receiver.example.fi/events",
            "ftp://receiver.example.fi/",
            "file:///etc/passwd",
            "https://user@receiver.example.fi/",
            "https://user:password@receiver.example.fi/",
            "https://:password@receiver.example.fi/",
            "https://receiver.example.fi/#part",
            "https://",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost/",
            "https://printer.local/",
            "https://metadata.google.internal/",
            "https://intranet/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://0/",
            "https://169.254.169.254/latest/meta-data/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fd00::1]/",
        ] {
            assert!(read(text, Reach::Public).is_err(), "{text}");
        }
    }

    #[test]
    fn private_addresses_and_plain_http_are_for_who_opens_them() {
        for text in ["http://127.0.0.1:8080/events", "http://localhost/", "https://receiver.internal/"] {
            assert!(read(text, Reach::Private).is_ok(), "{text}");
        }
        for text in ["ftp://127.0.0.1/", "http://user@127.0.0.1/", "http://127.0.0.1/#part"] {
            assert!(read(text, Reach::Private).is_err(), "{text}");
        }
        assert!(Reach::Private.admits(Ipv4Addr::LOCALHOST.into()) && !Reach::Public.admits(Ipv4Addr::LOCALHOST.into()));
    }
}
