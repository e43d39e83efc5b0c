//! Calls that need no token have room of their own, so that whoever has none holds nobody up who has one: so many at a time, so many of one address, and not
//! for long; and streams, which may go on, among themselves.

use std::time::Duration;

use door::{Crowd, Peer, Place};
use http::Extensions;
use rpc::{Error, Reason};

/// Calls whose answer is not sent.
const CALLS: (usize, usize) = (256, 16);
/// Streams: each client that watches a server's health holds one.
const STREAMS: (usize, usize) = (512, 128);
/// How long one has until its answer begins: a body that does not come is given up.
pub(crate) const LIMIT: Duration = Duration::from_secs(3);

/// The public calls in progress.
#[derive(Debug, Clone)]
pub(crate) struct Public {
    calls: Crowd,
    streams: Crowd,
}

impl Default for Public {
    fn default() -> Self {
        Self { calls: Crowd::new(CALLS.0, CALLS.1), streams: Crowd::new(STREAMS.0, STREAMS.1) }
    }
}

impl Public {
    /// A place for one more, on this connection.
    pub(crate) fn begin(&self, connection: &Extensions, streams: bool) -> Place {
        let crowd = if streams { &self.streams } else { &self.calls };
        crowd.enter(connection.get::<Peer>().map(Peer::address))
    }
}

/// Waits until a place has to be given up for another, and says so.
pub(crate) async fn given_up(place: &Place) -> Error {
    place.given_up().await;
    let error = Error::new(Reason::Overloaded, "too many calls without a token at once; try again");
    error.limited("public_calls_in_progress", place.of_one().to_string())
}
