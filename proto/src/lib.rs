//! The wire: generated messages and services, the descriptor set, and the access class that each RPC declares.

use std::sync::LazyLock;

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor};
use prost_types::FileDescriptorSet;

/// Declares the module of one protobuf package.
macro_rules! package {
    ($(#[$doc:meta])* $name:ident, $package:literal) => {
        $(#[$doc])*
        pub mod $name {
            /// Version 1.
            #[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, clippy::allow_attributes_without_reason, rustdoc::all, reason = "generated code")]
            pub mod v1 {
                tonic::include_proto!($package);
            }
        }
    };
}

package! {
    /// Access history, emergency access, and the words that all services share.
    access, "alongside.access.v1"
}
package! {
    /// Agencies and their staff.
    agencies, "alongside.agencies.v1"
}
package! {
    /// The person's record.
    people, "alongside.people.v1"
}
package! {
    /// The person's sharing directive.
    sharing, "alongside.sharing.v1"
}
package! {
    /// Support relationships.
    relationships, "alongside.relationships.v1"
}
package! {
    /// Consultations.
    consultations, "alongside.consultations.v1"
}
package! {
    /// Feeds of agencies' systems.
    feeds, "alongside.feeds.v1"
}
package! {
    /// What a person is told of.
    notices, "alongside.notices.v1"
}
package! {
    /// Stored payloads. Never imported by the services' protos.
    events, "alongside.events.v1"
}
package! {
    /// The documented reasons of errors.
    errors, "alongside.errors.v1"
}

/// A message whose texts can be gone through.
pub trait Texts {
    /// Visits each text of the message, and of the messages in it.
    fn texts(&mut self, visit: &mut dyn FnMut(&mut String));
}
include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// The encoded `google.protobuf.FileDescriptorSet` of every file, options included.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The descriptor set, decoded once.
#[must_use]
pub fn descriptors() -> &'static DescriptorPool {
    static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
        // A set that the build script wrote always decodes; an empty pool would refuse every call.
        DescriptorPool::decode(DESCRIPTOR_SET).unwrap_or_default()
    });
    &POOL
}

/// A message by its full name, as others read it: it is serialized as proto3's canonical JSON. None when there is no message of that name.
#[must_use]
pub fn readable(name: &str, message: &impl prost::Message) -> Option<DynamicMessage> {
    let known = descriptors().get_message_by_name(name)?;
    DynamicMessage::decode(known, message.encode_to_vec().as_slice()).ok()
}

/// The files of the API, as reflection tells them: without how events are stored, which is nobody's business.
#[must_use]
pub fn public_files() -> FileDescriptorSet {
    let mut files = FileDescriptorSet::decode(DESCRIPTOR_SET).unwrap_or_default();
    files.file.retain(|file| file.package() != "alongside.events.v1");
    files
}

/// Every RPC that this project serves, with the class of caller that it admits.
pub fn rpcs() -> impl Iterator<Item = (MethodDescriptor, access::v1::AccessClass)> {
    let class = descriptors().get_extension_by_name("alongside.access.v1.access_class");
    descriptors().services().flat_map(|s| s.methods().collect::<Vec<_>>()).map(move |method| {
        let declared = class.as_ref().and_then(|c| method.options().get_extension(c).as_enum_number());
        let class = declared.and_then(|n| access::v1::AccessClass::try_from(n).ok());
        (method, class.unwrap_or(access::v1::AccessClass::Unspecified))
    })
}

/// The path by which an RPC is called over HTTP/2.
#[must_use]
pub fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_the_api_stand_by_themselves_and_tell_of_no_stored_event() {
        let public = DescriptorPool::from_file_descriptor_set(public_files()).unwrap();
        assert_eq!(public.services().count(), descriptors().services().count());
        assert!(public.all_messages().all(|message| message.parent_file().package_name() != "alongside.events.v1"));
    }

    #[test]
    fn every_rpc_declares_an_access_class() {
        let without: Vec<_> =
            rpcs().filter(|(_, c)| *c == access::v1::AccessClass::Unspecified).map(|(m, _)| path(&m)).collect();
        assert!(without.is_empty(), "no access class: {without:?}");
        assert!(rpcs().count() > 40);
    }

    #[test]
    fn every_text_is_visited_wherever_it_stands() {
        use sharing::v1::{GrantProvisionRequest, ProvisionActor, ProvisionTerms, provision_actor::Actor};
        let actor = Some(ProvisionActor { actor: Some(Actor::Role("role".into())) });
        let terms = Some(ProvisionTerms { actor, labels: vec!["one".into(), "two".into()], ..Default::default() });
        let mut seen = Vec::new();
        GrantProvisionRequest { request_id: "id".into(), terms, ..Default::default() }
            .texts(&mut |text| seen.push(text.clone()));
        seen.sort();
        assert_eq!(seen, ["id", "one", "role", "two"]);
    }

    #[test]
    fn every_write_has_a_request_id_and_answers_with_a_position() {
        for (method, _) in rpcs() {
            let reads = method.input().get_field_by_name("at_least_position").is_some();
            let retries = method.input().get_field_by_name("request_id").is_some();
            // What never changes needs no position; what comes as it happens, and that it has come, is safe to say again by itself.
            let fixed = method.input().fields().next().is_none() || method.is_server_streaming();
            let fixed = fixed || method.name() == "Acknowledge";
            assert!(reads != retries || fixed, "{} is neither a read nor a write", path(&method));
            if retries {
                assert!(method.output().get_field_by_name("position").is_some(), "{}", path(&method));
            }
        }
    }
}
