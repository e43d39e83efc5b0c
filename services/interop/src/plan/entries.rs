//! Conditions and goals, as their sender states them and no further.

use domain::vocabulary::Author;

use super::{EntryKind, Finish, Plan, PlannedEntry, Reader, day, shorten, text};
use crate::fhir::{Condition, Goal, Period};
use crate::report::Outcome;

/// What every entry that comes of one resource shares.
pub(super) struct Origin<'a> {
    pub(super) index: usize,
    name: &'a str,
    author: Author,
}

/// A part of a resource that is an entry of its own.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    /// Which, from 1.
    pub(super) number: usize,
    /// The words that it goes by.
    pub(super) words: &'a str,
    /// Of those with the same words, which, from 1.
    pub(super) nth: usize,
}

impl Reader<'_> {
    pub(super) fn origin(&self, index: usize, author: Author) -> Origin<'_> {
        Origin { index, name: self.identity(index), author }
    }

    /// An entry that comes of a resource, or of this part of it, which goes by these words.
    pub(super) fn planned(
        &self,
        origin: &Origin<'_>,
        part: Option<Part<'_>>,
        words: &str,
        kind: EntryKind,
        // What is said whatever day it is.
        said: &str,
    ) -> PlannedEntry {
        let Origin { index, name, author } = origin;
        let entry = match part {
            Some(Part { words, nth, .. }) => self.part_id(name, words, nth),
            None => self.entry_id(name),
        };
        let place = (*index, part.map_or(0, |part| part.number));
        let (source, sensitivity, text) = (shorten(self.called(*index)), self.sensitivity(*index), text(words));
        let mut planned =
            PlannedEntry { entry, author: *author, text, source, fingerprint: 0, place, sensitivity, kind };
        planned.fingerprint = self.fingerprint(&planned, said);
        planned
    }

    /// What its source says of an entry, digested under the vault's key: nobody guesses the words by it.
    fn fingerprint(&self, planned: &PlannedEntry, words: &str) -> u64 {
        let said = |finish: &Finish| match finish {
            Finish::Open => "open".to_owned(),
            Finish::Done => "done".to_owned(),
            Finish::Ended(why) => format!("ended: {why}"),
        };
        let kind = match &planned.kind {
            EntryKind::Condition { onset, recorded } => [onset.clone(), recorded.clone(), String::new(), String::new()],
            EntryKind::Goal { finish } => [said(finish), String::new(), String::new(), String::new()],
            EntryKind::Action { goal, owner, due, finish } => {
                [said(finish), owner.clone(), due.clone(), goal.map(|goal| goal.to_string()).unwrap_or_default()]
            }
        };
        let level = [planned.sensitivity.level.code()];
        let labels = planned.sensitivity.labels.join(" ");
        let mut parts = vec![words.as_bytes(), level.as_slice(), labels.as_bytes()];
        parts.extend(kind.iter().map(String::as_bytes));
        let digest = self.pseudonyms.of("imported entry", &parts);
        // Zero stands for none.
        digest.as_u64_pair().1.max(1)
    }

    pub(super) fn condition(&self, index: usize, condition: &Condition, plan: &mut Plan) -> Outcome {
        let status = &condition.verification_status;
        if status.has("entered-in-error") || status.has("refuted") {
            return Outcome::LeftOut("was refuted or entered in error".into());
        }
        let words = condition.code.words();
        if words.trim().is_empty() {
            return Outcome::LeftOut("has no words for its code".into());
        }
        // A code that nobody here knows may say that it is not so.
        if !status.coding.is_empty() && status.first_of(&CERTAINTY).is_none() {
            return Outcome::LeftOut("says in a code that is not known here how certain it is".into());
        }
        let mut said: Vec<String> = condition.body_site.iter().map(|site| site.words().to_owned()).collect();
        said.push(condition.severity.words().to_owned());
        said.retain(|words| !words.is_empty());
        if let Some(words) = status.beyond(&CERTAINTY) {
            said.push(words.to_owned());
        } else if status.has("differential") {
            said.push("not confirmed, one of several possibilities".to_owned());
        } else if !status.coding.is_empty() && !status.has("confirmed") {
            said.push("not confirmed".to_owned());
        }
        let mut timeless = said.clone();
        said.extend(over(condition, self.about.today));
        timeless.extend(over(condition, END_OF_DAYS));
        if !condition.onset_string.trim().is_empty() {
            said.push(format!("since: {}", shorten(&condition.onset_string)));
        }
        let (onset, recorded) = (day(&condition.onset_date_time), day(&condition.recorded_date));
        // Who states it has written it; who only wrote it down comes after them.
        let stated = condition.asserter.as_ref().or(condition.recorder.as_ref());
        let author = match stated {
            Some(who) => self.named(index, who, condition.encounter.as_ref(), plan),
            None => self.treated(index, condition.encounter.as_ref()),
        };
        let kind = EntryKind::Condition { onset, recorded };
        let (text, timeless) = (remark(condition.code.plain_words(), &said), remark(words, &timeless));
        plan.entries.push(self.planned(&self.origin(index, author), None, &text, kind, &timeless));
        Outcome::Became("condition")
    }

    pub(super) fn goal(&self, index: usize, goal: &Goal, plan: &mut Plan) -> Outcome {
        let words = goal.description.words();
        if words.trim().is_empty() {
            return Outcome::LeftOut("has no description".into());
        }
        let (finish, said) = match stands(goal) {
            Ok(stands) => stands,
            Err(why) => return Outcome::LeftOut(why.into()),
        };
        let author = match &goal.expressed_by {
            Some(who) => self.named(index, who, None, plan),
            None => self.goal_authors.get(&index).copied().unwrap_or(Author::System),
        };
        let kind = EntryKind::Goal { finish };
        let (text, told) = (remark(goal.description.plain_words(), &said), remark(words, &said));
        plan.entries.push(self.planned(&self.origin(index, author), None, &text, kind, &told));
        Outcome::Became("goal")
    }
}

