//! Asking why somebody looked, until it is answered.

use domain::agency::Agency;
use domain::emergency::is_privacy_officer;
use domain::ids::{AgencyId, PersonId, QueryId, ReceiptId};
use domain::issuers::{Only, Register};
use domain::query::events::QueryEvent;
use domain::query::{
    AcceptExplanation, EscalateQuery, ExplainAccess, Query, QueryAccess, QueryStage, ResolveQuery, Reviewing,
    escalate_query, query_id,
};
use domain::sharing::Sharing;
use domain::staff::Staff;
use domain::vocabulary::{Author, Category, Purpose, Timestamp};
use domain::{Command as _, Refusal};
use engine::{Changes, Freshness, Loaded};
use gate::{Asked, Call};
use proto::access::v1 as pb;
use rpc::{Directory, Error, words};
use views::access_history::{self, AccessHistory};
use views::questions::{self, AgencyQuestions, QuestionDoc, Questions, ReviewerQuestions, SaidDoc};
use views::{Page, Pages};

use crate::SharingServices;

impl SharingServices {
    /// The person asks why somebody looked.
    pub(crate) async fn query(&self, call: &Call, m: pb::QueryAccessRequest) -> Result<pb::QueryAccessResponse, Error> {
        let (person, context) = call.own(&m.request_id)?;
        let receipt: ReceiptId = rpc::id("receipt_id", &m.receipt_id)?;
        // The person names what they have read: it is in the view, or it is not theirs.
        let known = self.views.one::<AccessHistory>(access_history::receipt_key(person, receipt), 0).await?;
        let known = known.ok_or_else(|| Error::not_found("receipt"))?;
        // The same question twice is one, so its id follows from its words.
        let query = query_id(person, receipt, &m.question);
        let party = known.party;
        let query_of = |sharing: &Sharing| {
            let deciders = sharing.deciders(&known.lawful_bases);
            QueryAccess { receipt, question: m.question.clone(), party, deciders, now: context.now }
        };
        let decide = |(query, sharing): &(Loaded<Query>, Loaded<Sharing>), changes: &mut Changes| {
            sharing.registered()?;
            changes.record(query, person, query_of(sharing).decide(query)?);
            changes.guard(sharing);
            Ok(())
        };
        let asked = self.gate.engine().transact(&context, (query, person), decide).await?;
        let position = asked.position.0;
        Ok(pb::QueryAccessResponse { position, query_id: query.to_string(), question: self.put(query, position).await })
    }

    /// A question that was just asked, as it was.
    async fn put(&self, id: QueryId, position: u64) -> Option<pb::Query> {
        let doc = self.views.made::<Questions>(position, |doc| doc.query == id).await?;
        let names = self.speakers(std::slice::from_ref(&doc)).await.ok()?;
        Some(question(doc, self.gate.engine().now(), &names))
    }

    pub(crate) async fn questions(
        &self,
        call: &Call,
        message: pb::ListMyQuestionsRequest,
    ) -> Result<pb::ListMyQuestionsResponse, Error> {
        let (person, paging) = (call.person()?, call.pages(&message)?);
        let wanted = |doc: &QuestionDoc| !message.only_waiting || doc.stage.waits();
        let page = self.views.list::<Questions>(&questions::of_person(person), &paging.pages, wanted).await?;
        let (names, now) = (self.speakers(&page.items).await?, self.gate.engine().now());
        Ok(pb::ListMyQuestionsResponse {
            questions: page.items.into_iter().map(|doc| question(doc, now, &names)).collect(),
            next_page_token: paging.next(page.next),
            position: page.position,
            incomplete: page.incomplete,
        })
    }

    pub(crate) async fn get_my_question(
        &self,
        call: &Call,
        m: pb::GetMyQuestionRequest,
    ) -> Result<pb::GetMyQuestionResponse, Error> {
        let (person, id): (_, QueryId) = (call.person()?, rpc::id("query_id", &m.query_id)?);
        let known = self.views.one::<Questions>(questions::of_person(person).id(id), m.at_least_position);
        let doc = known.await?.ok_or_else(|| Error::not_found("question"))?;
        let names = self.speakers(std::slice::from_ref(&doc)).await?;
        Ok(pb::GetMyQuestionResponse { question: Some(question(doc, self.gate.engine().now(), &names)) })
    }

    pub(crate) async fn get_question(
        &self,
        call: &Call,
        m: pb::GetQuestionRequest,
    ) -> Result<pb::GetQuestionResponse, Error> {
        let id: QueryId = rpc::id("query_id", &m.query_id)?;
        let pages = Pages::one(m.at_least_position);
        let mut page = self.asked(call, m.to_review, &pages, |doc, _| doc.query == id).await?;
        let question = page.items.pop().ok_or_else(|| Error::not_found("question"))?;
        Ok(pb::GetQuestionResponse { question: Some(question), incomplete: page.incomplete })
    }

