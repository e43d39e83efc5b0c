//! Questions to many: put by an agency, answered by those whom it supports, told as counts, and followed up.

use std::collections::BTreeMap;

use domain::ids::{SurveyId, derived_id};
use domain::issuers::{Only, Register};
use domain::sharing::Sharing;
use domain::staff::Staff;
use domain::survey::events::SurveyEvent;
use domain::survey::{
    Answer, AnswerSurvey, Answers, Asking, By, GROUP, OpenSurvey, PublishSurvey, ReportSurveyOutcome, Survey,
    TakeBackSurveyAnswer, answer_survey, manages,
};
use domain::vocabulary::{Category, Timestamp};
use domain::{Command, Refusal};
use engine::{Changes, Context, EngineError, Freshness, Loaded};
use gate::Call;
use proto::access::v1::Party;
use proto::consultations::v1 as pb;
use proto::consultations::v1::survey_service_server::SurveyService;
use rpc::{Directory, Error, Listed, words};
use uuid::Uuid;
use views::surveys::{self, AnswerDoc, SurveyAnswers, SurveyDoc, Surveys};
use views::{Page, Pages};

use crate::Consultations;

gate::service! { SurveyService for Consultations {
    open_survey(OpenSurveyRequest) -> OpenSurveyResponse: open_survey,
    list_my_surveys(ListMySurveysRequest) -> ListMySurveysResponse: my_surveys,
    get_my_survey(GetMySurveyRequest) -> GetMySurveyResponse: my_survey,
    get_survey(GetSurveyRequest) -> GetSurveyResponse: agency_survey,
    answer_survey(AnswerSurveyRequest) -> AnswerSurveyResponse: answer_survey,
    take_back_survey_answer(TakeBackSurveyAnswerRequest) -> TakeBackSurveyAnswerResponse: take_back_survey_answer,
    list_surveys(ListSurveysRequest) -> ListSurveysResponse: agency_surveys,
    publish_survey(PublishSurveyRequest) -> PublishSurveyResponse: publish_survey,
    list_survey_words(ListSurveyWordsRequest) -> ListSurveyWordsResponse: survey_words,
    report_survey_outcome(ReportSurveyOutcomeRequest) -> ReportSurveyOutcomeResponse: report_survey_outcome,
} }

/// How many of an agency's questions are open at a time: people are not pressed.
const OPEN_LIMIT: usize = 20;
/// In how many days whoever answered is told what came of it, if the agency says nothing else.
const FOLLOW_UP_DAYS: u32 = 28;
/// How many answers with words are read at most.
const WORDS_LIMIT: usize = 2_000;

/// What is answered, and what is to be counted of it.
struct Answered {
    /// For each option how many chose it.
    counts: Vec<u32>,
    /// What was said besides, each under an id that follows from its words: in no order of time.
    words: BTreeMap<Uuid, String>,
    position: u64,
    /// Whether some answers could not be read.
    incomplete: bool,
}

/// Who manages an agency's questions, and a question.
type Managing = (Loaded<Survey>, Loaded<Staff>, Loaded<Register>);

impl Consultations {
    async fn open_survey(&self, call: &Call, m: pb::OpenSurveyRequest) -> Result<pb::OpenSurveyResponse, Error> {
        let (by, context) = (call.worker()?, call.context(&m.request_id)?);
        let survey: SurveyId = context.new_id();
        let closes_at = words::from_timestamp("closes_at", rpc::required("closes_at", m.closes_at)?)?;
        let follow_up_by = m.follow_up_by.map(|at| words::from_timestamp("follow_up_by", at)).transpose()?;
        let follow_up_by = follow_up_by.unwrap_or_else(|| closes_at.plus_days(FOLLOW_UP_DAYS));
        let (question, options, now, worker) = (m.question, m.options, context.now, by.worker());
        let open = OpenSurvey { worker, question, options, closes_at, follow_up_by, now };
        let (_, _, register) = self.managing(call, survey).await?;
        let agencies = register.one_with(worker.agency());
        let is_other = |doc: &SurveyDoc| agencies.contains(&doc.agency) && doc.is_open(now) && doc.survey != survey;
        let others = Pages { size: OPEN_LIMIT, ..Pages::default() };
        if self.views.list::<Surveys>(&surveys::all(), &others, is_other).await?.items.len() >= OPEN_LIMIT {
            let says = format!("at most `{OPEN_LIMIT}` questions of an agency are open at a time");
            return Err(EngineError::Refused(Refusal::rule("open_surveys", says)).into());
        }
        let position = self.manage(call, &context, survey, |state, _| open.clone().decide(state)).await?;
        let survey_id = survey.to_string();
        Ok(pb::OpenSurveyResponse { position, survey_id, survey: self.put(survey, position).await })
    }

