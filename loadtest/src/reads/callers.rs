//! The callers, in a process of their own: what they cost is not taken for what the server costs.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use client::Client;
use futures::future::BoxFuture;
use proto::access::v1::Purpose;
use proto::people::v1::{GetSharedPlanRequest, GetSharedPlanResponse};
use serde::{Deserialize, Serialize};
use tonic::transport::Endpoint;

use super::world::Reader;
use crate::measure::closed;

/// Connections between the callers and the server, if there are so many callers.
const CHANNELS: usize = 4;

/// Whom to call, and how.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// Where the server listens.
    #[arg(long)]
    address: SocketAddr,
    /// A file with those who read.
    #[arg(long)]
    readers: PathBuf,
    /// Callers at once.
    #[arg(long)]
    callers: usize,
    /// For how long.
    #[arg(long)]
    milliseconds: u64,
}

/// What the callers measured.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) reads: u64,
    pub(crate) reads_per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

/// Runs the callers in a process of their own.
pub(crate) async fn run(
    address: SocketAddr,
    readers: &std::path::Path,
    callers: usize,
    length: Duration,
) -> anyhow::Result<Measured> {
    let output = tokio::process::Command::new(std::env::current_exe()?)
        .args(["callers", "--address", &address.to_string(), "--callers", &callers.to_string()])
        .args(["--milliseconds", &length.as_millis().to_string()])
        .arg("--readers")
        .arg(readers)
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await?;
    anyhow::ensure!(output.status.success(), "the callers failed");
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The process of the callers: prints what they measured.
pub(crate) async fn call(args: Args) -> anyhow::Result<()> {
    let readers: Vec<Reader> = serde_json::from_slice(&std::fs::read(&args.readers)?)?;
    let mut channels = Vec::new();
    for _ in 0..CHANNELS.min(args.callers) {
        channels.push(Endpoint::from_shared(format!("http://{}", args.address))?.connect().await?);
    }
    let mut clients = Vec::with_capacity(readers.len());
    for (n, reader) in readers.iter().enumerate() {
        let channel = channels.get(n % channels.len()).cloned().context("a channel")?;
        clients.push((Client::new(channel, &reader.token)?, reader.person_id.clone()));
    }
    // Callers go round the people, each beginning with another.
    let caller = |first: usize| {
        let (clients, mut next) = (clients.clone(), first);
        move || -> BoxFuture<'static, anyhow::Result<()>> {
            next += 1;
            let reader = clients.get(next % clients.len()).cloned();
            Box::pin(async move {
                let (client, person_id) = reader.context("there is nobody to read")?;
                read(&client, person_id).await.map(drop)
            })
        }
    };
    let measured = closed((0..args.callers).map(caller).collect(), Duration::from_millis(args.milliseconds)).await?;
    let (p50_ms, p99_ms) = (measured.quantile_ms(0.5), measured.quantile_ms(0.99));
    let measured = Measured { reads: measured.calls, reads_per_second: measured.per_second(), p50_ms, p99_ms };
    Ok(serde_json::to_writer(std::io::stdout().lock(), &measured)?)
}

/// One read.
pub(crate) async fn read(client: &Client, person_id: String) -> anyhow::Result<GetSharedPlanResponse> {
    let purpose = Purpose::Treatment.into();
    let request = GetSharedPlanRequest { person_id, purpose, ..GetSharedPlanRequest::default() };
    let answer = client.people().get_shared_plan(request).await?.into_inner();
    anyhow::ensure!(!answer.entries.is_empty(), "a read disclosed nothing");
    Ok(answer)
}
