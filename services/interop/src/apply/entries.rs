//! The entries of a plan, as commands.

use domain::person::events::PersonEvent;
use domain::person::{
    AchieveGoal, AgreeAction, CompleteAction, DescribeCondition, DropAction, Person, SetGoal, SetGoalAside,
};
use domain::values::{Date, Source};
use domain::vocabulary::{Author, Category};
use domain::{Command as _, Refusal};

use crate::plan::{EntryKind, Finish, PlannedEntry};

/// The heading that an entry stands under.
pub(super) fn category(planned: &PlannedEntry) -> Category {
    match planned.kind {
        EntryKind::Condition { .. } => Category::Health,
        EntryKind::Goal { .. } => Category::Goals,
        EntryKind::Action { .. } => Category::Actions,
    }
}

/// The entry.
pub(super) fn written(person: &Person, planned: &PlannedEntry) -> Result<Vec<PersonEvent>, Refusal> {
    let PlannedEntry { entry, author, text, source, sensitivity, kind, fingerprint, .. } = planned.clone();
    let source = Source::stored(source);
    match kind {
        EntryKind::Condition { onset, recorded } => {
            let (impact, onset) = (String::new(), Date::optional("onset", &onset)?);
            // A day that there is not is none that it was recorded on.
            let recorded = Date::optional("recorded", &recorded).unwrap_or_default();
            DescribeCondition { entry, author, text, impact, onset, source, sensitivity, recorded, fingerprint }
                .decide(person)
        }
        EntryKind::Goal { .. } => SetGoal { entry, author, text, source, sensitivity, fingerprint }.decide(person),
        EntryKind::Action { goal, owner, due, .. } => {
            // A plan may name a goal that was left out.
            let goal = goal.filter(|goal| person.entry(*goal).is_some());
            let (due, confidence) = (Date::optional("due", &due)?, None);
            let (party, link) = (None, None);
            AgreeAction {
                entry,
                author,
                text,
                goal,
                owner,
                party,
                link,
                due,
                confidence,
                source,
                sensitivity,
                fingerprint,
            }
            .decide(person)
        }
    }
}

/// What finishes an entry that is finished in the bundle and open here.
pub(super) fn finished(person: &Person, planned: &PlannedEntry) -> Result<Vec<PersonEvent>, Refusal> {
    // Who wrote an entry did not say how it ended: the record that was brought in does.
    let (entry, author) = (planned.entry, Author::System);
    match planned.kind.clone() {
        EntryKind::Goal { finish: Finish::Done } => AchieveGoal { goal: entry, author }.decide(person),
        EntryKind::Goal { finish: Finish::Ended(why) } => {
            SetGoalAside { goal: entry, author, reason: why }.decide(person)
        }
        EntryKind::Action { finish: Finish::Done, .. } => CompleteAction { action: entry, author }.decide(person),
        EntryKind::Action { finish: Finish::Ended(why), .. } => {
            DropAction { action: entry, author, reason: why }.decide(person)
        }
        EntryKind::Condition { .. } | EntryKind::Goal { .. } | EntryKind::Action { .. } => Ok(vec![]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Aggregate as _;
    use domain::ids::{AgencyId, EntryId, StaffId};
    use domain::person::RegisterPerson;
    use domain::vocabulary::{Sensitivity, Timestamp, Worker};
    use uuid::Uuid;

    #[test]
    fn rule_26_who_wrote_a_goal_is_not_said_to_have_ended_it() {
        let worker = Worker::new(AgencyId(Uuid::from_u128(2)), StaffId(Uuid::from_u128(3)));
        let planned = |finish| PlannedEntry {
            entry: EntryId(Uuid::from_u128(1)),
            author: Author::Worker(worker),
            text: "Walk".into(),
            source: "Goal/1".into(),
            fingerprint: 1,
            place: (0, 0),
            sensitivity: Sensitivity::normal(),
            kind: EntryKind::Goal { finish },
        };
        let (name, now) = ("A".to_owned(), Timestamp(0));
        let register = RegisterPerson { name, birth_date: None, sensitivity: None, now };
        let mut person = Person::folded(&register.decide(&Person::default()).unwrap());
        written(&person, &planned(Finish::Open)).unwrap().iter().for_each(|event| person.evolve(event));
        for finish in [Finish::Done, Finish::Ended("given up".into())] {
            match finished(&person, &planned(finish)).unwrap().as_slice() {
                [PersonEvent::GoalAchieved(e)] => assert_eq!(e.author, Author::System),
                [PersonEvent::GoalSetAside(e)] => assert_eq!(e.author, Author::System),
                other => panic!("{other:?}"),
            }
        }
    }
}
