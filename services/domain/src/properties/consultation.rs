use proptest::prelude::*;

use super::{Dice, play, wishes};
use crate::consultation::events::ConsultationEvent as Event;
use crate::consultation::fixtures::{NURSE, PERSON, id, requested};
use crate::consultation::*;
use crate::ids::{AgencyId, EntryId, StaffId};
use crate::issuers::Parts;
use crate::vocabulary::{Author, OnTheirWord, Timestamp, Worker};
use crate::{Command as _, Refusal};
use uuid::Uuid;

const NOW: Timestamp = Timestamp(0);

fn other() -> Worker {
    Worker::new(AgencyId(Uuid::from_u128(70)), StaffId(Uuid::from_u128(71)))
}

fn wish(state: &Consultation, [what, which, by, how]: Dice) -> Result<Vec<Event>, Refusal> {
    let author = [Author::Person, NURSE, Author::Worker(other())][usize::from(by % 3)];
    let (person, item, text) = (PERSON, id(u128::from(which % 4) + 1), String::from("words enough to say it"));
    let (decision, information) = (item, id(u128::from(which % 3) + 20));
    let view = id(u128::from(how) + 1_000);
    let (parts, follow_up) = (Parts::default(), None);
    let word = (by % 2 == 0).then(|| OnTheirWord::new(other(), text.clone()));
    match what % 20 {
        0 => RaiseAgendaItem { person, item, author, text }.decide(state),
        1 => AddressAgendaItem { person, item, author, note: text }.decide(state),
        2 => DeferAgendaItem { person, item, author }.decide(state),
        3 | 4 => {
            let (benefits, risks, sensitivity) = (text.clone(), text.clone(), None);
            OfferOption { person, option: view, author, text, benefits, risks, sensitivity }.decide(state)
        }
        5 | 6 => ProposeDecision { person, decision, author, text, follow_up, now: NOW }.decide(state),
        7 | 8 => {
            let decision = (how % 2 == 0).then_some(decision);
            RecordPersonView { person, decision, view: text, sensitivity: None, entry: view, word }.decide(state)
        }
        9 => TakeBackView { person, entry: view, word, parts: Parts::default() }.decide(state),
        10 | 11 => AgreeDecision { person, decision }.decide(state),
        12 => ObjectToDecision { person, decision, reason: text, word }.decide(state),
        13 => TakeBackAnswer { person, decision, reason: text, word, parts: Parts::default() }.decide(state),
        14 => {
            let ground = WithoutPersonGround::ALL[usize::from(how) % WithoutPersonGround::ALL.len()];
            DecideWithoutPerson { person, decision, author, ground, evidence: text, now: NOW, elsewhere: vec![], parts }
                .decide(state)
        }
        15 => DeclineToTakePart { person, decision, author, words: text }.decide(state),
        16 => WithdrawDecision { person, decision, author, reason: text, parts }.decide(state),
        17 => {
            let outcome = Outcome::ALL[usize::from(how) % Outcome::ALL.len()];
            ReportOutcome { person, decision, author, outcome, words: text }.decide(state)
        }
        18 => ShareInformation { person, information, author, text }.decide(state),
        // Rarely, so that there is something before it.
        _ if how % 4 == 0 => CloseConsultation { person, author }.decide(state),
        _ if how % 4 == 1 => CancelConsultation { person, author, reason: text }.decide(state),
        _ => Ok(vec![]),
    }
}

/// What the history says of the person's answer to a decision, told from the events alone.
struct Seen<'a>(&'a [Event]);

