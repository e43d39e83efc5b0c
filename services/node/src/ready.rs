//! Whether this process can do what it is there for, as asked by whoever routes calls to it.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bus::Bus;
use engine::{CLOCKS_AGREE, Engine};
use state::FeedCursors;
use telemetry::Report;
use views::DocumentStore;

use crate::config::Role;
use crate::lag::Lags;

/// How long a part may take to answer.
pub(crate) const ANSWER_LIMIT: Duration = Duration::from_secs(1);

/// How long a part that is behind may stand where it is: longer than its largest batch takes.
const STANDS_STILL: Duration = Duration::from_secs(3);

/// Looks after the parts that this process needs.
pub(crate) struct Watch {
    pub(crate) engine: Engine,
    pub(crate) documents: Arc<dyn DocumentStore>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) roles: Vec<Role>,
    pub(crate) cursors: Arc<dyn FeedCursors>,
    /// How far what this process does is behind, for the metrics.
    pub(crate) lags: Lags,
    /// Where each background part stood when it was looked at last, and the log's head then.
    pub(crate) stood: Mutex<HashMap<&'static str, Stood>>,
}

impl Watch {
    /// Ready when what calls need answers: the log and the keys. A withdrawal is never turned away because a view is late, so
    /// that background work which stands still is named, and makes only a process unready that does nothing else.
    pub(crate) async fn look(&self) -> Report {
        let report = self.looked().await;
        self.lags.grow_old();
        report
    }

    async fn looked(&self) -> Report {
        let mut report = Report { ready: true, notes: Vec::new() };
        let head = answer("the log", self.engine.log().head(), &mut report).await.map(|head| head.0);
        answer("the key store", self.engine.codec().vault().pseudonyms(), &mut report).await;
        if let Some(differ) = answer("the log's clock", self.engine.clocks_differ(), &mut report).await
            && differ.abs() >= CLOCKS_AGREE
        {
            report.ready = false;
            let seconds = differ / 1_000_000;
            report.notes.push(format!("this machine's clock is wrong: the log's is {seconds} s ahead of it"));
        }
        let Some(head) = head else { return report };
        let mut standing = Report { ready: true, notes: Vec::new() };
        if self.roles.contains(&Role::Views) {
            let (mut slowest, mut all) = (head, true);
            for view in views::all() {
                let position = answer(view.name(), self.documents.position(view.name()), &mut standing).await;
                self.moves(view.name(), position, head, &mut standing);
                slowest = slowest.min(position.unwrap_or_else(|| self.stood(view.name())));
                if position.is_none() {
                    // Nor will the others answer, and whoever asks waits.
                    all = false;
                    break;
                }
            }
            self.lags.views(&self.engine, (head, slowest, all)).await;
        }
        if self.roles.contains(&Role::Relay) {
            let last = answer("the bus", self.bus.last(), &mut standing).await.map(Option::unwrap_or_default);
            self.moves("the bus", last, head, &mut standing);
            let known = last.unwrap_or_else(|| self.stood("the bus"));
            self.lags.bus(&self.engine, (head, known, last.is_some())).await;
        }
        if self.roles.contains(&Role::Feeds) {
            let slowest = self.cursors.slowest(self.engine.log().epoch(), notices::PLACE);
            if let Some((slowest, failing)) = answer("the feeds' state", slowest, &mut standing).await {
                self.lags.feeds(&self.engine, (head, slowest.unwrap_or(head), true), failing).await;
            }
        }
        let only_background = self.roles.iter().all(|role| matches!(role, Role::Views | Role::Relay));
        report.ready &= standing.ready || !only_background;
        report.notes.extend(standing.notes);
        report
    }

    /// Where a part stood when it was heard of last.
    fn stood(&self, part: &str) -> u64 {
        let stood = self.stood.lock().unwrap_or_else(PoisonError::into_inner);
        stood.get(part).map_or(0, |stood| stood.position)
    }

    /// Whether a part that is behind has moved since it was looked at last.
    fn moves(&self, part: &'static str, position: Option<u64>, head: u64, report: &mut Report) {
        let Some(position) = position else { return };
        let mut stood = self.stood.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stood.entry(part).or_insert_with(|| Stood { position, head, since: Instant::now() });
        if now.position != position || now.position >= now.head {
            *now = Stood { position, head, since: Instant::now() };
        }
        // What it had not read then it has not read now.
        if now.since.elapsed() > STANDS_STILL {
            report.ready = false;
            report.notes.push(format!("{part} stands still at {position} of {head}"));
        }
    }
}

/// Where a part stood, of a log that went so far then.
pub(crate) struct Stood {
    position: u64,
    head: u64,
    since: Instant,
}

/// What a part answers; that it does not is noted.
async fn answer<T, E: Display>(
    part: &str,
    asked: impl Future<Output = Result<T, E>>,
    report: &mut Report,
) -> Option<T> {
    let problem = match tokio::time::timeout(ANSWER_LIMIT, asked).await {
        Ok(Ok(answer)) => return Some(answer),
        Ok(Err(error)) => error.to_string(),
        Err(_elapsed) => "no answer in time".to_owned(),
    };
    report.ready = false;
    report.notes.push(format!("{part}: {problem}"));
    None
}
