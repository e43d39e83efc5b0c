//! Somebody who has no screen accepts: a worker enters it on their word. What opens access to the very agency of whoever entered it holds only once
//! somebody else has confirmed it.

use super::events::{AcceptanceEntered, RelationshipEvent, SupportAccepted};
use super::{AcceptSupport, Relationship, accept_support};
use crate::Refusal;
use crate::ids::{PersonId, RelationshipId};
use crate::issuers::Parts;
use crate::sharing::Sharing;
use crate::sharing::events::SharingEvent;
use crate::staff::Staff;
use crate::text::explained;
use crate::vocabulary::{Author, OnTheirWord, Timestamp};

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
    /// What comes of it when the person accepts.
    fn accepted(self, person: PersonId, now: Timestamp) -> Result<Accepted, Refusal> {
        // Whom the person has shut out they do not accept, whatever somebody enters.
        if self.relationship.of(person).is_ok_and(|parties| self.sharing.shuts_out(parties.worker)) {
            return Err(Refusal::undisclosed());
        }
        accept_support(self.id, self.relationship, self.sharing, self.supporter, AcceptSupport { person, now })
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
    let supporter = on.relationship.of(person)?.worker;
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
    let (accepted, opened) = on.accepted(person, now)?;
    if accepted.is_empty() {
        return Ok((vec![], vec![]));
    }
    let Some(word) = on.relationship.entered.clone() else {
        return Err(Refusal::rule("entered_acceptance", "nobody has entered that the person accepts"));
    };
    let supporter = on.relationship.of(person)?.worker;
    if [supporter, word.worker].iter().any(|worker| on.parts.are_one_side(Author::Worker(*worker), author)) {
        return Err(Refusal::rule("another_agency", "it is confirmed by a worker of another agency"));
    }
    let (word, confirmed_by) = (Some(word), Some(author));
    Ok((vec![SupportAccepted { worker: supporter, word, confirmed_by, confirmation: reason }.into()], opened))
}

#[cfg(test)]
mod tests {
    use super::super::events::SupportDeclined;
    use super::super::fixtures::{PERSON, WORKER, proposed};
    use super::*;
    use crate::Aggregate as _;
    use crate::ids::{AgencyId, StaffId};
    use crate::sharing::events::SharingStarted;
    use crate::staff::fixtures::joined;
    use crate::vocabulary::Worker;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(1);

    fn word(worker: Worker) -> OnTheirWord {
        OnTheirWord { worker, account: "told me on 3 March, in her kitchen".into() }
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
}
