use domain::ids::{AgencyId, PersonId, StaffId, derived_id};
use rpc::{Error, Reason};
use tonic::Extensions;
use uuid::Uuid;

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

/// The path of the method that is called: what scopes a request id.
#[derive(Debug, Clone)]
pub(crate) struct Method(pub(crate) String);

/// The id in a `request_id` field, made the method's own: used again with another method it is another request.
///
/// # Errors
/// When it is not a UUID.
pub fn request_id(extensions: &Extensions, text: &str) -> Result<Uuid, Error> {
    let id = rpc::id("request_id", text)?;
    let method = extensions.get::<Method>().map(|method| method.0.as_bytes());
    Ok(derived_id(id, &[method.unwrap_or_default()]))
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
