//! Settings of the server that faces the network.

use std::net::IpAddr;

use ipnet::IpNet;

use super::setting::Setting;

pub(super) const TRUSTED_PROXIES: Setting = Setting {
    name: "TRUSTED_PROXIES",
    default: "",
    allowed: "addresses or networks, `10.0.0.5, 10.1.0.0/16`, separated by commas; not all there are",
};

/// Proxies whose word is taken for what they say of a client in headers; anybody else's is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads addresses and networks separated by commas.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let networks = text
            .split(',')
            .enumerate()
            .map(|(index, item)| network(item.trim()).map_err(|why| format!("item {index} {why}")));
        networks.collect::<Result<_, _>>().map(Self)
    }

    /// Whether a peer's word is taken. An IPv4 address is the same written as one of IPv6.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.0.iter().any(|network| network.contains(&peer))
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn network(text: &str) -> Result<IpNet, &'static str> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address.to_canonical()),
        Err(_) => text.parse().map_err(|_| "is neither an address nor a network")?,
    };
    // To trust everyone is to let every client say of itself what it likes.
    if network.prefix_len() == 0 { Err("is every address there is") } else { Ok(network) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusts(proxies: &str, peer: &str) -> bool {
        TrustedProxies::parse(proxies).expect("proxies").trusts(peer.parse().expect("peer"))
    }

    #[test]
    fn proxies_are_addresses_and_networks_of_either_family() {
        let proxies = "10.0.0.5, 10.1.0.0/16,2001:db8::/32";
        for peer in ["10.0.0.5", "::ffff:10.0.0.5", "10.1.255.255", "2001:db8::1"] {
            assert!(trusts(proxies, peer), "{peer}");
        }
        for peer in ["10.0.0.6", "10.2.0.0", "2001:db9::1", "::1", "127.0.0.1"] {
            assert!(!trusts(proxies, peer), "{peer}");
        }
        assert!(trusts("::ffff:10.0.0.5", "10.0.0.5"));
    }

    #[test]
    fn nobody_is_trusted_unless_named() {
        assert!(!TrustedProxies::default().trusts("127.0.0.1".parse().expect("peer")));
    }

    #[test]
    fn what_is_no_network_or_every_network_is_refused_with_its_place() {
        for (text, fault) in [
            ("10.0.0.1,proxy.example", "item 1 is neither an address nor a network"),
            ("10.0.0.1,", "item 1 is neither an address nor a network"),
            ("10.0.0.0/33", "item 0 is neither an address nor a network"),
            ("0.0.0.0/0", "item 0 is every address there is"),
            ("::/0", "item 0 is every address there is"),
        ] {
            assert_eq!(TrustedProxies::parse(text), Err(fault.to_owned()), "{text}");
        }
    }
}
