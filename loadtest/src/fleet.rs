//! Many small processes on one database.

use std::time::Duration;

use anyhow::Context as _;
use client::Client;
use harness::{Cluster, Nats, Node, Postgres};
use serde_json::Map;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::time::Instant;

use crate::measure::Measured;
use crate::report::{self, rounded};
use crate::sample;

/// Connections that the server allows: each process at rest has a few.
const ALLOWED: u32 = 1_000;
/// How long the processes are left at rest before they are looked at.
const AT_REST: Duration = Duration::from_secs(12);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Processes.
    #[arg(long, default_value_t = 50)]
    processes: usize,
    /// Writes that are measured, one after the other.
    #[arg(long, default_value_t = 1_000)]
    writes: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let (mut postgres, nats) = (Postgres::start().await?, Nats::start().await?);
    let mut owner = PgConnection::connect(&postgres.url("postgres", "postgres")).await?;
    owner.execute(sqlx::AssertSqlSafe(format!("ALTER SYSTEM SET max_connections = {ALLOWED}"))).await?;
    postgres.crash_and_restart().await?;
    let database = postgres.database().await?;
    let mut cluster = Cluster::new(&database.app, &nats.url())?;
    cluster.set("database", "connections", 1);
    let mut nodes = vec![cluster.start("").await?];
    let person = registered(&cluster, nodes.first().context("a node")?).await?;
    let alone = writes(&person, args.writes).await?;
    while nodes.len() < args.processes {
        nodes.push(cluster.start("").await?);
    }
    tokio::time::sleep(AT_REST).await;
    let mut report = Map::new();
    report.insert("processes".into(), nodes.len().into());
    let mut all = 0;
    for (name, count) in connections(&database.owner).await? {
        all += count;
        report.insert(format!("connections, {name}"), count.into());
    }
    report.insert("connections".into(), all.into());
    report.insert("connections_for_each".into(), rounded(all as f64 / nodes.len() as f64));
    let among = writes(&person, args.writes).await?;
    for (prefix, measured) in [("alone_", &alone), ("", &among)] {
        report.insert(format!("{prefix}p50_ms"), rounded(measured.quantile_ms(0.5)));
        report.insert(format!("{prefix}p99_ms"), rounded(measured.quantile_ms(0.99)));
    }
    report.insert("ratio_of_p50".into(), rounded(among.quantile_ms(0.5) / alone.quantile_ms(0.5)));
    report::print(&report, args.json)
}

/// A client of a person whom it registers.
async fn registered(cluster: &Cluster, node: &Node) -> anyhow::Result<Client> {
    let person = sample::id(&sample::imported(cluster, interop::SAMPLES)?, "person_id")?;
    Ok(Client::new(node.channel().await?, &cluster.signer.person(person.into())?)?)
}

/// One write after the other.
async fn writes(person: &Client, count: u64) -> anyhow::Result<Measured> {
    let (mut measured, begun) = (Measured::none()?, Instant::now());
    for nth in 0..count {
        let asked = Instant::now();
        person.strength(&format!("knits, for the {nth}th time")).await?;
        measured.latency.record(u64::try_from(asked.elapsed().as_micros())?)?;
        measured.calls += 1;
    }
    measured.elapsed = begun.elapsed();
    Ok(measured)
}

/// Connections by the name that each has on the server.
async fn connections(owner: &str) -> anyhow::Result<Vec<(String, i64)>> {
    let mut owner = PgConnection::connect(owner).await?;
    let query = "SELECT application_name, count(*) FROM pg_stat_activity \
                  WHERE usename = 'alongside_app' GROUP BY application_name ORDER BY application_name";
    Ok(sqlx::query_as(query).fetch_all(&mut owner).await?)
}
