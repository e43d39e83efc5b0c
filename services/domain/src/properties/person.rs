use proptest::prelude::*;

use super::{Dice, play, wishes};
use crate::ids::EntryId;
use crate::issuers::Parts;
use crate::person::events::PersonEvent as Event;
use crate::person::fixtures::{entry, registered};
use crate::person::*;
use crate::values::Rating;
use crate::vocabulary::{Author, Category, Sensitivity, Timestamp, Worker};
use crate::{Command as _, Refusal};

const NOW: Timestamp = Timestamp(0);

fn worker(n: u128) -> Author {
    Author::Worker(Worker::new(
        crate::ids::AgencyId(uuid::Uuid::from_u128(n)),
        crate::ids::StaffId(uuid::Uuid::from_u128(n + 10)),
    ))
}

fn wish(state: &Person, [what, which, by, how]: Dice) -> Result<Vec<Event>, Refusal> {
    let author = [Author::Person, worker(1), worker(2)][usize::from(by % 3)];
    let (known, new) = (entry(u128::from(which % 8)), entry(u128::from(how % 8)));
    let (text, sensitivity, parts) = (String::from("words enough to say it"), Sensitivity::normal(), Parts::default());
    let (goal, action, barrier, fingerprint) = (known, known, known, 0);
    let rating = Rating::new("rating", how % 10 + 1).unwrap();
    match what % 18 {
        0 => RecordStrength { entry: new, author, kind: StrengthKind::Strength, text, link: None, sensitivity }
            .decide(state),
        1 => RecordWhatMatters { entry: new, author, text, sensitivity }.decide(state),
        2 => {
            let category = if by % 2 == 0 { Category::Strengths } else { Category::WhatMatters };
            ChooseNotToSay { entry: new, author: Author::Person, category }.decide(state)
        }
        3 => ActivatePlan { entry: new, author, sensitivity }.decide(state),
        4 => SetGoal { entry: new, author, text, source: None, sensitivity, fingerprint }.decide(state),
        5 => AdoptGoal { goal, author: Author::Person, text }.decide(state),
        6 => DeclineGoal { goal, author: Author::Person, reason: text }.decide(state),
        7 => RateGoal { goal, author: Author::Person, importance: rating }.decide(state),
        8 => AchieveGoal { goal, author }.decide(state),
        9 => SetGoalAside { goal, author, reason: text }.decide(state),
        10 => ReopenGoal { goal, author, reason: text }.decide(state),
        11 => CompleteAction { action, author }.decide(state),
        12 => {
            let kind = if how % 2 == 0 { BarrierKind::External } else { BarrierKind::Internal };
            IdentifyBarrier { entry: new, author, kind, text, sensitivity }.decide(state)
        }
        13 => OwnBarrier { barrier, author, words: text, parts }.decide(state),
        14 => LiftBarrier { barrier, author, words: text, parts }.decide(state),
        15 => CorrectEntry {
            entry: known,
            author,
            text,
            sensitivity: None,
            reason: String::from("it was said wrongly"),
            parts,
        }
        .decide(state),
        16 => AttachReply { entry: known, reply: new, kind: ReplyKind::Context, words: text, now: NOW }.decide(state),
        _ => AnswerReply { entry: known, reply: new, author, words: text, parts }.decide(state),
    }
}

/// Who wrote an entry, told from the events alone.
fn author_of(before: &[Event], wanted: EntryId) -> Option<Author> {
    before.iter().filter_map(Event::entry).find_map(|change| match change.what {
        Change::Written(new) if change.entry == wanted => Some(new.author()),
        _ => None,
    })
}

fn keeps_the_rules(before: &[Event], event: &Event) {
    let under = |category| {
        before
            .iter()
            .filter_map(Event::entry)
            .any(|change| change.category == category && matches!(change.what, Change::Written(_)))
    };
    match event {
        Event::PlanActivated(_) => {
            assert!(under(Category::Strengths) && under(Category::WhatMatters), "rule 13");
        }
        Event::GoalSet(e) => assert_eq!(e.author, Author::Person, "rule 15: a worker proposes"),
        Event::GoalAchieved(e) => {
            assert_eq!(e.author, Author::Person, "rule 15");
            let proposed =
                before.iter().any(|known| matches!(known, Event::GoalProposed(known) if known.entry == e.entry));
            let adopted =
                before.iter().any(|known| matches!(known, Event::GoalAdopted(known) if known.entry == e.entry));
            assert!(!proposed || adopted, "rule 15: nobody reaches what was not taken up");
        }
        Event::BarrierOwned(e) => {
            let outside = |known: &Event| matches!(known, Event::BarrierIdentified(known) if known.entry == e.entry && known.kind == BarrierKind::External);
            assert!(
                before.iter().any(outside) && e.author.worker().is_some_and(|by| by.agency() == e.agency),
                "rule 14"
            );
        }
        Event::EntryCorrected(e) => {
            let (by, wrote) = (e.author.worker(), author_of(before, e.entry));
            let own = by.map(|by| by.agency()) == wrote.and_then(Author::worker).map(|wrote| wrote.agency());
            assert!(e.author == Author::Person || own, "corrected by the person, or the agency that wrote it");
        }
        Event::ReplyAnswered(e) => {
            let asked = |known: &Event| matches!(known, Event::ReplyAttached(known) if known.reply == e.reply && known.entry == e.entry);
            assert!(before.iter().any(asked), "rule 16");
            assert_ne!(e.author, Author::Person);
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn no_record_breaks_a_rule_whatever_is_wished_of_it(wishes in wishes()) {
        play([registered()], &wishes, wish, keeps_the_rules);
    }
}
