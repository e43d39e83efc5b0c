//! A server of its own process, agencies with a feed each, and people who let one of them receive what they write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use client::{Client, request_id, terms};
use domain::ids::{AgencyId, PersonId};
use gate::Binding;
use harness::{Cluster, Nats, Node, Postgres};
use node::compose::Stores;
use node::config::Flags;
use node::tokens::issuer_name;
use proto::access::v1::Party;
use proto::access::v1::{Action, Purpose, RecordCategory};
use proto::agencies::v1::{AddStaffRequest, RegisterAgencyRequest};
use proto::feeds::v1::{AddServiceAccountRequest, ContentLevel, Door, OpenFeedRequest};
use proto::sharing::v1::provision_actor::Actor;
use serde_json::Value;
use tonic::transport::Channel;
use uuid::Uuid;

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
    _node: Node,
    _cluster: Cluster,
    _nats: Nats,
    _postgres: Postgres,
}

/// A person, and somebody whom their record names.
struct Named {
    person: PersonId,
    agency: AgencyId,
    staff_id: String,
}

impl World {
    pub(crate) async fn start(agencies: usize, people: usize) -> anyhow::Result<Self> {
        anyhow::ensure!((1..=people).contains(&agencies), "at least as many people as agencies");
        let (postgres, nats) = (Postgres::start().await?, Nats::start().await?);
        let cluster = Cluster::new(&postgres.database().await?.app, &nats.url())?;
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
            systems.push(opened(&cluster, &operator, named.agency, node.channel().await?).await?);
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
        Ok(Self { people: writers, systems, stores, _node: node, _cluster: cluster, _nats: nats, _postgres: postgres })
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
    let (name, bundle) = interop::samples().next().context("a sample")?;
    let file = cluster.directory().join(name);
    std::fs::write(&file, bundle)?;
    let (source, file) = (format!("urn:alongside:load:{nth}"), file.display().to_string());
    let output = cluster.run(&["import", "fhir", "--json", "--source", &source, &file])?;
    let said: Value = serde_json::from_slice(&output.stdout).context("the sample is imported")?;
    let workers = said.get("workers").and_then(Value::as_array).context("workers")?;
    let supports = |worker: &&Value| worker.get("supports").and_then(Value::as_bool) == Some(true);
    let worker = workers.iter().find(supports).context("somebody supports them")?;
    Ok(Named {
        person: PersonId(id(&said, "person_id")?),
        agency: AgencyId(id(worker, "agency_id")?),
        staff_id: id(worker, "staff_id")?.to_string(),
    })
}

fn id(value: &Value, name: &str) -> anyhow::Result<Uuid> {
    Ok(value.get(name).and_then(Value::as_str).with_context(|| format!("`{name}`"))?.parse()?)
}

/// The agency's administrator opens a feed for a system of it.
async fn opened(cluster: &Cluster, operator: &Client, agency: AgencyId, channel: Channel) -> anyhow::Result<System> {
    let (agency_id, issuer) = (agency.to_string(), issuer_name(Binding::Agency(agency)));
    let administrator = AddStaffRequest {
        request_id: request_id(),
        agency_id: agency_id.clone(),
        subject: "administrator".into(),
        name: "Administrator".into(),
        roles: vec!["administrator".into()],
        issuer: issuer.clone(),
        staff_id: String::new(),
    };
    operator.agencies().add_staff(administrator).await?;
    let administrator = Client::new(channel.clone(), &cluster.signer.staff(agency, "administrator")?)?;
    let account = AddServiceAccountRequest {
        request_id: request_id(),
        agency_id: agency_id.clone(),
        name: "record system".into(),
        issuer,
        subject: "system".into(),
    };
    administrator.feeds().add_service_account(account).await?;
    let open = OpenFeedRequest {
        request_id: request_id(),
        agency_id,
        name: "record system".into(),
        door: Door::Grpc.into(),
        purpose: Purpose::CareCoordination.into(),
        content: ContentLevel::IdOnly.into(),
        ..OpenFeedRequest::default()
    };
    let feed_id = administrator.feeds().open_feed(open).await?.into_inner().feed_id;
    Ok(System { client: Client::new(channel, &cluster.signer.staff(agency, "system")?)?, feed_id })
}
