//! Consultations: what the person is asked, what was said and what was decided.

mod due;

use domain::StreamKind;
use domain::consultation::events::{
    ConsultationEvent, DecisionProposed, OptionOffered, ParticipantInvited, ParticipantResponded, PersonViewRecorded,
};
use domain::consultation::{Circle, FollowUp, Mode, Outcome, WithheldGround};
use domain::ids::{AgencyId, ConsultationId, EntryId, PersonId};
use domain::vocabulary::{Author, OnTheirWord, Sensitivity, Timestamp};
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
    /// When and where people meet, if that is said.
    pub scheduled: Option<(Timestamp, String)>,
    /// What was told, and what is withheld, the oldest first.
    pub information: Vec<InformationDoc>,
    /// Who is to take part, in the order invited.
    pub participants: Vec<ParticipantDoc>,
    /// Everything that was said and done in it, the oldest first: by whom, when, and in what words.
    pub said: Vec<SaidDoc>,
}

/// Somebody who is to take part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticipantDoc {
    /// Who.
    pub participant: Author,
    /// Who invited them, and when; none of the person.
    pub invited: Option<By>,
    /// Whether they come, and when they said so; none before they have.
    pub answer: Option<(bool, By)>,
}

/// An objection that is with an advocate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvocateDoc {
    /// The advocate's agency.
    pub agency: AgencyId,
    /// When they were asked.
    pub asked_at: Timestamp,
    /// By when they are to answer.
    pub answer_by: Timestamp,
    /// What they say, and who of them; none before they have answered.
    pub answer: Option<(String, By)>,
}

/// Who did something, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// Who.
    pub author: Author,
    /// The role that they had then.
    pub role: String,
    /// When.
    pub at: Timestamp,
}

impl By {
    /// Whom an event is by, in the role that they had then.
    pub(crate) fn of(event: &Envelope) -> Self {
        let actor = &event.header.actor;
        Self { author: actor.author(), role: actor.role.clone(), at: event.at }
    }
}

/// Something that was told, or is withheld.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InformationDoc {
    /// Its id.
    pub information: EntryId,
    /// What was told; empty while it is withheld.
    pub text: String,
    /// Who told it, or decided to withhold it.
    pub by: By,
    /// Why it is withheld, if it is.
    pub withheld: Option<WithheldDoc>,
}

/// Why something is withheld.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithheldDoc {
    /// On what ground.
    pub ground: WithheldGround,
    /// What the ground is here.
    pub reason: String,
    /// When it is to be told, or decided again.
    pub review: Timestamp,
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
    /// When and how the person said it to whoever entered it; none of what everybody said themselves.
    pub account: Option<String>,
}

/// What the person said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewDoc {
    /// Their words.
    pub view: String,
    /// The decision that they are of; none when they are of the whole.
    pub decision: Option<EntryId>,
    /// How sensitive they are by themselves, if that is said.
    pub sensitivity: Option<Sensitivity>,
    /// Its id; none of what was said before views had one.
    pub entry: Option<EntryId>,
    /// Who entered it on their word, if they did not themselves.
    pub entered: Option<EnteredDoc>,
}

