use bus::{BusError, Message};
use event_log::Recorded;

/// The events of what came over the bus, as far as they follow each other after `last`, which moves on with them. Whether that is all:
/// after a hole, another log's message or an error the log has the truth.
pub(crate) fn in_order(chunk: Vec<Result<Message, BusError>>, last: &mut u64) -> (Vec<Recorded>, bool) {
    let mut events = Vec::with_capacity(chunk.len());
    for message in chunk {
        match message.ok().and_then(|message| Recorded::from_bytes(message.payload).ok()) {
            Some(event) if event.position.0 == *last + 1 => {
                *last = event.position.0;
                events.push(event);
            }
            _ => return (events, false),
        }
    }
    (events, true)
}
