//! A consultation: an agenda-led conversation in which the person is informed, consulted and involved.

mod advocate;
mod agenda;
mod agree_decision;
mod circle;
mod close_consultation;
mod decide_without_person;
mod decline_to_take_part;
mod dispute_outcome;
pub mod events;
mod follow_up;
mod information;
mod object_to_decision;
mod offer_option;
mod participants;
mod propose_decision;
mod record_person_view;
mod report_outcome;
mod request_consultation;
mod schedule_consultation;
mod share_consultation;
mod take_back_answer;
mod takes_part;
mod withdraw_decision;

use std::borrow::Cow;
use std::collections::BTreeMap;

pub use advocate::{AnswerAsAdvocate, TakeToAdvocate};
pub use agenda::{AddressAgendaItem, DeferAgendaItem, RaiseAgendaItem};
pub use agree_decision::AgreeDecision;
pub use circle::Circle;
pub use close_consultation::{CancelConsultation, CloseConsultation};
pub use decide_without_person::DecideWithoutPerson;
pub use decline_to_take_part::DeclineToTakePart;
pub use dispute_outcome::DisputeOutcome;
pub use follow_up::FollowUp;
pub use information::{RevealInformation, ReviewWithheldInformation, ShareInformation, WithholdInformation};
pub use object_to_decision::ObjectToDecision;
pub use offer_option::OfferOption;
pub use participants::{InviteParticipant, RespondToInvitation};
pub use propose_decision::ProposeDecision;
pub use record_person_view::{RecordPersonView, TakeBackView};
pub use report_outcome::ReportOutcome;
pub use request_consultation::RequestConsultation;
pub use schedule_consultation::ScheduleConsultation;
pub use share_consultation::ShareConsultation;
pub use take_back_answer::TakeBackAnswer;
pub use withdraw_decision::WithdrawDecision;

use advocate::Hearing;
use participants::Participant;

use crate::access::Scope;
use crate::ids::{ConsultationId, EntryId, PersonId};
use crate::sharing::Sharing;
use crate::sharing::events::{ObjectionRaised, ObjectionSettled, SharingEvent};
use crate::vocabulary::{Author, Category, OnTheirWord, Sensitivity, Timestamp, coded};
use crate::{Aggregate, Refusal, StreamKind};
use events::{ConsultationEvent, ObjectionTakenToAdvocate};

coded! {
    /// How the person takes part.
    Mode {
        /// They are told.
        Inform = 1 "inform",
        /// They are asked.
        Consult = 2 "consult",
        /// They decide together with others.
        Involve = 3 "involve",
        /// They lead.
        PersonLed = 4 "person-led",
    }
}

coded! {
    /// What came of a decision.
    Outcome {
        /// It was done.
        Done = 1 "done",
        /// A part of it was.
        Partly = 2 "done in part",
        /// It was not.
        NotDone = 3 "not done",
    }
}

coded! {
    /// Why something may be kept from the person (rule 3).
    WithheldGround {
        /// It would be likely to harm them or somebody else seriously (Data Protection Act 2018, schedule 3, part 2).
        SeriousHarm = 1 "serious harm",
        /// It is about somebody else, who has not agreed (schedule 2, part 3).
        AnotherPerson = 2 "another person",
        /// A court or an Act forbids it.
        ForbiddenByLaw = 3 "forbidden by law",
    }
}

coded! {
    /// Why a decision may be taken without the person's view (rule 20).
    WithoutPersonGround {
        /// With evidence.
        LacksCapacity = 1 "lacks capacity",
        /// With attempts.
        Unreachable = 2 "unreachable",
        /// With the Act.
        StatutoryDuty = 3 "statutory duty",
        /// The person's own choice.
        ChoseNotTo = 4 "chose not to take part",
    }
}

