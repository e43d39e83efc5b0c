//! Whether somebody is to be told of an event; and telling them.

use domain::access::events::AccessEvent;
use domain::ids::{AgencyId, PersonId, ReceiptId, derived_id};
use domain::notices::events::{NoticeFailed, NoticeSent, NoticesEvent};
use domain::notices::{Address, Channel, NoticeKind, Notices};
use domain::vocabulary::{Author, Timestamp};
use domain::{Aggregate as _, StreamKind};
use engine::{Changes, Context, EngineError, Freshness, Loaded};
use event_log::{Recorded, StreamId, Version};
use events::{Envelope, Event};
use rpc::Error;
use views::Pages;
use views::access_history::{self, AccessHistory, ReceiptDoc, ReceiptKind};
use views::notices::{DoneNotices, notice_key};

use crate::code::code;
use crate::due::may_tell;
use crate::notifier::{NEWS_DAYS, Notifier, Pending, Telling};
use crate::sender::Unsent;
use crate::text::Text;

/// What came of telling somebody.
pub(crate) enum Outcome {
    /// There is nothing more to do.
    Done { was_sent: bool },
    /// It is to be tried again; it may have gone out.
    Later { went_out: bool },
}

impl Notifier {
    /// The notice that is due of an event, if there is one.
    pub(crate) async fn consider(&self, telling: &mut Telling, event: &Recorded) -> Result<Option<Pending>, Error> {
        let Some((kind, person)) = may_tell(event) else { return Ok(None) };
        if kind == NoticeKind::AddressGiven {
            telling.people.insert(person);
        }
        if !telling.people.contains(&person) {
            return Ok(None);
        }
        let envelope = match self.engine().codec().open(event).await {
            Ok(envelope) => envelope,
            Err(error) if error.is_erased() => return Ok(None),
            Err(error) if error.is_outage() || error.is_newer() => return Err(EngineError::from(error).into()),
            Err(error) => {
                let (position, error) = (event.position.0, &error as &dyn std::error::Error);
                tracing::error!(position, error, "an event cannot be read, and nobody is told of it");
                return Ok(None);
            }
        };
        let id = envelope.header.event_id;
        let is_news = envelope.at.plus_days(NEWS_DAYS) > self.engine().now();
        let key = notice_key(person, id);
        let may_be_done = envelope.position.0 <= telling.began;
        if !is_news || (may_be_done && self.services.views.one::<DoneNotices>(key, telling.began).await?.is_some()) {
            return Ok(None);
        }
        let mut pending = Pending::new((person, kind), id, envelope.position.0, envelope.at);
        match (kind, &envelope.event) {
            (NoticeKind::AddressGiven, Event::Notices(NoticesEvent::AddressGiven(e))) => {
                pending.reference = Some(e.reference);
                return Ok(Some(pending));
            }
            (NoticeKind::AddressLeft, _) => {
                pending.left = self.left_by(&envelope).await?;
                return Ok(Some(pending).filter(|pending| pending.left.is_some()));
            }
            (NoticeKind::FirstLook, Event::Access(AccessEvent::RecordViewed(e))) => {
                let Author::Worker(worker) = e.party else { return Ok(None) };
                if !self.is_first(telling, &envelope, (worker.agency(), e.receipt)).await? {
                    return Ok(None);
                }
            }
            _ => {}
        }
        let notices = match self.engine().load::<Notices>(person, Freshness::Latest).await {
            Err(EngineError::Erased) => return Ok(None),
            notices => notices?,
        };
        let is_meant = notices.confirmed().is_some_and(|(_, since)| since <= envelope.at);
        Ok(Some(pending).filter(|_| is_meant).and_then(|pending| pending.when(notices.when(kind))))
    }

    /// Whether an agency has never looked before.
    async fn is_first(
        &self,
        telling: &mut Telling,
        look: &Envelope,
        (agency, receipt): (AgencyId, ReceiptId),
    ) -> Result<bool, Error> {
        let person = PersonId(look.stream);
        if telling.seen.contains(&(person, agency)) {
            return Ok(false);
        }
        // Of two at one moment one is the first.
        let is_before = |doc: &ReceiptDoc| {
            matches!(doc.party, Author::Worker(worker) if worker.agency() == agency)
                && doc.kind == ReceiptKind::Viewed
                && (doc.at, doc.receipt) < (look.at, receipt)
        };
        let pages = Pages { size: 1, after: vec![], at_least: look.position.0 };
        let history = access_history::of_person(person);
        let before = self.services.views.list::<AccessHistory>(&history, &pages, is_before);
        let is_first = before.await?.items.is_empty();
        telling.seen.insert((person, agency));
        Ok(is_first)
    }

