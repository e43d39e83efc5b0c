//! Gated reads over gRPC, as callers in another process see them.

pub(crate) mod callers;
mod echo;
pub(crate) mod world;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use client::Client;
use serde_json::{Map, Value, json};
use tonic::transport::Endpoint;

use crate::report::{self, rounded};
use crate::{Backend, cpu};
use callers::Measured;
use world::World;

/// Each side is measured so often, in turn; the median counts.
const TURNS: usize = 3;
/// Before anything is measured, each side is called for so long, so that none pays for cold caches.
const WARM: Duration = Duration::from_millis(1_500);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The database. With PostgreSQL the bus is NATS, otherwise it is in the process.
    #[arg(long, value_enum)]
    backend: Backend,
    /// Callers who read at once: a line of the report for each number.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64, 256])]
    callers: Vec<usize>,
    /// How long each side is measured for each line, in seconds.
    #[arg(long, default_value_t = 9)]
    seconds: u64,
    /// A migrated PostgreSQL database, empty, to use instead of a private one.
    #[arg(long)]
    url: Option<String>,
    /// A NATS server to use instead of a private one.
    #[arg(long)]
    nats: Option<String>,
    /// Print a JSON object for each line.
    #[arg(long)]
    json: bool,
}

/// A measurement, and what all processes of the machine spent on each read.
#[derive(Debug, Clone, Copy)]
struct Turn {
    measured: Measured,
    cpu_us: f64,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let world = World::start(args.backend, args.url.clone(), args.nats.clone()).await?;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), serde_json::to_vec(&world.readers)?)?;
    let first = world.readers.first().context("somebody reads")?;
    let channel = Endpoint::from_shared(format!("http://{}", world.gated.address))?.connect().await?;
    let answer = callers::read(&Client::new(channel, &first.token)?, first.person_id.clone()).await?;
    let (entries, echo) = (answer.entries.len(), echo::start(answer).await?);
    let sides = [echo, world.ungated.address, world.gated.address];
    for address in sides {
        callers::run(address, file.path(), 16, WARM).await?;
    }
    for callers in args.callers {
        let length = Duration::from_secs(args.seconds) / u32::try_from(TURNS)?;
        let mut turns: [Vec<Turn>; 3] = Default::default();
        let mut behind = Duration::ZERO;
        for _ in 0..TURNS {
            for (address, turns) in sides.iter().zip(&mut turns) {
                turns.push(turn(*address, file.path(), callers, length).await?);
                // What one side leaves to do is not the next one's.
                behind = behind.max(world.views_catch_up().await?);
            }
        }
        let [echo, ungated, gated] = turns.map(median);
        let mut line = line(callers, [echo?, ungated?, gated?]);
        line.insert("views_behind_ms".into(), rounded(behind.as_secs_f64() * 1e3));
        line.insert("entries".into(), entries.into());
        report::print(&line, args.json)?;
    }
    drop(world.pause().await);
    Ok(())
}

async fn turn(address: SocketAddr, readers: &Path, callers: usize, length: Duration) -> anyhow::Result<Turn> {
    let before = cpu::busy()?;
    let measured = callers::run(address, readers, callers, length).await?;
    let spent = cpu::busy()?.saturating_sub(before);
    Ok(Turn { measured, cpu_us: spent.as_secs_f64() * 1e6 / measured.reads.max(1) as f64 })
}

/// The turn in the middle, by throughput.
fn median(mut turns: Vec<Turn>) -> anyhow::Result<Turn> {
    turns.sort_by(|a, b| a.measured.reads_per_second.total_cmp(&b.measured.reads_per_second));
    turns.get(turns.len() / 2).copied().context("a side was measured")
}

fn line(callers: usize, [echo, ungated, gated]: [Turn; 3]) -> Map<String, Value> {
    let mut line = Map::new();
    line.insert("callers".into(), callers.into());
    for (prefix, side) in [("", gated), ("ungated_", ungated), ("echo_", echo)] {
        line.insert(format!("{prefix}reads_per_second"), rounded(side.measured.reads_per_second));
        line.insert(format!("{prefix}p50_ms"), rounded(side.measured.p50_ms));
        line.insert(format!("{prefix}p99_ms"), rounded(side.measured.p99_ms));
        line.insert(format!("{prefix}cpu_us"), rounded(side.cpu_us));
    }
    line.insert("of_echo".into(), rounded(gated.measured.reads_per_second / echo.measured.reads_per_second));
    line.insert("receipt_cpu_us".into(), json!((gated.cpu_us - ungated.cpu_us).round()));
    line
}