    /// A question, for a manager who works at the agency now: whoever else asks learns nothing of it.
    async fn managing(&self, call: &Call, survey: SurveyId) -> Result<Managing, Error> {
        let (by, engine) = (call.worker()?, self.gate.engine());
        let staff = engine.load::<Staff>(by.worker().staff(), Freshness::Latest).await?;
        manages(by, &staff).map_err(EngineError::Refused)?;
        let survey = engine.load::<Survey>(survey, Freshness::Latest).await?;
        Ok((survey, staff, engine.load::<Register>(Only, Freshness::Latest).await?))
    }

    /// What a manager does for their agency with a question of it.
    async fn manage(
        &self,
        call: &Call,
        context: &Context,
        survey: SurveyId,
        decide: impl Fn(&Survey, By) -> Result<Vec<SurveyEvent>, Refusal> + Send + Sync,
    ) -> Result<u64, Error> {
        let by = call.worker()?;
        let agency = by.worker().agency();
        let decide = |(survey, staff, register): &Managing, changes: &mut Changes| {
            manages(by, staff)?;
            changes.record(survey, agency, decide(survey, By { agency, parts: register.parts().clone() })?);
            changes.guard(register);
            changes.guard(staff);
            call.in_role(staff, changes);
            Ok(())
        };
        let done = self.gate.engine().transact(context, (survey, by.worker().staff(), Only), decide).await?;
        Ok(done.position.0)
    }

    async fn publish_survey(
        &self,
        call: &Call,
        m: pb::PublishSurveyRequest,
    ) -> Result<pb::PublishSurveyResponse, Error> {
        let (by, context) = (call.worker()?, call.context(&m.request_id)?);
        let survey: SurveyId = rpc::id("survey_id", &m.survey_id)?;
        let (state, _, register) = self.managing(call, survey).await?;
        let of = By { agency: by.worker().agency(), parts: register.parts().clone() };
        let log = self.gate.engine().log();
        // By the log's own clock, as answers are.
        let now = Timestamp(log.now().await.map_err(EngineError::failed)?);
        state.has_closed(&of, now).map_err(EngineError::Refused)?;
        let head = log.head().await.map_err(EngineError::failed)?.0;
        let Answered { counts, incomplete, .. } = self.answered(survey, head).await?;
        let publish =
            |state: &Survey, by: By| PublishSurvey { by, counts: counts.clone(), incomplete, now }.decide(state);
        Ok(pb::PublishSurveyResponse { position: self.manage(call, &context, survey, publish).await? })
    }

    async fn report_survey_outcome(
        &self,
        call: &Call,
        m: pb::ReportSurveyOutcomeRequest,
    ) -> Result<pb::ReportSurveyOutcomeResponse, Error> {
        let context = call.context(&m.request_id)?;
        let survey = rpc::id("survey_id", &m.survey_id)?;
        let report = |state: &Survey, by: By| ReportSurveyOutcome { by, words: m.words.clone() }.decide(state);
        Ok(pb::ReportSurveyOutcomeResponse { position: self.manage(call, &context, survey, report).await? })
    }

