//! Somebody who has no screen chooses what they share: a worker whom they let in enters it on their word. What takes access away holds at once.
//! Nobody enters what opens access to their own agency on the person's word alone: that is entered by somebody of another one, chosen by the person, or
//! confirmed by the person with a code that they read out.

use super::events::{ProvisionDenied, ProvisionGranted, SharingEvent};
use super::{DenyProvision, GrantAccess, GrantProvision, Provision, RefuseAccess, Sharing, WithdrawProvision};
use crate::ids::{AgencyId, ProvisionId, StaffId};
use crate::issuers::Parts;
use crate::vocabulary::{OnTheirWord, ProvisionActor, Terms, Timestamp, Worker};
use crate::{Command as _, Refusal};

/// How many choices that one worker entered hold at a time: they are the person's to look through.
const ENTERED_LIMIT: usize = 20;

impl Sharing {
    /// What holds that this worker entered.
    fn entered_by(&self, worker: Worker, now: Timestamp) -> impl Iterator<Item = (ProvisionId, &Provision)> {
        let theirs = move |id| {
            let word = self.origin(id).and_then(|origin| origin.word.as_ref());
            word.is_some_and(|word| word.worker == worker)
        };
        self.held().filter(move |(id, held)| theirs(*id) && !held.has_ended(now))
    }

    /// What this worker has entered before that says just this, and holds.
    #[must_use]
    pub fn entered_as(&self, worker: Worker, wish: &Provision, now: Timestamp) -> Option<ProvisionId> {
        self.entered_by(worker, now).find(|(_, held)| held.says_the_same(wish, now)).map(|(id, _)| id)
    }
}

/// A choice about what is shared.
#[derive(Debug, Clone)]
pub enum Choice {
    /// To permit something.
    Grant(GrantProvision),
    /// To deny something.
    Deny(DenyProvision),
    /// To take back a permit or a deny.
    Withdraw(WithdrawProvision),
    /// To permit what somebody has asked for.
    GrantAccess(GrantAccess),
    /// To say no to it.
    RefuseAccess(RefuseAccess),
}

impl Choice {
    /// The permit or deny that it asks for; none of what takes one back, or says no.
    #[must_use]
    pub fn says(&self, sharing: &Sharing) -> Option<Provision> {
        match self {
            Self::Grant(grant) => Some(Provision::Permit(grant.terms.clone())),
            Self::Deny(deny) => Some(Provision::Deny(deny.terms.clone())),
            Self::GrantAccess(grant) => {
                let asked = || sharing.request(grant.request).ok().map(|known| known.terms.clone());
                grant.terms.clone().or_else(asked).map(Provision::Permit)
            }
            Self::Withdraw(_) | Self::RefuseAccess(_) => None,
        }
    }

    /// What it opens, if it opens something: what is permitted, or denied no more.
    #[must_use]
    pub fn opens(&self, sharing: &Sharing) -> Option<Terms> {
        if let Self::Withdraw(withdraw) = self {
            let held = sharing.provision(withdraw.provision).ok();
            return held.filter(|held| !held.permits()).map(|held| held.terms().clone());
        }
        self.says(sharing).filter(Provision::permits).map(|said| said.terms().clone())
    }

    /// A new permit or deny that it asks for by itself: its id, what it says, and when it is asked for.
    #[must_use]
    pub fn new_provision(&self) -> Option<(ProvisionId, Provision, Timestamp)> {
        match self {
            Self::Grant(grant) => Some((grant.provision, Provision::Permit(grant.terms.clone()), grant.now)),
            Self::Deny(deny) => Some((deny.provision, Provision::Deny(deny.terms.clone()), deny.now)),
            Self::GrantAccess(_) | Self::Withdraw(_) | Self::RefuseAccess(_) => None,
        }
    }

    fn decide(self, sharing: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        match self {
            Self::Grant(command) => command.decide(sharing),
            Self::Deny(command) => command.decide(sharing),
            Self::Withdraw(command) => command.decide(sharing),
            Self::GrantAccess(command) => command.decide(sharing),
            Self::RefuseAccess(command) => command.decide(sharing),
        }
    }
}

/// A worker enters what the person has chosen.
#[derive(Debug, Clone)]
pub struct EnterChoice {
    pub choice: Choice,
    /// Who enters it, and when and how the person said it.
    pub word: OnTheirWord,
}

