//! Where it went: what agencies' computer systems received, what they were asked to give back, and what they answered.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use http::StatusCode;
use letters::Line;
use proto::access::v1::{DeliveryDay, ListMyDeliveriesRequest, ListMyRecallsRequest, Recall, recall};
use serde::Deserialize;

use super::said::on;
use super::sharing::sentence;
use super::{Shown, every_page, shown};
use crate::at;
use crate::fault::Fault;
use crate::session::SignedIn;
use crate::view::{Day, Frame, Item, Page as _, by_day};
use crate::words::Words;

/// How many pages of recalls are read at most, each of a hundred.
const PAGES: usize = 10;

/// Which page is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    next: String,
}

/// What an agency was asked to give back.
struct Row {
    text: String,
    state: String,
}

#[derive(Template)]
#[template(path = "went.html")]
struct Went {
    frame: Frame,
    days: Vec<Day>,
    next: String,
    recalls: Vec<Row>,
    /// Whether it is the first page, on which recalls stand.
    is_first: bool,
    incomplete: bool,
}

pub(crate) async fn list(by: SignedIn, Query(wanted): Query<Wanted>) -> Shown {
    shown(&by.parts, page(&by, wanted)).await
}

async fn page(by: &SignedIn, wanted: Wanted) -> Result<Response, Fault> {
    let words = &by.parts.words;
    let is_first = wanted.next.is_empty();
    let ask = ListMyDeliveriesRequest { page_token: wanted.next, ..ListMyDeliveriesRequest::default() };
    let told = by.client.access().list_my_deliveries(ask).await?.into_inner();
    let (recalls, missing) = if is_first { recalls(by, PAGES).await? } else { (vec![], false) };
    let next = match told.next_page_token.as_str() {
        "" => String::new(),
        token => {
            let mut query = url::form_urlencoded::Serializer::new(format!("{}?", at::WENT));
            query.append_pair("next", token).finish()
        }
    };
    let page = Went {
        frame: Frame::new(&by.parts, Some(&by.session), at::SHARING),
        days: by_day(told.days.iter().map(|day| (on(words, day.last_at), delivered(words, day)))),
        next,
        recalls: recalls.iter().map(|one| row(words, one)).collect(),
        is_first,
        incomplete: told.incomplete || missing,
    };
    Ok(page.response(StatusCode::OK))
}

/// What was asked back, so many pages at most; and whether something may be missing.
pub(super) async fn recalls(by: &SignedIn, pages: usize) -> Result<(Vec<Recall>, bool), Fault> {
    let ask = ListMyRecallsRequest { page_size: 100, ..ListMyRecallsRequest::default() };
    Ok(every_page!(by.client.access(), list_my_recalls(ask).recalls, pages))
}

fn delivered(words: &Words, day: &DeliveryDay) -> Item {
    let time = day.last_at.map(|at| words.time(&at)).unwrap_or_default();
    Item { time, text: sentence(&day.summary), tag: String::new(), link: String::new() }
}

/// What was asked back, on paper.
pub(super) fn written(words: &Words, one: &Recall) -> Line {
    let row = row(words, one);
    Line::beside(row.text, row.state)
}

fn row(words: &Words, one: &Recall) -> Row {
    let day = match one.state() {
        recall::State::Open | recall::State::Overdue => one.deadline,
        recall::State::Erased | recall::State::Retained | recall::State::Unspecified => one.answered_at,
    };
    Row {
        text: sentence(&one.summary),
        state: words.with(&format!("recall-{}", i32::from(one.state())), &[("day", &on(words, day))]),
    }
}
