//! Who has looked, what they saw, and why.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::Response;
use client::request_id;
use http::StatusCode;
use proto::access::v1::query::State;
use proto::access::v1::receipt::Kind;
use proto::access::v1::{
    AcceptExplanationRequest, EscalateQueryRequest, GetMyQuestionRequest, GetReceiptRequest, ListAccessHistoryRequest,
    Query as Question, QueryAccessRequest, QuerySaid, Receipt, party,
};
use serde::Deserialize;

use super::agencies::reviewers;
use super::people::supporters;
use super::record::{HEADINGS, headings, named};
use super::said::moment;
use super::sharing::{Row, permits_of};
use super::{After, Shown, day, shown, to};
use crate::at;
use crate::fault::Fault;
use crate::session::SignedIn;
use crate::view::{Day, Frame, Item, Offered, Page as _, by_day};
use crate::words::Words;

/// How many of the latest questions about a look are shown with what was said of them.
const QUESTIONS: usize = 5;

/// What of it is wanted. An agency goes by its place among those that the person knows, so that no address of a page names one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    /// Of which agency, from 1; 0 for all.
    agency: usize,
    /// Under which heading; 0 for all.
    heading: i32,
    /// Of which kind: 1 emergencies, 2 refused; 0 for all.
    kind: u8,
    /// From this day on, and up to it.
    from: String,
    to: String,
    /// The next page.
    next: String,
}

#[derive(Template)]
#[template(path = "looked.html")]
struct Looked {
    frame: Frame,
    wanted: Wanted,
    agencies: Vec<Offered>,
    headings: Vec<Offered>,
    kinds: Vec<Offered>,
    days: Vec<Day>,
    next: String,
    incomplete: bool,
}

pub(crate) async fn list(by: SignedIn, Query(wanted): Query<Wanted>) -> Shown {
    shown(&by.parts, page(&by, wanted)).await
}

/// What a look stands out by.
pub(super) fn tag(words: &Words, receipt: &Receipt) -> String {
    match receipt.kind() {
        Kind::Denied => words.say("tag-refused"),
        Kind::LawfulBasis | Kind::LawfulBasisEnded => words.say("tag-law"),
        Kind::Unspecified
        | Kind::Viewed
        | Kind::Contributed
        | Kind::Emergency
        | Kind::Reviewed
        | Kind::EmergencyEnded
        | Kind::EmergencyAllowed => {
            if receipt.emergency {
                words.say("tag-emergency")
            } else {
                String::new()
            }
        }
    }
}

async fn page(by: &SignedIn, wanted: Wanted) -> Result<Response, Fault> {
    let words = &by.parts.words;
    let (from, until) = (day(words, &wanted.from, false)?, day(words, &wanted.to, true)?);
    let agencies = supporters(by).await?;
    let agency = match wanted.agency.checked_sub(1) {
        None => None,
        // Never all of them, where one was asked for.
        Some(nth) => Some(agencies.get(nth).ok_or(Fault::Nothing)?),
    };
    let kinds: &[Kind] = match wanted.kind {
        1 => &[Kind::Emergency, Kind::Reviewed, Kind::EmergencyEnded, Kind::EmergencyAllowed],
        2 => &[Kind::Denied],
        _ => &[],
    };
    let ask = ListAccessHistoryRequest {
        agency_id: agency.map(|agency| agency.agency_id.clone()).unwrap_or_default(),
        kinds: kinds.iter().map(|kind| i32::from(*kind)).collect(),
        categories: HEADINGS.map(i32::from).into_iter().filter(|heading| *heading == wanted.heading).collect(),
        from,
        until,
        // Whoever signs in with what is theirs is seen, too.
        include_own: true,
        page_token: wanted.next.clone(),
        ..ListAccessHistoryRequest::default()
    };
    let told = by.client.access().list_access_history(ask).await?.into_inner();
    let items = told.receipts.iter().map(|receipt| {
        let at = receipt.time.unwrap_or_default();
        let (time, text) = (words.time(&at), receipt.summary.clone());
        let link = at::RECEIPT.replace("{id}", &receipt.receipt_id);
        (words.day(&at), Item { time, text, tag: tag(words, receipt), link })
    });
    let kinds_to_choose = vec![(1, words.say("looked-kind-emergency")), (2, words.say("looked-kind-refused"))];
    let page = Looked {
        frame: Frame::new(&by.parts, Some(&by.session), at::LOOKED),
        next: next(&wanted, &told.next_page_token),
        days: by_day(items),
        incomplete: told.incomplete,
        agencies: all_or(
            words.say("looked-all-agencies"),
            (1..).zip(agencies.into_iter().map(|one| one.name)).collect(),
            &wanted.agency,
        ),
        headings: all_or(words.say("looked-all-headings"), headings(words), &wanted.heading),
        kinds: all_or(words.say("looked-kind-all"), kinds_to_choose, &wanted.kind),
        wanted,
    };
    Ok(page.response(StatusCode::OK))
}