/// Enters it. `agency_of` tells where a worker works, and `parts` which agencies are one.
///
/// # Errors
/// As the choice itself; that the account does not say when and how; or that it opens access to the agency of whoever enters it.
pub fn enter_choice(
    sharing: &Sharing,
    parts: &Parts,
    agency_of: impl Fn(StaffId) -> Option<AgencyId>,
    command: EnterChoice,
) -> Result<Vec<SharingEvent>, Refusal> {
    let EnterChoice { choice, word } = command;
    word.check()?;
    let own = word.worker.agency();
    let is_own = |agency: AgencyId| parts.are_one(agency, own);
    let opens_own = |terms: Terms| match terms.actor {
        ProvisionActor::Agency(agency) | ProvisionActor::RoleAt(agency, _) => is_own(agency),
        // Of whom it is not known where they work, it may be there.
        ProvisionActor::Staff(staff) => agency_of(staff).is_none_or(is_own),
        ProvisionActor::Role(_) | ProvisionActor::Everybody => true,
    };
    if !word.by_code && choice.opens(sharing).is_some_and(opens_own) {
        let says = "it would open access to your own agency: somebody of another agency enters it, the person chooses it, or reads out a code that was sent to them";
        return Err(Refusal::rule("another_agency", says));
    }
    let new = choice.new_provision();
    if let Some((_, wish, now)) = &new {
        if let Provision::Deny(Terms { actor: ProvisionActor::Everybody | ProvisionActor::Role(_), .. }) = wish {
            let says =
                "is entered for an agency or for somebody there: then somebody of another agency can take it back";
            return Err(Refusal::invalid("deny.actor", says));
        }
        if sharing.entered_as(word.worker, wish, *now).is_some() {
            return Ok(vec![]);
        }
        if sharing.entered_by(word.worker, *now).count() >= ENTERED_LIMIT {
            let says = format!("at most `{ENTERED_LIMIT}` choices that one worker entered hold at a time");
            return Err(Refusal::rule("entered_limit", says));
        }
    }
    let mut events = choice.decide(sharing)?;
    // Whether the person has said just that before is not told to whoever enters it.
    if let (true, Some((provision, wish, _))) = (events.is_empty(), new) {
        events.push(match wish {
            Provision::Permit(terms) => {
                ProvisionGranted { provision, terms, without_telling: false, word: None, request: None }.into()
            }
            Provision::Deny(terms) => ProvisionDenied { provision, terms, word: None }.into(),
        });
    }
    events.iter_mut().for_each(|event| event.enter_on(&word));
    Ok(events)
}

impl SharingEvent {
    /// Who entered it on the person's word, if somebody did.
    #[must_use]
    pub fn on_their_word(&self) -> Option<&OnTheirWord> {
        #[allow(clippy::wildcard_enum_match_arm, reason = "only these are entered so")]
        match self {
            Self::ProvisionGranted(e) => e.word.as_ref(),
            Self::ProvisionDenied(e) => e.word.as_ref(),
            Self::ProvisionWithdrawn(e) => e.word.as_ref(),
            Self::AccessRequestRefused(e) => e.word.as_ref(),
            Self::AccessRequestGranted(e) => e.word.as_ref(),
            _ => None,
        }
    }

