//! What of some events about one person leaves now: decided together, with one receipt.

use std::collections::{BTreeSet, HashMap};

use domain::StreamKind;
use domain::access::events::{Delivered, EventDelivered, PermitTold};
use domain::agency::{Agency, ContentLevel, Feed, Scope, ServiceAccount};
use domain::ids::{AgencyId, ConsultationId, EntryId, FeedId, PersonId, ProvisionId, ReceiptId, SignInId};
use domain::person::{Content, Person};
use domain::vocabulary::{Category, Purpose, Sensitivity, Timestamp};
use engine::{EngineError, Freshness, Loaded};
use event_log::Recorded;
use events::{Envelope, Event};
use gate::{Gate, SystemGrounds};
use rpc::{Error, Reason};
use serde_json::Value;
use uuid::Uuid;
use views::record::{self, EntryDoc, Record};

use crate::Feeds;
use crate::cloud_event::{Told, cloud_event, id_of};
use crate::entry;
use crate::held::{Held, held};
use crate::permits::may_be_about_a_permit;
use crate::published::{Published, published};

/// The most bytes of an event: well below what a message may hold at any door (NATS takes 1 MB when nothing else is configured).
const LARGEST: usize = 512 << 10;

/// Who receives a feed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Receiver {
    pub(crate) agency: AgencyId,
    pub(crate) feed: FeedId,
    /// What its system has signed in with; nothing at a door that it does not hold open itself.
    pub(crate) sign_in: Option<SignInId>,
}

/// What of a person's something is about that leaves.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    /// An entry, a relationship or a consultation.
    Entry(Delivered),
    /// A permit.
    Permit(PermitTold),
}

impl What {
    /// What it is about of the record and beside it.
    pub(crate) fn entry(self) -> Option<Delivered> {
        match self {
            Self::Entry(delivered) => Some(delivered),
            Self::Permit(_) => None,
        }
    }

    /// What it tells of a permit.
    fn permit(self) -> Option<PermitTold> {
        match self {
            Self::Permit(told) => Some(told),
            Self::Entry(_) => None,
        }
    }
}

/// An event that leaves.
#[derive(Debug, Clone)]
pub(crate) struct Leaving {
    pub(crate) position: u64,
    /// Under which it is told.
    pub(crate) id: Uuid,
    pub(crate) cloud_event: String,
    /// Whom and what it is about; nothing where it is about nobody's record.
    pub(crate) of: Option<(PersonId, What)>,
    /// Whether what it is about still needs a receipt.
    pub(crate) needs_receipt: bool,
    /// When time alone may take away what lets it leave.
    pub(crate) changes_at: Option<Timestamp>,
    /// The person's choices that let it leave.
    pub(crate) choices: BTreeSet<ProvisionId>,
}

impl Leaving {
    /// What is about nobody's record, and needs no receipt.
    pub(crate) fn about_nobody(position: u64, id: Uuid, cloud_event: String) -> Self {
        Self { position, id, cloud_event, of: None, needs_receipt: false, changes_at: None, choices: BTreeSet::new() }
    }
}

/// What of the events about one person may leave, and what that was decided on.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) person: PersonId,
    pub(crate) grounds: SystemGrounds,
    pub(crate) feed: Feed,
    pub(crate) leaving: Vec<Leaving>,
}

/// What was decided of some events about one person.
#[derive(Debug)]
pub(crate) enum Decided {
    /// Some may leave.
    Leaves(Box<Prepared>),
    /// None may.
    Nothing,
    /// None may, nor any other about the record of this person, until what that rests on moves.
    Apart,
}

/// An event of a record, and the entry that it is about.
struct About<'a> {
    event: &'a Envelope,
    published: &'static str,
    entry: EntryId,
    category: Category,
    sensitivity: Sensitivity,
}

impl About<'_> {
    /// Whether it is about an entry of the record.
    fn is_entry(&self) -> bool {
        !matches!(self.category, Category::SupportNetwork | Category::Consultations)
    }
}

