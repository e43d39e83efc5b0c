//! Recorded events on their way over the bus, which anybody may write to who reaches it: what it carries is taken for true only with the
//! system's own mark on it.

use bytes::{BufMut as _, Bytes, BytesMut};
use event_log::Recorded;
use uuid::Uuid;
use vault::Pseudonyms;

/// What makes and checks marks, for one epoch of the log: what was carried of another is none of this one.
#[derive(Debug, Clone)]
pub struct Carrier {
    secret: Pseudonyms,
    epoch: Uuid,
}

/// How long a mark is, in bytes.
const MARK: usize = 16;

impl Carrier {
    /// Carries events of this epoch, under the system's own secret: [`vault::Vault::pseudonyms`].
    #[must_use]
    pub fn new(secret: Pseudonyms, epoch: Uuid) -> Self {
        Self { secret, epoch }
    }

    /// Of which epoch it carries events.
    #[must_use]
    pub fn epoch(&self) -> Uuid {
        self.epoch
    }

    fn mark(&self, event: &[u8]) -> Uuid {
        self.secret.of("carried event", &[self.epoch.as_bytes(), event])
    }

    /// The event with its mark.
    #[must_use]
    pub fn carry(&self, event: &Recorded) -> Bytes {
        let event = event.to_bytes();
        let mut carried = BytesMut::with_capacity(event.len() + MARK);
        carried.put_slice(self.mark(&event).as_bytes());
        carried.put_slice(&event);
        carried.freeze()
    }

    /// The event that was carried; none when its mark is not of this system and epoch.
    #[must_use]
    pub fn take(&self, mut carried: Bytes) -> Option<Recorded> {
        if carried.len() < MARK {
            return None;
        }
        let mark = carried.split_to(MARK);
        if self.mark(&carried).as_bytes() != mark.as_ref() {
            return None;
        }
        Recorded::from_bytes(carried).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event_log::{Position, StreamId, Version};

    #[test]
    fn only_what_this_system_carried_in_this_epoch_is_taken() {
        let carrier = |secret: u8, epoch| Carrier::new(Pseudonyms::new(&[secret; 32]), Uuid::from_u128(epoch));
        let event = Recorded {
            position: Position(7),
            stream: StreamId { kind: 3, id: Uuid::from_u128(5) },
            version: Version(2),
            event_type: 4,
            key_id: Uuid::from_u128(6),
            at: -1,
            request: Uuid::from_u128(8),
            head: Bytes::from_static(b"head"),
            body: Bytes::from_static(b"body!"),
        };
        let carried = carrier(1, 1).carry(&event);
        assert_eq!(carrier(1, 1).take(carried.clone()), Some(event.clone()));
        assert_eq!((carrier(2, 1).take(carried.clone()), carrier(1, 2).take(carried.clone())), (None, None));
        assert_eq!(carrier(1, 1).take(event.to_bytes()), None, "bare");
        for at in 0..carried.len() {
            let mut altered = carried.to_vec();
            altered[at] ^= 1;
            assert_eq!(carrier(1, 1).take(altered.into()), None, "{at}");
        }
    }
}
