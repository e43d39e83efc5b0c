//! The person's own copy: all that is held about them, as a file that programs read and as pages to print. Both are sent for a form alone, and their
//! names tell nobody what they are.

mod all;
mod paper;

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::kept::{HTML, attached};
use super::{Shown, shown};
use crate::at;
use crate::fault::Fault;
use crate::session::SignedIn;
use crate::view::{Frame, Page as _};

/// How many copies are made at a time, of all people together: each is held whole until it is sent.
const AT_ONCE: usize = 2;

/// Whose turn it is to have a copy made.
#[derive(Clone)]
pub(crate) struct Copies(Arc<Semaphore>);

impl Default for Copies {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

#[derive(Template)]
#[template(path = "copy.html")]
struct Copy {
    frame: Frame,
}

pub(crate) async fn ask(by: SignedIn) -> Shown {
    let page =
        async { Ok(Copy { frame: Frame::new(&by.parts, Some(&by.session), at::RECORD) }.response(StatusCode::OK)) };
    shown(&by.parts, page).await
}

/// In which shape it is wanted.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    form: String,
    what: What,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    File,
    Page,
}

pub(crate) async fn copy(by: SignedIn, Form(sent): Form<Sent>) -> Shown {
    shown(&by.parts, copied(&by, sent)).await
}

async fn copied(by: &SignedIn, sent: Sent) -> Result<Response, Fault> {
    by.sent(&sent.form)?;
    let _turn = by.parts.copies.0.try_acquire().map_err(|_all_taken| Fault::TooMuch)?;
    let all = all::gather(by).await?;
    Ok(match sent.what {
        What::File => attached("application/json", "12.json", all.json()?),
        What::Page => attached(HTML, "12.html", paper::written(&by.parts.words.on_paper(), &all)?.into_bytes()),
    })
}
