//! The pages, one file each: what it asks the services, and what it shows of that.

pub(crate) mod change;
pub(crate) mod home;
pub(crate) mod kept;
pub(crate) mod looked;
pub(crate) mod people;
pub(crate) mod record;
pub(crate) mod sharing;
pub(crate) mod statement;
pub(crate) mod timeline;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::Parts;
use crate::fault::Fault;

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

/// There is no such page.
pub(crate) async fn nothing(State(parts): State<Arc<Parts>>) -> Response {
    Fault::Nothing.shown(&parts)
}