    /// What an agency is asked, or is asked to review: a privacy officer reads all of it, a worker what is asked of their own looks.
    pub(crate) async fn asked_of_us(
        &self,
        call: &Call,
        m: pb::ListQuestionsRequest,
    ) -> Result<pb::ListQuestionsResponse, Error> {
        let paging = call.pages(&m)?;
        let wanted = |doc: &QuestionDoc, is_officer: bool| {
            let waits = match doc.stage {
                QueryStage::Asked => true,
                QueryStage::WithOfficer => is_officer,
                QueryStage::WithReviewer => m.to_review,
                QueryStage::Explained | QueryStage::Accepted | QueryStage::ResolvedByOfficer | QueryStage::Closed => {
                    false
                }
            };
            !m.only_waiting || waits
        };
        let page = self.asked(call, m.to_review, &paging.pages, wanted).await?;
        Ok(pb::ListQuestionsResponse {
            questions: page.items,
            next_page_token: paging.next(page.next),
            position: page.position,
            incomplete: page.incomplete,
        })
    }

    /// What the caller may read of it, and is wanted: of which it is told whether the caller is a privacy officer.
    async fn asked(
        &self,
        call: &Call,
        to_review: bool,
        pages: &Pages,
        wanted: impl Fn(&QuestionDoc, bool) -> bool + Send + Sync,
    ) -> Result<Page<pb::AskedQuestion>, Error> {
        let by = call.worker()?;
        let standing = self.gate.engine().load::<Staff>(by.worker().staff(), Freshness::Latest).await?;
        let is_officer = is_privacy_officer(by, &standing);
        if !standing.admits(by) || (to_review && !is_officer) {
            return Err(Error::denied());
        }
        let theirs = |doc: &QuestionDoc| {
            (is_officer || doc.party == Some(Author::Worker(by.worker()))) && wanted(doc, is_officer)
        };
        let list = questions::of_agency(by.worker().agency());
        let page = if to_review {
            self.views.list::<ReviewerQuestions>(&list, pages, theirs).await?
        } else {
            self.views.list::<AgencyQuestions>(&list, pages, theirs).await?
        };
        let (names, now) = (self.speakers(&page.items).await?, self.gate.engine().now());
        let asked = |mut doc: QuestionDoc| {
            if !to_review {
                keep_from_who_looked(&mut doc, is_officer);
            }
            pb::AskedQuestion {
                person_id: doc.person.to_string(),
                party: doc.party.map(|party| words::party_now(party, &names)),
                question: Some(question(doc, now, &names)),
            }
        };
        Ok(page.map(asked))
    }

    async fn speakers(&self, docs: &[QuestionDoc]) -> Result<Directory, Error> {
        let said = docs.iter().flat_map(|doc| &doc.said).filter_map(|said| said.by.as_ref()).map(|by| by.author);
        Directory::of(&self.views, said.chain(docs.iter().filter_map(|doc| doc.party)).collect()).await
    }

    pub(crate) async fn accept_explanation(
        &self,
        call: &Call,
        m: pb::AcceptExplanationRequest,
    ) -> Result<pb::AcceptExplanationResponse, Error> {
        let (person, context) = call.own(&m.request_id)?;
        let query: QueryId = rpc::id("query_id", &m.query_id)?;
        let decide = |(query,): &(Loaded<Query>,), changes: &mut Changes| {
            query.is_of(query.id, person)?;
            changes.record(query, person, AcceptExplanation.decide(query)?);
            Ok(())
        };
        let accepted = self.gate.engine().transact(&context, (query,), decide).await?;
        Ok(pb::AcceptExplanationResponse { position: accepted.position.0 })
    }

    pub(crate) async fn escalate(
        &self,
        call: &Call,
        m: pb::EscalateQueryRequest,
    ) -> Result<pb::EscalateQueryResponse, Error> {
        let (person, context) = call.own(&m.request_id)?;
        let query: QueryId = rpc::id("query_id", &m.query_id)?;
        let reviewer: Option<AgencyId> = rpc::optional_id("reviewer_id", &m.reviewer_id)?;
        let escalate = EscalateQuery { words: m.words, now: context.now };
        type Loads = (Loaded<Query>, Loaded<Sharing>, Loaded<Register>, Loaded<Agency>);
        let decide = |(query, sharing, register, agency): &Loads, changes: &mut Changes| {
            query.is_of(query.id, person)?;
            let (resolved, parts) = (register.resolve(sharing), register.parts());
            let reviewing = reviewer.map(|id| Reviewing { id, agency, sharing: &resolved, parts });
            changes.record(query, person, escalate_query(query, reviewing, escalate.clone())?);
            changes.guard(sharing);
            changes.guard(register);
            changes.guard(agency);
            Ok(())
        };
        // Without one there is nothing to look up: nobody is called by the nil id.
        let agency = reviewer.unwrap_or(AgencyId(uuid::Uuid::nil()));
        let escalated = self.gate.engine().transact(&context, (query, person, Only, agency), decide).await?;
        Ok(pb::EscalateQueryResponse { position: escalated.position.0 })
    }