/// The most agenda items, options, decisions, recorded views or pieces of information of one consultation: it is read as a whole.
pub const ITEMS_LIMIT: usize = 50;
/// How many of them are the person's alone: nobody can fill a list so that they have no room.
const PERSONS_ROOM: usize = 10;
/// How many days ahead something may be put off at most: a follow-up, a review, a meeting.
const DAYS_AHEAD: u32 = 366;

/// Refuses a time that is over, or too far away to be kept.
fn ahead(field: &'static str, at: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    if at <= now || at > now.plus_days(DAYS_AHEAD) {
        return Err(Refusal::invalid(field, format!("must be in the future, and within `{DAYS_AHEAD}` days")));
    }
    Ok(())
}

/// Refuses what has no room beside what is there of its kind, `kind` being its plural.
fn has_room(used: usize, by: Author, kind: &str) -> Result<(), Refusal> {
    let room = if by == Author::Person { ITEMS_LIMIT } else { ITEMS_LIMIT - PERSONS_ROOM };
    if used < room {
        return Ok(());
    }
    let whose = if by == Author::Person { "" } else { ", the last of which are the person's" };
    Err(Refusal::rule("items_limit", format!("a consultation holds at most `{ITEMS_LIMIT}` {kind}{whose}")))
}

/// Where a decision stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DecisionStage {
    Proposed,
    Agreed,
    WithoutPerson,
    Withdrawn,
}

/// A decision as it stands.
#[derive(Debug, Clone)]
struct Decision {
    /// Who proposed it.
    author: Author,
    stage: DecisionStage,
    /// How many of the person's views were there when it was proposed: those do not count for it.
    views_before: usize,
    /// Whether the person objects to it: to what is proposed, or to what was decided without them.
    objected: bool,
    /// Whether somebody entered that on their word.
    objection_entered: bool,
    /// Who said that the person chose not to take part in it.
    declined: Vec<Author>,
    /// How many outcomes were told since it was settled.
    reports: usize,
    /// Whether the person says that the last of them is not so.
    disputed: bool,
    /// Where the objection is with an advocate.
    hearing: Option<Hearing>,
    /// Who decided it without the person, if somebody did.
    decider: Option<Author>,
    /// Who entered on their word that they take an answer back: they do not decide in its place.
    released: Vec<Author>,
}

impl Decision {
    /// Proposed by somebody, when there were so many views.
    fn proposed(author: Author, views_before: usize) -> Self {
        let (stage, declined, hearing, decider) = (DecisionStage::Proposed, Vec::new(), None, None);
        let (objected, objection_entered, reports, disputed) = (false, false, 0, false);
        Self {
            author,
            stage,
            views_before,
            objected,
            objection_entered,
            declined,
            reports,
            disputed,
            hearing,
            decider,
            released: Vec::new(),
        }
    }

    /// Whether it waits for an answer.
    fn waits(&self) -> bool {
        self.stage == DecisionStage::Proposed && !self.objected
    }

    /// Whether something can have come of it.
    fn is_settled(&self) -> bool {
        match self.stage {
            DecisionStage::Agreed | DecisionStage::WithoutPerson => true,
            DecisionStage::Proposed | DecisionStage::Withdrawn => false,
        }
    }

    fn is_objected_to(&mut self, entered: bool) {
        (self.objected, self.objection_entered) = (true, entered);
        self.declined.clear();
    }

    /// Whoever takes an objection to somebody makes it theirs.
    fn goes_to_advocate(&mut self, to: &ObjectionTakenToAdvocate) {
        (self.hearing, self.objection_entered) = (Some(Hearing::asked(to)), false);
    }

    /// Without the person's answer it waits again; what was taken without them stands, without their objection.
    fn take_back(&mut self, word: Option<&OnTheirWord>) {
        self.released.extend(word.map(|word| Author::Worker(word.worker)));
        (self.objected, self.hearing) = (false, None);
        if self.stage != DecisionStage::WithoutPerson {
            (self.stage, self.reports, self.disputed) = (DecisionStage::Proposed, 0, false);
            self.declined.clear();
        }
    }
}

