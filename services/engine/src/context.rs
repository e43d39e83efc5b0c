use std::time::{Duration, Instant, SystemTime};

use domain::Aggregate;
use domain::ids::{RequestId, derived_id};
use domain::vocabulary::Timestamp;
use event_log::Guard;
use events::Actor;
use uuid::Uuid;

use crate::Loaded;
use crate::changes::guard_of;

/// Who wants something, under which request, and when.
#[derive(Debug, Clone)]
pub struct Context {
    /// Who.
    pub actor: Actor,
    /// The request, made the actor's own: nobody can replay another's.
    pub request: RequestId,
    /// What a caller asks under that id: carried out once, and for nothing else. None for what is a new deed each time.
    pub asked: Option<Uuid>,
    /// When.
    pub now: Timestamp,
    /// What all of it relies on, whatever else it does.
    pub(crate) relies: Option<(Guard, Uuid)>,
}

impl Context {
    /// A request of this actor, now.
    #[must_use]
    pub fn new(actor: Actor, request: Uuid) -> Self {
        let request = RequestId(derived_id(request, &[actor.id().as_bytes()]));
        Self { actor, request, asked: None, now: now(), relies: None }
    }

    /// What the system does by itself, or for a command of those who run it: a new deed each time.
    #[must_use]
    pub fn of_system() -> Self {
        Self::new(Actor::system(), Uuid::now_v7())
    }

    /// The same, relying on this all along: when it moves, nothing commits any more.
    #[must_use]
    pub fn relying_on<A: Aggregate>(self, on: &Loaded<A>) -> Self {
        Self { relies: Some((guard_of(on), on.epoch)), ..self }
    }

    /// The same, for this method with this message.
    #[must_use]
    pub fn asking(self, method: &str, message: &[u8]) -> Self {
        Self { asked: Some(derived_id(Uuid::nil(), &[method.as_bytes(), message])), ..self }
    }

    /// The id of what this request creates: the same for every retry.
    #[must_use]
    pub fn new_id<Id: From<Uuid>>(&self) -> Id {
        derived_id(self.request.0, &[b"created"]).into()
    }
}

tokio::task_local! {
    /// Until when somebody waits for what is done: nothing of it is to commit later.
    static DEADLINE: Instant;
}

/// Carries out work for which somebody waits until then.
pub async fn until<T>(deadline: Instant, work: impl Future<Output = T>) -> T {
    DEADLINE.scope(deadline, work).await
}

/// For how long somebody still waits.
pub(crate) fn time_left() -> Option<Duration> {
    DEADLINE.try_with(|deadline| deadline.saturating_duration_since(Instant::now())).ok()
}

/// The time by this machine's clock.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
