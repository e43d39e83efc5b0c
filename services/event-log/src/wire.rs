//! A recorded event as bytes, for the bus: fixed fields in big-endian order, then head and body with their lengths.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use uuid::Uuid;

use crate::{Position, Recorded, StreamId, Version};

/// The format's version, and the length of the fixed part after it.
const FORMAT: u8 = 1;
const FIXED: usize = 8 + 2 + 16 + 8 + 4 + 16 + 8 + 16 + 4;

/// Bytes that are not a recorded event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a recorded event of the known format")]
pub struct WireError;

impl Recorded {
    /// The event as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(1 + FIXED + self.head.len() + self.body.len());
        out.put_u8(FORMAT);
        out.put_u64(self.position.0);
        out.put_i16(self.stream.kind);
        out.put_slice(self.stream.id.as_bytes());
        out.put_u64(self.version.0);
        out.put_i32(self.event_type);
        out.put_slice(self.key_id.as_bytes());
        out.put_i64(self.at);
        out.put_slice(self.request.as_bytes());
        // A head is limited with the append that carried it, far below 4 GiB.
        out.put_u32(u32::try_from(self.head.len()).unwrap_or(u32::MAX));
        out.put_slice(&self.head);
        out.put_slice(&self.body);
        out.freeze()
    }

    /// The event that [`Recorded::to_bytes`] wrote. Shares the buffer.
    ///
    /// # Errors
    /// When the bytes are too short, or of another format.
    pub fn from_bytes(mut bytes: Bytes) -> Result<Self, WireError> {
        if bytes.len() < 1 + FIXED || bytes.get_u8() != FORMAT {
            return Err(WireError);
        }
        let uuid = |bytes: &mut Bytes| Uuid::from_u128(bytes.get_u128());
        let position = Position(bytes.get_u64());
        let kind = bytes.get_i16();
        let stream = StreamId { kind, id: uuid(&mut bytes) };
        let version = Version(bytes.get_u64());
        let event_type = bytes.get_i32();
        let key_id = uuid(&mut bytes);
        let at = bytes.get_i64();
        let request = uuid(&mut bytes);
        let head_length = usize::try_from(bytes.get_u32()).unwrap_or(usize::MAX);
        if head_length > bytes.len() {
            return Err(WireError);
        }
        let head = bytes.split_to(head_length);
        Ok(Self { position, stream, version, event_type, key_id, at, request, head, body: bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Recorded {
        Recorded {
            position: Position(7),
            stream: StreamId { kind: 3, id: Uuid::from_u128(5) },
            version: Version(2),
            event_type: 4,
            key_id: Uuid::from_u128(6),
            at: -1,
            request: Uuid::from_u128(8),
            head: Bytes::from_static(b"head"),
            body: Bytes::from_static(b"body!"),
        }
    }

    #[test]
    fn comes_back_whole() {
        assert_eq!(Recorded::from_bytes(event().to_bytes()), Ok(event()));
    }

    #[test]
    fn refuses_every_shortened_fixed_part_and_never_panics() {
        let bytes = event().to_bytes();
        for length in 0..=FIXED {
            assert_eq!(Recorded::from_bytes(bytes.slice(..length)), Err(WireError));
        }
        assert_eq!(Recorded::from_bytes(bytes.slice(..FIXED + 3)), Err(WireError));
        assert_eq!(Recorded::from_bytes(Bytes::from_static(&[0xff; 200])), Err(WireError));
    }
}