impl Seen<'_> {
    fn over(&self) -> bool {
        self.0.iter().any(|event| matches!(event, Event::ConsultationClosed(_) | Event::ConsultationCancelled(_)))
    }

    /// Whether the person has said what they think of it since it was proposed, and has not taken that back.
    fn viewed(&self, decision: EntryId) -> bool {
        let proposed = self.0.iter().position(|e| matches!(e, Event::DecisionProposed(e) if e.decision == decision));
        let back = |entry| self.0.iter().any(|e| matches!(e, Event::ViewTakenBack(e) if Some(e.entry) == entry));
        self.0.iter().enumerate().any(|(nth, event)| match event {
            Event::PersonViewRecorded(e) => {
                !back(e.entry) && (e.decision == Some(decision) || (e.decision.is_none() && Some(nth) > proposed))
            }
            _ => false,
        })
    }

    /// Whether an objection to it stands.
    fn objected(&self, decision: EntryId) -> bool {
        self.0.iter().fold(false, |stands, event| match event {
            Event::DecisionObjected(e) if e.decision == decision => true,
            Event::AnswerTakenBack(e) if e.decision == decision => false,
            _ => stands,
        })
    }

    fn withdrawn(&self, decision: EntryId) -> bool {
        self.0.iter().any(|event| matches!(event, Event::DecisionWithdrawn(e) if e.decision == decision))
    }

    /// Whether something that the person raised is open.
    fn open_item(&self) -> bool {
        let settled = |item| {
            self.0.iter().any(|event| match event {
                Event::AgendaItemAddressed(e) => e.item == item,
                Event::AgendaItemDeferred(e) => e.item == item,
                _ => false,
            })
        };
        self.0
            .iter()
            .any(|event| matches!(event, Event::AgendaItemRaised(e) if e.author == Author::Person && !settled(e.item)))
    }

    /// Whether an objection stands to what was not withdrawn.
    fn any_objection(&self) -> bool {
        let proposed = self.0.iter().filter_map(|event| match event {
            Event::DecisionProposed(e) => Some(e.decision),
            _ => None,
        });
        proposed.into_iter().any(|decision| self.objected(decision) && !self.withdrawn(decision))
    }
}

/// The rules, each told from what happened before the event.
fn keeps_the_rules(mode: Mode, before: &[Event], event: &Event) {
    let seen = Seen(before);
    match event {
        Event::DecisionProposed(e) => {
            assert_ne!(mode, Mode::Inform, "rule 18");
            assert!(mode != Mode::PersonLed || e.author == Author::Person, "rule 18");
            assert!(!seen.over());
        }
        Event::DecisionAgreed(e) => {
            assert!(seen.viewed(e.decision), "rule 20");
            assert!(!seen.objected(e.decision) && !seen.withdrawn(e.decision), "rule 21");
            assert!(!seen.over());
        }
        Event::DecisionMadeWithoutPerson(e) => {
            assert!(!seen.viewed(e.decision), "rule 20: their view is there");
            assert!(!seen.objected(e.decision) && !seen.withdrawn(e.decision), "rule 21");
            assert!(e.author != Author::Person && !e.evidence.is_empty(), "rule 20");
        }
        Event::AgendaItemDeferred(e) => {
            let raised = |known: &Event| matches!(known, Event::AgendaItemRaised(r) if r.item == e.item && r.author == Author::Person);
            assert!(!before.iter().any(raised) || e.author == Author::Person, "rule 19");
        }
        Event::ConsultationClosed(e) => {
            assert!(!seen.open_item(), "rule 19");
            assert!(
                e.author == Author::Person || (mode != Mode::PersonLed && !seen.any_objection()),
                "rules 18 and 21"
            );
        }
        Event::ConsultationCancelled(e) => {
            let staff_may = mode != Mode::PersonLed && !seen.open_item() && !seen.any_objection();
            assert!(e.author == Author::Person || staff_may, "rules 18, 19 and 21");
        }
        Event::OutcomeReported(e) => {
            let settled = |known: &Event| match known {
                Event::DecisionAgreed(known) => known.decision == e.decision,
                Event::DecisionMadeWithoutPerson(known) => known.decision == e.decision,
                _ => false,
            };
            assert!(before.iter().any(settled), "rule 22");
        }
        Event::AgendaItemRaised(_) | Event::OptionOffered(_) | Event::PersonViewRecorded(_) => assert!(!seen.over()),
        _ => {}
    }
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn no_consultation_breaks_a_rule_whatever_is_wished_in_it(mode in 0..4_usize, wishes in wishes()) {
        let mode = Mode::ALL[mode];
        play([requested(mode)], &wishes, wish, |before, event| keeps_the_rules(mode, before, event));
    }
}
