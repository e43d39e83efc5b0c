//! What callers try who know a number, a name, an id or an old sign-in, and what comes of it.

use std::collections::BTreeSet;

use client::{Client, request_id, terms};
use event_log::Position;
use harness::Cluster;
use proto::access::v1::{
    AllowEmergencyAccessRequest, CloseEmergencyAccessRequest, DeclareEmergencyAccessRequest, Purpose, Receipt,
    RecordCategory, ReviewEmergencyAccessRequest, SensitivityLevel, party, receipt,
};
use proto::agencies::v1::{AddStaffRequest, ChangeStaffRolesRequest, ChangeStaffSignInRequest, RemoveStaffRequest};
use proto::people::v1::agree_action_request::Who;
use proto::people::v1::{AgreeActionRequest, CompleteActionRequest, RecordStrengthRequest};
use proto::relationships::v1::{DeclineSupportRequest, EndSupportRequest, ProposeSupportRequest};
use proto::sharing::v1::provision_actor::Actor;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::world::{Callers, Pair, Supported, World, at_rest, import, stores};

const REASON: &str = "found unconscious at home by a neighbour";

fn emergency(person_id: String) -> DeclareEmergencyAccessRequest {
    DeclareEmergencyAccessRequest { request_id: request_id(), person_id, reason: REASON.into(), minutes: 60 }
}

/// The newest receipt of a person, once all that was done is in it.
async fn newest(person: &Client) -> Receipt {
    let position = person.strength("x").await.unwrap().position;
    person.history(position).await.unwrap().remove(0)
}

/// Every id that a system without its keys shows: of streams, subjects and actors.
async fn ids_in_the_clear(cluster: &Cluster) -> BTreeSet<Uuid> {
    let events = stores(cluster).await.log.read(Position(0), 10_000).await.unwrap();
    let of = |recorded: &event_log::Recorded| {
        let (header, _) = events::Header::decode(&recorded.head).unwrap();
        [recorded.stream.id, header.subject, header.actor.id(), header.event_id]
    };
    events.iter().flat_map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_file_says_gives_an_id_away_without_the_keys() {
    // Whatever could be computed from the file alone would be the same in both.
    let (one, other) = (Cluster::embedded().unwrap(), Cluster::embedded().unwrap());
    let pairs = [&one, &other].map(|cluster| Pair::of(&import(cluster, 1)[0]));
    let (ids, others) = (ids_in_the_clear(&one).await, ids_in_the_clear(&other).await);
    assert!(ids.len() > 20 && ids.len() == others.len(), "{} {}", ids.len(), others.len());
    let shared: Vec<_> = ids.intersection(&others).collect();
    // The system itself is nobody, and those who run it are the same everywhere.
    assert_eq!(shared, [&Uuid::nil(), &domain::operations::OPERATORS.0], "{shared:?}");
    let mut entries = Vec::new();
    for (cluster, pair) in [&one, &other].into_iter().zip(&pairs) {
        let node = cluster.start("").await.unwrap();
        let callers = Callers::unenrolled(cluster, &node.channel().await.unwrap(), pair);
        let head = stores(cluster).await.log.head().await.unwrap().0;
        let record = callers.person.my_record(head).await.unwrap();
        entries.push(record.into_iter().map(|entry| entry.entry_id).collect::<BTreeSet<_>>());
    }
    assert!(!entries[0].is_empty() && entries[0].is_disjoint(&entries[1]));
    // The same person again is found again.
    let again = Pair::of(&import(&one, 1)[0]);
    assert_eq!((again.person, again.worker), (pairs[0].person, pairs[0].worker));
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_an_import_names_has_neither_standing_nor_a_sign_in() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let node = world.start().await;
    let channel = node.channel().await.unwrap();
    let agency = pair.worker.agency();
    for subject in [pair.number.clone(), pair.staff_id(), "cleaner".into()] {
        let named = Client::new(channel.clone(), &world.cluster.signer.staff(agency, &subject).unwrap()).unwrap();
        let declared = named.access().declare_emergency_access(emergency(pair.person_id())).await;
        assert_eq!(declared.unwrap_err().code(), Code::PermissionDenied, "{subject}");
        let offer =
            ProposeSupportRequest { request_id: request_id(), person_id: pair.person_id(), offer: "visits".into() };
        let proposed = named.relationships().propose_support(offer).await;
        assert_eq!(proposed.unwrap_err().code(), Code::PermissionDenied, "{subject}");
        let seen = named.look(&pair.person_id(), Purpose::Treatment, &[], 0).await;
        assert_eq!(seen.unwrap_err().code(), Code::PermissionDenied, "{subject}");
    }
    // Nobody is added as somebody of another agency, or as whom nobody has named.
    let callers = Callers::new(&world.cluster, &channel, &pair).await;
    for staff_id in [Uuid::now_v7().to_string(), pair.person_id()] {
        let add = AddStaffRequest { staff_id, ..pair.joins("somebody", "Somebody", "nurse") };
        let refused = callers.operator.agencies().add_staff(add).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "{refused:?}");
    }
    // Who has left does not come back by the same file.
    let remove = RemoveStaffRequest { request_id: request_id(), staff_id: pair.staff_id() };
    callers.operator.agencies().remove_staff(remove).await.unwrap();
    world.import(1);
    let declared = callers.worker.access().declare_emergency_access(emergency(pair.person_id())).await;
    assert_eq!(declared.unwrap_err().code(), Code::PermissionDenied);
}

