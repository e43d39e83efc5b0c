//! "My people": who supports the person, and proposals that wait for an answer.

use domain::StreamKind;
use domain::ids::{PersonId, RelationshipId};
use domain::relationship::events::{ProposalWithdrawn, RelationshipEvent, SupporterLeft};
use domain::values::push_latest;
use domain::vocabulary::{Author, Timestamp, Worker};
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};

use crate::view::changed;
use crate::{ApplyError, Key, View};

/// Where a relationship stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RelationshipStage {
    /// Waiting for the person.
    Proposed,
    /// Accepted.
    Active,
    /// Declined by the person.
    Declined,
    /// Ended.
    Ended,
    /// Withdrawn by the supporter before the person answered.
    Withdrawn,
}

/// A relationship.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationshipDoc {
    /// Its id.
    pub relationship: RelationshipId,
    /// The supporter.
    #[serde(flatten)]
    pub worker: Worker,
    /// As it is now, or was last.
    pub latest: Period,
    /// What was before, the oldest first.
    pub earlier: Vec<Period>,
    /// Once it is over: from when the supporter may propose again; none when they may.
    pub again_from: Option<Timestamp>,
}

/// A relationship from a proposal to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The supporter's role when they proposed it.
    pub role: String,
    /// What the support is.
    pub offer: String,
    /// Where it stands.
    pub stage: RelationshipStage,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// When it could no longer be accepted.
    pub lapses_at: Option<Timestamp>,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
    /// How it ended.
    pub end: Option<End>,
}

/// How a relationship, or a proposal, ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// Who ended it; the system, when the supporter left their agency.
    pub by: Author,
    /// Their role then, if it was a worker.
    pub role: String,
    /// Why; may be empty.
    pub reason: String,
}

/// The most earlier periods that are kept.
const EARLIER: usize = 20;

/// Before all relationships of a person.
#[must_use]
pub fn of_person(person: PersonId) -> Key {
    Key::new().id(person)
}

/// The view.
#[derive(Debug)]
pub struct Relationships;

impl View for Relationships {
    type Doc = RelationshipDoc;

    const NAME: &'static str = "relationships";
    const KINDS: &'static [StreamKind] = &[StreamKind::Relationship];

    fn key(event: &Envelope) -> Option<Key> {
        // What the person has not heard of is not theirs.
        let unheard = matches!(
            event.event,
            Event::Relationship(
                RelationshipEvent::ProposalUnheard(_)
                    | RelationshipEvent::ProposalWithdrawn(ProposalWithdrawn { heard: false, .. })
                    | RelationshipEvent::SupporterLeft(SupporterLeft { heard: false, .. })
            )
        );
        (!unheard).then(|| of_person(PersonId(event.subject())).id(event.stream))
    }

    fn apply(event: &Envelope, doc: Option<RelationshipDoc>) -> Result<Option<RelationshipDoc>, ApplyError> {
        let Event::Relationship(happened) = &event.event else { return Ok(doc) };
        let end = |at, by, reason: &str| {
            Some(End { at, by, role: event.header.actor.role.clone(), reason: reason.to_owned() })
        };
        let (stage, end, again_from) = match happened {
            RelationshipEvent::SupportProposed(e) => {
                let (role, offer) = (e.role.clone(), e.offer.clone());
                let (stage, proposed_at, lapses_at) = (RelationshipStage::Proposed, event.at, e.lapses_at);
                let latest = Period { role, offer, stage, proposed_at, lapses_at, accepted_at: None, end: None };
                return Ok(Some(proposed(RelationshipId(event.stream), e.worker, latest, doc)));
            }
            RelationshipEvent::SupportAccepted(_) => {
                return changed(doc, |doc| {
                    (doc.latest.stage, doc.latest.accepted_at) = (RelationshipStage::Active, Some(event.at));
                });
            }
            RelationshipEvent::SupportDeclined(e) => {
                (RelationshipStage::Declined, end(event.at, Author::Person, &e.reason), e.again_from)
            }
            RelationshipEvent::SupportEnded(e) => {
                (RelationshipStage::Ended, end(event.at, e.by, &e.reason), e.again_from)
            }
            RelationshipEvent::ProposalWithdrawn(e) => {
                (RelationshipStage::Withdrawn, end(event.at, Author::Worker(e.worker), ""), e.again_from)
            }
            RelationshipEvent::SupporterLeft(e) => {
                (RelationshipStage::Ended, end(e.left_at, Author::System, ""), Timestamp::NEVER)
            }
            RelationshipEvent::AskingAllowed(_) => return changed(doc, |doc| doc.again_from = None),
            RelationshipEvent::ProposalUnheard(_) => return Ok(doc),
        };
        changed(doc, |doc| {
            doc.again_from = Some(again_from);
            // What has ended stays as it ended: that they are not to ask again can be said of it later.
            if doc.latest.end.is_none() {
                (doc.latest.stage, doc.latest.end) = (stage, end);
            }
        })
    }
}

/// A relationship that is proposed, for the first time or again.
fn proposed(
    relationship: RelationshipId,
    worker: Worker,
    latest: Period,
    before: Option<RelationshipDoc>,
) -> RelationshipDoc {
    let mut earlier = Vec::new();
    if let Some(before) = before {
        earlier = before.earlier;
        push_latest(&mut earlier, before.latest, EARLIER);
    }
    RelationshipDoc { relationship, worker, latest, earlier, again_from: None }
}
