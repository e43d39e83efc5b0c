use domain::relationship::events::RelationshipEvent;
use domain::request::Request;
use domain::request::events::RequestCarriedOut;
use domain::vocabulary::{Subject, Timestamp, Version};
use domain::{Aggregate, StreamKind};
use event_log::{Append, Expected, Guard, Position, StreamAppend, StreamId};
use events::{Codec, CodecError, Event, Header, Place};
use uuid::Uuid;

use crate::cache::States;
use crate::load::log_version;
use crate::{Context, Loaded, stream_of};

/// What a command changes: events on streams at the versions it has seen, and what it relies on besides.
pub struct Changes {
    context: Context,
    streams: Vec<Written>,
    guards: Vec<Guard>,
    /// What each aggregate is after them: remembered once they are durable, so that the next command of this process need not find
    /// out that it has moved.
    after: Vec<(StreamId, After)>,
    /// Whose the first aggregate is that was decided on.
    subject: Option<Subject>,
    /// From when on it holds no longer.
    not_after: Option<Timestamp>,
    /// The epoch of the log in which the first was loaded of what it was decided on; and whether all were.
    epoch: Option<(Uuid, bool)>,
}

/// Remembers an aggregate as it is after an append at this position and time.
type After = Box<dyn FnOnce(&States, Position, Timestamp) + Send>;

impl std::fmt::Debug for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changes").field("streams", &self.streams).field("guards", &self.guards).finish_non_exhaustive()
    }
}

const _: () =
    assert!(StreamKind::Access.code() == event_log::NEVER_FOLDED, "receipts are what the log's index leaves out");

/// A stream, what version it must stand at, and what is written on it.
type Written = (StreamId, Expected, Vec<Change>);

#[derive(Debug)]
struct Change {
    id: Uuid,
    subject: Subject,
    event: Event,
}

/// That a loaded aggregate has not moved.
pub(crate) fn guard_of<A: Aggregate>(on: &Loaded<A>) -> Guard {
    Guard { stream: stream_of::<A>(on.id), version: log_version(on.version) }
}

impl Changes {
    /// Nothing yet.
    #[must_use]
    pub fn new(context: &Context) -> Self {
        let (guards, epoch) = context.relies.map(|(guard, epoch)| (vec![guard], (epoch, true))).unzip();
        Self {
            context: context.clone(),
            streams: Vec::new(),
            guards: guards.unwrap_or_default(),
            after: Vec::new(),
            subject: None,
            not_after: None,
            epoch,
        }
    }

