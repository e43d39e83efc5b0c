//! One stream of a feed over gRPC. It goes on when its reader asks for more, so that nothing that was decided waits for somebody to read it; and
//! gives a sign of life meanwhile, however long a decision takes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use domain::ids::FeedId;
use engine::Freshness;
use futures::{Stream, stream};
use proto::feeds::v1 as pb;
use rpc::{Error, Reason};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tonic::Status;
use vault::Pseudonyms;

use crate::deliver::{Leaving, interrupted};
use crate::pump::{Hold, Pump};
use crate::token::Place;

/// For how long a stream holds its feed without saying so again.
pub(crate) const LEASE: Duration = Duration::from_secs(6);
/// How often it says so, looks whether it may go on, and gives a sign of life.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);
/// How often it looks whether what came was acknowledged, while it waits for that.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long one step of it may take: longer, and something hangs that the feed needs.
const STEP_LIMIT: Duration = Duration::from_secs(60);
/// How long a stream lasts at most: whoever receives it signs in again.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// A stream.
pub(crate) struct Streaming {
    pump: Pump,
    /// The agency's issuer, that has vouched for the system.
    issuer: String,
    /// How many events may be under way.
    window: usize,
    pseudonyms: Pseudonyms,
    /// What is under way: how many events came up to which position.
    under_way: VecDeque<(u64, usize)>,
    begun: Instant,
    /// When it was found out last that it may go on.
    checked: Instant,
    /// Up to where it has sent what leaves.
    sent: watch::Sender<Place>,
    /// One of the streams that this process carries.
    _room: OwnedSemaphorePermit,
}

impl Streaming {
    /// A stream to a system that its agency's issuer has vouched for, with so many events under way at most.
    pub(crate) fn new(
        pump: Pump,
        (issuer, window): (String, usize),
        pseudonyms: Pseudonyms,
        room: OwnedSemaphorePermit,
    ) -> Self {
        let now = Instant::now();
        let (under_way, sent) = (VecDeque::new(), watch::Sender::new(place(&pump)));
        Self { pump, issuer, window, pseudonyms, under_way, begun: now, checked: now, sent, _room: room }
    }

    /// What comes, until the stream ends; then why.
    pub(crate) fn stream(self) -> impl Stream<Item = Result<pb::SubscribeResponse, Status>> + Send {
        let signs = Signs {
            hold: self.pump.hold.clone(),
            feed: self.pump.to.feed,
            sent: self.sent.subscribe(),
            head: self.pump.head.clone(),
            pseudonyms: self.pseudonyms.clone(),
        };
        stream::select(self.events(), signs.stream())
    }

    fn events(self) -> impl Stream<Item = Result<pb::SubscribeResponse, Status>> + Send {
        stream::unfold(Some(self), |streaming| async move {
            let mut streaming = streaming?;
            let stop = streaming.pump.feeds.stop.clone();
            let next = tokio::select! {
                next = streaming.next() => next,
                () = stop.cancelled() => Err(interrupted("this server ends")),
            };
            match next {
                Ok(message) => Some((Ok(message), Some(streaming))),
                Err(error) => {
                    let passes = matches!(error.reason(), Reason::Unavailable | Reason::Contention);
                    streaming.pump.feeds.has_failed(streaming.pump.to.feed, error.message()).await;
                    let advice = "subscribe again with the token of what came last";
                    Some((Err(if passes { error.advising(advice) } else { error }.into()), None))
                }
            }
        })
    }

    /// The next message with events.
    async fn next(&mut self) -> Result<pb::SubscribeResponse, Error> {
        loop {
            let step = tokio::time::timeout(STEP_LIMIT, self.step()).await;
            if let Some(message) = step.map_err(|_elapsed| interrupted("something hangs that the feed needs"))?? {
                return Ok(message);
            }
        }
    }