    /// All answers to a question.
    async fn answered(&self, survey: SurveyId, at_least: u64) -> Result<Answered, Error> {
        let mut answered = Answered { counts: vec![], words: BTreeMap::new(), position: u64::MAX, incomplete: false };
        let (list, mut pages) = (surveys::answers_to(survey), Pages::all(at_least));
        while let Some(page) = self.views.next::<SurveyAnswers>(&list, &mut pages, |_| true).await? {
            answered.position = answered.position.min(page.position);
            answered.incomplete |= page.incomplete;
            page.items.into_iter().for_each(|answer| answered.take(survey, answer));
        }
        Ok(answered)
    }

    async fn survey_words(
        &self,
        call: &Call,
        m: pb::ListSurveyWordsRequest,
    ) -> Result<pb::ListSurveyWordsResponse, Error> {
        let (by, paging) = (call.worker()?, call.pages(&m)?);
        let survey: SurveyId = rpc::id("survey_id", &m.survey_id)?;
        let (state, _, register) = self.managing(call, survey).await?;
        let of = By { agency: by.worker().agency(), parts: register.parts().clone() };
        state.is_told_to(&of).map_err(EngineError::Refused)?;
        let Answered { words, position, incomplete, .. } = self.answered(survey, paging.pages.at_least).await?;
        let enough = u32::try_from(words.len()).unwrap_or(u32::MAX) >= GROUP;
        let after = Uuid::from_slice(&paging.pages.after).ok();
        let mut rest = words.into_iter().filter(|(id, _)| enough && after.is_none_or(|after| after < *id)).peekable();
        let page: Vec<_> = rest.by_ref().take(paging.pages.size).collect();
        let next = page.last().filter(|_| rest.peek().is_some()).map(|(id, _)| id.as_bytes().to_vec());
        let (words, next_page_token) = (page.into_iter().map(|(_, said)| said).collect(), paging.next(next));
        Ok(pb::ListSurveyWordsResponse { words, next_page_token, position, incomplete })
    }

    async fn agency_surveys(&self, call: &Call, m: pb::ListSurveysRequest) -> Result<pb::ListSurveysResponse, Error> {
        let (paging, now) = (call.pages(&m)?, self.gate.engine().now());
        let page = self.of_agency(call, &paging.pages, |doc| !m.only_overdue || doc.is_overdue(now)).await?;
        Ok(pb::ListSurveysResponse {
            surveys: page.items,
            next_page_token: paging.next(page.next),
            position: page.position,
            incomplete: page.incomplete,
        })
    }

    async fn agency_survey(&self, call: &Call, m: pb::GetSurveyRequest) -> Result<pb::GetSurveyResponse, Error> {
        let id: SurveyId = rpc::id("survey_id", &m.survey_id)?;
        let pages = Pages::one(m.at_least_position);
        let mut page = self.of_agency(call, &pages, |doc| doc.survey == id).await?;
        let survey = page.items.pop().ok_or_else(|| Error::not_found("survey"))?;
        Ok(pb::GetSurveyResponse { survey: Some(survey), position: page.position, incomplete: page.incomplete })
    }

    /// A question that was just put, as it was.
    async fn put(&self, id: SurveyId, position: u64) -> Option<pb::Survey> {
        let doc = self.views.made::<Surveys>(position, |doc| doc.survey == id).await?;
        let names = Directory::of(&self.views, std::iter::once(doc.by.author).collect()).await.ok()?;
        Some(survey(&doc, self.gate.engine().now(), words::said_by(&doc.by, &names), None))
    }

    /// What the caller's agency asks.
    async fn of_agency(
        &self,
        call: &Call,
        pages: &Pages,
        wanted: impl Fn(&SurveyDoc) -> bool + Send + Sync,
    ) -> Result<Page<pb::Survey>, Error> {
        let (by, engine) = (call.worker()?, self.gate.engine());
        let staff = engine.load::<Staff>(by.worker().staff(), Freshness::Latest).await?;
        if !staff.admits(by) {
            return Err(Error::denied());
        }
        let register = engine.load::<Register>(Only, Freshness::Latest).await?;
        let (now, agencies) = (engine.now(), register.one_with(by.worker().agency()));
        let theirs = |doc: &SurveyDoc| agencies.contains(&doc.agency) && wanted(doc);
        let page = self.views.list::<Surveys>(&surveys::all(), pages, theirs).await?;
        let names = Directory::of(&self.views, page.items.iter().map(|doc| doc.by.author).collect()).await?;
        Ok(page.map(|doc| survey(&doc, now, words::said_by(&doc.by, &names), None)))
    }

