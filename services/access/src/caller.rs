use domain::ids::{AgencyId, PersonId, StaffId};
use rpc::{Error, Reason};
use tonic::Extensions;

/// Who is calling, as far as a token says it. What they may do is decided later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Caller {
    /// Those who run the system.
    Operator,
    /// A person.
    Person(PersonId),
    /// Somebody whom an agency's identity provider vouches for. Whether they are its staff, the log says.
    Staff(AgencyId, StaffId),
}

impl Caller {
    /// The caller of a request that passed [`crate::AccessLayer`].
    ///
    /// # Errors
    /// When there is none.
    pub fn of(extensions: &Extensions) -> Result<Self, Error> {
        let none = || Error::new(Reason::Unauthenticated, "a bearer token is needed");
        extensions.get::<Self>().copied().ok_or_else(none)
    }

    /// The person, when a person calls about themselves.
    ///
    /// # Errors
    /// For any other caller.
    pub fn person(self) -> Result<PersonId, Error> {
        if let Self::Person(person) = self { Ok(person) } else { Err(not_admitted()) }
    }

    /// The agency and the worker, when staff call.
    ///
    /// # Errors
    /// For any other caller.
    pub fn staff(self) -> Result<(AgencyId, StaffId), Error> {
        if let Self::Staff(agency, staff) = self { Ok((agency, staff)) } else { Err(not_admitted()) }
    }
}

pub(crate) fn not_admitted() -> Error {
    Error::new(Reason::CallerNotAdmitted, "this kind of caller may not call this method")
}
