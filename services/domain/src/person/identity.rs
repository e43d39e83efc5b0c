//! What a person signs in with: subjects of identity providers, each of which can be unlinked.

use super::{Person, PersonEvent};
use crate::ids::{IdentityId, InvitationId};
use crate::text::explained;
use crate::vocabulary::{Timestamp, Worker};
use crate::{Command, Refusal};

/// The most ways to sign in that one person has.
pub const IDENTITIES_LIMIT: usize = 10;

/// A worker invited the person, who took it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonInvited {
    /// The invitation.
    pub invitation: InvitationId,
    pub worker: Worker,
    /// When they did.
    pub invited_at: Timestamp,
    /// The name that the worker knew them by.
    pub name: String,
    /// How the worker reached them.
    pub reach: String,
    /// What the worker offered.
    pub offer: String,
}

/// The person signs in with it from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityLinked {
    pub identity: IdentityId,
    /// Its issuer.
    pub issuer: String,
    /// When.
    pub at: Timestamp,
}

/// The person does not sign in with it any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityUnlinked {
    pub identity: IdentityId,
    /// Why, where those who run the system did it; empty when the person did.
    pub reason: String,
}

/// The person unlinks something that they sign in with. The last one stays: they would be shut out.
#[derive(Debug, Clone)]
pub struct UnlinkIdentity {
    pub identity: IdentityId,
}

/// Those who run the system unlink all of it: the person has told them that somebody else may have what they sign in with. Nobody signs in as the
/// person from then on, until two vouch for them.
#[derive(Debug, Clone)]
pub struct UnlinkAll {
    /// Why, in words that the person reads.
    pub reason: String,
}

/// The shortest reason, in characters.
const REASON_LEAST: usize = 20;

impl Command for UnlinkAll {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        explained("reason", &self.reason, REASON_LEAST)?;
        let unlinked = |identity| IdentityUnlinked { identity, reason: self.reason.clone() }.into();
        Ok(state.identities().map(unlinked).collect())
    }
}

impl Person {
    /// What they sign in with.
    pub fn identities(&self) -> impl Iterator<Item = IdentityId> {
        self.identities.keys().copied()
    }

    /// The same, with its issuer and since when.
    pub fn signs_in_with(&self) -> impl Iterator<Item = (IdentityId, &str, Timestamp)> {
        self.identities.iter().map(|(identity, (issuer, at))| (*identity, issuer.as_str(), *at))
    }
}

impl Command for UnlinkIdentity {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        let identity = self.identity;
        if !state.identities.contains_key(&identity) {
            return Ok(vec![]);
        }
        if state.identities.len() == 1 {
            return Err(Refusal::rule("last_identity", "this is all that you sign in with: link another one first"));
        }
        Ok(vec![IdentityUnlinked { identity, reason: String::new() }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::registered;
    use super::*;
    use crate::Reason;
    use crate::scenario::given;
    use uuid::Uuid;

    #[test]
    fn all_but_the_last_can_be_unlinked_once() {
        let identity = |n| IdentityId(Uuid::from_u128(n));
        let linked =
            |n| PersonEvent::from(IdentityLinked { identity: identity(n), issuer: "i".into(), at: Timestamp(1) });
        let unlink = |n| UnlinkIdentity { identity: identity(n) };
        let unlinked = PersonEvent::from(IdentityUnlinked { identity: identity(1), reason: String::new() });
        given([registered(), linked(1)]).when(unlink(1)).then_refused(Reason::Rule, "last_identity");
        given([registered(), linked(1), linked(2)]).when(unlink(1)).then([unlinked.clone()]);
        given([registered(), linked(1), linked(2), unlinked]).when(unlink(1)).then_nothing();
    }
}
