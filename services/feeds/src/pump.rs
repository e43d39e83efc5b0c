//! What reads the log for one feed in its order, and decides what of it leaves.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::StreamKind;
use domain::ids::{FeedId, PersonId};
use engine::EngineError;
use event_log::Recorded;
use events::Header;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use rpc::Error;
use state::{Cursor, FeedCursors};
use tokio::sync::watch;
use uuid::Uuid;

use crate::Feeds;
use crate::beside::may_be_beside;
use crate::deliver::{Basis, Decided, Leaving, Prepared, Receipted, Receiver, interrupted};
use crate::permits::may_be_about_a_permit;

/// The most events of the log that are read at once; and for a feed that is far behind, so that what is about one person has fewer receipts.
pub(crate) const READ: usize = 500;
const READ_BEHIND: usize = 2_500;
/// The most people about whom is decided at the same time, so that their receipts commit together.
const AT_ONCE: usize = 64;
/// How many bytes of events leave together, about: well below what a client takes in one message.
const BYTES: usize = 1 << 20;
/// How old a receipt may be when what it is of leaves; else it is found out once more that it may.
const FRESH: Duration = Duration::from_millis(200);
/// How often something may move while it is decided, or take too long.
const ATTEMPTS: u32 = 8;
/// How many people's standing is known to be fresh, at most.
const KNOWN: usize = 100_000;

/// Reads the log for a feed.
pub(crate) struct Pump {
    pub(crate) feeds: Feeds,
    pub(crate) to: Receiver,
    pub(crate) hold: Hold,
    pub(crate) cursor: Cursor,
    /// Up to where those before this one may have delivered, and where the log ended then.
    receipted: (u64, u64),
    /// Up to where it has read the log.
    pub(crate) position: u64,
    pub(crate) head: watch::Receiver<u64>,
    /// The epoch of the log that it reads.
    epoch: Uuid,
    /// Of whom what this process remembers is no older than what was read; and who is apart from its agency, so that nothing of theirs leaves
    /// until something happens that [`Pump::read`] forgets them for. Most people are apart from most agencies.
    known: HashMap<PersonId, Bond>,
    /// The position of its last receipt.
    receipts: u64,
    /// When it began to find out that what it decided last may leave; where that took long, a moment ago.
    pub(crate) decided: Instant,
}

/// What a person's directive is to an agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bond {
    /// Each of their events is decided about.
    Decided,
    /// Nothing about their record, relationships or consultations leaves: it is passed over.
    Apart,
}

/// Who carries a feed: this one, and no other.
#[derive(Clone)]
pub(crate) struct Hold {
    cursors: Arc<dyn FeedCursors>,
    feed: FeedId,
    holder: Uuid,
    run: i32,
}

impl Hold {
    /// Says that this one carries the feed still, for so long: up to where events may have their receipts, and up to where the agency's system has
    /// it, as far as that is known here. Returns up to where it has.
    ///
    /// # Errors
    /// When somebody else carries it, or it was begun again.
    pub(crate) async fn on(&self, reached: (u64, u64), time: Duration) -> Result<u64, Error> {
        let advanced = self.cursors.advance(self.feed.0, (self.holder, self.run), reached, time).await;
        let advanced = advanced.map_err(|error| Error::internal(&error))?;
        advanced.ok_or_else(|| interrupted("somebody else carries the feed, or it was begun again"))
    }
}

/// What may leave of some events.
pub(crate) struct Considered {
    prepared: Vec<Prepared>,
    by_person: BTreeMap<PersonId, Vec<Recorded>>,
    /// Whom of these nothing leaves of, until something happens to that.
    apart: Vec<PersonId>,
    /// Events that are told beside what people let the feed receive.
    beside: Vec<Recorded>,
    /// Up to where they are dealt with.
    until: u64,
}

impl Considered {
    /// Whether nothing of them leaves.
    pub(crate) fn is_empty(&self) -> bool {
        self.prepared.is_empty() && self.beside.is_empty()
    }
}

