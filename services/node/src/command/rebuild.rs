use std::sync::Arc;

use alongside::compose::Stores;
use alongside::config::{Flags, load};
use anyhow::bail;
use domain::operations::Act;
use engine::EngineMetrics;
use serde_json::json;
use views::{AnyView, Rebuild, Unparked};

use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The views to rebuild; all when none is given.
    views: Vec<String>,
    /// Only replay those subjects that are parked because what happened could not be read, each of them alone.
    #[arg(long)]
    parked: bool,
    /// Print one JSON object for each view.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    operator: super::Operator,
}

pub(super) async fn run(args: Args, flags: &Flags) -> anyhow::Result<()> {
    let config = load(flags)?;
    let _telemetry = super::telemetry(&config.telemetry)?;
    let known = views::all();
    if let Some(unknown) = args.views.iter().find(|name| !known.iter().any(|view| view.name() == name.as_str())) {
        let names: Vec<_> = known.iter().map(|view| view.name()).collect();
        bail!("there is no view `{unknown}`; there are `{}`", names.join("`, `"));
    }
    let stores = Stores::open(&config).await?;
    let rebuild = Rebuild { log: stores.log.clone(), store: stores.documents.clone(), codec: stores.codec.clone() };
    let mut differing = 0;
    let wanted = |name: &str| args.views.is_empty() || args.views.iter().any(|wanted| wanted == name);
    let views: Vec<_> = known.into_iter().filter(|view| wanted(view.name())).collect();
    // First, so that it leaves a trace however far it comes; and the views that grew have that trace, too, when nobody serves.
    let mut about = if args.views.is_empty() { "all views".to_owned() } else { args.views.join(", ") };
    if args.parked {
        about.push_str(": who was parked");
    }
    args.operator.acts(&stores.engine(EngineMetrics::default()), Act::Rebuilt, None, &about).await?;
    rebuild.follow(views::all()).await?;
    if args.parked {
        return unpark(&rebuild, views, args.json).await;
    }
    for built in rebuild.run(views).await? {
        differing += built.differing.unwrap_or(0);
        let text = if args.json {
            let (view, documents, generation) = (built.view, built.documents, built.generation);
            json!({"view": view, "generation": generation, "position": built.position, "documents": documents, "differing": built.differing}).to_string()
        } else {
            let compared = match built.differing {
                None => "not compared: the system was not at rest".to_owned(),
                Some(0) => "equal to the view that grew".to_owned(),
                Some(n) => format!("{n} differed from the view that grew"),
            };
            format!("{}: {} documents up to position {}, {compared}", built.view, built.documents, built.position)
        };
        output::line(&text)?;
    }
    if differing > 0 {
        bail!("{differing} documents differed; the rebuilt ones are in place");
    }
    Ok(())
}

async fn unpark(rebuild: &Rebuild, views: Vec<Arc<dyn AnyView>>, json: bool) -> anyhow::Result<()> {
    let mut parked = 0;
    for view in views {
        let Some(Unparked { view, whole, parked: still }) = rebuild.unpark(view).await? else { continue };
        parked += still.len();
        let each = still.iter().map(|(position, why)| json!({"position": position, "why": why}));
        output::line(&if json {
            json!({"view": view, "whole": whole, "parked": each.collect::<Vec<_>>()}).to_string()
        } else {
            let why: String = still.iter().map(|(position, why)| format!("; at {position}: {why}")).collect();
            format!("{view}: {whole} whole again, {} parked still{why}", still.len())
        })?;
    }
    if parked > 0 {
        bail!("{parked} cannot be read still");
    }
    Ok(())
}
