//! What an agency asks everybody whom it supports: answered here, changed and taken back until it closes, and what came of it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::Response;
use client::request_id;
use http::StatusCode;
use proto::consultations::v1::{
    AnswerSurveyRequest, GetMySurveyRequest, ListMySurveysRequest, ListMySurveysResponse, Survey,
    TakeBackSurveyAnswerRequest,
};
use serde::Deserialize;

use super::consultations::Row;
use super::said::{on, who};
use super::{After, Shown, every_page, shown, to};
use crate::at;
use crate::fault::Fault;
use crate::session::SignedIn;
use crate::view::{Frame, Offered, Page as _};
use crate::words::Words;

/// How many pages of questions are read at most, each of a hundred.
const PAGES: usize = 5;

/// All that agencies ask, and have asked.
pub(super) async fn all(by: &SignedIn, at_least_position: u64) -> Result<ListMySurveysResponse, Fault> {
    let ask = ListMySurveysRequest { page_size: 100, at_least_position, ..ListMySurveysRequest::default() };
    let (surveys, incomplete) = every_page!(by.client.surveys(), list_my_surveys(ask).surveys, PAGES);
    Ok(ListMySurveysResponse { surveys, incomplete, ..ListMySurveysResponse::default() })
}

/// A question as it is listed among talks.
pub(super) fn row(words: &Words, one: &Survey) -> Row {
    let text = words.with("survey-asks", &[("who", &asker(words, one)), ("what", &one.question)]);
    Row { text, state: state(words, one), link: at::SURVEY.replace("{id}", &one.survey_id) }
}

/// The agency that asks: it is nobody's own question.
fn asker(words: &Words, one: &Survey) -> String {
    let agency = one.party.as_ref().map(|party| party.agency_name.clone()).filter(|name| !name.is_empty());
    agency.unwrap_or_else(|| who(words, one.party.as_ref()))
}

/// Where it stands, and by when.
fn state(words: &Words, one: &Survey) -> String {
    let name = match (one.open, one.my_option, !one.outcome.is_empty()) {
        (true, 0, _) => "survey-open",
        (true, _, _) => "survey-answered",
        (false, _, true) => "survey-told",
        (false, _, false) if one.overdue => "survey-overdue",
        (false, _, false) => "survey-closed",
    };
    words.with(name, &[("closes", &on(words, one.closes_at)), ("by", &on(words, one.follow_up_by))])
}

#[derive(Template)]
#[template(path = "survey.html")]
struct OneSurvey {
    frame: Frame,
    asker: String,
    question: String,
    state: String,
    /// What can be answered; empty once it has closed.
    offered: Vec<Offered>,
    /// What the person said to the agency besides.
    words: String,
    /// Whether there is an answer to take back.
    answered: bool,
    /// How many chose what, once that is told.
    told: Vec<String>,
    outcome: String,
    incomplete: bool,
}

impl OneSurvey {
    fn request(&self) -> String {
        request_id()
    }
}

pub(crate) async fn one(by: SignedIn, Path(id): Path<String>, Query(after): Query<After>) -> Shown {
    shown(&by.parts, page(&by, id, after.at)).await
}

async fn page(by: &SignedIn, survey_id: String, at_least_position: u64) -> Result<Response, Fault> {
    let words = &by.parts.words;
    let told =
        by.client.surveys().get_my_survey(GetMySurveyRequest { survey_id, at_least_position }).await?.into_inner();
    let one = told.survey.ok_or(Fault::Nothing)?;
    let options = if one.open { one.options.iter().map(|option| option.text.clone()).collect() } else { vec![] };
    let page = OneSurvey {
        frame: Frame::new(&by.parts, Some(&by.session), at::CONSULTATIONS),
        asker: asker(words, &one),
        state: state(words, &one),
        offered: Offered::each((1..).zip(options), &one.my_option),
        answered: one.my_option != 0,
        told: one.options.iter().map(|option| option.summary.clone()).filter(|said| !said.is_empty()).collect(),
        incomplete: told.incomplete || one.incomplete,
        question: one.question,
        words: one.my_words,
        outcome: one.outcome,
    };
    Ok(page.response(StatusCode::OK))
}

/// What the person answers.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    form: String,
    request: String,
    what: What,
    #[serde(default)]
    option: u32,
    #[serde(default)]
    words: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    Answer,
    TakeBack,
}

pub(crate) async fn answer(by: SignedIn, Path(id): Path<String>, Form(sent): Form<Sent>) -> Shown {
    shown(&by.parts, answers(&by, id, sent)).await
}

async fn answers(by: &SignedIn, survey_id: String, sent: Sent) -> Result<Response, Fault> {
    by.sent(&sent.form)?;
    let (path, request_id) = (at::SURVEY.replace("{id}", &survey_id), sent.request);
    let mut service = by.client.surveys();
    let position = match sent.what {
        What::Answer => {
            let (option, words) = (sent.option, sent.words);
            let answer = AnswerSurveyRequest { request_id, survey_id, option, words };
            service.answer_survey(answer).await?.into_inner().position
        }
        What::TakeBack => {
            let back = TakeBackSurveyAnswerRequest { request_id, survey_id };
            service.take_back_survey_answer(back).await?.into_inner().position
        }
    };
    Ok(to(&path, position))
}
