//! `dev`: everything in one process and one directory, with sample people. Not for production.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use client::Client;
use domain::ids::{AgencyId, PersonId};
use domain::staff::ADMINISTRATOR;
use engine::EngineMetrics;
use gate::{Binding, Issuer};
use interop::{Importer, Report, SourceSystem};
use portal::{SamplePerson, Samples};
use proto::access::v1::{Party, Purpose};
use proto::agencies::v1::{AddStaffRequest, RegisterAgencyRequest};
use proto::feeds::v1::{
    AddServiceAccountRequest, ContentLevel, Door, ListFeedsRequest, OpenFeedRequest, Scope, SendTestEventRequest,
};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tonic::{Code, Status};
use vault::LocalKek;
use views::directory::{self, Directory, DirectoryDoc};
use views::{Pages, Views};

use crate::compose::{Stores, System};
use crate::config::{Config, Role, TelemetryConfig};
use crate::demo::SAMPLE;
use crate::files::{write_private, write_private_anew};
use crate::serve::{Running, start};
use crate::tokens::{TokenSigner, issuer_name};

/// A development system that is running.
#[derive(Debug)]
pub struct Dev {
    /// The server.
    pub running: Running,
    /// Signs tokens that it trusts.
    pub signer: TokenSigner,
    /// What became of the sample people, in their order.
    pub imported: Vec<Report>,
}

/// The settings of a development system in this directory.
///
/// # Errors
/// When the directory cannot be made.
pub fn config(directory: &Path) -> anyhow::Result<Config> {
    std::fs::create_dir_all(directory).with_context(|| format!("`{}` cannot be made", directory.display()))?;
    let kek = directory.join("key-encryption-key");
    if !kek.exists() {
        write_private(&kek, LocalKek::generate()?.as_bytes())?;
    }
    let mut config = Config::default();
    config.database.url = format!("sqlite:{}", directory.display());
    config.vault.key_encryption_key = format!("file:{}", kek.display());
    config.drain_ms = 0;
    config.roles = Role::all();
    config.telemetry = TelemetryConfig { filter: "warn".into(), json: false, ..TelemetryConfig::default() };
    Ok(config)
}

/// Where the built-in issuer keeps its key.
#[must_use]
pub fn signer_file(directory: &Path) -> PathBuf {
    directory.join("dev-issuer.der")
}

/// Imports the sample people, tells `progress` of each, and returns what became of them. Those who are there already stay as
/// they are.
///
/// # Errors
/// When a sample cannot be imported.
pub async fn import_samples(stores: &Stores, progress: impl Fn(&str)) -> anyhow::Result<Vec<Report>> {
    let source = SourceSystem::new(interop::SAMPLES).map_err(anyhow::Error::msg)?;
    let importer = Importer::new(stores.engine(EngineMetrics::default()), source, vec![]).await?;
    let mut reports = Vec::new();
    for (name, bytes) in interop::samples() {
        reports.push(importer.import(&interop::read(&name, &bytes)?).await?);
        progress(&name);
    }
    Ok(reports)
}

/// Starts a development system: imports the sample people, trusts the built-in issuer, serves.
///
/// # Errors
/// When a part cannot be started.
pub async fn start_dev(
    config: &Config,
    directory: &Path,
    progress: impl Fn(&str),
    stop: CancellationToken,
) -> anyhow::Result<Dev> {
    let stores = Stores::open(config).await?;
    let imported = import_samples(&stores, progress).await?;
    let signer = TokenSigner::open(&signer_file(directory))?;
    // Views first: which agencies there are decides which issuers are trusted.
    let agencies = {
        let mut catching_up = System::new(config, &stores, stores.log.clone()).await?;
        let runner = catching_up.runner.take().context("a development system builds its views")?;
        let halt = CancellationToken::new();
        let task = tokio::spawn(runner.run(halt.clone()));
        catching_up.views.reach::<Directory>(stores.log.head().await?.0).await?;
        let issuers = trusted(&signer, &catching_up.views).await?;
        halt.cancel();
        task.await?;
        issuers
    };
    let mut system = System::new(config, &stores, stores.log.clone()).await?;
    system.samples = Some(sample_people(TokenSigner::open(&signer_file(directory))?, &imported));
    let running = start(config, system, agencies, stop).await?;
    Ok(Dev { running, signer, imported })
}

/// How many sample people are offered.
const SAMPLES_SHOWN: usize = 12;

/// The first sample people, and the one of the story, as whom anybody signs in on the web pages.
fn sample_people(signer: TokenSigner, imported: &[Report]) -> Samples {
    let (first, others) = imported.split_at(imported.len().min(SAMPLES_SHOWN));
    let shown = first.iter().chain(others.iter().filter(|report| report.file == SAMPLE));
    let people: Vec<_> = shown.map(|report| (name_of(&report.file), report.person)).collect();
    Samples::new(move || {
        let signed = |(name, person): &(String, PersonId)| {
            Some(SamplePerson { name: name.clone(), token: signer.person(*person).ok()? })
        };
        people.iter().filter_map(signed).collect()
    })
}

/// What a sample is called, by its file: `arla-lang.json` is `Arla Lang`.
#[must_use]
pub fn name_of(file: &str) -> String {
    let stem = file.split_once('.').map_or(file, |(stem, _)| stem);
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
        first + letters.as_str()
    };
    stem.split('-').map(capital).collect::<Vec<_>>().join(" ")
}

