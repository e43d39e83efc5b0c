use bus::{BusError, Message};
use event_log::Recorded;
use events::Carrier;

/// The events of what came over the bus, as far as they follow each other after `last`, which moves on with them. Whether that is all:
/// after a hole, an error, or what this system did not carry, the log has the truth.
pub(crate) fn in_order(
    chunk: Vec<Result<Message, BusError>>,
    carrier: &Carrier,
    last: &mut u64,
) -> (Vec<Recorded>, bool) {
    let mut events = Vec::with_capacity(chunk.len());
    for message in chunk {
        match message.ok().and_then(|message| carrier.take(message.payload)) {
            Some(event) if event.position.0 == *last + 1 => {
                *last = event.position.0;
                events.push(event);
            }
            _ => return (events, false),
        }
    }
    (events, true)
}
