use super::events::{RelationshipEvent, SuggestionDismissed, SupportSuggested, SupporterInvited};
use super::{Parties, Relationship, Stage};
use crate::ids::PersonId;
use crate::sharing::Sharing;
use crate::staff::Staff;
use crate::text::{LINE, PARAGRAPH, optional, required};
use crate::vocabulary::Timestamp;
use crate::{Command, Refusal};

/// What became of a suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Suggestion {
    /// Nobody has made one.
    #[default]
    None,
    /// It waits for the person.
    Waiting,
    /// The person has invited the worker.
    Invited,
    /// The person wants nothing to come of it.
    Dismissed,
}

impl Suggestion {
    /// The worker has proposed, or is not to: an invitation is one to ask once.
    pub(super) fn is_taken_up(&mut self) {
        if *self == Self::Invited {
            *self = Self::Waiting;
        }
    }
}

/// A source of imported records says that a worker has seen the person: a suggestion to them, in nobody's name. Once they are in touch,
/// or one was made before, there is nothing to suggest.
#[derive(Debug, Clone)]
pub struct SuggestSupport {
    pub parties: Parties,
    /// What the source says.
    pub words: String,
    /// The URI of the system that says so.
    pub source: String,
}

impl Command for SuggestSupport {
    type Aggregate = Relationship;

    fn decide(self, state: &Relationship) -> Result<Vec<RelationshipEvent>, Refusal> {
        required("words", &self.words, PARAGRAPH)?;
        required("source", &self.source, LINE)?;
        if state.is_known() {
            return Ok(vec![]);
        }
        let Self { parties: Parties { person, worker }, words, source } = self;
        Ok(vec![SupportSuggested { person, worker, words, source }.into()])
    }
}

/// The person invites a worker who was suggested to them: that worker may propose, whatever was answered before.
#[derive(Debug, Clone)]
pub struct InviteSupporter {
    pub person: PersonId,
    /// What they write to them; may be empty.
    pub message: String,
    pub now: Timestamp,
}

/// Invites somebody who works there and whose agency the person has not blocked: nobody else could take it up.
///
/// # Errors
/// When nobody was suggested, they propose or support already, or they could not take it up.
pub fn invite_supporter(
    relationship: &Relationship,
    sharing: &Sharing,
    supporter: &Staff,
    command: InviteSupporter,
) -> Result<Vec<RelationshipEvent>, Refusal> {
    let InviteSupporter { person, message, now } = command;
    optional("message", &message, PARAGRAPH)?;
    let worker = relationship.suggested_to(person)?.worker;
    let lapsed = relationship.has_lapsed(now);
    match (relationship.stage, relationship.suggestion) {
        (Stage::Proposed, _) if lapsed => {}
        (Stage::Active, _) | (_, Suggestion::Invited) => return Ok(vec![]),
        (Stage::Proposed, _) => {
            return Err(Refusal::rule("proposal_waits", "they have proposed their support, which waits for an answer"));
        }
        (Stage::None | Stage::Unheard | Stage::Over, _) => {}
    }
    if sharing.shuts_out(worker) {
        return Err(Refusal::rule("blocked", "they or their agency are blocked; unblock them first"));
    }
    if !supporter.works_for(worker.agency()) {
        return Err(Refusal::rule(
            "supporter_not_here",
            "nobody can be told of it yet: their agency has not added them to its staff here, or they have left",
        ));
    }
    Ok(vec![SupporterInvited { person, worker, message }.into()])
}

/// A worker was found by the person, or found them, by a code: that is an invitation to propose. Where they are in touch already, or the person wants
/// nothing of them, it is none.
#[must_use]
pub fn be_found(
    relationship: &Relationship,
    sharing: &Sharing,
    parties: Parties,
    message: &str,
    now: Timestamp,
) -> Vec<RelationshipEvent> {
    let Parties { person, worker } = parties;
    let waits = relationship.stage == Stage::Proposed && !relationship.has_lapsed(now);
    let in_touch = relationship.stage == Stage::Active || waits || relationship.suggestion == Suggestion::Invited;
    if in_touch || sharing.shuts_out(worker) {
        return vec![];
    }
    vec![SupporterInvited { person, worker, message: message.to_owned() }.into()]
}

