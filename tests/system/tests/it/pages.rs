//! The person's web pages in a real browser: on a development system, and on real servers.

use std::path::Path;
use std::process::Command;

use client::{Client, request_id, terms};
use domain::ids::{AgencyId, PersonId};
use gate::Binding;
use harness::{Child, Cluster, PeopleProvider, free_port, wait_until};
use node::tokens::{TokenSigner, issuer_name};
use proto::access::v1::{Action, ListAccessHistoryRequest, Purpose, RecordCategory, party};
use proto::agencies::v1::AddStaffRequest;
use proto::consultations::v1::{
    ListMyConsultationsRequest, Mode, OfferOptionRequest, Outcome, ProposeDecisionRequest, ReportOutcomeRequest,
    RequestConsultationRequest,
};
use proto::feeds::v1::{ContentLevel, RecallAnswer};
use proto::people::v1::entry::Content;
use proto::people::v1::{InvitePersonRequest, StrengthKind};
use proto::sharing::v1::GetMySharingRequest;
use proto::sharing::v1::provision_actor::Actor;
use tempfile::TempDir;
use tonic::transport::Endpoint;

use crate::fed::{Fed, entry};
use crate::recalled::answer;
use crate::surveyed;
use crate::world::{Callers, Supported, World};

/// The first sample, as the pages call them.
const NAME: &str = "Adalberto Hartmann";
/// How somebody goes about in a browser.
const HOW: [&str; 3] = ["with-scripts", "without-scripts", "by-keys"];

/// Pages, and those who call the services behind them.
pub(crate) struct Site {
    /// Where the pages are.
    pub(crate) pages: String,
    /// As whom the person signs in there.
    who: String,
    person: Client,
    worker: Client,
    operator: Client,
    person_id: PersonId,
    agency: AgencyId,
    relationship_id: String,
}

/// A talk in which something waits for the person.
struct Talk {
    consultation_id: String,
    decision_id: String,
}

impl Site {
    /// The person lets the worker's agency see, and do, all of it.
    async fn shares(&self, actions: &[Action]) {
        let everything = (1..).map_while(|code| RecordCategory::try_from(code).ok());
        let agency = Actor::AgencyId(self.agency.to_string());
        let permit = terms(agency, everything, Purpose::CareCoordination, actions.iter().copied());
        self.person.grant(permit).await.unwrap();
    }

    /// The person shares, and the worker looks.
    async fn looked_at(&self) {
        self.shares(&[Action::Read]).await;
        let person_id = self.person_id.to_string();
        let looked = self.worker.look(&person_id, Purpose::CareCoordination, &[], 0).await.unwrap();
        let receipt_id = looked.receipt_id;
        let is_told = async || Ok(self.person.history(0).await?.iter().any(|receipt| receipt.receipt_id == receipt_id));
        wait_until("the receipt of the look", is_told).await.unwrap();
    }

    async fn sees(&self) -> bool {
        self.worker.look(&self.person_id.to_string(), Purpose::CareCoordination, &[], 0).await.is_ok()
    }

    /// The person's choices all end.
    async fn shares_nothing(&self) {
        let held = self.person.sharing().get_my_sharing(GetMySharingRequest::default()).await.unwrap().into_inner();
        for one in held.provisions {
            self.person.withdraw(&one.provision_id).await.unwrap();
        }
    }

    /// How many receipts there are of the person's own looks.
    async fn own_looks(&self) -> usize {
        let ask = ListAccessHistoryRequest { page_size: 100, include_own: true, ..Default::default() };
        let looks = self.person.access().list_access_history(ask).await.unwrap().into_inner().receipts;
        looks.iter().filter(|look| look.party.as_ref().unwrap().kind() == party::Kind::Person).count()
    }

