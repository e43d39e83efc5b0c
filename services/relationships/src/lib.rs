//! Support relationships, over gRPC.

mod departures;
mod on_their_word;
mod read;
mod service;

use gate::Gate;
use views::Views;

pub use departures::Settler;

/// The service.
#[derive(Debug, Clone)]
pub struct Relationships {
    gate: Gate,
    views: Views,
    /// For how many days a proposal waits for an answer.
    lapses_after_days: u32,
}

impl Relationships {
    /// The service on this gate and these views. A proposal waits so many days for an answer.
    #[must_use]
    pub fn new(gate: Gate, views: Views, lapses_after_days: u32) -> Self {
        Self { gate, views, lapses_after_days }
    }
}
