//! Who asks whom: proposals, and an agency's own staff.

use client::{Client, request_id};
use proto::access::v1::receipt;
use proto::agencies::v1::operator_act::Kind;
use proto::agencies::v1::{
    ChangeStaffRolesRequest, GetStaffRequest, ListOperatorActsRequest, ListStaffRequest, OperatorAct,
};
use proto::relationships::v1::{
    AllowAskingRequest, ListMyProposalsRequest, ProposeSupportRequest, Relationship, RelationshipState,
    WithdrawProposalRequest,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::world::{Callers, Pair, World, at_rest};

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_does_not_tell_who_is_registered_or_has_blocked_the_agency() {
    let world = World::distributed().await;
    let [pair, open, blocked] = world.import(3).try_into().unwrap();
    let node = world.start().await;
    let channel = &node.channel().await.unwrap();
    let worker = &Callers::new(&world.cluster, channel, &pair).await.worker;
    let [open, blocked] = [open, blocked].map(|pair| Callers::unenrolled(&world.cluster, channel, &pair));
    blocked.person.block(&pair.agency_id()).await.unwrap();
    let nobody = Uuid::now_v7().to_string();
    let propose = async |person_id: &str| {
        let (person_id, offer) = (person_id.to_owned(), "walks".to_owned());
        let offer = ProposeSupportRequest { request_id: request_id(), person_id, offer };
        worker.relationships().propose_support(offer).await
    };
    let same = |answers: &[Status]| {
        answers.windows(2).all(|two| {
            (two[0].code(), two[0].message(), two[0].details()) == (two[1].code(), two[1].message(), two[1].details())
        })
    };
    let persons = [nobody, open.pair.person_id(), blocked.pair.person_id()];
    let (mut position, mut steps, mut again) = (at_rest(&world.cluster).await, Vec::new(), Vec::new());
    for person in &persons {
        let proposed = propose(person).await.unwrap().into_inner().position;
        steps.push(proposed - position);
        position = proposed;
        again.push(propose(person).await.unwrap_err());
    }
    assert!(steps.windows(2).all(|two| two[0] == two[1]), "positions tell: {steps:?}");
    assert!(same(&again) && again[0].code() == Code::AlreadyExists, "{again:?}");
    let mine = ListMyProposalsRequest { at_least_position: position, ..Default::default() };
    let mine = worker.relationships().list_my_proposals(mine).await.unwrap().into_inner().proposals;
    let offered = mine.iter().filter(|proposal| proposal.offer == "walks").map(|proposal| proposal.person_id.clone());
    assert_eq!(offered.collect::<Vec<_>>(), persons);

    // Who hears of it hears of it; who has blocked the agency finds the attempt, and no words.
    let hears = |people: Vec<Relationship>| people.iter().any(|r| r.offer == "walks");
    assert!(hears(open.person.my_people(position).await.unwrap()));
    assert!(!hears(blocked.person.my_people(position).await.unwrap()));
    let history = blocked.person.history(position).await.unwrap();
    assert!(history.iter().any(|receipt| receipt.kind() == receipt::Kind::Denied), "{history:?}");

    for person_id in &persons {
        let withdraw = || WithdrawProposalRequest { request_id: request_id(), person_id: person_id.clone() };
        position = worker.relationships().withdraw_proposal(withdraw()).await.unwrap().into_inner().position;
        // The same wish again is fulfilled, for whomever.
        worker.relationships().withdraw_proposal(withdraw()).await.unwrap();
        again.push(propose(person_id).await.unwrap_err());
    }
    assert!(same(&again[3..]), "{again:?}");
    let people = open.person.my_people(position).await.unwrap();
    let withdrawn = people.iter().find(|r| r.offer == "walks").unwrap();
    assert!(withdrawn.state() == RelationshipState::Withdrawn && withdrawn.may_ask_from.is_some(), "{withdrawn:?}");
    let (request_id, relationship_id) = (request_id(), withdrawn.relationship_id.clone());
    let allow = AllowAskingRequest { request_id, relationship_id };
    open.person.relationships().allow_asking(allow).await.unwrap();
    propose(&open.pair.person_id()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_runs_its_own_staff_and_no_others() {
    let world = World::distributed().await;
    let [pair, other] = world.import(2).try_into().unwrap();
    let node = world.start().await;
    let channel = &node.channel().await.unwrap();
    let operator = Callers::new(&world.cluster, channel, &pair).await.operator;
    let sign_in = |pair: &Pair, subject: &str| {
        Client::new(channel.clone(), &world.cluster.signer.staff(pair.worker.agency(), subject).unwrap()).unwrap()
    };
    let add = |pair: &Pair, subject: &str, role: &str| pair.joins(subject, &format!("{subject} of {role}s"), role);
    let boss_id =
        operator.agencies().add_staff(add(&pair, "boss", "administrator")).await.unwrap().into_inner().staff_id;
    let boss = sign_in(&pair, "boss");
    let joined = boss.agencies().add_staff(add(&pair, "nurse", "nurse")).await.unwrap().into_inner();
    let role = |staff_id: &str, role: &str| ChangeStaffRolesRequest {
        request_id: request_id(),
        staff_id: staff_id.to_owned(),
        roles: vec![role.to_owned()],
    };
    boss.agencies().change_staff_roles(role(&joined.staff_id, "lead")).await.unwrap();
    let list = ListStaffRequest { at_least_position: joined.position, ..ListStaffRequest::default() };
    let staff = boss.agencies().list_staff(list).await.unwrap().into_inner().staff;
    assert!(staff.iter().all(|member| member.agency_id == pair.agency_id()), "{staff:?}");
    assert!(
        staff.iter().any(|member| member.staff_id == joined.staff_id && member.subject == "nurse" && member.current)
    );
    let get = |staff_id: &str| GetStaffRequest { staff_id: staff_id.to_owned(), at_least_position: joined.position };
    assert_eq!(
        boss.agencies().get_staff(get(&joined.staff_id)).await.unwrap().into_inner().staff.unwrap().name,
        "nurse of nurses"
    );

    // What those who run the system did is told to them, and to the agency that it was about.
    let list = |at_least_position| ListOperatorActsRequest { at_least_position, ..Default::default() };
    let acts = async |client: &Client| {
        client.agencies().list_operator_acts(list(joined.position)).await.unwrap().into_inner().acts
    };
    let (all, ours) = (acts(&operator).await, acts(&boss).await);
    assert!(!ours.is_empty() && ours.iter().all(|act| act.agency_id == pair.agency_id()), "{ours:?}");
    let by_token = |act: &&OperatorAct| act.kind() == Kind::ChangedStaff && act.operator == "operator";
    let told = ours.iter().find(by_token).unwrap();
    assert!(!told.issuer.is_empty() && ours.iter().any(|act| act.about == boss_id), "{ours:?}");
    assert!(ours.iter().any(|act| act.kind() == Kind::Imported), "an import has named it: {ours:?}");
    let imported = all.iter().find(|act| act.kind() == Kind::Imported).unwrap();
    assert!(imported.issuer.is_empty() && !imported.operator.is_empty() && !imported.about.is_empty(), "{imported:?}");

    // Nobody runs another agency's staff, and a nurse nobody's; whether there is such a worker is not told.
    let denied = |status: Status| assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
    denied(boss.agencies().add_staff(add(&other, "friend", "administrator")).await.unwrap_err());
    denied(boss.agencies().change_staff_roles(role(&other.staff_id(), "lead")).await.unwrap_err());
    denied(boss.agencies().change_staff_roles(role(&Uuid::now_v7().to_string(), "lead")).await.unwrap_err());
    denied(boss.agencies().get_staff(get(&other.staff_id())).await.unwrap_err());
    let nurse = sign_in(&pair, "nurse");
    denied(nurse.agencies().add_staff(add(&pair, "friend", "administrator")).await.unwrap_err());
    denied(nurse.agencies().change_staff_roles(role(&joined.staff_id, "administrator")).await.unwrap_err());
    denied(nurse.agencies().list_staff(ListStaffRequest::default()).await.unwrap_err());
    denied(nurse.agencies().list_operator_acts(list(0)).await.unwrap_err());

    // What an administrator could do ends with the role.
    operator.agencies().change_staff_roles(role(&boss_id, "nurse")).await.unwrap();
    denied(boss.agencies().add_staff(add(&pair, "late", "nurse")).await.unwrap_err());
    denied(boss.agencies().list_staff(ListStaffRequest::default()).await.unwrap_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_too_much_is_told_when_to_try_again_and_stops_nobody_else() {
    let mut world = World::distributed().await;
    world.cluster.set("limits", "calls_per_second", 5);
    world.cluster.set("limits", "denials_per_minute", 3);
    let [pair, other] = world.import(2).try_into().unwrap();
    let node = world.start().await;
    let channel = &node.channel().await.unwrap();
    let callers = Callers::new(&world.cluster, channel, &pair).await;
    let limit = |status: &Status| {
        assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
        let (info, retry) = (status.get_details_error_info().unwrap(), status.get_details_retry_info().unwrap());
        assert!(retry.retry_delay.is_some_and(|delay| !delay.is_zero()), "{retry:?}");
        info.metadata["limit"].clone()
    };
    // Nobody floods a person's history: the fourth denial in a minute is the last for a while.
    let mut refused = Vec::new();
    for _ in 0..5 {
        refused.push(callers.look().await.unwrap_err());
    }
    assert!(refused[..4].iter().all(|status| status.code() == Code::PermissionDenied), "{refused:?}");
    assert_eq!(limit(&refused[4]), "denials_per_minute");
    // Nor the system: each has a rate of their own.
    let mut answers = Vec::new();
    for _ in 0..20 {
        answers.push(callers.person.my_people(0).await);
    }
    assert!(answers[0].is_ok());
    assert_eq!(limit(answers.iter().find_map(|answer| answer.as_ref().err()).unwrap()), "calls_per_second");
    let another = Callers::unenrolled(&world.cluster, channel, &other);
    another.person.my_people(0).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_adds_staff_from_a_file_once() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let node = world.start().await;
    let operator = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair).await.operator;
    let boss = pair.joins("boss", "Boss", "administrator");
    operator.agencies().add_staff(boss).await.unwrap();
    let directory = world.cluster.directory();
    let token = world.cluster.signer.staff(pair.worker.agency(), "boss").unwrap();
    std::fs::write(directory.join("token"), token).unwrap();
    let (server, agency, issuer) = (format!("http://127.0.0.1:{}", node.grpc), pair.agency_id(), pair.issuer());
    let add = |rows: &str| {
        std::fs::write(directory.join("staff.csv"), format!("subject,name,role\n{rows}")).unwrap();
        let options = ["--agency", &agency, "--issuer", &issuer, "--server", &server, "--token-file", "token"];
        let output = world.cluster.run_alone(&[&["staff", "add", "staff.csv"], options.as_slice()].concat()).unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).lines().count(), output.stderr)
    };
    let rows = "n1, Nurse One, nurse\nn2,\"Two, Nurse\",nurse\n";
    let (done, added, said) = add(rows);
    assert!(done && added == 2, "{}", String::from_utf8_lossy(&said));
    let (done, added, said) = add(rows);
    assert!(done && added == 0, "{}", String::from_utf8_lossy(&said));
    let (done, added, said) = add("n3, Nurse Three, nurse\nn4\n");
    assert!(!done && added == 0, "a malformed file changes nothing: {}", String::from_utf8_lossy(&said));
    assert!(String::from_utf8_lossy(&said).contains("row 2"));
}
