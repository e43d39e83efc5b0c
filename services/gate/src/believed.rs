//! Which agencies are one: what every decision needs to know, and what hardly ever changes.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use domain::issuers::{Only, Register};
use domain::vocabulary::Timestamp;
use engine::{Engine, EngineError, Freshness, Loaded};
use tokio::sync::Mutex;
use uuid::Uuid;

/// For how long what was read is believed. A decision that relies on it does not commit later; so a merge that is acknowledged once
/// this is over holds on every server, and no receipt needs a guard for it.
const BELIEVED: Duration = Duration::from_millis(1_500);
/// After how long it is read again: so that what is decided has time left to commit.
const AGAIN: Duration = Duration::from_millis(500);
/// By how much a clock may be off that nobody has noticed yet: see `Engine::clocks_differ`.
const CLOCKS_MAY_DIFFER: Duration = Duration::from_secs(2);

/// How long after a merge is durable no decision relies on what was before, on any server.
#[must_use]
pub fn believed_nowhere_after() -> Duration {
    BELIEVED + CLOCKS_MAY_DIFFER
}

/// The register, as it was a moment ago.
#[derive(Debug, Clone)]
pub(crate) struct Belief {
    /// The register.
    pub(crate) register: Arc<Register>,
    /// By the log's clock, until when a decision may rely on it.
    pub(crate) until: Timestamp,
    /// The epoch of the log in which it was read.
    pub(crate) epoch: Uuid,
}

/// What this server believes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Believed {
    known: Arc<RwLock<Option<Known>>>,
    /// Held by whoever reads it again: the others need not.
    asking: Arc<Mutex<()>>,
}

/// A register, and a moment of which it is true at least: by a clock that only goes on, and by the one that decides.
type Known = (Loaded<Register>, Instant, Timestamp);

impl From<Known> for Belief {
    fn from((register, _, asked): Known) -> Self {
        Self { register: register.state, until: after(asked, BELIEVED), epoch: register.epoch }
    }
}

impl Believed {
    /// The register as it is, or was a moment ago.
    ///
    /// # Errors
    /// When it has to be read, and cannot be: then nothing is decided.
    pub(crate) async fn get(&self, engine: &Engine) -> Result<Belief, EngineError> {
        let known = match self.younger_than(AGAIN, engine) {
            Some(known) => known,
            None => self.ask(engine).await?,
        };
        Ok(known.into())
    }

    /// The register as it is now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn latest(&self, engine: &Engine) -> Result<Belief, EngineError> {
        Ok(self.read(engine).await?.into())
    }

    /// What is known, if it is younger than this by both clocks: a machine may have slept, and a clock may have been put right.
    fn younger_than(&self, age: Duration, engine: &Engine) -> Option<Known> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let epoch = engine.log().epoch();
        known.filter(|(register, asked, at)| {
            register.epoch == epoch && asked.elapsed() < age && engine.now() < after(*at, age)
        })
    }

    /// Reads it, once for everybody: meanwhile the others go by what is known, while that leaves them time to commit.
    async fn ask(&self, engine: &Engine) -> Result<Known, EngineError> {
        let _asking = match (self.asking.try_lock(), self.younger_than(2 * AGAIN, engine)) {
            (Ok(asking), _) => asking,
            (Err(_), Some(known)) => return Ok(known),
            (Err(_), None) => self.asking.lock().await,
        };
        if let Some(known) = self.younger_than(AGAIN, engine) {
            return Ok(known);
        }
        self.read(engine).await
    }

    async fn read(&self, engine: &Engine) -> Result<Known, EngineError> {
        // What is read is at least as new as this moment.
        let (asked, at) = (Instant::now(), engine.now());
        let register: Loaded<Register> = engine.load(Only, Freshness::Latest).await?;
        let new = (register, asked, at);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(new.clone());
        Ok(new)
    }
}

/// This much later.
fn after(at: Timestamp, wait: Duration) -> Timestamp {
    Timestamp(at.0.saturating_add(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX)))
}