impl Drop for Pump {
    /// Lets the feed go, so that another stream need not wait until its time is over.
    fn drop(&mut self) {
        let Hold { cursors, feed, holder, .. } = self.hold.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = cursors.release(feed.0, holder).await {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "a feed is let go when its time is over");
                }
            });
        }
    }
}

impl Pump {
    /// Goes on after a position with a feed that `holder` carries.
    ///
    /// # Errors
    /// When the log is out of reach.
    pub(crate) async fn begin(
        feeds: &Feeds,
        to: Receiver,
        (holder, cursor, epoch): (Uuid, Cursor, Uuid),
        position: u64,
    ) -> Result<Self, Error> {
        // Read once the feed is held: nobody before this one delivers after it.
        let by = feeds.gate.engine().log().head().await.map_err(EngineError::failed)?.0;
        Ok(Self {
            feeds: feeds.clone(),
            to,
            hold: Hold { cursors: feeds.cursors.clone(), feed: to.feed, holder, run: cursor.run },
            cursor,
            receipted: (cursor.delivered, by),
            position,
            head: feeds.head.subscribe(),
            epoch,
            known: HashMap::new(),
            receipts: 0,
            decided: Instant::now(),
        })
    }

    /// Says that this one carries the feed still, for so long, and up to where the agency's system has it, where that is known here; returns up to
    /// where it has.
    ///
    /// # Errors
    /// When somebody else carries it, or it was begun again.
    pub(crate) async fn hold_on(&self, time: Duration, acknowledged: Option<u64>) -> Result<u64, Error> {
        let reached = (self.cursor.delivered.max(self.position), acknowledged.unwrap_or_default());
        self.hold.on(reached, time).await
    }

    /// Up to which position of the log the receipts are that it, or those before it, have kept.
    pub(crate) fn receipted_by(&self) -> u64 {
        self.receipts.max(self.receipted.1)
    }

    /// Goes back to a position, as nothing of what was decided since has left. It has its receipts.
    pub(crate) fn decide_again(&mut self, before: u64) {
        self.receipted = (self.receipted.0.max(self.position), self.receipted_by());
        self.position = before;
        self.known.clear();
    }

    /// Waits until there is more, for so long at most.
    pub(crate) async fn wait(&mut self, time: Duration) {
        let position = self.position;
        let more = self.head.wait_for(|head| *head > position);
        drop(tokio::time::timeout(time, more).await);
    }

    /// Refuses to go on on another history of the log.
    ///
    /// # Errors
    /// When the log has another one.
    pub(crate) fn same_history(&self) -> Result<(), Error> {
        if self.feeds.gate.engine().log().epoch() == self.epoch {
            return Ok(());
        }
        Err(interrupted("the log has another history than before"))
    }

    /// The next events of the log, at most so many.
    pub(crate) async fn read(&mut self, most: usize) -> Result<Vec<Recorded>, Error> {
        let behind = usize::try_from(self.head.borrow().saturating_sub(self.position)).unwrap_or(usize::MAX);
        let most = most.min(if behind > READ_BEHIND { READ_BEHIND } else { READ });
        let events = self.read_after(self.position, most).await?;
        for event in &events {
            match StreamKind::from_code(event.stream.kind) {
                Some(StreamKind::Sharing) => drop(self.known.remove(&PersonId(event.stream.id))),
                Some(StreamKind::Agency | StreamKind::Staff | StreamKind::Issuers) => self.known.clear(),
                _ => {}
            }
        }
        Ok(events)
    }

    /// The events of the log after a position, at most so many.
    pub(crate) async fn read_after(&self, position: u64, most: usize) -> Result<Vec<Recorded>, Error> {
        let log = self.feeds.gate.engine().log();
        Ok(self.feeds.head.read(&**log, (self.epoch, position), most).await?)
    }

