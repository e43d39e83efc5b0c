//! The bus on NATS JetStream: one stream, whose sequence is the log's position.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::context::{
    CreateStreamError, CreateStreamErrorKind, GetStreamErrorKind, PublishAckFuture, PublishErrorKind,
};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config as StreamConfig, DirectGetErrorKind, DiscardPolicy, StorageType, Stream};
use async_nats::jetstream::{self, ErrorCode};
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};

use crate::servers::ANSWER_LIMIT;
use crate::{Bus, BusError, CopyOf, Message, NatsServers};

/// Where NATS is.
#[derive(Clone)]
pub struct NatsConfig {
    /// The servers, and what is signed in with.
    pub servers: NatsServers,
    /// Which history of which log is copied: asked each time, as it may change while this runs.
    pub copy_of: Arc<dyn Fn() -> CopyOf + Send + Sync>,
    /// Copies of the stream in a cluster: 1, 3 or 5.
    pub replicas: usize,
}

/// The most messages that JetStream keeps. Who is further behind reads the log.
const KEPT: i64 = 2_000_000;
/// How many publications wait for their acknowledgement at once.
const WINDOW: usize = 256;
/// How long a subscription may take, which asks the server several times: whoever follows has the log meanwhile.
const SUBSCRIBE_LIMIT: Duration = Duration::from_secs(2);
/// What every subject of the log begins with.
const SUBJECTS: &str = "log.>";

impl std::fmt::Debug for NatsConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NatsConfig").field("servers", &self.servers).finish_non_exhaustive()
    }
}

/// The bus on NATS JetStream.
#[derive(Clone)]
pub struct NatsBus {
    client: async_nats::Client,
    jetstream: jetstream::Context,
    copy_of: Arc<dyn Fn() -> CopyOf + Send + Sync>,
    replicas: usize,
}

impl std::fmt::Debug for NatsBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NatsBus").finish_non_exhaustive()
    }
}

/// What a stream says of itself: of which log it is a copy, and since when that is its history.
const LOG: &str = "alongside_log";
const BEGAN_AT: &str = "alongside_began_at";
/// Where relays are nudged.
const NUDGES: &str = "log_nudge";

/// Whether a stream with this subject may take messages of the log.
fn overlaps(subject: &str) -> bool {
    matches!(subject.split('.').next(), Some("log" | "*" | ">"))
}

/// A stream's settings, with all that decides which messages it takes, and for how long, as it is to be. What else an operator may choose stays.
fn repaired(is: &StreamConfig, wanted: StreamConfig) -> StreamConfig {
    let mut metadata = is.metadata.clone();
    metadata.extend(wanted.metadata);
    StreamConfig {
        metadata,
        subjects: wanted.subjects,
        retention: wanted.retention,
        discard: wanted.discard,
        discard_new_per_subject: wanted.discard_new_per_subject,
        max_messages: wanted.max_messages,
        max_messages_per_subject: wanted.max_messages_per_subject,
        max_bytes: wanted.max_bytes,
        max_age: wanted.max_age,
        max_message_size: wanted.max_message_size,
        no_ack: wanted.no_ack,
        sealed: wanted.sealed,
        allow_direct: wanted.allow_direct,
        mirror: wanted.mirror,
        sources: wanted.sources,
        subject_transform: wanted.subject_transform,
        ..is.clone()
    }
}

/// Whether a stream's settings cannot be changed like that, whenever it is tried: the server's own number for it.
fn is_refused(error: &CreateStreamError) -> bool {
    const CANNOT_BE_CHANGED: u64 = 10_052;
    matches!(error.kind(), CreateStreamErrorKind::JetStream(cause) if cause.error_code().0 == CANNOT_BE_CHANGED)
}

/// The name of a copy's stream.
fn name(copy_of: &CopyOf) -> String {
    format!("LOG_{}", copy_of.epoch)
}

impl NatsBus {
    /// Connects. The stream is made by [`Bus::prepare`].
    ///
    /// # Errors
    /// When a file that is signed in with cannot be used. A server that is not up yet is waited for in the background.
    pub async fn connect(config: &NatsConfig) -> Result<Self, BusError> {
        let client = config.servers.connect("alongside").await?;
        let mut jetstream = jetstream::new(client.clone());
        jetstream.set_timeout(ANSWER_LIMIT);
        Ok(Self { client, jetstream, copy_of: config.copy_of.clone(), replicas: config.replicas })
    }

