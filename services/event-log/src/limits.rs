/// The limits of a log.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Appends that may wait for their batch. More are refused at once: waiting longer would only hide the overload.
    pub queue: usize,
    /// Events in one batch: beyond this a batch gains nothing, and its neighbours wait longer.
    pub batch_events: usize,
    /// Bytes of heads and bodies in one batch.
    pub batch_bytes: usize,
    /// Events in one append.
    pub append_events: usize,
    /// Bytes of heads and bodies in one append.
    pub append_bytes: usize,
    /// Streams and guards in one append.
    pub append_streams: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue: 8_192,
            batch_events: 1_024,
            batch_bytes: 4 << 20,
            append_events: 4_096,
            append_bytes: 8 << 20,
            append_streams: 512,
        }
    }
}
