//! The code that somebody without a screen reads out to a worker who enters something on their word.

use domain::ids::PersonId;
use domain::notices::{Notices, UseWordCode, WordCode, WordCodeFor};
use domain::vocabulary::{Timestamp, Worker};
use engine::Freshness;
use rpc::Error;

use crate::code::{OF_WORD, is_said, sent};
use crate::{Call, Gate};

/// A code that was said: which one, if it is one of those that were sent for this worker.
#[derive(Debug, Clone, Copy)]
pub struct SaidCode(Option<WordCode>);

impl SaidCode {
    /// What uses it up: in the same append as what it is said for, so that it is good once.
    #[must_use]
    pub fn used(self, worker: Worker, of: WordCodeFor, now: Timestamp) -> UseWordCode {
        UseWordCode { reference: self.0.map(|code| code.reference), worker, of, now }
    }

    /// Until when it is good, if it is one.
    #[must_use]
    pub fn expires_at(self) -> Option<Timestamp> {
        self.0.map(|code| code.expires_at)
    }
}

impl Gate {
    /// Which code a worker says that the person has read out to them; none where they say none. Whether it is good still is decided where it is used.
    ///
    /// # Errors
    /// When what was sent is out of reach.
    pub async fn word_code(&self, call: &Call, person: PersonId, said: &str) -> Result<Option<SaidCode>, Error> {
        if said.is_empty() {
            return Ok(None);
        }
        let notices = self.engine().load::<Notices>(person, Freshness::Latest).await?;
        let is_it = |code: &&WordCode| is_said(said, &sent(call.pseudonyms(), OF_WORD, code.reference));
        Ok(Some(SaidCode(notices.word_codes(call.worker()?.worker()).find(is_it).copied())))
    }
}
