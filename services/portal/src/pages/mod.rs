//! The pages, one file each: what it asks the services, and what it shows of that.

mod agencies;
pub(crate) mod change;
pub(crate) mod choice;
pub(crate) mod codes;
pub(crate) mod consultations;
pub(crate) mod copy;
pub(crate) mod home;
pub(crate) mod kept;
pub(crate) mod looked;
pub(crate) mod people;
pub(crate) mod picture;
pub(crate) mod record;
mod said;
pub(crate) mod sharing;
pub(crate) mod statement;
pub(crate) mod surveys;
pub(crate) mod talking;
pub(crate) mod timeline;
pub(crate) mod went;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use prost_types::Timestamp;
use serde::Deserialize;

use crate::Parts;
use crate::fault::Fault;
use crate::words::Words;

/// A page, or why there is none: shown in the same place.
pub(crate) struct Shown(Result<Response, (Fault, Arc<Parts>)>);

impl IntoResponse for Shown {
    fn into_response(self) -> Response {
        match self.0 {
            Ok(response) => response,
            Err((fault, parts)) => fault.shown(&parts),
        }
    }
}

/// Shows what comes of it.
pub(crate) async fn shown(parts: &Arc<Parts>, page: impl Future<Output = Result<Response, Fault>>) -> Shown {
    Shown(page.await.map_err(|fault| (fault, parts.clone())))
}

/// Which position of the log a page must reflect: that of what was just done, so that it is there.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(crate) struct After {
    pub(crate) at: u64,
}

/// Leads to a page that reflects what was just done.
pub(crate) fn to(path: &str, position: u64) -> Response {
    Redirect::to(&format!("{path}?at={position}")).into_response()
}

/// When a day begins that somebody typed, or the one after it; none when they typed none.
pub(crate) fn day(words: &Words, typed: &str, after: bool) -> Result<Option<Timestamp>, Fault> {
    match typed {
        "" => Ok(None),
        typed => words.beginning_of(typed, after).map(Some).ok_or(Fault::Unreadable(StatusCode::UNPROCESSABLE_ENTITY)),
    }
}

/// Reads a list page by page, so many pages at most: what is on them, and whether something may be missing.
macro_rules! every_page {
    ($client:expr, $list:ident($ask:ident).$items:ident, $most:expr) => {{
        let (mut ask, mut all, mut incomplete) = ($ask, Vec::new(), false);
        for _ in 0..$most {
            let told = $client.$list(ask.clone()).await?.into_inner();
            incomplete |= told.incomplete;
            all.extend(told.$items);
            ask.page_token = told.next_page_token;
            if ask.page_token.is_empty() {
                break;
            }
        }
        if !ask.page_token.is_empty() {
            tracing::warn!(list = stringify!($list), pages = $most, "a list of somebody's is longer than a page reads");
        }
        (all, incomplete || !ask.page_token.is_empty())
    }};
}
pub(crate) use every_page;

/// There is no such page.
pub(crate) async fn nothing(State(parts): State<Arc<Parts>>) -> Response {
    Fault::Nothing.shown(&parts)
}
