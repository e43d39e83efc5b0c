//! Talks: what the person is asked, and by when; what was decided, and what came of it. And what agencies ask everybody whom they support.

mod answer;
pub(super) mod decided;
pub(super) mod one;

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Query, RawForm};
use axum::response::Response;
use client::request_id;
use http::StatusCode;
use proto::consultations::v1::consultation::State;
use proto::consultations::v1::{Consultation, ListMyConsultationsRequest, Mode, RequestConsultationRequest};
use proto::people::v1::Communication;

pub(crate) use answer::answer;
pub(crate) use one::one;

use super::people::workers;
use super::said::on;
use super::surveys;
use super::{After, Shown, every_page, shown, to};
use crate::at;
use crate::fault::Fault;
use crate::session::SignedIn;
use crate::view::{Frame, Offered, Page as _};
use crate::words::Words;

/// How many pages of talks are read at most, each of a hundred.
const PAGES: usize = 20;
/// How somebody can wish to take part.
const MODES: [Mode; 4] = [Mode::Involve, Mode::Consult, Mode::PersonLed, Mode::Inform];

/// A talk, or a question, as it is listed.
pub(super) struct Row {
    pub(super) text: String,
    /// Where it stands.
    pub(super) state: String,
    pub(super) link: String,
}

#[derive(Template)]
#[template(path = "consultations.html")]
struct Consultations {
    frame: Frame,
    /// How to talk with the person, as they said it last.
    talking: Vec<String>,
    /// What each part is called, and what is in it.
    parts: Vec<(String, Vec<Row>)>,
    /// How somebody who asks for a talk takes part in it, and with whom it can be.
    modes: Vec<Offered>,
    workers: Vec<Offered>,
    incomplete: bool,
}

impl Consultations {
    fn request(&self) -> String {
        request_id()
    }
}

pub(crate) async fn list(by: SignedIn, Query(after): Query<After>) -> Shown {
    shown(&by.parts, page(&by, after.at)).await
}

/// All talks, the oldest first; and whether something may be missing.
pub(super) async fn all(by: &SignedIn, at_least_position: u64) -> Result<(Vec<Consultation>, bool), Fault> {
    let ask = ListMyConsultationsRequest { page_size: 100, at_least_position, ..ListMyConsultationsRequest::default() };
    Ok(every_page!(by.client.consultations(), list_my_consultations(ask).consultations, PAGES))
}

/// The talks in which something waits for the person.
pub(super) async fn waiting(by: &SignedIn, at_least_position: u64) -> Result<Vec<Consultation>, Fault> {
    let ask = ListMyConsultationsRequest { page_size: 100, at_least_position, ..ListMyConsultationsRequest::default() };
    let ask = ListMyConsultationsRequest { only_waiting: true, ..ask };
    Ok(every_page!(by.client.consultations(), list_my_consultations(ask).consultations, PAGES).0)
}

/// How to communicate with the person, as they said it last.
pub(super) async fn communication(by: &SignedIn, at_least_position: u64) -> Result<Option<Communication>, Fault> {
    let ask = ListMyConsultationsRequest { page_size: 1, at_least_position, ..ListMyConsultationsRequest::default() };
    Ok(by.client.consultations().list_my_consultations(ask).await?.into_inner().communication)
}

async fn page(by: &SignedIn, at_least_position: u64) -> Result<Response, Fault> {
    let words = &by.parts.words;
    let (talks, incomplete) = all(by, at_least_position).await?;
    let waits = waiting(by, at_least_position).await?;
    let waits: BTreeSet<_> = waits.into_iter().map(|one| one.consultation_id).collect();
    let asked = surveys::all(by, at_least_position).await?;
    let mut parts: Vec<(String, Vec<Row>)> =
        ["waiting", "asked", "open", "over"].map(|name| (words.say(&format!("talks-{name}")), Vec::new())).into();
    for one in talks.iter().rev() {
        let part = match one.state() {
            State::Open if waits.contains(&one.consultation_id) => 0,
            State::Open | State::Unspecified => 2,
            State::Closed | State::Cancelled => 3,
        };
        put(&mut parts, part, row(words, one));
    }
    for (one, row) in asked.surveys.iter().map(|one| (one, surveys::row(words, one))) {
        put(&mut parts, if one.open { 1 } else { 3 }, row);
    }
    parts.retain(|(_, rows)| !rows.is_empty());
    let (workers, _) = workers(by).await?;
    let page = Consultations {
        frame: Frame::new(&by.parts, Some(&by.session), at::CONSULTATIONS),
        talking: one::talking(words, communication(by, at_least_position).await?.as_ref()),
        parts,
        modes: Offered::each(
            MODES.map(i32::from).map(|mode| (mode, words.say(&format!("talks-mode-{mode}")))),
            &i32::from(Mode::Involve),
        ),
        workers: Offered::each(workers.into_iter().map(|one| (one.staff_id, one.name)), &String::new()),
        incomplete: incomplete || asked.incomplete,
    };
    Ok(page.response(StatusCode::OK))
}

fn put(parts: &mut [(String, Vec<Row>)], part: usize, row: Row) {
    if let Some((_, rows)) = parts.get_mut(part) {
        rows.push(row);
    }
}

fn row(words: &Words, one: &Consultation) -> Row {
    let when = one.scheduled_at.filter(|at| words.is_ahead(at)).map(|at| words.moment(&at));
    let state = match (one.state(), when) {
        (State::Open, Some(when)) => words.with("talks-meeting", &[("when", &when)]),
        (state, _) => words.with(&format!("talks-{}", i32::from(state)), &[("day", &on(words, one.requested_at))]),
    };
    Row { text: one.topic.clone(), state, link: at::CONSULTATION.replace("{id}", &one.consultation_id) }
}

/// What somebody asks for a talk with.
#[derive(Debug, Default, PartialEq, Eq)]
struct Begun {
    form: String,
    request: String,
    topic: String,
    mode: i32,
    /// With whom.
    with: Vec<String>,
}

impl Begun {
    fn of(body: &[u8]) -> Self {
        let mut begun = Self::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            match &*name {
                "form" => begun.form = value.into_owned(),
                "request" => begun.request = value.into_owned(),
                "topic" => begun.topic = value.into_owned(),
                "mode" => begun.mode = value.parse().unwrap_or_default(),
                "with" => begun.with.push(value.into_owned()),
                _ => {}
            }
        }
        begun
    }
}

pub(crate) async fn begin(by: SignedIn, RawForm(body): RawForm) -> Shown {
    shown(&by.parts, begins(&by, Begun::of(&body))).await
}

async fn begins(by: &SignedIn, begun: Begun) -> Result<Response, Fault> {
    by.sent(&begun.form)?;
    let ask = RequestConsultationRequest {
        request_id: begun.request,
        topic: begun.topic,
        mode: begun.mode,
        staff_ids: begun.with,
        ..RequestConsultationRequest::default()
    };
    let begun = by.client.consultations().request_consultation(ask).await?.into_inner();
    Ok(to(&at::CONSULTATION.replace("{id}", &begun.consultation_id), begun.position))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_talk_is_asked_for_with_as_many_as_were_chosen() {
        let begun = Begun::of(b"form=f&request=r&topic=My+house&mode=3&with=a&with=b&other=1");
        let with = vec!["a".to_owned(), "b".to_owned()];
        let (form, request, topic) = ("f".to_owned(), "r".to_owned(), "My house".to_owned());
        assert_eq!(begun, Begun { form, request, topic, mode: 3, with });
        assert_eq!(Begun::of(b"mode=many").mode, 0);
    }
}