/// That somebody entered what the person said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnteredDoc {
    /// Who.
    pub by: By,
    /// When and how they said it.
    pub account: String,
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
    ParticipationDeclined,
    DecisionWithdrawn,
    OutcomeReported,
    InformationShared,
    InformationWithheld,
    Scheduled,
    OutcomeDisputed,
    InformationRevealed,
    WithholdingReviewed,
    ViewTakenBack,
    ParticipantInvited,
    ParticipantResponded,
    TakenToAdvocate,
    AdvocateHeard,
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
        ConsultationEvent::PersonViewRecorded(e) => (Said::ViewRecorded, e.entry.or(e.decision), e.view.clone()),
        ConsultationEvent::ViewTakenBack(e) => (Said::ViewTakenBack, Some(e.entry), none),
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
        ConsultationEvent::ParticipationDeclined(e) => (Said::ParticipationDeclined, Some(e.decision), e.words.clone()),
        ConsultationEvent::DecisionWithdrawn(e) => (Said::DecisionWithdrawn, Some(e.decision), e.reason.clone()),
        ConsultationEvent::OutcomeReported(e) => {
            (Said::OutcomeReported, Some(e.decision), format!("{}: {}", e.outcome.word(), e.words))
        }
        ConsultationEvent::InformationShared(e) => (Said::InformationShared, Some(e.information), none),
        ConsultationEvent::InformationWithheld(e) => {
            (Said::InformationWithheld, Some(e.information), format!("{}: {}", e.ground.word(), e.reason))
        }
        ConsultationEvent::ConsultationScheduled(e) => (Said::Scheduled, None, e.place.clone()),
        ConsultationEvent::OutcomeDisputed(e) => (Said::OutcomeDisputed, Some(e.decision), e.words.clone()),
        ConsultationEvent::InformationRevealed(e) => (Said::InformationRevealed, Some(e.information), none),
        ConsultationEvent::ParticipantInvited(_) => (Said::ParticipantInvited, None, none),
        ConsultationEvent::ParticipantResponded(e) => (Said::ParticipantResponded, None, e.words.clone()),
        ConsultationEvent::ObjectionTakenToAdvocate(e) => (Said::TakenToAdvocate, Some(e.decision), e.words.clone()),
        ConsultationEvent::AdvocateHeard(e) => (Said::AdvocateHeard, Some(e.decision), e.words.clone()),
        ConsultationEvent::WithholdingReviewed(e) => {
            (Said::WithholdingReviewed, Some(e.information), format!("{}: {}", e.ground.word(), e.reason))
        }
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
    /// Taken without the person.
    WithoutPerson,
    /// Withdrawn.
    Withdrawn,
}

/// What was told of what came of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportDoc {
    /// What came of it.
    pub outcome: Outcome,
    /// What was done, or why not.
    pub words: String,
    /// Who told it.
    pub by: By,
    /// What of it is not so, in the person's words, and when they said it.
    pub disputed: Option<WordsDoc>,
}

/// What the person said, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordsDoc {
    /// Their words.
    pub words: String,
    /// When.
    pub at: Timestamp,
    /// Who entered it on their word, if they did not themselves.
    pub entered: Option<EnteredDoc>,
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
    /// The ground and evidence for deciding without the person, or why it was withdrawn.
    pub reason: String,
    /// The person's objection, which stands unless they take it back or it is withdrawn.
    pub objection: Option<WordsDoc>,
    /// Where the objection is with an advocate, if the person has asked one.
    pub advocate: Option<AdvocateDoc>,
    /// Who proposed it.
    pub proposed: By,
    /// Who agreed, decided or withdrew; none while it waits.
    pub settled: Option<By>,
    /// Whether the person was told what came of it.
    pub follow_up: FollowUp,
    /// What was told of what came of it, the oldest first.
    pub reports: Vec<ReportDoc>,
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
    const CODE: i32 = 6;
    const KINDS: &'static [StreamKind] = &[StreamKind::Consultation];

    fn key(event: &Envelope) -> Option<Key> {
        Some(of_person(PersonId(event.subject())).id(event.stream))
    }

    fn apply(event: &Envelope, doc: Option<ConsultationDoc>) -> Result<Option<ConsultationDoc>, ApplyError> {
        let Event::Consultation(happened) = &event.event else { return Ok(doc) };
        let ((what, about, words), by) = (said(happened), By::of(event));
        let (author, role, sensitivity) = (by.author, by.role.clone(), happened.sensitivity().cloned());
        let account = happened.on_their_word().map(|word| word.account.clone());
        let said = SaidDoc { what, about, author, role, at: event.at, words, sensitivity, account };
        let ConsultationEvent::ConsultationRequested(e) = happened else {
            return changed(doc, |doc| {
                doc.take(happened, by);
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
            scheduled: None,
            information: Vec::new(),
            participants: Vec::new(),
            said: vec![said],
        }))
    }
}

