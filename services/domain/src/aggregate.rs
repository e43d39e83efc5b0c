//! What every aggregate has in common.

use uuid::Uuid;

use crate::Refusal;

/// The kinds of stream. The code is stored: never reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i16)]
pub enum StreamKind {
    /// A person's record.
    Person = 1,
    /// A person's sharing directive.
    Sharing = 2,
    /// Receipts about a person's record: facts that nobody folds.
    Access = 3,
    /// A person's question about a receipt.
    Query = 4,
    /// The emergencies that one worker declared.
    Emergency = 5,
    /// A support relationship.
    Relationship = 6,
    /// A consultation.
    Consultation = 7,
    /// An agency.
    Agency = 8,
    /// A worker.
    Staff = 9,
    /// A subject of an agency's identity provider.
    SignIn = 10,
    /// A caller's request.
    Request = 11,
    /// The identity providers of all agencies.
    Issuers = 12,
    /// What those who run the system have done: facts that nobody folds.
    Operations = 13,
    /// What a person is told of, and where.
    Notices = 14,
    /// A subject of an identity provider of people.
    Identity = 15,
    /// A one-time code.
    Invitation = 16,
    /// A question to everybody whom an agency supports.
    Survey = 17,
    /// What one person answered to such questions.
    Answers = 18,
}

impl StreamKind {
    /// Every kind.
    pub const ALL: [Self; 18] = [
        Self::Person,
        Self::Sharing,
        Self::Access,
        Self::Query,
        Self::Emergency,
        Self::Relationship,
        Self::Consultation,
        Self::Agency,
        Self::Staff,
        Self::SignIn,
        Self::Request,
        Self::Issuers,
        Self::Operations,
        Self::Notices,
        Self::Identity,
        Self::Invitation,
        Self::Survey,
        Self::Answers,
    ];

    /// Whether its events are folded into a state, each at the one place where it was decided. Others are facts, which may
    /// stand anywhere in their stream.
    #[must_use]
    pub const fn is_folded(self) -> bool {
        !matches!(self, Self::Access | Self::Operations)
    }

    /// Whether its words are an agency's own, sealed with the agency's key. All others are about a person, and go with them.
    #[must_use]
    pub const fn is_of_agency(self) -> bool {
        matches!(
            self,
            Self::Emergency
                | Self::Agency
                | Self::Staff
                | Self::SignIn
                | Self::Issuers
                | Self::Operations
                | Self::Survey
        )
    }

    /// The stored code.
    #[must_use]
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// The kind with this code.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// A consistency boundary: its state is a fold of its events.
pub trait Aggregate: Default + Clone + Send + Sync + 'static {
    /// What names it: the id of its stream.
    type Id: Copy + std::fmt::Debug + Into<Uuid> + Send + Sync + 'static;

    /// What can have happened to it.
    type Event: Clone + Send + Sync + 'static;

    /// The kind of its streams.
    const KIND: StreamKind;

    /// Takes in what has happened. Never fails: an event is a fact.
    fn evolve(&mut self, event: &Self::Event);

    /// The state after `events`.
    fn folded<'a>(events: impl IntoIterator<Item = &'a Self::Event>) -> Self {
        let mut state = Self::default();
        for event in events {
            state.evolve(event);
        }
        state
    }
}

/// A wish to change an aggregate.
pub trait Command {
    /// What it changes.
    type Aggregate: Aggregate;

    /// What happens, given the state; nothing when there is nothing left to do.
    ///
    /// # Errors
    /// The rule that refuses it.
    fn decide(self, state: &Self::Aggregate) -> Result<Vec<<Self::Aggregate as Aggregate>::Event>, Refusal>;
}

/// Declares an aggregate's event enum: one variant for each event struct, with a conversion from it.
#[macro_export]
#[doc(hidden)]
macro_rules! event_enum {
    ($(#[$doc:meta])* $name:ident { $($variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each variant is documented by the struct of the same name")]
        pub enum $name { $($variant($variant)),+ }

        $(impl From<$variant> for $name {
            fn from(event: $variant) -> Self {
                Self::$variant(event)
            }
        })+

        impl $name {
            /// The event's name, as in the domain language.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => stringify!($variant)),+ }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_found_by_its_code_and_no_two_share_one() {
        for kind in StreamKind::ALL {
            assert_eq!(StreamKind::from_code(kind.code()), Some(kind));
        }
        let stored: Vec<_> = StreamKind::ALL.into_iter().map(StreamKind::code).collect();
        assert_eq!((stored, StreamKind::from_code(0)), ((1..=18).collect(), None));
    }
}