/// A view of the person's.
#[derive(Debug, Clone)]
struct View {
    /// Among all views, from 0.
    nth: usize,
    entry: Option<EntryId>,
    /// Of which decision; none when it is of the whole.
    decision: Option<EntryId>,
    /// How sensitive it is by itself; none when it is as the consultation.
    sensitivity: Option<Sensitivity>,
    /// Whether somebody entered it on their word.
    entered: bool,
    /// Whether the person has taken it back.
    taken_back: bool,
}

/// How an agenda item was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settled {
    Addressed,
    Deferred,
}

/// How a consultation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    Closed,
    Cancelled,
}

/// A consultation as it stands.
#[derive(Debug, Clone, Default)]
pub struct Consultation {
    person: Option<PersonId>,
    /// Who asked for it.
    author: Option<Author>,
    mode: Option<Mode>,
    /// Who may see it.
    circle: Circle,
    /// How it ended, once it has.
    over: Option<Over>,
    views: Vec<View>,
    /// Agenda items: who raised it, and how it was settled.
    agenda: BTreeMap<EntryId, (Author, Option<Settled>)>,
    /// How sensitive each option is by itself.
    options: Vec<Option<Sensitivity>>,
    /// What was told, or by whom it is withheld.
    information: BTreeMap<EntryId, Option<Author>>,
    /// How often it was decided again to withhold something.
    reviews: BTreeMap<EntryId, usize>,
    decisions: BTreeMap<EntryId, Decision>,
    /// When and where people meet, and how often that was said.
    scheduled: Option<(Timestamp, String)>,
    times_scheduled: usize,
    /// Who is to take part.
    participants: Vec<Participant>,
    /// Whether the person has ever objected to something here.
    was_reached: bool,
}

impl Consultation {
    /// Who may see it.
    #[must_use]
    pub fn circle(&self) -> &Circle {
        &self.circle
    }