/// A day that comes after every other.
const END_OF_DAYS: &str = "9999-12-31";

/// How certain a condition is (HL7 condition-ver-status).
const CERTAINTY: [&str; 6] = ["unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"];
/// Whether it goes on (HL7 condition-clinical).
const COURSE: [&str; 6] = ["active", "recurrence", "relapse", "inactive", "remission", "resolved"];
/// Whether a goal was achieved (HL7 goal-achievement).
const ACHIEVEMENT: [&str; 9] = [
    "in-progress",
    "improving",
    "worsening",
    "no-change",
    "achieved",
    "sustaining",
    "not-achieved",
    "no-progress",
    "not-attainable",
];

/// How far a goal is and what has to be said of it, or why it is none.
fn stands(goal: &Goal) -> Result<(Finish, Vec<String>), &'static str> {
    let achievement = &goal.achievement_status;
    let known =
        achievement.first_of(&["achieved", "sustaining", "not-achieved", "not-attainable", "no-progress", "worsening"]);
    let ended = |why: &str| (Finish::Ended(format!("ended in the imported record{why}")), vec![]);
    let open = |lifecycle: &str| {
        let achieved = match known {
            Some("sustaining") => Some("met, and to be kept up".to_owned()),
            Some("not-achieved") => Some("not achieved".to_owned()),
            Some("not-attainable") => Some("cannot be achieved".to_owned()),
            Some("no-progress") => Some("no progress".to_owned()),
            Some("worsening") => Some("getting worse".to_owned()),
            _ => achievement.beyond(&ACHIEVEMENT).map(shorten),
        };
        let lifecycle = Some(lifecycle.to_owned()).filter(|words| !words.is_empty());
        (Finish::Open, lifecycle.into_iter().chain(achieved).collect())
    };
    Ok(match (goal.lifecycle_status.as_str(), known) {
        ("entered-in-error", _) => return Err("was entered in error"),
        ("proposed", _) => return Err("is only proposed"),
        ("rejected", _) => return Err("was proposed and not taken up"),
        ("cancelled", _) => (Finish::Ended("given up in the imported record".into()), vec![]),
        ("completed", Some("achieved" | "sustaining")) => (Finish::Done, vec![]),
        ("completed", Some(_)) => ended(", and not as achieved"),
        ("completed", None) => match achievement.beyond(&ACHIEVEMENT) {
            Some(words) => ended(&format!(": {}", shorten(words))),
            None => ended("; whether it was achieved is not said"),
        },
        ("accepted" | "active" | "on-hold", Some("achieved")) => (Finish::Done, vec![]),
        ("accepted" | "active", _) => open(""),
        ("planned", _) => open("planned"),
        ("on-hold", _) => open("on hold"),
        _ => return Err("does not say how far it is"),
    })
}

/// What a condition's sender says of whether it is over.
fn over(condition: &Condition, today: &str) -> Vec<String> {
    let status = &condition.clinical_status;
    let mut said: Vec<String> = status.beyond(&COURSE).map(str::to_owned).into_iter().collect();
    let coded = match status.first_of(&["resolved", "remission", "inactive"]) {
        Some("remission") => Some("in remission"),
        Some("inactive") => Some("not active"),
        other => other,
    };
    said.extend(coded.map(str::to_owned));
    if !status.coding.is_empty() && said.is_empty() && status.first_of(&COURSE).is_none() {
        said.push("whether it goes on is said in a code that is not known here".to_owned());
    }
    match day(&condition.abatement_date_time) {
        day if !day.is_empty() && !is_ahead(&day, today) => said.push(format!("over since {day}")),
        _ if condition.abatement_string.is_some() && said.is_empty() => said.push("over".to_owned()),
        _ => {}
    }
    said
}

/// Whether a day is still to come.
pub(super) fn is_ahead(day: &str, today: &str) -> bool {
    !Period { start: day.to_owned(), ..Period::default() }.holds(today)
}

/// Words, with what has to be said of them.
pub(super) fn remark(words: &str, said: &[String]) -> String {
    if said.is_empty() { words.to_owned() } else { format!("{words} ({})", said.join(", ")) }
}