impl ConsultationDoc {
    fn take(&mut self, event: &ConsultationEvent, by: By) {
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
                self.options.push(OptionDoc::offered(e));
            }
            ConsultationEvent::PersonViewRecorded(e) => self.view(e, by),
            ConsultationEvent::ConsultationShared(e) => self.circle = Circle::open(e.sensitivity.clone()),
            ConsultationEvent::DecisionProposed(e) => {
                self.decisions.push(DecisionDoc::proposed(e, by));
            }
            ConsultationEvent::DecisionAgreed(e) => {
                self.decision(e.decision, |known| known.take(DecisionState::Agreed, String::new(), by));
            }
            ConsultationEvent::DecisionMadeWithoutPerson(e) => {
                let reason = format!("{}: {}", e.ground.word(), e.evidence);
                self.decision(e.decision, |known| known.take(DecisionState::WithoutPerson, reason, by));
            }
            ConsultationEvent::DecisionObjected(e) => {
                let at = by.at;
                let entered = e.word.as_ref().map(|word| entered(word, by));
                let said = WordsDoc { words: e.reason.clone(), at, entered };
                self.decision(e.decision, |known| known.objection = Some(said));
            }
            ConsultationEvent::DecisionWithdrawn(e) => self.decision(e.decision, |known| {
                known.settle(DecisionState::Withdrawn, e.reason.clone(), Some(by));
            }),
            ConsultationEvent::AnswerTakenBack(e) => self.decision(e.decision, DecisionDoc::take_back),
            ConsultationEvent::OutcomeReported(e) => {
                let report = ReportDoc { outcome: e.outcome, words: e.words.clone(), by, disputed: None };
                self.decision(e.decision, |known| known.report(report));
            }
            ConsultationEvent::OutcomeDisputed(e) => {
                let said = WordsDoc { words: e.words.clone(), at: by.at, entered: None };
                self.decision(e.decision, |known| known.dispute(said));
            }
            ConsultationEvent::ViewTakenBack(e) => self.take_back_view(e.entry),
            ConsultationEvent::ParticipationDeclined(_) => {}
            ConsultationEvent::ParticipantInvited(e) => self.invite(e, by),
            ConsultationEvent::ParticipantResponded(e) => self.answer(e, by),
            ConsultationEvent::ObjectionTakenToAdvocate(e) => {
                let (agency, asked_at, answer_by) = (e.agency, by.at, e.answer_by);
                let advocate = AdvocateDoc { agency, asked_at, answer_by, answer: None };
                self.decision(e.decision, |known| known.advocate = Some(advocate));
            }
            ConsultationEvent::AdvocateHeard(e) => self.decision(e.decision, |known| {
                known.advocate.iter_mut().for_each(|asked| asked.answer = Some((e.words.clone(), by.clone())));
            }),
            ConsultationEvent::ConsultationScheduled(e) => self.scheduled = Some((e.at, e.place.clone())),
            ConsultationEvent::InformationShared(e) => self.inform(e.information, &e.text, by, None),
            ConsultationEvent::InformationRevealed(e) => self.inform(e.information, &e.text, by, None),
            ConsultationEvent::InformationWithheld(e) => {
                self.inform(e.information, "", by, Some(withheld(e.ground, &e.reason, e.review)));
            }
            ConsultationEvent::WithholdingReviewed(e) => {
                self.inform(e.information, "", by, Some(withheld(e.ground, &e.reason, e.review)));
            }
            ConsultationEvent::ConsultationClosed(_) => self.state = ConsultationState::Closed,
            ConsultationEvent::ConsultationCancelled(_) => self.state = ConsultationState::Cancelled,
        }
    }

    fn view(&mut self, said: &PersonViewRecorded, by: By) {
        let entered = said.word.as_ref().map(|word| entered(word, by));
        let PersonViewRecorded { decision, view, sensitivity, entry, .. } = said.clone();
        self.views.push(ViewDoc { view, decision, sensitivity, entry, entered });
    }

    fn invite(&mut self, e: &ParticipantInvited, by: By) {
        self.circle.invite(e.worker, e.author);
        let participant = Author::Worker(e.worker);
        if !self.participants.iter().any(|known| known.participant == participant) {
            self.participants.push(ParticipantDoc { participant, invited: Some(by), answer: None });
        }
    }

    fn answer(&mut self, e: &ParticipantResponded, by: By) {
        let answer = Some((e.comes, by));
        match self.participants.iter_mut().find(|known| known.participant == e.author) {
            Some(known) => known.answer = answer,
            None => self.participants.push(ParticipantDoc { participant: e.author, invited: None, answer }),
        }
    }

    /// Its words are told no more.
    fn take_back_view(&mut self, entry: EntryId) {
        self.views.retain(|view| view.entry != Some(entry));
        let of_it = |said: &&mut SaidDoc| said.what == Said::ViewRecorded && said.about == Some(entry);
        for said in self.said.iter_mut().filter(of_it) {
            said.words.clear();
            said.account = said.account.as_ref().map(|_account| String::new());
        }
    }

    fn settle_item(&mut self, item: EntryId, state: ItemState) {
        self.agenda.iter_mut().filter(|i| i.item == item).for_each(|i| i.state = state);
    }

    fn decision(&mut self, decision: EntryId, change: impl FnOnce(&mut DecisionDoc)) {
        if let Some(known) = self.decisions.iter_mut().find(|known| known.decision == decision) {
            change(known);
        }
    }

    /// Keeps what was told or withheld last of a piece of information, where it stood first.
    fn inform(&mut self, information: EntryId, text: &str, by: By, withheld: Option<WithheldDoc>) {
        let doc = InformationDoc { information, text: text.to_owned(), by, withheld };
        match self.information.iter_mut().find(|known| known.information == information) {
            Some(known) => *known = doc,
            None => self.information.push(doc),
        }
    }
}