    /// As it is for whoever has this scope: a view or an option that is kept from them is as if it were not there.
    fn within(&self, scope: &Scope) -> Cow<'_, Self> {
        let covered =
            |own: &Option<Sensitivity>| own.as_ref().is_none_or(|own| scope.covers(Category::Consultations, own));
        if self.views.iter().map(|view| &view.sensitivity).chain(&self.options).all(covered) {
            return Cow::Borrowed(self);
        }
        let mut within = self.clone();
        within.views.retain(|view| covered(&view.sensitivity));
        within.options.retain(covered);
        Cow::Owned(within)
    }

    /// Refuses unless it is this person's.
    fn is_of(&self, person: PersonId) -> Result<(), Refusal> {
        if self.person == Some(person) { Ok(()) } else { Err(Refusal::not_found("consultation")) }
    }

    /// Refuses unless it is this person's and going on.
    fn open_for(&self, person: PersonId) -> Result<Mode, Refusal> {
        match self.mode {
            // Whose it is comes first: another's is as if it were not there, over or not.
            Some(_) if self.person != Some(person) => Err(Refusal::not_found("consultation")),
            Some(_) if self.over.is_some() => Err(Refusal::rule("open_consultation", "this consultation is over")),
            Some(mode) => Ok(mode),
            None => Err(Refusal::not_found("consultation")),
        }
    }

    /// Whether this person's consultation is yet to end in this way.
    fn ends(&self, person: PersonId, wished: Over) -> Result<bool, Refusal> {
        if self.person == Some(person) && self.over == Some(wished) {
            return Ok(false);
        }
        self.open_for(person).map(|_mode| true)
    }

    fn decision(&self, decision: EntryId) -> Result<&Decision, Refusal> {
        self.decisions.get(&decision).ok_or_else(|| Refusal::not_found("decision"))
    }

    /// Refuses unless the decision waits for an answer.
    fn proposed(&self, decision: EntryId) -> Result<&Decision, Refusal> {
        let known = self.decision(decision)?;
        match known.stage {
            DecisionStage::Withdrawn => Err(Refusal::rule("waiting_decision", "this decision was withdrawn")),
            DecisionStage::Proposed | DecisionStage::WithoutPerson if known.objected => {
                Err(Refusal::rule("objection_stands", "the person objected to this decision; propose another"))
            }
            DecisionStage::Agreed | DecisionStage::WithoutPerson => {
                Err(Refusal::rule("waiting_decision", "this decision is settled already"))
            }
            DecisionStage::Proposed => Ok(known),
        }
    }

    /// That objections stand from now on, or no more: nothing is decided by the same side elsewhere as if there were none (rule 21).
    fn objections(&self, sharing: &Sharing, id: ConsultationId, event: &ConsultationEvent) -> Vec<SharingEvent> {
        let settled = |decision| {
            let stands = sharing.objection_stands(id, decision);
            stands.then(|| ObjectionSettled { consultation: id, decision }.into()).into_iter().collect()
        };
        let waits =
            |decision| self.decisions.get(&decision).and_then(|known| known.hearing).is_some_and(Hearing::is_open);
        let withdrawn =
            |decision| self.decisions.get(&decision).is_some_and(|known| known.stage == DecisionStage::Withdrawn);
        #[allow(clippy::wildcard_enum_match_arm, reason = "only by these an objection stands, or does not")]
        match event {
            ConsultationEvent::DecisionObjected(e) => {
                let known = self.decisions.get(&e.decision);
                let raised = known.map(|known| ObjectionRaised {
                    consultation: id,
                    decision: e.decision,
                    against: known.author,
                    decider: known.decider,
                    circle: self.circle.clone(),
                });
                raised.map(SharingEvent::from).into_iter().collect()
            }
            // Whoever may see the consultation may be told of it.
            ConsultationEvent::ConsultationShared(e) => {
                let circle = Circle::open(e.sensitivity.clone());
                let raised =
                    |known: &ObjectionRaised| ObjectionRaised { circle: circle.clone(), ..known.clone() }.into();
                sharing.objections_in(id).map(raised).collect()
            }
            ConsultationEvent::AnswerTakenBack(e) => settled(e.decision),
            // What an advocate is yet to hear is not out of the way by being withdrawn.
            ConsultationEvent::DecisionWithdrawn(e) if !waits(e.decision) => settled(e.decision),
            ConsultationEvent::AdvocateHeard(e) if withdrawn(e.decision) => settled(e.decision),
            _ => vec![],
        }
    }

    /// The views that the person has not taken back.
    fn said(&self) -> impl Iterator<Item = &View> {
        self.views.iter().filter(|view| !view.taken_back)
    }

    /// Whether the person has given a view that counts for a decision: of it, or of the whole since it was proposed. One that was given before is
    /// of something else (rule 20). And one that is more sensitive than the consultation does not count: an agreement that only it allowed would tell
    /// that it is there (rule 6).
    fn has_view_of(&self, id: EntryId, decision: &Decision) -> bool {
        self.said().filter(|view| view.sensitivity.is_none()).any(|view| match view.decision {
            Some(of) => of == id,
            None => view.nth >= decision.views_before,
        })
    }

    /// Whether an item that the person raised is neither addressed nor deferred by them.
    fn has_open_item_of_the_person(&self) -> bool {
        self.agenda.values().any(|(author, settled)| settled.is_none() && *author == Author::Person)
    }

    /// Whether it may be ended by them. The person may; nobody else in `person-led` (rule 18), nor what the person asked for, nor while the person has
    /// something on the table (rules 19 and 21).
    fn is_ended_by(&self, by: Author) -> Result<(), Refusal> {
        if by == Author::Person {
            return Ok(());
        }
        if self.mode == Some(Mode::PersonLed) {
            return Err(Refusal::rule("person_led", "in `person-led` only the person ends the consultation"));
        }
        if self.author == Some(Author::Person) {
            return Err(Refusal::rule("the_persons_consultation", "the person asked for it: only they end it"));
        }
        if self.has_open_item_of_the_person() {
            return Err(Refusal::rule(
                "the_persons_agenda",
                "an item that the person raised is neither addressed nor deferred by them",
            ));
        }
        let waits = |decision: &Decision| decision.waits() && decision.author == Author::Person;
        if self.decisions.values().any(waits) {
            return Err(Refusal::rule("the_persons_decision", "a decision that the person proposed waits"));
        }
        if self.decisions.values().any(|decision| decision.objected && decision.stage != DecisionStage::Withdrawn) {
            return Err(Refusal::rule(
                "objection_stands",
                "an objection of the person stands; withdraw that decision, or let them end this",
            ));
        }
        Ok(())
    }

    fn change(&mut self, decision: EntryId, change: impl FnOnce(&mut Decision)) {
        if let Some(known) = self.decisions.get_mut(&decision) {
            change(known);
        }
    }

    fn settle(&mut self, decision: EntryId, stage: DecisionStage) {
        // Whoever answers takes part.
        self.change(decision, |known| (known.stage, known.declined) = (stage, Vec::new()));
    }

    fn settle_item(&mut self, item: EntryId, how: Settled) {
        if let Some((_, settled)) = self.agenda.get_mut(&item) {
            *settled = Some(how);
        }
    }
}

