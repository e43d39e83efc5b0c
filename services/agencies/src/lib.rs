//! Agencies and their staff, over gRPC.

mod read;
mod service;

use std::sync::Arc;

use gate::{Gate, Issuers, Searches};
use views::Views;

/// The service.
#[derive(Debug, Clone)]
pub struct Agencies {
    gate: Gate,
    views: Views,
    issuers: Arc<Issuers>,
    searches: Arc<Searches>,
}

impl Agencies {
    /// The service on this gate and these views. Staff sign in with these issuers.
    #[must_use]
    pub fn new(gate: Gate, views: Views, issuers: Arc<Issuers>) -> Self {
        Self { gate, views, issuers, searches: Arc::default() }
    }
}
