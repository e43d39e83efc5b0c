//! Codes that the person gives to somebody by whom they want to be found, and those by which they came in.

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::response::Response;
use client::request_id;
use http::StatusCode;
use letters::Line;
use proto::people::v1::invitation::Kind;
use proto::people::v1::{GiveCodeRequest, Invitation, ListMyInvitationsRequest, RevokeCodeRequest};
use serde::Deserialize;

use super::kept::{HTML, attached};
use super::said::{on, who};
use super::{After, Shown, every_page, shown, to};
use crate::at;
use crate::fault::Fault;
use crate::session::SignedIn;
use crate::view::{Frame, Page as _};
use crate::words::Words;

/// How many pages of codes are read at most, each of a hundred.
const PAGES: usize = 5;

/// A code that was made.
struct Row {
    id: String,
    text: String,
    /// What was said with it.
    words: String,
    /// Whether it can be taken still: then it can be taken back.
    is_open: bool,
}

#[derive(Template)]
#[template(path = "codes.html")]
struct Codes {
    frame: Frame,
    rows: Vec<Row>,
    incomplete: bool,
}

impl Codes {
    fn request(&self) -> String {
        request_id()
    }
}

/// The code, told this once.
#[derive(Template)]
#[template(path = "code.html")]
struct OneCode {
    frame: Frame,
    code: String,
    until: String,
    /// The request that made it, by which it can be had on paper, and what was said with it.
    request: String,
    message: String,
}

pub(crate) async fn list(by: SignedIn, Query(after): Query<After>) -> Shown {
    shown(&by.parts, page(&by, after.at)).await
}

/// All codes that were made for or by the person, so many pages at most; and whether something may be missing.
pub(super) async fn all(by: &SignedIn, at: u64, pages: usize) -> Result<(Vec<Invitation>, bool), Fault> {
    let ask = ListMyInvitationsRequest { page_size: 100, at_least_position: at, ..ListMyInvitationsRequest::default() };
    Ok(every_page!(by.client.joining(), list_my_invitations(ask).invitations, pages))
}

async fn page(by: &SignedIn, at_least_position: u64) -> Result<Response, Fault> {
    let (all, incomplete) = all(by, at_least_position, PAGES).await?;
    let page = Codes {
        frame: Frame::new(&by.parts, Some(&by.session), at::PEOPLE),
        rows: all.iter().rev().map(|one| row(&by.parts.words, one)).collect(),
        incomplete,
    };
    Ok(page.response(StatusCode::OK))
}

/// A code that was made, on paper.
pub(super) fn written(words: &Words, one: &Invitation) -> Line {
    let row = row(words, one);
    Line::beside(row.text, row.words)
}

fn row(words: &Words, one: &Invitation) -> Row {
    let now = jiff::Timestamp::now().as_second();
    let is_over = one.expires_at.is_some_and(|at| at.seconds <= now);
    let (state, day) = match (one.used_at, one.revoked_at, is_over) {
        (Some(at), _, _) => ("code-used", Some(at)),
        (None, Some(at), _) => ("code-revoked", Some(at)),
        (None, None, true) => ("code-over", one.expires_at),
        (None, None, false) => ("code-open", one.expires_at),
    };
    let made = match one.kind() {
        Kind::Finding => "code-given",
        Kind::Return => "code-return",
        Kind::Newcomer | Kind::Unspecified => "code-for-you",
    };
    let made = words.with(made, &[("who", &who(words, one.by.as_ref())), ("day", &on(words, one.made_at))]);
    let confirmed = one
        .confirmed_by
        .as_ref()
        .map(|by| words.with("code-confirmed", &[("who", &who(words, Some(by))), ("why", &one.confirmation)]));
    // Who came with a code to sign in anew is whoever had it.
    let state = if state == "code-used" && one.kind() == Kind::Return { "code-returned" } else { state };
    let became = words.with(state, &[("who", &who(words, one.used_by.as_ref())), ("day", &on(words, day))]);
    Row {
        id: one.invitation_id.clone(),
        text: [made, confirmed.unwrap_or_default(), became]
            .into_iter()
            .filter(|said| !said.is_empty())
            .collect::<Vec<_>>()
            .join(" "),
        words: one.words.clone(),
        is_open: state == "code-open",
    }
}

/// What is wanted of a code.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    form: String,
    request: String,
    what: What,
    #[serde(default)]
    message: String,
    #[serde(default)]
    id: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    Give,
    Print,
    Revoke,
}

pub(crate) async fn give(by: SignedIn, Form(sent): Form<Sent>) -> Shown {
    shown(&by.parts, gives(&by, sent)).await
}

async fn gives(by: &SignedIn, sent: Sent) -> Result<Response, Fault> {
    by.sent(&sent.form)?;
    let (mut service, request_id) = (by.client.joining(), sent.request);
    if matches!(sent.what, What::Revoke) {
        let revoke = RevokeCodeRequest { request_id, invitation_id: sent.id };
        let position = service.revoke_code(revoke).await?.into_inner().position;
        return Ok(to(at::CODES, position));
    }
    let give = GiveCodeRequest { request_id: request_id.clone(), message: sent.message.clone() };
    let given = service.give_code(give).await?.into_inner();
    if matches!(sent.what, What::Print) {
        return Ok(attached(HTML, "11.html", given.html.into_bytes()));
    }
    let page = OneCode {
        frame: Frame::new(&by.parts, Some(&by.session), at::PEOPLE),
        code: given.code,
        until: on(&by.parts.words, given.expires_at),
        request: request_id,
        message: sent.message,
    };
    Ok(page.response(StatusCode::OK))
}