    /// One step: a message with events, or nothing.
    async fn step(&mut self) -> Result<Option<pb::SubscribeResponse>, Error> {
        if self.checked.elapsed() > SIGN_OF_LIFE {
            self.may_go_on().await?;
        }
        let left = self.window.saturating_sub(self.under_way.iter().map(|(_, count)| count).sum());
        if left == 0 {
            tokio::time::sleep(LOOK_AGAIN).await;
            self.advance().await?;
            return Ok(None);
        }
        let events = self.pump.read(left).await?;
        let Some(last) = events.last().map(|event| event.position.0) else {
            self.pump.wait(SIGN_OF_LIFE).await;
            return Ok(None);
        };
        let (leaving, until) = match self.pump.decide(&events, self.window).await {
            // The views are behind: what was decided, and may have its receipts, is decided again.
            Err(error) if error.reason() == Reason::ViewBehind => {
                let before = std::mem::replace(&mut self.pump.position, last);
                self.pump.decide_again(before);
                return Ok(None);
            }
            decided => decided?,
        };
        self.pump.position = until;
        self.under_way.extend((!leaving.is_empty()).then_some((until, leaving.len())));
        if !leaving.is_empty() {
            // Before it leaves: what is acknowledged is what was delivered. What leaves nobody need not be kept.
            self.advance().await?;
            return Ok(Some(self.message(leaving)));
        }
        // Without waking whoever gives signs of life, as nothing was sent.
        self.sent.send_if_modified(|sent| {
            *sent = place(&self.pump);
            false
        });
        Ok(None)
    }

    /// Ends the stream when the feed is closed, its system has been removed, or whoever vouched for it does not any more.
    async fn may_go_on(&mut self) -> Result<(), Error> {
        if self.begun.elapsed() > LONGEST {
            return Err(interrupted("a stream lasts an hour"));
        }
        self.pump.same_history()?;
        let (feeds, to) = (&self.pump.feeds, self.pump.to);
        if !feeds.issuers.speaks_for(&self.issuer, to.agency) {
            return Err(interrupted("the agency's issuer is not trusted, or cannot be asked"));
        }
        feeds.feed_of(to, Freshness::Latest).await?;
        self.checked = Instant::now();
        self.advance().await
    }

    /// Says that this stream carries the feed still, and learns what was acknowledged.
    async fn advance(&mut self) -> Result<(), Error> {
        let acknowledged = self.pump.hold_on(LEASE, None).await?;
        while self.under_way.front().is_some_and(|(position, _)| *position <= acknowledged) {
            self.under_way.pop_front();
        }
        Ok(())
    }

    fn message(&mut self, leaving: Vec<Leaving>) -> pb::SubscribeResponse {
        let (place, delivered) =
            (place(&self.pump), |leaving: Leaving| pb::Delivered { cloud_event: leaving.cloud_event });
        self.sent.send_replace(place);
        pb::SubscribeResponse {
            events: leaving.into_iter().map(delivered).collect(),
            token: place.token(&self.pseudonyms, self.pump.to.feed),
            behind: self.pump.head.borrow().saturating_sub(place.position),
        }
    }
}

/// Where a stream is.
fn place(pump: &Pump) -> Place {
    Place { run: pump.cursor.run, position: pump.position }
}

/// Signs of life while nothing else comes, and for as long as it may.
struct Signs {
    hold: Hold,
    feed: FeedId,
    sent: watch::Receiver<Place>,
    head: watch::Receiver<u64>,
    pseudonyms: Pseudonyms,
}

impl Signs {
    fn stream(self) -> impl Stream<Item = Result<pb::SubscribeResponse, Status>> + Send {
        stream::unfold(self, |mut signs| async move {
            loop {
                match tokio::time::timeout(SIGN_OF_LIFE, signs.sent.changed()).await {
                    Ok(Ok(())) => continue,
                    // The stream has ended, and has said why.
                    Ok(Err(_ended)) => return None,
                    Err(_silence) => {}
                }
                let place = *signs.sent.borrow();
                // Before it is said: what a token names is what was delivered. Whoever does not hold the feed any more finds out when they go on.
                let holds = signs.hold.on((place.position, 0), LEASE).await.is_ok();
                // A token never goes back: what came meanwhile is a sign of life itself.
                if holds && !signs.sent.has_changed().unwrap_or(true) {
                    return Some((Ok(signs.sign(place)), signs));
                }
            }
        })
    }

    fn sign(&self, place: Place) -> pb::SubscribeResponse {
        let (token, behind) =
            (place.token(&self.pseudonyms, self.feed), self.head.borrow().saturating_sub(place.position));
        pb::SubscribeResponse { events: vec![], token, behind }
    }
}