/// What a decision about a person is made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    /// What is remembered: it is known to be no older than the events.
    Known,
    /// What is remembered, where something may leave by that: a guard shows whether it still holds.
    Unknown,
    /// The latest: a guard has shown that what is remembered does not hold any more.
    Moved,
}

impl Basis {
    fn one_after_the_other(self) -> &'static [Freshness] {
        match self {
            Self::Known => &[Freshness::Remembered],
            Self::Unknown => &[Freshness::Remembered, Freshness::Latest],
            Self::Moved => &[Freshness::Latest],
        }
    }
}

/// Up to where events may have their receipts, and where the log ended when that was so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Receipted {
    pub(crate) until: u64,
    pub(crate) by: u64,
    /// The last receipt that there is by now.
    pub(crate) latest: u64,
}

impl Feeds {
    /// What may leave of these events about one person, the oldest first; nothing of it has left.
    ///
    /// # Errors
    /// When the feed is closed or its system has been removed, and when something is out of reach.
    pub(crate) async fn prepare(
        &self,
        to: Receiver,
        person: PersonId,
        events: &[Recorded],
        (receipted, basis): (Receipted, Basis),
    ) -> Result<Decided, Error> {
        let mut decided = Decided::Nothing;
        for freshness in basis.one_after_the_other() {
            let freshness = *freshness;
            let feed = self.feed_of(to, freshness).await?;
            let mut grounds = match self.gate.for_system(to.agency, feed.purpose, person, freshness).await {
                // Of whom nothing is left nothing is told.
                Err(EngineError::Erased) => return Ok(Decided::Nothing),
                grounds => grounds?,
            };
            let kept = |event: &&Recorded| event.stream.kind == StreamKind::Consultation.code();
            let consultations: BTreeSet<_> = events.iter().filter(kept).map(|e| ConsultationId(e.stream.id)).collect();
            self.gate.ask_about(&mut grounds, &consultations).await?;
            let leaving = self.leaving(to, person, events, receipted, &grounds).await?;
            // That nothing may leave is decided on the latest: nothing proves that it still holds.
            if !leaving.is_empty() {
                return Ok(Decided::Leaves(Box::new(Prepared { person, grounds, feed, leaving })));
            }
            // Remembered for long, it is found out by the latest.
            let is_apart = freshness == Freshness::Latest && grounds.is_apart();
            decided = if is_apart { Decided::Apart } else { Decided::Nothing };
        }
        Ok(decided)
    }

    async fn leaving(
        &self,
        to: Receiver,
        person: PersonId,
        events: &[Recorded],
        receipted: Receipted,
        grounds: &SystemGrounds,
    ) -> Result<Vec<Leaving>, Error> {
        // As the decision saw it: what it relies on is guarded.
        let agency = grounds.agency(to.agency).ok_or_else(Error::denied)?;
        let feed = receives(agency, to)?;
        let (permits, entries): (Vec<_>, Vec<_>) = events.iter().partition(|event| may_be_about_a_permit(event));
        let mut leaving = self.entries((to, feed), person, entries, receipted, grounds).await?;
        if !permits.is_empty() {
            leaving.extend(self.permits((to, feed), person, permits, receipted, grounds).await?);
        }
        Ok(leaving)
    }

