//! What one process does for all feeds: it carries those that no system holds open, and asks back what is not covered any more.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use domain::StreamKind;
use domain::agency::{Agency, Door};
use domain::ids::{AgencyId, FeedId};
use engine::{EngineError, Freshness};
use event_log::{Duty, Position};
use rpc::Error;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use views::Pages;
use views::feeds::{self, PushedFeeds};

use crate::recalls::Recaller;
use crate::{Feeds, jetstream};

/// Pauses after a failure: doubled each time, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How often it is looked whether there is more.
const LOOK: Duration = Duration::from_secs(1);
/// Events read at once, and documents on one page.
const BATCH: usize = 1_000;
const PAGE: usize = 100;

/// Carries feeds, and asks back. Several may run; one leads.
#[derive(Debug, Clone)]
pub struct Carrier {
    feeds: Feeds,
    recaller: Recaller,
}

/// Who is carried, and of which agencies the doors are to be told.
#[derive(Default)]
struct Carried {
    agencies: BTreeMap<AgencyId, BTreeSet<FeedId>>,
    untold: BTreeSet<AgencyId>,
    tasks: JoinSet<()>,
    /// Which feed a task carries.
    feeds: HashMap<tokio::task::Id, (AgencyId, FeedId)>,
}

impl Carried {
    /// A task that has come to nothing is begun again with the next look at its agency.
    fn tidy(&mut self) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            let id = match &ended {
                Ok((id, ())) => *id,
                Err(error) => error.id(),
            };
            let Some((agency, feed)) = self.feeds.remove(&id) else { continue };
            if let Err(error) = ended {
                tracing::error!(%feed, error = &error as &dyn std::error::Error, "carrying a feed has failed inside");
                self.agencies.entry(agency).or_default().remove(&feed);
                self.untold.insert(agency);
            }
        }
    }
}

impl Carrier {
    /// Of these feeds.
    #[must_use]
    pub fn new(feeds: Feeds) -> Self {
        let recaller = Recaller::new(feeds.gate.clone(), feeds.views.clone(), feeds.head.clone());
        Self { feeds, recaller }
    }

    /// Works until it is told to stop. What fails is tried again.
    pub async fn run(self, stop: CancellationToken) {
        let working = async {
            let mut pause = FIRST_PAUSE;
            loop {
                match self.feeds.gate.engine().log().lead(Duty::Feeds).await {
                    Ok(leading) => {
                        pause = FIRST_PAUSE;
                        tokio::select! {
                            () = self.recaller.lead() => {}
                            () = self.lead() => {}
                            () = leading.lost() => {}
                        }
                    }
                    Err(error) => {
                        tracing::warn!(
                            error = &error as &dyn std::error::Error,
                            "this process cannot stand by to carry feeds, and to ask back what was delivered"
                        );
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                }
            }
        };
        tokio::select! {
            () = working => {}
            () = stop.cancelled() => {}
        }
    }

    /// Carries every feed that is to be carried, until the log has another history.
    async fn lead(&self) {
        let (epoch, mut carried, mut pause) = (self.feeds.gate.engine().log().epoch(), Carried::default(), FIRST_PAUSE);
        let mut position = None;
        while self.feeds.gate.engine().log().epoch() == epoch {
            match self.follow(&mut carried, &mut position).await {
                Ok(()) => pause = FIRST_PAUSE,
                Err(error) => {
                    let reason = error.reason().as_str_name();
                    tracing::warn!(reason, "which feeds are to be carried could not be found out; it is tried again");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Takes in what has happened since, and waits for more.
    async fn follow(&self, carried: &mut Carried, position: &mut Option<u64>) -> Result<(), Error> {
        let engine = self.feeds.gate.engine();
        let mut head = self.feeds.head.subscribe();
        let after = match *position {
            Some(after) => after,
            None => {
                let end = engine.log().head().await.map_err(EngineError::failed)?.0;
                self.begin(carried, end).await?;
                *position.insert(end)
            }
        };
        let events = engine.log().read(Position(after), BATCH).await.map_err(EngineError::failed)?;
        for event in &events {
            match StreamKind::from_code(event.stream.kind) {
                Some(StreamKind::Agency) => drop(carried.untold.insert(AgencyId(event.stream.id))),
                Some(StreamKind::Issuers) => carried.untold.extend(carried.agencies.keys()),
                _ => {}
            }
        }
        let end = events.last().map_or(after, |event| event.position.0);
        *position = Some(end);
        carried.tidy();
        self.tell(carried).await?;
        if events.len() < BATCH {
            let more = head.wait_for(|head| *head > end);
            drop(tokio::time::timeout(LOOK, more).await);
        }
        Ok(())
    }

    /// Carries every feed that there is, also those that are closed: of them nothing may be left.
    async fn begin(&self, carried: &mut Carried, end: u64) -> Result<(), Error> {
        let mut pages = Pages { size: PAGE, after: vec![], at_least: end };
        loop {
            let page = self.feeds.views.list::<PushedFeeds>(&feeds::all(), &pages, |_| true).await?;
            for doc in page.items {
                self.carry(carried, doc.agency, doc.feed, doc.door);
            }
            match page.next {
                Some(next) => pages.after = next,
                None => return Ok(()),
            }
        }
    }

    fn carry(&self, carried: &mut Carried, agency: AgencyId, feed: FeedId, door: Door) {
        match door {
            Door::Grpc => {}
            Door::JetStream => {
                if carried.agencies.entry(agency).or_default().insert(feed) {
                    let task = carried.tasks.spawn(jetstream::carry(self.feeds.clone(), agency, feed));
                    carried.feeds.insert(task.id(), (agency, feed));
                }
            }
        }
    }

    /// Begins to carry what agencies have opened, and tells the doors of what has become of their systems. Of whom they cannot be told now they
    /// are told later.
    async fn tell(&self, carried: &mut Carried) -> Result<(), Error> {
        if let Some(door) = &self.feeds.jetstream {
            carried.untold.extend(door.cut_off().await);
        }
        let mut is_away = false;
        for agency in carried.untold.clone() {
            let state = self.feeds.gate.engine().load::<Agency>(agency, Freshness::Latest).await?;
            let known = carried.agencies.contains_key(&agency);
            for feed in state.feeds().iter().filter(|feed| !feed.closed) {
                self.carry(carried, agency, feed.feed, feed.door);
            }
            if let Some(door) = self.feeds.jetstream.as_deref().filter(|_| known && !is_away) {
                is_away = self.feeds.tell_account(door, agency, &state).await.is_err();
            }
            if !(known && is_away) {
                carried.untold.remove(&agency);
            }
        }
        Ok(())
    }
}
