//! A system on real servers with the sample people in it, and callers.

use domain::ids::{AgencyId, PersonId};
use harness::{Cluster, Database, Nats, Node, Postgres};
use node::client::Client;
use node::compose::Stores;
use node::config::Flags;
use proto::access::v1::{Action, Purpose, RecordCategory};
use proto::people::v1::{GetSharedPlanRequest, GetSharedPlanResponse};
use proto::relationships::v1::{AcceptSupportRequest, ListMyPeopleRequest};
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{GrantProvisionRequest, ProvisionActor, ProvisionTerms};
use serde_json::Value;
use tonic::Status;
use tonic::transport::Channel;
use uuid::Uuid;

/// PostgreSQL, NATS and the settings of a system on them. Migrated, and nothing imported.
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) database: Database,
    pub(crate) nats: Nats,
    _postgres: Postgres,
}

impl World {
    pub(crate) async fn distributed() -> Self {
        let postgres = Postgres::start().await.unwrap();
        let nats = Nats::start().await.unwrap();
        let database = postgres.database().await.unwrap();
        let cluster = Cluster::new(&database.app, &nats.url()).unwrap();
        Self { cluster, database, nats, _postgres: postgres }
    }

    /// Imports the first few sample people with the command line.
    pub(crate) fn import(&self, count: usize) {
        import(&self.cluster, count);
    }

    pub(crate) async fn start(&self) -> Node {
        self.cluster.start("").await.unwrap()
    }
}

/// The stores of a system, opened beside its servers.
pub(crate) async fn stores(cluster: &Cluster) -> Stores {
    let flags = Flags { config: Some(cluster.config_file().unwrap()), ..Flags::default() };
    Stores::open(&node::config::load(&flags).unwrap()).await.unwrap()
}

/// Waits until every view has applied all that is in the log, and returns the log's head. Nobody may call meanwhile.
pub(crate) async fn at_rest(cluster: &Cluster) -> u64 {
    let stores = stores(cluster).await;
    let head = stores.log.head().await.unwrap().0;
    for view in views::all() {
        let documents = &stores.documents;
        harness::wait_until(view.name(), || async { Ok(documents.position(view.name()).await? == head) })
            .await
            .unwrap();
    }
    assert_eq!(stores.log.head().await.unwrap().0, head, "somebody still writes");
    head
}

/// What a rebuild of all views came to, by view. The first one after the views were at rest is the one that counts: a
/// second one would compare a rebuild with a rebuild.
pub(crate) fn rebuild(cluster: &Cluster) -> (std::process::ExitStatus, Vec<Value>) {
    let output = cluster.run(&["rebuild", "--json"]).unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let rebuilt: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rebuilt.len(), views::all().len(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status, rebuilt)
}

/// The views that grew equal views rebuilt, at this position. The servers must have ended.
pub(crate) fn views_equal_a_rebuild(cluster: &Cluster, head: u64) {
    let (status, rebuilt) = rebuild(cluster);
    assert!(status.success(), "{rebuilt:?}");
    assert!(rebuilt.iter().all(|view| view["differing"] == 0 && view["position"] == head), "{head}: {rebuilt:?}");
}

/// Writes sample bundles to files and imports them; returns what the command printed, by line.
pub(crate) fn import(cluster: &Cluster, count: usize) -> Vec<Value> {
    let directory = cluster.directory().join("bundles");
    std::fs::create_dir_all(&directory).unwrap();
    let mut arguments = vec!["import".to_owned(), "fhir".to_owned(), "--json".to_owned()];
    for (name, bytes) in interop::samples().take(count) {
        let file = directory.join(name);
        std::fs::write(&file, bytes).unwrap();
        arguments.push(file.display().to_string());
    }
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let output = cluster.run(&arguments).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A sample person, and somebody who has proposed to support them.
pub(crate) struct Pair {
    pub(crate) person: PersonId,
    pub(crate) agency: AgencyId,
    pub(crate) subject: String,
    pub(crate) staff_id: String,
}

pub(crate) fn pair(index: usize) -> Pair {
    let (name, bytes) = interop::samples().nth(index).unwrap();
    let plan = interop::plan(&interop::read(&name, &bytes).unwrap()).unwrap();
    let (staff, agency, subject) = plan.supporters().next().unwrap();
    Pair { person: plan.person(), agency, subject: subject.to_owned(), staff_id: staff.to_string() }
}

pub(crate) fn request() -> String {
    Uuid::now_v7().to_string()
}

pub(crate) struct Callers {
    pub(crate) person: Client,
    pub(crate) worker: Client,
    pub(crate) operator: Client,
}

impl Callers {
    pub(crate) fn new(cluster: &Cluster, channel: &Channel, pair: &Pair) -> Self {
        let signer = &cluster.signer;
        let client = |token: anyhow::Result<String>| Client::new(channel.clone(), &token.unwrap()).unwrap();
        Self {
            person: client(signer.person(pair.person)),
            worker: client(signer.staff(pair.agency, &pair.subject)),
            operator: client(signer.operator()),
        }
    }
}

/// The person accepts the worker's support.
pub(crate) async fn accept(callers: &Callers, pair: &Pair) -> u64 {
    let list = || ListMyPeopleRequest { page_size: 100, ..Default::default() };
    let mut found = None;
    harness::wait_until("the proposal", || async {
        Ok(!callers.person.relationships().list_my_people(list()).await?.into_inner().relationships.is_empty())
    })
    .await
    .unwrap();
    for proposal in callers.person.relationships().list_my_people(list()).await.unwrap().into_inner().relationships {
        if proposal.supporter.as_ref().unwrap().staff_id == pair.staff_id {
            found = Some(proposal.relationship_id);
        }
    }
    let accept = AcceptSupportRequest { request_id: request(), relationship_id: found.unwrap() };
    callers.person.relationships().accept_support(accept).await.unwrap().into_inner().position
}

/// The person permits the worker's agency to see and add to everything normal, to coordinate support.
pub(crate) async fn grant(callers: &Callers, pair: &Pair) -> (String, u64) {
    let terms = ProvisionTerms {
        actor: Some(ProvisionActor { actor: Some(Actor::AgencyId(pair.agency.to_string())) }),
        categories: (i32::from(RecordCategory::AboutMe)..=i32::from(RecordCategory::Contact)).collect(),
        purposes: vec![Purpose::CareCoordination.into()],
        actions: vec![Action::Read.into(), Action::Contribute.into()],
        ..Default::default()
    };
    let grant = GrantProvisionRequest { request_id: request(), terms: Some(terms) };
    let granted = callers.person.sharing().grant_provision(grant).await.unwrap().into_inner();
    (granted.provision_id, granted.position)
}

pub(crate) async fn look(worker: &Client, pair: &Pair) -> Result<GetSharedPlanResponse, Status> {
    let look = GetSharedPlanRequest {
        person_id: pair.person.to_string(),
        purpose: Purpose::CareCoordination.into(),
        page_size: 100,
        ..Default::default()
    };
    Ok(worker.people().get_shared_plan(look).await?.into_inner())
}