    /// What may leave of these events, each of which is about an entry, a relationship or a consultation.
    async fn entries(
        &self,
        (to, feed): (Receiver, &Feed),
        person: PersonId,
        events: Vec<&Recorded>,
        receipted: Receipted,
        grounds: &SystemGrounds,
    ) -> Result<Vec<Leaving>, Error> {
        let Some(scope) = grounds.scope() else { return Ok(vec![]) };
        let opened = self.open(events).await?;
        let record = self.record(person, &opened, grounds.moved_at()).await?;
        let about =
            opened.iter().filter_map(|event| about(event, person, &record, |agency| grounds.agency(agency).is_some()));
        let covered = |about: &About<'_>| {
            let is_covered = if about.category == Category::Consultations {
                grounds.covers_consultation(ConsultationId(about.entry.0))
            } else {
                scope.covers(about.category, &about.sensitivity)
            };
            is_covered && feed.selection.carries(about.category, about.published)
        };
        let about: Vec<_> = about.filter(covered).collect();
        if about.is_empty() {
            return Ok(vec![]);
        }
        let docs = self.docs(person, feed, &about, grounds.moved_at()).await?;
        let held = self.held_before(to, person, &about, receipted).await?;
        let goal_shown = |doc: &EntryDoc| {
            let Content::Action(action) = &doc.content else { return true };
            let goal = action.goal.and_then(|goal| record.entry(goal));
            goal.is_none_or(|goal| scope.covers(Category::Goals, &goal.sensitivity))
        };
        let content = feed.selection.content;
        let leaving = about.iter().map(|about| {
            let (event, published) = (about.event, about.published);
            let (id, at) = (event.header.event_id, event.at);
            let traceparent = self.traceparent(event);
            let told = Told { feed: to.feed, event: id, published, person: Some(person), at, traceparent };
            let doc = docs.get(&about.entry);
            let says = || doc.map_or(Value::Null, |doc| entry::says(doc, to.agency, goal_shown(doc)));
            let ids = || entry::ids(about.entry, about.category);
            // What is no entry of the record is fetched by its id; so is what is too large for a message.
            let content = if about.is_entry() { content } else { content.min(ContentLevel::IdOnly) };
            let said = cloud_event(&told, content, ids(), says);
            let (content, cloud_event) = match said.len() > LARGEST {
                true => (ContentLevel::IdOnly, cloud_event(&told, ContentLevel::IdOnly, ids(), || Value::Null)),
                false => (content, said),
            };
            let has_receipt = held.get(&id).is_some_and(|held| held.delivered.content >= content);
            let delivered = Delivered { event: id, entry: about.entry, category: about.category, content };
            Leaving {
                position: event.position.0,
                id: id_of(to.feed, id),
                cloud_event,
                of: Some((person, What::Entry(delivered))),
                needs_receipt: !has_receipt,
                changes_at: grounds.changes_at(),
                choices: scope.choices(about.category, &about.sensitivity).collect(),
            }
        });
        Ok(leaving.collect())
    }

    /// What the feed holds of these events already, with a receipt: of those only that a stream before this one may have delivered.
    async fn held_before(
        &self,
        to: Receiver,
        person: PersonId,
        about: &[About<'_>],
        receipted: Receipted,
    ) -> Result<HashMap<Uuid, Held>, Error> {
        if about.iter().all(|about| about.event.position.0 > receipted.until) {
            return Ok(HashMap::new());
        }
        // What cannot be read has no receipt that anybody could read: it gets one.
        Ok(held(&self.views, (person, to.feed), receipted.by).await?.unwrap_or_default().events)
    }

    /// Makes the receipts of what is prepared durable, or finds out that what has its receipts may still leave. Returns the position of the
    /// receipt, 0 where there was none to keep; nothing when what it was decided on has moved.
    pub(crate) async fn commit(&self, to: Receiver, prepared: &Prepared) -> Result<Option<u64>, Error> {
        let Prepared { person, grounds, feed, leaving } = prepared;
        let unreceipted = || leaving.iter().filter(|leaving| leaving.needs_receipt).filter_map(|leaving| leaving.of);
        let events: Vec<_> = unreceipted().filter_map(|(_, what)| what.entry()).collect();
        let permits: Vec<_> = unreceipted().filter_map(|(_, what)| what.permit()).collect();
        let choices: BTreeSet<_> = leaving.iter().flat_map(|leaving| leaving.choices.iter().copied()).collect();
        let delivered = (!events.is_empty() || !permits.is_empty()).then(|| EventDelivered {
            receipt: ReceiptId(Uuid::now_v7()),
            agency: to.agency,
            feed: to.feed,
            name: feed.name.clone(),
            door: feed.door,
            purpose: feed.purpose,
            events,
            choices: choices.into_iter().collect(),
            directive: grounds.directive(),
            permits,
        });
        Ok(self.gate.deliver(*person, grounds, delivered).await?)
    }

    /// The events, opened: but those of whom nothing is left, and what cannot be read, which stops nobody else's.
    pub(crate) async fn open<'e>(
        &self,
        events: impl IntoIterator<Item = &'e Recorded, IntoIter: Send> + Send,
    ) -> Result<Vec<Envelope>, Error> {
        let mut opened = Vec::new();
        for recorded in events {
            match self.gate.engine().codec().open(recorded).await {
                Ok(envelope) => opened.push(envelope),
                Err(error) if error.is_erased() => {}
                Err(error) if error.is_newer() => {
                    return Err(interrupted("this server is older than what has happened"));
                }
                Err(error) if error.is_outage() => return Err(EngineError::from(error).into()),
                Err(error) => {
                    let (position, error) = (recorded.position.0, &error as &dyn std::error::Error);
                    tracing::error!(position, error, "an event cannot be read, and no feed tells it");
                }
            }
        }
        Ok(opened)
    }

    /// The record, as new as what happened to it, and then as the directive: what that has taken out of an entry is out of it.
    async fn record(&self, person: PersonId, events: &[Envelope], moved_at: u64) -> Result<Loaded<Person>, Error> {
        let engine = self.gate.engine();
        let of_record = events.iter().filter(|event| matches!(event.event, Event::Person(_)));
        let newest = of_record.map(|event| event.version).max();
        let record = engine.load::<Person>(person, Freshness::Remembered).await?;
        // What is about no entry reads nothing of it.
        let Some(newest) = newest else { return Ok(record) };
        let is_new = record.version >= newest && record.position.0 >= moved_at;
        if is_new { Ok(record) } else { Ok(engine.load(person, Freshness::Latest).await?) }
    }

    /// The entries as they stand, where a feed says what they say.
    async fn docs(
        &self,
        person: PersonId,
        feed: &Feed,
        about: &[About<'_>],
        moved_at: u64,
    ) -> Result<HashMap<EntryId, EntryDoc>, Error> {
        if feed.selection.content != ContentLevel::Full {
            return Ok(HashMap::new());
        }
        let at_least = about.iter().map(|about| about.event.position.0).chain([moved_at]).max().unwrap_or_default();
        let keys: Vec<_> = about
            .iter()
            .filter(|about| about.is_entry())
            .map(|a| record::entry_key(person, a.category, a.entry))
            .collect();
        let docs = self.views.get::<Record>(&keys, at_least).await?;
        Ok(docs.into_values().map(|doc| (doc.entry, doc)).collect())
    }

    /// The feed, if it is open and its system may receive it.
    ///
    /// # Errors
    /// When it is closed, or the system has been removed.
    pub(crate) async fn feed_of(&self, to: Receiver, freshness: Freshness) -> Result<Feed, Error> {
        let agency = self.gate.engine().load(to.agency, freshness).await?;
        receives(&agency, to).cloned()
    }
}