impl OptionDoc {
    fn offered(e: &OptionOffered) -> Self {
        let OptionOffered { option, text, benefits, risks, sensitivity, .. } = e.clone();
        Self { option, text, benefits, risks, sensitivity }
    }
}

impl DecisionDoc {
    fn proposed(e: &DecisionProposed, by: By) -> Self {
        Self {
            decision: e.decision,
            text: e.text.clone(),
            state: DecisionState::Proposed,
            reason: String::new(),
            proposed: by,
            settled: None,
            objection: None,
            advocate: None,
            follow_up: FollowUp::proposed(e.follow_up),
            reports: Vec::new(),
        }
    }

    fn settle(&mut self, state: DecisionState, reason: String, by: Option<By>) {
        (self.state, self.reason, self.settled) = (state, reason, by);
    }

    /// It is taken: by the person, or without them.
    fn take(&mut self, state: DecisionState, reason: String, by: By) {
        self.follow_up.settled(by.at);
        self.settle(state, reason, Some(by));
    }

    /// The person takes back their answer, or their objection to what was taken without them.
    fn take_back(&mut self) {
        (self.objection, self.advocate) = (None, None);
        if self.state != DecisionState::WithoutPerson {
            self.follow_up.unsettled();
            self.settle(DecisionState::Proposed, String::new(), None);
        }
    }

    fn report(&mut self, report: ReportDoc) {
        self.follow_up.told();
        self.reports.push(report);
    }

    fn dispute(&mut self, said: WordsDoc) {
        self.follow_up.disputed(said.at);
        if let Some(last) = self.reports.last_mut() {
            last.disputed = Some(said);
        }
    }
}

fn entered(word: &OnTheirWord, by: By) -> EnteredDoc {
    EnteredDoc { by, account: word.account.clone() }
}

fn withheld(ground: WithheldGround, reason: &str, review: Timestamp) -> WithheldDoc {
    WithheldDoc { ground, reason: reason.to_owned(), review }
}
