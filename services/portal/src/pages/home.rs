//! What is new since last time, and what waits.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use http::StatusCode;
use prost_types::Timestamp;
use proto::access::v1::ListMyTimelineRequest;
use proto::consultations::v1::ListMySurveysRequest;
use proto::relationships::v1::{ListMyPeopleRequest, RelationshipState};
use proto::sharing::v1::ListAccessRequestsRequest;

use super::{After, Shown, consultations, shown};
use crate::at;
use crate::fault::Fault;
use crate::session::SignedIn;
use crate::view::{Day, Frame, Item, Page as _, by_day};

/// How many things are shown: with all that waits, at most a screenful.
const NEW: i32 = 5;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    /// When they were here last; empty when that is not known.
    last: String,
    /// What waits, and where.
    waiting: Vec<(String, &'static str)>,
    /// What is told, and what is said where that is nothing.
    heading: String,
    nothing: String,
    days: Vec<Day>,
    /// Whether there is more that is new.
    more: bool,
}

pub(crate) async fn show(by: SignedIn, Query(after): Query<After>) -> Shown {
    shown(&by.parts, page(&by, after.at)).await
}

async fn page(by: &SignedIn, at_least_position: u64) -> Result<Response, Fault> {
    let (words, client) = (&by.parts.words, &by.client);
    let proposed = ListMyPeopleRequest {
        states: vec![RelationshipState::Proposed.into()],
        page_size: 100,
        at_least_position,
        ..ListMyPeopleRequest::default()
    };
    let from = by.session.here_before.map(|at| Timestamp { seconds: at / 1_000_000, nanos: 0 });
    let latest = ListMyTimelineRequest { page_size: NEW, from, at_least_position, ..ListMyTimelineRequest::default() };
    let asked = ListAccessRequestsRequest { page_size: 100, ..ListAccessRequestsRequest::default() };
    let surveys = ListMySurveysRequest { page_size: 100, only_open: true, at_least_position, ..Default::default() };
    let (mut relationships, mut sharing, mut access) = (client.relationships(), client.sharing(), client.access());
    let mut questions = client.surveys();
    let told = Box::pin(async {
        Ok(tokio::try_join!(
            relationships.list_my_people(proposed),
            sharing.list_access_requests(asked),
            access.list_my_timeline(latest),
            questions.list_my_surveys(surveys)
        )?)
    });
    let ((proposed, asked, latest, surveys), talks) =
        tokio::try_join!(told, consultations::waiting(by, at_least_position))?;
    let latest = latest.into_inner();
    let unanswered = surveys.into_inner().surveys.iter().filter(|one| one.my_option == 0).count();
    let counts = [
        ("waiting-proposals", proposed.into_inner().relationships.len(), at::PEOPLE),
        ("waiting-requests", asked.into_inner().requests.len(), at::SHARING),
        ("waiting-talks", talks.len(), at::CONSULTATIONS),
        ("waiting-questions", unanswered, at::CONSULTATIONS),
    ];
    let waiting = counts.into_iter().filter(|(_, count, _)| *count > 0);
    let items = latest.items.iter().map(|item| {
        let at = item.time.unwrap_or_default();
        let (time, text) = (words.time(&at), item.sentence.clone());
        (words.day(&at), Item { time, text, tag: String::new(), link: String::new() })
    });
    let since = if by.session.here_before.is_some() { "home-new" } else { "home-first" };
    let page = Home {
        heading: words.say(since),
        nothing: words.say(&format!("{since}-nothing")),
        last: from.map(|at| words.with("home-last", &[("when", &words.moment(&at))])).unwrap_or_default(),
        frame: Frame::new(&by.parts, Some(&by.session), at::HOME),
        waiting: waiting.map(|(name, count, path)| (words.count(name, count), path)).collect(),
        days: by_day(items),
        more: !latest.next_page_token.is_empty(),
    };
    Ok(page.response(StatusCode::OK))
}
