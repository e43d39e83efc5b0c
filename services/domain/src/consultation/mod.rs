//! A consultation: an agenda-led conversation in which the person is informed, consulted and involved.

mod agenda;
mod agree_decision;
mod circle;
mod close_consultation;
mod decide_without_person;
pub mod events;
mod object_to_decision;
mod offer_option;
mod propose_decision;
mod record_person_view;
mod request_consultation;
mod share_consultation;
mod take_back_answer;

use std::borrow::Cow;
use std::collections::BTreeMap;

pub use agenda::{AddressAgendaItem, DeferAgendaItem, RaiseAgendaItem};
pub use agree_decision::AgreeDecision;
pub use circle::Circle;
pub use close_consultation::{CancelConsultation, CloseConsultation};
pub use decide_without_person::DecideWithoutPerson;
pub use object_to_decision::ObjectToDecision;
pub use offer_option::OfferOption;
pub use propose_decision::ProposeDecision;
pub use record_person_view::RecordPersonView;
pub use request_consultation::RequestConsultation;
pub use share_consultation::ShareConsultation;
pub use take_back_answer::TakeBackAnswer;

use crate::access::{Contribute, Scope};
use crate::ids::{ConsultationId, EntryId, PersonId};
use crate::vocabulary::{Author, Category, Sensitivity, coded};
use crate::{Aggregate, Command as _, Refusal, StreamKind};
use events::ConsultationEvent;

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

/// The most agenda items, options, decisions or recorded views of one consultation: it is read as a whole.
pub const ITEMS_LIMIT: usize = 50;

/// Taking part in a consultation adds to the heading of the consultations, and is for those who may see it: for everybody else it is as
/// if it were not there. What is added may be more sensitive by itself.
macro_rules! takes_part {
    ($($command:ident $(with $own:ident)?),+ $(,)?) => {$(
        impl Contribute for $command {
            const CATEGORY: Category = Category::Consultations;

            fn sensitivity<'a>(&'a self, state: &'a Consultation) -> Result<&'a Sensitivity, Refusal> {
                $(if let Some(own) = &self.$own {
                    return Ok(own);
                })?
                Ok(state.circle.sensitivity())
            }

            fn decide_within(
                self,
                state: &Consultation,
                scope: Option<&Scope>,
            ) -> Result<Vec<ConsultationEvent>, Refusal> {
                let Some(scope) = scope else { return self.decide(state) };
                // Whoever may not take part at all learns nothing of the consultations that there are.
                if !scope.covers(Category::Consultations, &Sensitivity::NORMAL) {
                    return Err(Refusal::undisclosed());
                }
                $(if self.$own.as_ref().is_some_and(|own| !scope.covers(Category::Consultations, own)) {
                    return Err(Refusal::undisclosed());
                })?
                if !state.circle.is_covered(scope) {
                    return self.decide(&Consultation::default());
                }
                self.decide(&state.within(scope))
            }
        }
    )+};
}
takes_part!(
    AddressAgendaItem,
    AgreeDecision,
    CancelConsultation,
    CloseConsultation,
    DecideWithoutPerson,
    DeferAgendaItem,
    ObjectToDecision,
    OfferOption with sensitivity,
    ProposeDecision,
    RaiseAgendaItem,
    RecordPersonView with sensitivity,
    ShareConsultation,
    TakeBackAnswer,
);

/// Where a decision stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DecisionStage {
    Proposed,
    Agreed,
    WithoutPerson,
    Objected,
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
    mode: Option<Mode>,
    /// Who may see it.
    circle: Circle,
    /// How it ended, once it has.
    over: Option<Over>,
    /// How sensitive each of the person's views is, beside the consultation.
    views: Vec<Option<Sensitivity>>,
    /// Agenda items: who raised it, and how it was settled.
    agenda: BTreeMap<EntryId, (Author, Option<Settled>)>,
    options: usize,
    decisions: BTreeMap<EntryId, DecisionStage>,
}

impl Consultation {
    /// Who may see it.
    #[must_use]
    pub fn circle(&self) -> &Circle {
        &self.circle
    }

    /// As it is for whoever has this scope: a view that is kept from them is as if it were not there.
    fn within(&self, scope: &Scope) -> Cow<'_, Self> {
        let covered =
            |own: &Option<Sensitivity>| own.as_ref().is_none_or(|own| scope.covers(Category::Consultations, own));
        if self.views.iter().all(covered) {
            return Cow::Borrowed(self);
        }
        let mut within = self.clone();
        within.views.retain(covered);
        Cow::Owned(within)
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

    /// Refuses unless the decision waits for an answer.
    fn proposed(&self, decision: EntryId) -> Result<(), Refusal> {
        match self.decisions.get(&decision) {
            None => Err(Refusal::not_found("decision")),
            Some(DecisionStage::Proposed) => Ok(()),
            Some(DecisionStage::Agreed | DecisionStage::WithoutPerson) => {
                Err(Refusal::rule("waiting_decision", "this decision is settled already"))
            }
            Some(DecisionStage::Objected) => {
                Err(Refusal::rule("objection_stands", "the person objected to this decision; propose another"))
            }
        }
    }

    fn settle(&mut self, decision: EntryId, stage: DecisionStage) {
        self.decisions.insert(decision, stage);
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
                self.mode = Some(e.mode);
                self.circle = e.circle.clone();
            }
            ConsultationEvent::ConsultationShared(e) => self.circle = Circle::open(e.sensitivity.clone()),
            ConsultationEvent::AgendaItemRaised(e) => {
                self.agenda.insert(e.item, (e.author, None));
            }
            ConsultationEvent::AgendaItemAddressed(e) => self.settle_item(e.item, Settled::Addressed),
            ConsultationEvent::AgendaItemDeferred(e) => self.settle_item(e.item, Settled::Deferred),
            ConsultationEvent::OptionOffered(_) => self.options += 1,
            ConsultationEvent::PersonViewRecorded(e) => self.views.push(e.sensitivity.clone()),
            ConsultationEvent::DecisionProposed(e) => self.settle(e.decision, DecisionStage::Proposed),
            ConsultationEvent::DecisionAgreed(e) => self.settle(e.decision, DecisionStage::Agreed),
            ConsultationEvent::DecisionObjected(e) => self.settle(e.decision, DecisionStage::Objected),
            ConsultationEvent::DecisionMadeWithoutPerson(e) => self.settle(e.decision, DecisionStage::WithoutPerson),
            ConsultationEvent::ConsultationClosed(_) => self.over = Some(Over::Closed),
            ConsultationEvent::ConsultationCancelled(_) => self.over = Some(Over::Cancelled),
            ConsultationEvent::AnswerTakenBack(e) => self.settle(e.decision, DecisionStage::Proposed),
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

    pub(crate) fn viewed() -> ConsultationEvent {
        PersonViewRecorded { view: "I want to stay at home".into(), sensitivity: None }.into()
    }

    pub(crate) fn proposed(n: u128) -> ConsultationEvent {
        DecisionProposed { decision: id(n), author: NURSE, text: "a carer twice a day".into() }.into()
    }
}
