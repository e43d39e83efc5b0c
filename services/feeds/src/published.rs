//! The published language: what a domain event is called outside. Renaming a domain event changes nothing here.

use domain::access::events::AccessEvent;
use domain::agency::events::AgencyEvent;
use domain::consultation::events::ConsultationEvent;
use domain::person::events::PersonEvent;
use domain::query::events::QueryEvent;
use domain::relationship::events::RelationshipEvent;
use domain::sharing::events::SharingEvent;
use events::Event;

/// What becomes of a domain event outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Published {
    /// It is published under this type.
    As(&'static str),
    /// It is never fed, and why.
    Never(&'static str),
}

use Published::{As, Never};

/// That something delivered is to be given back.
pub(crate) const RECALLED: &str = "alongside.recall.requested.v1";
/// Those of questions about looks, that wait for the agency's answer.
pub(crate) const QUESTION_TYPES: [(&str, &str); 2] = [
    (QUESTION_ASKED, "somebody asks why the agency looked: whoever did, or a privacy officer, is to explain it"),
    (
        QUESTION_ESCALATED,
        "they take it further: the agency's privacy officer, or the agency as the reviewer, is to answer",
    ),
];
const QUESTION_ASKED: &str = "alongside.question.asked.v1";
const QUESTION_ESCALATED: &str = "alongside.question.escalated.v1";
/// That events stood in a feed's stream for too long, and do not any more.
pub(crate) const MISSED: &str = "alongside.feed.missed.v1";
/// A test of a feed: about nobody.
pub(crate) const TESTED: &str = "alongside.feed.tested.v1";
/// What an event of a feed without content is called: it tells nothing but that something has happened.
pub(crate) const SOMETHING: &str = "alongside.something.happened.v1";

/// Every published type of what is about people, with what it means.
pub(crate) fn about_people() -> impl Iterator<Item = (&'static str, &'static str)> {
    ENTRY_TYPES.into_iter().chain(SUPPORT_TYPES).chain(CONSULTATION_TYPES).chain(PERMIT_TYPES)
}

/// Whether a feed may be narrowed to this type.
pub(crate) fn can_be_chosen(wanted: &str) -> bool {
    about_people().chain(QUESTION_TYPES).any(|(name, _)| name == wanted) || wanted == RECALLED
}

/// Those of a record's entries.
pub(crate) const ENTRY_TYPES: [(&str, &str); 31] = [
    ("alongside.record.contact.recorded.v1", "a person is registered, with a name"),
    ("alongside.record.about-me.written.v1", "a section of About Me is written"),
    ("alongside.record.strength.recorded.v1", "a strength is recorded"),
    ("alongside.record.what-matters.recorded.v1", "what matters to the person is recorded"),
    ("alongside.record.condition.described.v1", "a condition is described"),
    ("alongside.record.contingency-plan.written.v1", "what to do when things go wrong is written"),
    ("alongside.record.goal.set.v1", "a goal is set"),
    ("alongside.record.goal.rated.v1", "the person says how important a goal is"),
    ("alongside.record.goal.achieved.v1", "a goal is achieved"),
    ("alongside.record.goal.set-aside.v1", "a goal is set aside"),
    ("alongside.record.goal.reopened.v1", "a goal is taken up again"),
    ("alongside.record.action.agreed.v1", "an action is agreed"),
    ("alongside.record.action.progressed.v1", "progress of an action is noted"),
    ("alongside.record.action.completed.v1", "an action is done"),
    ("alongside.record.action.dropped.v1", "an action is dropped"),
    ("alongside.record.action.reopened.v1", "an action is taken up again"),
    ("alongside.record.reply.attached.v1", "the person adds their side to an entry"),
    ("alongside.record.reply.answered.v1", "the agency that wrote the entry answers that"),
    ("alongside.record.reply.taken-back.v1", "the person takes a reply back"),
    ("alongside.record.barrier.identified.v1", "what stands in the way is named"),
    ("alongside.record.barrier.owned.v1", "an agency takes a barrier on"),
    ("alongside.record.barrier.lifted.v1", "a barrier is out of the way"),
    ("alongside.record.goal.proposed.v1", "a worker proposes a goal"),
    ("alongside.record.goal.adopted.v1", "the person takes a proposed goal into their words"),
    ("alongside.record.goal.declined.v1", "the person does not take a proposed goal up"),
    ("alongside.record.action.rated.v1", "the person says how confident they are of an action"),
    ("alongside.record.wellbeing.checked-in.v1", "the person says how they are"),
    ("alongside.record.contact-preferences.set.v1", "it is said how to communicate with the person"),
    ("alongside.record.not-said.v1", "the person chooses not to say something"),
    ("alongside.record.plan.activated.v1", "the plan begins to hold"),
    ("alongside.record.entry.corrected.v1", "an entry is corrected"),
];

/// Those of relationships between the person and the agency's own workers.
pub(crate) const SUPPORT_TYPES: [(&str, &str); 7] = [
    ("alongside.support.invited.v1", "the person invites a worker of the agency to propose support"),
    ("alongside.support.proposed.v1", "a worker of the agency proposes support"),
    ("alongside.support.proposal-withdrawn.v1", "they withdraw it"),
    ("alongside.support.accepted.v1", "the person accepts it"),
    ("alongside.support.declined.v1", "the person declines it"),
    ("alongside.support.ended.v1", "the support ends"),
    ("alongside.support.supporter-left.v1", "the support ends, as the worker has left the agency"),
];

/// Those of consultations that all workers of the agency may see who support the person.
pub(crate) const CONSULTATION_TYPES: [(&str, &str); 28] = [
    ("alongside.consultation.requested.v1", "a consultation is asked for"),
    ("alongside.consultation.shared.v1", "the person says how sensitive it is"),
    ("alongside.consultation.item-raised.v1", "something is put on the agenda"),
    ("alongside.consultation.item-addressed.v1", "something on the agenda is talked about"),
    ("alongside.consultation.item-deferred.v1", "something on the agenda is left for another time"),
    ("alongside.consultation.option-offered.v1", "an option is offered"),
    ("alongside.consultation.view-recorded.v1", "the person says what they think"),
    ("alongside.consultation.decision-proposed.v1", "a decision is proposed"),
    ("alongside.consultation.decision-agreed.v1", "the person agrees"),
    ("alongside.consultation.decision-objected.v1", "the person objects"),
    ("alongside.consultation.answer-taken-back.v1", "the person takes their answer back"),
    ("alongside.consultation.decided-without-person.v1", "a decision is taken without the person's view"),
    ("alongside.consultation.closed.v1", "the consultation is closed"),
    ("alongside.consultation.cancelled.v1", "the consultation is cancelled"),
    ("alongside.consultation.scheduled.v1", "it is said when and where people meet"),
    ("alongside.consultation.participation-declined.v1", "the person chooses not to take part in a decision"),
    ("alongside.consultation.decision-withdrawn.v1", "a decision that was not settled is withdrawn"),
    ("alongside.consultation.outcome-reported.v1", "the person is told what came of a decision"),
    ("alongside.consultation.information-shared.v1", "something is told"),
    ("alongside.consultation.information-withheld.v1", "something is kept from the person, for now"),
    ("alongside.consultation.information-revealed.v1", "what was kept from the person is told"),
    ("alongside.consultation.withholding-reviewed.v1", "it is decided again to keep something from the person"),
    ("alongside.consultation.view-taken-back.v1", "the person takes back something that they said"),
    ("alongside.consultation.outcome-disputed.v1", "the person says that what they were told is not so"),
    ("alongside.consultation.participant-invited.v1", "somebody is invited to take part"),
    ("alongside.consultation.participant-responded.v1", "somebody says whether they come"),
    ("alongside.consultation.taken-to-advocate.v1", "the person takes an objection to an advocate"),
    ("alongside.consultation.advocate-heard.v1", "the advocate answers"),
];

/// Those of permits that let the agency's system receive something.
pub(crate) const PERMIT_TYPES: [(&str, &str); 3] = [
    ("alongside.permit.began.v1", "the person lets the agency's system receive something"),
    ("alongside.permit.narrowed.v1", "they take something of that back, and this stays"),
    ("alongside.permit.ended.v1", "they take it back"),
];

/// What a domain event is called outside. An event without a line here does not compile.
pub(crate) fn published(event: &Event) -> Published {
    match event {
        Event::Identity(_) | Event::Invitation(_) => Never("who is here, and how they came in, no system is told"),
        Event::Person(event) => {
            entry_type(event).map_or(Never("with what a person signs in is theirs alone to know"), As)
        }
        Event::Access(event) => access(event),
        Event::Sharing(event) => sharing(event),
        Event::Query(event) => question(event),
        Event::Emergency(_) => Never("an emergency is a worker's, and opens nothing to a system"),
        Event::Relationship(event) => relationship(event),
        Event::Consultation(event) => As(consultation(event)),
        Event::Agency(AgencyEvent::FeedTested(_)) => As(TESTED),
        Event::Agency(_) | Event::Staff(_) | Event::SignIn(_) | Event::Issuers(_) => {
            Never("it is about agencies and those who work there, and about nobody whom they support")
        }
        Event::Survey(_) => Never("what an agency asks everybody it reads where it asked, and it is about nobody"),
        Event::Answers(_) => Never("answers are counted, and told as counts: who said what no system is told"),
        Event::Notices(_) => Never("where and of what a person is told is theirs alone"),
        Event::Request(_) | Event::Operations(_) => Never("it is the system's own"),
    }
}

/// What becomes of what happens to a question outside.
pub(crate) fn question(event: &QueryEvent) -> Published {
    match event {
        QueryEvent::AccessQueried(_) => As(QUESTION_ASKED),
        QueryEvent::QueryEscalated(_) => As(QUESTION_ESCALATED),
        QueryEvent::AccessExplained(_) | QueryEvent::ExplanationAccepted(_) | QueryEvent::QueryResolved(_) => {
            Never("what is said of a question is for the person, and for whoever answers it")
        }
    }
}

fn access(event: &AccessEvent) -> Published {
    match event {
        AccessEvent::RecallRequested(_) => As(RECALLED),
        AccessEvent::RecordViewed(_)
        | AccessEvent::RecordContributed(_)
        | AccessEvent::AccessDenied(_)
        | AccessEvent::EmergencyReviewed(_)
        | AccessEvent::EmergencyAllowedAgain(_)
        | AccessEvent::EventDelivered(_)
        | AccessEvent::RecallAnswered(_) => Never("receipts are the person's: other people's looks are never fed"),
    }
}

/// Of a permit it depends besides on whom it is to, and on what: see [`crate::permits`].
fn sharing(event: &SharingEvent) -> Published {
    match event {
        SharingEvent::ProvisionGranted(_) => As("alongside.permit.began.v1"),
        SharingEvent::ProvisionNarrowed(_) => As("alongside.permit.narrowed.v1"),
        SharingEvent::ProvisionWithdrawn(_) => As("alongside.permit.ended.v1"),
        SharingEvent::ProvisionDenied(_)
        | SharingEvent::AgencyBlocked(_)
        | SharingEvent::AgencyUnblocked(_)
        | SharingEvent::WorkerBlocked(_)
        | SharingEvent::WorkerUnblocked(_) => Never(
            "what a person denies, and whom they block, is told to nobody: what was delivered is asked back, and not why",
        ),
        SharingEvent::RelationshipAccessOpened(_) | SharingEvent::RelationshipAccessClosed(_) => {
            Never("the relationship tells it")
        }
        SharingEvent::EmergencyAccessOpened(_) | SharingEvent::EmergencyAccessClosed(_) => {
            Never("an emergency is a worker's, and opens nothing to a system")
        }
        SharingEvent::LawfulBasisInvoked(_) | SharingEvent::LawfulBasisEnded(_) => {
            Never("a lawful basis is one worker's, and opens nothing to a system")
        }
        SharingEvent::AccessRequested(_)
        | SharingEvent::AccessRequestGranted(_)
        | SharingEvent::AccessRequestRefused(_) => Never("it is between the person and whoever asks"),
        SharingEvent::ObjectionRaised(_) | SharingEvent::ObjectionSettled(_) => Never("the consultation tells it"),
        SharingEvent::EntryRestricted(_) => Never("the entry itself tells what it says from then on"),
        SharingEvent::SharingStarted(_) => Never("it says that somebody is here, and nothing of what they share"),
    }
}

fn relationship(event: &RelationshipEvent) -> Published {
    match event {
        RelationshipEvent::SupporterInvited(_) => As("alongside.support.invited.v1"),
        RelationshipEvent::SupportProposed(_) => As("alongside.support.proposed.v1"),
        RelationshipEvent::ProposalWithdrawn(_) => As("alongside.support.proposal-withdrawn.v1"),
        RelationshipEvent::SupportAccepted(_) => As("alongside.support.accepted.v1"),
        RelationshipEvent::SupportDeclined(_) => As("alongside.support.declined.v1"),
        RelationshipEvent::SupportEnded(_) => As("alongside.support.ended.v1"),
        RelationshipEvent::SupporterLeft(_) => As("alongside.support.supporter-left.v1"),
        RelationshipEvent::ProposalUnheard(_) | RelationshipEvent::CodeUnsent(_) => {
            Never("nobody is told that somebody does not hear of them")
        }
        RelationshipEvent::AcceptanceEntered(_) => Never("it holds once it is confirmed, and that is told"),
        RelationshipEvent::AskingAllowed(_) => Never("whether somebody may ask again they learn when they ask"),
        RelationshipEvent::SupportSuggested(_) | RelationshipEvent::SuggestionDismissed(_) => {
            Never("of what a source suggests nobody hears but the person")
        }
    }
}

fn consultation(event: &ConsultationEvent) -> &'static str {
    match event {
        ConsultationEvent::ConsultationRequested(_) => "alongside.consultation.requested.v1",
        ConsultationEvent::ConsultationShared(_) => "alongside.consultation.shared.v1",
        ConsultationEvent::ParticipantInvited(_) => "alongside.consultation.participant-invited.v1",
        ConsultationEvent::ParticipantResponded(_) => "alongside.consultation.participant-responded.v1",
        ConsultationEvent::ObjectionTakenToAdvocate(_) => "alongside.consultation.taken-to-advocate.v1",
        ConsultationEvent::AdvocateHeard(_) => "alongside.consultation.advocate-heard.v1",
        ConsultationEvent::AgendaItemRaised(_) => "alongside.consultation.item-raised.v1",
        ConsultationEvent::AgendaItemAddressed(_) => "alongside.consultation.item-addressed.v1",
        ConsultationEvent::AgendaItemDeferred(_) => "alongside.consultation.item-deferred.v1",
        ConsultationEvent::OptionOffered(_) => "alongside.consultation.option-offered.v1",
        ConsultationEvent::PersonViewRecorded(_) => "alongside.consultation.view-recorded.v1",
        ConsultationEvent::DecisionProposed(_) => "alongside.consultation.decision-proposed.v1",
        ConsultationEvent::DecisionAgreed(_) => "alongside.consultation.decision-agreed.v1",
        ConsultationEvent::DecisionObjected(_) => "alongside.consultation.decision-objected.v1",
        ConsultationEvent::AnswerTakenBack(_) => "alongside.consultation.answer-taken-back.v1",
        ConsultationEvent::DecisionMadeWithoutPerson(_) => "alongside.consultation.decided-without-person.v1",
        ConsultationEvent::ConsultationClosed(_) => "alongside.consultation.closed.v1",
        ConsultationEvent::ConsultationCancelled(_) => "alongside.consultation.cancelled.v1",
        ConsultationEvent::ConsultationScheduled(_) => "alongside.consultation.scheduled.v1",
        ConsultationEvent::ParticipationDeclined(_) => "alongside.consultation.participation-declined.v1",
        ConsultationEvent::DecisionWithdrawn(_) => "alongside.consultation.decision-withdrawn.v1",
        ConsultationEvent::OutcomeReported(_) => "alongside.consultation.outcome-reported.v1",
        ConsultationEvent::InformationShared(_) => "alongside.consultation.information-shared.v1",
        ConsultationEvent::InformationWithheld(_) => "alongside.consultation.information-withheld.v1",
        ConsultationEvent::InformationRevealed(_) => "alongside.consultation.information-revealed.v1",
        ConsultationEvent::WithholdingReviewed(_) => "alongside.consultation.withholding-reviewed.v1",
        ConsultationEvent::ViewTakenBack(_) => "alongside.consultation.view-taken-back.v1",
        ConsultationEvent::OutcomeDisputed(_) => "alongside.consultation.outcome-disputed.v1",
    }
}