/// These, after all of them together, which go by nothing.
fn all_or<T: ToString + PartialEq + Default>(all: String, each: Vec<(T, String)>, chosen: &T) -> Vec<Offered> {
    Offered::each([(T::default(), all)].into_iter().chain(each), chosen)
}

/// Where the next page is; nowhere after the last.
fn next(wanted: &Wanted, token: &str) -> String {
    if token.is_empty() {
        return String::new();
    }
    let mut query = url::form_urlencoded::Serializer::new(format!("{}?", at::LOOKED));
    query.append_pair("agency", &wanted.agency.to_string()).append_pair("kind", &wanted.kind.to_string());
    query.append_pair("heading", &wanted.heading.to_string());
    query.append_pair("from", &wanted.from).append_pair("to", &wanted.to).append_pair("next", token).finish()
}

/// A question, and what came of it.
struct Asked {
    query_id: String,
    question: String,
    asked: String,
    state: String,
    said: Vec<(String, String)>,
    /// Whether the person can say that they are content.
    can_accept: bool,
    /// Whether they can take it further: to the agency's privacy officer, or to somebody who is not of it.
    can_escalate: bool,
    reviewers: Vec<Offered>,
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct OneLook {
    frame: Frame,
    summary: String,
    moment: String,
    tag: String,
    reason: String,
    /// What exactly was seen, or asked for.
    details: Vec<String>,
    /// Whether there is anybody who could say why.
    can_ask: bool,
    asked: Vec<Asked>,
    /// Which of the person's choices lets them look now, and where all of them are; nowhere where it was nobody's worker.
    permits: Vec<Row>,
    stop: String,
}

pub(crate) async fn one(by: SignedIn, Path(id): Path<String>, Query(after): Query<After>) -> Shown {
    shown(&by.parts, look(&by, id, after.at)).await
}

async fn look(by: &SignedIn, receipt_id: String, at_least_position: u64) -> Result<Response, Fault> {
    let words = &by.parts.words;
    let ask = GetReceiptRequest { receipt_id, at_least_position };
    let receipt = by.client.access().get_receipt(ask).await?.into_inner().receipt.ok_or(Fault::Nothing)?;
    let party = receipt.party.clone().unwrap_or_default();
    let mut asked = Vec::new();
    for query in receipt.queries.iter().rev().take(QUESTIONS) {
        let ask = GetMyQuestionRequest { query_id: query.query_id.clone(), at_least_position };
        let Some(question) = by.client.access().get_my_question(ask).await?.into_inner().question else { continue };
        let had_their_turn = question.state() == State::AnsweredByPrivacyOfficer
            || (question.state() == State::WithPrivacyOfficer && question.overdue);
        let reviewers = if had_their_turn { reviewers(by, &party.agency_id).await? } else { vec![] };
        asked.push(of(words, question, reviewers));
    }
    let permits = permits_of(by, &party, &receipt.categories).await?;
    let page = OneLook {
        frame: Frame::new(&by.parts, Some(&by.session), at::LOOKED),
        moment: words.moment(&receipt.time.unwrap_or_default()),
        tag: tag(words, &receipt),
        can_ask: party.kind() == party::Kind::Staff,
        stop: if party.kind() == party::Kind::Staff { at::SHARING.to_owned() } else { String::new() },
        permits,
        asked,
        details: details(words, &receipt),
        summary: receipt.summary,
        reason: receipt.reason,
    };
    Ok(page.response(StatusCode::OK))
}

/// What exactly was seen, or asked for, and by what right beside the person's choices.
fn details(words: &Words, receipt: &Receipt) -> Vec<String> {
    let (under, refused) = (named(words, &receipt.categories), named(words, &receipt.refused));
    let seen = match receipt.kind() {
        Kind::Viewed => "receipt-seen",
        Kind::Contributed => "receipt-added",
        Kind::Denied => "receipt-tried",
        Kind::Unspecified
        | Kind::Emergency
        | Kind::Reviewed
        | Kind::EmergencyEnded
        | Kind::EmergencyAllowed
        | Kind::LawfulBasis
        | Kind::LawfulBasisEnded => "receipt-about",
    };
    let count = words.count("receipt-entries", usize::try_from(receipt.entries).unwrap_or(usize::MAX));
    let lines = [
        (!under.is_empty(), words.with(seen, &[("what", &under)])),
        (receipt.kind() == Kind::Viewed, count),
        (!refused.is_empty(), words.with("receipt-refused", &[("what", &refused)])),
        (receipt.named_authors, words.say("receipt-authors")),
        (!receipt.statute.is_empty(), words.with("receipt-statute", &[("statute", &receipt.statute)])),
        (receipt.until.is_some(), words.with("receipt-until", &[("when", &moment(words, receipt.until))])),
        (receipt.nth > 1, words.with("receipt-nth", &[("nth", &receipt.nth.to_string())])),
        (
            receipt.kind() == Kind::Reviewed,
            words.say(if receipt.justified { "receipt-justified" } else { "receipt-unjustified" }),
        ),
    ];
    lines.into_iter().filter(|(is_so, _)| *is_so).map(|(_, said)| said).collect()
}

fn of(words: &Words, question: Question, reviewers: Vec<Offered>) -> Asked {
    let state = question.state();
    let overdue = if question.overdue { "-overdue" } else { "" };
    let by = question.answer_by.map(|at| words.day(&at)).unwrap_or_default();
    let said = |said: QuerySaid| {
        let who = said.author.map(|party| if party.name.is_empty() { party.agency_name } else { party.name });
        let who = who.filter(|who| !who.is_empty()).unwrap_or_else(|| words.say("you"));
        let when = said.said_at.map(|at| words.moment(&at)).unwrap_or_default();
        (words.with("said-by", &[("who", &who), ("when", &when)]), said.words)
    };
    let answered = matches!(state, State::Explained | State::AnsweredByPrivacyOfficer);
    Asked {
        state: words.with(&format!("question-{}{overdue}", i32::from(state)), &[("day", &by)]),
        asked: words.moment(&question.asked_at.unwrap_or_default()),
        can_accept: answered,
        can_escalate: state == State::Explained || (state == State::Open && question.overdue),
        reviewers,
        said: question.said.into_iter().filter(|said| !said.words.is_empty()).map(said).collect(),
        query_id: question.query_id,
        question: question.question,
    }
}

/// What is asked, or said of what was answered.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    form: String,
    /// Which request it is: a form that is sent twice is one.
    request: String,
    #[serde(default)]
    query: String,
    what: What,
    #[serde(default)]
    words: String,
    /// Who is asked to look at it, once the privacy officer has had their turn.
    #[serde(default)]
    reviewer: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    Ask,
    Accept,
    Escalate,
}