/// The feed, if it is open and its system may receive it.
///
/// # Errors
/// When it is closed, or the system has been removed.
pub(crate) fn receives(agency: &Agency, to: Receiver) -> Result<&Feed, Error> {
    let receives = |account: &ServiceAccount| account.scopes.contains(&Scope::Receive);
    let may = match to.sign_in {
        Some(sign_in) => agency.account_of(sign_in).is_some_and(receives),
        // Where nobody could sign in to take it, nothing stands for anybody.
        None => agency.accounts().iter().any(|account| !account.removed && receives(account)),
    };
    if !may {
        return Err(Error::denied());
    }
    agency.open_feed(to.feed).ok_or_else(|| Error::not_found("feed"))
}

/// What of a person a system may have now.
#[derive(Debug)]
pub(crate) struct Coverage {
    pub(crate) grounds: SystemGrounds,
    record: Loaded<Person>,
}

impl Coverage {
    /// As it is by the latest that there is; none when nothing is left of the person.
    ///
    /// # Errors
    /// When the log or the key store fails.
    pub(crate) async fn of(
        gate: &Gate,
        (agency, purpose): (AgencyId, Purpose),
        person: PersonId,
    ) -> Result<Option<Self>, EngineError> {
        let grounds = match gate.for_system(agency, purpose, person, Freshness::Latest).await {
            Err(EngineError::Erased) => return Ok(None),
            grounds => grounds?,
        };
        match gate.engine().load::<Person>(person, Freshness::Latest).await {
            Err(EngineError::Erased) => Ok(None),
            record => Ok(Some(Self { grounds, record: record? })),
        }
    }

