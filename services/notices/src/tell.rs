//! Whether somebody is to be told of something; and telling them.

use domain::access::events::AccessEvent;
use domain::ids::{AgencyId, PersonId, derived_id};
use domain::invitation::events::InvitationEvent;
use domain::notices::events::{NoticeFailed, NoticeSent, NoticesEvent};
use domain::notices::{Address, Channel, NoticeKind, Notices, When};
use domain::vocabulary::{Author, Timestamp, Worker};
use domain::{Aggregate as _, StreamKind};
use engine::{Changes, Context, EngineError, Freshness, Loaded};
use event_log::{Recorded, StreamId, Version};
use events::{Envelope, Event};
use gate::code::{OF_ADDRESS, OF_WORD, sent};
use rpc::{Error, Reason};
use views::Pages;
use views::access_history::{self, AccessHistory, ReceiptDoc, ReceiptKind};
use views::notices::{DoneNotices, notice_key};

use crate::due::may_tell;
use crate::mail::ReadyMail;
use crate::notifier::{Notifier, Telling};
use crate::pending::{Pending, is_news};
use crate::sender::{ReadyCall, Unsent};
use crate::text::Text;

/// By how much earlier a look must be, in microseconds, to be one before this: clocks of servers differ, and two looks of one moment may stand in
/// the log the other way round. What is told of a first look is told once, whichever it was.
const EARLIER: i64 = 60_000_000;

/// What came of telling somebody.
pub(crate) enum Outcome {
    /// There is nothing more to do.
    Done { was_sent: bool },
    /// What was decided on has moved: nothing went out.
    Moved,
    /// It is to be tried again; it may have gone out.
    Later { went_out: bool },
}

