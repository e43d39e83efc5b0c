//! A system on real servers with the sample people in it, and callers.

use domain::ids::{AgencyId, PersonId};
use harness::{Cluster, Database, Nats, Node, Postgres};
use node::client::Client;
use proto::access::v1::{Action, Purpose, RecordCategory};
use proto::people::v1::{GetSharedPlanRequest, GetSharedPlanResponse};
use proto::relationships::v1::{AcceptSupportRequest, ListMyPeopleRequest};
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{GrantProvisionRequest, ProvisionActor, ProvisionTerms};
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

/// Writes sample bundles to files and imports them; returns what the command printed, by line.
pub(crate) fn import(cluster: &Cluster, count: usize) -> Vec<serde_json::Value> {
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
