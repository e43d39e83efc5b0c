//! Somebody who has no screen accepts: a worker enters it on their word. What opens access to the very agency of whoever entered it holds only once
//! somebody else has confirmed it.

use super::accept_support::has_not_left;
use super::events::{AcceptanceEntered, RelationshipEvent, SupportAccepted, SupportEnded};
use super::{AcceptSupport, Relationship, Stage, accept_support};
use crate::ids::{PersonId, RelationshipId, SignInId};
use crate::issuers::Parts;
use crate::sharing::events::SharingEvent;
use crate::sharing::{CloseRelationshipAccess, Sharing};
use crate::staff::Staff;
use crate::text::explained;
use crate::vocabulary::{Author, OnTheirWord, SignedIn, Timestamp, Worker};
use crate::{Command as _, Refusal};

/// The shortest reason for confirming it, in characters.
const REASON_LEAST: usize = 20;

/// A worker enters that the person accepts.
#[derive(Debug, Clone)]
pub struct EnterAcceptance {
    pub person: PersonId,
    /// Who enters it, and when and how the person said it.
    pub word: OnTheirWord,
    pub now: Timestamp,
}

/// Somebody else confirms it: a worker of an agency that neither supports by it nor entered it, or whoever runs the system.
#[derive(Debug, Clone)]
pub struct ConfirmAcceptance {
    pub person: PersonId,
    /// Who confirms it.
    pub author: Author,
    /// How they know, in words that the person reads.
    pub reason: String,
    pub now: Timestamp,
}

/// What happens to the relationship and to the directive.
type Accepted = (Vec<RelationshipEvent>, Vec<SharingEvent>);

/// What it is decided on.
#[derive(Clone, Copy)]
pub struct Accepting<'a> {
    pub id: RelationshipId,
    pub relationship: &'a Relationship,
    pub sharing: &'a Sharing,
    pub supporter: &'a Staff,
    /// Which agencies are one.
    pub parts: &'a Parts,
}

impl Accepting<'_> {
    /// What comes of it when the person accepts: nothing, if they do not hear of the supporter. Whether they do is told to nobody (decision 0011), so
    /// all else is refused as if they did.
    fn accepted(self, person: PersonId, now: Timestamp) -> Result<Accepted, Refusal> {
        let Self { id, relationship, sharing, supporter, .. } = self;
        if self.is_heard_by(person)? {
            return accept_support(id, relationship, sharing, supporter, AcceptSupport { person, now });
        }
        if relationship.stage != Stage::Active {
            relationship.waits(&[Stage::Proposed, Stage::Unheard], now)?;
        }
        has_not_left(supporter)?;
        Ok((vec![], vec![]))
    }

    /// Whether the person hears of the supporter: neither their agency is blocked, nor they, as any worker that they were.
    fn is_heard_by(self, person: PersonId) -> Result<bool, Refusal> {
        let worker = self.supporter_of(person)?;
        let blocked = |sign_in: SignInId| self.sharing.blocked_since(SignedIn::new(worker, sign_in)).is_some();
        let shut_out = self.sharing.shuts_out(worker) || self.supporter.sign_in().is_some_and(blocked);
        Ok(!shut_out && self.relationship.of(person).is_ok() && self.relationship.stage != Stage::Unheard)
    }

    fn supporter_of(self, person: PersonId) -> Result<Worker, Refusal> {
        self.relationship.proposed_to(person).ok_or_else(|| Refusal::not_found("relationship"))
    }
}