impl Aggregate for Consultation {
    type Id = ConsultationId;
    type Event = ConsultationEvent;

    const KIND: StreamKind = StreamKind::Consultation;

    fn evolve(&mut self, event: &ConsultationEvent) {
        match event {
            ConsultationEvent::ConsultationRequested(e) => {
                self.person = Some(e.person);
                self.author = Some(e.author);
                self.mode = Some(e.mode);
                self.circle = e.circle.clone();
            }
            ConsultationEvent::ConsultationShared(e) => self.circle = Circle::open(e.sensitivity.clone()),
            ConsultationEvent::AgendaItemRaised(e) => {
                self.agenda.insert(e.item, (e.author, None));
            }
            ConsultationEvent::AgendaItemAddressed(e) => self.settle_item(e.item, Settled::Addressed),
            ConsultationEvent::AgendaItemDeferred(e) => self.settle_item(e.item, Settled::Deferred),
            ConsultationEvent::OptionOffered(e) => self.options.push(e.sensitivity.clone()),
            ConsultationEvent::PersonViewRecorded(e) => {
                let (nth, entry, decision) = (self.views.len(), e.entry, e.decision);
                let (sensitivity, entered) = (e.sensitivity.clone(), e.word.is_some());
                self.views.push(View { nth, entry, decision, sensitivity, entered, taken_back: false });
            }
            ConsultationEvent::ViewTakenBack(e) => {
                let known = self.views.iter_mut().find(|known| known.entry == Some(e.entry));
                known.into_iter().for_each(|known| known.taken_back = true);
            }
            ConsultationEvent::DecisionProposed(e) => {
                self.decisions.insert(e.decision, Decision::proposed(e.author, self.views.len()));
            }
            ConsultationEvent::ParticipationDeclined(e) => {
                self.change(e.decision, |known| known.declined.push(e.author));
            }
            ConsultationEvent::DecisionWithdrawn(e) => self.settle(e.decision, DecisionStage::Withdrawn),
            ConsultationEvent::InformationShared(e) => drop(self.information.insert(e.information, None)),
            ConsultationEvent::InformationRevealed(e) => drop(self.information.insert(e.information, None)),
            ConsultationEvent::InformationWithheld(e) => drop(self.information.insert(e.information, Some(e.author))),
            ConsultationEvent::WithholdingReviewed(e) => {
                self.information.insert(e.information, Some(e.author));
                *self.reviews.entry(e.information).or_default() += 1;
            }
            ConsultationEvent::OutcomeReported(e) => self.change(e.decision, |known| {
                (known.reports, known.disputed) = (known.reports + 1, false);
            }),
            ConsultationEvent::OutcomeDisputed(e) => self.change(e.decision, |known| known.disputed = true),
            ConsultationEvent::ConsultationScheduled(e) => {
                self.scheduled = Some((e.at, e.place.clone()));
                self.times_scheduled += 1;
            }
            ConsultationEvent::DecisionAgreed(e) => self.settle(e.decision, DecisionStage::Agreed),
            ConsultationEvent::DecisionObjected(e) => {
                self.was_reached = true;
                self.change(e.decision, |known| known.is_objected_to(e.word.is_some()));
            }
            ConsultationEvent::DecisionMadeWithoutPerson(e) => {
                self.settle(e.decision, DecisionStage::WithoutPerson);
                self.change(e.decision, |known| known.decider = Some(e.author));
            }
            ConsultationEvent::ParticipantInvited(e) => self.invited(e),
            ConsultationEvent::ParticipantResponded(e) => self.responded(e),
            ConsultationEvent::ObjectionTakenToAdvocate(e) => {
                self.change(e.decision, |known| known.goes_to_advocate(e));
            }
            ConsultationEvent::AdvocateHeard(e) => {
                self.change(e.decision, |known| known.hearing = known.hearing.map(Hearing::heard));
            }
            ConsultationEvent::ConsultationClosed(_) => self.over = Some(Over::Closed),
            ConsultationEvent::ConsultationCancelled(_) => self.over = Some(Over::Cancelled),
            ConsultationEvent::AnswerTakenBack(e) => self.change(e.decision, |known| known.take_back(e.word.as_ref())),
        }
    }
}

