//! Conditions, goals and actions, as their sender states them and no further.

use std::collections::BTreeSet;

use domain::ids::EntryId;
use domain::vocabulary::Author;

use super::{EntryKind, Finish, Plan, PlannedEntry, Reader, day, shorten};
use crate::fhir::{
    Activity, ActivityDetail, CarePlan, Condition, Goal, HumanName, Reference, Resource, unknown_modifier,
};
use crate::report::Outcome;

/// What every entry that comes of one resource shares.
struct Origin<'a> {
    index: usize,
    name: &'a str,
    author: Author,
}

impl Reader<'_> {
    fn origin(&self, index: usize, author: Author) -> Origin<'_> {
        Origin { index, name: self.identity(index), author }
    }

    fn planned(&self, origin: &Origin<'_>, part: Option<(usize, &str)>, text: String, kind: EntryKind) -> PlannedEntry {
        let Origin { index, name, author } = origin;
        let entry = match part {
            Some((_, words)) => self.entry_id(&format!("{name}#{words}")),
            None => self.entry_id(name),
        };
        let place = (*index, part.map_or(0, |(part, _)| part));
        let (source, sensitivity) = (shorten(name), self.sensitivity(*index));
        PlannedEntry { entry, author: *author, text, source, place, sensitivity, kind }
    }

    pub(super) fn condition(&self, index: usize, condition: &Condition, plan: &mut Plan) -> Outcome {
        let status = &condition.verification_status;
        if status.has("entered-in-error") || status.has("refuted") {
            return Outcome::LeftOut("was refuted or entered in error".into());
        }
        let words = condition.code.words();
        if words.is_empty() {
            return Outcome::LeftOut("has no words for its code".into());
        }
        let mut said = Vec::new();
        if !status.coding.is_empty() && !status.has("confirmed") {
            said.push(if status.has("differential") {
                "not confirmed, one of several possibilities"
            } else {
                "not confirmed"
            });
        }
        said.extend(over(condition));
        let text = remark(words, &said);
        let (onset, recorded) = (day(&condition.onset_date_time), day(&condition.recorded_date));
        // Who states it has written it; who only wrote it down comes after them.
        let stated = condition.asserter.as_ref().or(condition.recorder.as_ref());
        let author = match stated {
            Some(who) => self.named(index, who, condition.encounter.as_ref(), plan),
            None => self.treated(index, condition.encounter.as_ref()),
        };
        let planned = self.planned(&self.origin(index, author), None, text, EntryKind::Condition { onset, recorded });
        plan.entries.push(planned);
        Outcome::Became("condition")
    }

    pub(super) fn goal(&self, index: usize, goal: &Goal, plan: &mut Plan) -> Outcome {
        let words = goal.description.words();
        if words.is_empty() || goal.lifecycle_status == "entered-in-error" {
            return Outcome::LeftOut("has no description, or was entered in error".into());
        }
        let achieved = goal.achievement_status.has("achieved");
        let (finish, said) = match goal.lifecycle_status.as_str() {
            "cancelled" | "rejected" => (Finish::Ended("given up in the imported record"), None),
            "completed" | "accepted" | "active" | "on-hold" if achieved => (Finish::Done, None),
            "completed" => (Finish::Ended("ended in the imported record, and not as achieved"), None),
            "accepted" | "active" => (Finish::Open, None),
            "planned" => (Finish::Open, Some("planned")),
            "proposed" => (Finish::Open, Some("only proposed")),
            "on-hold" => (Finish::Open, Some("on hold")),
            _ => return Outcome::LeftOut("does not say how far it is".into()),
        };
        let author = match &goal.expressed_by {
            Some(who) => self.named(index, who, None, plan),
            None => self.goal_authors.get(&index).copied().unwrap_or(Author::System),
        };
        let text = remark(words, said.as_slice());
        let planned = self.planned(&self.origin(index, author), None, text, EntryKind::Goal { finish });
        plan.entries.push(planned);
        Outcome::Became("goal")
    }

    pub(super) fn plan_author(&self, index: usize, care_plan: &CarePlan, plan: &mut Plan) -> Author {
        match &care_plan.author {
            Some(who) => self.named(index, who, care_plan.encounter.as_ref(), plan),
            None => self.treated(index, care_plan.encounter.as_ref()),
        }
    }

    /// Every activity has a line of its own.
    pub(super) fn care_plan(&self, index: usize, care_plan: &CarePlan, plan: &mut Plan) -> Outcome {
        let author = self.plan_author(index, care_plan, plan);
        let origin = self.origin(index, author);
        let no_plan = no_plan(care_plan);
        let (mut words, mut actions) = (BTreeSet::new(), false);
        for (number, activity) in care_plan.activity.iter().enumerate() {
            let planned = match no_plan {
                Some(why) => Err(why.to_owned()),
                None => self.activity(&origin, care_plan, (number, activity), &mut words),
            };
            let outcome = match planned {
                Ok(entry) => {
                    plan.entries.push(entry);
                    actions = true;
                    Outcome::Became("action")
                }
                Err(why) => Outcome::LeftOut(why),
            };
            self.line(plan, (index, number + 1), &format!(" activity[{number}]"), outcome);
        }
        match no_plan {
            Some(why) => Outcome::LeftOut(why.to_owned()),
            None if actions => Outcome::Became("actions"),
            None => Outcome::LeftOut("has no activity that can be read".into()),
        }
    }

    /// The action that an activity means, or why it means none.
    fn activity(
        &self,
        origin: &Origin<'_>,
        care_plan: &CarePlan,
        (number, activity): (usize, &Activity),
        known: &mut BTreeSet<String>,
    ) -> Result<PlannedEntry, String> {
        let detail = understood(activity)?;
        let words = if detail.code.words().is_empty() { detail.description.as_str() } else { detail.code.words() };
        if words.is_empty() {
            return Err("has no words".into());
        }
        if !known.insert(words.to_owned()) {
            return Err("says the same as one before it".into());
        }
        let (finish, mut said) = match detail.status.as_str() {
            "completed" => (Finish::Done, None),
            "cancelled" | "stopped" => (Finish::Ended("stopped in the imported record"), None),
            "on-hold" => (Finish::Open, Some("on hold")),
            "not-started" | "scheduled" | "in-progress" => (Finish::Open, None),
            "entered-in-error" => return Err("was entered in error".into()),
            _ => return Err("does not say how far it is".into()),
        };
        let finish = match (care_plan.status.as_str(), finish) {
            ("completed" | "revoked", Finish::Open) => Finish::Ended("its plan was over in the imported record"),
            (_, finish) => finish,
        };
        if care_plan.status == "on-hold" && finish == Finish::Open {
            said = Some("on hold");
        }
        let owner = detail.performer.iter().find_map(|who| self.called(origin.index, who));
        // Who does it is said or not; the author's agency is not for everybody who may see the actions.
        let owner = owner.unwrap_or_else(|| "not said".to_owned());
        let goal = self.served(origin.index, care_plan, detail);
        let due = detail.scheduled_period.end.get(..10).unwrap_or_default().to_owned();
        let kind = EntryKind::Action { goal, owner, due, finish };
        Ok(self.planned(origin, Some((number + 1, words)), remark(words, said.as_slice()), kind))
    }

    /// The goal that an activity serves: the one that it names, or the only one of its plan.
    fn served(&self, from: usize, care_plan: &CarePlan, detail: &ActivityDetail) -> Option<EntryId> {
        let goal = match (detail.goal.as_slice(), care_plan.goal.as_slice()) {
            ([named, ..], _) => named,
            ([], [only]) => only,
            ([], _) => return None,
        };
        match self.resolve(from, Some(goal))? {
            (index, Resource::Goal(_)) => Some(self.entry_id(self.identity(index))),
            _ => None,
        }
    }

    /// What somebody is called who is to do something.
    fn called(&self, from: usize, who: &Reference) -> Option<String> {
        let name = match self.resolve(from, Some(who)).map(|(_, resource)| resource) {
            Some(Resource::Practitioner(p)) => HumanName::current(&p.name, self.about.today),
            Some(Resource::Patient(p)) => HumanName::current(&p.name, self.about.today),
            Some(Resource::Organization(o)) => Some(o.name.clone()),
            _ => None,
        };
        name.or_else(|| Some(who.display.clone())).filter(|name| !name.is_empty()).map(|name| shorten(&name))
    }
}