/// A message that is about to leave.
enum Ready<'a> {
    Mail(Box<ReadyMail<'a>>),
    Call(ReadyCall<'a>),
}

impl Notifier {
    /// The notice that is due of an event, if there is one. What cannot be read is told to nobody, and stops nobody else's.
    pub(crate) async fn consider(&self, telling: &mut Telling, event: &Recorded) -> Result<Option<Pending>, Error> {
        let Some((kind, person)) = may_tell(event) else { return Ok(None) };
        if kind == NoticeKind::AddressGiven {
            telling.people.insert(person);
        }
        if !telling.people.contains(&person) || !is_news(Timestamp(event.at), self.engine().now()) {
            return Ok(None);
        }
        match self.consider_news(telling, event, (kind, person)).await {
            Err(error) if error.reason() == Reason::Internal => {
                tracing::error!(position = event.position.0, "an event cannot be read, and nobody is told of it");
                Ok(None)
            }
            considered => considered,
        }
    }

    async fn consider_news(
        &self,
        telling: &mut Telling,
        event: &Recorded,
        (kind, person): (NoticeKind, PersonId),
    ) -> Result<Option<Pending>, Error> {
        let (codec, engine) = (self.engine().codec(), self.engine());
        let envelope = match codec.open(event).await {
            Err(error) if error.is_erased() => return Ok(None),
            Err(error) if error.is_newer() => {
                return Err(Error::new(Reason::Unavailable, "this server is older than what has happened"));
            }
            envelope => envelope.map_err(EngineError::from)?,
        };
        let (id, at, position) = (envelope.header.event_id, envelope.at, envelope.position.0);
        let mut pending = Pending::new((person, kind), id, position, at);
        let mut looked = None;
        match (kind, &envelope.event) {
            (NoticeKind::AddressGiven, Event::Notices(NoticesEvent::AddressGiven(e))) => {
                pending.reference = Some(e.reference);
            }
            (NoticeKind::WordCode, Event::Notices(NoticesEvent::WordCodeAsked(e))) => {
                (pending.reference, pending.code_for) = (Some(e.reference), Some(e.of));
            }
            (NoticeKind::AddressLeft, _) => {
                pending.left = self.left_by(&envelope).await?;
                if pending.left.is_none() {
                    return Ok(None);
                }
            }
            // What they accept, decline or end themselves they know, and so they do what others end.
            (_, Event::Relationship(e)) if kind == NoticeKind::InTheirPlace && e.on_their_word().is_none() => {
                return Ok(None);
            }
            // What they choose themselves they know.
            (NoticeKind::InTheirPlace, Event::Sharing(e)) => {
                let Some(word) = e.on_their_word() else { return Ok(None) };
                // What lets in their own agency is told each time.
                if !word.by_code {
                    pending.notice = once_a_day(person, word.worker, b"chosen", at);
                }
            }
            // What they take back themselves they know.
            (NoticeKind::InTheirPlace, Event::Consultation(e)) => {
                let Some(word) = e.on_their_word() else { return Ok(None) };
                pending.notice = once_a_day(person, word.worker, b"taken back", at);
            }
            (NoticeKind::FirstLook, Event::Access(AccessEvent::RecordViewed(e))) => {
                let Author::Worker(worker) = e.party else { return Ok(None) };
                pending.notice = derived_id(worker.agency().0, &[b"first look", person.0.as_bytes()]);
                looked = Some(worker.agency());
            }
            // Asked for again and again by one worker it is told once a day.
            (_, Event::Invitation(InvitationEvent::ReturnInvited(e))) => {
                pending.notice = once_a_day(person, e.worker, b"return", at);
            }
            _ => {}
        }
        if telling.once.contains(&pending.notice) {
            return Ok(None);
        }
        let wanted = match engine.load::<Notices>(person, Freshness::Latest).await {
            Err(EngineError::Erased) => return Ok(None),
            notices => when(&*notices?, kind, at),
        };
        let Some(pending) = wanted.and_then(|wanted| pending.when(wanted)) else { return Ok(None) };
        let done = self.services.views.one::<DoneNotices>(notice_key(person, pending.notice), position).await?;
        if done.is_some() {
            return Ok(None);
        }
        if let Some(agency) = looked {
            let is_first = self.is_first(&envelope, agency).await?;
            telling.once.insert(pending.notice);
            return Ok(is_first.then_some(pending));
        }
        if pending.notice != id {
            telling.once.insert(pending.notice);
        }
        Ok(Some(pending))
    }

    /// Whether an agency has not looked before.
    async fn is_first(&self, look: &Envelope, agency: AgencyId) -> Result<bool, Error> {
        let is_before = |doc: &ReceiptDoc| {
            matches!(doc.party, Author::Worker(worker) if worker.agency() == agency)
                && doc.kind == ReceiptKind::Viewed
                && doc.at.0 < look.at.0.saturating_sub(EARLIER)
        };
        let pages = Pages::one(look.position.0);
        let history = access_history::of_person(PersonId(look.stream));
        let before = self.services.views.list::<AccessHistory>(&history, &pages, is_before);
        Ok(before.await?.items.is_empty())
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
        let before = events.split_last().map_or(&[][..], |(_, before)| before);
        let (before, after) = (Notices::folded(before), Notices::folded(&events));
        // Only by what has just happened.
        let left = before.confirmed().map(|(address, _)| address.clone());
        Ok(left.filter(|left| after.left().contains(left)))
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
            let left = match self.ready(first, &to, now).await {
                Ok(ready) => {
                    // It holds as it is about to leave, or nothing leaves.
                    let mut changes = Changes::new(&Context::of_system());
                    changes.guard(&notices);
                    if self.engine().commit(changes).await?.done().is_none() {
                        return Ok(Outcome::Moved);
                    }
                    match ready {
                        Ready::Mail(mail) => mail.leave().await,
                        Ready::Call(call) => call.leave().await,
                    }
                }
                Err(unsent) => Err(unsent),
            };
            if let Err(Unsent { why, for_good }) = left {
                if first.is_news(now) && !for_good {
                    return Ok(Outcome::Later { went_out: false });
                }
                let failed = |of: &Pending| {
                    let (notice, kind, channel, why) = (of.notice, of.kind, to.channel, why.clone());
                    NoticeFailed { notice, kind, channel, why }.into()
                };
                return self.keep(first.person, message.iter().map(failed).collect(), false).await;
            }
        }
        let sent = |of: &Pending| NoticeSent { notice: of.notice, kind: of.kind, channel: to.channel }.into();
        self.keep(first.person, message.iter().map(sent).collect(), true).await
    }

    /// Gets as far with a message as it can be taken back.
    async fn ready<'a>(&'a self, first: &Pending, to: &'a Address, now: Timestamp) -> Result<Ready<'a>, Unsent> {
        let (doors, channel) = (&self.services.doors, to.channel);
        let pseudonyms = self.engine().codec().vault().pseudonyms().await;
        let pseudonyms = pseudonyms.map_err(|_cause| Unsent::for_now("keys are out of reach"))?;
        let of = if first.kind == NoticeKind::WordCode { OF_WORD } else { OF_ADDRESS };
        let code = first.reference.map(|reference| sent(&pseudonyms, of, reference)).unwrap_or_default();
        let text = Text::of((first.kind, channel), (&code, first.code_for), doors.link.as_deref());
        // The same however often it is sent.
        let id = derived_id(first.notice, &[b"notice"]);
        // Another process may have what this one has not.
        let gone = || Unsent::for_now("this system does not send there just now");
        match channel {
            Channel::Email => {
                let mail = doors.mail.as_ref().ok_or_else(gone)?;
                Ok(Ready::Mail(Box::new(mail.ready(id, &to.text, &text).await?)))
            }
            Channel::Sms | Channel::Letter => {
                let sender = doors.sender.as_ref().filter(|sender| sender.channels().any(|sends| sends == channel));
                Ok(Ready::Call(sender.ok_or_else(gone)?.ready(id, to, &text, now)))
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

/// The notice of what one worker does again and again: one a day.
fn once_a_day(person: PersonId, worker: Worker, of: &[u8], at: Timestamp) -> uuid::Uuid {
    let (agency, staff) = (worker.agency(), worker.staff());
    let day = at.day().to_le_bytes();
    derived_id(person.0, &[of, agency.0.as_bytes(), staff.0.as_bytes(), &day])
}

/// When somebody wants to be told of what happened at this time; nothing when they are not to be told of it.
fn when(notices: &Notices, kind: NoticeKind, at: Timestamp) -> Option<When> {
    let is_about_an_address = matches!(kind, NoticeKind::AddressGiven | NoticeKind::AddressLeft);
    let is_meant = is_about_an_address || notices.confirmed().is_some_and(|(_, since)| since <= at);
    is_meant.then(|| notices.when(kind))
}

/// Where a message goes as things are now; nowhere when the person wants it no more.
fn address(notices: &Notices, message: &[Pending], now: Timestamp) -> Option<Address> {
    let first = message.first().filter(|_| !notices.is_silent())?;
    match first.kind {
        NoticeKind::AddressGiven => {
            let is_it = |reference| Some(reference) == first.reference;
            let given = notices.given().filter(|given| is_it(given.reference) && given.expires_at > now);
            given.map(|given| given.address.clone())
        }
        NoticeKind::WordCode => {
            let is_good = |reference| notices.good_word_code(reference, now).is_some();
            let (address, _) = notices.confirmed().filter(|_| first.reference.is_some_and(is_good))?;
            Some(address.clone())
        }
        NoticeKind::AddressLeft => first.left.clone().filter(|left| notices.left().contains(left)),
        NoticeKind::Emergency | NoticeKind::FirstLook | NoticeKind::Proposal | NoticeKind::InTheirPlace => {
            let is_wanted = |of: &Pending| when(notices, of.kind, of.at).is_some_and(|when| when != When::Never);
            let (address, _) = notices.confirmed()?;
            message.iter().any(is_wanted).then(|| address.clone())
        }
    }
}
