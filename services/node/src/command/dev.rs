use std::path::{Path, PathBuf};

use alongside::config::{Config, Flags};
use alongside::dev::{self, Dev};
use alongside::tokens::TokenSigner;
use anyhow::{Context as _, ensure};
use client::Client;
use domain::ids::AgencyId;
use indicatif::{ProgressBar, ProgressStyle};
use interop::Report;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};

use crate::output;

/// Sample people who are named with their tokens.
const NAMED: usize = 2;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where everything is kept.
    #[arg(long, default_value = "alongside-dev")]
    data: PathBuf,
}

pub(super) async fn run(args: Args, flags: &Flags) -> anyhow::Result<()> {
    let (config, _telemetry) = prepare(&args.data, flags)?;
    let stop = super::told_to_stop()?;
    let dev = start(&config, &args.data, stop).await?;
    introduce(&dev, &args.data).await?;
    dev.running.ended().await;
    Ok(())
}

/// The settings of a development system, with what flags may change of them.
pub(super) fn prepare(data: &Path, flags: &Flags) -> anyhow::Result<(Config, telemetry::Guard)> {
    let Flags { config, database, bus, roles, listen: _, admin: _, portal: _ } = flags;
    ensure!(
        config.is_none() && database.is_none() && bus.is_none() && roles.is_empty(),
        "a development system has settings of its own: of these flags it takes `--listen`, `--admin` and `--portal` only"
    );
    let mut config = dev::config(data)?;
    config.listen = flags.listen.unwrap_or(config.listen);
    config.admin = flags.admin.unwrap_or(config.admin);
    config.portal.listen = flags.portal.unwrap_or(config.portal.listen);
    let telemetry = super::telemetry(&config.telemetry)?;
    Ok((config, telemetry))
}

/// Starts a development system, with progress for whoever watches.
pub(super) async fn start(config: &Config, data: &Path, stop: CancellationToken) -> anyhow::Result<Dev> {
    let bar = ProgressBar::new(interop::samples().count() as u64);
    bar.set_style(ProgressStyle::with_template("importing sample people {bar:30} {pos}/{len}")?);
    let dev = dev::start_dev(config, data, |_| bar.inc(1), stop).await?;
    bar.finish_and_clear();
    Ok(dev)
}

async fn introduce(dev: &Dev, data: &Path) -> anyhow::Result<()> {
    if let Some(pages) = dev.running.pages() {
        output::line(&format!(
            "pages    {pages}   (what a person sees: who has looked, what is shared, who supports them)"
        ))?;
    }
    output::note("");
    output::note("  ***  NOT FOR PRODUCTION: whoever reads this directory can sign in as anybody.  ***");
    output::note("");
    output::line(&format!("gRPC     {}   (reflection, health and gRPC-web are on)", dev.running.address))?;
    output::line(&format!("metrics  http://{}/metrics", dev.running.admin))?;
    output::line(&format!("data     {}", data.display()))?;
    output::line("")?;
    output::line(&format!("operator\n  {}", dev.signer.operator()?))?;
    let channel = Endpoint::from_shared(format!("http://{}", dev.running.address))?.connect().await?;
    let mut agencies = Vec::new();
    for report in dev.imported.iter().take(NAMED) {
        agencies.push(tokens(&dev.signer, &channel, report).await?);
    }
    let agency = *agencies.first().context("every sample is seen by somebody")?;
    feed(dev, data, &channel, agency).await?;
    output::line("")?;
    output::line(&format!("More tokens: alongside token --data {} (person|staff|operator) …", data.display()))?;
    output::note("Ctrl-C stops it.");
    Ok(())
}

/// A sample feed, and the command that reads it.
async fn feed(dev: &Dev, data: &Path, channel: &Channel, agency: AgencyId) -> anyhow::Result<()> {
    let operator = Client::new(channel.clone(), &dev.signer.operator()?)?;
    let feed = dev::sample_feed(channel, &dev.signer, (&operator, agency), data).await?;
    let (feed_id, address, token_file) = (feed.feed_id, dev.running.address, feed.token_file);
    let read =
        format!("alongside feeds read {feed_id} --server http://{address} --token-file {}", token_file.display());
    Ok(output::line(&format!("\nfeed of that agency's record system\n  {read}"))?)
}

/// Tokens for a sample person, and for somebody whom the import named as a supporter, who joins the staff for that. Returns their agency.
async fn tokens(signer: &TokenSigner, channel: &Channel, report: &Report) -> anyhow::Result<AgencyId> {
    let (person, operator) = (signer.person(report.person)?, signer.operator()?);
    output::line(&format!("\nperson {} ({})\n  {person}", report.person, report.file))?;
    let people = Client::new(channel.clone(), &person)?.my_people(0).await?;
    let named = people.into_iter().next().and_then(|proposal| proposal.supporter);
    let named = named.context("every sample is seen by somebody")?;
    dev::enrol(&Client::new(channel.clone(), &operator)?, &named).await?;
    let agency = AgencyId(named.agency_id.parse()?);
    output::line(&format!(
        "staff {} of agency {agency}, whose support is proposed\n  {}",
        named.staff_id,
        signer.staff(agency, &named.staff_id)?
    ))?;
    Ok(agency)
}
