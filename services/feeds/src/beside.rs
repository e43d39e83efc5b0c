//! What a stream tells beside what people let it receive: what it is to give back, and tests.

use domain::access::events::{AccessEvent, RecallAnswer, RecallRequested};
use domain::agency::ContentLevel;
use domain::agency::events::{AgencyEvent, FeedTested};
use domain::ids::PersonId;
use engine::Freshness;
use event_log::Recorded;
use events::{Envelope, Event};
use rpc::Error;
use serde_json::{Value, json};
use views::recalls::{self, Recalls};

use crate::cloud_event::{Told, cloud_event, id_of, time};
use crate::deliver::{Leaving, Receiver};
use crate::held::held;
use crate::published::{RECALLED, TESTED};
use crate::pump::Pump;

/// The stored type of a recall: most events on its kind of stream are others, which are not opened.
pub(crate) const RECALL_CODE: i32 = 7;
/// The stored type of a test.
pub(crate) const TEST_CODE: i32 = 13;

impl Pump {
    /// What of these events, of one of the two types, the stream tells.
    pub(crate) async fn beside(&self, events: &[Recorded]) -> Result<Vec<Leaving>, Error> {
        let mut told = Vec::new();
        for envelope in self.feeds.open(events).await? {
            #[allow(clippy::wildcard_enum_match_arm, reason = "only these two are told beside")]
            told.extend(match &envelope.event {
                Event::Access(AccessEvent::RecallRequested(recall)) if recall.feed == self.to.feed => {
                    self.recalled(&envelope, recall).await?
                }
                Event::Agency(AgencyEvent::FeedTested(FeedTested { feed })) if *feed == self.to.feed => {
                    Some(tested(&envelope, self.to, self.feeds.traceparent(&envelope)))
                }
                _ => None,
            });
        }
        if !told.is_empty() {
            // Nothing guards these: they leave only while the feed is open and its system may receive it.
            self.feeds.feed_of(self.to, Freshness::Latest).await?;
        }
        Ok(told)
    }

    /// A recall, as far as it stands still: not of what was delivered again since, nor when the agency has answered that it is erased.
    async fn recalled(&self, envelope: &Envelope, recall: &RecallRequested) -> Result<Option<Leaving>, Error> {
        let (views, person) = (&self.feeds.views, PersonId(envelope.stream));
        let at_least = self.receipted_by().max(envelope.position.0);
        let doc = views.one::<Recalls>(recalls::recall_key(recall.recall), at_least).await?;
        if doc.is_some_and(|doc| doc.answers.iter().any(|answered| answered.answer == RecallAnswer::Erased)) {
            return Ok(None);
        }
        let held = held(views, (person, self.to.feed), at_least).await?.unwrap_or_default();
        let named: Vec<_> = recall.events.iter().filter(|named| !held.events.contains_key(&named.event)).collect();
        if named.is_empty() {
            return Ok(None);
        }
        // Ids alone, and not whom it is about: of what stood where nobody took it, or was on its way to nobody, this tells nothing more.
        let items = named.iter().map(|named| json!({"id": id_of(self.to.feed, named.event).to_string()}));
        let data = json!({
            "recallId": recall.recall.to_string(),
            "deadline": time(recall.deadline),
            "recalled": items.collect::<Vec<_>>(),
        });
        let (feed, event, at) = (self.to.feed, recall.recall.0, envelope.at);
        let traceparent = self.feeds.traceparent(envelope);
        let told = Told { feed, event, published: RECALLED, person: None, at, traceparent };
        Ok(Some(leaving(envelope, &told, data)))
    }
}

/// A test of this feed.
fn tested(envelope: &Envelope, to: Receiver, traceparent: String) -> Leaving {
    let (event, at) = (envelope.header.event_id, envelope.at);
    let told = Told { feed: to.feed, event, published: TESTED, person: None, at, traceparent };
    leaving(envelope, &told, json!({}))
}

/// What needs no receipt: it discloses nothing that was not disclosed.
fn leaving(envelope: &Envelope, told: &Told<'_>, data: Value) -> Leaving {
    let cloud_event = cloud_event(told, ContentLevel::IdOnly, data, || Value::Null);
    Leaving::about_nobody(envelope.position.0, id_of(told.feed, told.event), cloud_event)
}

#[cfg(test)]
mod tests {
    use domain::StreamKind;

    use super::*;

    #[test]
    fn each_is_known_by_its_stored_type() {
        let stored = |name: &str| {
            let event = Event::samples().into_iter().find(|event| event.name() == name).unwrap();
            (event.kind(), event.code())
        };
        assert_eq!(stored("RecallRequested"), (StreamKind::Access, RECALL_CODE));
        assert_eq!(stored("FeedTested"), (StreamKind::Agency, TEST_CODE));
    }
}
