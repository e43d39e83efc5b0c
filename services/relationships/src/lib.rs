//! Support relationships, over gRPC.

mod read;
mod service;

use gate::Gate;
use views::Views;

/// The service.
#[derive(Debug, Clone)]
pub struct Relationships {
    gate: Gate,
    views: Views,
}

impl Relationships {
    /// The service on this gate and these views.
    #[must_use]
    pub fn new(gate: Gate, views: Views) -> Self {
        Self { gate, views }
    }
}