    /// The worker asks for a talk about this, offers two options, and proposes one of them.
    async fn asked(&self, topic: &str) -> Talk {
        self.shares(&[Action::Read, Action::Contribute]).await;
        let (mut service, person_id) = (self.worker.consultations(), self.person_id.to_string());
        let ask = RequestConsultationRequest {
            request_id: request_id(),
            person_id: person_id.clone(),
            mode: Mode::Involve.into(),
            topic: topic.to_owned(),
            ..Default::default()
        };
        let consultation_id = service.request_consultation(ask).await.unwrap().into_inner().consultation_id;
        for (text, benefits) in [("Visits in the morning", "You eat together"), ("Visits in the evening", "")] {
            let offer = OfferOptionRequest {
                request_id: request_id(),
                person_id: person_id.clone(),
                consultation_id: consultation_id.clone(),
                text: text.into(),
                benefits: benefits.into(),
                risks: "It may be loud".into(),
                sensitivity: None,
            };
            service.offer_option(offer).await.unwrap();
        }
        let propose = ProposeDecisionRequest {
            request_id: request_id(),
            person_id,
            consultation_id: consultation_id.clone(),
            text: "Visits in the morning".into(),
            follow_up_by: None,
        };
        let proposed = service.propose_decision(propose).await.unwrap().into_inner();
        let decision_id = proposed.decision_id;
        // Until it is there to be read.
        let is_told = async || Ok(self.reads_of(topic).await);
        wait_until("the talk", is_told).await.unwrap();
        Talk { consultation_id, decision_id }
    }

    async fn reads_of(&self, topic: &str) -> bool {
        let all = self.person.consultations().list_my_consultations(ListMyConsultationsRequest::default()).await;
        let all = all.unwrap().into_inner().consultations;
        all.iter().any(|one| one.topic == topic && !one.decisions.is_empty())
    }

    /// The worker says that it was done.
    async fn done(&self, talk: &Talk) {
        let report = ReportOutcomeRequest {
            request_id: request_id(),
            person_id: self.person_id.to_string(),
            consultation_id: talk.consultation_id.clone(),
            decision_id: talk.decision_id.clone(),
            outcome: Outcome::Done.into(),
            words: "Visits began".into(),
        };
        self.worker.consultations().report_outcome(report).await.unwrap();
    }

    /// A manager of the agency puts a question to everybody whom it supports.
    async fn surveyed(&self, manager: &Client) {
        surveyed::open(manager, "When do visits suit you?").await.unwrap();
    }

    /// What becomes somebody new at the agency, who may put questions.
    fn manager(&self) -> AddStaffRequest {
        AddStaffRequest {
            request_id: request_id(),
            agency_id: self.agency.to_string(),
            subject: "manager".into(),
            name: "Rab Tait".into(),
            roles: vec!["manager".into()],
            issuer: issuer_name(Binding::Agency(self.agency)),
            staff_id: String::new(),
        }
    }

    /// How the worker's agency calls them, as the person reads it.
    async fn name_of_worker(&self) -> String {
        let people = self.person.my_people(0).await.unwrap();
        let known = people.into_iter().find(|one| one.relationship_id == self.relationship_id);
        known.unwrap().supporter.unwrap().name
    }

    /// A journey in the browser.
    async fn goes(&self, journey: &str, arguments: &[&str]) {
        goes(&self.pages, &[&[journey, self.who.as_str()], arguments].concat()).await;
    }
}

/// A development system, as somebody starts it who tries it out.
pub(crate) struct Sample {
    pub(crate) site: Site,
    /// Somebody who puts questions for the worker's agency.
    manager: Client,
    _child: Child,
    _directory: TempDir,
}

/// What stands in a line after these words.
fn after<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(words)).and_then(|rest| rest.split_whitespace().next())
}

