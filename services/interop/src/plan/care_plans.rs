//! What is to be done, as its sender states it and no further.

use std::collections::HashMap;

use domain::ids::EntryId;

use super::entries::{Origin, Part, is_ahead, remark};
use super::{EntryKind, Finish, Plan, PlannedEntry, Reader, day, shorten};
use crate::fhir::{Activity, ActivityDetail, CarePlan, HumanName, Period, Reference, Resource, unknown_modifier};
use crate::report::Outcome;

/// The actions of a plan so far, by their words.
type Known = HashMap<String, Vec<(String, EntryKind)>>;

impl Reader<'_> {
    /// Every activity has a line of its own.
    pub(super) fn care_plan(&self, index: usize, care_plan: &CarePlan, plan: &mut Plan) -> Outcome {
        let no_plan = no_plan(care_plan);
        let author = no_plan.is_none().then(|| self.plan_author(index, care_plan, plan));
        let origin = author.map(|author| self.origin(index, author));
        let (mut known, mut actions) = (Known::new(), false);
        for (number, activity) in care_plan.activity.iter().enumerate() {
            let planned = match &origin {
                Some(origin) => self.activity(origin, care_plan, (number, activity), &mut known),
                None => Err(no_plan.unwrap_or_default().to_owned()),
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
        known: &mut Known,
    ) -> Result<PlannedEntry, String> {
        let detail = understood(activity)?;
        let words = if detail.code.words().is_empty() { detail.description.as_str() } else { detail.code.words() };
        if words.trim().is_empty() {
            return Err("has no words".into());
        }
        let (finish, mut said) = stands(care_plan, detail)?;
        let timeless = said.clone();
        let ends = Period { start: String::new(), end: care_plan.period.end.clone() };
        if finish == Finish::Open && !ends.holds(self.about.today) {
            said.push(format!("its plan was until {}", day(&ends.end)));
        }
        if finish == Finish::Open && is_ahead(&care_plan.period.start, self.about.today) {
            said.push(format!("its plan begins on {}", day(&care_plan.period.start)));
        }
        let owner = detail.performer.iter().find_map(|who| self.called_by(origin.index, who));
        // Who does it is said or not; the author's agency is not for everybody who may see the actions.
        let owner = owner.unwrap_or_else(|| "not said".to_owned());
        let goal = self.served(origin.index, care_plan, detail);
        let kind = EntryKind::Action { goal, owner, due: day(&detail.scheduled_period.end), finish };
        // What a description adds may turn round what the code says.
        let description = detail.description.trim();
        let is_more = !description.is_empty() && description != words.trim();
        let told = |words: &str| if is_more { format!("{words}: {description}") } else { words.to_owned() };
        let plain = if detail.code.words().is_empty() { words } else { detail.code.plain_words() };
        let (text, timeless) = (remark(&told(plain), &said), remark(&told(words), &timeless));
        // The same words for another goal, by another day or by somebody else are another action.
        let alike = known.entry(words.to_owned()).or_default();
        if alike.iter().any(|(known, of)| *known == text && *of == kind) {
            return Err("says the same as one before it".into());
        }
        alike.push((text.clone(), kind.clone()));
        let part = Part { number: number + 1, words, nth: alike.len() };
        Ok(self.planned(origin, Some(part), &text, kind, &timeless))
    }

    /// The goal that an activity serves: the one that it names, or the only one of its plan.
    fn served(&self, from: usize, care_plan: &CarePlan, detail: &ActivityDetail) -> Option<EntryId> {
        let goal = match (&*detail.goal, &*care_plan.goal) {
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
    fn called_by(&self, from: usize, who: &Reference) -> Option<String> {
        let name = match self.resolve(from, Some(who)).map(|(_, resource)| resource) {
            Some(Resource::Practitioner(p)) => HumanName::current(&p.name, self.about.today),
            Some(Resource::Patient(p)) => HumanName::current(&p.name, self.about.today),
            Some(Resource::Organization(o)) => Some(o.name.clone()).filter(|name| !name.trim().is_empty()),
            _ => None,
        };
        name.or_else(|| Some(who.display.clone())).filter(|name| !name.trim().is_empty()).map(|name| shorten(&name))
    }
}

/// Why a plan is none that anything is to be done by.
pub(super) fn no_plan(care_plan: &CarePlan) -> Option<&'static str> {
    match (care_plan.status.as_str(), care_plan.intent.as_str()) {
        ("entered-in-error", _) => Some("was entered in error"),
        ("draft", _) => Some("is only a draft"),
        (_, "proposal" | "option") => Some("is only a proposal, and no plan"),
        ("active" | "on-hold" | "completed" | "revoked", "plan" | "order") => None,
        ("active" | "on-hold" | "completed" | "revoked", _) => Some("does not say whether it is a plan or a proposal"),
        _ => Some("does not say whether it is in force"),
    }
}

/// How far an activity is and what has to be said of it, or why it is none.
fn stands(care_plan: &CarePlan, detail: &ActivityDetail) -> Result<(Finish, Vec<String>), String> {
    let (finish, is_on_hold) = match detail.status.as_str() {
        "completed" => (Finish::Done, false),
        "cancelled" | "stopped" => (Finish::Ended("stopped in the imported record".into()), false),
        "on-hold" => (Finish::Open, true),
        "not-started" | "scheduled" | "in-progress" => (Finish::Open, false),
        "entered-in-error" => return Err("was entered in error".into()),
        _ => return Err("does not say how far it is".into()),
    };
    let finish = match (care_plan.status.as_str(), finish) {
        ("completed" | "revoked", Finish::Open) => Finish::Ended("its plan was over in the imported record".into()),
        (_, finish) => finish,
    };
    let is_on_hold = finish == Finish::Open && (is_on_hold || care_plan.status == "on-hold");
    let when = Some(&detail.scheduled_string).filter(|when| !when.trim().is_empty());
    Ok((finish, when.map(|when| shorten(when)).into_iter().chain(is_on_hold.then(|| "on hold".to_owned())).collect()))
}

/// What an activity says itself, or why that cannot be taken for something to do.
fn understood(activity: &Activity) -> Result<&ActivityDetail, String> {
    if let Some(why) = unknown_modifier(&activity.modifier_extension) {
        return Err(why);
    }
    let Some(detail) = &activity.detail else {
        return Err(match &activity.reference {
            Some(to) => stands_in(&to.reference),
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

/// What is said of an activity that stands elsewhere. Only a type and an id are repeated: nobody knows what else is there.
fn stands_in(reference: &str) -> String {
    let is_plain = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    match reference.split_once('/') {
        Some((kind, id)) if reference.len() <= 100 && is_plain(kind) && is_plain(id) => {
            format!("stands in {reference}, which is not read")
        }
        _ if reference.is_empty() => "refers to something that is not in this bundle".into(),
        _ => "stands in another resource, which is not read".into(),
    }
}
