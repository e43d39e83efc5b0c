//! The bus on NATS JetStream: one stream, whose sequence is the log's position.

use std::time::Duration;

use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::context::{GetStreamErrorKind, PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config as StreamConfig, DiscardPolicy, StorageType, Stream};
use async_nats::jetstream::{self, ErrorCode};
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};

use crate::{Bus, BusError, Message};

/// Where NATS is.
#[derive(Debug, Clone)]
pub struct NatsConfig {
    /// `nats://host:port`, several separated by commas.
    pub url: String,
    /// The log's epoch, as the stream's name carries it: letters and digits.
    pub epoch: String,
    /// Copies of the stream in a cluster: 1, 3 or 5.
    pub replicas: usize,
}

/// The most messages that JetStream keeps. Who is further behind reads the log.
const KEPT: i64 = 2_000_000;
/// How many publications wait for their acknowledgement at once.
const WINDOW: usize = 256;
/// How long NATS may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// What every subject of the log begins with.
const SUBJECTS: &str = "log.>";

/// The bus on NATS JetStream.
#[derive(Debug, Clone)]
pub struct NatsBus {
    client: async_nats::Client,
    jetstream: jetstream::Context,
    stream: String,
    nudges: String,
    replicas: usize,
}

impl NatsBus {
    /// Connects. The stream is made by [`Bus::prepare`].
    ///
    /// # Errors
    /// When the configuration has a wrong form. A server that is not up yet is waited for in the background.
    pub async fn connect(config: &NatsConfig) -> Result<Self, BusError> {
        let servers: Vec<_> = config.url.split(',').map(str::trim).collect();
        let client = async_nats::ConnectOptions::new()
            .name("alongside")
            .request_timeout(Some(ANSWER_LIMIT))
            .retry_on_initial_connect()
            .connect(servers)
            .await
            .map_err(BusError::failed)?;
        let mut jetstream = jetstream::new(client.clone());
        jetstream.set_timeout(ANSWER_LIMIT);
        Ok(Self {
            client,
            jetstream,
            stream: format!("LOG_{}", config.epoch),
            nudges: format!("log_nudge.{}", config.epoch),
            replicas: config.replicas,
        })
    }

    /// A stream that begins after `before`.
    async fn create(&self, before: u64) -> Result<Stream, BusError> {
        self.delete_foreign().await?;
        let config = StreamConfig {
            name: self.stream.clone(),
            subjects: vec![SUBJECTS.to_owned()],
            storage: StorageType::File,
            discard: DiscardPolicy::Old,
            max_messages: KEPT,
            num_replicas: self.replicas,
            first_sequence: (before > 0).then_some(before + 1),
            allow_direct: true,
            ..StreamConfig::default()
        };
        self.jetstream.create_stream(config).await.map_err(BusError::failed)
    }

    /// Deletes copies of other epochs: they hold the same subjects.
    async fn delete_foreign(&self) -> Result<(), BusError> {
        let names: Vec<String> = self.jetstream.stream_names().try_collect().await.map_err(BusError::failed)?;
        for name in names.iter().filter(|name| name.starts_with("LOG_") && **name != self.stream) {
            self.jetstream.delete_stream(name).await.map_err(BusError::failed)?;
        }
        Ok(())
    }

    async fn existing(&self) -> Result<Option<Stream>, BusError> {
        match self.jetstream.get_stream(&self.stream).await {
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
            self.jetstream.delete_stream(&self.stream).await.map_err(BusError::failed)?;
        }
        let before = head.saturating_sub(KEPT.unsigned_abs());
        let stream = self.create(before).await?;
        Ok(stream.cached_info().state.last_sequence)
    }

    async fn publish(&self, last: u64, messages: Vec<Message>) -> Result<(), BusError> {
        let mut acks = Vec::with_capacity(WINDOW.min(messages.len()));
        let mut last = last;
        for message in messages {
            let publication = PublishMessage::build().payload(message.payload).expected_last_sequence(last);
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

    async fn nudge(&self) {
        // Lost nudges are made up for by the relay's timer.
        if let Err(error) = self.client.publish(self.nudges.clone(), bytes::Bytes::new()).await {
            tracing::debug!(%error, "a nudge was lost");
        }
    }

    async fn nudges(&self) -> Result<BoxStream<'static, ()>, BusError> {
        let nudges = self.client.subscribe(self.nudges.clone()).await.map_err(BusError::failed)?;
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
