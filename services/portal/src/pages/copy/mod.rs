//! The person's own copy: all that is held about them, as a file that programs read and as pages to print. Both are sent for a form alone, and their
//! names tell nobody what they are.

mod all;
mod paper;

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::Form;
use axum::body::Bytes;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::kept::{HTML, attached};
use super::{Shown, shown};
use crate::at;
use crate::fault::Fault;
use crate::session::SignedIn;
use crate::turns::{Turn, Turns};
use crate::view::{Frame, Page as _};

/// How many copies are made at a time, of all people together: each is held whole until it is sent.
const AT_ONCE: usize = 4;
/// How long somebody waits for their turn.
const PATIENCE: Duration = Duration::from_secs(8);

/// Whose turn it is to have a copy made: each person has one at a time.
#[derive(Clone)]
pub(crate) struct Copies {
    room: Arc<Semaphore>,
    of_one: Turns<[u8; 32]>,
}

impl Default for Copies {
    fn default() -> Self {
        Self { room: Arc::new(Semaphore::new(AT_ONCE)), of_one: Turns::new(1) }
    }
}

/// A copy that is on its way, and takes its turn until it is sent, or given up.
struct Sending {
    bytes: Vec<u8>,
    _place: OwnedSemaphorePermit,
    _turn: Turn<[u8; 32]>,
}

impl AsRef<[u8]> for Sending {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
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
    let copies = &by.parts.copies;
    let turn = copies.of_one.take(by.session.owner).ok_or(Fault::TooMuch)?;
    let place = timeout(PATIENCE, copies.room.clone().acquire_owned()).await.map_err(|_elapsed| Fault::TooMuch)?;
    let place = place.map_err(|_closed| Fault::TooMuch)?;
    let all = all::gather(by).await?;
    let (kind, name, bytes) = match sent.what {
        What::File => ("application/json", "12.json", all.json()?),
        What::Page => (HTML, "12.html", paper::written(&by.parts.words.on_paper(), &all)?.into_bytes()),
    };
    Ok(attached(kind, name, Bytes::from_owner(Sending { bytes, _place: place, _turn: turn })))
}
