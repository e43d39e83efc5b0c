//! Feeds over gRPC or on JetStream: how long what people write takes to reach the systems of their agencies, in other processes.

mod world;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use async_nats::ConnectOptions;
use async_nats::jetstream::consumer::PullConsumer;
use futures::StreamExt as _;
use proto::feeds::v1::{AcknowledgeRequest, Door, GetNatsCredentialsRequest, SubscribeRequest};
use serde_json::{Map, Value};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::cpu;
use crate::measure::{Measured, micros};
use crate::report::{self, rounded};
use world::{System, World};

/// How long what was written may take to arrive before the benchmark gives up.
const ARRIVAL_LIMIT: Duration = Duration::from_secs(120);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Agencies, each with a system that receives its feed.
    #[arg(long, default_value_t = 10)]
    agencies: usize,
    /// People, each of whom lets one agency receive what they write.
    #[arg(long, default_value_t = 100)]
    people: usize,
    /// What all people together write in a second.
    #[arg(long, default_value_t = 1_000)]
    rate: u32,
    /// For how long they write, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// For how long they write before anybody reads, in seconds; as long when it is not given. On JetStream, what is more than stands at once is
    /// a backlog.
    #[arg(long)]
    backlog_seconds: Option<u64>,
    /// Through which door they are received.
    #[arg(long, value_enum, default_value_t = Through::Grpc)]
    door: Through,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// A door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Through {
    /// A stream that the system holds open.
    Grpc,
    /// A stream that stands on JetStream.
    Jetstream,
}

/// When something was asked for, and when that was acknowledged.
type Written = (Instant, Instant);
/// When each entry came first.
type Arrived = Arc<Mutex<HashMap<String, Instant>>>;

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let door = if args.door == Through::Grpc { Door::Grpc } else { Door::Jetstream };
    let world = World::start(args.agencies, args.people, door).await?;
    let mut report = Map::new();
    report.insert("agencies".into(), args.agencies.into());
    report.insert("people".into(), args.people.into());
    // The baseline: the same, and nobody receives it.
    let before =
        written(&world, (args.rate, args.backlog_seconds.unwrap_or(args.seconds)), "unread_", &mut report).await?;
    let (arrived, stop) = (Arrived::default(), Arc::new(AtomicBool::new(false)));
    let (mut receiving, begun) = (JoinSet::new(), Instant::now());
    for system in &world.systems {
        let (system, arrived, stop) = (system.clone(), arrived.clone(), stop.clone());
        if args.door == Through::Grpc {
            receiving.spawn(receive(system, arrived, stop));
        } else {
            receiving.spawn(pull(system, arrived, stop));
        }
    }
    all_arrived(&arrived, &mut receiving, before.len()).await?;
    let backlog = before.len() as f64 / begun.elapsed().as_secs_f64();
    report.insert("backlog_per_second".into(), rounded(backlog));
    if args.door == Through::Jetstream {
        let plain = world.published_plainly(before.len()).await?;
        report.insert("plain_jetstream_per_second".into(), rounded(plain));
        report.insert("backlog_ratio".into(), rounded(backlog / plain));
    }
    report.insert("server_rss_mb".into(), rounded(world.memory_mb()?));
    let written = written(&world, (args.rate, args.seconds), "", &mut report).await?;
    all_arrived(&arrived, &mut receiving, before.len() + written.len()).await?;
    stop.store(true, Ordering::Relaxed);
    while let Some(received) = receiving.join_next().await {
        received??;
    }
    let arrived = std::mem::take(&mut *arrived.lock().unwrap_or_else(PoisonError::into_inner));
    for (name, measured) in latencies(&written, &arrived)? {
        report.insert(format!("{name}_p50_ms"), rounded(measured.quantile_ms(0.5)));
        report.insert(format!("{name}_p99_ms"), rounded(measured.quantile_ms(0.99)));
    }
    report::print(&report, args.json)
}

/// People write for a while; how often, what the machine spent on each, and how far the views were behind, goes into the report.
async fn written(
    world: &World,
    how: (u32, u64),
    prefix: &str,
    report: &mut Map<String, Value>,
) -> anyhow::Result<HashMap<String, Written>> {
    let stop = Arc::new(AtomicBool::new(false));
    let behind = tokio::spawn(world.views_behind(stop.clone()));
    let (spent, begun) = (cpu::busy()?, Instant::now());
    let written = write(world, how).await?;
    let (took, spent) = (begun.elapsed(), cpu::busy()?.saturating_sub(spent));
    stop.store(true, Ordering::Relaxed);
    let behind = behind.await??;
    report.insert(format!("{prefix}events"), written.len().into());
    report.insert(format!("{prefix}events_per_second"), rounded(written.len() as f64 / took.as_secs_f64()));
    report.insert(format!("{prefix}cpu_us"), rounded(spent.as_secs_f64() * 1e6 / written.len() as f64));
    report.insert(format!("{prefix}views_behind_ms"), rounded(behind.as_secs_f64() * 1e3));
    Ok(written)
}