    /// A stream that begins after `before`.
    async fn create(&self, before: u64) -> Result<Stream, BusError> {
        let copy_of = (self.copy_of)();
        self.delete_earlier(&copy_of).await?;
        let config = StreamConfig { first_sequence: (before > 0).then_some(before + 1), ..self.settings(copy_of) };
        self.jetstream.create_stream(config).await.map_err(BusError::failed)
    }

    /// How the stream of a copy is set up.
    fn settings(&self, copy_of: CopyOf) -> StreamConfig {
        StreamConfig {
            name: name(&copy_of),
            metadata: HashMap::from([
                (LOG.to_owned(), copy_of.log),
                (BEGAN_AT.to_owned(), copy_of.began_at.to_string()),
            ]),
            subjects: vec![SUBJECTS.to_owned()],
            storage: StorageType::File,
            discard: DiscardPolicy::Old,
            max_messages: KEPT,
            max_bytes: -1,
            max_message_size: -1,
            max_messages_per_subject: -1,
            num_replicas: self.replicas,
            allow_direct: true,
            ..StreamConfig::default()
        }
    }

    /// Deletes copies of earlier histories of the same log: they hold the same subjects. What nobody can be sure to be one stays.
    async fn delete_earlier(&self, copy_of: &CopyOf) -> Result<(), BusError> {
        let names: Vec<String> = self.jetstream.stream_names().try_collect().await.map_err(BusError::failed)?;
        let own = name(copy_of);
        for other in names.iter().filter(|name| name.starts_with("LOG_") && **name != own) {
            let stream = self.jetstream.get_stream(other).await.map_err(BusError::failed)?;
            // What carries nothing of a log is in nobody's way.
            if !stream.cached_info().config.subjects.iter().any(|subject| overlaps(subject)) {
                continue;
            }
            let says = |what: &str| stream.cached_info().config.metadata.get(what);
            let of_this_log = says(LOG) == Some(&copy_of.log);
            let began_at = says(BEGAN_AT).and_then(|began_at| began_at.parse::<i64>().ok());
            if !of_this_log || began_at.is_none_or(|began_at| began_at >= copy_of.began_at) {
                return Err(BusError::Foreign);
            }
            self.delete(&stream).await?;
        }
        Ok(())
    }

    /// Deletes a stream, unless it is not the one that was looked at any more.
    async fn delete(&self, stream: &Stream) -> Result<(), BusError> {
        let looked_at = stream.cached_info();
        let now = self.jetstream.get_stream(&looked_at.config.name).await.map_err(BusError::failed)?;
        if now.cached_info().created != looked_at.created {
            return Err(BusError::OutOfStep);
        }
        self.jetstream.delete_stream(&looked_at.config.name).await.map_err(BusError::failed)?;
        Ok(())
    }

    async fn existing(&self) -> Result<Option<Stream>, BusError> {
        match self.jetstream.get_stream(name(&(self.copy_of)())).await {
            Ok(stream) => Ok(Some(stream)),
            Err(error) => {
                let kind = error.kind();
                let missing =
                    matches!(kind, GetStreamErrorKind::JetStream(e) if e.error_code() == ErrorCode::STREAM_NOT_FOUND);
                if missing { Ok(None) } else { Err(BusError::failed(error)) }
            }
        }
    }

    async fn acknowledged(&self, acks: &mut Vec<PublishAckFuture>) -> Result<(), BusError> {
        for ack in acks.drain(..) {
            ack.await.map_err(|error| {
                let elsewhere =
                    matches!(error.kind(), PublishErrorKind::WrongLastSequence | PublishErrorKind::StreamNotFound);
                if elsewhere { BusError::OutOfStep } else { BusError::failed(error) }
            })?;
        }
        Ok(())
    }

    /// What the stream holds after a position, as it comes.
    async fn follow(&self, after: u64) -> Result<BoxStream<'static, Result<Message, BusError>>, BusError> {
        let stream = self.existing().await?.ok_or(BusError::Gap)?;
        let state = &stream.cached_info().state;
        if after + 1 < state.first_sequence || after > state.last_sequence {
            return Err(BusError::Gap);
        }
        let config = OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: after + 1 },
            ..OrderedConfig::default()
        };
        let consumer = stream.create_consumer(config).await.map_err(BusError::failed)?;
        let messages = consumer.messages().await.map_err(BusError::failed)?;
        // Ends after the first error: what follows one is not to be trusted.
        let checked = messages.scan(Some(after), |expected, message| {
            let checked = expected.map(|last| message.map_err(BusError::failed).and_then(|m| follows(last, m)));
            *expected = checked.as_ref().and_then(|c| c.as_ref().ok()).map(|m| m.position);
            futures::future::ready(checked)
        });
        Ok(checked.boxed())
    }
}

