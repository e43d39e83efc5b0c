use std::time::SystemTime;

use domain::ids::derived_id;
use domain::vocabulary::Timestamp;
use events::Actor;
use uuid::Uuid;

/// Who wants something, under which request, and when.
#[derive(Debug, Clone)]
pub struct Context {
    /// Who.
    pub actor: Actor,
    /// The request, made the actor's own: nobody can replay another's.
    pub request: Uuid,
    /// When.
    pub now: Timestamp,
}

impl Context {
    /// A request of this actor, now.
    #[must_use]
    pub fn new(actor: Actor, request: Uuid) -> Self {
        let request = derived_id(request, &[actor.id().as_bytes()]);
        Self { actor, request, now: now() }
    }

    /// The id of what this request creates: the same for every retry.
    #[must_use]
    pub fn new_id<Id: From<Uuid>>(&self) -> Id {
        derived_id(self.request, &[b"created"]).into()
    }
}

/// The time by this machine's clock.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