/// Enters that the person accepts: at once, or waiting to be confirmed.
///
/// # Errors
/// As [`accept_support()`], or that the account does not say when and how.
pub fn enter_acceptance(on: Accepting<'_>, command: EnterAcceptance) -> Result<Accepted, Refusal> {
    let EnterAcceptance { person, word, now } = command;
    word.check()?;
    let (accepted, opened) = on.accepted(person, now)?;
    if accepted.is_empty() {
        return Ok((vec![], vec![]));
    }
    let supporter = on.supporter_of(person)?;
    if word.by_code {
        // The person is the second party.
        let confirmed_by = Some(Author::Person);
        let confirmation = word.account.clone();
        let accepted = SupportAccepted { worker: supporter, word: Some(word), confirmed_by, confirmation };
        return Ok((vec![accepted.into()], opened));
    }
    if let Some(entered) = on.relationship.entered.clone() {
        // Another agency's account of it is as good as a confirmation.
        let gains = [supporter, entered.worker].iter().any(|one| on.parts.are_one(one.agency(), word.worker.agency()));
        if gains {
            return Ok((vec![], vec![]));
        }
        let (confirmed_by, confirmation) = (Some(Author::Worker(word.worker)), word.account);
        let word = Some(entered);
        return Ok((vec![SupportAccepted { worker: supporter, word, confirmed_by, confirmation }.into()], opened));
    }
    if on.parts.are_one(supporter.agency(), word.worker.agency()) {
        return Ok((vec![AcceptanceEntered { worker: supporter, word }.into()], vec![]));
    }
    let accepted =
        SupportAccepted { worker: supporter, word: Some(word), confirmed_by: None, confirmation: String::new() };
    Ok((vec![accepted.into()], opened))
}

/// Confirms what was entered: it holds from now on.
///
/// # Errors
/// As [`accept_support()`]; that nothing waits to be confirmed, or that whoever confirms it gains by it.
pub fn confirm_acceptance(on: Accepting<'_>, command: ConfirmAcceptance) -> Result<Accepted, Refusal> {
    let ConfirmAcceptance { person, author, reason, now } = command;
    explained("reason", &reason, REASON_LEAST)?;
    let supporter = on.supporter_of(person)?;
    let gains = |worker: Worker| on.parts.are_one_side(Author::Worker(worker), author);
    let another = || Refusal::rule("another_agency", "it is confirmed by a worker of another agency");
    if gains(supporter) {
        return Err(another());
    }
    let (accepted, opened) = on.accepted(person, now)?;
    if accepted.is_empty() {
        return Ok((vec![], vec![]));
    }
    let Some(word) = on.relationship.entered.clone() else {
        return Err(Refusal::rule("entered_acceptance", "nobody has entered that the person accepts"));
    };
    if gains(word.worker) {
        return Err(another());
    }
    let (word, confirmed_by) = (Some(word), Some(author));
    Ok((vec![SupportAccepted { worker: supporter, word, confirmed_by, confirmation: reason }.into()], opened))
}

/// A worker enters that the person does not want somebody's support any more.
#[derive(Debug, Clone)]
pub struct EnterEnd {
    pub person: PersonId,
    /// Who enters it, and when and how the person said it.
    pub word: OnTheirWord,
    pub now: Timestamp,
}

