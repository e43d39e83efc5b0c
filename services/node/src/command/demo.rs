use std::net::SocketAddr;

use alongside::config::Flags;
use alongside::demo;
use anyhow::Context as _;
use tonic::transport::Endpoint;

use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leave it running after the story.
    #[arg(long)]
    keep: bool,
}

pub(super) async fn run(args: Args, flags: &Flags) -> anyhow::Result<()> {
    // The story begins on a fresh system each time.
    let data = std::env::temp_dir().join(format!("alongside-demo-{}", uuid::Uuid::now_v7().simple()));
    let result = told(&args, flags, &data).await;
    if !args.keep {
        std::fs::remove_dir_all(&data).with_context(|| format!("`{}` is left behind", data.display()))?;
    }
    result
}

async fn told(args: &Args, flags: &Flags, data: &std::path::Path) -> anyhow::Result<()> {
    let any_port = || Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let flags = Flags {
        listen: flags.listen.or_else(any_port),
        admin: flags.admin.or_else(any_port),
        portal: flags.portal.or_else(any_port),
        ..flags.clone()
    };
    let (config, _telemetry) = super::dev::prepare(data, &flags)?;
    let stop = super::told_to_stop()?;
    let dev = super::dev::start(&config, data, stop.clone()).await?;
    let events: usize = dev.imported.iter().map(|report| report.events).sum();
    output::line(&format!("{} sample people imported, as {events} events.\n", dev.imported.len()))?;
    let person =
        dev.imported.iter().find(|report| report.file == demo::SAMPLE).context("the sample is missing")?.person;
    let channel = Endpoint::from_shared(format!("http://{}", dev.running.address))?.connect().await?;
    let mut failed = None;
    let tell = |text: &str| {
        if let Err(error) = output::line(text) {
            failed.get_or_insert(error);
        }
    };
    let mut tell = tell;
    demo::play(channel, &dev.signer, person, &mut tell).await?;
    let pages = dev.running.pages().context("the person's pages are served")?;
    demo::on_their_pages(&pages, &alongside::dev::name_of(demo::SAMPLE), &mut tell).await?;
    let server = format!("http://{}", dev.running.address);
    demo::asked_as_json(&server, &dev.signer.person(person)?, &mut tell).await?;
    demo::what_a_backup_holds(&config, &data.join("kept"), &mut tell).await?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    output::line("\n## What to try next\n")?;
    output::line("  cargo run --release -- dev            the same system without the story, with tokens")?;
    output::line("  cargo run --release -- import fhir …  your own FHIR R4 bundles, with their `--source`")?;
    output::line("  cargo run --release -- rebuild        build every view from the log again, and compare")?;
    if args.keep {
        output::line(&format!("\nStill running: gRPC on {}, data in {}", dev.running.address, data.display()))?;
        if let Some(pages) = dev.running.pages() {
            output::line(&format!("The person's pages: {pages}"))?;
        }
        output::note("Ctrl-C stops it.");
        dev.running.ended().await;
    } else {
        dev.running.stop().await;
    }
    Ok(())
}
