//! What an agency is asked to give back: listed for its systems and for those who answer for it, and answered.

use domain::Refusal;
use domain::access::events::RecallAnswer;
use domain::access::{Access, AnswerRecall};
use domain::agency::Agency;
use domain::emergency::is_privacy_officer;
use domain::ids::{AgencyId, RecallId, RequestId, derived_id};
use domain::request::Request;
use domain::request::events::RequestCarriedOut;
use domain::staff::{Staff, administers};
use domain::vocabulary::Timestamp;
use engine::{Changes, EngineError, Freshness, Loaded};
use gate::Call;
use proto::feeds::v1 as pb;
use rpc::{Error, words};
use uuid::Uuid;
use views::recalls::{self, AgencyRecalls, RecallDoc, Recalls};
use views::{Page, Pages};

use crate::Feeds;
use crate::cloud_event::id_of;

/// The most events of a recall that are named one by one.
const NAMED: usize = 1_000;

impl Feeds {
    pub(crate) async fn recalls(
        &self,
        call: &Call,
        m: pb::ListRecallsRequest,
    ) -> Result<pb::ListRecallsResponse, Error> {
        let (agency, _) = self.answers_recalls(call).await?;
        let paging = call.pages(&m)?;
        let page = self.unanswered(agency, &paging.pages, |_| true).await?;
        Ok(pb::ListRecallsResponse {
            recalls: self.open_recalls(&page.items),
            next_page_token: paging.next(page.next),
            position: page.position,
            incomplete: page.incomplete,
        })
    }

    pub(crate) async fn agency_recalls(
        &self,
        call: &Call,
        m: pb::ListAgencyRecallsRequest,
    ) -> Result<pb::ListAgencyRecallsResponse, Error> {
        let (by, agency): (_, AgencyId) = (call.worker()?, rpc::id("agency_id", &m.agency_id)?);
        let standing = self.gate.engine().load::<Staff>(by.worker().staff(), Freshness::Latest).await?;
        let is_officer = is_privacy_officer(by, &standing) && by.worker().agency() == agency;
        if !is_officer && administers(by, &standing, Some(agency)).is_err() {
            return Err(Error::denied());
        }
        let (paging, now) = (call.pages(&m)?, self.gate.engine().now());
        let page = self.unanswered(agency, &paging.pages, |doc| !m.overdue || doc.deadline < now).await?;
        Ok(pb::ListAgencyRecallsResponse {
            recalls: self.open_recalls(&page.items),
            next_page_token: paging.next(page.next),
            position: page.position,
            incomplete: page.incomplete,
        })
    }

    /// What the agency has not answered, and is asked for.
    async fn unanswered(
        &self,
        agency: AgencyId,
        pages: &Pages,
        asked: impl Fn(&RecallDoc) -> bool + Send + Sync,
    ) -> Result<Page<RecallDoc>, Error> {
        let waits = |doc: &RecallDoc| doc.answers.is_empty() && asked(doc);
        Ok(self.views.list::<AgencyRecalls>(&recalls::of_agency(agency), pages, waits).await?)
    }

    fn open_recalls(&self, docs: &[RecallDoc]) -> Vec<pb::OpenRecall> {
        let now = self.gate.engine().now();
        docs.iter().map(|doc| open_recall(doc, now)).collect()
    }

    pub(crate) async fn answer(
        &self,
        call: &Call,
        m: pb::AnswerRecallRequest,
    ) -> Result<pb::AnswerRecallResponse, Error> {
        let context = call.context(&m.request_id)?;
        let recall: RecallId = rpc::id("recall_id", &m.recall_id)?;
        let answer = rpc::one_of("answer", m.answer, RecallAnswer::from_code)?;
        let (agency, sign_in) = self.answers_recalls(call).await?;
        // The agency may have been told of it a moment ago: the view is waited for.
        let head = self.gate.engine().log().head().await.map_err(EngineError::failed)?.0;
        let known = self.views.one::<Recalls>(recalls::recall_key(recall), head).await?;
        let known = known.filter(|known| known.agency == agency).ok_or_else(|| Error::not_found("recall"))?;
        let answered: Vec<_> = known.answers.iter().map(|answered| answered.answer).collect();
        let command = AnswerRecall { recall, agency, answer, basis: m.basis };
        // Two answers at once are not two: each takes the place that it has found free.
        let place = RequestId(derived_id(recall.0, &[b"answer", &answered.len().to_be_bytes()]));
        let decide = |(state, taken): &(Loaded<Agency>, Loaded<Request>), changes: &mut Changes| {
            state.account_of(sign_in).ok_or_else(Refusal::undisclosed)?;
            changes.guard(state);
            let decided = command.clone().decide(&answered)?;
            if decided.is_some() && taken.asked().is_some() {
                return Err(Refusal::rule(
                    "recall_answered",
                    "it was answered a moment ago; read that, and answer again",
                ));
            }
            if let Some(answered) = decided {
                changes.record(taken, known.person, vec![RequestCarriedOut { asked: recall.0 }.into()]);
                changes.fact::<Access>(known.person, known.person, Uuid::now_v7(), answered.into());
            }
            Ok(())
        };
        let kept = self.gate.engine().transact(&context, (agency, place), decide).await?;
        Ok(pb::AnswerRecallResponse { position: kept.position.0 })
    }
}

/// A recall on the wire, by what the feed has told: ids alone.
fn open_recall(doc: &RecallDoc, now: Timestamp) -> pb::OpenRecall {
    let ids = doc.events.iter().map(|event| id_of(doc.feed, event.event).to_string());
    pb::OpenRecall {
        recall_id: doc.recall.to_string(),
        feed_id: doc.feed.to_string(),
        event_ids: ids.take(NAMED).collect(),
        count: u32::try_from(doc.events.len()).unwrap_or(u32::MAX),
        deadline: Some(words::timestamp(doc.deadline)),
        overdue: doc.deadline < now,
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::{FeedId, PersonId};

    use super::*;

    #[test]
    fn a_recall_is_overdue_once_its_time_is_over() {
        let id = Uuid::nil();
        let doc = RecallDoc {
            recall: RecallId(id),
            agency: AgencyId(id),
            feed: FeedId(id),
            person: PersonId(id),
            events: vec![],
            requested_at: Timestamp(0),
            deadline: Timestamp(10),
            position: 1,
            answers: vec![],
        };
        assert_eq!([10, 11].map(|now| open_recall(&doc, Timestamp(now)).overdue), [false, true]);
    }
}
