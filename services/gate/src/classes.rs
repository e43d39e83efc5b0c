use std::collections::HashMap;

use proto::access::v1::AccessClass;

use crate::Caller;

/// Paths that anybody may call: they tell nothing about anybody. Everything else declares its class in its proto.
const OPEN: [&str; 3] =
    ["/grpc.health.v1.Health/", "/grpc.reflection.v1.ServerReflection/", "/grpc.reflection.v1alpha.ServerReflection/"];

/// The access class of every RPC.
#[derive(Debug)]
pub struct Classes(HashMap<String, AccessClass>);

impl Default for Classes {
    fn default() -> Self {
        Self(proto::rpcs().map(|(method, class)| (proto::path(&method), class)).collect())
    }
}

impl Classes {
    /// The class of a path; unspecified, which admits nobody, for a path that is not known.
    #[must_use]
    pub fn of(&self, path: &str) -> AccessClass {
        if OPEN.iter().any(|open| path.starts_with(open)) {
            return AccessClass::Public;
        }
        self.0.get(path).copied().unwrap_or(AccessClass::Unspecified)
    }
}

/// Whether a class admits this kind of caller at all.
pub(crate) fn admits(class: AccessClass, caller: Caller) -> bool {
    match class {
        AccessClass::Unspecified => false,
        AccessClass::Public | AccessClass::SignedIn => true,
        AccessClass::Operator => matches!(caller, Caller::Operator(_)),
        AccessClass::Administration => matches!(caller, Caller::Operator(_) | Caller::Worker(_)),
        // Whose it is that a visitor signed in with, the log says.
        AccessClass::Self_ | AccessClass::Newcomer => matches!(caller, Caller::Person(_) | Caller::Visitor(_)),
        // Whether it is a worker or a system that an agency vouches for, the log says.
        AccessClass::StaffRead
        | AccessClass::StaffWrite
        | AccessClass::AgencySystem
        | AccessClass::AgencyAdministrator => matches!(caller, Caller::Worker(_)),
        AccessClass::Contribute => matches!(caller, Caller::Person(_) | Caller::Visitor(_) | Caller::Worker(_)),
    }
}

/// Whether a class admits somebody who has signed in, and is nobody here.
pub(crate) fn admits_visitors(class: AccessClass) -> bool {
    matches!(class, AccessClass::Public | AccessClass::SignedIn | AccessClass::Newcomer)
}

#[cfg(test)]
mod tests {
    use domain::ids::SignInId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_unknown_path_admits_nobody() {
        let classes = Classes::default();
        assert_eq!(classes.of("/alongside.people.v1.PeopleService/DropTables"), AccessClass::Unspecified);
        assert!(!admits(AccessClass::Unspecified, Caller::Operator(SignInId(Uuid::nil()))));
        assert_eq!(classes.of("/alongside.people.v1.PeopleService/GetSharedPlan"), AccessClass::StaffRead);
    }
}
