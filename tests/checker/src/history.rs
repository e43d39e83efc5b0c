use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use domain::ids::{PersonId, ReceiptId};
use domain::vocabulary::Worker;
use uuid::Uuid;

/// A moment of a run: microseconds since it began, on the clock of the one process that has all its callers.
pub type Moment = u64;

/// One call, as its caller saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// When it was made.
    pub begun: Moment,
    /// When it was answered; none when it never was: it may have happened or not.
    pub ended: Option<Moment>,
    /// What it was, and what came of it.
    pub what: What,
}

/// What a call was, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Something was written.
    Write {
        /// Who writes one after the other.
        client: u32,
        /// The caller's id for it.
        request: Uuid,
        /// The position of the acknowledgement, if there was one.
        acknowledged: Option<u64>,
    },
    /// What a worker may see of a person was opened or closed: all of it.
    Change {
        /// The person.
        person: PersonId,
        /// The worker.
        by: Worker,
        /// Whether it was opened.
        opens: bool,
        /// The caller's id for it.
        request: Uuid,
        /// The position of the acknowledgement, if there was one.
        acknowledged: Option<u64>,
    },
    /// Somebody looked.
    Look(Look),
}

/// A look at a person's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whose record it is.
    pub person: PersonId,
    /// The worker; none when the person looked.
    pub by: Option<Worker>,
    /// The receipt that the answer names, and how many entries it disclosed; none when it was refused or never came.
    pub disclosed: Option<(ReceiptId, u32)>,
}

/// The calls of a run, as they are made by many callers at once.
#[derive(Debug)]
pub struct History {
    began: Instant,
    calls: Mutex<Vec<Call>>,
}

impl Default for History {
    fn default() -> Self {
        Self { began: Instant::now(), calls: Mutex::default() }
    }
}

impl History {
    /// Now.
    #[must_use]
    pub fn now(&self) -> Moment {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(Moment::MAX)
    }

    /// Keeps a call that began then. `answered` says whether an answer came, of whatever kind.
    pub fn keep(&self, begun: Moment, answered: bool, what: What) {
        let call = Call { begun, ended: answered.then(|| self.now()), what };
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    /// The calls.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
