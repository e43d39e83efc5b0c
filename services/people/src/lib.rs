//! The person's record, over gRPC.

mod joining;
mod plan;
mod read;
mod service;
mod wire;

use gate::Gate;
use letters::Letters;
use views::Views;

/// The service.
#[derive(Debug, Clone)]
pub struct People {
    gate: Gate,
    views: Views,
    letters: Letters,
}

impl People {
    /// The service on this gate and these views.
    #[must_use]
    pub fn new(gate: Gate, views: Views, letters: Letters) -> Self {
        Self { gate, views, letters }
    }
}