/// Why a plan is none that anything is to be done by.
fn no_plan(care_plan: &CarePlan) -> Option<&'static str> {
    match (care_plan.status.as_str(), care_plan.intent.as_str()) {
        ("entered-in-error", _) => Some("was entered in error"),
        ("draft", _) => Some("is only a draft"),
        (_, "proposal" | "option") => Some("is only a proposal, and no plan"),
        ("active" | "on-hold" | "completed" | "revoked", _) => None,
        _ => Some("does not say whether it is in force"),
    }
}

/// What an activity says itself, or why that cannot be taken for something to do.
fn understood(activity: &Activity) -> Result<&ActivityDetail, String> {
    if let Some(why) = unknown_modifier(&activity.modifier_extension) {
        return Err(why);
    }
    let Some(detail) = &activity.detail else {
        return Err(match &activity.reference {
            Some(to) if !to.reference.is_empty() => format!("stands in {}, which is not read", shorten(&to.reference)),
            Some(_) => "refers to something that is not in this bundle".into(),
            None => "says only how it went".into(),
        });
    };
    if let Some(why) = unknown_modifier(&detail.modifier_extension) {
        return Err(why);
    }
    if detail.do_not_perform {
        return Err("says what is not to be done; it is not made something to do".into());
    }
    Ok(detail)
}

/// What a condition's sender says of whether it is over.
fn over(condition: &Condition) -> Option<&'static str> {
    ["resolved", "remission", "inactive"].into_iter().find(|status| condition.clinical_status.has(status)).map(
        |status| match status {
            "resolved" => "resolved",
            "remission" => "in remission",
            _ => "not active",
        },
    )
}

/// Words, with what has to be said of them.
fn remark(words: &str, said: &[&str]) -> String {
    if said.is_empty() { words.to_owned() } else { format!("{words} ({})", said.join(", ")) }
}
