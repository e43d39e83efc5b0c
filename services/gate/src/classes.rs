use std::collections::HashMap;
use std::sync::Arc;

use proto::access::v1::AccessClass;

use crate::Caller;

/// What anybody may call: it tells nothing about anybody; whether it answers with a stream, and is asked on and on. Everything else declares its class in its proto.
const OPEN: [(&str, bool, bool); 4] = [
    ("/grpc.health.v1.Health/Check", false, false),
    ("/grpc.health.v1.Health/Watch", true, false),
    ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", true, true),
    ("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", true, true),
];

/// What kind of RPC a path is.
#[derive(Debug, Clone)]
pub struct Kind {
    /// What it is called where calls are counted: its path, or that there is none.
    pub(crate) name: Arc<str>,
    /// Whom it admits: nobody, if it is not known.
    pub class: AccessClass,
    /// Whether it is answered with a stream, which may go on.
    pub(crate) streams: bool,
    /// Whether it is asked on and on in one call.
    pub(crate) converses: bool,
}

/// The kind of every RPC.
#[derive(Debug)]
pub struct Classes {
    known: HashMap<String, Kind>,
    unknown: Kind,
}

impl Default for Classes {
    fn default() -> Self {
        let declared = proto::rpcs().map(|(method, class)| {
            let (path, streams) = (proto::path(&method), method.is_server_streaming());
            (path.clone(), Kind { name: path.into(), class, streams, converses: false })
        });
        let open = OPEN.map(|(path, streams, converses)| {
            (path.to_owned(), Kind { name: path.into(), class: AccessClass::Public, streams, converses })
        });
        let unknown =
            Kind { name: "unknown".into(), class: AccessClass::Unspecified, streams: false, converses: false };
        Self { known: declared.chain(open).collect(), unknown }
    }
}

impl Classes {
    /// What a path is.
    #[must_use]
    pub fn of(&self, path: &str) -> &Kind {
        self.known.get(path).unwrap_or(&self.unknown)
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
        assert_eq!(classes.of("/alongside.people.v1.PeopleService/DropTables").class, AccessClass::Unspecified);
        assert!(!admits(AccessClass::Unspecified, Caller::Operator(SignInId(Uuid::nil()))));
        assert_eq!(classes.of("/alongside.people.v1.PeopleService/GetSharedPlan").class, AccessClass::StaffRead);
    }
}