    fn enter_on(&mut self, word: &OnTheirWord) {
        #[allow(clippy::wildcard_enum_match_arm, reason = "only these are entered so")]
        let entered = match self {
            Self::ProvisionGranted(e) => &mut e.word,
            Self::ProvisionDenied(e) => &mut e.word,
            Self::ProvisionWithdrawn(e) => &mut e.word,
            Self::AccessRequestRefused(e) => &mut e.word,
            Self::AccessRequestGranted(e) => &mut e.word,
            _ => return,
        };
        *entered = Some(word.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::SharingStarted;
    use super::*;
    use crate::Aggregate as _;
    use crate::vocabulary::{Category, Level, Purpose};
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(1);

    fn agency(n: u128) -> AgencyId {
        AgencyId(Uuid::from_u128(n))
    }

    fn terms(actor: ProvisionActor) -> Terms {
        Terms {
            actor,
            except: vec![],
            categories: vec![Category::Goals],
            level: Level::Normal,
            labels: vec![],
            purposes: vec![Purpose::CareCoordination],
            actions: vec![],
            from: None,
            until: None,
        }
    }

    fn word() -> OnTheirWord {
        let worker = Worker::new(agency(1), StaffId(Uuid::from_u128(2)));
        OnTheirWord::new(worker, "told me on 3 March, in her kitchen")
    }

    fn enter(history: &[SharingEvent], choice: Choice, parts: &Parts) -> Result<Vec<SharingEvent>, String> {
        let agency_of = |staff: StaffId| match staff.0.as_u128() {
            2 => Some(agency(1)),
            3 => Some(agency(9)),
            _ => None,
        };
        let sharing = Sharing::folded(history);
        let entered = enter_choice(&sharing, parts, agency_of, EnterChoice { choice, word: word() });
        entered.map_err(|refused| refused.subject.to_owned())
    }

    #[test]
    fn on_their_word_nobody_opens_access_to_their_own_agency_and_what_closes_holds_at_once() {
        let (started, provision) = ([SharingStarted {}.into()], ProvisionId(Uuid::from_u128(7)));
        let staff = |n| ProvisionActor::Staff(StaffId(Uuid::from_u128(n)));
        let grant =
            |actor| Choice::Grant(GrantProvision { provision, terms: terms(actor), without_telling: false, now: NOW });
        let part = Parts::of(agency(5), agency(1));
        for actor in [
            ProvisionActor::Everybody,
            ProvisionActor::Role("nurse".into()),
            ProvisionActor::Agency(agency(1)),
            ProvisionActor::Agency(agency(5)),
            ProvisionActor::RoleAt(agency(1), "nurse".into()),
            staff(2),
            staff(4),
        ] {
            assert_eq!(enter(&started, grant(actor.clone()), &part), Err("another_agency".into()), "{actor:?}");
        }
        for actor in [ProvisionActor::Agency(agency(9)), staff(3)] {
            let granted = enter(&started, grant(actor), &part).unwrap();
            assert_eq!(granted[0].on_their_word(), Some(&word()));
        }
        let deny = |actor| DenyProvision { provision, terms: terms(actor), now: NOW };
        // So that somebody of another agency can take it back, nobody is shut out with everybody else.
        for all in [ProvisionActor::Everybody, ProvisionActor::Role("nurse".into())] {
            assert_eq!(enter(&started, Choice::Deny(deny(all)), &part), Err("deny.actor".into()));
        }
        let own = || ProvisionActor::Agency(agency(1));
        let denied = enter(&started, Choice::Deny(deny(own())), &part).unwrap();
        assert_eq!(denied, [ProvisionDenied { provision, terms: terms(own()), word: Some(word()) }.into()]);
        // Entered again it is one; said by the person before it is another one, and whoever enters it cannot tell.
        let again = ProvisionId(Uuid::from_u128(8));
        let deny_again = || Choice::Deny(DenyProvision { provision: again, ..deny(own()) });
        assert_eq!(enter(&[&started[..], &denied].concat(), deny_again(), &part), Ok(vec![]));
        let by_them = ProvisionDenied { provision, terms: terms(own()), word: None }.into();
        assert_eq!(enter(&[&started[..], &[by_them]].concat(), deny_again(), &part).unwrap().len(), 1);
        // What was denied is denied no more only by somebody whom it does not let in again.
        let history = [&started[..], &denied].concat();
        let withdraw = || Choice::Withdraw(WithdrawProvision { provision, without_telling: false });
        assert_eq!(enter(&history, withdraw(), &part), Err("another_agency".into()));
        let of_others = deny(ProvisionActor::Agency(agency(9))).decide(&Sharing::folded(&started)).unwrap();
        let history = [&started[..], &of_others].concat();
        assert_eq!(enter(&history, withdraw(), &part).unwrap()[0].on_their_word(), Some(&word()));
        // The person is the second party where they read out a code.
        let by_code = EnterChoice { choice: grant(own()), word: OnTheirWord { by_code: true, ..word() } };
        let granted = enter_choice(&Sharing::folded(&started), &part, |_| None, by_code).unwrap();
        assert!(granted[0].on_their_word().unwrap().by_code);
        let vague = EnterChoice { choice: withdraw(), word: OnTheirWord { account: "yes".into(), ..word() } };
        assert!(enter_choice(&Sharing::folded(&history), &part, |_| None, vague).is_err());
    }
}
