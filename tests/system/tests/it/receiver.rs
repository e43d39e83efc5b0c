//! Who receives a webhook, and answers as a test wants.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response};
use futures::stream;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::fed::SOON;

/// The origin of the systems that call.
pub(crate) const ORIGIN: &str = "alongside.example";

/// How a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// With this status.
    Status(u16),
    /// With a status, and the time after which to come again, in seconds.
    After(u16, u64),
    /// That it is elsewhere: at the same address.
    Elsewhere,
    /// Not at all.
    Hangs,
    /// With 10 MB.
    Long,
    /// With less than was announced.
    Half,
}

/// An event that came, taken or not.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) answer: Answer,
}

impl Came {
    pub(crate) fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("{name} in {:?}", self.headers)).to_str().unwrap()
    }
}

#[derive(Debug)]
struct Receiving {
    /// What `OPTIONS` says in `WebHook-Allowed-Origin`; and how often it was asked, by whom.
    allows: Option<String>,
    asked: Vec<String>,
    /// How the next events are answered; and all that follow.
    next: VecDeque<Answer>,
    then: Answer,
    came: Vec<Came>,
}

/// A receiver.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    pub(crate) port: u16,
    receiving: Arc<Mutex<Receiving>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, allows) = (listener.local_addr().unwrap().port(), Some(ORIGIN.to_owned()));
        let (asked, next, then, came) = (vec![], VecDeque::new(), Answer::Status(204), vec![]);
        let receiving = Arc::new(Mutex::new(Receiving { allows, asked, next, then, came }));
        let router = Router::new().fallback(answer).with_state(receiving.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { port, receiving }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://localhost:{}/events?key=secret", self.port)
    }

    fn with<T>(&self, act: impl FnOnce(&mut Receiving) -> T) -> T {
        act(&mut self.receiving.lock().unwrap())
    }

    /// What it says when it is asked whether it wants events.
    pub(crate) fn allows(&self, origin: Option<&str>) {
        self.with(|receiving| receiving.allows = origin.map(str::to_owned));
    }

    /// Who has asked.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.with(|receiving| receiving.asked.clone())
    }

    /// How all that comes is answered from now on.
    pub(crate) fn answers(&self, then: Answer) {
        self.with(|receiving| receiving.then = then);
    }

    /// How the next event is answered.
    pub(crate) fn answers_next(&self, answer: Answer) {
        self.with(|receiving| receiving.next.push_back(answer));
    }

    /// All that came, taken or not.
    pub(crate) fn came(&self) -> Vec<Came> {
        self.with(|receiving| receiving.came.clone())
    }

    /// What was taken.
    pub(crate) fn taken(&self) -> Vec<Value> {
        let came = self.came().into_iter();
        came.filter(|came| came.answer == Answer::Status(204)).map(|came| came.event()).collect()
    }

    /// All that came, once it is so much.
    pub(crate) async fn receives(&self, count: usize) -> Vec<Came> {
        let comes = async {
            while self.came().len() < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let comes = tokio::time::timeout(3 * SOON, comes).await;
        assert!(comes.is_ok(), "no more than {:?}", self.came());
        self.came()
    }
}

async fn answer(
    State(receiving): State<Arc<Mutex<Receiving>>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let response = Response::builder();
    if method == Method::OPTIONS {
        let mut receiving = receiving.lock().unwrap();
        let asks = headers.get("webhook-request-origin").unwrap().to_str().unwrap();
        receiving.asked.push(asks.to_owned());
        let response = match &receiving.allows {
            Some(allows) => response.header("webhook-allowed-origin", allows),
            None => response,
        };
        return response.header("allow", "POST").body(Body::empty()).unwrap();
    }
    let answer = {
        let mut receiving = receiving.lock().unwrap();
        let answer = receiving.next.pop_front().unwrap_or(receiving.then);
        receiving.came.push(Came { headers, body: String::from_utf8(body.to_vec()).unwrap(), answer });
        answer
    };
    match answer {
        Answer::Status(status) => response.status(status).body(Body::empty()).unwrap(),
        Answer::After(status, seconds) => {
            response.status(status).header("retry-after", seconds).body(Body::empty()).unwrap()
        }
        Answer::Elsewhere => response.status(307).header("location", "/elsewhere").body(Body::empty()).unwrap(),
        Answer::Hangs => std::future::pending().await,
        Answer::Long => response.body(Body::from(vec![b'x'; 10 << 20])).unwrap(),
        Answer::Half => {
            let half = [Ok(Bytes::from_static(b"half")), Err(std::io::Error::other("closed"))];
            response.header("content-length", 8).body(Body::from_stream(stream::iter(half))).unwrap()
        }
    }
}