    /// The address that was left by what happened, if it is to be told.
    async fn left_by(&self, happened: &Envelope) -> Result<Option<Address>, Error> {
        let stream = StreamId { kind: StreamKind::Notices.code(), id: happened.stream };
        let count = usize::try_from(happened.version.0).unwrap_or(usize::MAX);
        let recorded = self.engine().log().read_stream(stream, Version(0), count).await.map_err(EngineError::failed)?;
        let mut events = Vec::with_capacity(recorded.len());
        for event in &recorded {
            let opened = self.engine().codec().open(event).await.map_err(EngineError::from)?;
            if let Event::Notices(event) = opened.event {
                events.push(event);
            }
        }
        Ok(Notices::folded(&events).left().cloned())
    }

    /// Tells somebody of these: one message. What they want is decided now, whatever it was.
    pub(crate) async fn tell(&self, message: &[Pending]) -> Result<Outcome, Error> {
        let nothing = Ok(Outcome::Done { was_sent: false });
        let Some(first) = message.first() else { return nothing };
        let notices = match self.engine().load::<Notices>(first.person, Freshness::Latest).await {
            Err(EngineError::Erased) => return nothing,
            notices => notices?,
        };
        let now = self.engine().now();
        let Some(to) = address(&notices, message, now) else { return nothing };
        if !message.iter().all(|of| of.went_out) {
            // It holds as it is about to leave, or is decided again.
            let mut changes = Changes::new(&Context::of_system());
            changes.guard(&notices);
            if self.engine().commit(changes).await?.done().is_none() {
                return Ok(Outcome::Later { went_out: false });
            }
            if let Err(Unsent { why, for_good }) = self.send(first, &to, now).await {
                let is_news = first.at.plus_days(NEWS_DAYS) > now;
                if is_news && !for_good {
                    return Ok(Outcome::Later { went_out: false });
                }
                let failed = |of: &Pending| {
                    let (event, kind, channel, why) = (of.event, of.kind, to.channel, why.clone());
                    NoticeFailed { event, kind, channel, why }.into()
                };
                return self.keep(first.person, message.iter().map(failed).collect(), false).await;
            }
        }
        let sent = |of: &Pending| NoticeSent { event: of.event, kind: of.kind, channel: to.channel }.into();
        self.keep(first.person, message.iter().map(sent).collect(), true).await
    }

    async fn send(&self, first: &Pending, to: &Address, now: Timestamp) -> Result<(), Unsent> {
        let doors = &self.services.doors;
        let pseudonyms = self.engine().codec().vault().pseudonyms().await;
        let pseudonyms =
            pseudonyms.map_err(|_cause| Unsent { why: "keys are out of reach".into(), for_good: false })?;
        let code = first.reference.map(|reference| code(&pseudonyms, reference)).unwrap_or_default();
        let text = Text::of(first.kind, &code, doors.link.as_deref());
        // The same however often it is sent.
        let id = derived_id(first.event, &[b"notice"]);
        let gone = || Unsent::for_good("this system does not send there any more");
        match to.channel {
            Channel::Email => doors.mail.as_ref().ok_or_else(gone)?.send(id, &to.text, &text).await,
            Channel::Sms | Channel::Letter => {
                let sender = doors.sender.as_ref().filter(|sender| sender.channels().any(|sends| sends == to.channel));
                sender.ok_or_else(gone)?.send(id, to, &text, now).await
            }
        }
    }

    /// Keeps what became of a message.
    async fn keep(&self, person: PersonId, became: Vec<NoticesEvent>, was_sent: bool) -> Result<Outcome, Error> {
        let decide = |(notices,): &(Loaded<Notices>,), changes: &mut Changes| {
            changes.record(notices, person, became.clone());
            Ok(())
        };
        match self.engine().transact(&Context::of_system(), (person,), decide).await {
            Ok(_) | Err(EngineError::Erased) => Ok(Outcome::Done { was_sent }),
            Err(_) => Ok(Outcome::Later { went_out: was_sent }),
        }
    }
}

/// Where a message goes as things are now; nowhere when the person wants it no more.
fn address(notices: &Notices, message: &[Pending], now: Timestamp) -> Option<Address> {
    let first = message.first().filter(|_| !notices.is_silent())?;
    match first.kind {
        NoticeKind::AddressGiven => {
            let given =
                notices.given().filter(|given| Some(given.reference) == first.reference && given.expires_at > now);
            given.map(|given| given.address.clone())
        }
        NoticeKind::AddressLeft => first.left.clone(),
        NoticeKind::Emergency | NoticeKind::FirstLook | NoticeKind::Proposal => {
            let wants = |of: &Pending| notices.when(of.kind) != domain::notices::When::Never;
            let (address, since) = notices.confirmed()?;
            message.iter().any(|of| wants(of) && since <= of.at).then(|| address.clone())
        }
    }
}
