use super::events::{
    ConsultationEvent, InformationRevealed, InformationShared, InformationWithheld, WithholdingReviewed,
};
use super::{Consultation, WithheldGround, ahead, has_room};
use crate::ids::{EntryId, PersonId};
use crate::issuers::Parts;
use crate::text::{PARAGRAPH, explained, required};
use crate::vocabulary::{Author, Timestamp};
use crate::{Command, Refusal};

/// The shortest reason for keeping something from the person, in characters.
const REASON_LEAST: usize = 20;
/// How often it is decided again to withhold one thing.
const REVIEWS_LIMIT: usize = 20;

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

/// Tells what was withheld until now, also once the consultation is over. By whoever works for the agency that withheld it.
#[derive(Debug, Clone)]
pub struct RevealInformation {
    pub person: PersonId,
    pub information: EntryId,
    /// Who tells it.
    pub author: Author,
    pub text: String,
    /// Which agencies are one.
    pub parts: Parts,
}

/// Decides again to withhold something, also once the consultation is over. By whoever works for the agency that withheld it.
#[derive(Debug, Clone)]
pub struct ReviewWithheldInformation {
    pub person: PersonId,
    pub information: EntryId,
    /// Who decides it.
    pub author: Author,
    pub ground: WithheldGround,
    /// What the ground is now. The person reads it.
    pub reason: String,
    /// When it is to be told, or decided again.
    pub review: Timestamp,
    pub now: Timestamp,
    /// Which agencies are one.
    pub parts: Parts,
}

impl Command for ShareInformation {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("text", &self.text, PARAGRAPH)?;
        is_new(state, self.person, self.information, self.author)?;
        let Self { information, author, text, .. } = self;
        Ok(vec![InformationShared { information, author, text }.into()])
    }
}

impl Command for WithholdInformation {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        explained("reason", &self.reason, REASON_LEAST)?;
        ahead("review_by", self.review, self.now)?;
        is_new(state, self.person, self.information, self.author)?;
        if self.author == Author::Person {
            return Err(Refusal::rule("from_the_person", "nothing is kept from a person by themselves"));
        }
        let Self { information, author, ground, reason, review, .. } = self;
        Ok(vec![InformationWithheld { information, author, ground, reason, review }.into()])
    }
}

impl Command for RevealInformation {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("text", &self.text, PARAGRAPH)?;
        is_withheld(state, self.person, self.information, self.author, &self.parts)?;
        let Self { information, author, text, .. } = self;
        Ok(vec![InformationRevealed { information, author, text }.into()])
    }
}

impl Command for ReviewWithheldInformation {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        explained("reason", &self.reason, REASON_LEAST)?;
        ahead("review_by", self.review, self.now)?;
        is_withheld(state, self.person, self.information, self.author, &self.parts)?;
        if state.reviews.get(&self.information).is_some_and(|reviews| *reviews >= REVIEWS_LIMIT) {
            let problem = format!("it is decided again at most `{REVIEWS_LIMIT}` times; tell it");
            return Err(Refusal::rule("items_limit", problem));
        }
        let Self { information, author, ground, reason, review, .. } = self;
        Ok(vec![WithholdingReviewed { information, author, ground, reason, review }.into()])
    }
}

fn is_new(state: &Consultation, person: PersonId, information: EntryId, author: Author) -> Result<(), Refusal> {
    state.open_for(person)?;
    if state.information.contains_key(&information) {
        return Err(Refusal::already_exists("information"));
    }
    has_room(state.information.len(), author, "pieces of information")
}

/// Refuses unless it is withheld, and by the author's agency.
fn is_withheld(
    state: &Consultation,
    person: PersonId,
    information: EntryId,
    author: Author,
    parts: &Parts,
) -> Result<(), Refusal> {
    state.is_of(person)?;
    match state.information.get(&information) {
        None => Err(Refusal::not_found("information")),
        Some(None) => Err(Refusal::rule("withheld_information", "this was told already")),
        Some(Some(by)) if !parts.are_one_side(*by, author) => Err(Refusal::rule(
            "the_deciders_agency",
            "what was withheld is told, or reviewed, by the agency that withheld it",
        )),
        Some(Some(_)) => Ok(()),
    }
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

    #[test]
    fn rule_3_what_is_withheld_is_told_or_decided_again_by_who_withheld_it() {
        use crate::ids::{AgencyId, StaffId};
        use crate::vocabulary::Worker;
        let (information, now) = (id(7), Timestamp(0));
        let (ground, reason, review) =
            (WithheldGround::SeriousHarm, "it would harm her sister".to_owned(), now.plus_days(9));
        let withheld = InformationWithheld { information, author: NURSE, ground, reason: reason.clone(), review };
        let withheld = [requested(Mode::Inform), withheld.into()];
        let agency = |n| AgencyId(uuid::Uuid::from_u128(n));
        let other = Author::Worker(Worker::new(agency(20), StaffId(uuid::Uuid::from_u128(30))));
        let parts = Parts::default;
        let text = || "what the sister said".to_owned();
        let reveal = |author| RevealInformation { person: PERSON, information, author, text: text(), parts: parts() };
        let revealed = || ConsultationEvent::from(InformationRevealed { information, author: NURSE, text: text() });
        given(withheld.clone()).when(reveal(NURSE)).then([revealed()]);
        given(withheld.clone()).when(reveal(other)).then_refused(Reason::Rule, "the_deciders_agency");
        given(withheld.clone()).when(reveal(Author::Person)).then_refused(Reason::Rule, "the_deciders_agency");
        given([requested(Mode::Inform)]).when(reveal(NURSE)).then_refused(Reason::NotFound, "information");
        let again = |days| {
            let (reason, review) = (reason.clone(), now.plus_days(days));
            ReviewWithheldInformation {
                person: PERSON,
                information,
                author: NURSE,
                ground,
                reason,
                review,
                now,
                parts: parts(),
            }
        };
        let reviewed = WithholdingReviewed {
            information,
            author: NURSE,
            ground,
            reason: reason.clone(),
            review: now.plus_days(20),
        };
        given(withheld.clone()).when(again(20)).then([reviewed.into()]);
        given(withheld.clone()).when(again(0)).then_refused(Reason::Invalid, "review_by");
        let told = withheld.into_iter().chain([revealed()]);
        given(told).when(again(20)).then_refused(Reason::Rule, "withheld_information");
    }
}
