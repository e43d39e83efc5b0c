//! Whom notices may concern, and which went out.

use domain::StreamKind;
use domain::ids::PersonId;
use domain::notices::events::NoticesEvent;
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{ApplyError, Key, View};

/// Somebody who has given an address at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticePersonDoc {
    /// Who.
    pub person: PersonId,
}

/// Before all of them.
#[must_use]
pub fn everybody() -> Key {
    Key::new().byte(0)
}

/// Whoever has given an address at some time: whoever sends notices begins here.
#[derive(Debug)]
pub struct NoticePeople;

impl View for NoticePeople {
    type Doc = NoticePersonDoc;

    const NAME: &'static str = "notice-people";
    const KINDS: &'static [StreamKind] = &[StreamKind::Notices];

    fn key(event: &Envelope) -> Option<Key> {
        matches!(&event.event, Event::Notices(NoticesEvent::AddressGiven(_))).then(|| everybody().id(event.stream))
    }

    fn list(_: &Envelope, _: &Key) -> Key {
        everybody()
    }

    fn apply(event: &Envelope, doc: Option<NoticePersonDoc>) -> Result<Option<NoticePersonDoc>, ApplyError> {
        Ok(doc.or(Some(NoticePersonDoc { person: PersonId(event.stream) })))
    }
}

/// A notice that went out, or was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeDoc {
    /// What it is of.
    pub notice: Uuid,
}

/// A notice to a person.
#[must_use]
pub fn notice_key(person: PersonId, notice: Uuid) -> Key {
    Key::new().id(person).id(notice)
}

/// Notices that went out, or were given up: they are not sent again.
#[derive(Debug)]
pub struct DoneNotices;

impl View for DoneNotices {
    type Doc = NoticeDoc;

    const NAME: &'static str = "done-notices";
    const KINDS: &'static [StreamKind] = &[StreamKind::Notices];

    fn key(event: &Envelope) -> Option<Key> {
        Some(notice_key(PersonId(event.stream), done(event)?))
    }

    fn apply(event: &Envelope, doc: Option<NoticeDoc>) -> Result<Option<NoticeDoc>, ApplyError> {
        Ok(doc.or_else(|| done(event).map(|notice| NoticeDoc { notice })))
    }
}

/// The notice that is done.
fn done(event: &Envelope) -> Option<Uuid> {
    #[allow(clippy::wildcard_enum_match_arm, reason = "all others end no notice")]
    match &event.event {
        Event::Notices(NoticesEvent::NoticeSent(e)) => Some(e.notice),
        Event::Notices(NoticesEvent::NoticeFailed(e)) => Some(e.notice),
        _ => None,
    }
}
