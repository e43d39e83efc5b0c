//! A feed's stream on JetStream. Its sequence shows whether somebody else has written to it, or it was lost: then whoever carries the feed
//! begins again.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::context::{DeleteStreamErrorKind, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RawMessageErrorKind, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{Context, ErrorCode};
use domain::ids::FeedId;
use rpc::Error;
use serde_json::{Value, json};

use super::{JetStreamSettings, READER, refused, stream_name};
use crate::deliver::interrupted;

/// How long a reader has to acknowledge an event before it comes again.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// How many events may be under way to readers at once.
const UNDER_WAY: i64 = 1_000;
/// Beyond what whoever carries the feed removes by itself, what nobody takes is removed by the server, so that it is bounded also while nobody
/// carries it.
const KEPT_LONGER: Duration = Duration::from_secs(60 * 60 * 24);
/// The content type of CloudEvents in their JSON format: <https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md>.
const CONTENT_TYPE: (&str, &str) = ("content-type", "application/cloudevents+json");

/// A feed's stream.
pub(super) struct FeedStream {
    context: Context,
    stream: Stream,
    name: String,
    subject: String,
    /// The sequence of the last message.
    last: u64,
}

impl FeedStream {
    /// The stream, emptied at this time, in microseconds since 1970: whatever stood in it, or was on its way, is decided again. The sequence moves
    /// on to the time: none is used twice, and of whoever wrote before nothing is taken any more. What somebody empties late, at an earlier
    /// time, is none of what comes now.
    pub(super) async fn begin(
        context: Context,
        feed: FeedId,
        settings: &JetStreamSettings,
        at: u64,
    ) -> Result<Self, Error> {
        let (name, id) = (stream_name(feed), feed.0.simple());
        let subject = format!("feed.{id}");
        let config = Config {
            name: name.clone(),
            subjects: vec![subject.clone()],
            retention: RetentionPolicy::WorkQueue,
            storage: StorageType::File,
            discard: DiscardPolicy::New,
            // Beside what stands, what is told of what does not stand any more.
            max_messages: i64::try_from(settings.standing).unwrap_or(i64::MAX).saturating_mul(2),
            max_age: settings.kept_for + KEPT_LONGER,
            num_replicas: settings.replicas,
            ..Config::default()
        };
        context.create_or_update_stream(config).await.map_err(|error| refused(&error))?;
        let stream = context.get_stream(&name).await.map_err(|error| refused(&error))?;
        let reader = pull::Config {
            durable_name: Some(READER.to_owned()),
            filter_subject: subject.clone(),
            ack_policy: AckPolicy::Explicit,
            ack_wait: ACK_WAIT,
            max_ack_pending: UNDER_WAY,
            ..pull::Config::default()
        };
        stream.create_consumer(reader).await.map_err(|error| refused(&error))?;
        let next = at.max(stream.cached_info().state.last_sequence + 2);
        let begun = Self { context, stream, name, subject, last: next - 1 };
        begun.remove_before(next).await?;
        Ok(begun)
    }

    /// Up to where messages were published here.
    pub(super) fn own(&self) -> u64 {
        self.last + 1
    }

    /// Removes all that stands there before a sequence.
    pub(super) async fn remove_before(&self, sequence: u64) -> Result<(), Error> {
        self.stream.purge().sequence(sequence).await.map(drop).map_err(|error| refused(&error))
    }

    /// Publishes events in their order. Returns the sequence of the first; the others follow it.
    pub(super) async fn publish(&mut self, events: impl Iterator<Item = String>) -> Result<u64, Error> {
        let (first, mut expected, mut waiting) = (self.last + 1, self.last, Vec::new());
        for event in events {
            let message = PublishMessage::build()
                .payload(event.into())
                .header(CONTENT_TYPE.0, CONTENT_TYPE.1)
                .expected_stream(&self.name)
                .expected_last_sequence(expected);
            let sent = self.context.send_publish(self.subject.clone(), message).await;
            waiting.push(sent.map_err(|error| refused(&error))?);
            expected += 1;
        }
        for taken in waiting {
            let taken = taken.await.map_err(|error| {
                let is_theirs = error.kind() == PublishErrorKind::WrongLastSequence;
                if is_theirs { is_another() } else { refused(&error) }
            })?;
            self.last = taken.sequence;
        }
        Ok(first)
    }

    /// Removes what stands there, if it does still.
    pub(super) async fn forget(&self, sequence: u64) -> Result<(), Error> {
        // Not overwritten on the disk, which takes a hundred times as long: what is in the file goes with the file.
        let wish = json!({"seq": sequence, "no_erase": true});
        let subject = format!("STREAM.MSG.DELETE.{}", self.name);
        let answer = self.context.request::<_, _, Response<Value>>(subject, &wish).await;
        let error = match answer.map_err(|error| refused(&error))? {
            Response::Ok(_) => return Ok(()),
            Response::Err { error } => error,
        };
        // A reader may have acknowledged it a moment ago.
        match self.stream.get_raw_message(sequence).await {
            Err(absent) if absent.kind() == RawMessageErrorKind::NoMessageFound => Ok(()),
            Ok(_) | Err(_) => Err(refused(&error)),
        }
    }

    /// The sequence of the first message that stands there, of `standing` at most; of what was acknowledged nothing does.
    pub(super) async fn first(&mut self, standing: usize) -> Result<u64, Error> {
        let last = self.last;
        let state = &self.stream.info().await.map_err(|error| refused(&error))?.state;
        if state.last_sequence != last || state.messages > standing as u64 {
            return Err(is_another());
        }
        Ok(if state.messages == 0 { last + 1 } else { state.first_sequence })
    }

    /// Whether readers find their consumer.
    pub(super) async fn has_reader(&self) -> Result<(), Error> {
        self.stream.consumer_info(READER).await.map(drop).map_err(|error| refused(&error))
    }
}

/// Somebody else writes to it, or it was lost.
fn is_another() -> Error {
    interrupted("the feed's stream is not as it was left")
}

/// Removes a feed's stream, if there is one.
pub(super) async fn remove(context: &Context, feed: FeedId) -> Result<(), Error> {
    let Err(error) = context.delete_stream(stream_name(feed)).await else { return Ok(()) };
    let is_absent = matches!(
        error.kind(),
        DeleteStreamErrorKind::JetStream(cause) if cause.error_code() == ErrorCode::STREAM_NOT_FOUND
    );
    if is_absent { Ok(()) } else { Err(refused(&error)) }
}
