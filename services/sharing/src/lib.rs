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

use std::sync::Arc;

use gate::Gate;
use letters::Letters;
use sentences::Sentences;
use views::Views;

/// The services `SharingService` and `AccessService`.
#[derive(Debug, Clone)]
pub struct SharingServices {
    gate: Gate,
    views: Views,
    sentences: Arc<Sentences>,
    letters: Letters,
}

impl SharingServices {
    /// What is said to people.
    pub(crate) fn words(&self) -> summary::Words<'_> {
        summary::Words(&self.sentences)
    }

    /// The services on this gate and these views.
    #[must_use]
    pub fn new(gate: Gate, views: Views) -> Self {
        Self { gate, views, sentences: Arc::new(Sentences::english()), letters: Letters::english() }
    }
}
