//! A server of its own process, agencies with a feed each, and people who let one of them receive what they write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use async_nats::jetstream::stream;
use client::{Client, request_id, terms};
use domain::ids::{AgencyId, PersonId};
use harness::{Cluster, Nats, NatsAccounts, Node, Postgres};
use node::compose::Stores;
use node::config::Flags;
use node::dev::{SAMPLE_SYSTEM, open_feed};
use proto::access::v1::Party;
use proto::access::v1::{Action, Purpose, RecordCategory};
use proto::agencies::v1::RegisterAgencyRequest;
use proto::feeds::v1::{ContentLevel, Door};
use proto::sharing::v1::provision_actor::Actor;
use serde_json::Value;

use crate::sample;

/// About how large an event of a feed is, in bytes: ids alone.
const EVENT_BYTES: usize = 480;
/// How many publications wait for their acknowledgement at once, as many as a feed has at most.
const AT_ONCE: usize = 500;
/// How often it is looked how far views are behind.
const LOOK: Duration = Duration::from_secs(1);

/// A system of an agency, and its feed.
#[derive(Clone)]
pub(crate) struct System {
    pub(crate) client: Client,
    pub(crate) feed_id: String,
}

pub(crate) struct World {
    pub(crate) people: Vec<Client>,
    pub(crate) systems: Vec<System>,
    stores: Stores,
    // Dropped in this order: the server before what it needs.
    node: Node,
    kept: (Cluster, Nats, NatsAccounts, Postgres),
}

/// A person, and somebody whom their record names.
struct Named {
    person: PersonId,
    agency: AgencyId,
    staff_id: String,
}

impl World {
    pub(crate) async fn start(agencies: usize, people: usize, door: Door) -> anyhow::Result<Self> {
        anyhow::ensure!((1..=people).contains(&agencies), "at least as many people as agencies");
        let (postgres, accounts) = (Postgres::start().await?, NatsAccounts::new()?);
        let nats = Nats::start_with(&accounts.configuration()?).await?;
        let mut cluster = Cluster::new(&postgres.database().await?.app, &nats.url())?;
        accounts.configure(&mut cluster, &nats, toml::Table::new());
        let named: Vec<Named> = (0..people).map(|nth| imported(&cluster, nth)).collect::<anyhow::Result<_>>()?;
        for named in named.iter().take(agencies) {
            cluster.trust(named.agency);
        }
        let node = cluster.start("").await?;
        let (operator, mut workers, mut systems) = (cluster.signer.operator()?, vec![], vec![]);
        let operator = Client::new(node.channel().await?, &operator)?;
        for (nth, named) in named.iter().take(agencies).enumerate() {
            let register = RegisterAgencyRequest {
                request_id: request_id(),
                agency_id: named.agency.to_string(),
                // Each source calls its agency the same.
                place: format!("District {nth}"),
                confirmed: true,
                ..RegisterAgencyRequest::default()
            };
            operator.agencies().register_agency(register).await?;
            let party = Party {
                agency_id: named.agency.to_string(),
                staff_id: named.staff_id.clone(),
                role: "nurse".into(),
                ..Party::default()
            };
            node::dev::enrol(&operator, &party).await?;
            let token = cluster.signer.staff(named.agency, &named.staff_id)?;
            workers.push((named.agency, Client::new(node.channel().await?, &token)?));
            let channel = node.channel().await?;
            let how = (door, ContentLevel::IdOnly);
            let (feed_id, _) = open_feed(&channel, &cluster.signer, (&operator, named.agency), how).await?;
            let token = cluster.signer.staff(named.agency, SAMPLE_SYSTEM)?;
            systems.push(System { client: Client::new(channel, &token)?, feed_id });
        }
        let mut writers = Vec::new();
        for (named, (agency, worker)) in named.iter().zip(workers.iter().cycle()) {
            let person = Client::new(node.channel().await?, &cluster.signer.person(named.person)?)?;
            let proposed = worker.propose(&named.person.to_string(), "A visit every Tuesday").await?;
            person.accept(&proposed.relationship_id).await?;
            let agency = Actor::AgencyId(agency.to_string());
            let actions = [Action::Read, Action::Subscribe];
            person.grant(terms(agency, [RecordCategory::Strengths], Purpose::CareCoordination, actions)).await?;
            writers.push(person);
        }
        let flags = Flags { config: Some(cluster.config_file()?), ..Flags::default() };
        let stores = Stores::open(&node::config::load(&flags)?).await?;
        let kept = (cluster, nats, accounts, postgres);
        Ok(Self { people: writers, systems, stores, node, kept })
    }

    /// How many messages as large as an event of a feed plain JetStream takes in a second, published as fast as it does, for comparison.
    pub(crate) async fn published_plainly(&self, count: usize) -> anyhow::Result<f64> {
        let (_, nats, accounts, _) = &self.kept;
        let servers = nats.servers()?.with_credentials(accounts.file(node::nats_accounts::BUS))?;
        let context = async_nats::jetstream::new(servers.connect("plain").await?);
        let config = stream::Config { name: "PLAIN".into(), subjects: vec!["plain".into()], ..Default::default() };
        context.create_stream(config).await?;
        let payload = bytes::Bytes::from(vec![b'x'; EVENT_BYTES]);
        let begun = Instant::now();
        for _ in 0..count.div_ceil(AT_ONCE) {
            let mut waiting = Vec::with_capacity(AT_ONCE);
            for _ in 0..AT_ONCE {
                waiting.push(context.publish("plain", payload.clone()).await?);
            }
            for taken in waiting {
                taken.await?;
            }
        }
        Ok(count as f64 / begun.elapsed().as_secs_f64())
    }

    /// The memory of the server's process, in megabytes.
    pub(crate) fn memory_mb(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.node.process()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("its memory")?;
        let kilobytes: f64 = line.split_whitespace().nth(1).context("its memory")?.parse()?;
        Ok(kilobytes / 1024.0)
    }

    /// Until it is stopped: the longest that the views took, at any second, to apply what the log held then.
    pub(crate) fn views_behind(
        &self,
        stop: Arc<AtomicBool>,
    ) -> impl Future<Output = anyhow::Result<Duration>> + Send + use<> {
        let stores = self.stores.clone();
        async move {
            let mut longest = Duration::ZERO;
            while !stop.load(Ordering::Relaxed) {
                let (begun, head) = (Instant::now(), stores.log.head().await?.0);
                for view in views::all() {
                    while stores.documents.position(view.name()).await? < head {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                }
                longest = longest.max(begun.elapsed());
                tokio::time::sleep(LOOK.saturating_sub(begun.elapsed())).await;
            }
            Ok(longest)
        }
    }
}

/// A sample, as another source each time tells it: another person, and other agencies.
fn imported(cluster: &Cluster, nth: usize) -> anyhow::Result<Named> {
    let said = sample::imported(cluster, &format!("urn:alongside:load:{nth}"))?;
    let workers = said.get("workers").and_then(Value::as_array).context("workers")?;
    let supports = |worker: &&Value| worker.get("supports").and_then(Value::as_bool) == Some(true);
    let worker = workers.iter().find(supports).context("somebody supports them")?;
    Ok(Named {
        person: PersonId(sample::id(&said, "person_id")?),
        agency: AgencyId(sample::id(worker, "agency_id")?),
        staff_id: sample::id(worker, "staff_id")?.to_string(),
    })
}
