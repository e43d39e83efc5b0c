//! What one process does for all feeds: it carries those that no system holds open, and asks back what is not covered any more.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use domain::StreamKind;
use domain::agency::{Agency, Door, Feed};
use domain::ids::{AccountId, AgencyId, FeedId};
use engine::{Freshness, Pauses, StandsBy};
use event_log::Duty;
use rpc::{Error, Reason};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use views::Pages;
use views::feeds::{self, CarriedFeeds};

use crate::recalls::Recaller;
use crate::{Feeds, JetStreamDoor, jetstream, webhook};

/// The longest pause after a failure: meanwhile nobody looks after what stands.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// How often the NATS server is told of every account, whatever it knows: it may have been put back, or told by somebody who led before.
const TELL_AGAIN: Duration = Duration::from_secs(10);
/// How long whoever carries feeds no more may take to remove what stands.
const LEAVE_LIMIT: Duration = Duration::from_secs(2);
/// For how many looks this process may be cut off from an agency's account before it makes room for itself there.
const CUT_OFF: u32 = 3;
/// How often it is looked whether there is more, and whether issuers speak for the same accounts as before.
const LOOK: Duration = Duration::from_secs(1);
/// Events read at once.
const BATCH: usize = 1_000;

/// Carries feeds, and asks back. Several may run; one leads.
#[derive(Debug, Clone)]
pub struct Carrier {
    feeds: Feeds,
    recaller: Recaller,
}

/// An agency with feeds that are carried.
#[derive(Default)]
struct Carried {
    /// Whoever carries one hears when it is another.
    feeds: BTreeMap<FeedId, watch::Sender<Feed>>,
    /// For whose accounts an issuer spoke when the NATS server was told of the agency last; nothing when it is to be told.
    told: Option<BTreeSet<AccountId>>,
    /// For how many looks this process was not signed in to the account.
    cut_off: u32,
}

/// What is carried.
#[derive(Default)]
struct Carrying {
    agencies: BTreeMap<AgencyId, Carried>,
    /// Agencies at which something has happened.
    touched: BTreeSet<AgencyId>,
    tasks: JoinSet<()>,
    /// Which feed a task carries.
    tasks_of: HashMap<tokio::task::Id, (AgencyId, FeedId)>,
    /// Feeds that were carried to their end.
    ended: BTreeSet<(AgencyId, FeedId)>,
    looked: Option<Instant>,
    told_all: Option<Instant>,
    stop: CancellationToken,
}

impl Carrying {
    /// This process carries feeds no more: what it has put anywhere does not stand there unlooked after.
    async fn leave(mut self) {
        self.stop.cancel();
        let leaving = async { while self.tasks.join_next().await.is_some() {} };
        drop(tokio::time::timeout(LEAVE_LIMIT, leaving).await);
    }