pub(crate) async fn ask(by: SignedIn, Path(id): Path<String>, Form(sent): Form<Sent>) -> Shown {
    shown(&by.parts, asks(&by, id, sent)).await
}

async fn asks(by: &SignedIn, receipt_id: String, sent: Sent) -> Result<Response, Fault> {
    by.sent(&sent.form)?;
    let (request_id, mut access) = (sent.request, by.client.access());
    let position = match sent.what {
        What::Ask => {
            let (receipt_id, question) = (receipt_id.clone(), sent.words);
            access.query_access(QueryAccessRequest { request_id, receipt_id, question }).await?.into_inner().position
        }
        What::Accept => {
            let accept = AcceptExplanationRequest { request_id, query_id: sent.query };
            access.accept_explanation(accept).await?.into_inner().position
        }
        What::Escalate => {
            let (query_id, words, reviewer_id) = (sent.query, sent.words, sent.reviewer);
            let escalate = EscalateQueryRequest { request_id, query_id, words, reviewer_id };
            access.escalate_query(escalate).await?.into_inner().position
        }
    };
    Ok(to(&at::RECEIPT.replace("{id}", &receipt_id), position))
}

impl OneLook {
    /// A new request for each form.
    fn request(&self) -> String {
        request_id()
    }

    /// What a field is called in the page, that stands there once for each question.
    fn field(&self, name: &str, of: &str) -> String {
        format!("{name}-{of}")
    }
}
