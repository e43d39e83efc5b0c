use super::events::{ConsultationEvent, OptionOffered};
use super::{Consultation, Mode, has_room};
use crate::ids::{EntryId, PersonId};
use crate::text::{PARAGRAPH, labels, optional, required};
use crate::vocabulary::{Author, Sensitivity};
use crate::{Command, Refusal};

/// Offers an option with its benefits and risks (PRSB Shared Decision Making).
#[derive(Debug, Clone)]
pub struct OfferOption {
    /// The person whose consultation it is.
    pub person: PersonId,
    pub option: EntryId,
    /// Who offers it.
    pub author: Author,
    /// The option.
    pub text: String,
    /// What speaks for it; may be empty.
    pub benefits: String,
    /// What speaks against it; may be empty.
    pub risks: String,
    /// How sensitive it is; as the consultation when nothing is said.
    pub sensitivity: Option<Sensitivity>,
}

impl Command for OfferOption {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("text", &self.text, PARAGRAPH)?;
        optional("benefits", &self.benefits, PARAGRAPH)?;
        optional("risks", &self.risks, PARAGRAPH)?;
        self.sensitivity.as_ref().map_or(Ok(()), |own| labels("sensitivity.labels", &own.labels))?;
        if state.open_for(self.person)? == Mode::Inform {
            return Err(Refusal::rule(
                "inform_decides_nothing",
                "in `inform` there is nothing to choose; ask for another consultation",
            ));
        }
        has_room(state.options.len(), self.author, "options")?;
        let Self { option, author, text, benefits, risks, sensitivity, person: _ } = self;
        Ok(vec![OptionOffered { option, author, text, benefits, risks, sensitivity }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{NURSE, PERSON, id, requested};
    use super::super::{ITEMS_LIMIT, PERSONS_ROOM};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    fn offered_by_the_nurse() -> OptionOffered {
        let (text, benefits, risks) = ("a carer".into(), String::new(), String::new());
        OptionOffered { option: id(7), author: NURSE, text, benefits, risks, sensitivity: None }
    }

    #[test]
    fn offers_options_up_to_the_limit_and_leaves_the_person_room() {
        let offer = || OfferOption {
            person: PERSON,
            option: id(7),
            author: NURSE,
            text: "a carer".into(),
            benefits: String::new(),
            risks: String::new(),
            sensitivity: None,
        };
        let offered = || ConsultationEvent::from(offered_by_the_nurse());
        let with =
            |options: usize| given([requested(Mode::Involve)].into_iter().chain((0..options).map(|_| offered())));
        given([requested(Mode::Inform)]).when(offer()).then_refused(Reason::Rule, "inform_decides_nothing");
        let room = ITEMS_LIMIT - PERSONS_ROOM;
        with(room - 1).when(offer()).then([offered()]);
        with(room).when(offer()).then_refused(Reason::Rule, "items_limit");
        let own = || OfferOption { author: Author::Person, ..offer() };
        let offered = OptionOffered { author: Author::Person, ..offered_by_the_nurse() };
        with(ITEMS_LIMIT - 1).when(own()).then([offered.into()]);
        with(ITEMS_LIMIT).when(own()).then_refused(Reason::Rule, "items_limit");
    }
}
