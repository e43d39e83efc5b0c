//! Which feeds have received something of whom: whoever asks what is to be given back begins here.

use domain::StreamKind;
use domain::access::events::AccessEvent;
use domain::ids::{AgencyId, FeedId, PersonId};
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};

use crate::{ApplyError, Key, View};

/// A feed that has received something of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReceiverDoc {
    /// Of whom.
    pub person: PersonId,
    /// The agency.
    pub agency: AgencyId,
    /// The feed.
    pub feed: FeedId,
}

/// Before all of them.
#[must_use]
pub fn all() -> Key {
    Key::new().byte(0)
}

/// The view.
#[derive(Debug)]
pub struct Receivers;

impl View for Receivers {
    type Doc = ReceiverDoc;

    const NAME: &'static str = "receivers";
    const KINDS: &'static [StreamKind] = &[StreamKind::Access];

    fn key(event: &Envelope) -> Option<Key> {
        let Event::Access(AccessEvent::EventDelivered(e)) = &event.event else { return None };
        Some(all().id(event.stream).id(e.feed))
    }

    fn list(_: &Envelope, _: &Key) -> Key {
        all()
    }

    fn apply(event: &Envelope, doc: Option<ReceiverDoc>) -> Result<Option<ReceiverDoc>, ApplyError> {
        let Event::Access(AccessEvent::EventDelivered(e)) = &event.event else { return Ok(doc) };
        let (person, agency, feed) = (PersonId(event.stream), e.agency, e.feed);
        Ok(doc.or(Some(ReceiverDoc { person, agency, feed })))
    }
}
