//! Consultations, over gRPC.

mod letter;
mod others;
mod read;
mod service;
mod surveys;

use gate::Gate;
use letters::Letters;
use views::Views;

/// The service.
#[derive(Debug, Clone)]
pub struct Consultations {
    gate: Gate,
    views: Views,
    letters: Letters,
}

impl Consultations {
    /// The service on this gate and these views.
    #[must_use]
    pub fn new(gate: Gate, views: Views, letters: Letters) -> Self {
        Self { gate, views, letters }
    }
}
