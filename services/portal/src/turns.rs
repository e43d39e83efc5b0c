//! How much one person, or one address, has at once: whoever holds a page's reload key stops nobody else.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// What is being done, by whose it is, so much at a time.
#[derive(Clone)]
pub(crate) struct Turns<Of: Eq + Hash> {
    all: Arc<Mutex<HashMap<Of, usize>>>,
    at_once: usize,
}

/// One thing that is being done, until it is dropped.
pub(crate) struct Turn<Of: Eq + Hash> {
    turns: Turns<Of>,
    of: Of,
}

impl<Of: Eq + Hash + Copy> Turns<Of> {
    /// So many at a time of each.
    pub(crate) fn new(at_once: usize) -> Self {
        Self { all: Arc::default(), at_once }
    }

    /// One more of theirs; none when there are enough.
    pub(crate) fn take(&self, of: Of) -> Option<Turn<Of>> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = all.entry(of).or_insert(0);
        if *theirs == self.at_once {
            return None;
        }
        *theirs += 1;
        Some(Turn { turns: Turns { all: self.all.clone(), at_once: self.at_once }, of })
    }
}

impl<Of: Eq + Hash> Drop for Turn<Of> {
    fn drop(&mut self) {
        let mut all = self.turns.all.lock().unwrap_or_else(PoisonError::into_inner);
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
        let turns = Turns::new(6);
        let mut held: Vec<_> = (0..6).map(|_| turns.take([1; 32]).unwrap()).collect();
        assert!(turns.take([1; 32]).is_none() && turns.take([2; 32]).is_some());
        held.pop();
        assert!(turns.take([1; 32]).is_some());
        drop(held);
        assert!(turns.all.lock().unwrap().is_empty());
    }
}
