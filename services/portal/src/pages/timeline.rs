//! Everything that was done about them, in order, in plain words.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use http::StatusCode;
use proto::access::v1::{ListMyTimelineRequest, TimelineArea};
use serde::Deserialize;

use super::{Shown, shown};
use crate::at;
use crate::fault::Fault;
use crate::session::SignedIn;
use crate::view::{Day, Frame, Item, Offered, Page as _, by_day};

/// What of it is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    /// The part, by its number; 0 for all.
    part: i32,
    /// The next page.
    next: String,
}

#[derive(Template)]
#[template(path = "timeline.html")]
struct Timeline {
    frame: Frame,
    /// The parts that there are.
    parts: Vec<Offered>,
    days: Vec<Day>,
    next: String,
    incomplete: bool,
}

pub(crate) async fn list(by: SignedIn, Query(wanted): Query<Wanted>) -> Shown {
    shown(&by.parts, page(&by, wanted)).await
}

async fn page(by: &SignedIn, wanted: Wanted) -> Result<Response, Fault> {
    let words = &by.parts.words;
    let areas = TimelineArea::try_from(wanted.part).ok().filter(|area| *area != TimelineArea::Unspecified);
    let ask = ListMyTimelineRequest {
        areas: areas.map(i32::from).into_iter().collect(),
        page_token: wanted.next,
        ..ListMyTimelineRequest::default()
    };
    let told = by.client.access().list_my_timeline(ask).await?.into_inner();
    let items = told.items.iter().map(|item| {
        let at = item.time.unwrap_or_default();
        let (time, text) = (words.time(&at), item.sentence.clone());
        (words.day(&at), Item { time, text, tag: String::new(), link: String::new() })
    });
    let all = (0..).map_while(|number| TimelineArea::try_from(number).ok());
    let parts = all.map(|area| {
        let number = i32::from(area);
        (number, words.say(&format!("part-{number}")))
    });
    let next = if told.next_page_token.is_empty() {
        String::new()
    } else {
        let mut query = url::form_urlencoded::Serializer::new(format!("{}?", at::TIMELINE));
        query.append_pair("part", &wanted.part.to_string()).append_pair("next", &told.next_page_token).finish()
    };
    let page = Timeline {
        frame: Frame::new(&by.parts, Some(&by.session), at::TIMELINE),
        parts: Offered::each(parts, &wanted.part),
        days: by_day(items),
        next,
        incomplete: told.incomplete,
    };
    Ok(page.response(StatusCode::OK))
}