/// Enters that the person ends what goes on; it holds at once (rule 4), whomever they have blocked. It bars nobody from asking again, which the person alone
/// does: whose support somebody else ended in their name can ask them at once. What waits for an answer opens nothing and lapses: nobody need say no to it
/// for them, nor find out by that whether they hear of it.
///
/// # Errors
/// That the account does not say when and how, that the supporter's own agency ends it in its own name, or that there is nothing to end.
pub fn enter_end(on: Accepting<'_>, command: EnterEnd) -> Result<Accepted, Refusal> {
    let EnterEnd { person, word, now } = command;
    word.check()?;
    let worker = on.supporter_of(person)?;
    if on.parts.are_one(worker.agency(), word.worker.agency()) {
        let says = "whoever supports the person ends it in their own name: on the person's word somebody of another agency does";
        return Err(Refusal::rule("another_agency", says));
    }
    match on.relationship.stage {
        Stage::Over => Ok((vec![], vec![])),
        Stage::Active => {
            let closed = CloseRelationshipAccess { relationship: on.id }.decide(on.sharing)?;
            let (by, reason, again_from) = (Author::Person, String::new(), now);
            Ok((vec![SupportEnded { worker, by, reason, again_from, word: Some(word) }.into()], closed))
        }
        Stage::None | Stage::Proposed | Stage::Unheard => {
            Err(Refusal::rule("active_relationship", "only an accepted relationship can be ended"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::{ProposalUnheard, SupportDeclined, SupportProposed};
    use super::super::fixtures::{LAPSES_AT, PERSON, WORKER, accepted, proposed, unheard};
    use super::*;
    use crate::Aggregate as _;
    use crate::ids::{AgencyId, StaffId};
    use crate::sharing::events::SharingStarted;
    use crate::staff::fixtures::joined;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(1);

    fn word(worker: Worker) -> OnTheirWord {
        OnTheirWord::new(worker, "told me on 3 March, in her kitchen")
    }

    fn other() -> Worker {
        Worker::new(AgencyId(Uuid::from_u128(50)), StaffId(Uuid::from_u128(51)))
    }

    fn on<T>(history: &[RelationshipEvent], then: impl FnOnce(Accepting<'_>) -> T) -> T {
        let (relationship, supporter) = (Relationship::folded(history), Staff::folded(&[joined("nurse")]));
        let (sharing, parts) = (Sharing::folded(&[SharingStarted {}.into()]), Parts::default());
        let id = RelationshipId(Uuid::nil());
        then(Accepting { id, relationship: &relationship, sharing: &sharing, supporter: &supporter, parts: &parts })
    }

    fn enter(history: &[RelationshipEvent], worker: Worker) -> Result<Accepted, String> {
        let enter = EnterAcceptance { person: PERSON, word: word(worker), now: NOW };
        on(history, |on| enter_acceptance(on, enter)).map_err(|refused| refused.subject.to_string())
    }

    fn confirm(history: &[RelationshipEvent], author: Author) -> Result<Accepted, String> {
        let reason = "I rang her, and she said so".to_owned();
        let confirm = ConfirmAcceptance { person: PERSON, author, reason, now: NOW };
        on(history, |on| confirm_acceptance(on, confirm)).map_err(|refused| refused.subject.to_string())
    }

    #[test]
    fn rule_11_what_the_supporters_own_agency_enters_opens_nothing_until_somebody_else_confirms_it() {
        let (events, opened) = enter(&[proposed()], WORKER).unwrap();
        assert_eq!(events, [AcceptanceEntered { worker: WORKER, word: word(WORKER) }.into()]);
        assert!(opened.is_empty());
        let entered = [vec![proposed()], events].concat();
        assert_eq!(enter(&entered, WORKER), Ok((vec![], vec![])));
        assert_eq!(confirm(&entered, Author::Worker(WORKER)), Err("another_agency".into()));
        for author in [Author::Worker(other()), Author::System] {
            let (events, opened) = confirm(&entered, author).unwrap();
            let [RelationshipEvent::SupportAccepted(accepted)] = &events[..] else { panic!("{events:?}") };
            assert_eq!((accepted.confirmed_by, opened.len()), (Some(author), 1));
            let active = [entered.clone(), events].concat();
            assert_eq!(confirm(&active, author), Ok((vec![], vec![])));
        }
        assert_eq!(confirm(&[proposed()], Author::System), Err("entered_acceptance".into()));
        // Another agency that enters the same is as good; a colleague who does is not.
        let colleague = Worker::new(WORKER.agency(), StaffId(Uuid::from_u128(52)));
        assert_eq!(enter(&entered, colleague), Ok((vec![], vec![])));
        let (events, opened) = enter(&entered, other()).unwrap();
        let [RelationshipEvent::SupportAccepted(accepted)] = &events[..] else { panic!("{events:?}") };
        let confirmed = Some(Author::Worker(other()));
        assert_eq!((accepted.confirmed_by, accepted.word.clone(), opened.len()), (confirmed, Some(word(WORKER)), 1));
        // A no of theirs takes it back.
        let declined = SupportDeclined { worker: WORKER, reason: String::new(), again_from: NOW };
        let again = [entered, vec![declined.into(), proposed()]].concat();
        assert_eq!(confirm(&again, Author::System), Err("entered_acceptance".into()));
    }

    #[test]
    fn rule_11_what_another_agency_enters_holds_at_once_and_is_marked() {
        let (events, opened) = enter(&[proposed()], other()).unwrap();
        let [RelationshipEvent::SupportAccepted(accepted)] = &events[..] else { panic!("{events:?}") };
        assert_eq!((accepted.word.clone(), opened.len()), (Some(word(other())), 1));
        let vague = OnTheirWord { account: "she said so".into(), ..word(other()) };
        let vague = EnterAcceptance { person: PERSON, word: vague, now: NOW };
        let refused = on(&[proposed()], |on| enter_acceptance(on, vague)).unwrap_err();
        assert_eq!(refused.subject, "on_their_word");
        assert_eq!(enter(&[], other()), Err("relationship".into()));
    }

    #[test]
    fn rule_11_with_a_code_that_the_person_reads_out_it_holds_at_once_whoever_enters_it() {
        let by_code = |history: &[RelationshipEvent], worker: Worker| {
            let word = OnTheirWord { by_code: true, ..word(worker) };
            on(history, |on| enter_acceptance(on, EnterAcceptance { person: PERSON, word, now: NOW })).unwrap()
        };
        let (events, opened) = by_code(&[proposed()], WORKER);
        let [RelationshipEvent::SupportAccepted(accepted)] = &events[..] else { panic!("{events:?}") };
        assert_eq!((accepted.confirmed_by, opened.len()), (Some(Author::Person), 1));
        // What waits is confirmed by it; each word keeps its speaker.
        let waits = [proposed(), AcceptanceEntered { worker: WORKER, word: word(WORKER) }.into()];
        let (events, opened) = by_code(&waits, other());
        let [RelationshipEvent::SupportAccepted(accepted)] = &events[..] else { panic!("{events:?}") };
        let read_out = OnTheirWord { by_code: true, ..word(other()) };
        assert_eq!((accepted.word.clone(), opened.len()), (Some(read_out), 1));
        assert_eq!(accepted.confirmation, word(other()).account);
    }

    #[test]
    fn on_their_word_support_is_ended_at_once_by_another_agency_and_asking_again_stays_open() {
        let end = |history: &[RelationshipEvent], worker: Worker| {
            let enter = EnterEnd { person: PERSON, word: word(worker), now: NOW };
            on(history, |on| enter_end(on, enter)).map_err(|refused| refused.subject.to_string())
        };
        let (reason, again_from, said) = (String::new(), NOW, Some(word(other())));
        let by = Author::Person;
        let ended = SupportEnded { worker: WORKER, by, reason, again_from, word: said };
        assert_eq!(end(&[proposed(), accepted()], other()).unwrap().0, [ended.clone().into()]);
        let over = [proposed(), accepted(), ended.into()];
        assert_eq!(end(&over, other()), Ok((vec![], vec![])));
        // Whoever was wronged by it asks again at once.
        assert!(Relationship::folded(&over).again_from.is_none_or(|from| from <= NOW));
        // Nobody says of the person that they ended what they end themselves; and of what waits nobody learns by it whether it is heard.
        let colleague = Worker::new(WORKER.agency(), StaffId(Uuid::from_u128(52)));
        for own in [WORKER, colleague] {
            assert_eq!(end(&[proposed(), accepted()], own), Err("another_agency".into()));
        }
        for waits in [proposed(), unheard()] {
            assert_eq!(end(&[waits], other()), Err("active_relationship".into()));
        }
        assert_eq!(end(&[], other()), Err("relationship".into()));
    }

    #[test]
    fn rule_11_of_whom_the_person_does_not_hear_nothing_comes_and_all_else_is_refused_alike() {
        let SupportProposed { person, worker, role, offer, lapses_at } = {
            let RelationshipEvent::SupportProposed(proposed) = proposed() else { unreachable!() };
            proposed
        };
        let unheard = ProposalUnheard { person, worker, role, offer, lapses_at, worker_blocked: true };
        let unheard = RelationshipEvent::from(unheard);
        let late = |word: OnTheirWord, history: &[RelationshipEvent]| {
            let enter = EnterAcceptance { person: PERSON, word, now: LAPSES_AT };
            on(history, |on| enter_acceptance(on, enter)).unwrap_err().subject.to_string()
        };
        for waits in [proposed(), unheard.clone()] {
            let history = std::slice::from_ref(&waits);
            assert_eq!(confirm(history, Author::Worker(WORKER)), Err("another_agency".into()));
            assert_eq!(late(word(WORKER), history), "proposal_lapsed");
            let vague = OnTheirWord { account: "yes".into(), ..word(WORKER) };
            assert_eq!(late(vague, history), "on_their_word");
        }
        for by in [WORKER, other()] {
            assert_eq!(enter(std::slice::from_ref(&unheard), by), Ok((vec![], vec![])));
        }
    }
}
