use super::Consultation;
use super::events::{ConsultationEvent, ParticipationDeclined};
use crate::ids::{EntryId, PersonId};
use crate::text::{PARAGRAPH, explained, optional};
use crate::vocabulary::Author;
use crate::{Command, Refusal};

/// The shortest account of what the person said, in characters.
const ACCOUNT_LEAST: usize = 20;
/// How many workers may say so of one decision.
const ACCOUNTS_LIMIT: usize = 10;

/// The person chooses not to take part in a decision; or a worker says that they said so, when and how. By itself it settles nothing: only a worker
/// of another agency than this one's can decide on it (rule 20).
#[derive(Debug, Clone)]
pub struct DeclineToTakePart {
    pub person: PersonId,
    pub decision: EntryId,
    /// The person, or the worker to whom they said so.
    pub author: Author,
    /// What they said; from a worker also when and how. The person need say nothing.
    pub words: String,
}

impl Command for DeclineToTakePart {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        match self.author {
            Author::Person => optional("words", &self.words, PARAGRAPH)?,
            Author::Worker(_) | Author::AnotherPerson | Author::System => {
                explained("words", &self.words, ACCOUNT_LEAST)?
            }
        }
        state.open_for(self.person)?;
        let known = state.proposed(self.decision)?;
        // What the person has said themselves needs nobody to say it for them.
        if known.declined.iter().any(|said| *said == Author::Person || *said == self.author) {
            return Ok(vec![]);
        }
        if self.author != Author::Person && known.declined.len() >= ACCOUNTS_LIMIT {
            let problem = format!("at most `{ACCOUNTS_LIMIT}` workers say so of a decision");
            return Err(Refusal::rule("items_limit", problem));
        }
        let Self { decision, author, words, .. } = self;
        Ok(vec![ParticipationDeclined { decision, author, words }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mode;
    use super::super::fixtures::{NURSE, PERSON, id, proposed, requested};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn rule_24_the_person_says_so_once_and_a_worker_says_when_and_how_they_did() {
        let decline =
            |author, words: &str| DeclineToTakePart { person: PERSON, decision: id(5), author, words: words.into() };
        let declined = |author, words: &str| {
            ConsultationEvent::from(ParticipationDeclined { decision: id(5), author, words: words.into() })
        };
        let (account, before) = ("told me on 3 March, in her kitchen", [requested(Mode::Consult), proposed(5)]);
        given(before.clone()).when(decline(Author::Person, "")).then([declined(Author::Person, "")]);
        given(before.clone()).when(decline(NURSE, account)).then([declined(NURSE, account)]);
        given(before.clone()).when(decline(NURSE, "she said so")).then_refused(Reason::Invalid, "words");
        let said = before.iter().cloned().chain([declined(NURSE, account)]).collect::<Vec<_>>();
        given(said.clone()).when(decline(NURSE, account)).then_nothing();
        given(said).when(decline(Author::Person, "")).then([declined(Author::Person, "")]);
        let by_person = before.into_iter().chain([declined(Author::Person, "")]);
        given(by_person).when(decline(NURSE, account)).then_nothing();
        given([requested(Mode::Consult)]).when(decline(Author::Person, "")).then_refused(Reason::NotFound, "decision");
    }
}
