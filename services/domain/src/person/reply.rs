//! The person's right of reply (rule 16): their side of what an entry says, which stays with it wherever it goes.

use super::record::{EntryState, ReplyStage};
use super::{Person, PersonEvent};
use crate::access::Contribute;
use crate::ids::{AgencyId, EntryId};
use crate::issuers::Parts;
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::{Author, Category, Sensitivity, Timestamp, coded};
use crate::{Command, Refusal};

/// In how many days a reply is to be answered.
const ANSWER_DAYS: u32 = 10;
/// The most replies to one entry: they are read with it.
const REPLIES_LIMIT: usize = 20;

coded! {
    /// What a reply is.
    ReplyKind {
        /// What else is to be known.
        Context = 1 "context",
        /// Something is not right, and is to be corrected.
        Correction = 2 "please correct this",
        /// The words hurt.
        Words = 3 "these words hurt",
    }
}

/// The person adds their side to an entry.
#[derive(Debug, Clone)]
pub struct AttachReply {
    pub entry: EntryId,
    pub reply: EntryId,
    pub kind: ReplyKind,
    /// What they say.
    pub words: String,
    pub now: Timestamp,
}

/// The agency that wrote the entry answers.
#[derive(Debug, Clone)]
pub struct AnswerReply {
    pub entry: EntryId,
    pub reply: EntryId,
    /// Who answers.
    pub author: Author,
    /// What they say: what was changed, or why not.
    pub words: String,
    /// Which agencies are one.
    pub parts: Parts,
}

/// The person takes a reply back.
#[derive(Debug, Clone)]
pub struct TakeBackReply {
    pub entry: EntryId,
    pub reply: EntryId,
}

/// The person added their side to an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyAttached {
    pub entry: EntryId,
    /// The heading that the entry stands under.
    pub category: Category,
    pub reply: EntryId,
    pub kind: ReplyKind,
    /// What they said.
    pub words: String,
    /// The agency that is to answer: that of whoever wrote the entry, if a worker did.
    pub agency: Option<AgencyId>,
    /// By when, if an agency is.
    pub answer_by: Option<Timestamp>,
}

/// The agency answered a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyAnswered {
    pub entry: EntryId,
    /// The heading that the entry stands under.
    pub category: Category,
    pub reply: EntryId,
    /// Who answered.
    pub author: Author,
    /// What they said.
    pub words: String,
}

/// The person took a reply back: its words are told no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyTakenBack {
    pub entry: EntryId,
    /// The heading that the entry stands under.
    pub category: Category,
    pub reply: EntryId,
}

/// A reply is as sensitive as its entry, under whatever heading that stands: whoever may not see the entry learns of neither.
macro_rules! replies {
    ($($command:ident $(knowing $parts:ident)?),+) => {$(
        impl Contribute for $command {
            const HEADINGS: &'static [Category] = &[];

            fn category(&self, state: &Person) -> Result<Category, Refusal> {
                Ok(state.replied_to(self.entry)?.category)
            }

            fn sensitivity<'a>(&'a self, state: &'a Person) -> Result<&'a Sensitivity, Refusal> {
                Ok(&state.replied_to(self.entry)?.sensitivity)
            }

            $(
                fn knowing(self, $parts: &Parts) -> Self {
                    Self { $parts: $parts.clone(), ..self }
                }
            )?

            fn withheld(&self) -> Refusal {
                Refusal::not_found("entry")
            }
        }
    )+};
}
replies!(AttachReply, AnswerReply knowing parts, TakeBackReply);

impl Person {
    fn replied_to(&self, entry: EntryId) -> Result<&EntryState, Refusal> {
        self.entry(entry).ok_or_else(|| Refusal::not_found("entry"))
    }

    fn reply_to(&self, entry: EntryId, reply: EntryId) -> Result<(&EntryState, ReplyStage), Refusal> {
        let state = self.replied_to(entry)?;
        state.replies.get(&reply).map(|stage| (state, *stage)).ok_or_else(|| Refusal::not_found("reply"))
    }
}

impl Command for AttachReply {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        required("words", &self.words, PARAGRAPH)?;
        let known = state.replied_to(self.entry)?;
        if known.replies.contains_key(&self.reply) {
            return Err(Refusal::already_exists("reply"));
        }
        if known.replies.len() >= REPLIES_LIMIT {
            return Err(Refusal::rule("replies_limit", format!("an entry holds at most `{REPLIES_LIMIT}` replies")));
        }
        let agency = known.author.worker().map(|worker| worker.agency());
        let answer_by = agency.map(|_agency| self.now.plus_days(ANSWER_DAYS));
        let Self { entry, reply, kind, words, .. } = self;
        Ok(vec![ReplyAttached { entry, category: known.category, reply, kind, words, agency, answer_by }.into()])
    }
}

impl Command for AnswerReply {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        required("words", &self.words, PARAGRAPH)?;
        let (known, stage) = state.reply_to(self.entry, self.reply)?;
        if known.author.worker().is_none() || !self.parts.are_one_side(known.author, self.author) {
            return Err(Refusal::rule("the_authors_agency", "a reply is answered by the agency that wrote the entry"));
        }
        match stage {
            ReplyStage::Waiting => {
                let Self { entry, reply, author, words, .. } = self;
                Ok(vec![ReplyAnswered { entry, category: known.category, reply, author, words }.into()])
            }
            ReplyStage::Answered => Err(Refusal::rule("waiting_reply", "this reply is answered already")),
            ReplyStage::TakenBack => Err(Refusal::rule("waiting_reply", "the person has taken this reply back")),
        }
    }
}

