use domain::ids::{IdentityId, PersonId, SignInId};
use domain::vocabulary::SignedIn;
use events::Actor;

/// Who is calling, as far as a token says it. What they may do is decided later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Caller {
    /// Somebody who runs the system, by the pseudonym of their sign-in.
    Operator(SignInId),
    /// A person.
    Person(PersonId),
    /// Somebody who signed in at an identity provider of people. Whose it is, if it is anybody's, the log says.
    Visitor(IdentityId),
    /// Somebody whom an agency's identity provider vouches for. Whether they work there, the log says.
    Worker(SignedIn),
}

impl Caller {
    /// The same party, as the actor of what they do. A worker's role is added where their standing is known.
    #[must_use]
    pub fn actor(self) -> Actor {
        match self {
            Self::Operator(sign_in) => Actor::operator(sign_in),
            Self::Person(person) => Actor::person(person),
            // Nobody acts as a visitor: who comes in acts as whoever they become.
            Self::Visitor(identity) => Actor::person(PersonId(identity.0)),
            Self::Worker(by) => Actor::worker(by.worker(), ""),
        }
    }
}
