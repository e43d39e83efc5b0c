//! "My people": who supports the person, and proposals that wait for an answer.

use domain::StreamKind;
use domain::ids::{PersonId, RelationshipId};
use domain::relationship::events::{ProposalWithdrawn, RelationshipEvent, SupporterLeft};
use domain::values::push_latest;
use domain::vocabulary::{Author, OnTheirWord, Timestamp, Worker};
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};

use crate::consultations::By;
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
    /// A source of imported records says that they have seen the person, who may invite them.
    Suggested,
    /// The person has invited them to propose their support.
    Invited,
    /// The person wants nothing to come of it.
    Dismissed,
}

impl RelationshipStage {
    /// Whether the supporter has not said anything yet.
    #[must_use]
    pub fn is_before_a_proposal(self) -> bool {
        matches!(self, Self::Suggested | Self::Invited | Self::Dismissed)
    }
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
    /// What a source of imported records said of the supporter, if one did.
    pub suggestion: Option<SuggestionDoc>,
    /// The person's latest invitation.
    pub invitation: Option<InvitationDoc>,
}

/// What a source of imported records said of a supporter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestionDoc {
    /// What it said.
    pub words: String,
    /// The URI of the system that said so.
    pub source: String,
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationDoc {
    /// When.
    pub at: Timestamp,
    /// What the person wrote; may be empty.
    pub message: String,
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
    /// What was entered on the person's word, if it was: that they accept.
    #[serde(default)]
    pub word: Option<WordDoc>,
    /// How it ended.
    pub end: Option<End>,
}

/// What somebody entered on the person's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordDoc {
    /// Who entered it, and when.
    pub by: By,
    /// When and how the person said it.
    pub account: String,
    /// Who confirmed it, and how they know; none while nobody has, or had to.
    pub confirmed: Option<(By, String)>,
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
    /// What was entered on the person's word, if it was: that they decline or end it.
    #[serde(default)]
    pub word: Option<WordDoc>,
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
    const CODE: i32 = 3;
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
            let role = if by == Author::Person { String::new() } else { event.header.actor.role.clone() };
            let word = happened.on_their_word().map(|word| entered(event, word));
            Some(End { at, by, role, reason: reason.to_owned(), word })
        };
        let (stage, end, again_from) = match happened {
            RelationshipEvent::SupportProposed(e) => {
                let (role, offer) = (e.role.clone(), e.offer.clone());
                let (stage, proposed_at, lapses_at) = (RelationshipStage::Proposed, event.at, e.lapses_at);
                let latest =
                    Period { role, offer, stage, proposed_at, lapses_at, accepted_at: None, word: None, end: None };
                return Ok(Some(proposed(RelationshipId(event.stream), e.worker, latest, doc)));
            }
            RelationshipEvent::AcceptanceEntered(e) => {
                return changed(doc, |doc| doc.latest.word = Some(entered(event, &e.word)));
            }
            RelationshipEvent::SupportAccepted(e) => {
                return changed(doc, |doc| {
                    (doc.latest.stage, doc.latest.accepted_at) = (RelationshipStage::Active, Some(event.at));
                    let Some(word) = &e.word else { return doc.latest.word = None };
                    let word = doc.latest.word.get_or_insert_with(|| entered(event, word));
                    word.confirmed = e.confirmed_by.map(|author| (confirmed(event, author), e.confirmation.clone()));
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
            RelationshipEvent::SupportSuggested(e) => {
                let suggestion = SuggestionDoc { words: e.words.clone(), source: e.source.clone() };
                let latest = before_a_proposal(RelationshipStage::Suggested, e.words.clone(), event.at);
                let relationship = RelationshipId(event.stream);
                let suggestion = Some(suggestion);
                return Ok(Some(RelationshipDoc { suggestion, ..first(relationship, e.worker, latest) }));
            }
            RelationshipEvent::SupporterInvited(e) => {
                // Who was found by a code was suggested by nobody.
                let found = || {
                    let latest = before_a_proposal(RelationshipStage::Invited, String::new(), event.at);
                    first(RelationshipId(event.stream), e.worker, latest)
                };
                return changed(Some(doc.unwrap_or_else(found)), |doc| {
                    doc.again_from = None;
                    doc.invitation = Some(InvitationDoc { at: event.at, message: e.message.clone() });
                    doc.come_to(RelationshipStage::Invited, event.at);
                });
            }
            RelationshipEvent::SuggestionDismissed(_) => {
                return changed(doc, |doc| doc.come_to(RelationshipStage::Dismissed, event.at));
            }
            RelationshipEvent::AskingAllowed(_) => return changed(doc, |doc| doc.again_from = None),
            RelationshipEvent::ProposalUnheard(_) | RelationshipEvent::CodeUnsent(_) => return Ok(doc),
        };
        changed(doc, |doc| {
            doc.again_from = Some(again_from);
            // Whoever is not to ask again is not invited any more.
            if doc.latest.stage == RelationshipStage::Invited {
                doc.latest.stage = RelationshipStage::Suggested;
            }
            // What has ended stays as it ended: that they are not to ask again can be said of it later.
            if doc.latest.end.is_none() && !doc.latest.stage.is_before_a_proposal() {
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
    let Some(mut doc) = before else { return first(relationship, worker, latest) };
    doc.again_from = None;
    doc.begin(latest);
    doc
}

/// Whoever confirmed what was entered: whoever says so here, or the person by a code that they read out to them.
fn confirmed(event: &Envelope, author: Author) -> By {
    let by = By::of(event);
    if author == Author::Person { By { author, role: String::new(), ..by } } else { by }
}

fn entered(event: &Envelope, word: &OnTheirWord) -> WordDoc {
    WordDoc { by: By::of(event), account: word.account.clone(), confirmed: None }
}

/// A relationship of which nothing was before.
fn first(relationship: RelationshipId, worker: Worker, latest: Period) -> RelationshipDoc {
    let (earlier, again_from, suggestion, invitation) = (Vec::new(), None, None, None);
    RelationshipDoc { relationship, worker, latest, earlier, again_from, suggestion, invitation }
}

/// What stands while the supporter has not said anything: the offer is in the words of the source, if there is one.
fn before_a_proposal(stage: RelationshipStage, offer: String, at: Timestamp) -> Period {
    let role = String::new();
    Period { role, offer, stage, proposed_at: at, lapses_at: None, accepted_at: None, word: None, end: None }
}

impl RelationshipDoc {
    /// Something begins. What was before it stays, unless it was only suggested.
    fn begin(&mut self, latest: Period) {
        let before = std::mem::replace(&mut self.latest, latest);
        if !before.stage.is_before_a_proposal() {
            push_latest(&mut self.earlier, before, EARLIER);
        }
    }

    /// The person says what is to come of a suggestion.
    fn come_to(&mut self, stage: RelationshipStage, at: Timestamp) {
        // Who was found by a code was suggested by nobody.
        let offer = self.suggestion.as_ref().map(|suggestion| suggestion.words.clone()).unwrap_or_default();
        self.begin(before_a_proposal(stage, offer, at));
    }
}
