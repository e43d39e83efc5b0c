//! Calls that need no token have room of their own, so that whoever has none holds nobody up who has one: so many at a time, so many of one address, and not
//! for long. Where there is no room the oldest is given up, and nobody is turned away: a load balancer's check ends at once and is never the oldest, even
//! where strangers come from the same address.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Extensions;
use rpc::{Error, Reason};
use tokio_util::sync::CancellationToken;
use tonic::transport::server::{TcpConnectInfo, TlsConnectInfo};

/// Public calls whose answer has not begun.
const AT_ONCE: usize = 256;
/// How many of them one address has.
const OF_ONE: usize = 16;
/// How long one has until its answer begins: a body that does not come is given up.
pub(crate) const LIMIT: Duration = Duration::from_secs(3);
/// By so much of an address of version 6 somebody goes: the rest they choose freely.
const OWN_BITS: u128 = !0 << 64;

/// The public calls in progress, the oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Public(Arc<Mutex<VecDeque<Entry>>>);

/// One of them: where it comes from, if that is known, and what gives it up.
#[derive(Debug)]
struct Entry {
    from: Option<IpAddr>,
    given_up: Arc<CancellationToken>,
}

/// One public call in progress. Its place is free when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    public: Public,
    given_up: Arc<CancellationToken>,
}

impl Public {
    /// Room for one more, on this connection: in the place of the oldest of this address, or of all, where there are enough.
    pub(crate) fn begin(&self, connection: &Extensions) -> Place {
        self.begin_from(from(connection))
    }

    fn begin_from(&self, from: Option<IpAddr>) -> Place {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = all.iter().filter(|one| one.from == from).count();
        let oldest = match theirs >= OF_ONE {
            true => all.iter().position(|one| one.from == from),
            false => (all.len() >= AT_ONCE).then_some(0),
        };
        if let Some(oldest) = oldest.and_then(|nth| all.remove(nth)) {
            oldest.given_up.cancel();
        }
        let given_up = Arc::new(CancellationToken::new());
        all.push_back(Entry { from, given_up: given_up.clone() });
        Place { public: self.clone(), given_up }
    }
}

impl Place {
    /// Waits until it has to make room, and says so.
    pub(crate) async fn given_up(&self) -> Error {
        self.given_up.cancelled().await;
        let error = Error::new(Reason::Overloaded, "too many calls without a token at once; try again");
        error.limited("public_calls_in_progress", OF_ONE.to_string())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.public.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| !Arc::ptr_eq(&one.given_up, &self.given_up));
    }
}

/// Where a connection comes from.
fn from(connection: &Extensions) -> Option<IpAddr> {
    let tls = connection.get::<TlsConnectInfo<TcpConnectInfo>>().map(TlsConnectInfo::get_ref);
    let address = tls.or_else(|| connection.get::<TcpConnectInfo>())?.remote_addr()?.ip();
    Some(match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & OWN_BITS)),
        v4 @ IpAddr::V4(_) => v4,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stands(place: &Place) -> bool {
        !place.given_up.is_cancelled()
    }

    #[test]
    fn where_there_is_no_room_the_oldest_is_given_up() {
        let public = Public::default();
        let address = |nth: u8| Some(IpAddr::from([192, 0, 2, nth]));
        let mut held: Vec<_> = (0..=OF_ONE).map(|_| public.begin_from(address(1))).collect();
        assert!(!stands(&held[0]) && held[1..].iter().all(stands));
        // Whoever ends makes room.
        held.pop();
        held.push(public.begin_from(address(1)));
        assert!(held[1..].iter().all(stands));
        // All together: the oldest of all, and of nobody more than there are.
        let others: Vec<_> =
            (2..40).flat_map(|nth| (0..8).map(move |_| nth)).map(|nth| public.begin_from(address(nth))).collect();
        let standing = held.iter().chain(&others).filter(|place| stands(place)).count();
        assert!(standing == AT_ONCE && !held.iter().any(stands) && others.last().is_some_and(stands));
        drop((held, others));
        assert!(public.0.lock().unwrap().is_empty());
    }
}
