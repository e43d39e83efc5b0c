//! What was done so that everybody can use these pages.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::{Shown, shown};
use crate::fault::Fault;
use crate::view::{Frame, Page as _};
use crate::{Parts, at};
use askama::Template;

#[derive(Template)]
#[template(path = "statement.html")]
struct Statement {
    frame: Frame,
}

pub(crate) async fn show(State(parts): State<Arc<Parts>>, headers: HeaderMap) -> Shown {
    shown(&parts, page(&parts, &headers)).await
}

async fn page(parts: &Arc<Parts>, headers: &HeaderMap) -> Result<Response, Fault> {
    let session = parts.keeper.who(headers).await?;
    Ok(Statement { frame: Frame::new(parts, session.as_ref(), at::STATEMENT) }.response(StatusCode::OK))
}
