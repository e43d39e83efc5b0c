//! Group commit: one task commits what is queued at once, and what arrives meanwhile is its next batch. No linger.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use crate::types::Fault;
use crate::{Append, AppendError, Appended, Expected, Limits, LogMetrics, Position, StoreError, StreamId, Version};

/// Commits a batch in one transaction.
#[async_trait::async_trait]
pub(crate) trait Committer: Send + 'static {
    /// A verdict for each append, in order; or an error, and then for none.
    async fn commit(&mut self, batch: &[Append]) -> Result<Vec<Verdict>, StoreError>;
}

/// What became of one append of a batch.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// The position of its last event, and the version that each of its streams stands at.
    Accepted(Position, Vec<Version>),
    /// A stream did not stand at its expected version.
    Conflict,
    /// A guard had moved.
    GuardMoved,
    /// The time until which it may commit is over.
    TooLate,
}

struct Job {
    append: Append,
    events: usize,
    bytes: usize,
    reply: oneshot::Sender<Result<Appended, AppendError>>,
}

/// The callers' end.
#[derive(Debug, Clone)]
pub(crate) struct Batcher {
    jobs: mpsc::Sender<Job>,
    limits: Limits,
    metrics: LogMetrics,
}

impl Batcher {
    /// Starts the task. It ends when the last clone is dropped and everything queued is committed.
    pub(crate) fn start(committer: impl Committer, limits: Limits, metrics: LogMetrics) -> Self {
        let (jobs, queue) = mpsc::channel(limits.queue);
        tokio::spawn(Worker { committer, queue, held: VecDeque::new(), limits, metrics: metrics.clone() }.run());
        Self { jobs, limits, metrics }
    }

    /// Queues an append and waits for its verdict.
    pub(crate) async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let (events, bytes) = self.measure(&append)?;
        let (reply, verdict) = oneshot::channel();
        self.jobs.try_send(Job { append, events, bytes, reply }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => {
                self.metrics.refused_busy.inc();
                AppendError::Busy
            }
            mpsc::error::TrySendError::Closed(_) => StoreError::new("the log is closed").into(),
        })?;
        let _waiting = Waiting::new(&self.metrics);
        verdict
            .await
            .unwrap_or_else(|_| Err(StoreError::new("the log was closed before the append was committed").into()))
    }

    /// Refuses what breaks a limit or contradicts itself, before it can hurt its neighbours.
    fn measure(&self, append: &Append) -> Result<(usize, usize), AppendError> {
        let mut seen = HashSet::with_capacity(append.streams.len() + append.guards.len());
        let streams = append.streams.iter().map(|s| s.stream).chain(append.guards.iter().map(|g| g.stream));
        let nothing = append.streams.is_empty() && append.guards.is_empty();
        if nothing || append.streams.iter().any(|s| s.events.is_empty()) {
            return Err(AppendError::Invalid("nothing to append"));
        }
        if streams.clone().count() > self.limits.append_streams {
            return Err(AppendError::Invalid("too many streams"));
        }
        if !streams.into_iter().all(|stream| seen.insert(stream)) {
            return Err(AppendError::Invalid("a stream is named twice"));
        }
        let events: usize = append.streams.iter().map(|s| s.events.len()).sum();
        let bytes = append.streams.iter().flat_map(|s| &s.events).map(|e| e.head.len() + e.body.len()).sum();
        if events > self.limits.append_events {
            return Err(AppendError::Invalid("too many events"));
        }
        if bytes > self.limits.append_bytes {
            return Err(AppendError::Invalid("too many bytes"));
        }
        Ok((events, bytes))
    }
}

/// Counts a caller who waits, also one who goes away.
struct Waiting<'a>(&'a LogMetrics);

impl<'a> Waiting<'a> {
    fn new(metrics: &'a LogMetrics) -> Self {
        metrics.waiting.inc();
        Self(metrics)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.dec();
    }
}

struct Worker<C> {
    committer: C,
    queue: mpsc::Receiver<Job>,
    /// Jobs that did not fit the last batch, oldest first.
    held: VecDeque<Job>,
    limits: Limits,
    metrics: LogMetrics,
}

impl<C: Committer> Worker<C> {
    async fn run(mut self) {
        while let Some(batch) = self.next_batch().await {
            self.commit(batch).await;
        }
    }

