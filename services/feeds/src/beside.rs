//! What a stream tells beside what people let it receive: what it is to give back, questions that its agency is to answer, and tests.

use domain::StreamKind;
use domain::access::events::{AccessEvent, RecallAnswer, RecallRequested};
use domain::agency::events::{AgencyEvent, FeedTested};
use domain::agency::{ContentLevel, Feed};
use domain::ids::{AgencyId, PersonId, QueryId};
use domain::issuers::{Only, Register};
use domain::query::Query;
use domain::query::events::{AccessQueried, QueryEscalated, QueryEvent};
use domain::vocabulary::{Author, Timestamp};
use engine::Freshness;
use event_log::Recorded;
use events::{Envelope, Event};
use rpc::Error;
use serde_json::{Value, json};
use views::recalls::{self, Recalls};

use crate::cloud_event::{Told, cloud_event, id_of, time};
use crate::deliver::{Leaving, Receiver};
use crate::held::held;
use crate::published::{Published, RECALLED, TESTED, question};
use crate::pump::Pump;

/// The stored type of a recall: most events on its kind of stream are others, which are not opened.
const RECALL_CODE: i32 = 7;
/// The stored type of a test.
const TEST_CODE: i32 = 13;
/// The stored types of a question that is asked, and of one that is taken further.
const QUESTION_CODES: [i32; 2] = [1, 4];

/// Whether an event may be told to this receiver beside what people let it receive.
pub(crate) fn may_be_beside(event: &Recorded, to: Receiver) -> bool {
    match StreamKind::from_code(event.stream.kind) {
        Some(StreamKind::Access) => event.event_type == RECALL_CODE,
        Some(StreamKind::Agency) => event.stream.id == to.agency.0 && event.event_type == TEST_CODE,
        Some(StreamKind::Query) => QUESTION_CODES.contains(&event.event_type),
        _ => false,
    }
}

/// Which agency is to answer a question, and by when.
fn to_be_answered(happened: &QueryEvent) -> Option<(AgencyId, Timestamp)> {
    let of = |party: Option<Author>| Some(party?.worker()?.agency());
    match happened {
        QueryEvent::AccessQueried(AccessQueried { party, answer_by, .. }) => Some((of(*party)?, (*answer_by)?)),
        QueryEvent::QueryEscalated(QueryEscalated { reviewer, party, answer_by, .. }) => {
            Some((reviewer.or(of(*party))?, *answer_by))
        }
        QueryEvent::AccessExplained(_) | QueryEvent::ExplanationAccepted(_) | QueryEvent::QueryResolved(_) => None,
    }
}

impl Pump {
    /// What of these events the stream tells.
    pub(crate) async fn beside(&self, events: &[Recorded]) -> Result<Vec<Leaving>, Error> {
        let (mut told, mut questions) = (Vec::new(), Vec::new());
        for envelope in self.feeds.open(events).await? {
            #[allow(clippy::wildcard_enum_match_arm, reason = "only these are told beside")]
            told.extend(match &envelope.event {
                Event::Access(AccessEvent::RecallRequested(recall)) if recall.feed == self.to.feed => {
                    self.recalled(&envelope, recall).await?
                }
                Event::Agency(AgencyEvent::FeedTested(FeedTested { feed })) if *feed == self.to.feed => {
                    Some(tested(&envelope, self.to, self.feeds.traceparent(&envelope)))
                }
                Event::Query(happened) => {
                    if let Some(by) = self.waits(&envelope, happened).await? {
                        questions.push((envelope.clone(), question(happened), by));
                    }
                    None
                }
                _ => None,
            });
        }
        if !told.is_empty() || !questions.is_empty() {
            // Nothing guards these: they leave only while the feed is open and its system may receive it.
            let Feed { selection, .. } = self.feeds.feed_of(self.to, Freshness::Latest).await?;
            told.extend(questions.iter().filter_map(|(asked, published, by)| {
                let Published::As(published) = published else { return None };
                selection.carries_type(published).then(|| self.questioned(asked, published, *by, selection.content))
            }));
        }
        Ok(told)
    }

    /// Until when a question waits for this agency, or for one that is one with it; none where it does not, or not any more.
    async fn waits(&self, asked: &Envelope, happened: &QueryEvent) -> Result<Option<Timestamp>, Error> {
        let Some((agency, by)) = to_be_answered(happened) else { return Ok(None) };
        let engine = self.feeds.gate.engine();
        let register = engine.load::<Register>(Only, Freshness::Remembered).await?;
        if !register.parts().are_one(agency, self.to.agency) {
            return Ok(None);
        }
        let query = engine.load::<Query>(QueryId(asked.stream), Freshness::Latest).await?;
        // What was answered or taken further since is told of no more, or as that.
        Ok((query.version == asked.version).then_some(by))
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
        Ok(Some(leaving(envelope, &told, data, ContentLevel::IdOnly)))
    }

    /// That a question waits for the agency's answer, and until when: neither who asks nor what, nor which look it is about, which its privacy officer reads.
    fn questioned(&self, asked: &Envelope, published: &str, by: Timestamp, content: ContentLevel) -> Leaving {
        let (feed, event, at) = (self.to.feed, asked.header.event_id, asked.at);
        let traceparent = self.feeds.traceparent(asked);
        let told = Told { feed, event, published, person: None, at, traceparent };
        let data = json!({"answerBy": time(by)});
        leaving(asked, &told, data, content.min(ContentLevel::IdOnly))
    }
}

/// A test of this feed.
fn tested(envelope: &Envelope, to: Receiver, traceparent: String) -> Leaving {
    let (event, at) = (envelope.header.event_id, envelope.at);
    let told = Told { feed: to.feed, event, published: TESTED, person: None, at, traceparent };
    leaving(envelope, &told, json!({}), ContentLevel::IdOnly)
}

/// What needs no receipt: it discloses nothing that was not disclosed.
fn leaving(envelope: &Envelope, told: &Told<'_>, data: Value, content: ContentLevel) -> Leaving {
    let cloud_event = cloud_event(told, content, data, || Value::Null);
    Leaving::about_nobody(envelope.position.0, id_of(told.feed, told.event), cloud_event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_known_by_its_stored_type() {
        let stored = |name: &str| {
            let event = Event::samples().into_iter().find(|event| event.name() == name).unwrap();
            (event.kind(), event.code())
        };
        assert_eq!(stored("RecallRequested"), (StreamKind::Access, RECALL_CODE));
        assert_eq!(stored("FeedTested"), (StreamKind::Agency, TEST_CODE));
        assert_eq!(stored("AccessQueried"), (StreamKind::Query, QUESTION_CODES[0]));
        assert_eq!(stored("QueryEscalated"), (StreamKind::Query, QUESTION_CODES[1]));
    }
}
