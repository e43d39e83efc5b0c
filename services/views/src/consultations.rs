//! Consultations: what the person is asked, what was said and what was decided.

use domain::StreamKind;
use domain::consultation::events::ConsultationEvent;
use domain::consultation::{Circle, Mode};
use domain::ids::{ConsultationId, EntryId, PersonId};
use domain::vocabulary::{Author, Sensitivity, Timestamp};
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};

use crate::view::changed;
use crate::{ApplyError, Key, View};

/// A consultation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsultationDoc {
    /// Its id.
    pub consultation: ConsultationId,
    /// How the person takes part.
    pub mode: Mode,
    /// What it is about.
    pub topic: String,
    /// Who may see it.
    pub circle: Circle,
    /// Where it stands.
    pub state: ConsultationState,
    /// The agenda, in the order raised.
    pub agenda: Vec<ItemDoc>,
    /// The options, in the order offered.
    pub options: Vec<OptionDoc>,
    /// What the person has said, oldest first.
    pub views: Vec<ViewDoc>,
    /// The decisions, in the order proposed.
    pub decisions: Vec<DecisionDoc>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// Everything that was said and done in it, the oldest first: by whom, when, and in what words.
    pub said: Vec<SaidDoc>,
}

/// Something that was said or done in a consultation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidDoc {
    /// What.
    pub what: Said,
    /// The agenda item, option or decision that it is about.
    pub about: Option<EntryId>,
    /// Who.
    pub author: Author,
    /// The role that they had then.
    pub role: String,
    /// When.
    pub at: Timestamp,
    /// What they said of it, where it stands nowhere else: a note, a reason, evidence.
    pub words: String,
    /// How sensitive it is by itself, if that is said.
    pub sensitivity: Option<Sensitivity>,
}

/// What the person said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewDoc {
    /// Their words.
    pub view: String,
    /// How sensitive they are by themselves, if that is said.
    pub sensitivity: Option<Sensitivity>,
}

/// What was said or done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "each is the event of the same name")]
pub enum Said {
    Requested,
    ItemRaised,
    ItemAddressed,
    ItemDeferred,
    OptionOffered,
    ViewRecorded,
    DecisionProposed,
    DecisionAgreed,
    DecisionObjected,
    DecidedWithoutPerson,
    AnswerTakenBack,
    Closed,
    Cancelled,
    Shared,
}

/// What an event says, what it is about, and in what words besides those that stand in the consultation itself.
fn said(event: &ConsultationEvent) -> (Said, Option<EntryId>, String) {
    let none = String::new();
    match event {
        ConsultationEvent::ConsultationRequested(_) => (Said::Requested, None, none),
        ConsultationEvent::AgendaItemRaised(e) => (Said::ItemRaised, Some(e.item), none),
        ConsultationEvent::AgendaItemAddressed(e) => (Said::ItemAddressed, Some(e.item), e.note.clone()),
        ConsultationEvent::AgendaItemDeferred(e) => (Said::ItemDeferred, Some(e.item), none),
        ConsultationEvent::OptionOffered(e) => (Said::OptionOffered, Some(e.option), none),
        ConsultationEvent::PersonViewRecorded(e) => (Said::ViewRecorded, None, e.view.clone()),
        ConsultationEvent::DecisionProposed(e) => (Said::DecisionProposed, Some(e.decision), none),
        ConsultationEvent::DecisionAgreed(e) => (Said::DecisionAgreed, Some(e.decision), none),
        ConsultationEvent::DecisionObjected(e) => (Said::DecisionObjected, Some(e.decision), e.reason.clone()),
        ConsultationEvent::DecisionMadeWithoutPerson(e) => {
            (Said::DecidedWithoutPerson, Some(e.decision), format!("{}: {}", e.ground.word(), e.evidence))
        }
        ConsultationEvent::AnswerTakenBack(e) => (Said::AnswerTakenBack, Some(e.decision), e.reason.clone()),
        ConsultationEvent::ConsultationClosed(_) => (Said::Closed, None, none),
        ConsultationEvent::ConsultationCancelled(e) => (Said::Cancelled, None, e.reason.clone()),
        ConsultationEvent::ConsultationShared(_) => (Said::Shared, None, none),
    }
}

/// How sensitive what an event says is by itself, if that is said.
fn own_sensitivity(event: &ConsultationEvent) -> Option<Sensitivity> {
    #[allow(clippy::wildcard_enum_match_arm, reason = "nothing else is sensitive by itself")]
    match event {
        ConsultationEvent::OptionOffered(e) => e.sensitivity.clone(),
        ConsultationEvent::PersonViewRecorded(e) => e.sensitivity.clone(),
        _ => None,
    }
}

/// Where a consultation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsultationState {
    /// Going on.
    Open,
    /// Closed.
    Closed,
    /// Cancelled.
    Cancelled,
}

/// Where an agenda item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemState {
    /// Not yet talked about.
    Raised,
    /// Talked about.
    Addressed,
    /// Left for another time.
    Deferred,
}

/// Something on the agenda.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemDoc {
    /// Its id.
    pub item: EntryId,
    /// What to talk about.
    pub text: String,
    /// Who raised it.
    pub raised_by: Author,
    /// Where it stands.
    pub state: ItemState,
}

