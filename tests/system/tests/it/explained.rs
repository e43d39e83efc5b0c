//! The person asks why somebody looked, and holds whoever did to an answer.

use client::{Client, request_id};
use proto::access::v1::query::State;
use proto::access::v1::{
    AcceptExplanationRequest, EscalateQueryRequest, ExplainAccessRequest, ListMyQuestionsRequest, ListQuestionsRequest,
    Query, QueryAccessRequest, ResolveQueryRequest,
};
use proto::agencies::v1::{AddStaffRequest, RegisterAgencyRequest};
use tonic::{Code, Status};

use crate::world::{Callers, Supported};

struct Asked<'a> {
    callers: &'a Callers,
    query_id: String,
    position: u64,
}

impl<'a> Asked<'a> {
    /// The worker looks, and the person asks why.
    async fn of(callers: &'a Callers) -> Self {
        let receipt_id = receipt_of_the_look(callers).await;
        let ask = QueryAccessRequest { request_id: request_id(), receipt_id, question: "Why did you look?".into() };
        let asked = callers.person.access().query_access(ask).await.unwrap().into_inner();
        Self { callers, query_id: asked.query_id, position: asked.position }
    }

    /// As the person reads it.
    async fn mine(&self, at_least_position: u64) -> Query {
        let list = ListMyQuestionsRequest { at_least_position, ..Default::default() };
        let list = self.callers.person.access().list_my_questions(list).await.unwrap().into_inner();
        list.questions.into_iter().find(|question| question.query_id == self.query_id).unwrap()
    }

    async fn explained(&self, by: &Client) -> Result<u64, Status> {
        let explain = ExplainAccessRequest {
            request_id: request_id(),
            person_id: self.callers.pair.person_id(),
            query_id: self.query_id.clone(),
            words: "to plan your visit on Tuesday".into(),
        };
        Ok(by.access().explain_access(explain).await?.into_inner().position)
    }

    async fn resolved(&self, by: &Client) -> Result<u64, Status> {
        let resolve = ResolveQueryRequest {
            request_id: request_id(),
            person_id: self.callers.pair.person_id(),
            query_id: self.query_id.clone(),
            justified: false,
            words: "the visit needed no look".into(),
        };
        Ok(by.access().resolve_query(resolve).await?.into_inner().position)
    }

    async fn escalated(&self, reviewer_id: &str) -> Result<u64, Status> {
        let escalate = EscalateQueryRequest {
            request_id: request_id(),
            query_id: self.query_id.clone(),
            words: "that is no reason".into(),
            reviewer_id: reviewer_id.into(),
        };
        Ok(self.callers.person.access().escalate_query(escalate).await?.into_inner().position)
    }
}

/// The receipt of a look of the worker's, once the person reads it.
async fn receipt_of_the_look(callers: &Callers) -> String {
    let receipt_id = callers.look().await.unwrap().receipt_id;
    let is_read = async || Ok(callers.person.history(0).await?.iter().any(|receipt| receipt.receipt_id == receipt_id));
    harness::wait_until("the receipt of the look", is_read).await.unwrap();
    receipt_id
}