/// The person wants nothing to come of a suggestion, or takes back their invitation.
#[derive(Debug, Clone)]
pub struct DismissSuggestion {
    pub person: PersonId,
    pub now: Timestamp,
}

impl Command for DismissSuggestion {
    type Aggregate = Relationship;

    fn decide(self, state: &Relationship) -> Result<Vec<RelationshipEvent>, Refusal> {
        let worker = state.suggested_to(self.person)?.worker;
        if matches!(state.stage, Stage::Proposed | Stage::Active) && !state.has_lapsed(self.now) {
            return Err(Refusal::rule("proposal_waits", "they have proposed their support: decline it, or end it"));
        }
        if state.suggestion == Suggestion::Dismissed {
            return Ok(vec![]);
        }
        Ok(vec![SuggestionDismissed { worker }.into()])
    }
}

impl Relationship {
    /// Whether the two are, or were, in touch, or one was suggested to the other.
    fn is_known(&self) -> bool {
        self.heard || self.suggestion != Suggestion::None
    }

    /// The parties, if a worker was suggested to this person.
    fn suggested_to(&self, person: PersonId) -> Result<Parties, Refusal> {
        let theirs = self.parties.filter(|p| p.person == person && self.suggestion != Suggestion::None);
        // As for what is nobody's.
        theirs.ok_or_else(|| Refusal::not_found("relationship"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{LAPSES_AT, PERSON, WORKER, accepted, propose, proposed, unheard};
    use super::super::{AcceptSupport, DeclineSupport};
    use super::*;
    use crate::scenario::given;
    use crate::sharing::events::AgencyBlocked;
    use crate::staff::events::{StaffEvent, StaffLeft, StaffNamed};
    use crate::staff::fixtures::joined;
    use crate::{Aggregate as _, Reason};
    use uuid::Uuid;

    fn suggested() -> RelationshipEvent {
        let (words, source) = ("They have seen you once".into(), "https://records.example".into());
        SupportSuggested { person: PERSON, worker: WORKER, words, source }.into()
    }

    fn invited() -> RelationshipEvent {
        SupporterInvited { person: PERSON, worker: WORKER, message: "please".into() }.into()
    }

    fn dismissed() -> RelationshipEvent {
        SuggestionDismissed { worker: WORKER }.into()
    }

    fn suggest() -> SuggestSupport {
        let parties = Parties { person: PERSON, worker: WORKER };
        let (words, source) = ("They have seen you once".into(), "https://records.example".into());
        SuggestSupport { parties, words, source }
    }

    #[test]
    fn rule_26_a_source_suggests_once_and_proposes_nothing() {
        given([]).when(suggest()).then([suggested()]);
        for known in [vec![suggested()], vec![suggested(), dismissed()], vec![proposed()], vec![proposed(), accepted()]]
        {
            given(known).when(suggest()).then_nothing();
        }
        // It can neither be accepted nor declined, as nobody has proposed anything.
        let accept = AcceptSupport { person: PERSON, now: Timestamp(0) };
        given([suggested()]).when(accept).then_refused(Reason::NotFound, "relationship");
        let decline = DeclineSupport { person: PERSON, reason: String::new(), not_again: true, now: Timestamp(0) };
        given([suggested()]).when(decline).then_refused(Reason::NotFound, "relationship");
        // The worker proposes as ever.
        given([suggested()]).when(propose("visits", Timestamp(0))).then([proposed()]);
        // Nor does it tell them whether somebody heard of their proposal.
        given([unheard(), suggested()])
            .when(propose("visits", Timestamp(0)))
            .then_refused(Reason::AlreadyExists, "relationship");
    }

    #[test]
    fn the_person_invites_who_could_take_it_up() {
        let here = [joined("nurse")];
        let invite_by = |person, history: &[RelationshipEvent], blocked: bool, staff: &[StaffEvent]| {
            let (relationship, staff) = (Relationship::folded(history), Staff::folded(staff));
            let blocked: Vec<_> =
                blocked.then(|| AgencyBlocked { agency: WORKER.agency() }.into()).into_iter().collect();
            let invite = InviteSupporter { person, message: "please".into(), now: Timestamp(0) };
            invite_supporter(&relationship, &Sharing::folded(&blocked), &staff, invite)
                .map_err(|refused| refused.subject)
        };
        let invite = |history: &[_], blocked, staff: &[_]| invite_by(PERSON, history, blocked, staff);
        assert_eq!(invite(&[suggested()], false, &here), Ok(vec![invited()]));
        assert_eq!(invite(&[suggested(), dismissed()], false, &here), Ok(vec![invited()]));
        assert_eq!(invite(&[suggested(), invited()], false, &here), Ok(vec![]));
        assert_eq!(invite(&[suggested(), proposed(), accepted()], false, &here), Ok(vec![]));
        assert_eq!(invite(&[suggested(), proposed()], false, &here), Err("proposal_waits"));
        assert_eq!(invite(&[suggested()], true, &here), Err("blocked"));
        let named = StaffNamed { agency: WORKER.agency(), name: "N".into() };
        assert_eq!(invite(&[suggested()], false, &[named.into()]), Err("supporter_not_here"));
        assert_eq!(invite(&[suggested()], false, &[joined("nurse"), StaffLeft {}.into()]), Err("supporter_not_here"));
        assert_eq!(invite(&[], false, &here), Err("relationship"));
        assert_eq!(invite_by(PersonId(Uuid::from_u128(99)), &[suggested()], false, &here), Err("relationship"));
    }

    #[test]
    fn who_is_invited_may_ask_again_and_what_nobody_heard_is_asked_anew() {
        let declined = DeclineSupport { person: PERSON, reason: String::new(), not_again: true, now: Timestamp(0) };
        let mut history = vec![suggested(), proposed()];
        history.extend(declined.decide(&Relationship::folded(&history)).unwrap());
        given(history.clone()).when(propose("visits", Timestamp(1))).then_refused(Reason::Rule, "the_answer_stands");
        history.push(invited());
        given(history).when(propose("visits", Timestamp(1))).then([proposed()]);
        // Each invitation is one to ask once.
        let declined = DeclineSupport { person: PERSON, reason: String::new(), not_again: true, now: Timestamp(0) };
        let mut history = vec![suggested(), invited(), proposed()];
        history.extend(declined.decide(&Relationship::folded(&history)).unwrap());
        let invite = InviteSupporter { person: PERSON, message: "please".into(), now: Timestamp(0) };
        let here = Staff::folded(&[joined("nurse")]);
        let again = invite_supporter(&Relationship::folded(&history), &Sharing::default(), &here, invite);
        assert_eq!(again, Ok(vec![invited()]));
        given([unheard(), suggested(), invited()]).when(propose("visits", Timestamp(1))).then([proposed()]);
    }

    #[test]
    fn an_invitation_is_over_with_a_decline_and_a_lapse_stands_in_nobodys_way() {
        let decline =
            |not_again| DeclineSupport { person: PERSON, reason: String::new(), not_again, now: Timestamp(0) };
        let mut history = vec![suggested(), proposed()];
        history.extend(decline(false).decide(&Relationship::folded(&history)).unwrap());
        history.push(invited());
        history.extend(decline(true).decide(&Relationship::folded(&history)).unwrap());
        let here = Staff::folded(&[joined("nurse")]);
        let invite = |history: &[_], now| {
            let invite = InviteSupporter { person: PERSON, message: "please".into(), now };
            invite_supporter(&Relationship::folded(history), &Sharing::default(), &here, invite)
        };
        assert_eq!(invite(&history, Timestamp(0)), Ok(vec![invited()]));
        let waits = [suggested(), proposed()];
        assert_eq!(invite(&waits, LAPSES_AT), Ok(vec![invited()]));
        let dismiss = DismissSuggestion { person: PERSON, now: LAPSES_AT };
        given(waits).when(dismiss).then([dismissed()]);
    }

    #[test]
    fn rule_24_a_suggestion_is_dismissed_once_and_an_invitation_taken_back() {
        let dismiss = || DismissSuggestion { person: PERSON, now: Timestamp(0) };
        given([suggested()]).when(dismiss()).then([dismissed()]);
        given([suggested(), invited()]).when(dismiss()).then([dismissed()]);
        given([suggested(), dismissed()]).when(dismiss()).then_nothing();
        given([suggested(), proposed()]).when(dismiss()).then_refused(Reason::Rule, "proposal_waits");
        given([proposed()]).when(dismiss()).then_refused(Reason::NotFound, "relationship");
    }
}