fn entry_type(event: &PersonEvent) -> Option<&'static str> {
    Some(match event {
        PersonEvent::PersonInvited(_) | PersonEvent::IdentityLinked(_) | PersonEvent::IdentityUnlinked(_) => {
            return None;
        }
        PersonEvent::PersonRegistered(_) => "alongside.record.contact.recorded.v1",
        PersonEvent::AboutMeSectionWritten(_) => "alongside.record.about-me.written.v1",
        PersonEvent::StrengthRecorded(_) => "alongside.record.strength.recorded.v1",
        PersonEvent::WhatMattersRecorded(_) => "alongside.record.what-matters.recorded.v1",
        PersonEvent::ConditionDescribed(_) => "alongside.record.condition.described.v1",
        PersonEvent::ContingencyPlanWritten(_) => "alongside.record.contingency-plan.written.v1",
        PersonEvent::GoalSet(_) => "alongside.record.goal.set.v1",
        PersonEvent::GoalRated(_) => "alongside.record.goal.rated.v1",
        PersonEvent::GoalAchieved(_) => "alongside.record.goal.achieved.v1",
        PersonEvent::GoalSetAside(_) => "alongside.record.goal.set-aside.v1",
        PersonEvent::GoalReopened(_) => "alongside.record.goal.reopened.v1",
        PersonEvent::ActionAgreed(_) => "alongside.record.action.agreed.v1",
        PersonEvent::ActionProgressed(_) => "alongside.record.action.progressed.v1",
        PersonEvent::ActionCompleted(_) => "alongside.record.action.completed.v1",
        PersonEvent::ActionDropped(_) => "alongside.record.action.dropped.v1",
        PersonEvent::ActionReopened(_) => "alongside.record.action.reopened.v1",
        PersonEvent::ReplyAttached(_) => "alongside.record.reply.attached.v1",
        PersonEvent::ReplyAnswered(_) => "alongside.record.reply.answered.v1",
        PersonEvent::ReplyTakenBack(_) => "alongside.record.reply.taken-back.v1",
        PersonEvent::BarrierIdentified(_) => "alongside.record.barrier.identified.v1",
        PersonEvent::BarrierOwned(_) => "alongside.record.barrier.owned.v1",
        PersonEvent::BarrierLifted(_) => "alongside.record.barrier.lifted.v1",
        PersonEvent::GoalProposed(_) => "alongside.record.goal.proposed.v1",
        PersonEvent::GoalAdopted(_) => "alongside.record.goal.adopted.v1",
        PersonEvent::GoalDeclined(_) => "alongside.record.goal.declined.v1",
        PersonEvent::ActionRated(_) => "alongside.record.action.rated.v1",
        PersonEvent::WellbeingCheckedIn(_) => "alongside.record.wellbeing.checked-in.v1",
        PersonEvent::ContactPreferencesSet(_) => "alongside.record.contact-preferences.set.v1",
        PersonEvent::ChoseNotToSay(_) => "alongside.record.not-said.v1",
        PersonEvent::PlanActivated(_) => "alongside.record.plan.activated.v1",
        PersonEvent::EntryCorrected(_) => "alongside.record.entry.corrected.v1",
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_event_has_a_published_type_or_a_reason_and_every_type_an_event() {
        let mut types = BTreeSet::new();
        for event in Event::samples() {
            match published(&event) {
                As(published) => {
                    assert!(published.starts_with("alongside.") && published.ends_with(".v1"), "{published}");
                    assert!(types.insert(published), "{published} is called twice");
                }
                Never(why) => assert!(why.len() > 20, "{}", event.name()),
            }
        }
        let beside = QUESTION_TYPES.map(|(name, _)| name).into_iter().chain([RECALLED, TESTED]);
        let known: BTreeSet<_> = about_people().map(|(name, _)| name).chain(beside).collect();
        assert_eq!(types, known);
    }
}
