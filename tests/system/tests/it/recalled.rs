//! What was delivered and is not covered any more is asked back, by whatever path it came to that; and the person reads the answer.

use client::{Client, request_id, terms};
use proto::access::v1::{Purpose, Recall, RecordCategory, SensitivityLevel, recall};
use proto::agencies::v1::RemoveStaffRequest;
use proto::feeds::v1::{AnswerRecallRequest, ContentLevel, RecallAnswer};
use proto::relationships::v1::EndSupportRequest;
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{BlockWorkerRequest, DenyProvisionRequest, NarrowProvisionRequest, UnblockWorkerRequest};
use serde_json::Value;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::fed::{Fed, Reading, entry};

/// How something is taken away.
const PATHS: [&str; 8] = [
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
struct Taking<'a> {
    fed: &'a Fed,
    /// What the person denied last.
    denied: String,
    /// Who supports them now.
    supporter: String,
}

impl Taking<'_> {
    async fn take(&mut self, path: &str, provision_id: String) {
        let (person, pair) = (self.fed.person(), &self.fed.supported.callers.pair);
        match path {
            "withdrawn" => drop(person.withdraw(&provision_id).await.unwrap()),
            "narrowed" => {
                let (categories, up_to) = (vec![RecordCategory::WhatMatters.into()], SensitivityLevel::Normal.into());
                let narrow = NarrowProvisionRequest { request_id: request_id(), provision_id, categories, up_to };
                person.sharing().narrow_provision(narrow).await.unwrap();
            }
            "denied" => self.deny(Actor::StaffId(pair.staff_id())).await,
            // A later choice about everybody.
            "superseded" => self.deny(Actor::Everybody(true)).await,
            "agency blocked" => drop(person.block(&pair.agency_id()).await.unwrap()),
            "worker blocked" => {
                let block = BlockWorkerRequest { request_id: request_id(), staff_id: pair.staff_id() };
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
        let deny = DenyProvisionRequest { request_id: request_id(), terms: Some(terms) };
        self.denied = self.fed.person().sharing().deny_provision(deny).await.unwrap().into_inner().provision_id;
    }

    async fn give_back(&mut self, path: &str) {
        let (callers, person) = (&self.fed.supported.callers, self.fed.person());
        let pair = &callers.pair;
        match path {
            "denied" | "superseded" => drop(person.withdraw(&self.denied).await.unwrap()),
            "agency blocked" => drop(person.unblock(&pair.agency_id()).await.unwrap()),
            "worker blocked" => {
                let unblock = UnblockWorkerRequest { request_id: request_id(), staff_id: pair.staff_id() };
                person.sharing().unblock_worker(unblock).await.unwrap();
            }
            // Another worker of the agency supports them then.
            "relationship ended" => {
                let colleague = pair.joins("colleague", "Colleague", "nurse");
                self.supporter = callers.operator.agencies().add_staff(colleague).await.unwrap().into_inner().staff_id;
                let cluster = &self.fed.supported.world.cluster;
                let token = cluster.signer.staff(pair.worker.agency(), "colleague").unwrap();
                let worker = Client::new(self.fed.supported.node.channel().await.unwrap(), &token).unwrap();
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
    let named = recall["data"]["recalled"].as_array().unwrap();
    assert_eq!(named.len(), 1, "{path}: what was asked back before is not asked back again: {named:?}");
    let (item, data) = (&named[0], &delivered["data"]);
    assert_eq!((&item["id"], &item["entryId"]), (&delivered["id"], &data["entryId"]), "{path}");
    assert!(!recall.to_string().contains(path), "{recall}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_ends_it_nothing_more_is_delivered_and_what_was_is_asked_back() {
    let fed = Fed::new(ContentLevel::Full).await;
    let mut taking = Taking { fed: &fed, denied: String::new(), supporter: String::new() };
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

async fn answer(fed: &Fed, recall_id: &str, answer: RecallAnswer, basis: &str) -> Result<(), Status> {
    let person_id = fed.supported.callers.pair.person_id();
    let (request_id, recall_id, answer) = (request_id(), recall_id.to_owned(), answer.into());
    let request = AnswerRecallRequest { request_id, person_id, recall_id, answer, basis: basis.into() };
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
