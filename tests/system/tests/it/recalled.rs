//! What was delivered and is not covered any more is asked back, by whatever path it came to that; and the person reads the answer.

use client::{Client, request_id, terms};
use proto::access::v1::{Purpose, Recall, RecordCategory, SensitivityLevel, recall};
use proto::agencies::v1::RemoveStaffRequest;
use proto::feeds::v1::{
    AnswerRecallRequest, CloseFeedRequest, ContentLevel, ListAgencyRecallsRequest, ListRecallsRequest, RecallAnswer,
    SubscribeRequest,
};
use proto::relationships::v1::EndSupportRequest;
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{BlockWorkerRequest, DenyProvisionRequest, NarrowProvisionRequest, UnblockWorkerRequest};
use serde_json::Value;
use tonic::transport::Endpoint;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::fed::{Fed, Reading, SOON, entry};

/// How something is taken away.
pub(crate) const PATHS: [&str; 8] = [
    "withdrawn",
    "narrowed",
    "denied",
    "superseded",
    "agency blocked",
    "worker blocked",
    "relationship ended",
    "worker left",
];

/// Takes away what a system received, and then what took it away, so that it can be given again.
pub(crate) struct Taking<'a> {
    fed: &'a Fed,
    /// What the person denied last.
    denied: String,
    /// Who supports them now.
    supporter: String,
}

impl<'a> Taking<'a> {
    pub(crate) fn of(fed: &'a Fed) -> Self {
        Self { fed, denied: String::new(), supporter: String::new() }
    }

    pub(crate) async fn take(&mut self, path: &str, provision_id: String) {
        let (person, pair) = (self.fed.person(), &self.fed.supported.callers.pair);
        match path {
            "withdrawn" => drop(person.withdraw(&provision_id).await.unwrap()),
            "narrowed" => {
                let (categories, up_to) = (vec![RecordCategory::WhatMatters.into()], SensitivityLevel::Normal.into());
                let narrow = NarrowProvisionRequest {
                    request_id: request_id(),
                    provision_id,
                    categories,
                    up_to,
                    ..Default::default()
                };
                person.sharing().narrow_provision(narrow).await.unwrap();
            }
            "denied" => self.deny(Actor::StaffId(pair.staff_id())).await,
            // A later choice about everybody.
            "superseded" => self.deny(Actor::Everybody(true)).await,
            "agency blocked" => drop(person.block(&pair.agency_id()).await.unwrap()),
            "worker blocked" => {
                let block =
                    BlockWorkerRequest { request_id: request_id(), staff_id: pair.staff_id(), ..Default::default() };
                person.sharing().block_worker(block).await.unwrap();
            }
            "relationship ended" => {
                let relationship_id = self.fed.supported.callers.active(0).await;
                let end = EndSupportRequest { request_id: request_id(), relationship_id, ..Default::default() };
                person.relationships().end_support(end).await.unwrap();
            }
            _ => {
                let remove = RemoveStaffRequest { request_id: request_id(), staff_id: self.supporter.clone() };
                self.fed.supported.callers.operator.agencies().remove_staff(remove).await.unwrap();
            }
        }
    }

    async fn deny(&mut self, whom: Actor) {
        let terms = terms(whom, [RecordCategory::Strengths], Purpose::CareCoordination, []);
        let deny = DenyProvisionRequest { request_id: request_id(), terms: Some(terms), ..Default::default() };
        self.denied = self.fed.person().sharing().deny_provision(deny).await.unwrap().into_inner().provision_id;
    }

    pub(crate) async fn give_back(&mut self, path: &str) {
        let (callers, person) = (&self.fed.supported.callers, self.fed.person());
        let pair = &callers.pair;
        match path {
            "denied" | "superseded" => drop(person.withdraw(&self.denied).await.unwrap()),
            "agency blocked" => drop(person.unblock(&pair.agency_id()).await.unwrap()),
            "worker blocked" => {
                let unblock =
                    UnblockWorkerRequest { request_id: request_id(), staff_id: pair.staff_id(), ..Default::default() };
                person.sharing().unblock_worker(unblock).await.unwrap();
            }
            // Another worker of the agency supports them then.
            "relationship ended" => {
                let (worker, supporter) = self.fed.supported.joins("colleague", "Colleague", "nurse").await;
                self.supporter = supporter;
                let proposed = worker.propose(&pair.person_id(), "A visit").await.unwrap();
                person.accept(&proposed.relationship_id).await.unwrap();
            }
            _ => {}
        }
    }
}