    /// The role in which the actor acts, where only what was loaded tells it.
    pub fn in_role(&mut self, role: &str) {
        role.clone_into(&mut self.context.actor.role);
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// Whether there is something that it relies on, though nothing changes.
    #[must_use]
    pub fn relies(&self) -> bool {
        !self.guards.is_empty()
    }

    /// Whether there is a request to keep though nothing changes: asked again later it changes nothing either, whatever others have
    /// done meanwhile.
    pub(crate) fn binds(&self) -> bool {
        self.context.asked.is_some() && self.subject.is_some()
    }

    /// Events on a loaded aggregate, sealed with the key of `subject`; the aggregate must not have moved.
    pub fn record<A>(&mut self, on: &Loaded<A>, subject: impl Into<Subject>, events: Vec<A::Event>)
    where
        A: Aggregate<Event: Into<Event>>,
    {
        let subject = subject.into();
        self.subject.get_or_insert(subject);
        self.relies_on(on.epoch);
        if events.is_empty() {
            // That nothing happens to it was decided on its state, too.
            return self.guard(on);
        }
        let (before, happened, stream) = (on.clone(), events.clone(), stream_of::<A>(on.id));
        let after: After = Box::new(move |states, position, at| {
            let bytes = happened.iter().map(|event| event.clone().into().encode().len()).sum();
            before.after(&happened, bytes, position, at).remember(states);
        });
        // Of what changes in two steps no one step tells what it is in the end.
        let steps = self.streams.iter().any(|(known, ..)| *known == stream);
        self.after.retain(|(known, _)| *known != stream);
        if !steps {
            self.after.push((stream, after));
        }
        let change = |event: A::Event| Change { id: Uuid::now_v7(), subject, event: event.into() };
        let changes = events.into_iter().map(change).collect();
        self.add(stream, Expected::Exactly(log_version(on.version)), changes);
    }

    /// A fact with this id on a stream that is never folded.
    pub fn fact<A>(&mut self, stream: A::Id, subject: impl Into<Subject>, id: impl Into<Uuid>, event: A::Event)
    where
        A: Aggregate<Event: Into<Event>>,
    {
        let change = Change { id: id.into(), subject: subject.into(), event: event.into() };
        self.add(stream_of::<A>(stream), Expected::Any, vec![change]);
    }

    /// More of what changes on one stream: each stream is appended to once.
    fn add(&mut self, stream: StreamId, expected: Expected, changes: Vec<Change>) {
        match self.streams.iter_mut().find(|(known, ..)| *known == stream) {
            Some((.., known)) => known.extend(changes),
            None => self.streams.push((stream, expected, changes)),
        }
    }

    /// The aggregate must not have moved, though nothing is recorded on it.
    pub fn guard<A: Aggregate>(&mut self, on: &Loaded<A>) {
        self.relies_on(on.epoch);
        let stream = stream_of::<A>(on.id);
        let named = self.streams.iter().any(|(s, ..)| *s == stream) || self.guards.iter().any(|g| g.stream == stream);
        if !named {
            self.guards.push(guard_of(on));
        }
    }

    /// It was decided on what was read in this epoch of the log: in another nothing of it commits.
    pub fn relies_on(&mut self, epoch: Uuid) {
        let (first, alike) = self.epoch.get_or_insert((epoch, true));
        *alike &= *first == epoch;
    }

    /// Whether all was read in one epoch.
    pub(crate) fn is_of_one_epoch(&self) -> bool {
        self.epoch.is_none_or(|(_, alike)| alike)
    }

    /// What was decided on ends at this time: by the log's clock, nothing of it commits then any more.
    pub fn holds_until(&mut self, end: Option<Timestamp>) {
        self.not_after = self.not_after.into_iter().chain(end).min();
    }

    /// The streams that are written at the version that was seen.
    pub(crate) fn written(&self) -> Vec<StreamId> {
        let exactly = self.streams.iter().filter(|(_, expected, _)| *expected != Expected::Any);
        exactly.map(|(stream, ..)| *stream).collect()
    }

    /// When they happen.
    pub(crate) fn at(&self) -> Timestamp {
        self.context.now
    }

    /// What is to be remembered once they are durable.
    pub(crate) fn take_after(&mut self) -> Vec<After> {
        std::mem::take(&mut self.after).into_iter().map(|(_, after)| after).collect()
    }

    pub(crate) async fn seal(self, codec: &Codec, traceparent: String) -> Result<Append, CodecError> {
        let Self { context, mut streams, mut guards, after: _, subject, not_after, epoch } = self;
        // Last, so that its position is the append's.
        if let Some(carried_out) = carried_out(&context, subject) {
            streams.push(carried_out);
        }
        // What is both written and relied on is checked where it is written.
        guards.retain(|guard| !streams.iter().any(|(stream, ..)| *stream == guard.stream));
        let mut sealed = Vec::with_capacity(streams.len());
        for (stream, expected, changes) in streams {
            let mut events = Vec::with_capacity(changes.len());
            let before = if let Expected::Exactly(version) = expected { Some(version.0) } else { None };
            for (nth, Change { id, subject, event }) in (1..).zip(changes) {
                // An attempt at somebody who is not registered is the agency's, with its worker's words (decision 0011).
                let of_agency = matches!(subject, Subject::Agency(_));
                let of_either = matches!(event.kind(), StreamKind::Access | StreamKind::Request)
                    || matches!(
                        event,
                        Event::Relationship(
                            RelationshipEvent::ProposalUnheard(_)
                                | RelationshipEvent::CodeUnsent(_)
                                | RelationshipEvent::ProposalWithdrawn(_)
                                | RelationshipEvent::SupporterLeft(_)
                        )
                    );
                if of_agency != event.kind().is_of_agency() && !of_either {
                    return Err(CodecError::Misplaced);
                }
                let header = Header {
                    event_id: id,
                    subject: subject.id(),
                    actor: context.actor.clone(),
                    causation: None,
                    correlation: Some(context.request.0),
                    traceparent: traceparent.clone(),
                };
                let place = Place { stream, version: before.map(|before| Version(before + nth)) };
                events.push(codec.seal(place, context.now, &header, &event).await?);
            }
            sealed.push(StreamAppend { stream, expected, events });
        }
        let not_after = not_after.map(|end| end.0);
        let epoch = epoch.map(|(epoch, _)| epoch);
        Ok(Append { streams: sealed, guards, request: context.request.0, not_after, epoch })
    }
}

/// That a caller's request is carried out, on a stream of its own: it commits once, whatever else it writes. Sealed with the key
/// of whom it is decided on first.
fn carried_out(context: &Context, subject: Option<Subject>) -> Option<Written> {
    let (asked, subject) = (context.asked?, subject?);
    let event = RequestCarriedOut { asked }.into();
    let change = Change { id: Uuid::now_v7(), subject, event: Event::Request(event) };
    let stream = stream_of::<Request>(context.request);
    Some((stream, Expected::Exactly(log_version(Version(0))), vec![change]))
}

/// The kind of stream that a recorded event belongs to.
pub(crate) fn kind_of(stream: StreamId) -> Option<StreamKind> {
    StreamKind::from_code(stream.kind)
}
