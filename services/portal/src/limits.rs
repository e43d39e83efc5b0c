//! How much one address asks for: whoever tries many things stops nobody else. What passes people on, such as a proxy that adds TLS, says whom it speaks
//! for; whoever is not named as one is taken for themselves.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use door::own;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::{HeaderMap, Method};
use ipnet::IpNet;

use crate::at;

/// How many requests one address may make in a second, and how many at once: a library's people sit behind one.
const REQUESTS: (u32, u32) = (30, 300);
/// How often somebody at one address may try to sign in in a minute, and how often at once.
const SIGN_INS: (u32, u32) = (30, 30);
/// Requests looked at before those are forgotten whose limits have filled up again.
const SWEEP: u32 = 10_000;

/// A number that is not 0.
const fn number(n: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(n.saturating_sub(1))
}

/// Keeps count by address.
pub(crate) struct Limits {
    proxies: Vec<IpNet>,
    requests: DefaultKeyedRateLimiter<IpAddr>,
    sign_ins: DefaultKeyedRateLimiter<IpAddr>,
    looked: AtomicU32,
}

impl Limits {
    pub(crate) fn new(proxies: Vec<IpNet>) -> Self {
        let (second, minute) = (number(REQUESTS.0), number(SIGN_INS.0));
        Self {
            proxies,
            requests: RateLimiter::keyed(Quota::per_second(second).allow_burst(number(REQUESTS.1))),
            sign_ins: RateLimiter::keyed(Quota::per_minute(minute).allow_burst(number(SIGN_INS.1))),
            looked: AtomicU32::new(0),
        }
    }

    /// Whether it passes people on.
    fn is_proxy(&self, peer: IpAddr) -> bool {
        is_in(&self.proxies, peer)
    }

    /// Whether there is room for one more request from there.
    pub(crate) fn allow(&self, from: IpAddr, method: &Method, path: &str) -> bool {
        if self.looked.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            for limiter in [&self.requests, &self.sign_ins] {
                limiter.retain_recent();
                limiter.shrink_to_fit();
            }
        }
        let from = own(from);
        let is_try = match path {
            // Whoever goes, goes: whatever else is asked for at the same address.
            at::LEAVE | at::SIGN_OUT => return true,
            at::START => true,
            at::SIGN_IN | at::CLAIM => method == Method::POST,
            _ => false,
        };
        self.requests.check_key(&from).is_ok() && (!is_try || self.sign_ins.check_key(&from).is_ok())
    }

    /// Whom a request is from: the peer; behind a proxy the last that it names and that is none itself.
    pub(crate) fn from(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.is_proxy(peer) {
            return peer;
        }
        let lines = headers.get_all("x-forwarded-for").iter().rev().filter_map(|line| line.to_str().ok());
        let mut named = lines.flat_map(|line| line.rsplit(',')).map_while(|name| address(name.trim()));
        named.find(|named| !self.is_proxy(*named)).unwrap_or(peer)
    }
}

/// An address, as proxies write it: with or without a port.
fn address(name: &str) -> Option<IpAddr> {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| name.parse::<SocketAddr>().ok().map(|named| named.ip()))
}

/// Whether an address is of one of these networks.
pub(crate) fn is_in(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|net| net.contains(&address.to_canonical()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn who_tries_often_waits_and_nobody_else_does() {
        let limits = Limits::new(vec![]);
        let tries = |from: &str| (0..100).filter(|_| limits.allow(ip(from), &Method::GET, at::START)).count();
        assert_eq!(tries("192.0.2.1"), 30);
        assert_eq!(tries("192.0.2.2"), 30);
        assert!(limits.allow(ip("192.0.2.1"), &Method::GET, at::HOME));
        assert!((0..1_000).all(|_| limits.allow(ip("192.0.2.1"), &Method::GET, at::LEAVE)), "somebody can not leave");
        // Whoever has many addresses of one network has one.
        assert_eq!(tries("2001:db8::1") + tries("2001:db8::2"), 30);
        assert_eq!(tries("::ffff:192.0.2.3") + tries("192.0.2.3"), 30);
        let reads = (0..1_000).filter(|_| limits.allow(ip("192.0.2.9"), &Method::GET, at::HOME)).count();
        assert!((300..400).contains(&reads), "{reads}");
    }

    #[test]
    fn a_proxy_says_for_whom_it_speaks_and_nobody_else_does() {
        let limits = Limits::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let from = |peer: &str, named: &'static str| {
            let headers = HeaderMap::from_iter([(
                http::HeaderName::from_static("x-forwarded-for"),
                HeaderValue::from_static(named),
            )]);
            limits.from(ip(peer), &headers)
        };
        assert_eq!(from("192.0.2.1", "192.0.2.7"), ip("192.0.2.1"));
        assert_eq!(from("10.0.0.1", "192.0.2.7"), ip("192.0.2.7"));
        // What whoever came has written before it counts for nothing.
        assert_eq!(from("10.0.0.1", "203.0.113.9, 192.0.2.7, 10.1.1.1"), ip("192.0.2.7"));
        assert_eq!(from("10.0.0.1", "192.0.2.7, somebody"), ip("10.0.0.1"));
        assert_eq!(from("10.0.0.1", "192.0.2.7:4711"), ip("192.0.2.7"));
        assert_eq!(from("10.0.0.1", "[2001:db8::7]:4711"), ip("2001:db8::7"));
        assert_eq!(from("10.0.0.1", "[2001:db8::7]"), ip("2001:db8::7"));
        assert_eq!(from("::ffff:10.0.0.1", ""), ip("::ffff:10.0.0.1"));
    }
}