    /// What leaves of these events, in their order, once all of it has its receipts; and up to where they are dealt with. At most so many leave.
    pub(crate) async fn decide(&mut self, events: &[Recorded], most: usize) -> Result<(Vec<Leaving>, u64), Error> {
        let considered = self.consider(events, most).await?;
        self.conclude(considered).await
    }

    /// What may leave of these events, at most so many; nothing of it has a receipt yet.
    pub(crate) async fn consider(&self, events: &[Recorded], most: usize) -> Result<Considered, Error> {
        let mut by_person: BTreeMap<PersonId, Vec<Recorded>> = BTreeMap::new();
        let mut beside = Vec::new();
        for event in events {
            match StreamKind::from_code(event.stream.kind) {
                Some(StreamKind::Person | StreamKind::Relationship | StreamKind::Consultation) => {
                    let person = person_of(event);
                    if self.known.get(&person) != Some(&Bond::Apart) {
                        by_person.entry(person).or_default().push(event.clone());
                    }
                }
                Some(StreamKind::Sharing) if may_be_about_a_permit(event) => {
                    by_person.entry(PersonId(event.stream.id)).or_default().push(event.clone());
                }
                _ if may_be_beside(event, self.to) => beside.push(event.clone()),
                _ => {}
            }
        }
        let (mut prepared, apart) = self.prepare_all(&by_person, false).await?;
        let last = events.last().map_or(self.position, |event| event.position.0);
        let sizes = prepared.iter().flat_map(|one| &one.leaving).map(|one| (one.position, one.cloud_event.len()));
        let until = cut(sizes.chain(beside.iter().map(|event| (event.position.0, 0))), last, most);
        beside.retain(|event| event.position.0 <= until);
        for one in &mut prepared {
            one.leaving.retain(|leaving| leaving.position <= until);
        }
        prepared.retain(|one| !one.leaving.is_empty());
        Ok(Considered { prepared, by_person, apart, beside, until })
    }

    /// What leaves of what was considered, in its order, once all of it has its receipts; and up to where it is dealt with.
    pub(crate) async fn conclude(&mut self, considered: Considered) -> Result<(Vec<Leaving>, u64), Error> {
        let Considered { prepared, by_person, apart, beside, until } = considered;
        let prepared = self.commit_all(prepared, &by_person, until).await?;
        if self.known.len() > KNOWN {
            self.known.clear();
        }
        self.known.extend(by_person.keys().map(|person| (*person, Bond::Decided)));
        self.known.extend(apart.into_iter().map(|person| (person, Bond::Apart)));
        // After the receipts: of what is delivered again it is not told that it is to be given back.
        let beside = self.beside(&beside).await?;
        let prepared = if self.decided.elapsed() < FRESH {
            prepared
        } else {
            self.commit_all(prepared, &by_person, until).await?
        };
        let mut leaving: Vec<_> = prepared.into_iter().flat_map(|one| one.leaving).chain(beside).collect();
        leaving.sort_by_key(|leaving| leaving.position);
        Ok((leaving, until))
    }

    /// What may leave of the events about each person; nothing of it has left. And who is apart from the agency.
    async fn prepare_all(
        &self,
        of: &BTreeMap<PersonId, Vec<Recorded>>,
        moved: bool,
    ) -> Result<(Vec<Prepared>, Vec<PersonId>), Error> {
        let basis = |person| match moved {
            true => Basis::Moved,
            false if self.known.contains_key(person) => Basis::Known,
            false => Basis::Unknown,
        };
        let preparing = of.iter().map(|(person, events)| self.preparing(*person, events, basis(person)));
        let preparing: Vec<_> = preparing.collect();
        let mut deciding = stream::iter(preparing).buffer_unordered(AT_ONCE);
        let (mut prepared, mut apart) = (Vec::new(), Vec::new());
        while let Some((person, decided)) = deciding.try_next().await? {
            match decided {
                Decided::Leaves(one) => prepared.push(*one),
                Decided::Nothing => {}
                Decided::Apart => apart.push(person),
            }
        }
        Ok((prepared, apart))
    }

