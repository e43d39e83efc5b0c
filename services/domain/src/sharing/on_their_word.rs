//! Somebody who has no screen chooses what they share: a worker whom they let in enters it on their word. What takes access away holds at once.
//! Nobody enters what opens access to their own agency: that is entered by somebody of another one, or chosen by the person.

use super::events::SharingEvent;
use super::{DenyProvision, GrantAccess, GrantProvision, RefuseAccess, Sharing, WithdrawProvision};
use crate::ids::{AgencyId, StaffId};
use crate::issuers::Parts;
use crate::vocabulary::{OnTheirWord, ProvisionActor, Terms};
use crate::{Command as _, Refusal};

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
    /// What it opens, if it opens something: what is permitted, or denied no more.
    #[must_use]
    pub fn opens(&self, sharing: &Sharing) -> Option<Terms> {
        match self {
            Self::Grant(grant) => Some(grant.terms.clone()),
            Self::GrantAccess(grant) => {
                let asked = || sharing.request(grant.request).ok().map(|known| known.terms.clone());
                grant.terms.clone().or_else(asked)
            }
            Self::Withdraw(withdraw) => {
                let held = sharing.provision(withdraw.provision).ok();
                held.filter(|held| !held.permits()).map(|held| held.terms().clone())
            }
            Self::Deny(_) | Self::RefuseAccess(_) => None,
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
    if choice.opens(sharing).is_some_and(opens_own) {
        let says =
            "it would open access to your own agency: somebody of another agency enters it, or the person chooses it";
        return Err(Refusal::rule("another_agency", says));
    }
    let mut events = choice.decide(sharing)?;
    events.iter_mut().for_each(|event| event.is_entered(&word));
    Ok(events)
}

impl SharingEvent {
    /// Who entered it on the person's word, if somebody did.
    #[must_use]
    pub fn on_their_word(&self) -> Option<&OnTheirWord> {
        match self {
            Self::ProvisionGranted(e) => e.word.as_ref(),
            Self::ProvisionDenied(e) => e.word.as_ref(),
            Self::ProvisionWithdrawn(e) => e.word.as_ref(),
            Self::AccessRequestRefused(e) => e.word.as_ref(),
            Self::SharingStarted(_)
            | Self::ProvisionNarrowed(_)
            | Self::AgencyBlocked(_)
            | Self::AgencyUnblocked(_)
            | Self::RelationshipAccessOpened(_)
            | Self::RelationshipAccessClosed(_)
            | Self::EmergencyAccessOpened(_)
            | Self::EmergencyAccessClosed(_)
            | Self::WorkerBlocked(_)
            | Self::WorkerUnblocked(_)
            | Self::EntryRestricted(_)
            | Self::ObjectionRaised(_)
            | Self::ObjectionSettled(_)
            | Self::AccessRequested(_) => None,
        }
    }

    fn is_entered(&mut self, word: &OnTheirWord) {
        let entered = match self {
            Self::ProvisionGranted(e) => &mut e.word,
            Self::ProvisionDenied(e) => &mut e.word,
            Self::ProvisionWithdrawn(e) => &mut e.word,
            Self::AccessRequestRefused(e) => &mut e.word,
            Self::SharingStarted(_)
            | Self::ProvisionNarrowed(_)
            | Self::AgencyBlocked(_)
            | Self::AgencyUnblocked(_)
            | Self::RelationshipAccessOpened(_)
            | Self::RelationshipAccessClosed(_)
            | Self::EmergencyAccessOpened(_)
            | Self::EmergencyAccessClosed(_)
            | Self::WorkerBlocked(_)
            | Self::WorkerUnblocked(_)
            | Self::EntryRestricted(_)
            | Self::ObjectionRaised(_)
            | Self::ObjectionSettled(_)
            | Self::AccessRequested(_) => return,
        };
        *entered = Some(word.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::{ProvisionDenied, SharingStarted};
    use super::*;
    use crate::Aggregate as _;
    use crate::ids::ProvisionId;
    use crate::vocabulary::{Category, Level, Purpose, Timestamp, Worker};
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
        OnTheirWord { worker, account: "told me on 3 March, in her kitchen".into() }
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
        let denied = enter(&started, Choice::Deny(deny(ProvisionActor::Everybody)), &part).unwrap();
        let terms = terms(ProvisionActor::Everybody);
        assert_eq!(denied, [ProvisionDenied { provision, terms, word: Some(word()) }.into()]);
        // What was denied is denied no more only by somebody whom it does not let in again.
        let history = [&started[..], &denied].concat();
        let withdraw = || Choice::Withdraw(WithdrawProvision { provision, without_telling: false });
        assert_eq!(enter(&history, withdraw(), &part), Err("another_agency".into()));
        let of_others = deny(ProvisionActor::Agency(agency(9))).decide(&Sharing::folded(&started)).unwrap();
        let history = [&started[..], &of_others].concat();
        assert_eq!(enter(&history, withdraw(), &part).unwrap()[0].on_their_word(), Some(&word()));
        let vague = EnterChoice { choice: withdraw(), word: OnTheirWord { account: "yes".into(), ..word() } };
        assert!(enter_choice(&Sharing::folded(&history), &part, |_| None, vague).is_err());
    }
}