#[cfg(test)]
pub(crate) mod fixtures {
    use super::events::*;
    use super::{Circle, EntryId, Mode, PersonId};
    use crate::ids::{AgencyId, StaffId};
    use crate::vocabulary::{Author, Worker};
    use uuid::Uuid;

    pub(crate) const PERSON: PersonId = PersonId(Uuid::from_u128(1));
    pub(crate) const NURSE: Author =
        Author::Worker(Worker::new(AgencyId(Uuid::from_u128(2)), StaffId(Uuid::from_u128(3))));

    pub(crate) fn id(n: u128) -> EntryId {
        EntryId(Uuid::from_u128(n))
    }

    pub(crate) fn requested(mode: Mode) -> ConsultationEvent {
        let (topic, circle) = ("care at home".into(), Circle::default());
        ConsultationRequested { person: PERSON, author: NURSE, mode, topic, circle }.into()
    }

    pub(crate) fn raised(n: u128, author: Author) -> ConsultationEvent {
        AgendaItemRaised { item: id(n), author, text: "my dog".into() }.into()
    }

    pub(crate) fn offered(n: u128) -> ConsultationEvent {
        let (text, benefits, risks) = ("a carer".into(), String::new(), String::new());
        OptionOffered { option: id(100 + n), author: NURSE, text, benefits, risks, sensitivity: None }.into()
    }

    pub(crate) fn viewed() -> ConsultationEvent {
        PersonViewRecorded {
            decision: None,
            view: "I want to stay at home".into(),
            sensitivity: None,
            entry: None,
            word: None,
        }
        .into()
    }

    pub(crate) fn viewed_of(n: u128) -> ConsultationEvent {
        let (decision, view) = (Some(id(n)), "I want to stay at home".into());
        PersonViewRecorded { decision, view, sensitivity: None, entry: None, word: None }.into()
    }

    pub(crate) fn proposed(n: u128) -> ConsultationEvent {
        let text = "a carer twice a day".into();
        DecisionProposed { decision: id(n), author: NURSE, text, follow_up: None }.into()
    }
}
