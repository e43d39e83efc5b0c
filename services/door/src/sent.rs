//! What somebody sends with a request. By HTTP/1.1 it is heard to its end, though nobody wanted it: whoever is refused before they have said everything would
//! find the connection gone, and not read why.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;

/// How much is heard that nobody wants, in bytes, and for how long.
const UNWANTED: usize = 4 << 20;
const WITHIN: Duration = Duration::from_secs(2);

/// The body of a request.
#[derive(Debug)]
pub struct Sent(Arc<Mutex<Incoming>>);

/// The same, for whoever hears it to its end.
pub(crate) struct Rest(Arc<Mutex<Incoming>>);

impl Sent {
    pub(crate) fn new(body: Incoming) -> (Self, Rest) {
        let body = Arc::new(Mutex::new(body));
        (Self(body.clone()), Rest(body))
    }
}

impl Rest {
    /// Hears what nobody holds any more, unless it is much or does not come.
    pub(crate) async fn hear(self) {
        let Some(body) = Arc::into_inner(self.0) else { return };
        let mut body = body.into_inner().unwrap_or_else(PoisonError::into_inner);
        let hearing = async {
            let mut heard = 0;
            while heard <= UNWANTED {
                match std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
                    Some(Ok(frame)) => heard += frame.data_ref().map_or(0, Bytes::len),
                    Some(Err(_)) | None => return,
                }
            }
        };
        // Whoever says too much, or nothing, is not heard any longer.
        let _late = tokio::time::timeout(WITHIN, hearing).await;
    }
}

impl http_body::Body for Sent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}
