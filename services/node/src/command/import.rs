use std::path::PathBuf;

use alongside::compose::Stores;
use alongside::config::{Flags, load};
use anyhow::Context as _;
use engine::EngineMetrics;
use indicatif::{ProgressBar, ProgressStyle};
use interop::{Importer, Outcome, Plan, Report};
use serde_json::json;

use crate::output;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Import {
    /// FHIR R4 bundles, one person each. Importing the same bundle again changes nothing, so an import that was
    /// interrupted is simply run again.
    Fhir(Fhir),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Fhir {
    /// The bundles.
    #[arg(required = true)]
    files: Vec<PathBuf>,
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
    // All are read before any is imported: a malformed file changes nothing.
    let plans = args.files.iter().map(read).collect::<anyhow::Result<Vec<_>>>()?;
    let stores = Stores::open(&config).await?;
    let importer = Importer::new(stores.engine(EngineMetrics::default()));
    let progress = ProgressBar::new(plans.len() as u64);
    progress.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    let (mut events, mut unchanged) = (0, 0);
    for plan in &plans {
        let report = importer.import(plan).await?;
        events += report.events;
        unchanged += usize::from(report.events == 0);
        progress.set_message(report.file.clone());
        progress.inc(1);
        progress.suspend(|| print(&args, &report))?;
    }
    progress.finish_and_clear();
    let bundles = plans.len();
    output::note(&format!("{bundles} bundles, {events} events; {unchanged} bundles changed nothing"));
    Ok(())
}

fn read(file: &PathBuf) -> anyhow::Result<Plan> {
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(interop::plan(&interop::read(&file.display().to_string(), &bytes)?)?)
}

fn print(args: &Fhir, report: &Report) -> std::io::Result<()> {
    if args.json {
        let lines: Vec<_> = report
            .lines
            .iter()
            .map(|line| match &line.outcome {
                Outcome::Became(what) => json!({"resource": line.resource, "became": what}),
                Outcome::AlreadyThere => json!({"resource": line.resource, "already_there": true}),
                Outcome::LeftOut(why) => json!({"resource": line.resource, "left_out": why}),
            })
            .collect();
        let report = json!({"file": report.file, "person_id": report.person.to_string(), "events": report.events, "resources": lines});
        return output::line(&report.to_string());
    }
    let count = |wanted: fn(&Outcome) -> bool| report.lines.iter().filter(|line| wanted(&line.outcome)).count();
    let (became, there) = (count(|o| matches!(o, Outcome::Became(_))), count(|o| matches!(o, Outcome::AlreadyThere)));
    let left_out = count(|o| matches!(o, Outcome::LeftOut(_)));
    let counts = format!("{became} resources imported, {there} already there, {left_out} left out");
    output::line(&format!("{}: person {}, {} events; {counts}", report.file, report.person, report.events))?;
    for line in &report.lines {
        match &line.outcome {
            Outcome::LeftOut(why) => output::line(&format!("  {} left out: {why}", line.resource))?,
            Outcome::Became(what) if args.verbose => output::line(&format!("  {} became {what}", line.resource))?,
            Outcome::AlreadyThere if args.verbose => output::line(&format!("  {} already there", line.resource))?,
            Outcome::Became(_) | Outcome::AlreadyThere => {}
        }
    }
    Ok(())
}
