use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use alongside::compose::Stores;
use alongside::config::{Flags, load};
use anyhow::Context as _;
use domain::operations::Act;
use engine::EngineMetrics;
use indicatif::{ProgressBar, ProgressStyle};
use interop::{Bundle, Importer, NamedWorker, Outcome, Report, SourceSystem};
use serde_json::json;

use crate::output;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Import {
    /// FHIR R4 bundles, one person each. The organisations and workers that they name are not registered, and nobody signs in as
    /// them: an operator registers an agency, and the agency adds its staff, by the ids that `--json` lists. Importing the same bundle again changes nothing, so an import that was
    /// interrupted is simply run again.
    Fhir(Fhir),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Fhir {
    /// The bundles.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The URI of the system that they come from: what it calls `Patient/1` is somebody else than another source's. People of two
    /// sources are one only by a national number that `import.person_identifiers` names.
    #[arg(long, value_name = "URI", value_parser = SourceSystem::new)]
    source: SourceSystem,
    #[command(flatten)]
    operator: super::Operator,
    /// Print one JSON object for each bundle.
    #[arg(long)]
    json: bool,
    /// Name every resource, not only those that were left out.
    #[arg(long)]
    verbose: bool,
}

pub(super) async fn run(import: Import, flags: &Flags) -> anyhow::Result<()> {
    let Import::Fhir(args) = import;
    let config = load(flags)?;
    let _telemetry = super::telemetry(&config.telemetry)?;
    let national = config.import.national().context("`import.person_identifiers`")?;
    let stores = Stores::open(&config).await?;
    let engine = stores.engine(EngineMetrics::default());
    let importer = Importer::new(engine.clone(), args.source.clone(), national).await?;
    // What it begins leaves a trace, however far it comes.
    args.operator.acts(&engine, Act::Imported, None, args.source.as_str()).await?;
    let progress = ProgressBar::new(args.files.len() as u64);
    progress.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    let (mut events, mut unchanged, mut agencies, mut failures) = (0, 0, BTreeSet::new(), Vec::new());
    // One after the other: a file that is refused is not imported at all, and keeps no other from it.
    for file in &args.files {
        progress.set_message(file.display().to_string());
        match import_file(&importer, file).await {
            Ok(report) => {
                events += report.events;
                // Each agency is told that it was named, once a run, and however the run ends.
                for agency in report.agencies.iter().filter(|_| report.events > 0) {
                    if agencies.insert(*agency) {
                        args.operator.acts(&engine, Act::Imported, Some(*agency), args.source.as_str()).await?;
                    }
                }
                unchanged += usize::from(report.events == 0);
                progress.suspend(|| print(&args, &report))?;
            }
            Err(failure) => failures.push(failure),
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    let imported = args.files.len() - failures.len();
    output::note(&format!("{imported} bundles, {events} events; {unchanged} bundles changed nothing"));
    match failures.as_slice() {
        [] => Ok(()),
        failures => {
            let list: String = failures.iter().map(|failure| format!("\n  {failure:#}")).collect();
            anyhow::bail!("{} of {} files were not imported:{list}", failures.len(), args.files.len())
        }
    }
}

async fn import_file(importer: &Importer, file: &Path) -> anyhow::Result<Report> {
    Ok(importer.import(&read(file)?).await?)
}

/// Reads a file, but none that is too large to be read as a bundle.
fn read(file: &Path) -> anyhow::Result<Bundle> {
    let unread = || format!("{} cannot be read", file.display());
    let opened = File::open(file).with_context(unread)?;
    let most = u64::try_from(interop::SIZE_LIMIT)?;
    let size = opened.metadata().with_context(unread)?.len();
    anyhow::ensure!(size <= most, "{}: has more than `{most}` bytes; split it", file.display());
    // A pipe tells no size.
    let mut bytes = Vec::new();
    opened.take(most + 1).read_to_end(&mut bytes).with_context(unread)?;
    Ok(interop::read(&file.display().to_string(), &bytes)?)
}

fn print(args: &Fhir, report: &Report) -> std::io::Result<()> {
    if args.json {
        let lines: Vec<_> = report
            .lines
            .iter()
            .map(|line| match &line.outcome {
                Outcome::Became(what) => json!({"resource": line.resource, "became": what}),
                Outcome::AlreadyThere => json!({"resource": line.resource, "already_there": true}),
                Outcome::Changed => json!({"resource": line.resource, "changed": true}),
                Outcome::LeftOut(why) => json!({"resource": line.resource, "left_out": why}),
            })
            .collect();
        let worker = |NamedWorker { resource, worker, supports }: &NamedWorker| json!({"resource": resource, "agency_id": worker.agency(), "staff_id": worker.staff(), "supports": supports});
        let workers: Vec<_> = report.workers.iter().map(worker).collect();
        let report = json!({
            "file": report.file,
            "person_id": report.person,
            "agency_ids": report.agencies,
            "workers": workers,
            "events": report.events,
            "resources": lines,
        });
        return output::line(&report.to_string());
    }
    let count = |wanted: fn(&Outcome) -> bool| report.lines.iter().filter(|line| wanted(&line.outcome)).count();
    let (became, there) = (count(|o| matches!(o, Outcome::Became(_))), count(|o| matches!(o, Outcome::AlreadyThere)));
    let (changed, left_out) = (count(|o| matches!(o, Outcome::Changed)), count(|o| matches!(o, Outcome::LeftOut(_))));
    let counts = format!(
        "{became} resources imported, {there} already there, {changed} changed at their source, {left_out} left out"
    );
    output::line(&format!("{}: person {}, {} events; {counts}", report.file, report.person, report.events))?;
    for line in &report.lines {
        match &line.outcome {
            Outcome::LeftOut(why) => output::line(&format!("  {} left out: {why}", line.resource))?,
            Outcome::Became(what) if args.verbose => output::line(&format!("  {} became {what}", line.resource))?,
            Outcome::Changed => output::line(&format!(
                "  {} changed at its source: what was imported before is left as it is",
                line.resource
            ))?,
            Outcome::AlreadyThere if args.verbose => output::line(&format!("  {} already there", line.resource))?,
            Outcome::Became(_) | Outcome::AlreadyThere => {}
        }
    }
    Ok(())
}