const OTHER: &str = "https://new.example.invalid";

/// An agency with two issuers, two servers, and a worker of the agency whom the person lets in.
struct TwoIssuers {
    servers: [harness::Node; 2],
    world: World,
    callers: Callers,
    first: String,
}

impl TwoIssuers {
    async fn new() -> Self {
        let world = World::distributed().await;
        let pair = world.import(1).remove(0);
        world.cluster.trust_issuer(OTHER, pair.worker.agency());
        let servers = [world.start().await, world.start().await];
        let callers = Callers::unenrolled(&world.cluster, &servers[0].channel().await.unwrap(), &pair);
        let this = Self { servers, world, callers, first: pair.issuer() };
        node::dev::register(&this.callers.operator, &pair.agency_id()).await.unwrap();
        this.add(&this.first, "n1", &pair.staff_id()).await.unwrap();
        let proposed = this.by(0, &this.first, "n1").await.propose(&pair.person_id(), "visits").await.unwrap();
        this.callers.person.accept(&proposed.relationship_id).await.unwrap();
        this.callers.grant().await;
        this
    }

    /// Somebody who signs in like this, on a server.
    async fn by(&self, server: usize, issuer: &str, subject: &str) -> Client {
        let token = self.world.cluster.signer.sign_as(issuer, subject).unwrap();
        Client::new(self.servers[server].channel().await.unwrap(), &token).unwrap()
    }

    async fn add(&self, issuer: &str, subject: &str, staff_id: &str) -> Result<String, Status> {
        let add = AddStaffRequest {
            request_id: request_id(),
            agency_id: self.callers.pair.agency_id(),
            subject: subject.into(),
            name: if staff_id.is_empty() { "Isla Munro".into() } else { String::new() },
            roles: vec!["nurse".into()],
            issuer: issuer.into(),
            staff_id: staff_id.into(),
        };
        Ok(self.callers.operator.agencies().add_staff(add).await?.into_inner().staff_id)
    }

    async fn change(&self, issuer: &str, subject: &str, staff_id: &str) -> Result<(), Status> {
        let change = ChangeStaffSignInRequest {
            request_id: request_id(),
            staff_id: staff_id.into(),
            subject: subject.into(),
            issuer: issuer.into(),
        };
        self.callers.operator.agencies().change_staff_sign_in(change).await.map(drop)
    }

