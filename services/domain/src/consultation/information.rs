use super::events::{ConsultationEvent, InformationShared, InformationWithheld};
use super::{Consultation, ITEMS_LIMIT, WithheldGround, ahead};
use crate::ids::{EntryId, PersonId};
use crate::text::{PARAGRAPH, explained, required};
use crate::vocabulary::{Author, Timestamp};
use crate::{Command, Refusal};

/// The shortest reason for keeping something from the person, in characters.
const REASON_LEAST: usize = 20;

/// Tells what the conversation needs.
#[derive(Debug, Clone)]
pub struct ShareInformation {
    pub person: PersonId,
    pub information: EntryId,
    /// Who tells it.
    pub author: Author,
    pub text: String,
}

/// Keeps something from the person, which they are told of: that there is something, on what ground, by whom and until when (rule 3).
#[derive(Debug, Clone)]
pub struct WithholdInformation {
    pub person: PersonId,
    pub information: EntryId,
    /// Who decides it.
    pub author: Author,
    pub ground: WithheldGround,
    /// What the ground is here. The person reads it.
    pub reason: String,
    /// When it is to be told, or decided again.
    pub review: Timestamp,
    pub now: Timestamp,
}

impl Command for ShareInformation {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("text", &self.text, PARAGRAPH)?;
        has_room(state, self.person, self.information)?;
        let Self { information, author, text, .. } = self;
        Ok(vec![InformationShared { information, author, text }.into()])
    }
}

impl Command for WithholdInformation {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        explained("reason", &self.reason, REASON_LEAST)?;
        ahead("review_by", self.review, self.now)?;
        has_room(state, self.person, self.information)?;
        if self.author == Author::Person {
            return Err(Refusal::rule("from_the_person", "nothing is kept from a person by themselves"));
        }
        let Self { information, author, ground, reason, review, .. } = self;
        Ok(vec![InformationWithheld { information, author, ground, reason, review }.into()])
    }
}

fn has_room(state: &Consultation, person: PersonId, information: EntryId) -> Result<(), Refusal> {
    state.open_for(person)?;
    if state.information.contains(&information) {
        return Err(Refusal::already_exists("information"));
    }
    if state.information.len() >= ITEMS_LIMIT {
        return Err(Refusal::rule(
            "items_limit",
            format!("a consultation holds at most `{ITEMS_LIMIT}` pieces of information"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Mode;
    use super::super::fixtures::{NURSE, PERSON, id, requested};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn rule_3_what_is_withheld_has_its_ground_its_decider_and_its_date() {
        let now = Timestamp(0);
        let withhold = |reason: &str, days| WithholdInformation {
            person: PERSON,
            information: id(7),
            author: NURSE,
            ground: WithheldGround::AnotherPerson,
            reason: reason.into(),
            review: now.plus_days(days),
            now,
        };
        let reason = "what a neighbour said, who has not agreed";
        let withheld = InformationWithheld {
            information: id(7),
            author: NURSE,
            ground: WithheldGround::AnotherPerson,
            reason: reason.into(),
            review: now.plus_days(30),
        };
        let given = || given([requested(Mode::Inform)]);
        given().when(withhold(reason, 30)).then([withheld.into()]);
        given().when(withhold("private", 30)).then_refused(Reason::Invalid, "reason");
        given().when(withhold(reason, 0)).then_refused(Reason::Invalid, "review_by");
        given().when(withhold(reason, 900)).then_refused(Reason::Invalid, "review_by");
        let by_person = WithholdInformation { author: Author::Person, ..withhold(reason, 30) };
        given().when(by_person).then_refused(Reason::Rule, "from_the_person");
    }

    #[test]
    fn what_is_told_is_told_in_every_mode() {
        for mode in Mode::ALL {
            let (information, author, text) = (id(7), NURSE, "what the scan showed".to_owned());
            let share = ShareInformation { person: PERSON, information, author, text: text.clone() };
            given([requested(*mode)]).when(share).then([InformationShared { information, author, text }.into()]);
        }
    }
}
