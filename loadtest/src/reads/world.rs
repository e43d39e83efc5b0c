//! A whole system in this process: sample people who share with a worker each, relay and views running.

use std::sync::Arc;

use anyhow::Context as _;
use client::{Client, terms};
use domain::StreamKind;
use domain::ids::AgencyId;
use event_log::{Append, AppendError, Appended, EventLog, Position, Recorded, StoreError, StreamId, Version};
use gate::Binding;
use harness::{Nats, Postgres};
use node::compose::{Stores, System};
use node::config::{Config, Role};
use node::serve::{Running, start};
use node::tokens::TokenSigner;
use proto::access::v1::{Party, Purpose, RecordCategory};
use proto::sharing::v1::provision_actor::Actor;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

use crate::Backend;

/// Connections between the callers and each server.
const CHANNELS: usize = 4;

/// Somebody who reads about a person.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    pub(crate) client: Client,
    pub(crate) person_id: String,
}

/// The system, and everybody who reads.
pub(crate) struct World {
    gated: Vec<Reader>,
    ungated: Vec<Reader>,
    servers: Vec<Running>,
    // Dropped last: the servers need them.
    _directory: tempfile::TempDir,
    _postgres: Option<Postgres>,
    _nats: Option<Nats>,
}

/// A log that keeps no receipts. Exists in this benchmark only, to measure what they cost.
struct WithoutReceipts(Arc<dyn EventLog>);

#[async_trait::async_trait]
impl EventLog for WithoutReceipts {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        if append.streams.iter().all(|s| s.stream.kind == StreamKind::Access.code()) {
            return Ok(Appended { position: Position(0), versions: vec![] });
        }
        self.0.append(append).await
    }

    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        self.0.read(after, limit).await
    }

    async fn read_stream(&self, stream: StreamId, after: Version, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        self.0.read_stream(stream, after, limit).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.0.head().await
    }

    fn epoch(&self) -> Uuid {
        self.0.epoch()
    }
}

impl World {
    pub(crate) async fn start(backend: Backend, url: Option<String>, nats_url: Option<String>) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let mut config = node::dev::config(directory.path())?;
        config.listen.set_port(0);
        config.admin.set_port(0);
        let (mut postgres, mut nats) = (None, None);
        if backend == Backend::Postgres {
            config.database.url = match url {
                Some(url) => url,
                None => postgres.insert(Postgres::start().await?).database().await?.owner,
            };
            config.bus.url = match nats_url {
                Some(url) => url,
                None => nats.insert(Nats::start().await?).url(),
            };
        }
        let stores = Stores::open(&config).await?;
        let people = node::dev::import_samples(&stores, |_| {}).await?;
        let signer = TokenSigner::open(&node::dev::signer_file(directory.path()))?;

        let ours = serve(&config, &stores, stores.log.clone(), &signer, &people).await?;
        // The other server only answers: relay and views run once, for both.
        config.roles.retain(|role| !matches!(role, Role::Views | Role::Relay));
        let without = serve(&config, &stores, Arc::new(WithoutReceipts(stores.log.clone())), &signer, &people).await?;
        let (channels, others) = (channels(&ours).await?, channels(&without).await?);
        let (mut gated, mut ungated) = (Vec::new(), Vec::new());
        for (index, report) in people.iter().enumerate() {
            let channel = |channels: &[Channel]| channels.get(index % CHANNELS).cloned().context("a channel");
            let person = Client::new(channel(&channels)?, &signer.person(report.person)?)?;
            let supporter = share(&person).await?;
            node::dev::enrol(&Client::new(channel(&channels)?, &signer.operator()?)?, &supporter).await?;
            let token = signer.staff(AgencyId(supporter.agency_id.parse()?), &supporter.staff_id)?;
            let person_id = report.person.to_string();
            gated.push(Reader { client: Client::new(channel(&channels)?, &token)?, person_id: person_id.clone() });
            ungated.push(Reader { client: Client::new(channel(&others)?, &token)?, person_id });
        }
        Ok(Self {
            gated,
            ungated,
            servers: vec![ours, without],
            _directory: directory,
            _postgres: postgres,
            _nats: nats,
        })
    }

    pub(crate) fn readers(&self, gated: bool) -> Vec<Reader> {
        if gated { self.gated.clone() } else { self.ungated.clone() }
    }

    pub(crate) async fn stop(self) {
        for server in self.servers {
            server.stop().await;
        }
    }
}

async fn serve(
    config: &Config,
    stores: &Stores,
    receipts: Arc<dyn EventLog>,
    signer: &TokenSigner,
    people: &[interop::Report],
) -> anyhow::Result<Running> {
    let agencies: std::collections::BTreeSet<_> = people.iter().flat_map(|report| &report.agencies).collect();
    let mut issuers = vec![signer.issuer(Binding::People)?, signer.issuer(Binding::Operators)?];
    for agency in agencies {
        issuers.push(signer.issuer(Binding::Agency(*agency))?);
    }
    let system = System::new(config, stores, receipts).await?;
    start(config, system, issuers, CancellationToken::new()).await
}

async fn channels(server: &Running) -> anyhow::Result<Vec<Channel>> {
    let mut channels = Vec::with_capacity(CHANNELS);
    for _ in 0..CHANNELS {
        channels.push(Endpoint::from_shared(format!("http://{}", server.address))?.connect().await?);
    }
    Ok(channels)
}

/// The person accepts somebody's support and shares everything usual with everybody who supports them. Returns who that is.
async fn share(person: &Client) -> anyhow::Result<Party> {
    harness::wait_until("the views", || async { Ok(!person.my_people(1).await?.is_empty()) }).await?;
    let proposal = person.my_people(1).await?.into_iter().next().context("somebody has proposed support")?;
    person.accept(&proposal.relationship_id).await?;
    let everything = (1..).map_while(|code| RecordCategory::try_from(code).ok());
    person.grant(terms(Actor::Everybody(true), everything, Purpose::Treatment, [])).await?;
    proposal.supporter.context("a proposal has a supporter")
}
