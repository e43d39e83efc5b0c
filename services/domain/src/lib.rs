//! The rules of Alongside, as pure functions: no IO, no async, no clock, no logging.
//!
//! Each folder is one aggregate: its events, its state (folded by [`Aggregate::evolve`]), and one file per command
//! with the rules that may refuse it. [`access`] decides who may see what. Terms follow IHE, FHIR, PRSB and GIRFEC.
#![allow(
    missing_docs,
    reason = "a field has the name that the domain gives it, and a comment only where that is not enough"
)]

pub mod access;
pub mod agency;
mod aggregate;
pub mod consultation;
pub mod emergency;
pub mod identity;
pub mod ids;
pub mod invitation;
pub mod issuers;
pub mod notices;
pub mod operations;
pub mod person;
pub mod query;
mod refusal;
pub mod relationship;
pub mod request;
pub mod sharing;
pub mod sign_in;
pub mod staff;
pub mod survey;
mod text;
pub mod values;
pub mod vocabulary;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod scenario;

pub use aggregate::{Aggregate, Command, StreamKind};
pub use refusal::{Reason, Refusal};
