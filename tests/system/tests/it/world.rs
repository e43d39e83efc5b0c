//! A system on real servers with the sample people in it, and callers.

use std::time::{Duration, Instant};

use client::{Client, terms};
use domain::ids::PersonId;
use domain::relationship::{Parties, relationship_id};
use domain::vocabulary::Worker;
use gate::Binding;
use harness::{Cluster, Database, Nats, Node, Postgres};
use node::compose::Stores;
use node::config::Flags;
use node::tokens::issuer_name;
use proto::access::v1::{Action, Party, Purpose, RecordCategory};
use proto::agencies::v1::AddStaffRequest;
use proto::people::v1::GetSharedPlanResponse;
use proto::relationships::v1::RelationshipState;
use proto::sharing::v1::GrantProvisionResponse;
use proto::sharing::v1::provision_actor::Actor;
use serde_json::Value;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// PostgreSQL, NATS and the settings of a system on them. Migrated, and nothing imported.
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) database: Database,
    pub(crate) nats: Nats,
    pub(crate) postgres: Postgres,
}

impl World {
    pub(crate) async fn distributed() -> Self {
        let postgres = Postgres::start().await.unwrap();
        let nats = Nats::start().await.unwrap();
        let database = postgres.database().await.unwrap();
        let cluster = Cluster::new(&database.app, &nats.url()).unwrap();
        Self { cluster, database, nats, postgres }
    }

    /// Imports the first few sample people with the command line.
    pub(crate) fn import(&self, count: usize) -> Vec<Pair> {
        import(&self.cluster, count).iter().map(Pair::of).collect()
    }

    pub(crate) async fn start(&self) -> Node {
        self.cluster.start("").await.unwrap()
    }

    /// From now on it is so much later, by the log's clock: an interval of PostgreSQL.
    pub(crate) fn time_passes(&self, interval: &str) {
        let name = self.database.name();
        let clock = format!(
            "CREATE OR REPLACE FUNCTION alongside.log_now() RETURNS bigint LANGUAGE sql VOLATILE \
             SET search_path = pg_catalog, alongside, pg_temp AS \
             $$ SELECT (extract(epoch FROM clock_timestamp() + interval '{interval}') * 1000000)::bigint $$;"
        );
        self.postgres.script(name, &clock).unwrap();
    }

    /// Adds somebody to the staff of these callers' agency, and returns them, signed in at this server, with their id.
    pub(crate) async fn adds(&self, node: &Node, callers: &Callers, joins: AddStaffRequest) -> (Client, String) {
        let token = self.cluster.signer.staff(callers.pair.worker.agency(), &joins.subject).unwrap();
        let staff_id = callers.operator.agencies().add_staff(joins).await.unwrap().into_inner().staff_id;
        (Client::new(node.channel().await.unwrap(), &token).unwrap(), staff_id)
    }

    /// Two servers, and those who call about a pair on each.
    pub(crate) async fn start_two(&self, pair: &Pair) -> ([Node; 2], Callers, Callers) {
        let servers = [self.start().await, self.start().await];
        let here = Callers::new(&self.cluster, &servers[0].channel().await.unwrap(), pair).await;
        let elsewhere = Callers::unenrolled(&self.cluster, &servers[1].channel().await.unwrap(), pair);
        (servers, here, elsewhere)
    }
}

/// How long a server may be away.
const PATIENCE: Duration = Duration::from_secs(60);

/// A channel to a port on which servers come and go.
pub(crate) fn lasting(port: u16) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}")).unwrap();
    endpoint.timeout(Duration::from_secs(5)).connect_timeout(Duration::from_millis(200)).connect_lazy()
}