    /// Whether who signs in like this reads, on each server.
    async fn reads(&self, issuer: &str, subject: &str) -> [bool; 2] {
        let mut reads = [false; 2];
        for (server, reads) in reads.iter_mut().enumerate() {
            let person_id = self.callers.pair.person_id();
            let looked =
                self.by(server, issuer, subject).await.look(&person_id, Purpose::CareCoordination, &[], 0).await;
            assert!(looked.as_ref().err().is_none_or(|status| status.code() == Code::PermissionDenied), "{looked:?}");
            *reads = looked.is_ok();
        }
        reads
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_subject_of_another_issuer_is_somebody_else() {
    let two = TwoIssuers::new().await;
    assert_eq!((two.reads(&two.first, "n1").await, two.reads(OTHER, "n1").await), ([true; 2], [false; 2]));
    for unknown in ["", "https://nowhere.example.invalid"] {
        let status = two.add(unknown, "n2", "").await.unwrap_err();
        assert_eq!(status.get_details_bad_request().unwrap().field_violations[0].field, "issuer", "{status:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_was_changed_does_nothing_in_the_workers_name() {
    let two = TwoIssuers::new().await;
    let pair = &two.callers.pair;
    assert_eq!(two.reads(&two.first, "n1").await, [true; 2]);
    let opened = two.by(0, &two.first, "n1").await.access().declare_emergency_access(emergency(pair.person_id())).await;
    let emergency_id = opened.unwrap().into_inner().emergency_id;
    two.change(OTHER, "n9", &pair.staff_id()).await.unwrap();
    // From then on, on every server: also on one that remembers them.
    assert_eq!((two.reads(&two.first, "n1").await, two.reads(OTHER, "n9").await), ([false; 2], [true; 2]));
    let receipt = newest(&two.callers.person).await;
    assert_eq!(receipt.party.unwrap().staff_id, pair.staff_id(), "the same worker");
    // Not even what takes access away; and they are not taken for the worker.
    let former = two.by(1, &two.first, "n1").await;
    let position = two.callers.person.strength("x").await.unwrap().position;
    let relationship_id = two.callers.active(position).await;
    let (person_id, reason) = (pair.person_id(), String::new());
    let end = EndSupportRequest { request_id: request_id(), person_id, relationship_id, reason };
    assert_eq!(former.relationships().end_support(end).await.unwrap_err().code(), Code::NotFound);
    let close = CloseEmergencyAccessRequest { request_id: request_id(), person_id: pair.person_id(), emergency_id };
    assert_eq!(former.access().close_emergency_access(close).await.unwrap_err().code(), Code::PermissionDenied);
    let receipt = newest(&two.callers.person).await;
    assert_eq!(receipt.kind(), receipt::Kind::Denied);
    assert!(receipt.summary.starts_with("Somebody unknown"), "{}", receipt.summary);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_is_one_workers_and_nobody_takes_anothers_place() {
    let two = TwoIssuers::new().await;
    let theirs = two.callers.pair.staff_id();
    assert_eq!(two.add(&two.first, "n1", "").await.unwrap_err().code(), Code::AlreadyExists);
    let colleague = two.add(OTHER, "n2", "").await.unwrap();
    assert_eq!(two.change(&two.first, "n1", &colleague).await.unwrap_err().code(), Code::AlreadyExists);
    // One that nobody has any more can be somebody else's: who is then not who had it before.
    two.change(OTHER, "n9", &theirs).await.unwrap();
    two.change(&two.first, "n1", &colleague).await.unwrap();
    assert_eq!((two.reads(&two.first, "n1").await, two.reads(OTHER, "n9").await), ([false; 2], [true; 2]));
    two.by(0, &two.first, "n1")
        .await
        .look(&two.callers.pair.person_id(), Purpose::Treatment, &[], 0)
        .await
        .unwrap_err();
    assert_eq!(newest(&two.callers.person).await.party.unwrap().staff_id, colleague);
    // Nor is whoever comes back who they were, and nobody else is.
    let remove = RemoveStaffRequest { request_id: request_id(), staff_id: theirs.clone() };
    two.callers.operator.agencies().remove_staff(remove).await.unwrap();
    assert_eq!(two.add(OTHER, "n3", &theirs).await.unwrap_err().code(), Code::AlreadyExists);
    assert_ne!(two.add(OTHER, "n9", "").await.unwrap(), theirs);
    assert_eq!(two.reads(OTHER, "n9").await, [false; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_review_found_is_forgotten_with_the_person_and_a_review_needs_no_person() {
    const FINDING: &str = "she had taken too many of her tablets";
    let world = World::distributed().await;
    let [pair, other] = world.import(2).try_into().unwrap();
    let node = world.start().await;
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair).await;
    let officer = pair.joins("officer", "Isla Munro", "privacy officer");
    let officer_id = callers.operator.agencies().add_staff(officer).await.unwrap().into_inner().staff_id;
    let token = world.cluster.signer.staff(pair.worker.agency(), "officer").unwrap();
    let officer = Client::new(node.channel().await.unwrap(), &token).unwrap();
    let review = |emergency_id: String| ReviewEmergencyAccessRequest {
        request_id: request_id(),
        staff_id: pair.staff_id(),
        emergency_id,
        justified: false,
        corrects: false,
        finding: FINDING.into(),
    };
    let declare = async |person: String| {
        callers.worker.access().declare_emergency_access(emergency(person)).await.unwrap().into_inner().emergency_id
    };
    let first = declare(pair.person_id()).await;
    officer.access().review_emergency_access(review(first.clone())).await.unwrap();
    let told = newest(&callers.person).await;
    let found = (told.kind(), told.emergency_id, told.justified, told.reason.as_str(), told.party.unwrap().name);
    assert_eq!(found, (receipt::Kind::Reviewed, first, false, FINDING, "Isla Munro".to_owned()));
    // Nobody reviews their own.
    let theirs = officer.access().declare_emergency_access(emergency(pair.person_id())).await.unwrap().into_inner();
    let own = ReviewEmergencyAccessRequest { staff_id: officer_id, ..review(theirs.emergency_id) };
    assert_eq!(officer.access().review_emergency_access(own).await.unwrap_err().code(), Code::PermissionDenied);

    let stores = stores(&world.cluster).await;
    // Whoever has the keys of the agencies, and of nobody else, finds no word of it.
    let mut with = [0, 0];
    for recorded in stores.log.read(Position(0), 10_000).await.unwrap() {
        let envelope = stores.codec.open(&recorded).await.unwrap();
        let person = usize::from(envelope.subject() == pair.person.0);
        with[person] += usize::from(format!("{:?}", envelope.event).contains(FINDING));
    }
    assert_eq!(with, [0, 1]);

    // Of somebody who was erased before the review nothing is written; the worker is reviewed all the same.
    let second = declare(other.person_id()).await;
    stores.codec.vault().shred(other.person.0).await.unwrap();
    drop(node);
    let node = world.start().await;
    let officer = Client::new(node.channel().await.unwrap(), &token).unwrap();
    officer.access().review_emergency_access(review(second)).await.unwrap();
    let again = Callers::unenrolled(&world.cluster, &node.channel().await.unwrap(), &pair);
    let refused = again.worker.access().declare_emergency_access(emergency(pair.person_id())).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition, "the first was found unjustified");
    let (request_id, staff_id, person_id) = (request_id(), pair.staff_id(), pair.person_id());
    let allow = AllowEmergencyAccessRequest { request_id, staff_id, person_id, reason: "we spoke".into() };
    officer.access().allow_emergency_access(allow).await.unwrap();
    again.worker.access().declare_emergency_access(emergency(pair.person_id())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_recorded_whatever_the_caller_is_told() {
    let world = World::distributed().await;
    let [pair, other] = world.import(2).try_into().unwrap();
    let node = world.start().await;
    let channel = node.channel().await.unwrap();
    let callers = Callers::new(&world.cluster, &channel, &pair).await;
    let another = Callers::unenrolled(&world.cluster, &channel, &other);
    callers.accept().await;
    let text = "be left alone by my brother".to_owned();
    let sensitivity =
        Some(proto::access::v1::Sensitivity { level: SensitivityLevel::Restricted.into(), labels: vec![] });
    let who = Some(Who::ThePerson(true));
    let agree = AgreeActionRequest { request_id: request_id(), text, who, sensitivity, ..Default::default() };
    let action = callers.person.people().agree_action(agree).await.unwrap().into_inner().entry_id;
    callers.grant().await;
    // A withheld entry is told as one that is not there, and both attempts are kept.
    for action_id in [action, Uuid::now_v7().to_string()] {
        let complete = CompleteActionRequest {
            request_id: request_id(),
            person_id: pair.person_id(),
            purpose: Purpose::CareCoordination.into(),
            action_id,
        };
        let refused = callers.worker.people().complete_action(complete).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound);
        let receipt = newest(&callers.person).await;
        assert_eq!(
            (receipt.kind(), receipt.categories.as_slice()),
            (receipt::Kind::Denied, &[RecordCategory::Actions.into()][..])
        );
    }

    // A second emergency is kept for the person whom it was about.
    let mut access = callers.worker.access();
    access.declare_emergency_access(emergency(pair.person_id())).await.unwrap();
    let refused = access.declare_emergency_access(emergency(other.person_id())).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let receipt = newest(&another.person).await;
    assert_eq!((receipt.kind(), receipt.party.clone().unwrap().staff_id), (receipt::Kind::Denied, pair.staff_id()));
    assert!(receipt.summary.ends_with("waits for its review"), "{}", receipt.summary);

    // Somebody with another person's sign-in is refused, and the person reads that somebody tried.
    let theirs = RecordStrengthRequest {
        request_id: request_id(),
        person_id: other.person_id(),
        text: "mine".into(),
        ..Default::default()
    };
    let refused = callers.person.people().record_strength(theirs.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let receipt = newest(&another.person).await;
    assert_eq!((receipt.kind(), receipt.party.unwrap().kind()), (receipt::Kind::Denied, party::Kind::AnotherPerson));
    assert!(!receipt.summary.contains(&pair.person_id()));
    // Who is registered, and who is not, is told neither by the answer nor by what it costs.
    let head = at_rest(&world.cluster).await;
    let nobody = RecordStrengthRequest { request_id: request_id(), person_id: Uuid::now_v7().to_string(), ..theirs };
    let absent = callers.person.people().record_strength(nobody).await.unwrap_err();
    assert_eq!((absent.code(), absent.message()), (refused.code(), refused.message()));
    assert_eq!(at_rest(&world.cluster).await, head + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_an_emergency_made_possible_says_so() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let node = world.start().await;
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair).await;
    // The agency has a permit, and this worker no relationship.
    callers.grant().await;
    let add = || RecordStrengthRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        purpose: Purpose::CareCoordination.into(),
        text: "walks every day".into(),
        ..Default::default()
    };
    callers.worker.people().record_strength(add()).await.unwrap_err();
    let opened = callers.worker.access().declare_emergency_access(emergency(pair.person_id())).await.unwrap();
    callers.worker.people().record_strength(add()).await.unwrap();
    let receipt = newest(&callers.person).await;
    assert_eq!((receipt.kind(), receipt.emergency), (receipt::Kind::Contributed, true));
    let close = CloseEmergencyAccessRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        emergency_id: opened.into_inner().emergency_id,
    };
    callers.worker.access().close_emergency_access(close).await.unwrap();
    callers.accept().await;
    callers.worker.people().record_strength(add()).await.unwrap();
    let receipt = newest(&callers.person).await;
    assert_eq!((receipt.kind(), receipt.emergency), (receipt::Kind::Contributed, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergencys_receipt_tells_the_role_that_the_worker_has_then() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let (_servers, here, elsewhere) = world.start_two(&pair).await;
    // This server remembers the role that they have now.
    here.is_refused().await;
    let (staff_id, roles) = (pair.staff_id(), vec!["receptionist".to_owned()]);
    let change = ChangeStaffRolesRequest { request_id: request_id(), staff_id, roles };
    elsewhere.operator.agencies().change_staff_roles(change).await.unwrap();
    here.worker.access().declare_emergency_access(emergency(pair.person_id())).await.unwrap();
    assert_eq!(newest(&here.person).await.party.unwrap().role, "receptionist");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_else_supports_the_person_is_told_only_where_that_is_shared() {
    let Supported { callers, .. } = &Supported::without_consent(0).await;
    let own = callers.pair.agency_id();
    // The sample's record was written by workers of several agencies.
    let everything = (1..).map_while(|code| RecordCategory::try_from(code).ok());
    let but_who = everything.clone().filter(|category| *category != RecordCategory::SupportNetwork);
    let grant = async |categories: Vec<RecordCategory>| {
        let terms = terms(Actor::AgencyId(own.clone()), categories, Purpose::CareCoordination, []);
        callers.person.grant(terms).await.unwrap()
    };
    let granted = grant(but_who.collect()).await;
    let told = async |at_least| {
        let entries = callers.look_for(&[], at_least).await.unwrap().entries;
        let authors = entries.into_iter().filter_map(|entry| entry.author);
        authors.filter(|author| author.agency_id != own).collect::<Vec<_>>()
    };
    let elsewhere = told(granted.position).await;
    let blank = |p: &&proto::access::v1::Party| p.kind() == party::Kind::AnotherAgency;
    assert!(elsewhere.iter().any(|p| blank(&p)), "{elsewhere:?}");
    for author in &elsewhere {
        let known = [&author.agency_id, &author.agency_name, &author.staff_id, &author.name, &author.role];
        assert!(known.iter().all(|known| known.is_empty()), "{author:?}");
    }
    let receipt = newest(&callers.person).await;
    assert_eq!((receipt.kind(), receipt.named_authors), (receipt::Kind::Viewed, false));

    let granted = grant(everything.collect()).await;
    let elsewhere = told(granted.position).await;
    assert!(elsewhere.iter().any(|author| !author.agency_name.is_empty() && !author.name.is_empty()), "{elsewhere:?}");
    let receipt = newest(&callers.person).await;
    assert_eq!((receipt.kind(), receipt.named_authors), (receipt::Kind::Viewed, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_asks_once_at_a_time_and_takes_no_for_an_answer() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let node = world.start().await;
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair).await;
    let propose = async || {
        let (person_id, offer) = (pair.person_id(), "visits".to_owned());
        let offer = ProposeSupportRequest { request_id: request_id(), person_id, offer };
        callers.worker.relationships().propose_support(offer).await.map(|done| done.into_inner().relationship_id)
    };
    // One that waits for an answer is enough.
    propose().await.unwrap();
    assert_eq!(propose().await.unwrap_err().code(), Code::AlreadyExists);
    let head = at_rest(&world.cluster).await;
    let waiting = callers.person.my_people(head).await.unwrap();
    let theirs = waiting.iter().find(|r| r.supporter.as_ref().unwrap().staff_id == pair.staff_id()).unwrap();
    let decline = DeclineSupportRequest {
        request_id: request_id(),
        relationship_id: theirs.relationship_id.clone(),
        reason: String::new(),
        not_again: true,
    };
    callers.person.relationships().decline_support(decline).await.unwrap();
    let refused = propose().await.unwrap_err();
    assert_eq!((refused.code(), refused.message().starts_with("the_answer_stands")), (Code::FailedPrecondition, true));
    // Eight at once are one.
    let another = world.import(2).remove(1);
    let fresh = Callers::unenrolled(&world.cluster, &node.channel().await.unwrap(), &another);
    let head = at_rest(&world.cluster).await;
    let before = fresh.person.my_people(head).await.unwrap().len();
    let asks = (0..8).map(|_| {
        let (worker, person_id) = (callers.worker.clone(), another.person_id());
        tokio::spawn(async move {
            let offer = ProposeSupportRequest { request_id: request_id(), person_id, offer: "visits".into() };
            worker.relationships().propose_support(offer).await.map(|done| done.into_inner().position)
        })
    });
    let mut at = Vec::new();
    for ask in asks.collect::<Vec<_>>() {
        at.extend(ask.await.unwrap());
    }
    assert_eq!(at.len(), 1, "{at:?}");
    assert_eq!(fresh.person.my_people(at[0]).await.unwrap().len(), before + 1);
}