    /// A task that has ended is begun again with the next look at its agency, if there is still something to carry.
    fn tidy(&mut self) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            let id = match &ended {
                Ok((id, ())) => *id,
                Err(error) => error.id(),
            };
            let Some((agency, feed)) = self.tasks_of.remove(&id) else { continue };
            match ended {
                Ok(_) => drop(self.ended.insert((agency, feed))),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(%feed, error, "carrying a feed has failed inside");
                }
            }
            self.agencies.entry(agency).or_default().feeds.remove(&feed);
            self.touched.insert(agency);
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
        let mut stands_by = StandsBy::new(self.feeds.gate.engine().log().clone(), Duty::Feeds, stop.clone());
        while let Some(leading) = stands_by.next().await {
            let mut carrying = Carrying::default();
            tokio::select! {
                () = self.recaller.lead() => {}
                () = self.lead(&mut carrying) => {}
                () = leading.lost() => {}
                () = stop.cancelled() => {}
            }
            carrying.leave().await;
        }
    }

    /// Carries every feed that is to be carried, until the log has another history.
    async fn lead(&self, carrying: &mut Carrying) {
        let epoch = self.feeds.gate.engine().log().epoch();
        let (mut position, mut pauses) = (None, Pauses::up_to(LONGEST_PAUSE));
        while self.feeds.gate.engine().log().epoch() == epoch {
            match self.follow(carrying, &mut position).await {
                Ok(()) => pauses.went_well(),
                Err(error) => {
                    if pauses.is_first() {
                        let reason = error.reason().as_str_name();
                        tracing::warn!(reason, "which feeds are to be carried cannot be found out; it is tried again");
                    }
                    pauses.pause().await;
                }
            }
        }
    }

    /// Takes in what has happened since, and waits for more.
    async fn follow(&self, carrying: &mut Carrying, position: &mut Option<u64>) -> Result<(), Error> {
        let engine = self.feeds.gate.engine();
        let mut head = self.feeds.head.subscribe();
        let after = match *position {
            Some(after) => after,
            None => *position.insert(self.begin(carrying).await?),
        };
        let at = (engine.log().epoch(), after);
        let events = self.feeds.head.read(&**engine.log(), at, BATCH).await?;
        for event in &events {
            match StreamKind::from_code(event.stream.kind) {
                Some(StreamKind::Agency) => drop(carrying.touched.insert(AgencyId(event.stream.id))),
                Some(StreamKind::Issuers) => carrying.looked = None,
                _ => {}
            }
        }
        let end = events.last().map_or(after, |event| event.position.0);
        *position = Some(end);
        carrying.tidy();
        self.take_in(carrying).await?;
        if events.len() < BATCH {
            let more = head.wait_for(|head| *head > end);
            drop(tokio::time::timeout(LOOK, more).await);
        }
        Ok(())
    }

    /// Finds every agency that has opened such a feed, also those that are closed by now: of them nothing may be left. Returns up to where that is
    /// known: the log tells the rest, so that nobody waits for a view.
    async fn begin(&self, carrying: &mut Carrying) -> Result<u64, Error> {
        let (mut pages, mut position) = (Pages::all(0), u64::MAX);
        while let Some(page) = self.feeds.views.next::<CarriedFeeds>(&feeds::all(), &mut pages, |_| true).await? {
            carrying.touched.extend(page.items.iter().map(|doc| doc.agency));
            position = position.min(page.position);
        }
        Ok(position)
    }

    /// Takes in what has become of agencies: carries what they have opened, and tells the NATS server who signs in.
    async fn take_in(&self, carrying: &mut Carrying) -> Result<(), Error> {
        for agency in carrying.touched.clone() {
            let state =
                match self.feeds.gate.engine().load::<Agency>(agency, Freshness::Latest).await.map_err(Error::from) {
                    Ok(state) => state,
                    Err(error) if error.reason() == Reason::Internal => {
                        tracing::error!(%agency, "an agency cannot be read, and its feeds are not carried");
                        carrying.touched.remove(&agency);
                        continue;
                    }
                    Err(error) => return Err(error),
                };
            for feed in state.feeds() {
                self.begin_feed(carrying, agency, &state, feed);
            }
            // Something may be another of its accounts.
            if let Some(carried) = carrying.agencies.get_mut(&agency) {
                carried.told = None;
                carrying.looked = None;
            }
            carrying.touched.remove(&agency);
        }
        if let Some(door) = &self.feeds.jetstream
            && carrying.looked.is_none_or(|looked| looked.elapsed() > LOOK)
        {
            carrying.looked = Some(Instant::now());
            // That it is away says the door; the rest goes on.
            drop(self.tell(door, carrying).await);
        }
        Ok(())
    }

    /// Begins to carry a feed that is to be carried, and is not.
    fn begin_feed(&self, carrying: &mut Carrying, agency: AgencyId, state: &Agency, feed: &Feed) {
        let (of, is_open) = ((agency, feed.feed), state.open_feed(feed.feed).is_some_and(|feed| feed.paused.is_none()));
        // Of one that is closed something may stand on JetStream.
        let is_over = !is_open && (feed.door != Door::JetStream || carrying.ended.contains(&of));
        if feed.door == Door::Grpc || is_over {
            return;
        }
        let carried = carrying.agencies.entry(agency).or_default();
        if let Some(known) = carried.feeds.get(&feed.feed) {
            known.send_if_modified(|known| std::mem::replace(known, feed.clone()) != *feed);
            return;
        }
        let (told, changed) = watch::channel(feed.clone());
        carried.feeds.insert(feed.feed, told);
        let (feeds, stop) = (self.feeds.clone(), carrying.stop.clone());
        let task = match feed.door {
            Door::Grpc => return,
            Door::JetStream => carrying.tasks.spawn(jetstream::carry(feeds, of, stop)),
            Door::Webhook => carrying.tasks.spawn(webhook::carry(feeds, of, changed, stop)),
        };
        carrying.tasks_of.insert(task.id(), of);
    }

    /// Tells the NATS server of each account of which it does not know, or may know something else. What it does not take of one agency holds
    /// up no other; while it is away nobody is told.
    async fn tell(&self, door: &JetStreamDoor, carrying: &mut Carrying) -> Result<(), Error> {
        let cut_off = door.cut_off().await;
        let all = carrying.told_all.is_none_or(|told| told.elapsed() > TELL_AGAIN);
        for (agency, carried) in &mut carrying.agencies {
            let Ok(state) = self.feeds.gate.engine().load::<Agency>(*agency, Freshness::Remembered).await else {
                continue;
            };
            if state.feeds().iter().all(|feed| feed.door != Door::JetStream) {
                continue;
            }
            let speaks = |issuer: &str| self.feeds.issuers.speaks_for(issuer, *agency);
            let vouched = state.accounts().iter().filter(|account| speaks(&account.issuer));
            let mut vouched: BTreeSet<_> = vouched.map(|account| account.account).collect();
            carried.cut_off = if cut_off.contains(agency) { carried.cut_off + 1 } else { 0 };
            // Its systems may hold every connection that there is: then they make room first.
            if carried.cut_off >= CUT_OFF && carried.cut_off % CUT_OFF == 0 {
                vouched.clear();
            }
            if carried.told.as_ref() == Some(&vouched) && !all && carried.cut_off == 0 {
                continue;
            }
            carried.told = None;
            if door.tell(*agency, &state, &vouched).await? {
                carried.told = Some(vouched);
            }
        }
        if all {
            carrying.told_all = Some(Instant::now());
        }
        Ok(())
    }
}
