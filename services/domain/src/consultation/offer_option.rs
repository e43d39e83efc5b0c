use super::events::{ConsultationEvent, OptionOffered};
use super::{Consultation, ITEMS_LIMIT};
use crate::ids::{EntryId, PersonId};
use crate::text::{PARAGRAPH, optional, required};
use crate::vocabulary::Author;
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
}

impl Command for OfferOption {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("text", &self.text, PARAGRAPH)?;
        optional("benefits", &self.benefits, PARAGRAPH)?;
        optional("risks", &self.risks, PARAGRAPH)?;
        state.open_for(self.person)?;
        if state.options >= ITEMS_LIMIT {
            return Err(Refusal::rule("items_limit", format!("a consultation holds at most `{ITEMS_LIMIT}` options")));
        }
        let Self { option, author, text, benefits, risks, .. } = self;
        Ok(vec![OptionOffered { option, author, text, benefits, risks }.into()])
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
    fn offers_options_up_to_the_limit() {
        let offer = || OfferOption {
            person: PERSON,
            option: id(7),
            author: NURSE,
            text: "a carer".into(),
            benefits: String::new(),
            risks: String::new(),
        };
        let offered = || {
            let (text, benefits, risks) = ("a carer".into(), String::new(), String::new());
            ConsultationEvent::from(OptionOffered { option: id(7), author: NURSE, text, benefits, risks })
        };
        let with =
            |options: usize| given([requested(Mode::Involve)].into_iter().chain((0..options).map(|_| offered())));
        with(ITEMS_LIMIT - 1).when(offer()).then([offered()]);
        with(ITEMS_LIMIT).when(offer()).then_refused(Reason::Rule, "items_limit");
    }
}
