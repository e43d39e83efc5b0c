//! The person's sharing directive, their access history, and emergency access, over gRPC.

mod delivered;
mod emergency;
mod lawful;
mod looked;
mod preview;
mod questions;
mod read;
#[cfg(test)]
mod reading;
mod requests;
mod service;
mod summary;
mod terms;
mod timeline;

use gate::Gate;
use letters::Letters;
use views::Views;

/// The services `SharingService` and `AccessService`.
#[derive(Debug, Clone)]
pub struct SharingServices {
    gate: Gate,
    views: Views,
    letters: Letters,
}

impl SharingServices {
    /// What is said to people.
    pub(crate) fn words(&self) -> summary::Words<'_> {
        summary::Words(self.letters.sentences())
    }

    /// The services on this gate and these views, with what is said to people.
    #[must_use]
    pub fn new(gate: Gate, views: Views, letters: Letters) -> Self {
        Self { gate, views, letters }
    }
}
