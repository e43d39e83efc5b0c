//! Where a webhook may lead: to what everybody can reach, and to nothing that only this system can.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

/// Addresses that are nobody's in particular, or only reachable from within. From IANA's registry of special-purpose addresses
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>), with all that is reserved, multicast, and where Azure tells a machine about
/// itself.
const WITHIN_V4: [(Ipv4Addr, u8); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];
/// The addresses of IPv6 that are given out at all; and those among them that lead elsewhere: to what carries IPv4 in itself, benchmarks,
/// documentation (<https://www.iana.org/assignments/iana-ipv6-special-registry>).
const GIVEN_OUT_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
const WITHIN_V6: [(Ipv6Addr, u8); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// What may be called.
#[derive(Debug, Clone)]
pub(super) struct Networks {
    allowed: Arc<[IpNet]>,
}

impl Networks {
    /// What everybody can reach, and these networks.
    pub(super) fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed: allowed.into_iter().map(canonical).collect() }
    }

    /// Whether anything may be called without TLS.
    pub(super) fn allow_plain(&self) -> bool {
        !self.allowed.is_empty()
    }

    /// Whether an address may be called, with TLS or without.
    pub(super) fn permit(&self, address: IpAddr, is_secure: bool) -> bool {
        let address = address.to_canonical();
        self.allowed.iter().any(|network| network.contains(&address)) || (is_secure && is_public(address))
    }
}

/// As addresses are compared: what carries IPv4 in itself is that.
fn canonical(network: IpNet) -> IpNet {
    let mapped = match network {
        IpNet::V4(_) => None,
        IpNet::V6(network) => network.addr().to_ipv4_mapped().zip(network.prefix_len().checked_sub(96)),
    };
    mapped.and_then(|(address, length)| IpNet::new(address.into(), length).ok()).unwrap_or(network)
}

fn is_public(address: IpAddr) -> bool {
    let contains = |(network, length): (IpAddr, u8)| IpNet::new_assert(network, length).contains(&address);
    match address {
        IpAddr::V4(_) => !WITHIN_V4.into_iter().any(|(network, length)| contains((network.into(), length))),
        IpAddr::V6(_) => {
            contains((GIVEN_OUT_V6.0.into(), GIVEN_OUT_V6.1))
                && !WITHIN_V6.into_iter().any(|(network, length)| contains((network.into(), length)))
        }
    }
}

/// The name leads to nothing that may be called.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to nothing but what lies within")]
pub(super) struct LeadsWithin;

/// Looks names up, each time that a connection is made, and goes nowhere else than where it may.
#[derive(Debug)]
pub(super) struct Guarded {
    pub(super) networks: Networks,
    pub(super) is_secure: bool,
    /// How many names may be looked up at once: others in this process look up names, too.
    pub(super) room: Arc<Semaphore>,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (networks, is_secure, room) = (self.networks.clone(), self.is_secure, self.room.clone());
        Box::pin(async move {
            let room = room.acquire_owned().await?;
            // Goes on when nobody waits for it any more: a name server that hangs takes room until it does not.
            let looked = tokio::spawn(async move {
                let found = tokio::net::lookup_host((name.as_str(), 0)).await.map(Iterator::collect);
                drop(room);
                found
            });
            let found: Vec<SocketAddr> = looked.await??;
            let permitted: Vec<_> =
                found.iter().copied().filter(|found| networks.permit(found.ip(), is_secure)).collect();
            if permitted.is_empty() && !found.is_empty() {
                return Err(LeadsWithin.into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(networks: &Networks, address: &str) -> bool {
        networks.permit(address.parse().unwrap(), true)
    }

    #[test]
    fn what_lies_within_is_not_called_in_whatever_form_it_comes() {
        let networks = Networks::new(vec![]);
        let within = [
            "127.0.0.1",
            "127.255.255.254",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.100.100.200",
            "169.254.169.254",
            "168.63.129.16",
            "192.0.0.192",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::a00:1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ];
        for address in within {
            assert!(!permits(&networks, address), "{address}");
        }
        for address in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "::ffff:1.1.1.1", "2606:4700::1111", "2a00:1450::1"] {
            assert!(permits(&networks, address), "{address}");
        }
    }

    #[test]
    fn what_is_allowed_is_called_also_without_tls_and_nothing_else_is() {
        let allowed = ["10.1.0.0/16", "::1/128", "::ffff:10.3.0.0/112"].map(|network| network.parse().unwrap());
        let networks = Networks::new(allowed.to_vec());
        for (address, secure, plain) in [
            ("10.1.255.1", true, true),
            ("::ffff:10.1.0.1", true, true),
            ("::1", true, true),
            ("10.3.0.1", true, true),
            ("10.2.0.1", false, false),
            ("1.1.1.1", true, false),
        ] {
            let address = address.parse().unwrap();
            assert_eq!([networks.permit(address, true), networks.permit(address, false)], [secure, plain], "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_is_followed_to_where_it_may_lead_and_nowhere_else() {
        let resolve = async |allowed: &[&str]| {
            let allowed = allowed.iter().map(|network| network.parse().unwrap()).collect();
            let (networks, room) = (Networks::new(allowed), Arc::new(Semaphore::new(1)));
            let guarded = Guarded { networks, is_secure: true, room };
            let found = guarded.resolve("localhost".parse().unwrap()).await;
            found.map(|found| found.map(|address| address.ip()).collect::<Vec<_>>()).map_err(|error| error.to_string())
        };
        assert_eq!(resolve(&[]).await, Err(LeadsWithin.to_string()));
        assert_eq!(resolve(&["10.0.0.0/8"]).await, Err(LeadsWithin.to_string()));
        assert_eq!(resolve(&["127.0.0.0/8"]).await, Ok(vec![IpAddr::from([127, 0, 0, 1])]));
    }
}