/// How many questions somebody is asked.
async fn inbox(who: &Client, at_least_position: u64, to_review: bool) -> Result<Vec<String>, Status> {
    let list = ListQuestionsRequest { only_waiting: true, to_review, at_least_position, ..Default::default() };
    let list = who.access().list_questions(list).await?.into_inner().questions;
    Ok(list.into_iter().map(|asked| asked.question.unwrap().query_id).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looked_explains_it_and_the_person_accepts() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let (colleague, _) = supported.joins("colleague", "Isla Munro", "nurse").await;
    let asked = Asked::of(callers).await;
    assert_eq!(inbox(&callers.worker, asked.position, false).await.unwrap(), std::slice::from_ref(&asked.query_id));
    // By itself it is read by whoever may read it in the list, and by nobody else.
    let one = |query_id: &str| {
        let (query_id, to_review, at_least_position) = (query_id.to_owned(), false, asked.position);
        proto::access::v1::GetQuestionRequest { query_id, to_review, at_least_position }
    };
    let read = callers.worker.access().get_question(one(&asked.query_id)).await.unwrap().into_inner().question.unwrap();
    assert_eq!(read.question.unwrap().query_id, asked.query_id);
    for (by, query_id) in [(&colleague, &asked.query_id), (&callers.worker, &client::request_id())] {
        assert_eq!(by.access().get_question(one(query_id)).await.unwrap_err().code(), Code::NotFound);
    }
    assert_eq!(
        inbox(&colleague, asked.position, false).await.unwrap(),
        Vec::<String>::new(),
        "it is not asked of them"
    );
    assert_eq!(inbox(&callers.person, 0, false).await.unwrap_err().code(), Code::PermissionDenied);
    let open = asked.mine(asked.position).await;
    let days = (open.answer_by.unwrap().seconds - open.asked_at.unwrap().seconds) / (24 * 60 * 60);
    assert_eq!((open.state(), days, open.overdue), (State::Open, 10, false));
    assert_eq!(asked.explained(&colleague).await.unwrap_err().code(), Code::NotFound);
    let position = asked.explained(&callers.worker).await.unwrap();
    let explained = asked.mine(position).await;
    let said = &explained.said[0];
    assert_eq!((explained.state(), explained.answer_by), (State::Explained, None));
    assert!(said.words.contains("Tuesday") && !said.author.as_ref().unwrap().name.is_empty(), "{said:?}");
    assert!(inbox(&callers.worker, position, false).await.unwrap().is_empty());
    let accept = AcceptExplanationRequest { request_id: request_id(), query_id: asked.query_id.clone() };
    let position = callers.person.access().accept_explanation(accept).await.unwrap().into_inner().position;
    assert_eq!(asked.mine(position).await.state(), State::Accepted);
    // With the look itself it is told where the question stands.
    let history = callers.person.history(position).await.unwrap();
    let stands: Vec<_> = history.iter().flat_map(|receipt| &receipt.queries).map(Query::state).collect();
    assert_eq!(stands, [State::Accepted]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_person_does_not_accept_goes_to_the_privacy_officer_and_then_to_an_independent_agency() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let (officer, _) = supported.joins("officer", "Ewan Ross", "privacy officer").await;
    let asked = Asked::of(callers).await;
    let early = asked.escalated("").await.unwrap_err();
    assert_eq!(early.code(), Code::FailedPrecondition, "it is not overdue yet: {early:?}");
    let position = asked.explained(&callers.worker).await.unwrap();
    asked.mine(position).await;
    let position = asked.escalated("").await.unwrap();
    assert_eq!(asked.mine(position).await.state(), State::WithPrivacyOfficer);
    // The one who looked judges nothing.
    assert_eq!(asked.resolved(&callers.worker).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(inbox(&officer, position, false).await.unwrap().len(), 1);
    asked.resolved(&officer).await.unwrap();

    let (reviewer, reviewer_id) = voices(&supported).await;
    let housing = asked.escalated(&callers.pair.agency_id()).await.unwrap_err();
    assert_eq!(housing.code(), Code::InvalidArgument, "{housing:?}");
    assert!(inbox(&reviewer, 0, true).await.unwrap().is_empty());
    let position = asked.escalated(&reviewer_id).await.unwrap();
    assert_eq!(inbox(&reviewer, position, true).await.unwrap(), std::slice::from_ref(&asked.query_id));
    assert_eq!(asked.resolved(&officer).await.unwrap_err().code(), Code::NotFound);
    let position = asked.resolved(&reviewer).await.unwrap();
    let closed = asked.mine(position).await;
    let findings: Vec<_> = closed.said.iter().filter_map(|said| said.justified).collect();
    assert_eq!(
        (closed.state(), findings.as_slice(), closed.said.len()),
        (State::AnsweredByReviewer, &[false, false][..], 5)
    );
}

/// The privacy officer of an independent agency, and the agency.
pub(crate) async fn voices(supported: &Supported) -> (Client, String) {
    let operator = &supported.callers.operator;
    let people = supported.callers.person.my_people(0).await.unwrap();
    let mut others = people.into_iter().map(|one| one.supporter.unwrap().agency_id);
    let agency_id = others.find(|agency_id| *agency_id != supported.callers.pair.agency_id()).unwrap();
    let register = RegisterAgencyRequest {
        request_id: request_id(),
        agency_id: agency_id.clone(),
        name: "Voices of Leith".into(),
        kind: "Advocacy".into(),
        ..Default::default()
    };
    operator.agencies().register_agency(register).await.unwrap();
    let agency: uuid::Uuid = agency_id.parse().unwrap();
    let joins = AddStaffRequest {
        request_id: request_id(),
        agency_id: agency_id.clone(),
        subject: "advocate".into(),
        name: "Una Bain".into(),
        roles: vec!["privacy officer".into()],
        issuer: node::tokens::issuer_name(gate::Binding::Agency(agency.into())),
        staff_id: String::new(),
    };
    operator.agencies().add_staff(joins).await.unwrap();
    let token = supported.world.cluster.signer.staff(agency.into(), "advocate").unwrap();
    (Client::new(supported.node.channel().await.unwrap(), &token).unwrap(), agency_id)
}
