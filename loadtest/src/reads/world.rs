//! A whole system in this process: sample people who share with a worker each, relay and views running.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use client::{Client, terms};
use domain::StreamKind;
use domain::ids::{AgencyId, PersonId};
use event_log::{
    Append, AppendError, Appended, Duty, EventLog, History, Leading, Position, Recorded, StoreError, StreamId, Version,
};
use gate::Binding;
use harness::{Nats, Postgres};
use node::compose::{Stores, System};
use node::config::{Config, Role};
use node::serve::{Running, start};
use node::tokens::TokenSigner;
use proto::access::v1::{Purpose, RecordCategory};
use proto::sharing::v1::provision_actor::Actor;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

use crate::Backend;

/// Somebody who reads about a person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Reader {
    pub(crate) token: String,
    pub(crate) person_id: String,
}

/// The system, and everybody who reads.
pub(crate) struct World {
    pub(crate) readers: Vec<Reader>,
    /// With receipts, and without.
    pub(crate) gated: Running,
    pub(crate) ungated: Running,
    pub(crate) stores: Stores,
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

    async fn now(&self) -> Result<i64, StoreError> {
        self.0.now().await
    }

    fn history(&self) -> History {
        self.0.history()
    }

    fn saw(&self, epoch: Uuid, event: &Recorded) {
        self.0.saw(epoch, event);
    }

    async fn lead(&self, duty: Duty) -> Result<Leading, StoreError> {
        self.0.lead(duty).await
    }

    async fn renew(&self) -> Result<(), StoreError> {
        self.0.renew().await
    }
}

impl World {
    pub(crate) async fn start(backend: Backend, url: Option<String>, nats_url: Option<String>) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let mut config = node::dev::config(directory.path())?;
        config.listen.set_port(0);
        config.admin.set_port(0);
        // A few workers read here as fast as many would.
        config.limits.calls_per_second = NonZeroU32::MAX;
        config.limits.agency_calls_per_second = NonZeroU32::MAX;
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
        // There are no pages: nobody signs in.
        config.roles.retain(|role| *role != Role::Portal);
        let stores = Stores::open(&config).await?;
        let people = node::dev::import_samples(&stores, |_| {}).await?;
        let signer = TokenSigner::open(&node::dev::signer_file(directory.path()))?;

        let ours = serve(&config, &stores, stores.log.clone(), &signer, &people).await?;
        // The other server only answers: relay and views run once, for both.
        config.roles.retain(|role| !matches!(role, Role::Views | Role::Relay));
        let without = serve(&config, &stores, Arc::new(WithoutReceipts(stores.log.clone())), &signer, &people).await?;
        let channel = Endpoint::from_shared(format!("http://{}", ours.address))?.connect().await?;
        let mut readers = Vec::new();
        for report in &people {
            let token = share(&channel, &signer, report.person).await?;
            readers.push(Reader { token, person_id: report.person.to_string() });
        }
        Ok(Self {
            readers,
            gated: ours,
            ungated: without,
            stores,
            _directory: directory,
            _postgres: postgres,
            _nats: nats,
        })
    }

    /// Waits until every view has read the log as far as it goes now. Returns how long that took.
    pub(crate) async fn views_catch_up(&self) -> anyhow::Result<Duration> {
        let (begun, head) = (Instant::now(), self.stores.log.head().await?.0);
        for view in views::all() {
            while self.stores.documents.position(view.name()).await? < head {
                anyhow::ensure!(begun.elapsed() < CATCH_UP_LIMIT, "`{}` does not catch up", view.name());
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        Ok(begun.elapsed())
    }

    /// Stops the servers, and keeps what they stood on.
    pub(crate) async fn pause(self) -> impl Sized {
        let Self { gated, ungated, _directory, _postgres, _nats, .. } = self;
        gated.stop().await;
        ungated.stop().await;
        (_directory, _postgres, _nats)
    }
}

/// How long the views may take to catch up before the benchmark gives up.
const CATCH_UP_LIMIT: Duration = Duration::from_secs(300);

async fn serve(
    config: &Config,
    stores: &Stores,
    receipts: Arc<dyn EventLog>,
    signer: &TokenSigner,
    people: &[interop::Report],
) -> anyhow::Result<Running> {
    let agencies: std::collections::BTreeSet<_> = people.iter().flat_map(|report| &report.agencies).collect();
    let mut issuers = vec![signer.issuer(Binding::PeopleById)?, signer.issuer(Binding::Operators)?];
    for agency in agencies {
        issuers.push(signer.issuer(Binding::Agency(*agency))?);
    }
    let system = System::new(config, stores, receipts).await?;
    start(config, system, issuers, CancellationToken::new()).await
}

/// Somebody whom the import has named proposes their support; the person accepts and shares everything usual with everybody who supports
/// them. Returns the supporter's token.
async fn share(channel: &Channel, signer: &TokenSigner, person_id: PersonId) -> anyhow::Result<String> {
    let person = Client::new(channel.clone(), &signer.person(person_id)?)?;
    harness::wait_until("the views", || async { Ok(!person.my_people(1).await?.is_empty()) }).await?;
    let suggested = person.my_people(1).await?.into_iter().next().and_then(|suggested| suggested.supporter);
    let supporter = suggested.context("somebody is suggested")?;
    node::dev::enrol(&Client::new(channel.clone(), &signer.operator()?)?, &supporter).await?;
    let token = signer.staff(AgencyId(supporter.agency_id.parse()?), &supporter.staff_id)?;
    let worker = Client::new(channel.clone(), &token)?;
    let proposed = worker.propose(&person_id.to_string(), "A visit every Tuesday").await?;
    person.accept(&proposed.relationship_id).await?;
    let everything = (1..).map_while(|code| RecordCategory::try_from(code).ok());
    person.grant(terms(Actor::Everybody(true), everything, Purpose::Treatment, [])).await?;
    Ok(token)
}
