//! Somebody claims their place with a code: the one way in.

use super::events::{CodeUsed, InvitationEvent};
use super::{For, Invitation};
use crate::Refusal;
use crate::ids::{IdentityId, InvitationId, PersonId};
use crate::person::events::{IdentityLinked, IdentityUnlinked, PersonEvent, PersonInvited, PersonRegistered};
use crate::person::{IDENTITIES_LIMIT, Person};
use crate::vocabulary::{Author, Timestamp};

/// Who claims a code, and how.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The code.
    pub invitation: InvitationId,
    /// What they signed in with.
    pub identity: IdentityId,
    /// Its issuer.
    pub issuer: String,
    /// The person whose it is already, if it is anybody's.
    pub known_as: Option<PersonId>,
    /// Whether they, who are here, confirm that the invitation is for them, too.
    pub confirmed: bool,
    /// Of a return: the other code, which whoever confirmed it was given.
    pub second: Option<InvitationId>,
    /// Of a return: whether what they signed in with before stays.
    pub keep_others: bool,
    pub now: Timestamp,
}

/// What a claim comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claimed {
    /// On the invitation.
    pub invitation: Vec<InvitationEvent>,
    /// On the person's record: registered first, if they are new.
    pub person: Vec<PersonEvent>,
    /// What they signed in with before, and do no more.
    pub released: Vec<IdentityId>,
    /// Whether the identity is theirs from now on.
    pub linked: bool,
}

/// Claims a code. `person` is the record of [`claims_for`](Invitation::claims_for).
///
/// # Errors
/// That there is no such code: also for one that was used, is over, is for something else or waits to be confirmed. That whoever is here already has to
/// confirm that it is for them, or that the identity is another person's.
pub fn claim(invitation: &Invitation, id: PersonId, person: &Person, claim: Claim) -> Result<Claimed, Refusal> {
    if invitation.used == Some((Author::Person, id)) && claim.known_as == Some(id) {
        return Ok(Claimed::default());
    }
    let mut claimed = Claimed {
        invitation: vec![CodeUsed { author: Author::Person, person: id }.into()],
        linked: claim.known_as.is_none(),
        ..Claimed::default()
    };
    match invitation.taken(claim.now)? {
        For::Newcomer { worker, name, reach, offer, at } => {
            if claim.known_as.is_some() && !claim.confirmed {
                let says = "you are here already: confirm that this invitation is for you, too, and that you want to be found by who sent it";
                return Err(Refusal::rule("confirm_it_is_you", says));
            }
            if claim.known_as.is_none() {
                let (name, birth_date, sensitivity) = (name.clone(), None, None);
                claimed.person.push(PersonRegistered { name, birth_date, sensitivity }.into());
            }
            let (worker, name, reach, offer) = (*worker, name.clone(), reach.clone(), offer.clone());
            let (invitation, invited_at) = (claim.invitation, *at);
            claimed.person.push(PersonInvited { invitation, worker, invited_at, name, reach, offer }.into());
        }
        For::Return { confirmed: Some((_, second)), .. } => {
            if second.is_none() || *second != claim.second {
                return Err(Refusal::not_found("code"));
            }
            if claim.known_as.is_some_and(|known| known != id) {
                return Err(Refusal::rule("identity_of_another", "you are signed in as somebody else who is here"));
            }
            if !claim.keep_others {
                claimed.released = person.identities().filter(|known| *known != claim.identity).collect();
            }
        }
        For::Return { confirmed: None, .. } | For::Finding { .. } => return Err(Refusal::not_found("code")),
    }
    claimed.person.extend(
        claimed.released.iter().map(|identity| IdentityUnlinked { identity: *identity, reason: String::new() }.into()),
    );
    if claimed.linked {
        if person.identities().count() - claimed.released.len() >= IDENTITIES_LIMIT {
            let problem = format!("at most `{IDENTITIES_LIMIT}` ways to sign in are kept; unlink one first");
            return Err(Refusal::rule("identities_limit", problem));
        }
        let Claim { identity, issuer, now, .. } = claim;
        claimed.person.push(IdentityLinked { identity, issuer, at: now }.into());
    }
    Ok(claimed)
}

