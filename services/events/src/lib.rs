//! Events as they are stored: a domain event as protobuf, sealed with its subject's key, under a header that is
//! readable without one. A stored format is for ever: `golden/` holds the bytes of every event, and a new version of
//! an event comes with its upcast.

mod carried;
mod codec;
mod event;
mod header;
#[cfg(feature = "samples")]
mod samples;
mod wire;

pub use carried::Carrier;
pub use codec::{Codec, CodecError, Envelope, Place};
pub use event::Event;
pub use header::{Actor, ActorKind, Header};
pub use wire::{DecodeError, Stored};