#[async_trait::async_trait]
impl Bus for NatsBus {
    async fn last(&self) -> Result<Option<u64>, BusError> {
        Ok(self.existing().await?.map(|stream| stream.cached_info().state.last_sequence))
    }

    async fn prepare(&self, head: u64) -> Result<u64, BusError> {
        if let Some(stream) = self.existing().await? {
            let state = &stream.cached_info().state;
            // An emptied stream keeps its sequence; one that was made again stands at 0 and takes everything again.
            if state.last_sequence <= head {
                return Ok(state.last_sequence);
            }
            tracing::warn!(
                bus = state.last_sequence,
                log = head,
                "the bus is ahead of the log; it starts again from nothing"
            );
            self.delete(&stream).await?;
        }
        let before = head.saturating_sub(KEPT.unsigned_abs());
        let stream = self.create(before).await?;
        Ok(stream.cached_info().state.last_sequence)
    }

    async fn repair(&self) -> Result<(), BusError> {
        let Some(stream) = self.existing().await? else { return Ok(()) };
        let is = &stream.cached_info().config;
        let repaired = repaired(is, self.settings((self.copy_of)()));
        if *is == repaired {
            return Ok(());
        }
        match self.jetstream.update_stream(repaired).await {
            Ok(_) => {
                tracing::warn!("the settings of the bus's stream were changed by somebody, and are as they were again");
                Ok(())
            }
            // It may have been done, and nobody has said so.
            Err(error) if !is_refused(&error) => Err(BusError::failed(error)),
            Err(error) => {
                // As where it was sealed. It is a copy.
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the bus's stream cannot be used as it is set up; it starts again from nothing"
                );
                self.delete(&stream).await
            }
        }
    }

    async fn holds(&self, message: &Message) -> Result<bool, BusError> {
        let Some(stream) = self.existing().await? else { return Ok(false) };
        match stream.direct_get(message.position).await {
            Ok(held) => Ok(held.payload == message.payload && held.subject.as_str() == message.subject),
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(true),
            Err(error) => Err(BusError::failed(error)),
        }
    }

    async fn reset(&self) -> Result<(), BusError> {
        match self.existing().await? {
            Some(stream) => self.delete(&stream).await,
            None => Ok(()),
        }
    }

    async fn publish(&self, last: u64, messages: Vec<Message>) -> Result<(), BusError> {
        let mut acks = Vec::with_capacity(WINDOW.min(messages.len()));
        let (mut last, stream) = (last, name(&(self.copy_of)()));
        for message in messages {
            let publication =
                PublishMessage::build().payload(message.payload).expected_stream(&stream).expected_last_sequence(last);
            let ack = self.jetstream.send_publish(message.subject, publication).await.map_err(BusError::failed)?;
            acks.push(ack);
            last = message.position;
            if acks.len() == WINDOW {
                self.acknowledged(&mut acks).await?;
            }
        }
        self.acknowledged(&mut acks).await
    }

    async fn subscribe(&self, after: u64) -> Result<BoxStream<'static, Result<Message, BusError>>, BusError> {
        let subscribed = tokio::time::timeout(SUBSCRIBE_LIMIT, self.follow(after)).await;
        subscribed.map_err(|_elapsed| BusError::Silent)?
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn nudge(&self) {
        // Lost nudges are made up for by the relay's timer.
        if let Err(error) = self.client.publish(NUDGES, bytes::Bytes::new()).await {
            tracing::debug!(%error, "a nudge was lost");
        }
    }

    async fn nudges(&self) -> Result<BoxStream<'static, ()>, BusError> {
        let nudges = self.client.subscribe(NUDGES).await.map_err(BusError::failed)?;
        Ok(nudges.map(|_| ()).boxed())
    }
}

/// The message, if it is the one after `last`.
fn follows(last: u64, message: jetstream::Message) -> Result<Message, BusError> {
    let position = message.info().map_err(BusError::failed)?.stream_sequence;
    if position != last + 1 {
        return Err(BusError::Gap);
    }
    Ok(Message { position, subject: message.subject.to_string(), payload: message.payload.clone() })
}