/// The same request until it is acknowledged: its caller cannot know whether the last try was carried out.
pub(crate) async fn until_acknowledged<T, F: Future<Output = Result<T, Status>>>(attempt: impl Fn() -> F) -> T {
    let begun = Instant::now();
    loop {
        match attempt().await {
            Ok(acknowledged) => return acknowledged,
            Err(status) => assert!(begun.elapsed() < PATIENCE, "{status:?}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
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

/// The views that grew equal views rebuilt, at this position and the rebuild's own trace. The servers must have ended.
pub(crate) fn views_equal_a_rebuild(cluster: &Cluster, head: u64) {
    let (status, rebuilt) = rebuild(cluster);
    assert!(status.success(), "{rebuilt:?}");
    let head = head + 1;
    assert!(rebuilt.iter().all(|view| view["differing"] == 0 && view["position"] == head), "{head}: {rebuilt:?}");
}

/// Writes sample bundles to files and imports them; returns what the command printed, by line.
pub(crate) fn import(cluster: &Cluster, count: usize) -> Vec<Value> {
    import_bundles(cluster, interop::samples().take(count))
}

/// Writes bundles to files and imports them; returns what the command printed, by line.
pub(crate) fn import_bundles(cluster: &Cluster, bundles: impl IntoIterator<Item = (String, Vec<u8>)>) -> Vec<Value> {
    let directory = cluster.directory().join("bundles");
    std::fs::create_dir_all(&directory).unwrap();
    let mut arguments = ["import", "fhir", "--json", "--source", interop::SAMPLES].map(str::to_owned).to_vec();
    for (name, bytes) in bundles {
        let file = directory.join(name);
        std::fs::write(&file, bytes).unwrap();
        arguments.push(file.display().to_string());
    }
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let output = cluster.run(&arguments).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let reports: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for agency in reports.iter().flat_map(|report| report["agency_ids"].as_array().unwrap()) {
        cluster.trust(id(agency));
    }
    reports
}

fn id<Id: From<uuid::Uuid>>(value: &Value) -> Id {
    value.as_str().unwrap().parse::<uuid::Uuid>().unwrap().into()
}

/// A sample person, and somebody whom the import named as their supporter.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) person: PersonId,
    pub(crate) worker: Worker,
    /// The number by which the bundle knows the worker.
    pub(crate) number: String,
}

impl Pair {
    /// Those of a bundle, by what the import printed of it.
    pub(crate) fn of(report: &Value) -> Self {
        let supports = |worker: &&Value| worker["supports"].as_bool().unwrap();
        let named = report["workers"].as_array().unwrap().iter().find(supports).unwrap();
        let worker = Worker::new(id(&named["agency_id"]), id(&named["staff_id"]));
        let bundle: Value = serde_json::from_slice(&std::fs::read(report["file"].as_str().unwrap()).unwrap()).unwrap();
        let resources = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
        let (_, resource) = named["resource"].as_str().unwrap().split_once('/').unwrap();
        let practitioner = resources.into_iter().find(|r| r["id"] == resource).unwrap();
        let number = practitioner["identifier"][0]["value"].as_str().unwrap().to_owned();
        Self { person: id(&report["person_id"]), worker, number }
    }

    /// Whose tokens speak for the worker's agency.
    pub(crate) fn issuer(&self) -> String {
        issuer_name(Binding::Agency(self.worker.agency()))
    }

    /// What adds somebody new to the staff of the worker's agency.
    pub(crate) fn joins(&self, subject: &str, name: &str, role: &str) -> AddStaffRequest {
        AddStaffRequest {
            request_id: client::request_id(),
            agency_id: self.agency_id(),
            subject: subject.to_owned(),
            name: name.to_owned(),
            roles: vec![role.to_owned()],
            issuer: self.issuer(),
            staff_id: String::new(),
        }
    }

    pub(crate) fn person_id(&self) -> String {
        self.person.to_string()
    }

    pub(crate) fn agency_id(&self) -> String {
        self.worker.agency().to_string()
    }

    pub(crate) fn staff_id(&self) -> String {
        self.worker.staff().to_string()
    }
}

/// Those who call about a pair.
#[derive(Clone)]
pub(crate) struct Callers {
    pub(crate) person: Client,
    pub(crate) worker: Client,
    pub(crate) operator: Client,
    pub(crate) pair: Pair,
}

impl Callers {
    /// The worker is on their agency's staff from now on.
    pub(crate) async fn new(cluster: &Cluster, channel: &Channel, pair: &Pair) -> Self {
        let callers = Self::unenrolled(cluster, channel, pair);
        let named = Party {
            agency_id: pair.agency_id(),
            staff_id: pair.staff_id(),
            role: "district nurse".into(),
            ..Party::default()
        };
        node::dev::enrol(&callers.operator, &named).await.unwrap();
        callers
    }

    /// The worker is whom the import named, and no more.
    pub(crate) fn unenrolled(cluster: &Cluster, channel: &Channel, pair: &Pair) -> Self {
        let signer = &cluster.signer;
        let client = |token: anyhow::Result<String>| Client::new(channel.clone(), &token.unwrap()).unwrap();
        Self {
            person: client(signer.person(pair.person)),
            worker: client(signer.staff(pair.worker.agency(), &pair.staff_id())),
            operator: client(signer.operator()),
            pair: pair.clone(),
        }
    }

    /// The worker proposes, unless their proposal waits; returns the relationship.
    pub(crate) async fn propose(&self) -> String {
        match self.worker.propose(&self.pair.person_id(), "A visit every Tuesday").await {
            Ok(proposed) => proposed.relationship_id,
            Err(status) if status.code() == Code::AlreadyExists => {
                let parties = Parties { person: self.pair.person, worker: self.pair.worker };
                relationship_id(parties).to_string()
            }
            Err(status) => panic!("{status:?}"),
        }
    }

    /// The worker proposes and the person accepts; returns the position.
    pub(crate) async fn accept(&self) -> u64 {
        self.person.accept(&self.propose().await).await.unwrap()
    }

    /// The relationship that the person has accepted.
    pub(crate) async fn active(&self, at_least: u64) -> String {
        let people = self.person.my_people(at_least).await.unwrap();
        people.into_iter().find(|r| r.state() == RelationshipState::Active).unwrap().relationship_id
    }

    /// The person permits the worker's agency to see and add to everything normal, to coordinate support.
    pub(crate) async fn grant(&self) -> GrantProvisionResponse {
        let everything = (1..).map_while(|code| RecordCategory::try_from(code).ok());
        let agency = Actor::AgencyId(self.pair.agency_id());
        let terms = terms(agency, everything, Purpose::CareCoordination, [Action::Read, Action::Contribute]);
        self.person.grant(terms).await.unwrap()
    }

    /// The worker looks at everything that the person shares.
    pub(crate) async fn look(&self) -> Result<GetSharedPlanResponse, Status> {
        self.look_for(&[], 0).await
    }

    /// The worker looks at some of it.
    pub(crate) async fn look_for(
        &self,
        categories: &[RecordCategory],
        at_least: u64,
    ) -> Result<GetSharedPlanResponse, Status> {
        self.worker.look(&self.pair.person_id(), Purpose::CareCoordination, categories, at_least).await
    }

    /// The worker looks and is refused.
    pub(crate) async fn is_refused(&self) {
        assert_eq!(self.look().await.unwrap_err().code(), Code::PermissionDenied);
    }
}

/// So many days from now.
pub(crate) fn in_days(days: i64) -> Option<prost_types::Timestamp> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Some(prost_types::Timestamp { seconds: i64::try_from(now.as_secs()).unwrap() + days * 86_400, nanos: 0 })
}

/// The rule by which something was refused.
pub(crate) fn rule(refused: Result<impl std::fmt::Debug, Status>) -> String {
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused:?}");
    refused.get_details_precondition_failure().unwrap().violations.remove(0).subject
}

/// A person of the samples who is supported by somebody and, if they share, shares everything normal with their agency:
/// on one server.
pub(crate) struct Supported {
    // Dropped in this order: the server before what it needs.
    pub(crate) node: Node,
    pub(crate) world: World,
    pub(crate) callers: Callers,
    /// Includes all of this.
    pub(crate) position: u64,
}

impl Supported {
    /// The person at this place of the samples has accepted a worker's support.
    pub(crate) async fn without_consent(index: usize) -> Self {
        Self::on(World::distributed().await, index).await
    }

    /// The same, on these servers.
    pub(crate) async fn on(world: World, index: usize) -> Self {
        let pair = world.import(index + 1).remove(index);
        let node = world.start().await;
        let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair).await;
        let position = callers.accept().await;
        Self { node, world, callers, position }
    }

    /// And shares everything normal with the worker's agency.
    pub(crate) async fn sharing(index: usize) -> Self {
        let mut supported = Self::without_consent(index).await;
        supported.position = supported.callers.grant().await.position;
        supported
    }

    /// Somebody new at the agency, who goes by this subject and name; and their id.
    pub(crate) async fn joins(&self, subject: &str, name: &str, role: &str) -> (Client, String) {
        self.world.adds(&self.node, &self.callers, self.callers.pair.joins(subject, name, role)).await
    }
}
