//! Building all views again, from a log of receipts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use domain::access::Access;
use domain::access::events::RecordViewed;
use domain::ids::{AgencyId, PersonId, ReceiptId, StaffId};
use domain::vocabulary::{Author, Category, Purpose, Version, Worker};
use engine::{Changes, Context, EngineMetrics};
use event_log::Position;
use serde_json::{Map, Value};
use tokio::task::JoinSet;
use uuid::Uuid;
use views::Rebuild;

use crate::report::{self, rounded};
use crate::{Backend, reads::world::World};

/// Who looks at once while the log is filled.
const WRITERS: u64 = 64;
/// Looks in one append.
const TOGETHER: u64 = 50;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The database.
    #[arg(long, value_enum)]
    backend: Backend,
    /// Receipts in the log, beside the sample people.
    #[arg(long, default_value_t = 300_000)]
    receipts: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let world = World::start(args.backend, None, None).await?;
    let people: Vec<PersonId> =
        world.readers.iter().map(|reader| Ok(PersonId(reader.person_id.parse()?))).collect::<anyhow::Result<_>>()?;
    let engine = Arc::new(world.stores.engine(EngineMetrics::default()));
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let (engine, people, each) = (engine.clone(), people.clone(), args.receipts / WRITERS / TOGETHER);
        writers.spawn(async move {
            for n in 0..each {
                let mut changes = Changes::new(&Context::of_system());
                let index = usize::try_from(n)? % people.len();
                let person = *people.get(index).context("a person")?;
                for _ in 0..TOGETHER {
                    let receipt = ReceiptId(Uuid::now_v7());
                    changes.fact::<Access>(person, person, receipt, looked(receipt).into());
                }
                engine.commit(changes).await?.done().context("nothing can have moved")?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(written) = writers.join_next().await {
        written??;
    }
    world.views_catch_up().await?;
    let stores = world.stores.clone();
    // Only the rebuild is measured.
    let _beneath = world.pause().await;
    let rebuild = Rebuild { log: stores.log.clone(), store: stores.documents.clone(), codec: stores.codec.clone() };
    let (begun, events) = (Instant::now(), stores.log.head().await?);
    let built = rebuild.run(views::all()).await?;
    let took = begun.elapsed();
    report::print(&figures(&built, events, took)?, args.json)
}

fn figures(built: &[views::Rebuilt], events: Position, took: Duration) -> anyhow::Result<Map<String, Value>> {
    let documents: u64 = built.iter().map(|view| view.documents).sum();
    let mut report = Map::new();
    report.insert("events".into(), events.0.into());
    report.insert("documents".into(), documents.into());
    report.insert("seconds".into(), rounded(took.as_secs_f64()));
    report.insert("documents_per_second".into(), rounded(documents as f64 / took.as_secs_f64()));
    report.insert("events_per_second".into(), rounded(events.0 as f64 / took.as_secs_f64()));
    let differing: Option<u64> = built.iter().map(|view| view.differing).sum();
    report.insert("differing".into(), differing.into());
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("the process knows its size")?;
    report.insert("peak_memory".into(), peak.trim().into());
    Ok(report)
}

fn looked(receipt: ReceiptId) -> RecordViewed {
    let worker = Worker::new(AgencyId(Uuid::from_u128(1)), StaffId(Uuid::from_u128(2)));
    RecordViewed {
        receipt,
        party: Author::Worker(worker),
        role: "district nurse".into(),
        purpose: Purpose::CareCoordination,
        categories: vec![Category::Goals, Category::Health],
        entries: 12,
        named_authors: false,
        under_emergency: false,
        directive: Version(3),
        refused: vec![],
        lawful_bases: vec![],
        session: false,
    }
}
