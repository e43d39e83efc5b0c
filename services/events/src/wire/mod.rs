//! Domain events to and from protobuf, one file for each kind of stream.

mod access;
mod agency;
mod consultation;
mod emergency;
mod field;
mod identity;
mod invitation;
mod issuers;
mod notices;
mod operations;
mod person;
mod query;
mod relationship;
mod request;
mod sharing;
mod sign_in;
mod staff;
mod survey;

pub(crate) use field::{Field, worker};

/// Stored bytes that are not what they should be; names the part, never its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// They are broken.
    #[error("a stored event cannot be read: `{0}`")]
    Broken(&'static str),
    /// They say something that this version has no word for: a kind, a type, a schema or a value that came later.
    #[error("a stored event is of a newer version than this: `{0}`")]
    Newer(&'static str),
}

/// An event that can be stored.
pub trait Stored: Sized {
    /// The stored type code. Never reused.
    fn code(&self) -> i32;

    /// The bytes to seal, in the newest schema.
    fn encode(&self) -> Vec<u8>;

    /// The event of this type code, from bytes of this schema version.
    ///
    /// # Errors
    /// When the type or version is not known, or the bytes do not fit it.
    fn decode(code: i32, schema: u32, bytes: &[u8]) -> Result<Self, DecodeError>;

    /// One of each event, with values that follow from the names of its fields: what the golden bytes are of.
    #[cfg(feature = "samples")]
    fn samples() -> Vec<Self>;
}

/// The schema version that is written today, of every event. The first event to get a second one brings its own.
pub(crate) const SCHEMA: u32 = 1;

/// Maps each event of an enum to the message of the same name, field by field, under its type code. A worker is stored as
/// two fields, `agency` and `staff`: `+ worker` says so.
macro_rules! wire_event {
    ($enum:ident { $($code:literal => $event:ident { $($field:ident),* $(,)? } $(+ $worker:ident)?),+ $(,)? }) => {
        impl crate::Stored for $enum {
            fn code(&self) -> i32 {
                match self { $(Self::$event(_) => $code),+ }
            }

            fn encode(&self) -> Vec<u8> {
                use prost::Message as _;
                #[allow(unused_imports, reason = "some events have no fields")]
                use crate::wire::Field as _;
                match self {
                    $(Self::$event($event { $($field,)* $($worker)? }) => pb::$event {
                        $($field: $field.to_wire(),)*
                        $(agency: $worker.agency().to_wire(), staff: $worker.staff().to_wire(),)?
                    }
                    .encode_to_vec()),+
                }
            }

            fn decode(code: i32, schema: u32, bytes: &[u8]) -> Result<Self, crate::DecodeError> {
                use prost::Message as _;
                #[allow(unused_imports, reason = "some events have no fields")]
                use crate::wire::Field as _;
                match (code, schema) {
                    $(($code, 1) => {
                        #[allow(unused_variables, reason = "some events have no fields")]
                        let stored = pb::$event::decode(bytes).map_err(|_cause| crate::DecodeError::Broken(stringify!($event)))?;
                        $(let $worker = crate::wire::worker(stored.agency, stored.staff)?;)?
                        Ok($event { $($field: crate::wire::Field::from_wire(stored.$field)?,)* $($worker)? }.into())
                    })+
                    _ => Err(crate::DecodeError::Newer("type")),
                }
            }

            #[cfg(feature = "samples")]
            fn samples() -> Vec<Self> {
                #[allow(unused_imports, reason = "some events have no fields")]
                use crate::samples::Sample as _;
                vec![$($event {
                    $($field: crate::samples::Sample::sample(stringify!($field)),)*
                    $($worker: crate::samples::Sample::sample("worker"),)?
                }
                .into()),+]
            }
        }
    };
}
use wire_event;