/// Waits until so many entries have come. Whoever receives goes on until then.
async fn all_arrived(
    arrived: &Arrived,
    receiving: &mut JoinSet<anyhow::Result<()>>,
    count: usize,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    while arrived.lock().unwrap_or_else(PoisonError::into_inner).len() < count {
        anyhow::ensure!(begun.elapsed() < ARRIVAL_LIMIT, "not all that was written arrives");
        if let Some(ended) = receiving.try_join_next() {
            ended??;
            anyhow::bail!("a system receives no more");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// People write, together at this rate, for so many seconds; what was asked and acknowledged when, by entry.
async fn write(world: &World, (rate, seconds): (u32, u64)) -> anyhow::Result<HashMap<String, Written>> {
    let people = u32::try_from(world.people.len())?;
    let pause = Duration::from_secs(1) * people / rate;
    let (mut writing, begun) = (JoinSet::new(), Instant::now());
    for (nth, person) in (0..people).zip(world.people.clone()) {
        let length = Duration::from_secs(seconds);
        writing.spawn(async move {
            // Not all at once.
            tokio::time::sleep(pause * nth / people).await;
            let mut ticks = interval(pause);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let mut written = Vec::new();
            while begun.elapsed() < length {
                ticks.tick().await;
                let asked = Instant::now();
                let entry = person.strength("knits").await?.entry_id;
                written.push((entry, (asked, Instant::now())));
            }
            anyhow::Ok(written)
        });
    }
    let mut all = HashMap::new();
    while let Some(written) = writing.join_next().await {
        all.extend(written??);
    }
    Ok(all)
}

/// A system reads its feed, acknowledges each message, and notes when each entry came first.
async fn receive(system: System, arrived: Arrived, stop: Arc<AtomicBool>) -> anyhow::Result<()> {
    let subscribe = SubscribeRequest { feed_id: system.feed_id.clone(), ..SubscribeRequest::default() };
    let mut stream = system.client.feeds().subscribe(subscribe).await?.into_inner();
    while !stop.load(Ordering::Relaxed) {
        let Ok(message) = timeout(Duration::from_millis(200), stream.message()).await else { continue };
        let message = message?.context("a stream lasts")?;
        let now = Instant::now();
        for event in &message.events {
            if let Some(entry) = entry_of(&event.cloud_event)? {
                arrived.lock().unwrap_or_else(PoisonError::into_inner).entry(entry).or_insert(now);
            }
        }
        if !message.events.is_empty() {
            let acknowledge = AcknowledgeRequest { feed_id: system.feed_id.clone(), token: message.token };
            system.client.feeds().acknowledge(acknowledge).await?;
        }
    }
    Ok(())
}

/// A system pulls its feed from JetStream, acknowledges each event, and notes when each entry came first.
async fn pull(system: System, arrived: Arrived, stop: Arc<AtomicBool>) -> anyhow::Result<()> {
    let request = GetNatsCredentialsRequest { feed_id: system.feed_id.clone(), at_least_position: 0 };
    let access = system.client.feeds().get_nats_credentials(request).await?.into_inner();
    let client = ConnectOptions::with_credentials(&access.credentials)?.connect(&access.servers).await?;
    let consumer: PullConsumer =
        async_nats::jetstream::new(client).get_consumer_from_stream(&access.consumer, &access.stream).await?;
    let mut messages = consumer.stream().max_messages_per_batch(1_000).messages().await?;
    while !stop.load(Ordering::Relaxed) {
        let Ok(message) = timeout(Duration::from_millis(200), messages.next()).await else { continue };
        let message = message.context("a stream lasts")??;
        let (now, entry) = (Instant::now(), entry_of(std::str::from_utf8(&message.payload)?)?);
        if let Some(entry) = entry {
            arrived.lock().unwrap_or_else(PoisonError::into_inner).entry(entry).or_insert(now);
        }
        message.ack().await.map_err(anyhow::Error::msg)?;
    }
    Ok(())
}

/// The entry that an event is about; none of what tells of a permit.
fn entry_of(cloud_event: &str) -> anyhow::Result<Option<String>> {
    let event: Value = serde_json::from_str(cloud_event)?;
    Ok(event.pointer("/data/entryId").and_then(Value::as_str).map(str::to_owned))
}

/// From when it was asked for, and from when it was acknowledged, until it came.
fn latencies(
    written: &HashMap<String, Written>,
    arrived: &HashMap<String, Instant>,
) -> anyhow::Result<[(&'static str, Measured); 2]> {
    let (mut asked_to, mut acknowledged_to) = (Measured::none()?, Measured::none()?);
    for (entry, (asked, acknowledged)) in written {
        let arrived = arrived.get(entry).context("it arrived")?;
        for (measured, since) in [(&mut asked_to, asked), (&mut acknowledged_to, acknowledged)] {
            measured.latency.saturating_record(micros(arrived.saturating_duration_since(*since)));
        }
    }
    Ok([("from_asked", asked_to), ("from_acknowledged", acknowledged_to)])
}