    async fn my_surveys(&self, call: &Call, m: pb::ListMySurveysRequest) -> Result<pb::ListMySurveysResponse, Error> {
        let (paging, now) = (call.pages(&m)?, self.gate.engine().now());
        let (page, receipt_id) = self.asked(call, &paging.pages, |doc| !m.only_open || doc.is_open(now)).await?;
        Ok(pb::ListMySurveysResponse {
            surveys: page.items,
            next_page_token: paging.next(page.next),
            position: page.position,
            incomplete: page.incomplete,
            receipt_id,
        })
    }

    async fn my_survey(&self, call: &Call, m: pb::GetMySurveyRequest) -> Result<pb::GetMySurveyResponse, Error> {
        let id: SurveyId = rpc::id("survey_id", &m.survey_id)?;
        let pages = Pages::one(m.at_least_position);
        let (mut page, receipt_id) = self.asked(call, &pages, |doc| doc.survey == id).await?;
        let survey = page.items.pop().ok_or_else(|| Error::not_found("survey"))?;
        Ok(pb::GetMySurveyResponse {
            survey: Some(survey),
            position: page.position,
            receipt_id,
            incomplete: page.incomplete,
        })
    }

    /// What the caller is asked, or has answered; and the receipt of reading their own answers, if there are any.
    async fn asked(
        &self,
        call: &Call,
        pages: &Pages,
        wanted: impl Fn(&SurveyDoc) -> bool + Send + Sync,
    ) -> Result<(Page<pb::Survey>, String), Error> {
        let (person, engine) = (call.person()?, self.gate.engine());
        let sharing = engine.load::<Sharing>(person, Freshness::Latest).await?;
        sharing.registered().map_err(EngineError::Refused)?;
        let register = engine.load::<Register>(Only, Freshness::Latest).await?;
        let answers = engine.load::<Answers>(person, Freshness::Latest).await?;
        let left = rpc::who_left(engine, sharing.supporters()).await?;
        let (resolved, now) = (register.resolve(&sharing), engine.now());
        let asking = Asking { sharing: &resolved, parts: register.parts(), left: &left };
        let is_asked = |doc: &SurveyDoc| doc.by.author.worker().is_some_and(|worker| asking.is_asked_by(worker));
        let is_theirs = |doc: &SurveyDoc| (is_asked(doc) || answers.to(doc.survey).is_some()) && wanted(doc);
        let page = self.views.list::<Surveys>(&surveys::all(), pages, is_theirs).await?;
        let named = page.items.iter().map(|doc| doc.by.author).collect();
        let names = Listed::of(&self.views, engine, named, &sharing).await?;
        let page = page.map(|doc| survey(&doc, now, words::said_by(&doc.by, &names), answers.to(doc.survey)));
        // What they answered is theirs: whoever signs in as them leaves a trace of reading it.
        let answered = page.items.iter().filter(|survey| survey.my_option > 0).count();
        let receipt_id = if answered > 0 {
            self.gate.disclose_own(call, [Category::Consultations].into(), answered).await?.to_string()
        } else {
            String::new()
        };
        Ok((page, receipt_id))
    }

