//! How much one person asks for at once: whoever holds a page's reload key stops nobody else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many pages of one person are made at a time: as many as a browser asks for.
const AT_ONCE: usize = 6;

type Of = [u8; 32];

/// The pages that are being made, by whose they are.
#[derive(Clone, Default)]
pub(crate) struct Turns(Arc<Mutex<HashMap<Of, usize>>>);

/// One page that is being made, until it is dropped.
pub(crate) struct Turn {
    turns: Turns,
    of: Of,
}

impl Turns {
    /// One more page of theirs; none when there are enough.
    pub(crate) fn take(&self, of: Of) -> Option<Turn> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = all.entry(of).or_insert(0);
        if *theirs == AT_ONCE {
            return None;
        }
        *theirs += 1;
        Some(Turn { turns: self.clone(), of })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut all = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(theirs) = all.get_mut(&self.of) {
            *theirs -= 1;
            if *theirs == 0 {
                all.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_so_many_turns_at_a_time_and_takes_none_of_anothers() {
        let turns = Turns::default();
        let mut held: Vec<_> = (0..AT_ONCE).map(|_| turns.take([1; 32]).unwrap()).collect();
        assert!(turns.take([1; 32]).is_none() && turns.take([2; 32]).is_some());
        held.pop();
        assert!(turns.take([1; 32]).is_some());
        drop(held);
        assert!(turns.0.lock().unwrap().is_empty());
    }
}
