//! Questions to many: put by an agency, answered by those whom it supports, told as counts, and followed up.

use std::collections::BTreeSet;

use domain::ids::{AgencyId, SurveyId};
use domain::issuers::{Only, Register};
use domain::sharing::Sharing;
use domain::staff::Staff;
use domain::survey::events::SurveyEvent;
use domain::survey::{
    Answer, AnswerSurvey, Answers, By, GROUP, OpenSurvey, PublishSurvey, ReportSurveyOutcome, Survey,
    TakeBackSurveyAnswer, answer_survey,
};
use domain::vocabulary::Timestamp;
use domain::{Command, Refusal};
use engine::{Changes, Context, EngineError, Freshness, Loaded};
use gate::Call;
use proto::access::v1::Party;
use proto::consultations::v1 as pb;
use proto::consultations::v1::survey_service_server::SurveyService;
use rpc::{Directory, Error, Named, words};
use views::surveys::{self, AnswerDoc, SurveyAnswers, SurveyDoc, Surveys};
use views::{Page, Pages};

use crate::Consultations;

gate::service! { SurveyService for Consultations {
    open_survey(OpenSurveyRequest) -> OpenSurveyResponse: open_survey,
    list_my_surveys(ListMySurveysRequest) -> ListMySurveysResponse: my_surveys,
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
    /// What was said besides, in the order of the alphabet: not of time.
    words: BTreeSet<String>,
}

impl Consultations {
    async fn open_survey(&self, call: &Call, m: pb::OpenSurveyRequest) -> Result<pb::OpenSurveyResponse, Error> {
        let (by, context) = (call.worker()?, call.context(&m.request_id)?);
        let survey: SurveyId = context.new_id();
        let closes_at = words::from_timestamp("closes_at", rpc::required("closes_at", m.closes_at)?)?;
        let follow_up_by = m.follow_up_by.map(|at| words::from_timestamp("follow_up_by", at)).transpose()?;
        let follow_up_by = follow_up_by.unwrap_or_else(|| closes_at.plus_days(FOLLOW_UP_DAYS));
        let (question, options, now, worker) = (m.question, m.options, context.now, by.worker());
        let open = OpenSurvey { worker, question, options, closes_at, follow_up_by, now };
        let is_other = |doc: &SurveyDoc| doc.agency == worker.agency() && doc.is_open(now) && doc.survey != survey;
        let others = Pages { size: OPEN_LIMIT, ..Pages::default() };
        if self.views.list::<Surveys>(&surveys::all(), &others, is_other).await?.items.len() >= OPEN_LIMIT {
            let says = format!("at most `{OPEN_LIMIT}` questions of an agency are open at a time");
            return Err(EngineError::Refused(Refusal::rule("open_surveys", says)).into());
        }
        let position = self.for_agency(call, &context, survey, |state, _| open.clone().decide(state)).await?;
        Ok(pb::OpenSurveyResponse { position, survey_id: survey.to_string() })
    }

    /// What a worker does for their agency with a question of it.
    async fn for_agency(
        &self,
        call: &Call,
        context: &Context,
        survey: SurveyId,
        decide: impl Fn(&Survey, By) -> Result<Vec<SurveyEvent>, Refusal> + Send + Sync,
    ) -> Result<u64, Error> {
        let by = call.worker()?;
        let agency = by.worker().agency();
        type Loads = (Loaded<Survey>, Loaded<Staff>, Loaded<Register>);
        let decide = |(survey, staff, register): &Loads, changes: &mut Changes| {
            if !staff.admits(by) {
                return Err(Refusal::undisclosed());
            }
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
        let context = call.context(&m.request_id)?;
        let (survey, now) = (rpc::id("survey_id", &m.survey_id)?, self.gate.engine().now());
        // Nobody answers any more once it has closed: what is counted from here on is all there is.
        let head = self.gate.engine().log().head().await.map_err(EngineError::failed)?.0;
        let counts = self.answered(survey, head).await?.0.counts;
        let publish = |state: &Survey, by: By| PublishSurvey { by, counts: counts.clone(), now }.decide(state);
        let position = self.for_agency(call, &context, survey, publish).await?;
        Ok(pb::PublishSurveyResponse { position })
    }

    async fn report_survey_outcome(
        &self,
        call: &Call,
        m: pb::ReportSurveyOutcomeRequest,
    ) -> Result<pb::ReportSurveyOutcomeResponse, Error> {
        let context = call.context(&m.request_id)?;
        let survey = rpc::id("survey_id", &m.survey_id)?;
        let report = |state: &Survey, by: By| ReportSurveyOutcome { by, words: m.words.clone() }.decide(state);
        let position = self.for_agency(call, &context, survey, report).await?;
        Ok(pb::ReportSurveyOutcomeResponse { position })
    }

    /// All answers to a question; and the position that they are of, and whether some could not be read.
    async fn answered(&self, survey: SurveyId, at_least: u64) -> Result<(Answered, Page<()>), Error> {
        let (mut counts, mut words) = (Vec::new(), BTreeSet::new());
        let mut read = Page { items: vec![], next: None, position: u64::MAX, incomplete: false };
        let mut pages = Pages::all(at_least);
        while let Some(page) =
            self.views.next::<SurveyAnswers>(&surveys::answers_to(survey), &mut pages, |_| true).await?
        {
            read.position = read.position.min(page.position);
            read.incomplete |= page.incomplete;
            for AnswerDoc { option, words: said } in page.items {
                let Some(nth) = option.and_then(|option| usize::try_from(option).ok()?.checked_sub(1)) else {
                    continue;
                };
                if counts.len() <= nth {
                    counts.resize(nth + 1, 0_u32);
                }
                counts.iter_mut().skip(nth).take(1).for_each(|count| *count += 1);
                if !said.trim().is_empty() && words.len() < WORDS_LIMIT {
                    words.insert(said);
                }
            }
        }
        Ok((Answered { counts, words }, read))
    }

    /// Somebody who works at the agency now reads what it asks.
    async fn reads_for_agency(&self, call: &Call) -> Result<(AgencyId, Loaded<Register>), Error> {
        let (by, engine) = (call.worker()?, self.gate.engine());
        let staff = engine.load::<Staff>(by.worker().staff(), Freshness::Latest).await?;
        if !staff.admits(by) {
            return Err(Error::denied());
        }
        Ok((by.worker().agency(), engine.load::<Register>(Only, Freshness::Latest).await?))
    }

    async fn survey_words(
        &self,
        call: &Call,
        m: pb::ListSurveyWordsRequest,
    ) -> Result<pb::ListSurveyWordsResponse, Error> {
        let ((agency, register), paging) = (self.reads_for_agency(call).await?, call.pages(&m)?);
        let survey: SurveyId = rpc::id("survey_id", &m.survey_id)?;
        let by = By { agency, parts: register.parts().clone() };
        let state = self.gate.engine().load::<Survey>(survey, Freshness::Latest).await?;
        state.is_told_to(&by).map_err(EngineError::Refused)?;
        let (Answered { counts, words }, read) = self.answered(survey, paging.pages.at_least).await?;
        let enough = counts.iter().fold(0_u32, |all, count| all.saturating_add(*count)) >= GROUP;
        let after = String::from_utf8(paging.pages.after.clone()).unwrap_or_default();
        let shown = usize::try_from(after.parse::<u32>().unwrap_or_default()).unwrap_or_default();
        let mut rest = words.into_iter().filter(|_| enough).skip(shown).peekable();
        let page: Vec<_> = rest.by_ref().take(paging.pages.size).collect();
        let next = rest.peek().map(|_| (shown + page.len()).to_string().into_bytes());
        let next_page_token = paging.next(next);
        Ok(pb::ListSurveyWordsResponse {
            words: page,
            next_page_token,
            position: read.position,
            incomplete: read.incomplete,
        })
    }

    async fn agency_surveys(&self, call: &Call, m: pb::ListSurveysRequest) -> Result<pb::ListSurveysResponse, Error> {
        let ((agency, register), paging) = (self.reads_for_agency(call).await?, call.pages(&m)?);
        let (now, agencies) = (self.gate.engine().now(), register.one_with(agency));
        let theirs = |doc: &SurveyDoc| agencies.contains(&doc.agency) && (!m.only_overdue || doc.is_overdue(now));
        let page = self.views.list::<Surveys>(&surveys::all(), &paging.pages, theirs).await?;
        let names = Directory::of(&self.views, page.items.iter().map(|doc| doc.by.author).collect()).await?;
        let told = |doc: &SurveyDoc| survey(doc, now, words::said_by(&doc.by, &names), None);
        Ok(pb::ListSurveysResponse {
            surveys: page.items.iter().map(told).collect(),
            next_page_token: paging.next(page.next),
            position: page.position,
            incomplete: page.incomplete,
        })
    }

    async fn my_surveys(&self, call: &Call, m: pb::ListMySurveysRequest) -> Result<pb::ListMySurveysResponse, Error> {
        let (person, paging, engine) = (call.person()?, call.pages(&m)?, self.gate.engine());
        let sharing = engine.load::<Sharing>(person, Freshness::Latest).await?;
        sharing.registered().map_err(EngineError::Refused)?;
        let register = engine.load::<Register>(Only, Freshness::Latest).await?;
        let answers = engine.load::<Answers>(person, Freshness::Latest).await?;
        let now = engine.now();
        let asking = asking(&register.resolve(&sharing), &register);
        let is_theirs = |doc: &SurveyDoc| {
            let asked = asking.contains(&doc.agency) || answers.to(doc.survey).is_some();
            asked && (!m.only_open || doc.is_open(now))
        };
        let page = self.views.list::<Surveys>(&surveys::all(), &paging.pages, is_theirs).await?;
        let mut named = Named::default();
        page.items.iter().for_each(|doc| named.agency(doc.agency));
        let names = Directory::of(&self.views, named).await?;
        let told = |doc: &SurveyDoc| survey(doc, now, words::agency(doc.agency, &names), answers.to(doc.survey));
        Ok(pb::ListMySurveysResponse {
            surveys: page.items.iter().map(told).collect(),
            next_page_token: paging.next(page.next),
            position: page.position,
            incomplete: page.incomplete,
        })
    }

    async fn answer_survey(&self, call: &Call, m: pb::AnswerSurveyRequest) -> Result<pb::AnswerSurveyResponse, Error> {
        let (person, context) = call.own(&m.request_id)?;
        let survey: SurveyId = rpc::id("survey_id", &m.survey_id)?;
        let engine = self.gate.engine();
        // Decided again it is by the log's clock, if that says that it has closed.
        let answer = || AnswerSurvey { survey, option: m.option, words: m.words.clone(), now: engine.now() };
        type Loads = (Loaded<Answers>, Loaded<Survey>, Loaded<Sharing>, Loaded<Register>);
        let decide = |(answers, survey, sharing, register): &Loads, changes: &mut Changes| {
            let resolved = register.resolve(sharing);
            let asked = (&*resolved, register.parts());
            changes.record(answers, person, answer_survey(answers, survey, asked, answer())?);
            changes.guard(survey);
            changes.guard(sharing);
            changes.guard(register);
            // What is counted once it has closed is all there is.
            changes.holds_until(survey.is_of().ok().map(|(_, closes_at)| closes_at));
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

/// The agencies whose questions somebody is asked: those that support them and are not shut out, and those that are one with them.
fn asking(sharing: &Sharing, register: &Register) -> BTreeSet<AgencyId> {
    let supporting = sharing.supporters().map(|worker| worker.agency());
    let each = supporting.flat_map(|agency| register.one_with(agency));
    each.filter(|agency| !sharing.is_blocked(*agency)).collect()
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
        my_option: mine.map(|mine| mine.option).unwrap_or_default(),
        my_words: mine.map(|mine| mine.words.clone()).unwrap_or_default(),
    }
}

fn in_words(about: u32) -> String {
    if about == 0 { "Fewer than 5 people".to_owned() } else { format!("About {about} people") }
}
