//! How to communicate with the person: what they need, in which language, and whatever else helps.

use askama::Template;
use axum::extract::RawForm;
use axum::response::Response;
use client::request_id;
use http::StatusCode;
use proto::access::v1::Sensitivity;
use proto::people::v1::entry::Content;
use proto::people::v1::{CommunicationNeed, GetMyRecordRequest, SetContactPreferencesRequest};

use super::consultations::communication;
use super::{Shown, every_page, shown, to};
use crate::at;
use crate::fault::Fault;
use crate::session::SignedIn;
use crate::view::{Frame, Offered, Page as _};

/// How many pages of entries are read at most, each of a hundred.
const PAGES: usize = 50;

#[derive(Template)]
#[template(path = "talking.html")]
struct Talking {
    frame: Frame,
    needs: Vec<Offered>,
    language: String,
    text: String,
}

impl Talking {
    fn request(&self) -> String {
        request_id()
    }
}

pub(crate) async fn ask(by: SignedIn) -> Shown {
    shown(&by.parts, page(&by)).await
}

async fn page(by: &SignedIn) -> Result<Response, Fault> {
    let words = &by.parts.words;
    let said = communication(by, 0).await?.unwrap_or_default();
    let all = (1..).map_while(|number| CommunicationNeed::try_from(number).ok()).map(i32::from);
    let needs = all.map(|need| Offered {
        value: need.to_string(),
        name: words.say(&format!("need-{need}")),
        chosen: said.needs.contains(&need),
    });
    let page = Talking {
        frame: Frame::new(&by.parts, Some(&by.session), at::CONSULTATIONS),
        needs: needs.collect(),
        language: said.language,
        text: said.text,
    };
    Ok(page.response(StatusCode::OK))
}

pub(crate) async fn change(by: SignedIn, RawForm(body): RawForm) -> Shown {
    shown(&by.parts, changes(&by, &body)).await
}

async fn changes(by: &SignedIn, body: &[u8]) -> Result<Response, Fault> {
    let (mut set, mut form) = (SetContactPreferencesRequest::default(), String::new());
    for (name, value) in url::form_urlencoded::parse(body) {
        match &*name {
            "form" => form = value.into_owned(),
            "request" => set.request_id = value.into_owned(),
            // What is none of them the service refuses.
            "need" => set.needs.push(value.parse().unwrap_or_default()),
            "language" => set.language = value.into_owned(),
            "text" => set.text = value.into_owned(),
            _ => {}
        }
    }
    by.sent(&form)?;
    set.sensitivity = as_before(by).await?;
    let position = by.client.people().set_contact_preferences(set).await?.into_inner().position;
    Ok(to(at::CONSULTATIONS, position))
}

/// How sensitive what was said last is: what is said anew is no more open than that.
async fn as_before(by: &SignedIn) -> Result<Option<Sensitivity>, Fault> {
    let ask = GetMyRecordRequest { page_size: 100, ..GetMyRecordRequest::default() };
    let (entries, _) = every_page!(by.client.people(), get_my_record(ask).entries, PAGES);
    let said = entries.into_iter().filter(|entry| matches!(entry.content, Some(Content::Communication(_))));
    let last = said.max_by_key(|entry| entry.recorded_at.map(|at| (at.seconds, at.nanos)));
    Ok(last.and_then(|entry| entry.sensitivity))
}
