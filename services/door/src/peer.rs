//! Whom a connection is with.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// By so much of an address of version 6 somebody goes: the rest they choose freely.
const OWN_BITS: u128 = !0 << 64;
/// So many answers that a connection does not read are given up one by one; after that the connection is.
const LEFT_UNREAD: usize = 16;

/// By what somebody at this address goes.
#[must_use]
pub fn own(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & OWN_BITS)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// The other end of a connection. Every request has it among its extensions.
#[derive(Debug, Clone)]
pub struct Peer(Arc<Line>);

#[derive(Debug)]
struct Line {
    address: IpAddr,
    certificate: Option<Vec<u8>>,
    /// How many answers it has left unread, one after the other.
    unread: AtomicUsize,
    since: Instant,
    /// When it has read something last, in milliseconds since then.
    read: AtomicU64,
    hung_up: CancellationToken,
}

impl Peer {
    /// At this address, with the certificate that it has shown, as DER, if it has, and if its authority is one that is trusted.
    #[must_use]
    pub fn new(address: IpAddr, certificate: Option<Vec<u8>>) -> Self {
        let (unread, read, hung_up) = (AtomicUsize::new(0), AtomicU64::new(0), CancellationToken::new());
        Self(Arc::new(Line { address, certificate, unread, since: Instant::now(), read, hung_up }))
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.0.address
    }

    /// The certificate that it has shown, as DER.
    #[must_use]
    pub fn certificate(&self) -> Option<&[u8]> {
        self.0.certificate.as_deref()
    }

    /// It has read some of an answer.
    pub(crate) fn has_read(&self) {
        self.0.unread.store(0, Ordering::Relaxed);
        self.0.read.store(milliseconds(self.0.since), Ordering::Relaxed);
    }

    /// Whether it has read something in so long.
    pub(crate) fn has_read_within(&self, time: Duration) -> bool {
        let ago = milliseconds(self.0.since).saturating_sub(self.0.read.load(Ordering::Relaxed));
        u128::from(ago) < time.as_millis()
    }

    /// It has left another answer unread until that was given up.
    pub(crate) fn left_unread(&self) {
        if self.0.unread.fetch_add(1, Ordering::Relaxed) + 1 >= LEFT_UNREAD {
            self.0.hung_up.cancel();
        }
    }

    /// Waits until it has left too many unread.
    pub(crate) async fn hung_up(&self) {
        self.0.hung_up.cancelled().await;
    }
}
