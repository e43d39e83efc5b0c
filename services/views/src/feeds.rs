//! The feeds of all agencies that this system carries by itself, as no system of theirs holds them open: whoever carries them begins here.

use domain::StreamKind;
use domain::agency::Door;
use domain::agency::events::AgencyEvent;
use domain::ids::{AgencyId, FeedId};
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};

use crate::{ApplyError, Key, View};

/// A feed, open or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FeedDoc {
    /// The agency.
    pub agency: AgencyId,
    /// The feed.
    pub feed: FeedId,
    /// Through which door it leaves.
    pub door: Door,
}

/// Before all of them.
#[must_use]
pub fn all() -> Key {
    Key::new().byte(0)
}

/// The view.
#[derive(Debug)]
pub struct CarriedFeeds;

impl View for CarriedFeeds {
    type Doc = FeedDoc;

    const NAME: &'static str = "carried-feeds";
    const KINDS: &'static [StreamKind] = &[StreamKind::Agency];

    fn key(event: &Envelope) -> Option<Key> {
        let Event::Agency(AgencyEvent::FeedOpened(e)) = &event.event else { return None };
        (e.door != Door::Grpc).then(|| all().id(e.feed))
    }

    fn list(_: &Envelope, _: &Key) -> Key {
        all()
    }

    fn apply(event: &Envelope, doc: Option<FeedDoc>) -> Result<Option<FeedDoc>, ApplyError> {
        let Event::Agency(AgencyEvent::FeedOpened(e)) = &event.event else { return Ok(doc) };
        Ok(doc.or(Some(FeedDoc { agency: AgencyId(event.stream), feed: e.feed, door: e.door })))
    }
}