impl Command for TakeBackReply {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        let (known, stage) = state.reply_to(self.entry, self.reply)?;
        if stage == ReplyStage::TakenBack {
            return Ok(vec![]);
        }
        let Self { entry, reply } = self;
        Ok(vec![ReplyTakenBack { entry, category: known.category, reply }.into()])
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::StrengthKind;
    use super::super::fixtures::{entry, goal, registered};
    use super::super::strength::StrengthRecorded;
    use super::*;
    use crate::access::{self, scope_of};
    use crate::ids::StaffId;
    use crate::scenario::given;
    use crate::vocabulary::Worker;
    use crate::{Aggregate as _, Reason};

    const NORTH: AgencyId = AgencyId(Uuid::from_u128(2));
    const NURSE: Author = Author::Worker(Worker::new(NORTH, StaffId(Uuid::from_u128(3))));
    const NOW: Timestamp = Timestamp(0);

    fn written() -> PersonEvent {
        let (text, sensitivity) = ("lives alone by choice".into(), Sensitivity::normal());
        let (kind, link) = (StrengthKind::Strength, None);
        StrengthRecorded { entry: entry(2), author: NURSE, kind, text, link, sensitivity }.into()
    }

    fn attach(of: u128) -> AttachReply {
        AttachReply {
            entry: entry(of),
            reply: entry(7),
            kind: ReplyKind::Words,
            words: "not by choice".into(),
            now: NOW,
        }
    }

    fn attached() -> PersonEvent {
        attach(2).decide(&Person::folded(&[registered(), written()])).unwrap().remove(0)
    }

    fn answer(words: &str) -> AnswerReply {
        AnswerReply { entry: entry(2), reply: entry(7), author: NURSE, words: words.into(), parts: Parts::default() }
    }

    #[test]
    fn rule_16_a_reply_is_answered_by_the_agency_that_wrote_the_entry() {
        let before = || vec![registered(), written(), attached()];
        let answered = || {
            let (category, words) = (Category::Strengths, "we are sorry".into());
            PersonEvent::from(ReplyAnswered { entry: entry(2), category, reply: entry(7), author: NURSE, words })
        };
        given(before()).when(answer("we are sorry")).then([answered()]);
        given(before()).when(answer(" ")).then_refused(Reason::Invalid, "words");
        let elsewhere = Author::Worker(Worker::new(AgencyId(Uuid::nil()), StaffId(Uuid::nil())));
        let elsewhere = AnswerReply { author: elsewhere, ..answer("not ours") };
        given(before()).when(elsewhere).then_refused(Reason::Rule, "the_authors_agency");
        given([before(), vec![answered()]].concat()).when(answer("again")).then_refused(Reason::Rule, "waiting_reply");
        given([registered(), written()]).when(answer("of nothing")).then_refused(Reason::NotFound, "reply");
    }

    #[test]
    fn rule_16_it_is_to_be_answered_by_a_day_where_there_is_somebody_to_answer() {
        let PersonEvent::ReplyAttached(of_a_worker) = attached() else { panic!("a reply") };
        let ten_days = NOW.plus_days(ANSWER_DAYS);
        assert_eq!((of_a_worker.agency, of_a_worker.answer_by), (Some(NORTH), Some(ten_days)));
        let own = attach(1).decide(&Person::folded(&[registered(), goal(1)])).unwrap().remove(0);
        let PersonEvent::ReplyAttached(of_their_own) = own else { panic!("a reply") };
        assert_eq!((of_their_own.agency, of_their_own.answer_by), (None, None));
        given([registered()]).when(attach(2)).then_refused(Reason::NotFound, "entry");
        let many = (0..REPLIES_LIMIT as u128).map(|n| {
            let PersonEvent::ReplyAttached(one) = attached() else { panic!("a reply") };
            ReplyAttached { reply: entry(100 + n), ..one }.into()
        });
        let full = [registered(), written()].into_iter().chain(many);
        given(full).when(attach(2)).then_refused(Reason::Rule, "replies_limit");
    }

    #[test]
    fn rule_16_whoever_may_not_see_the_entry_learns_of_no_reply() {
        let state = Person::folded(&[registered(), written(), attached()]);
        let within = |category| {
            let access::Decision::Permit(scope) = scope_of(&[category]) else { panic!("denied") };
            answer("we are sorry").decide_within(&state, Some(&scope)).map(|events| events.len())
        };
        assert_eq!(within(Category::Strengths), Ok(1));
        assert_eq!(within(Category::Goals), Err(Refusal::not_found("entry")));
    }

    #[test]
    fn rule_24_a_reply_is_taken_back_once_and_then_nobody_answers_it() {
        let take_back = || TakeBackReply { entry: entry(2), reply: entry(7) };
        let (category, reply) = (Category::Strengths, entry(7));
        let taken_back = || PersonEvent::from(ReplyTakenBack { entry: entry(2), category, reply });
        let before = || vec![registered(), written(), attached()];
        given(before()).when(take_back()).then([taken_back()]);
        let after = || [before(), vec![taken_back()]].concat();
        given(after()).when(take_back()).then_nothing();
        given(after()).when(answer("we are sorry")).then_refused(Reason::Rule, "waiting_reply");
    }
}
