use super::events::{ConsultationEvent, PersonViewRecorded, ViewTakenBack};
use super::{Consultation, View, has_room};
use crate::ids::{EntryId, PersonId};
use crate::issuers::Parts;
use crate::text::{PARAGRAPH, labels, required};
use crate::vocabulary::{Author, OnTheirWord, Sensitivity};
use crate::{Command, Refusal};

/// The person says what they think; or a worker enters it on their word.
#[derive(Debug, Clone)]
pub struct RecordPersonView {
    pub person: PersonId,
    /// The decision that it is of; none when it is of the whole.
    pub decision: Option<EntryId>,
    /// Their view, in their words.
    pub view: String,
    /// How sensitive it is; as the consultation when nothing is said.
    pub sensitivity: Option<Sensitivity>,
    pub entry: EntryId,
    /// Who enters it on their word, if they do not themselves.
    pub word: Option<OnTheirWord>,
}

/// The person takes back something that they said, or that was entered as if they had; or a worker enters that they do, of what was entered. That it
/// was said stays to be read.
#[derive(Debug, Clone)]
pub struct TakeBackView {
    pub person: PersonId,
    pub entry: EntryId,
    /// Who enters it on their word, if they do not themselves.
    pub word: Option<OnTheirWord>,
    /// Which agencies are one.
    pub parts: Parts,
}

impl TakeBackView {
    /// What a worker may take back on the person's word: what was entered, where neither their agency nor one that is one with it waits for the person.
    fn is_heard_by_who_gains_nothing(&self, state: &Consultation, known: &View) -> Result<(), Refusal> {
        let Some(word) = &self.word else { return Ok(()) };
        if !known.entered {
            return Err(only_what_was_entered());
        }
        let sides = state.decisions.values().flat_map(|known| [Some(known.author), known.decider]).flatten();
        if sides.into_iter().any(|side| self.parts.are_one_side(side, Author::Worker(word.worker))) {
            let says = "a view is taken back by the person, or on their word by somebody of another agency than those that propose or decide here";
            return Err(Refusal::rule("another_agency", says));
        }
        Ok(())
    }
}

impl Command for RecordPersonView {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("view", &self.view, PARAGRAPH)?;
        self.sensitivity.as_ref().map_or(Ok(()), |own| labels("sensitivity.labels", &own.labels))?;
        self.word.as_ref().map_or(Ok(()), OnTheirWord::check)?;
        state.open_for(self.person)?;
        self.decision.map_or(Ok(()), |decision| state.decision(decision).map(|_known| ()))?;
        if state.views.iter().any(|known| known.entry == Some(self.entry)) {
            return Err(Refusal::already_exists("view"));
        }
        let by = self.word.as_ref().map_or(Author::Person, |word| Author::Worker(word.worker));
        has_room(state.views.len(), by, "views")?;
        let Self { decision, view, sensitivity, entry, word, .. } = self;
        Ok(vec![PersonViewRecorded { decision, view, sensitivity, entry: Some(entry), word }.into()])
    }
}

impl Command for TakeBackView {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        self.word.as_ref().map_or(Ok(()), OnTheirWord::check)?;
        state.is_of(self.person)?;
        let known = state.views.iter().find(|known| known.entry == Some(self.entry));
        let known = known.ok_or_else(|| Refusal::not_found("view"))?;
        if known.taken_back {
            return Ok(vec![]);
        }
        self.is_heard_by_who_gains_nothing(state, known)?;
        let Self { entry, word, .. } = self;
        Ok(vec![ViewTakenBack { entry, sensitivity: known.sensitivity.clone(), word }.into()])
    }
}

/// What the person said themselves nobody takes back for them.
pub(super) fn only_what_was_entered() -> Refusal {
    Refusal::rule("the_persons_own", "what the person said themselves they alone take back")
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{NURSE, PERSON, proposed, requested, viewed};
    use super::super::{ITEMS_LIMIT, Mode};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn takes_views_up_to_the_limit() {
        let view = || RecordPersonView {
            person: PERSON,
            decision: None,
            view: "I want to stay at home".into(),
            sensitivity: None,
            entry: EntryId(uuid::Uuid::from_u128(70)),
            word: None,
        };
        let of_nothing = RecordPersonView { decision: Some(EntryId(uuid::Uuid::nil())), ..view() };
        given([requested(Mode::Involve)]).when(of_nothing).then_refused(Reason::NotFound, "decision");
        let with = |views: usize| given([requested(Mode::Involve)].into_iter().chain((0..views).map(|_| viewed())));
        let id = EntryId(uuid::Uuid::from_u128(70));
        let said = |word| PersonViewRecorded {
            decision: None,
            view: "I want to stay at home".into(),
            sensitivity: None,
            entry: Some(id),
            word,
        };
        with(ITEMS_LIMIT - 1).when(view()).then([said(None).into()]);
        with(ITEMS_LIMIT).when(view()).then_refused(Reason::Rule, "items_limit");
        // On their word: with an account of it, and no more than others have room for.
        let word = |account: &str| OnTheirWord::new(NURSE.worker().unwrap(), account);
        let account = "told me on 3 March, in her kitchen";
        let on_their_word = |account: &str| RecordPersonView { word: Some(word(account)), ..view() };
        with(0).when(on_their_word(account)).then([said(Some(word(account))).into()]);
        with(0).when(on_their_word("she said so")).then_refused(Reason::Invalid, "on_their_word");
        with(ITEMS_LIMIT - 10).when(on_their_word(account)).then_refused(Reason::Rule, "items_limit");
        // They take it back, once.
        let take_back = || TakeBackView { person: PERSON, entry: id, word: None, parts: Parts::default() };
        let before = [requested(Mode::Involve), said(Some(word(account))).into()];
        let taken_back = ConsultationEvent::from(ViewTakenBack { entry: id, sensitivity: None, word: None });
        given(before.clone()).when(take_back()).then([taken_back.clone()]);
        given(before.into_iter().chain([taken_back])).when(take_back()).then_nothing();
        with(0).when(take_back()).then_refused(Reason::NotFound, "view");
        // On their word what was entered so is taken back, and nothing that they said themselves.
        let entered_back = || TakeBackView { word: Some(word(account)), ..take_back() };
        let back = ViewTakenBack { entry: id, sensitivity: None, word: Some(word(account)) }.into();
        let entered = [requested(Mode::Involve), said(Some(word(account))).into()];
        given(entered).when(entered_back()).then([back]);
        // But not by whoever it holds up.
        let proposed = [requested(Mode::Involve), proposed(5), said(Some(word(account))).into()];
        given(proposed).when(entered_back()).then_refused(Reason::Rule, "another_agency");
        let theirs = [requested(Mode::Involve), said(None).into()];
        given(theirs).when(entered_back()).then_refused(Reason::Rule, "the_persons_own");
    }
}
