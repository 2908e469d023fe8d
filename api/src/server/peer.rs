//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};

use super::turnstile::Principal;
use crate::config::TrustedProxies;

/// Addresses a request has come through, each added by the hop that had it from there. The one header of its sort that is
/// read: a proxy that writes another is told to write this.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address a request comes from: that of the connection, or what a trusted proxy says of it. Each hop vouches for the one
/// before it, so the last that is not trusted is the client; what stands before that it may have written itself.
pub fn client(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &TrustedProxies) -> Principal<'static> {
    let Some(mut client) = peer else { return Principal::Within };
    let said = headers.get_all(FORWARDED_FOR).iter().rev();
    let mut hops = said.flat_map(|value| value.to_str().unwrap_or_default().rsplit(',')).map(str::trim);
    while trusted.trusts(client) {
        // A proxy that says nothing, or nothing of the sort, stands for its clients itself.
        let Some(hop) = hops.next().and_then(address) else { break };
        client = hop;
    }
    Principal::At(client)
}

/// Address as proxies write it, some with the port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Flags};

    fn seen(peer: &str, forwarded: &[&'static str]) -> String {
        let given = |name: &str| (name == "TRUSTED_PROXIES").then(|| "10.0.0.0/8, ::1".to_owned());
        let trusted = Config::load(&Flags::default(), given).expect("config").trusted_proxies;
        let headers = forwarded.iter().map(|value| (FORWARDED_FOR, value.parse().expect("value"))).collect();
        match client(Some(peer.parse().expect("peer")), &headers, &trusted) {
            Principal::At(address) => address.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn last_hop_that_is_not_trusted_is_the_client() {
        for (peer, forwarded, client) in [
            ("192.0.2.1", &[][..], "192.0.2.1"),
            ("192.0.2.1", &["10.0.0.1, 198.51.100.7"], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.9, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.9", "198.51.100.7:4711"], "198.51.100.7"),
            ("::1", &["[2001:db8::7]:443"], "2001:db8::7"),
            ("::ffff:10.0.0.1", &["2001:db8::7"], "2001:db8::7"),
            ("10.0.0.1", &["unknown"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ] {
            assert_eq!(seen(peer, forwarded), client, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn who_came_over_no_connection_is_within() {
        let trusted = TrustedProxies::default();
        assert_eq!(client(None, &HeaderMap::new(), &trusted), Principal::Within);
    }
}