    pub(crate) async fn explain(
        &self,
        call: &Call,
        m: pb::ExplainAccessRequest,
    ) -> Result<pb::ExplainAccessResponse, Error> {
        let author = Author::Worker(call.worker()?.worker());
        let answer = |query: &Query, is_officer: bool, register: &Register| {
            ExplainAccess { author, is_officer, words: m.words.clone(), parts: register.parts().clone() }.decide(query)
        };
        let position = self.answered(call, &m.request_id, (&m.person_id, &m.query_id), answer).await?;
        Ok(pb::ExplainAccessResponse { position })
    }

    pub(crate) async fn resolve(
        &self,
        call: &Call,
        m: pb::ResolveQueryRequest,
    ) -> Result<pb::ResolveQueryResponse, Error> {
        let author = Author::Worker(call.worker()?.worker());
        let answer = |query: &Query, is_officer: bool, register: &Register| {
            if !is_officer {
                return Err(Refusal::not_found("question"));
            }
            let (justified, words, parts) = (m.justified, m.words.clone(), register.parts().clone());
            ResolveQuery { author, justified, words, parts }.decide(query)
        };
        let position = self.answered(call, &m.request_id, (&m.person_id, &m.query_id), answer).await?;
        Ok(pb::ResolveQueryResponse { position })
    }

    /// Somebody who is asked answers. Whoever is not learns of no question.
    async fn answered(
        &self,
        call: &Call,
        request_id: &str,
        (person_id, query_id): (&str, &str),
        answer: impl Fn(&Query, bool, &Register) -> Result<Vec<QueryEvent>, Refusal> + Send + Sync,
    ) -> Result<u64, Error> {
        let (by, context) = (call.worker()?, call.context(request_id)?);
        let (person, query): (PersonId, QueryId) = (rpc::id("person_id", person_id)?, rpc::id("query_id", query_id)?);
        type Loads = (Loaded<Query>, Loaded<Staff>, Loaded<Register>, Loaded<Sharing>);
        let decide = |(query, staff, register, sharing): &Loads, changes: &mut Changes| {
            query.is_of(query.id, person)?;
            let is_officer = is_privacy_officer(by, staff);
            // Whom the person has shut out says nothing to them; an officer answers for the agency.
            if !staff.admits(by) || (!is_officer && !register.resolve(sharing).hears(by)) {
                return Err(Refusal::not_found("question"));
            }
            changes.record(query, person, answer(query, is_officer, register)?);
            changes.guard(staff);
            changes.guard(register);
            changes.guard(sharing);
            call.in_role(staff, changes);
            Ok(())
        };
        match self.gate.engine().transact(&context, (query, by.worker().staff(), Only, person), decide).await {
            Ok(answered) => Ok(answered.position.0),
            Err(error) => {
                let asked = Asked::new(call, Purpose::PersonRequest, vec![Category::SupportNetwork])?;
                Err(self.gate.refused(&asked, person, error).await)
            }
        }
    }
}

/// What the person writes to the privacy officer whoever looked does not read, and nobody of their agency what is written to a reviewer.
fn keep_from_who_looked(doc: &mut QuestionDoc, is_officer: bool) {
    let is_further = |said: &SaidDoc| match said.stage {
        QueryStage::WithReviewer | QueryStage::Closed => true,
        QueryStage::WithOfficer | QueryStage::ResolvedByOfficer => !is_officer,
        QueryStage::Asked | QueryStage::Explained | QueryStage::Accepted => false,
    };
    if let Some(first) = doc.said.iter().position(is_further) {
        doc.said.truncate(first);
        // What waits for somebody else does not wait for them.
        doc.stage = doc.said.last().map_or(QueryStage::Explained, |said| said.stage);
        doc.answer_by = None;
    }
}

/// Where a question stands, on the wire.
pub(crate) fn stage(stage: QueryStage) -> i32 {
    match stage {
        QueryStage::Asked => pb::query::State::Open,
        QueryStage::Explained => pb::query::State::Explained,
        QueryStage::Accepted => pb::query::State::Accepted,
        QueryStage::WithOfficer => pb::query::State::WithPrivacyOfficer,
        QueryStage::ResolvedByOfficer => pb::query::State::AnsweredByPrivacyOfficer,
        QueryStage::WithReviewer => pb::query::State::WithReviewer,
        QueryStage::Closed => pb::query::State::AnsweredByReviewer,
    }
    .into()
}

fn question(doc: QuestionDoc, now: Timestamp, names: &Directory) -> pb::Query {
    let said = |said: &SaidDoc| pb::QuerySaid {
        state: stage(said.stage),
        author: said.by.as_ref().map(|by| words::said_by(by, names)),
        said_at: said.by.as_ref().map(|by| words::timestamp(by.at)),
        words: said.words.clone(),
        justified: said.justified,
    };
    pb::Query {
        query_id: doc.query.to_string(),
        state: stage(doc.stage),
        asked_at: Some(words::timestamp(doc.asked_at)),
        receipt_id: doc.receipt.to_string(),
        answer_by: doc.stage.due(doc.answer_by).map(words::timestamp),
        overdue: doc.is_overdue(now),
        said: doc.said.iter().map(said).collect(),
        question: doc.question,
    }
}
