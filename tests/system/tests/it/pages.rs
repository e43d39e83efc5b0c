//! The person's web pages in a real browser.

use std::path::Path;
use std::process::Command;

use client::{Client, terms};
use domain::ids::{AgencyId, PersonId};
use harness::{Child, Cluster, PeopleProvider, free_port, wait_until};
use node::tokens::TokenSigner;
use proto::access::v1::{Action, ListAccessHistoryRequest, Purpose, RecordCategory, party};
use proto::people::v1::entry::Content;
use proto::people::v1::{InvitePersonRequest, StrengthKind};
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{GetMySharingRequest, UnblockAgencyRequest};
use tempfile::TempDir;
use tonic::transport::Endpoint;

use crate::world::{Supported, World};

/// The first sample, as the pages call them.
const NAME: &str = "Adalberto Hartmann";

/// A development system, as somebody starts it who tries it out, and who is in it.
struct Sample {
    _child: Child,
    _directory: TempDir,
    pages: String,
    person: Client,
    worker: Client,
    person_id: PersonId,
    agency: AgencyId,
    relationship_id: String,
}

/// What stands in a line after these words.
fn after<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(words)).and_then(|rest| rest.split_whitespace().next())
}

impl Sample {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (data, log) = (directory.path().join("data"), directory.path().join("log"));
        let mut command = Command::new(harness::alongside().unwrap());
        command.args(["dev", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--portal", "127.0.0.1:0", "--data"]);
        let child = Child::start(command.arg(&data), &log).unwrap();
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        wait_until("a development system", || async { Ok(said().contains("More tokens")) }).await.unwrap();
        let said = said();
        // The address of the pages comes first, and nothing has to be looked for.
        let first = said.lines().find(|line| !line.trim().is_empty()).unwrap();
        let pages = first.strip_prefix("pages").unwrap_or_else(|| panic!("{said}"));
        let pages = pages.split_whitespace().next().unwrap().to_owned();
        let signer = TokenSigner::open(&node::dev::signer_file(&data)).unwrap();
        let channel =
            Endpoint::from_shared(format!("http://{}", after(&said, "gRPC").unwrap())).unwrap().connect_lazy();
        let person_id = PersonId(after(&said, "person ").unwrap().parse().unwrap());
        let staff = said.lines().find_map(|line| line.strip_prefix("staff ")).unwrap();
        let words: Vec<_> = staff.split([' ', ',']).collect();
        let [staff_id, _, _, agency, ..] = words[..] else { panic!("{staff}") };
        let agency = AgencyId(agency.parse().unwrap());
        let client = |token: anyhow::Result<String>| Client::new(channel.clone(), &token.unwrap()).unwrap();
        let (person, worker) = (client(signer.person(person_id)), client(signer.staff(agency, staff_id)));
        let proposed = worker.propose(&person_id.to_string(), "a visit every week").await.unwrap();
        person.accept(&proposed.relationship_id).await.unwrap();
        let relationship_id = proposed.relationship_id;
        Self { _child: child, _directory: directory, pages, person, worker, person_id, agency, relationship_id }
    }

    /// The person shares, and the worker looks.
    async fn looked_at(&self) {
        let everything = (1..).map_while(|code| RecordCategory::try_from(code).ok());
        let agency = Actor::AgencyId(self.agency.to_string());
        let permit = terms(agency, everything, Purpose::CareCoordination, [Action::Read]);
        self.person.grant(permit).await.unwrap();
        let person_id = self.person_id.to_string();
        let looked = self.worker.look(&person_id, Purpose::CareCoordination, &[], 0).await.unwrap();
        let receipt_id = looked.receipt_id;
        let is_told = async || Ok(self.person.history(0).await?.iter().any(|receipt| receipt.receipt_id == receipt_id));
        wait_until("the receipt of the look", is_told).await.unwrap();
    }

    async fn sees(&self) -> bool {
        self.worker.look(&self.person_id.to_string(), Purpose::CareCoordination, &[], 0).await.is_ok()
    }

    /// How many receipts there are of the person's own looks.
    async fn own_looks(&self) -> usize {
        let ask = ListAccessHistoryRequest { page_size: 100, include_own: true, ..Default::default() };
        let looks = self.person.access().list_access_history(ask).await.unwrap().into_inner().receipts;
        looks.iter().filter(|look| look.party.as_ref().unwrap().kind() == party::Kind::Person).count()
    }
}

/// A journey in the browser.
async fn goes(pages: &str, journey: &[&str]) {
    let mut command = harness::browser("pages.mjs").unwrap();
    command.arg(pages).args(journey);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{journey:?}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looked_why_and_stop_it_takes_a_newcomer_five_clicks_with_scripts_and_without() {
    let sample = Sample::start().await;
    for scripts in ["with-scripts", "without-scripts"] {
        sample.looked_at().await;
        assert!(sample.sees().await);
        goes(&sample.pages, &["stopped", NAME, scripts]).await;
        assert!(!sample.sees().await, "what was stopped is seen still");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_lets_an_agency_see_keeps_something_from_it_and_shuts_it_out_with_scripts_and_without() {
    let sample = Sample::start().await;
    let goals = async || {
        let (person_id, goals) = (sample.person_id.to_string(), [RecordCategory::Goals]);
        sample.worker.look(&person_id, Purpose::CareCoordination, &goals, 0).await.is_ok()
    };
    goes(&sample.pages, &["chosen", NAME, "with-scripts"]).await;
    assert!(!goals().await && !sample.sees().await, "whoever is shut out sees something");
    // And again, until they are let in.
    let agency_id = sample.agency.to_string();
    let unblock = UnblockAgencyRequest { request_id: client::request_id(), agency_id, expected_version: 0 };
    sample.person.sharing().unblock_agency(unblock).await.unwrap();
    goes(&sample.pages, &["chosen", NAME, "without-scripts"]).await;
    assert!(goals().await, "whoever was let in again does not see what they may");
    let held = sample.person.sharing().get_my_sharing(GetMySharingRequest::default()).await.unwrap().into_inner();
    assert!(held.provisions.iter().any(|one| !one.permit), "{held:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_writes_in_their_record_puts_it_right_and_answers_back_with_scripts_and_without() {
    let sample = Sample::start().await;
    for scripts in ["with-scripts", "without-scripts"] {
        goes(&sample.pages, &["written", NAME, scripts]).await;
    }
    let record = sample.person.my_record(0).await.unwrap();
    let walks = record.iter().filter(|entry| {
        matches!(&entry.content, Some(Content::Strength(one)) if one.text == "I walk by the sea" && one.kind() == StrengthKind::StayingWell)
    });
    assert_eq!(walks.count(), 2, "{record:?}");
    let hurts = record.iter().flat_map(|entry| &entry.replies).filter(|reply| reply.words == "I am not a case");
    assert_eq!(hurts.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_machine_can_find_shuts_anybody_out_of_any_page() {
    let sample = Sample::start().await;
    sample.looked_at().await;
    goes(&sample.pages, &["inspected", NAME]).await;
}

/// `cargo xtask pictures` keeps them for the README.
#[tokio::test(flavor = "multi_thread")]
async fn the_three_main_pages_are_pictured() {
    let sample = Sample::start().await;
    sample.looked_at().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = std::env::var("PICTURES").unwrap_or_else(|_| elsewhere.path().display().to_string());
    goes(&sample.pages, &["pictured", NAME, &folder]).await;
    for picture in ["home", "looked", "sharing"] {
        let bytes = std::fs::read(Path::new(&folder).join(format!("{picture}.png"))).unwrap();
        assert!(bytes.len() > 5_000, "{picture} is empty");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_alone_are_enough() {
    let sample = Sample::start().await;
    goes(&sample.pages, &["keyed", NAME]).await;
    let people = sample.person.my_people(0).await.unwrap();
    let ended = people.into_iter().find(|one| one.relationship_id == sample.relationship_id).unwrap();
    assert!(ended.end.is_some(), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_the_phone_next_finds_nothing_on_it_and_reading_leaves_one_receipt_a_session() {
    let sample = Sample::start().await;
    let before = sample.own_looks().await;
    goes(&sample.pages, &["private", NAME]).await;
    // As often as somebody signed in.
    assert_eq!(sample.own_looks().await - before, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_at_their_identity_provider_and_claims_their_place_with_a_code() {
    let port = free_port().unwrap();
    let address = format!("http://localhost:{port}");
    let provider = PeopleProvider::start(&format!("{address}/in/back")).await.unwrap();
    let mut world = World::distributed().await;
    serves_pages(&mut world.cluster, port, &provider);
    let mut supported = Supported::on(world, 0).await;
    let services = format!("http://127.0.0.1:{}", supported.node.grpc);
    supported.world.cluster.set("portal", "services", services);
    let invite = InvitePersonRequest {
        request_id: client::request_id(),
        name: "Ailsa".into(),
        reach: "07700 900123".into(),
        offer: "a visit on Tuesdays".into(),
    };
    let code = supported.callers.worker.joining().invite_person(invite).await.unwrap().into_inner().code;
    let pages = supported.world.cluster.start("portal").await.unwrap();
    goes(&address, &["provided", "ailsa", &code]).await;
    drop(pages);
}

/// The cluster's nodes serve the pages, where people sign in at this provider.
fn serves_pages(cluster: &mut Cluster, port: u16, provider: &PeopleProvider) {
    let key = format!("file:{}", Path::new(&provider.client_key()).display());
    for (name, value) in [("listen", format!("127.0.0.1:{port}")), ("address", format!("http://localhost:{port}"))] {
        cluster.set("portal", name, value);
    }
    let provider_of =
        [("issuer", provider.issuer()), ("client_id", PeopleProvider::CLIENT.to_owned()), ("client_key", key)];
    let table: toml::Table = provider_of.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    cluster.set("portal", "provider", table);
    cluster.trust_people(&provider.issuer(), PeopleProvider::CLIENT);
}
