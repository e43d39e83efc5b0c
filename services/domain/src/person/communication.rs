use std::collections::BTreeSet;

use super::entry::new_entry;
use super::{Content, Person, PersonEvent};
use crate::ids::EntryId;
use crate::text::{LINE, PARAGRAPH, optional};
use crate::vocabulary::{Author, Sensitivity, coded};
use crate::{Command, Refusal};

coded! {
    /// What somebody needs so that they are reached and understood (the Accessible Information Standard's kinds, NHS England DCB1605).
    CommunicationNeed {
        /// British Sign Language.
        Bsl = 1 "British Sign Language",
        /// Somebody who interprets.
        Interpreter = 2 "an interpreter",
        /// Easy Read.
        EasyRead = 3 "Easy Read",
        /// Large print.
        LargePrint = 4 "large print",
        /// Braille.
        Braille = 5 "Braille",
        /// Recorded speech.
        Audio = 6 "audio",
        /// By telephone, not in writing.
        RingDoNotWrite = 7 "ring me, do not write",
        /// In writing, not by telephone.
        WriteDoNotRing = 8 "write to me, do not ring",
        /// Somebody beside them who speaks up for them.
        Advocate = 9 "an advocate with me",
        /// More time.
        MoreTime = 10 "more time",
    }
}

/// Says how to communicate with the person: a heading of PRSB's About Me. The last that was said holds; what was said before stays to be read.
#[derive(Debug, Clone)]
pub struct SetContactPreferences {
    pub entry: EntryId,
    /// Who says it.
    pub author: Author,
    /// What they need.
    pub needs: BTreeSet<CommunicationNeed>,
    /// The language that they are best spoken to in; may be empty.
    pub language: String,
    /// Whatever else helps, in their words; may be empty.
    pub text: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

/// It was said how to communicate with the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactPreferencesSet {
    pub entry: EntryId,
    /// Who said it.
    pub author: Author,
    /// What they need.
    pub needs: Vec<CommunicationNeed>,
    /// The language that they are best spoken to in; may be empty.
    pub language: String,
    /// Whatever else helps, in their words; may be empty.
    pub text: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

new_entry!(SetContactPreferences => ContactPreferencesSet in AboutMe, e => Content::Communication { needs: e.needs.clone(), language: e.language.clone(), text: e.text.clone() }, with {
    fn has_text(&self) -> bool {
        false
    }
});

impl Command for SetContactPreferences {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        state.admits(self.entry, &self.sensitivity)?;
        optional("language", &self.language, LINE)?;
        optional("text", &self.text, PARAGRAPH)?;
        if self.needs.is_empty() && self.language.is_empty() && self.text.trim().is_empty() {
            return Err(Refusal::invalid("text", "says nothing: give a need, a language or words"));
        }
        let opposite = [CommunicationNeed::RingDoNotWrite, CommunicationNeed::WriteDoNotRing];
        if opposite.iter().all(|need| self.needs.contains(need)) {
            return Err(Refusal::invalid("needs", "says both to ring and not to write, and to write and not to ring"));
        }
        let Self { entry, author, needs, language, text, sensitivity } = self;
        let needs = needs.into_iter().collect();
        Ok(vec![ContactPreferencesSet { entry, author, needs, language, text, sensitivity }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{entry, registered};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn says_something_that_does_not_contradict_itself() {
        let set = |needs: &[CommunicationNeed], text: &str| SetContactPreferences {
            entry: entry(1),
            author: Author::Person,
            needs: needs.iter().copied().collect(),
            language: String::new(),
            text: text.into(),
            sensitivity: Sensitivity::NORMAL,
        };
        let (ring, write) = (CommunicationNeed::RingDoNotWrite, CommunicationNeed::WriteDoNotRing);
        let decided =
            set(&[ring, CommunicationNeed::LargePrint], "").decide(&crate::Aggregate::folded(&[registered()]));
        let [PersonEvent::ContactPreferencesSet(said)] = &decided.unwrap()[..] else { panic!("preferences") };
        assert_eq!(said.needs, [CommunicationNeed::LargePrint, ring]);
        given([registered()]).when(set(&[], " ")).then_refused(Reason::Invalid, "text");
        given([registered()]).when(set(&[ring, write], "")).then_refused(Reason::Invalid, "needs");
    }
}
