//! Who may see what now: a pure function of the person's directive and the worker's standing, with its reasons.

mod answer_recall;
mod contribute;
mod decision;
pub mod events;
mod preview;
mod system;

pub use answer_recall::AnswerRecall;
pub use contribute::Contribute;
#[cfg(test)]
pub(crate) use decision::scope_of;
pub use decision::{Ask, Decision, Scope, decide};
pub use preview::{Covers, seen};
pub use system::{
    Standing, SystemAsk, SystemScope, decide_for_system, tells_system_of, whom_it_relies_on, whom_to_ask,
};

use crate::ids::PersonId;
use crate::{Aggregate, StreamKind};

/// The receipts about one person. Append-only and never folded: it has no state.
#[derive(Debug, Clone, Default)]
pub struct Access;

impl Aggregate for Access {
    type Id = PersonId;
    type Event = events::AccessEvent;

    const KIND: StreamKind = StreamKind::Access;

    fn evolve(&mut self, _: &Self::Event) {}
}
