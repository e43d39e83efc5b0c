//! "What those who run the system have done", newest first.

use domain::StreamKind;
use domain::ids::AgencyId;
use domain::operations::Act;
use domain::operations::events::OperationsEvent;
use domain::vocabulary::Timestamp;
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};

use crate::{ApplyError, Key, Order, View};

/// What somebody who runs the system has done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActDoc {
    /// When.
    pub at: Timestamp,
    /// Who: the subject of their token, or the name under which they ran a command.
    pub operator: String,
    /// The issuer of their token; empty for a command.
    pub issuer: String,
    /// What.
    pub act: Act,
    /// The agency that it was about.
    pub agency: Option<AgencyId>,
    /// What it was about besides.
    pub about: String,
}

/// Before all acts.
#[must_use]
pub fn all() -> Key {
    Key::new().byte(0)
}

/// The view.
#[derive(Debug)]
pub struct Operations;

impl View for Operations {
    type Doc = ActDoc;

    const NAME: &'static str = "operations";
    const KINDS: &'static [StreamKind] = &[StreamKind::Operations];
    const ORDER: Order = Order::NewestFirst;

    fn key(event: &Envelope) -> Option<Key> {
        Some(all().id(event.header.event_id))
    }

    fn apply(event: &Envelope, doc: Option<ActDoc>) -> Result<Option<ActDoc>, ApplyError> {
        let Event::Operations(OperationsEvent::OperatorActed(e)) = &event.event else { return Ok(doc) };
        let (operator, issuer, about) = (e.operator.clone(), e.issuer.clone(), e.about.clone());
        Ok(Some(ActDoc { at: event.at, operator, issuer, act: e.act, agency: e.agency, about }))
    }
}
