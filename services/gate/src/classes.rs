use std::collections::HashMap;
use std::sync::Arc;

use prost_reflect::MethodDescriptor;
use proto::access::v1::AccessClass;

use crate::Caller;

/// Services that anybody may call: they tell nothing about anybody. Everything else declares its class in its proto.
const OPEN: [&str; 3] =
    ["/grpc.health.v1.Health/", "/grpc.reflection.v1.ServerReflection/", "/grpc.reflection.v1alpha.ServerReflection/"];
/// What of them answers with a stream.
const OPEN_STREAMS: [&str; 3] = [
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// The access class of every RPC.
#[derive(Debug)]
pub struct Classes(HashMap<String, Kind>);

/// What kind of RPC it is.
#[derive(Debug, Clone)]
struct Kind {
    /// Its path, for whoever counts.
    path: Arc<str>,
    class: AccessClass,
    streams: bool,
}

impl Default for Classes {
    fn default() -> Self {
        let kind = |(method, class): (MethodDescriptor, AccessClass)| {
            let path: Arc<str> = proto::path(&method).into();
            (path.to_string(), Kind { path, class, streams: method.is_server_streaming() })
        };
        Self(proto::rpcs().map(kind).collect())
    }
}

impl Classes {
    /// The class of a path; unspecified, which admits nobody, for a path that is not known.
    #[must_use]
    pub fn of(&self, path: &str) -> AccessClass {
        if OPEN.iter().any(|open| path.starts_with(open)) {
            return AccessClass::Public;
        }
        self.0.get(path).map_or(AccessClass::Unspecified, |kind| kind.class)
    }

    /// The path, if it is one that there is.
    pub(crate) fn named(&self, path: &str) -> Option<Arc<str>> {
        let is_open = || OPEN.iter().any(|open| path.starts_with(open)).then(|| Arc::from("public"));
        self.0.get(path).map(|kind| kind.path.clone()).or_else(is_open)
    }

    /// Whether a path is asked on and on in one call.
    #[must_use]
    pub fn converses(&self, path: &str) -> bool {
        path.ends_with("/ServerReflectionInfo") && OPEN_STREAMS.contains(&path)
    }

    /// Whether a path is answered with a stream, which may go on.
    #[must_use]
    pub fn streams(&self, path: &str) -> bool {
        OPEN_STREAMS.contains(&path) || self.0.get(path).is_some_and(|kind| kind.streams)
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