impl Sample {
    pub(crate) async fn start() -> Self {
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
        let (operator, manager) = (client(signer.operator()), client(signer.staff(agency, "manager")));
        let proposed = worker.propose(&person_id.to_string(), "a visit every week").await.unwrap();
        person.accept(&proposed.relationship_id).await.unwrap();
        let relationship_id = proposed.relationship_id;
        let who = NAME.to_owned();
        let site = Site { pages, who, person, worker, operator, person_id, agency, relationship_id };
        site.operator.agencies().add_staff(site.manager()).await.unwrap();
        Self { site, manager, _child: child, _directory: directory }
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
async fn who_looked_why_and_stop_it_takes_a_newcomer_five_clicks_with_scripts_without_and_by_keys() {
    let Sample { site, .. } = &Sample::start().await;
    for how in HOW {
        site.looked_at().await;
        assert!(site.sees().await);
        site.goes("stopped", &[how]).await;
        assert!(!site.sees().await, "what was stopped is seen still");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_lets_an_agency_see_lets_it_see_less_and_shuts_it_out_with_scripts_without_and_by_keys() {
    let Sample { site, .. } = &Sample::start().await;
    for how in HOW {
        chosen(site, how).await;
    }
}

async fn chosen(site: &Site, how: &str) {
    site.goes("chosen", &[how]).await;
    let person_id = site.person_id.to_string();
    // Whoever was let in again sees what they may.
    let seen = site.worker.look(&person_id, Purpose::CareCoordination, &[], 0).await.unwrap();
    assert!(seen.entries.iter().all(|entry| entry.category() == RecordCategory::Goals), "{seen:?}");
    let held = site.person.sharing().get_my_sharing(GetMySharingRequest::default()).await.unwrap().into_inner();
    let [permit, deny] = &held.provisions[..] else { panic!("{held:?}") };
    assert!(permit.permit && permit.without_telling_them && !deny.permit, "{held:?}");
    let mut stays = permit.terms.clone().unwrap().categories;
    stays.sort_unstable();
    assert_eq!(stays, [RecordCategory::Health, RecordCategory::Goals].map(i32::from));
    site.shares_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_writes_in_their_record_puts_it_right_and_answers_back_with_scripts_without_and_by_keys() {
    let Sample { site, .. } = &Sample::start().await;
    for how in HOW {
        site.goes("written", &[how]).await;
    }
    let record = site.person.my_record(0).await.unwrap();
    let walks = record.iter().filter(|entry| {
        matches!(&entry.content, Some(Content::Strength(one)) if one.text == "I walk by the sea" && one.kind() == StrengthKind::StayingWell)
    });
    assert_eq!(walks.count(), HOW.len(), "{record:?}");
    let hurts = record.iter().flat_map(|entry| &entry.replies).filter(|reply| reply.words == "I am not a case");
    assert_eq!(hurts.count(), HOW.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_says_what_they_think_and_what_came_of_it_with_scripts_without_and_by_keys() {
    let Sample { site, manager, .. } = &Sample::start().await;
    site.surveyed(manager).await;
    for how in HOW {
        talked(site, how).await;
    }
}

/// What waits for the person, what they lead, and what agencies ask.
async fn talked(site: &Site, how: &str) {
    let topic = format!("Visits {how}");
    let talk = site.asked(&topic).await;
    site.goes("unsure", &[how, &topic]).await;
    site.goes("talked", &[how, &topic]).await;
    site.done(&talk).await;
    site.goes("disputed", &[how, &topic]).await;
    site.goes("led", &[how, &site.name_of_worker().await]).await;
    site.goes("answered", &[how, "When do visits suit you?"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_gives_a_code_keeps_a_copy_and_ends_support_with_scripts_without_and_by_keys() {
    let Sample { site, .. } = &Sample::start().await;
    site.asked("Visits").await;
    for how in HOW {
        site.goes("given", &[how]).await;
        site.goes("copied", &[how, "Visits in the evening"]).await;
    }
    ended(site, "by-keys").await;
}

async fn ended(site: &Site, how: &str) {
    site.goes("ended", &[how]).await;
    let people = site.person.my_people(0).await.unwrap();
    let ended = people.into_iter().find(|one| one.relationship_id == site.relationship_id).unwrap();
    assert!(ended.end.is_some(), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_machine_can_find_shuts_anybody_out_of_any_page() {
    let Sample { site, manager, .. } = &Sample::start().await;
    site.looked_at().await;
    site.asked("Visits").await;
    site.surveyed(manager).await;
    let shots = std::env::var("SHOTS").unwrap_or_default();
    site.goes("inspected", &[&shots]).await;
}

/// `cargo xtask pictures` keeps them for the README.
#[tokio::test(flavor = "multi_thread")]
async fn the_three_main_pages_are_pictured() {
    let Sample { site, .. } = &Sample::start().await;
    site.looked_at().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = std::env::var("PICTURES").unwrap_or_else(|_| elsewhere.path().display().to_string());
    site.goes("pictured", &[&folder]).await;
    for picture in ["home", "looked", "sharing"] {
        let bytes = std::fs::read(Path::new(&folder).join(format!("{picture}.png"))).unwrap();
        assert!(bytes.len() > 5_000, "{picture} is empty");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_the_phone_next_finds_nothing_on_it_and_reading_leaves_one_receipt_a_session() {
    let Sample { site, .. } = &Sample::start().await;
    let before = site.own_looks().await;
    site.goes("private", &[]).await;
    // As often as somebody signed in.
    assert_eq!(site.own_looks().await - before, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_at_their_identity_provider_and_claims_their_place_with_a_code() {
    let port = free_port().unwrap();
    let address = format!("http://localhost:{port}");
    let provider = PeopleProvider::start(&format!("{address}/in/back")).await.unwrap();
    let mut world = World::distributed().await;
    serves_pages(&mut world.cluster, port, &provider, false);
    let mut supported = Supported::on(world, 0).await;
    let invite = InvitePersonRequest {
        request_id: request_id(),
        name: "Ailsa".into(),
        reach: "07700 900123".into(),
        offer: "a visit on Tuesdays".into(),
    };
    let code = supported.callers.worker.joining().invite_person(invite).await.unwrap().into_inner().code;
    let pages = pages_of(&mut supported).await;
    goes(&address, &["provided", "ailsa", &code]).await;
    drop(pages);
}

/// The pages alone, which call the services over the network.
async fn pages_of(supported: &mut Supported) -> harness::Node {
    let services = format!("http://127.0.0.1:{}", supported.node.grpc);
    supported.world.cluster.set("portal", "services", services);
    supported.world.cluster.start("portal").await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_journey_leads_to_its_end_on_real_servers_over_the_network() {
    let port = free_port().unwrap();
    let address = format!("http://localhost:{port}");
    let provider = PeopleProvider::start(&format!("{address}/in/back")).await.unwrap();
    let mut world = World::distributed().await;
    serves_pages(&mut world.cluster, port, &provider, true);
    let mut supported = Supported::on(world, 0).await;
    let _pages = pages_of(&mut supported).await;
    let fed = Fed::of(supported, ContentLevel::Full).await;
    let site = site_of(&fed, address).await;
    let how = HOW[0];
    went(&fed, &site, how).await;
    site.shares_nothing().await;
    site.looked_at().await;
    site.goes("stopped", &[how]).await;
    chosen(&site, how).await;
    site.goes("written", &[how]).await;
    let (manager, _) = fed.supported.joins("manager", "Rab Tait", "manager").await;
    site.surveyed(&manager).await;
    talked(&site, how).await;
    site.goes("given", &[how]).await;
    site.goes("copied", &[how, "Visits in the evening"]).await;
    ended(&site, how).await;
}

/// The pages at this address, where the person signs in by their id.
async fn site_of(fed: &Fed, pages: String) -> Site {
    let callers: &Callers = &fed.supported.callers;
    Site {
        pages,
        who: callers.pair.person_id(),
        person: callers.person.clone(),
        worker: callers.worker.clone(),
        operator: callers.operator.clone(),
        person_id: callers.pair.person,
        agency: callers.pair.worker.agency(),
        relationship_id: callers.active(fed.supported.position).await,
    }
}

/// The agency's system receives something; what is stopped is asked back, and the person reads where it went and what was answered.
async fn went(fed: &Fed, site: &Site, how: &str) {
    let provision = fed.permit().await;
    let mut reading = fed.read(false, "").await.unwrap();
    let written = fed.person().strength("I paint").await.unwrap();
    assert_eq!(entry(&reading.next(1).await.remove(0)), written.entry_id);
    site.goes("went", &[how, "received 1 entry", "Nothing had to be given back."]).await;
    fed.person().withdraw(&provision).await.unwrap();
    reading.next(1).await;
    let recall = fed.recalls().await.remove(0);
    answer(fed, &recall.recall_id, RecallAnswer::Erased, "").await.unwrap();
    site.goes("went", &[how, "received 1 entry", "They say that it is rubbed out: Today."]).await;
}

/// The cluster's nodes serve the pages, where people sign in at this provider.
fn serves_pages(cluster: &mut Cluster, port: u16, provider: &PeopleProvider, by_id: bool) {
    let key = format!("file:{}", Path::new(&provider.client_key()).display());
    for (name, value) in [("listen", format!("127.0.0.1:{port}")), ("address", format!("http://localhost:{port}"))] {
        cluster.set("portal", name, value);
    }
    let provider_of =
        [("issuer", provider.issuer()), ("client_id", PeopleProvider::CLIENT.to_owned()), ("client_key", key)];
    let table: toml::Table = provider_of.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    cluster.set("portal", "provider", table);
    cluster.trust_people(&provider.issuer(), PeopleProvider::CLIENT, by_id);
}