    /// What is queued now, as far as it may share a batch; waits only while there is nothing.
    async fn next_batch(&mut self) -> Option<Vec<Job>> {
        if self.held.is_empty() {
            self.held.push_back(self.queue.recv().await?);
        }
        while self.held.len() < self.limits.batch_events
            && let Ok(job) = self.queue.try_recv()
        {
            self.held.push_back(job);
        }
        let mut batch = Vec::with_capacity(self.held.len());
        let mut uses = Uses::default();
        let (mut events, mut bytes) = (0, 0);
        for job in std::mem::take(&mut self.held) {
            let fits = batch.is_empty()
                || (events + job.events <= self.limits.batch_events && bytes + job.bytes <= self.limits.batch_bytes);
            if fits && uses.admit(&job.append) {
                events += job.events;
                bytes += job.bytes;
                batch.push(job);
            } else {
                self.held.push_back(job);
            }
        }
        self.metrics.batch_appends.observe(batch.len() as f64);
        self.metrics.batch_events.observe(events as f64);
        Some(batch)
    }

    async fn commit(&mut self, batch: Vec<Job>) {
        let started = Instant::now();
        let (appends, replies): (Vec<_>, Vec<_>) = batch.into_iter().map(|job| (job.append, job.reply)).unzip();
        let verdicts = self.verdicts(&appends).await;
        self.metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
        for (reply, verdict) in replies.into_iter().zip(verdicts) {
            // A caller that has gone away has no use for its verdict.
            drop(reply.send(verdict));
        }
    }

    /// Commits them as one. If the store refuses the batch for what one of them carries, commits each by itself, so that the one at
    /// fault does not fail its neighbours. Of a server that fails nobody asks as many times.
    async fn verdicts(&mut self, appends: &[Append]) -> Vec<Result<Appended, AppendError>> {
        match self.committer.commit(appends).await {
            Ok(verdicts) => verdicts.into_iter().map(settle).collect(),
            Err(error) if error.fault == Fault::Data && appends.len() > 1 => {
                let mut verdicts = Vec::with_capacity(appends.len());
                let mut failed: Option<StoreError> = None;
                for append in appends {
                    // A server that fails meanwhile is not asked for each of those that are left.
                    if let Some(error) = &failed {
                        verdicts.push(Err(error.clone().into()));
                        continue;
                    }
                    let alone = self.committer.commit(std::slice::from_ref(append)).await;
                    let verdict = alone.map(|v| v.into_iter().next());
                    verdicts.push(match verdict {
                        Ok(Some(verdict)) => settle(verdict),
                        Ok(None) => Err(StoreError::new("the store gave no verdict").into()),
                        Err(error) => {
                            failed = Some(error.clone()).filter(|error| error.fault != Fault::Data);
                            Err(error.into())
                        }
                    });
                }
                verdicts
            }
            Err(error) => appends.iter().map(|_| Err(error.clone().into())).collect(),
        }
    }
}

fn settle(verdict: Verdict) -> Result<Appended, AppendError> {
    match verdict {
        Verdict::Accepted(position, versions) => Ok(Appended { position, versions }),
        Verdict::Conflict => Err(AppendError::Conflict),
        Verdict::GuardMoved => Err(AppendError::GuardMoved),
        Verdict::TooLate => Err(AppendError::TooLate),
    }
}

/// How a batch uses its streams. Two appends share a batch only if the outcome does not depend on their order: on every
/// stream that both name, both write at any version, or both only guard.
#[derive(Default)]
struct Uses(HashMap<StreamId, Use>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    WriteAny,
    WriteExactly,
    Guard,
}

impl Uses {
    fn admit(&mut self, append: &Append) -> bool {
        let uses = || {
            let writes = append
                .streams
                .iter()
                .map(|s| (s.stream, if s.expected == Expected::Any { Use::WriteAny } else { Use::WriteExactly }));
            writes.chain(append.guards.iter().map(|g| (g.stream, Use::Guard)))
        };
        if uses().any(|(stream, new)| self.0.get(&stream).is_some_and(|old| *old != new || new == Use::WriteExactly)) {
            return false;
        }
        for (stream, new) in uses() {
            if let Entry::Vacant(vacant) = self.0.entry(stream) {
                vacant.insert(new);
            }
        }
        true
    }
}