    async fn answer_survey(&self, call: &Call, m: pb::AnswerSurveyRequest) -> Result<pb::AnswerSurveyResponse, Error> {
        let (person, context) = call.own(&m.request_id)?;
        let survey: SurveyId = rpc::id("survey_id", &m.survey_id)?;
        let engine = self.gate.engine();
        let sharing = engine.load::<Sharing>(person, Freshness::Latest).await?;
        let left = rpc::who_left(engine, sharing.supporters()).await?;
        // Decided again it is by the log's clock, if that says that it has closed.
        let answer = || AnswerSurvey { survey, option: m.option, words: m.words.clone(), now: engine.now() };
        type Loads = (Loaded<Answers>, Loaded<Survey>, Loaded<Sharing>, Loaded<Register>);
        let decide = |(answers, survey, sharing, register): &Loads, changes: &mut Changes| {
            let resolved = register.resolve(sharing);
            let asking = Asking { sharing: &resolved, parts: register.parts(), left: &left };
            changes.record(answers, person, answer_survey(answers, survey, asking, answer())?);
            changes.guard(survey);
            changes.guard(sharing);
            changes.guard(register);
            // What is counted once it has closed is all there is.
            changes.holds_until(survey.closes_at());
            Ok(())
        };
        let answered = engine.transact(&context, (person, survey, person, Only), decide).await?;
        Ok(pb::AnswerSurveyResponse { position: answered.position.0 })
    }

    async fn take_back_survey_answer(
        &self,
        call: &Call,
        m: pb::TakeBackSurveyAnswerRequest,
    ) -> Result<pb::TakeBackSurveyAnswerResponse, Error> {
        let (person, context) = call.own(&m.request_id)?;
        let survey: SurveyId = rpc::id("survey_id", &m.survey_id)?;
        let decide = |(answers, asked): &(Loaded<Answers>, Loaded<Survey>), changes: &mut Changes| {
            changes.record(answers, person, TakeBackSurveyAnswer { survey }.decide(answers, asked)?);
            Ok(())
        };
        let taken = self.gate.engine().transact(&context, (person, survey), decide).await?;
        Ok(pb::TakeBackSurveyAnswerResponse { position: taken.position.0 })
    }
}

impl Answered {
    fn take(&mut self, survey: SurveyId, answer: AnswerDoc) {
        let nth = answer.option.and_then(|option| usize::try_from(option).ok()?.checked_sub(1));
        let Some(nth) = nth else { return };
        if self.counts.len() <= nth {
            self.counts.resize(nth + 1, 0);
        }
        self.counts.iter_mut().skip(nth).take(1).for_each(|count| *count = count.saturating_add(1));
        let said = answer.words;
        if !said.trim().is_empty() && self.words.len() < WORDS_LIMIT {
            self.words.insert(derived_id(survey.0, &[b"words", said.as_bytes()]), said);
        }
    }
}

fn survey(doc: &SurveyDoc, now: Timestamp, party: Party, mine: Option<&Answer>) -> pb::Survey {
    let counted = |nth: usize| doc.counts.as_ref().map(|counts| counts.get(nth).copied().unwrap_or_default());
    let option = |(nth, text): (usize, &String)| pb::SurveyOption {
        text: text.clone(),
        about: counted(nth).unwrap_or_default(),
        summary: counted(nth).map(in_words).unwrap_or_default(),
    };
    pb::Survey {
        survey_id: doc.survey.to_string(),
        party: Some(party),
        question: doc.question.clone(),
        options: doc.options.iter().enumerate().map(option).collect(),
        opened_at: Some(words::timestamp(doc.by.at)),
        closes_at: Some(words::timestamp(doc.closes_at)),
        follow_up_by: Some(words::timestamp(doc.follow_up_by)),
        open: doc.is_open(now),
        published: doc.counts.is_some(),
        outcome: doc.outcome.as_ref().map(|(_, words)| words.clone()).unwrap_or_default(),
        outcome_at: doc.outcome.as_ref().map(|(by, _)| words::timestamp(by.at)),
        overdue: doc.is_overdue(now),
        incomplete: doc.incomplete,
        my_option: mine.map(|mine| mine.option).unwrap_or_default(),
        my_words: mine.map(|mine| mine.words.clone()).unwrap_or_default(),
    }
}

fn in_words(about: u32) -> String {
    if about == 0 { "Fewer than 5 people".to_owned() } else { format!("About {about} people") }
}
