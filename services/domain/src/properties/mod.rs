//! Whatever is wished in whatever order: no history that was accepted breaks a rule, and what is folded as it happens is what is folded from the
//! beginning. That a refused command changes nothing is in the types: it is given the state to read, and returns no event.
#![allow(
    clippy::wildcard_enum_match_arm,
    clippy::manual_is_multiple_of,
    reason = "what is told of an event is told of a few; and what dice say is a remainder"
)]

mod consultation;
mod person;
mod sharing;

use std::fmt::Debug;

use proptest::prelude::*;

use crate::{Aggregate, Refusal};

/// What one wish is made of: which command, of what, by whom, and how.
type Dice = [u8; 4];

/// As many runs as find what a few hundred miss; a run that failed is told in full, and kept nowhere.
fn config() -> ProptestConfig {
    ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() }
}

/// A run of wishes.
fn wishes() -> impl Strategy<Value = Vec<Dice>> {
    prop::collection::vec(any::<Dice>(), 1..80)
}

/// Carries wishes out, one after the other. `check` sees what happened before each event that was accepted, and the event.
fn play<A: Aggregate<Event: Debug> + Debug>(
    begin: impl IntoIterator<Item = A::Event>,
    wishes: &[Dice],
    wish: impl Fn(&A, Dice) -> Result<Vec<A::Event>, Refusal>,
    check: impl Fn(&[A::Event], &A::Event),
) -> Vec<A::Event> {
    let (mut live, mut history) = (A::default(), Vec::new());
    for event in begin {
        live.evolve(&event);
        history.push(event);
    }
    for dice in wishes {
        let Ok(events) = wish(&live, *dice) else { continue };
        for event in events {
            check(&history, &event);
            live.evolve(&event);
            history.push(event);
        }
    }
    assert_eq!(format!("{live:?}"), format!("{:?}", A::folded(&history)), "a rebuild is as it was live");
    history
}