    /// Finds out about the consultations of which something was delivered.
    ///
    /// # Errors
    /// When the log or the key store fails.
    pub(crate) async fn asked_about(
        mut self,
        gate: &Gate,
        delivered: impl Iterator<Item = Delivered>,
    ) -> Result<Self, EngineError> {
        let of_one = delivered.filter(|delivered| delivered.category == Category::Consultations);
        let consultations: BTreeSet<_> = of_one.map(|delivered| ConsultationId(delivered.entry.0)).collect();
        gate.ask_about(&mut self.grounds, &consultations).await?;
        Ok(self)
    }

    /// Whether something may be told still.
    pub(crate) fn tells(&self, what: &What) -> bool {
        match what {
            What::Entry(delivered) => self.covers(delivered),
            What::Permit(told) => self.grounds.tells_of(told.provision, told.change).is_some(),
        }
    }

    /// Whether what was delivered is covered; of consultations only those that were asked about are.
    pub(crate) fn covers(&self, delivered: &Delivered) -> bool {
        let (entry, category, record) = (delivered.entry, delivered.category, &self.record);
        if category == Category::Consultations {
            return self.grounds.covers_consultation(ConsultationId(entry.0));
        }
        if category == Category::SupportNetwork {
            return self.grounds.scope().is_some_and(|scope| scope.covers(category, &Sensitivity::NORMAL));
        }
        let own = || record.entry(entry).map(|entry| entry.sensitivity.clone());
        let contact = || record.registered().map(|known| known.sensitivity.clone().unwrap_or(Sensitivity::NORMAL));
        let sensitivity = if category == Category::Contact { contact() } else { own() };
        self.grounds.scope().zip(sensitivity).is_some_and(|(scope, sensitivity)| scope.covers(category, &sensitivity))
    }
}

/// What an event about a person is about, and how sensitive that is now. Of relationships, those of the agency's own workers; of consultations, not
/// what is more sensitive than they are.
fn about<'a>(
    event: &'a Envelope,
    person: PersonId,
    record: &Person,
    is_theirs: impl Fn(AgencyId) -> bool,
) -> Option<About<'a>> {
    let Published::As(published) = published(&event.event) else { return None };
    let other = |category| {
        let (entry, sensitivity) = (EntryId(event.stream), Sensitivity::NORMAL);
        About { event, published, entry, category, sensitivity }
    };
    #[allow(clippy::wildcard_enum_match_arm, reason = "only these are about a person")]
    let happened = match &event.event {
        Event::Person(happened) => happened,
        Event::Relationship(happened) => {
            return is_theirs(happened.worker().agency()).then(|| other(Category::SupportNetwork));
        }
        Event::Consultation(happened) => {
            return happened.sensitivity().is_none().then(|| other(Category::Consultations));
        }
        _ => return None,
    };
    Some(match happened.entry() {
        Some(change) => {
            // Of what the record does not have nobody is told.
            let sensitivity = record.entry(change.entry)?.sensitivity.clone();
            About { event, published, entry: change.entry, category: change.category, sensitivity }
        }
        None => {
            let sensitivity = record.registered()?.sensitivity.clone().unwrap_or(Sensitivity::NORMAL);
            About { event, published, entry: EntryId(person.0), category: Category::Contact, sensitivity }
        }
    })
}

/// Why carrying a feed ends that the agency has no part in.
pub(crate) fn interrupted(why: &str) -> Error {
    Error::new(Reason::Unavailable, why)
}