/// An option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionDoc {
    /// Its id.
    pub option: EntryId,
    /// The option.
    pub text: String,
    /// What speaks for it.
    pub benefits: String,
    /// What speaks against it.
    pub risks: String,
    /// How sensitive it is by itself, if that is said.
    pub sensitivity: Option<Sensitivity>,
}

/// Where a decision stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecisionState {
    /// Waiting for the person.
    Proposed,
    /// Agreed by the person.
    Agreed,
    /// Objected to by the person.
    Objected,
    /// Taken without the person.
    WithoutPerson,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionDoc {
    /// Its id.
    pub decision: EntryId,
    /// What is proposed.
    pub text: String,
    /// Where it stands.
    pub state: DecisionState,
    /// The objection, or the ground and evidence for deciding without the person.
    pub reason: String,
}

/// Before all consultations of a person.
#[must_use]
pub fn of_person(person: PersonId) -> Key {
    Key::new().id(person)
}

/// The view.
#[derive(Debug)]
pub struct Consultations;

impl View for Consultations {
    type Doc = ConsultationDoc;

    const NAME: &'static str = "consultations";
    const KINDS: &'static [StreamKind] = &[StreamKind::Consultation];

    fn key(event: &Envelope) -> Option<Key> {
        Some(of_person(PersonId(event.subject())).id(event.stream))
    }

    fn apply(event: &Envelope, doc: Option<ConsultationDoc>) -> Result<Option<ConsultationDoc>, ApplyError> {
        let Event::Consultation(happened) = &event.event else { return Ok(doc) };
        let ((what, about, words), actor) = (said(happened), &event.header.actor);
        let (author, role, sensitivity) = (actor.author(), actor.role.clone(), own_sensitivity(happened));
        let said = SaidDoc { what, about, author, role, at: event.at, words, sensitivity };
        let ConsultationEvent::ConsultationRequested(e) = happened else {
            return changed(doc, |doc| {
                doc.take(happened);
                doc.said.push(said);
            });
        };
        Ok(Some(ConsultationDoc {
            consultation: ConsultationId(event.stream),
            mode: e.mode,
            topic: e.topic.clone(),
            circle: e.circle.clone(),
            state: ConsultationState::Open,
            agenda: Vec::new(),
            options: Vec::new(),
            views: Vec::new(),
            decisions: Vec::new(),
            requested_at: event.at,
            said: vec![said],
        }))
    }
}

impl ConsultationDoc {
    fn take(&mut self, event: &ConsultationEvent) {
        match event {
            ConsultationEvent::ConsultationRequested(_) => {}
            ConsultationEvent::AgendaItemRaised(e) => {
                let item =
                    ItemDoc { item: e.item, text: e.text.clone(), raised_by: e.author, state: ItemState::Raised };
                self.agenda.push(item);
            }
            ConsultationEvent::AgendaItemAddressed(e) => self.settle_item(e.item, ItemState::Addressed),
            ConsultationEvent::AgendaItemDeferred(e) => self.settle_item(e.item, ItemState::Deferred),
            ConsultationEvent::OptionOffered(e) => {
                let (text, benefits, risks) = (e.text.clone(), e.benefits.clone(), e.risks.clone());
                let (option, sensitivity) = (e.option, e.sensitivity.clone());
                self.options.push(OptionDoc { option, text, benefits, risks, sensitivity });
            }
            ConsultationEvent::PersonViewRecorded(e) => {
                self.views.push(ViewDoc { view: e.view.clone(), sensitivity: e.sensitivity.clone() });
            }
            ConsultationEvent::ConsultationShared(e) => self.circle = Circle::open(e.sensitivity.clone()),
            ConsultationEvent::DecisionProposed(e) => {
                let (text, state) = (e.text.clone(), DecisionState::Proposed);
                self.decisions.push(DecisionDoc { decision: e.decision, text, state, reason: String::new() });
            }
            ConsultationEvent::DecisionAgreed(e) => self.settle(e.decision, DecisionState::Agreed, ""),
            ConsultationEvent::DecisionObjected(e) => self.settle(e.decision, DecisionState::Objected, &e.reason),
            ConsultationEvent::DecisionMadeWithoutPerson(e) => {
                let reason = format!("{}: {}", e.ground.word(), e.evidence);
                self.settle(e.decision, DecisionState::WithoutPerson, &reason);
            }
            ConsultationEvent::AnswerTakenBack(e) => self.settle(e.decision, DecisionState::Proposed, ""),
            ConsultationEvent::ConsultationClosed(_) => self.state = ConsultationState::Closed,
            ConsultationEvent::ConsultationCancelled(_) => self.state = ConsultationState::Cancelled,
        }
    }

    fn settle_item(&mut self, item: EntryId, state: ItemState) {
        self.agenda.iter_mut().filter(|i| i.item == item).for_each(|i| i.state = state);
    }

    fn settle(&mut self, decision: EntryId, state: DecisionState, reason: &str) {
        for known in self.decisions.iter_mut().filter(|d| d.decision == decision) {
            known.state = state;
            reason.clone_into(&mut known.reason);
        }
    }
}
