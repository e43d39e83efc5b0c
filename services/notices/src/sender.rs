//! The webhook of a notification sender that whoever runs the system has configured: text messages and letters. A request is signed as Standard
//! Webhooks has it, and has the same `webhook-id` when it comes again.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::notices::{Address, Channel};
use domain::vocabulary::Timestamp;
use letters::Letters;
use reqwest::{Client, Url, redirect};
use serde_json::json;
use uuid::Uuid;
use vault::WebhookSecret;

use crate::NoticeError;
use crate::text::Text;

/// How long the sender may take; and until it is connected, as what is sent then was decided before.
const LIMIT: Duration = Duration::from_secs(30);
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// Why a notice was not sent, in words that the person reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unsent {
    pub(crate) why: String,
    /// Whether it is of no use to try again.
    pub(crate) for_good: bool,
}

impl Unsent {
    pub(crate) fn for_good(why: &str) -> Self {
        Self { why: why.to_owned(), for_good: true }
    }

    pub(crate) fn for_now(why: &str) -> Self {
        Self { why: why.to_owned(), for_good: false }
    }
}

/// A notification sender.
#[derive(Debug, Clone)]
pub struct SenderSettings {
    /// Where it is called.
    pub url: String,
    /// What is signed with: `whsec_` and Base64.
    pub secret: String,
    /// What it sends.
    pub channels: BTreeSet<Channel>,
}

/// Calls the sender.
#[derive(Debug)]
pub(crate) struct Sender {
    client: Client,
    url: Url,
    secret: WebhookSecret,
    channels: BTreeSet<Channel>,
}

impl Sender {
    /// Calls this one.
    ///
    /// # Errors
    /// When the URL or the secret is none, or this machine has no means for TLS.
    pub(crate) fn new(settings: SenderSettings) -> Result<Self, NoticeError> {
        let wrong = |problem: String| NoticeError::Sender(problem.into());
        let url = settings.url.parse().map_err(|_cause| wrong("its URL is none".to_owned()))?;
        let secret = WebhookSecret::read(&settings.secret);
        let secret = secret.ok_or_else(|| wrong("its secret must be `whsec_` and Base64".to_owned()))?;
        let client = Client::builder()
            .timeout(LIMIT)
            .connect_timeout(CONNECT_LIMIT)
            .redirect(redirect::Policy::none())
            .user_agent("Alongside")
            .build();
        let client = client.map_err(|error| NoticeError::Sender(error.into()))?;
        Ok(Self { client, url, secret, channels: settings.channels })
    }

    /// What it sends.
    pub(crate) fn channels(&self) -> impl Iterator<Item = Channel> {
        self.channels.iter().copied()
    }

    /// A message under this id, to be sent.
    pub(crate) fn ready(&self, id: Uuid, to: &Address, text: &Text, now: Timestamp) -> ReadyCall<'_> {
        let mut body = json!({
            "id": id.to_string(),
            "channel": to.channel.word(),
            "to": to.text,
            "subject": text.subject,
            "text": text.body,
        });
        // A page to print; whoever cannot have one has the words.
        let html = (to.channel == Channel::Letter).then(|| Letters::notice(text.subject, &text.body).ok()).flatten();
        if let (Some(html), Some(body)) = (html, body.as_object_mut()) {
            body.insert("html".to_owned(), html.into());
        }
        ReadyCall { sender: self, id, body: body.to_string(), seconds: now.seconds() }
    }
}

/// A request to the sender.
pub(crate) struct ReadyCall<'a> {
    sender: &'a Sender,
    id: Uuid,
    body: String,
    seconds: i64,
}

impl ReadyCall<'_> {
    /// Has it sent. Where this fails nobody may know whether it was.
    pub(crate) async fn leave(self) -> Result<(), Unsent> {
        let Self { sender, id, body, seconds } = self;
        let request = sender.client.post(sender.url.clone()).header("content-type", "application/json");
        let request = request.header("webhook-id", id.to_string()).header("webhook-timestamp", seconds);
        let request = request.header("webhook-signature", sender.secret.sign(id, seconds, &body));
        let answer = request.body(body).send().await;
        match answer.map_err(|_cause| Unsent::for_now("the sender cannot be reached"))?.status() {
            status if status.is_success() => Ok(()),
            // It says that this, and not that it itself, is wrong.
            status if matches!(status.as_u16(), 400 | 422) => {
                Err(Unsent::for_good("the sender takes nothing for this address"))
            }
            status => Err(Unsent { why: format!("the sender answers {}", status.as_u16()), for_good: false }),
        }
    }
}