/// What was delivered, and nothing else, is asked back: and why is not told.
fn is_asked_back(recall: &Value, delivered: &Value, path: &str) {
    assert_eq!(recall["type"].as_str(), Some("alongside.recall.requested.v1"), "{path}: {recall}");
    // By its id alone: whoever never got it learns nothing from this.
    assert_eq!(recall["data"]["recalled"], serde_json::json!([{"id": delivered["id"]}]), "{path}");
    assert!(recall.get("subject").is_none() && !recall.to_string().contains(path), "{recall}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_ends_it_nothing_more_is_delivered_and_what_was_is_asked_back() {
    let fed = Fed::new(ContentLevel::Full).await;
    let mut taking = Taking::of(&fed);
    let mut reading: Reading = fed.read(false, "").await.unwrap();
    for path in PATHS {
        let provision = fed.permit().await;
        let written = fed.person().strength(&format!("before it is {path}")).await.unwrap();
        let delivered = reading.next(1).await.remove(0);
        assert_eq!(entry(&delivered), written.entry_id, "{path}");
        taking.take(path, provision).await;
        // From the acknowledgement on.
        fed.person().strength(&format!("after it is {path}")).await.unwrap();
        is_asked_back(&reading.next(1).await[0], &delivered, path);
        reading.is_silent().await;
        taking.give_back(path).await;
    }
    let recalls = fed.recalls().await;
    assert_eq!(recalls.len(), PATHS.len());
    assert!(recalls.iter().all(|recall| recall.state() == recall::State::Open && recall.count == 1), "{recalls:?}");
    are_answered(&fed, &recalls).await;
}

/// The agency answers, and the person reads the answer.
async fn are_answered(fed: &Fed, recalls: &[Recall]) {
    let (one, other) = (recalls[0].recall_id.clone(), recalls[1].recall_id.clone());
    let act = "Public Records (Scotland) Act 2011";
    answer(fed, &one, RecallAnswer::Erased, "").await.unwrap();
    answer(fed, &one, RecallAnswer::Erased, "").await.unwrap();
    for (recall, with, basis, code) in [
        (&one, RecallAnswer::Retained, act, Code::FailedPrecondition),
        (&other, RecallAnswer::Retained, "", Code::InvalidArgument),
        (&other, RecallAnswer::Erased, act, Code::InvalidArgument),
        (&Uuid::now_v7().to_string(), RecallAnswer::Erased, "", Code::NotFound),
    ] {
        assert_eq!(answer(fed, recall, with, basis).await.unwrap_err().code(), code, "{with:?} {basis}");
    }
    answer(fed, &other, RecallAnswer::Retained, act).await.unwrap();
    let read = fed.recalls().await;
    let found = |id: &str| read.iter().find(|recall| recall.recall_id == id).unwrap();
    let (erased, kept) = (found(&one), found(&other));
    assert!(erased.state() == recall::State::Erased && erased.summary.ends_with("says that it has"), "{erased:?}");
    assert!(kept.state() == recall::State::Retained && kept.summary.contains(act) && kept.basis == act, "{kept:?}");
}

pub(crate) async fn answer(fed: &Fed, recall_id: &str, answer: RecallAnswer, basis: &str) -> Result<(), Status> {
    let (request_id, recall_id, answer) = (request_id(), recall_id.to_owned(), answer.into());
    let request = AnswerRecallRequest { request_id, recall_id, answer, basis: basis.into() };
    fed.system.feeds().answer_recall(request).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_time_ends_is_asked_back_and_what_is_covered_otherwise_is_not() {
    let fed = Fed::new(ContentLevel::IdOnly).await;
    let agency = Actor::AgencyId(fed.supported.callers.pair.agency_id());
    let mut ends = terms(
        agency,
        [RecordCategory::Strengths, RecordCategory::WhatMatters],
        Purpose::CareCoordination,
        [proto::access::v1::Action::Read, proto::access::v1::Action::Subscribe],
    );
    let soon = std::time::SystemTime::now() + std::time::Duration::from_secs(4);
    ends.until = Some(soon.into());
    fed.person().grant(ends).await.unwrap();
    let strengths = terms(
        Actor::Everybody(true),
        [RecordCategory::Strengths],
        Purpose::CareCoordination,
        [proto::access::v1::Action::Read, proto::access::v1::Action::Subscribe],
    );
    fed.person().grant(strengths).await.unwrap();
    let mut reading = fed.read(false, "").await.unwrap();
    fed.person().strength("stays").await.unwrap();
    fed.matters("goes").await;
    let delivered = reading.next(2).await;
    let goes = delivered.iter().find(|event| event["type"] == "alongside.record.what-matters.recorded.v1").unwrap();
    // Nobody does anything: it ends by itself.
    is_asked_back(&reading.next(1).await[0], goes, "ended");
    fed.matters("not any more").await;
    fed.person().strength("still").await.unwrap();
    assert_eq!(reading.next(1).await[0]["type"], "alongside.record.strength.recorded.v1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_passed_by_and_comes_after_all_has_its_receipt_and_is_asked_back() {
    let fed = Fed::new(ContentLevel::IdOnly).await;
    let mut reading = fed.read(false, "").await.unwrap();
    let written = fed.person().strength("passed by").await.unwrap();
    reading.is_silent().await;
    // The stream has come further than that, and nothing was acknowledged: what is shared now comes, with a receipt.
    let provision = fed.permit().await;
    drop(reading);
    let mut reading = fed.read_when_free(false, "").await;
    assert_eq!(entry(&reading.next(1).await[0]), written.entry_id);
    assert_eq!(fed.receipts().await.concat().len(), 1);
    // Taken back and given again: the repetition is a delivery of its own, and is asked back again.
    fed.person().withdraw(&provision).await.unwrap();
    reading.next(1).await;
    let provision = fed.permit().await;
    drop(reading);
    let mut reading = fed.read_when_free(false, "").await;
    let again = reading.next(1).await;
    assert_eq!((entry(&again[0]), fed.receipts().await.concat().len()), (written.entry_id.as_str(), 2));
    fed.person().withdraw(&provision).await.unwrap();
    is_asked_back(&reading.next(1).await[0], &again[0], "taken back twice");
    assert_eq!(fed.recalls().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recall_tells_no_more_than_was_told_and_nothing_of_what_was_given_again() {
    let fed = Fed::new(ContentLevel::Empty).await;
    let provision = fed.permit().await;
    let mut reading = fed.read(false, "").await.unwrap();
    fed.person().strength("quietly").await.unwrap();
    let told = reading.next(1).await.remove(0);
    fed.person().withdraw(&provision).await.unwrap();
    let recall = reading.next(1).await.remove(0);
    assert!(recall.get("subject").is_none(), "{recall}");
    assert_eq!(recall["data"]["recalled"], serde_json::json!([{"id": told["id"]}]));
    // Whoever begins again after it was given again is not told to delete it.
    fed.permit().await;
    drop(reading);
    let mut again = fed.read_when_free(true, "").await;
    let all = again.all().await;
    assert_eq!(all.iter().map(|event| &event["id"]).collect::<Vec<_>>(), [&told["id"]], "{all:?}");
    let recall = recall["data"]["recallId"].as_str().unwrap();
    answer(&fed, recall, RecallAnswer::Erased, "").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_is_closed_is_asked_back_what_it_delivered() {
    let fed = Fed::new(ContentLevel::IdOnly).await;
    let provision = fed.permit().await;
    let mut reading = fed.read(false, "").await.unwrap();
    fed.person().strength("delivered").await.unwrap();
    let delivered = reading.next(1).await.remove(0);
    let (request_id_of, agency_id) = (request_id(), fed.supported.callers.pair.agency_id());
    let close = CloseFeedRequest { request_id: request_id_of, agency_id, feed_id: fed.feed.clone() };
    fed.admin.feeds().close_feed(close).await.unwrap();
    fed.person().withdraw(&provision).await.unwrap();
    let open = || async {
        let list = fed.system.feeds().list_recalls(ListRecallsRequest::default()).await.unwrap();
        list.into_inner().recalls
    };
    harness::wait_until("the recall", || async { Ok(open().await.len() == 1) }).await.unwrap();
    let recall = open().await.remove(0);
    assert_eq!(
        (recall.event_ids.as_slice(), recall.count),
        ([delivered["id"].as_str().unwrap().to_owned()].as_slice(), 1)
    );
    // Whoever answers for it sees it, too; another worker does not, nor somebody of another agency.
    let listed = async |by: &Client, agency_id: String, overdue: bool| {
        let list = ListAgencyRecallsRequest { agency_id, overdue, ..Default::default() };
        by.feeds().list_agency_recalls(list).await.map(|list| list.into_inner().recalls)
    };
    let (officer, _) = fed.supported.joins("officer", "Officer", "privacy officer").await;
    let agency_id = || fed.supported.callers.pair.agency_id();
    for by in [&officer, &fed.admin] {
        assert_eq!(listed(by, agency_id(), false).await.unwrap()[0].recall_id, recall.recall_id);
        assert!(listed(by, agency_id(), true).await.unwrap().is_empty(), "there is time");
        assert!(listed(by, Uuid::now_v7().to_string(), false).await.is_err());
    }
    for by in [&fed.supported.callers.worker, &fed.system] {
        assert_eq!(listed(by, agency_id(), false).await.unwrap_err().code(), Code::PermissionDenied);
    }
    // The same request twice is one answer, and used for another it is refused.
    let erased = AnswerRecallRequest {
        request_id: request_id(),
        recall_id: recall.recall_id.clone(),
        answer: RecallAnswer::Erased.into(),
        basis: String::new(),
    };
    let first = fed.system.feeds().answer_recall(erased.clone()).await.unwrap().into_inner().position;
    assert_eq!(fed.system.feeds().answer_recall(erased.clone()).await.unwrap().into_inner().position, first);
    let other =
        AnswerRecallRequest { answer: RecallAnswer::Retained.into(), basis: "for another reason".into(), ..erased };
    assert!(fed.system.feeds().answer_recall(other).await.is_err());
    harness::wait_until("the answer", || async { Ok(open().await.is_empty()) }).await.unwrap();
    let read = fed.recalls().await;
    assert!(read.len() == 1 && read[0].state() == recall::State::Erased, "{read:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_decided_waits_for_a_reader_who_reads_later() {
    let fed = Fed::new(ContentLevel::Full).await;
    let provision = fed.permit().await;
    // A reader that takes little at a time.
    let address = format!("http://127.0.0.1:{}", fed.supported.node.grpc);
    let channel = Endpoint::from_shared(address).unwrap().initial_stream_window_size(65_535).connect().await.unwrap();
    let agency = fed.supported.callers.pair.worker.agency();
    let token = fed.supported.world.cluster.signer.staff(agency, "record-system").unwrap();
    let subscribe = SubscribeRequest { feed_id: fed.feed.clone(), ..Default::default() };
    let mut reading = Reading::of(&Client::new(channel, &token).unwrap(), subscribe).await.unwrap();
    fed.person().strength("read at once").await.unwrap();
    reading.next(1).await;
    // The reader stops reading: what fits on its way there leaves, and no more is decided.
    let long = "long ".repeat(390);
    for n in 0..200 {
        fed.person().strength(&format!("{n} {long}")).await.unwrap();
    }
    let mut before = 0;
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        let decided = fed.receipts().await.concat().len();
        if std::mem::replace(&mut before, decided) == decided {
            break;
        }
    }
    assert!(before < 201, "{before}: all was decided though nobody read it");
    fed.person().withdraw(&provision).await.unwrap();
    let is_strength = |event: &&Value| event["type"] == "alongside.record.strength.recorded.v1";
    let (mut delivered, begun) = (1, std::time::Instant::now());
    while delivered < before && begun.elapsed() < SOON {
        delivered += reading.some().await.iter().filter(is_strength).count();
    }
    assert_eq!(reading.all().await.iter().find(is_strength), None);
    let receipts = fed.receipts().await;
    assert_eq!(receipts.concat().len(), before, "what came after the withdrawal had left before it");
    // Where a sign of life took the last room between a receipt and its leaving, what that receipt names did not leave: it counts all the same.
    let last = receipts.last().map_or(0, Vec::len);
    assert!(
        delivered == before || delivered + last == before,
        "{delivered} of {before} came, the last receipt has {last}"
    );
    let recalled: usize = fed.recalls().await.iter().map(|recall| recall.count as usize).sum();
    assert_eq!(recalled, before);
}