impl Invitation {
    /// Who a claim would be about: whoever is here already, and is invited as if they were new, stays who they are.
    ///
    /// # Errors
    /// That there is no such code.
    pub fn claims_for(&self, known_as: Option<PersonId>) -> Result<PersonId, Refusal> {
        let person = self.person.ok_or_else(|| Refusal::not_found("code"))?;
        Ok(if self.is_return() { person } else { known_as.unwrap_or(person) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::CODE_DAYS;
    use super::super::events::{NewcomerInvited, ReturnConfirmed, ReturnInvited};
    use super::*;
    use crate::Aggregate as _;
    use crate::ids::{AgencyId, StaffId};
    use crate::vocabulary::Worker;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(1_000);
    const SECOND: InvitationId = InvitationId(Uuid::from_u128(4));
    const PERSON: PersonId = PersonId(Uuid::from_u128(1));
    const WORKER: Worker = Worker::new(AgencyId(Uuid::from_u128(10)), StaffId(Uuid::from_u128(11)));

    fn identity(n: u128) -> IdentityId {
        IdentityId(Uuid::from_u128(n))
    }

    fn claims(known_as: Option<PersonId>, confirmed: bool) -> Claim {
        let invitation = InvitationId(Uuid::from_u128(3));
        Claim {
            invitation,
            identity: identity(7),
            issuer: "i".into(),
            known_as,
            confirmed,
            second: Some(SECOND),
            keep_others: false,
            now: NOW,
        }
    }

    fn newcomer() -> InvitationEvent {
        let (name, reach, offer) = ("Ailsa".into(), "07700 900123".into(), "a visit".into());
        let (at, expires) = (NOW, NOW.plus_days(CODE_DAYS));
        NewcomerInvited { person: PERSON, worker: WORKER, name, reach, offer, at, expires }.into()
    }

    fn linked(n: u128) -> PersonEvent {
        IdentityLinked { identity: identity(n), issuer: "i".into(), at: NOW }.into()
    }

    fn registered() -> PersonEvent {
        PersonRegistered { name: "Ailsa".into(), birth_date: None, sensitivity: None }.into()
    }

    fn subject(refused: Result<Claimed, Refusal>) -> String {
        refused.unwrap_err().subject.to_string()
    }

    #[test]
    fn somebody_new_comes_in_once_under_the_name_by_which_they_were_invited() {
        let invitation = Invitation::folded(&[newcomer()]);
        let claimed = claim(&invitation, PERSON, &Person::default(), claims(None, false)).unwrap();
        let names: Vec<_> = claimed.person.iter().map(PersonEvent::name).collect();
        assert_eq!(names, ["PersonRegistered", "PersonInvited", "IdentityLinked"]);
        assert!(claimed.linked && claimed.released.is_empty());
        let used = Invitation::folded(&[vec![newcomer()], claimed.invitation].concat());
        let person = Person::folded(&claimed.person);
        assert_eq!(claim(&used, PERSON, &person, claims(Some(PERSON), false)), Ok(Claimed::default()));
        assert_eq!(subject(claim(&used, PERSON, &person, claims(None, false))), "code");
        let late = Claim { now: NOW.plus_days(CODE_DAYS), ..claims(None, false) };
        assert_eq!(subject(claim(&invitation, PERSON, &Person::default(), late)), "code");
        assert_eq!(subject(claim(&Invitation::default(), PERSON, &Person::default(), claims(None, false))), "code");
    }

    #[test]
    fn whoever_is_here_already_stays_who_they_are_and_confirms_it() {
        let invitation = Invitation::folded(&[newcomer()]);
        let here = PersonId(Uuid::from_u128(99));
        assert_eq!(invitation.claims_for(Some(here)), Ok(here));
        let person = Person::folded(&[registered(), linked(7)]);
        assert_eq!(subject(claim(&invitation, here, &person, claims(Some(here), false))), "confirm_it_is_you");
        let claimed = claim(&invitation, here, &person, claims(Some(here), true)).unwrap();
        let names: Vec<_> = claimed.person.iter().map(PersonEvent::name).collect();
        assert_eq!((names, claimed.linked), (vec!["PersonInvited"], false));
    }

    #[test]
    fn what_was_lost_opens_nothing_once_it_is_replaced() {
        let (reason, expires) = ("she has lost her phone".to_owned(), NOW.plus_days(CODE_DAYS));
        let asked =
            InvitationEvent::from(ReturnInvited { person: PERSON, worker: WORKER, reason: reason.clone(), expires });
        let confirmed = InvitationEvent::from(ReturnConfirmed { author: Author::System, reason, second: Some(SECOND) });
        let person = Person::folded(&[registered(), linked(5), linked(6)]);
        let waits = Invitation::folded(std::slice::from_ref(&asked));
        assert_eq!(subject(claim(&waits, PERSON, &person, claims(None, false))), "code");
        let invitation = Invitation::folded(&[asked, confirmed]);
        assert_eq!(invitation.claims_for(None), Ok(PERSON));
        let claimed = claim(&invitation, PERSON, &person, claims(None, false)).unwrap();
        assert_eq!((claimed.released.as_slice(), claimed.linked), (&[identity(5), identity(6)][..], true));
        // Neither of the two who vouch can take the place alone.
        let alone = Claim { second: None, ..claims(None, false) };
        assert_eq!(subject(claim(&invitation, PERSON, &person, alone)), "code");
        let kept = Claim { keep_others: true, ..claims(None, false) };
        assert!(claim(&invitation, PERSON, &person, kept).unwrap().released.is_empty());
        let another = claims(Some(PersonId(Uuid::from_u128(99))), true);
        assert_eq!(subject(claim(&invitation, PERSON, &person, another)), "identity_of_another");
    }
}