    fn preparing(
        &self,
        person: PersonId,
        events: &[Recorded],
        basis: Basis,
    ) -> impl Future<Output = Result<(PersonId, Decided), Error>> + Send + use<> {
        let (until, by) = self.receipted;
        let receipted = Receipted { until, by, latest: self.receipted_by() };
        let (feeds, to, events) = (self.feeds.clone(), self.to, events.to_vec());
        async move { Ok((person, feeds.prepare(to, person, &events, (receipted, basis)).await?)) }
    }

    /// Makes all receipts durable. Of whom something has moved it is decided again; and when that took long, it is found out once more that all
    /// of it may leave, so that nothing leaves on the strength of what was true a while ago: at most 1.6 s, should finding out take so long.
    async fn commit_all(
        &mut self,
        prepared: Vec<Prepared>,
        of: &BTreeMap<PersonId, Vec<Recorded>>,
        until: u64,
    ) -> Result<Vec<Prepared>, Error> {
        let (mut left, mut done, mut since) = (prepared, Vec::new(), Instant::now());
        // What got its receipt here needs no second one.
        let mut receipted = HashSet::new();
        for attempt in 0..ATTEMPTS {
            let mut moved = BTreeMap::new();
            for (receipt, mut one) in self.commit_each(left).await? {
                let Some(receipt) = receipt else {
                    moved.extend(of.get_key_value(&one.person).map(|(person, events)| (*person, events.clone())));
                    continue;
                };
                self.receipts = self.receipts.max(receipt);
                for leaving in &mut one.leaving {
                    leaving.needs_receipt = false;
                    receipted.insert(leaving.position);
                }
                done.push(one);
            }
            // Where the log itself is slow, what is told is slow, and does not stop.
            if moved.is_empty() && since.elapsed() < FRESH.saturating_mul(1 << (attempt / 2)) {
                self.decided = Instant::now().checked_sub(FRESH / 2).map_or(since, |lately| lately.max(since));
                return Ok(done);
            }
            if moved.is_empty() {
                since = Instant::now();
                left = std::mem::take(&mut done);
                continue;
            }
            self.known.retain(|person, _| !moved.contains_key(person));
            (left, _) = self.prepare_all(&moved, true).await?;
            for one in &mut left {
                one.leaving.retain(|leaving| leaving.position <= until);
                for leaving in &mut one.leaving {
                    leaving.needs_receipt &= !receipted.contains(&leaving.position);
                }
            }
            left.retain(|one| !one.leaving.is_empty());
        }
        Err(Error::new(rpc::Reason::Contention, "too much changes at once"))
    }

    /// Commits each by itself, so that the log commits many together. Of what has moved there is no receipt.
    async fn commit_each(&self, prepared: Vec<Prepared>) -> Result<Vec<(Option<u64>, Prepared)>, Error> {
        let committing = prepared.into_iter().map(|one| {
            let (feeds, to) = (self.feeds.clone(), self.to);
            async move { Ok((feeds.commit(to, &one).await?, one)) }
        });
        let committing: Vec<_> = committing.collect();
        stream::iter(committing).buffer_unordered(AT_ONCE).try_collect().await
    }
}

/// Up to where events fit one message, or are so many: all, or those before the first that does not fit. One always does.
fn cut(sizes: impl Iterator<Item = (u64, usize)>, last: u64, most: usize) -> u64 {
    let mut sizes: Vec<_> = sizes.collect();
    sizes.sort_unstable();
    let (mut bytes, mut before) = (0, None);
    for (count, (position, size)) in sizes.into_iter().enumerate() {
        bytes += size;
        if let Some(before) = before.filter(|_| bytes > BYTES || count >= most) {
            return before;
        }
        before = Some(position);
    }
    last
}

/// The person about whom an event of a record is.
fn person_of(event: &Recorded) -> PersonId {
    PersonId(Header::decode(&event.head).map_or(event.stream.id, |(header, _)| header.subject))
}