/// Registers an agency that an import has named, as it is called there. Nothing happens when it is registered.
///
/// # Errors
/// What the server answers.
pub async fn register(operator: &Client, agency_id: &str) -> anyhow::Result<()> {
    let (request_id, agency_id) = (client::request_id(), agency_id.to_owned());
    let register = RegisterAgencyRequest { request_id, agency_id, confirmed: true, ..RegisterAgencyRequest::default() };
    already_or(operator.agencies().register_agency(register).await)
}

/// Registers the agency at which an import has named somebody, and adds them to its staff: they sign in with their id as the subject.
/// Nothing happens when they are there.
///
/// # Errors
/// What the server answers.
pub async fn enrol(operator: &Client, named: &Party) -> anyhow::Result<()> {
    register(operator, &named.agency_id).await?;
    let role = if named.role.is_empty() { "practitioner".to_owned() } else { named.role.clone() };
    let add = AddStaffRequest {
        request_id: client::request_id(),
        agency_id: named.agency_id.clone(),
        subject: named.staff_id.clone(),
        name: String::new(),
        roles: vec![role],
        issuer: issuer_name(Binding::Agency(AgencyId(named.agency_id.parse()?))),
        staff_id: named.staff_id.clone(),
    };
    already_or(operator.agencies().add_staff(add).await)
}

/// A sample feed, opened, and who reads it.
#[derive(Debug)]
pub struct SampleFeed {
    /// The feed's id.
    pub feed_id: String,
    /// The file with the token of the agency's system, made anew.
    pub token_file: PathBuf,
}

/// What the sample feed, its agency's administrator and its system are called.
const SAMPLE_FEED: &str = "record system";
const SAMPLE_ADMINISTRATOR: &str = "sample-administrator";
/// As what the sample system signs in.
pub const SAMPLE_SYSTEM: &str = "sample-system";

/// Opens a feed at an agency that is registered, for a system of it, and sends it a test event. What is there already stays as it is.
///
/// # Errors
/// What the server answers.
pub async fn sample_feed(
    channel: &Channel,
    signer: &TokenSigner,
    (operator, agency): (&Client, AgencyId),
    directory: &Path,
) -> anyhow::Result<SampleFeed> {
    let how = (Door::Grpc, ContentLevel::Full);
    let (feed_id, administrator) = open_feed(channel, signer, (operator, agency), how).await?;
    let (request_id, agency_id) = (client::request_id(), agency.to_string());
    let test = SendTestEventRequest { request_id, agency_id, feed_id: feed_id.clone() };
    administrator.feeds().send_test_event(test).await?;
    let token_file = directory.join("sample-system.token");
    write_private_anew(&token_file, signer.staff(agency, SAMPLE_SYSTEM)?.as_bytes())?;
    Ok(SampleFeed { feed_id, token_file })
}

/// Opens the sample feed, through a door and with so much in it, for the sample system; returns it with its administrator. What is there already stays as it is.
///
/// # Errors
/// What the server answers.
pub async fn open_feed(
    channel: &Channel,
    signer: &TokenSigner,
    (operator, agency): (&Client, AgencyId),
    (door, content): (Door, ContentLevel),
) -> anyhow::Result<(String, Client)> {
    let (agency_id, issuer) = (agency.to_string(), issuer_name(Binding::Agency(agency)));
    let administrator = AddStaffRequest {
        request_id: client::request_id(),
        agency_id: agency_id.clone(),
        subject: SAMPLE_ADMINISTRATOR.into(),
        name: "Sample administrator".into(),
        roles: vec![ADMINISTRATOR.into()],
        issuer: issuer.clone(),
        staff_id: String::new(),
    };
    already_or(operator.agencies().add_staff(administrator).await)?;
    let administrator = Client::new(channel.clone(), &signer.staff(agency, SAMPLE_ADMINISTRATOR)?)?;
    let account = AddServiceAccountRequest {
        request_id: client::request_id(),
        agency_id: agency_id.clone(),
        name: "Sample record system".into(),
        issuer,
        subject: SAMPLE_SYSTEM.into(),
        scopes: vec![Scope::Receive.into(), Scope::AnswerRecalls.into()],
    };
    already_or(administrator.feeds().add_service_account(account).await)?;
    let open = OpenFeedRequest {
        request_id: client::request_id(),
        agency_id: agency_id.clone(),
        name: SAMPLE_FEED.into(),
        door: door.into(),
        purpose: Purpose::CareCoordination.into(),
        content: content.into(),
        ..OpenFeedRequest::default()
    };
    already_or(administrator.feeds().open_feed(open).await)?;
    let list = ListFeedsRequest { agency_id, ..ListFeedsRequest::default() };
    let feeds = administrator.feeds().list_feeds(list).await?.into_inner().feeds;
    let feed = feeds.into_iter().find(|feed| feed.name == SAMPLE_FEED && !feed.closed);
    let feed_id = feed.context("the sample feed is open")?.feed_id;
    Ok((feed_id, administrator))
}

/// Whatever was done before is done.
fn already_or<T>(answer: Result<T, Status>) -> anyhow::Result<()> {
    match answer {
        Err(status) if status.code() != Code::AlreadyExists => Err(status.into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The built-in issuer, for people, operators and every agency that there is or that an import has named.
async fn trusted(signer: &TokenSigner, views: &Views) -> anyhow::Result<Vec<Issuer>> {
    let mut issuers = vec![signer.issuer(Binding::PeopleById)?, signer.issuer(Binding::Operators)?];
    let mut pages = Pages::all(0);
    while let Some(page) = views.next::<Directory>(&directory::agencies(), &mut pages, |_| true).await? {
        for agency in page.items.into_iter().filter_map(DirectoryDoc::agency) {
            issuers.push(signer.issuer(Binding::Agency(agency.agency))?);
        }
    }
    Ok(issuers)
}
