//! A plan stands on what is strong and on what matters (rule 13).

use super::entry::new_entry;
use super::{Content, Person, PersonEvent};
use crate::access::Contribute;
use crate::ids::EntryId;
use crate::vocabulary::{Author, Category, Sensitivity};
use crate::{Command, Refusal};

/// The person chooses not to say what their strengths are, or what matters to them.
#[derive(Debug, Clone)]
pub struct ChooseNotToSay {
    pub entry: EntryId,
    /// Who chooses.
    pub author: Author,
    /// The heading: strengths or what matters.
    pub category: Category,
}

/// The person chose not to say something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChoseNotToSay {
    pub entry: EntryId,
    /// Who chose.
    pub author: Author,
    /// The heading.
    pub category: Category,
}

/// The plan begins to hold.
#[derive(Debug, Clone)]
pub struct ActivatePlan {
    pub entry: EntryId,
    /// Who says so.
    pub author: Author,
    /// How sensitive it is that there is one.
    pub sensitivity: Sensitivity,
}

/// The plan began to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanActivated {
    pub entry: EntryId,
    /// Who said so.
    pub author: Author,
    /// How sensitive it is that there is one.
    pub sensitivity: Sensitivity,
}

new_entry!(ActivatePlan => PlanActivated in AboutMe, _e => Content::Plan, with {
    fn has_text(&self) -> bool {
        false
    }

    fn is_plan(&self) -> bool {
        true
    }
});

impl Contribute for ChooseNotToSay {
    const HEADINGS: &'static [Category] = &[Category::Strengths, Category::WhatMatters];

    fn category(&self, _: &Person) -> Result<Category, Refusal> {
        Ok(self.category)
    }

    fn sensitivity<'a>(&'a self, _: &'a Person) -> Result<&'a Sensitivity, Refusal> {
        static NORMAL: Sensitivity = Sensitivity::NORMAL;
        Ok(&NORMAL)
    }
}

impl super::entry::NewEntry for ChoseNotToSay {
    fn category(&self) -> Category {
        self.category
    }

    fn entry(&self) -> EntryId {
        self.entry
    }

    fn author(&self) -> Author {
        self.author
    }

    fn sensitivity(&self) -> &Sensitivity {
        static NORMAL: Sensitivity = Sensitivity::NORMAL;
        &NORMAL
    }

    fn content(&self) -> Content {
        Content::NotSaid
    }

    fn has_text(&self) -> bool {
        false
    }
}

impl Command for ChooseNotToSay {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        state.admits(self.entry, &Sensitivity::NORMAL)?;
        if self.author != Author::Person {
            return Err(Refusal::rule("only_the_person_says", "only the person chooses not to say something"));
        }
        if !matches!(self.category, Category::Strengths | Category::WhatMatters) {
            return Err(Refusal::invalid("category", "must be strengths or what matters"));
        }
        // What was said is said; choosing so again is the same choice.
        if state.says_something_of(self.category) {
            return Ok(vec![]);
        }
        let Self { entry, author, category } = self;
        Ok(vec![ChoseNotToSay { entry, author, category }.into()])
    }
}

impl Command for ActivatePlan {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        state.admits(self.entry, &self.sensitivity)?;
        for (category, what) in [(Category::Strengths, "strength"), (Category::WhatMatters, "thing that matters")] {
            if !state.says_something_of(category) {
                let problem = format!("a plan needs one {what} at least, or that the person chose not to say");
                return Err(Refusal::rule("strengths_first", problem));
            }
        }
        if state.is_active() {
            return Ok(vec![]);
        }
        let Self { entry, author, sensitivity } = self;
        Ok(vec![PlanActivated { entry, author, sensitivity }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::StrengthKind;
    use super::super::events::{StrengthRecorded, WhatMattersRecorded};
    use super::super::fixtures::{entry, goal, registered};
    use super::*;
    use crate::Reason;
    use crate::consultation::fixtures::NURSE;
    use crate::scenario::given;

    #[test]
    fn rule_13_a_plan_needs_a_strength_and_what_matters_or_that_they_chose_not_to_say() {
        let (author, sensitivity) = (Author::Person, Sensitivity::normal);
        let activate = || ActivatePlan { entry: entry(9), author: NURSE, sensitivity: sensitivity() };
        let (kind, link, text) = (StrengthKind::Skill, None, "I can fix anything".to_owned());
        let strength: PersonEvent =
            StrengthRecorded { entry: entry(1), author, kind, text, link, sensitivity: sensitivity() }.into();
        let text = "my dog".into();
        let matters: PersonEvent =
            WhatMattersRecorded { entry: entry(2), author, text, sensitivity: sensitivity() }.into();
        let choose = |n, category| ChooseNotToSay { entry: entry(n), author, category };
        let chose = |n, category| PersonEvent::from(ChoseNotToSay { entry: entry(n), author, category });
        let activated =
            || PersonEvent::from(PlanActivated { entry: entry(9), author: NURSE, sensitivity: sensitivity() });
        for lacking in
            [vec![registered(), goal(3)], vec![registered(), strength.clone()], vec![registered(), matters.clone()]]
        {
            given(lacking).when(activate()).then_refused(Reason::Rule, "strengths_first");
        }
        given([registered(), strength.clone(), matters.clone()]).when(activate()).then([activated()]);
        let unsaid = [registered(), chose(1, Category::Strengths), matters.clone()];
        given(unsaid).when(activate()).then([activated()]);
        let again = ActivatePlan { entry: entry(10), ..activate() };
        given([registered(), strength.clone(), matters, activated()]).when(again).then_nothing();
        given([registered()]).when(choose(1, Category::Strengths)).then([chose(1, Category::Strengths)]);
        given([registered(), strength]).when(choose(4, Category::Strengths)).then_nothing();
        given([registered()]).when(choose(1, Category::Health)).then_refused(Reason::Invalid, "category");
        let for_them = ChooseNotToSay { author: NURSE, ..choose(1, Category::Strengths) };
        given([registered()]).when(for_them).then_refused(Reason::Rule, "only_the_person_says");
    }
}
