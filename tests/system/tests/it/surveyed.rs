//! Services asked as services: a question to everybody whom an agency supports, what was answered, and what came of it.

use client::{Client, request_id};
use harness::Node;
use proto::consultations::v1::{
    AnswerSurveyRequest, ListMySurveysRequest, ListSurveyWordsRequest, ListSurveysRequest, OpenSurveyRequest,
    OpenSurveyResponse, PublishSurveyRequest, ReportSurveyOutcomeRequest, Survey, TakeBackSurveyAnswerRequest,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::world::{Callers, Pair, World, at_rest, in_days, rule, views_equal_a_rebuild};

pub(crate) async fn open(by: &Client, question: &str) -> Result<String, Status> {
    Ok(put(by, question).await?.survey_id)
}

/// Puts a question, and returns the whole answer.
pub(crate) async fn put(by: &Client, question: &str) -> Result<OpenSurveyResponse, Status> {
    let open = OpenSurveyRequest {
        request_id: request_id(),
        question: question.into(),
        options: vec!["Mornings".into(), "Evenings".into(), "Weekends".into()],
        closes_at: in_days(8),
        follow_up_by: None,
    };
    Ok(by.surveys().open_survey(open).await?.into_inner())
}

async fn answer(by: &Client, survey_id: &str, option: u32, words: &str) -> Result<u64, Status> {
    let (survey_id, words) = (survey_id.into(), words.into());
    let answer = AnswerSurveyRequest { request_id: request_id(), survey_id, option, words };
    Ok(by.surveys().answer_survey(answer).await?.into_inner().position)
}

async fn mine(by: &Client, at_least_position: u64) -> Vec<Survey> {
    let list = ListMySurveysRequest { at_least_position, ..Default::default() };
    by.surveys().list_my_surveys(list).await.unwrap().into_inner().surveys
}

async fn ours(by: &Client, at_least_position: u64) -> Result<Vec<Survey>, Status> {
    let list = ListSurveysRequest { at_least_position, ..Default::default() };
    Ok(by.surveys().list_surveys(list).await?.into_inner().surveys)
}

async fn publish(by: &Client, survey_id: &str) -> Result<u64, Status> {
    let publish = PublishSurveyRequest { request_id: request_id(), survey_id: survey_id.into() };
    Ok(by.surveys().publish_survey(publish).await?.into_inner().position)
}

async fn words(by: &Client, survey_id: &str) -> Result<Vec<String>, Status> {
    let (mut all, mut page_token) = (vec![], String::new());
    loop {
        let list =
            ListSurveyWordsRequest { survey_id: survey_id.into(), page_size: 1, page_token, ..Default::default() };
        let page = by.surveys().list_survey_words(list).await?.into_inner();
        all.extend(page.words);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(all);
        }
    }
}

/// Seven people, six of them supported by the worker of the first, on one server; and a manager of that agency.
async fn seven() -> (World, Node, (Callers, Client), Vec<Client>) {
    let world = World::distributed().await;
    let people = world.import(7);
    let node = world.start().await;
    let channel = node.channel().await.unwrap();
    let callers = Callers::new(&world.cluster, &channel, &people[0]).await;
    let mut each = vec![];
    for (n, other) in people.iter().enumerate() {
        let pair = Pair { person: other.person, ..people[0].clone() };
        let of = Callers::unenrolled(&world.cluster, &channel, &pair);
        if n < 6 {
            let proposed = of.propose().await;
            of.person.accept(&proposed).await.unwrap();
        }
        each.push(of.person);
    }
    let joins = callers.pair.joins("manager", "Ailsa Munro", "manager");
    let (manager, _) = world.adds(&node, &callers, joins).await;
    (world, node, (callers, manager), each)
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_22_whom_an_agency_supports_it_asks_counts_without_names_and_tells_what_came_of_it() {
    let (world, node, (callers, manager), people) = seven().await;
    let survey = open(&manager, "When should the drop-in be open?").await.unwrap();
    let position = at_rest(&world.cluster).await;
    assert!(mine(&people[6], position).await.is_empty(), "whom they do not support they do not ask");
    assert_eq!(answer(&people[6], &survey, 1, "").await.unwrap_err().code(), Code::NotFound);
    let said = ["after work", "and with tea", "on the bus route", "please", "with my son"];
    for (person, words) in people.iter().zip(said) {
        answer(person, &survey, 2, "").await.unwrap();
        answer(person, &survey, 2, words).await.unwrap();
    }
    answer(&people[5], &survey, 1, "I cannot come at night").await.unwrap();
    let refused = answer(&people[0], &survey, 4, "").await.unwrap_err();
    assert_eq!(refused.get_details_bad_request().unwrap().field_violations[0].field, "option");
    let back = |who: usize| {
        let back = TakeBackSurveyAnswerRequest { request_id: request_id(), survey_id: survey.clone() };
        let mut surveys = people[who].surveys();
        async move { surveys.take_back_survey_answer(back).await.unwrap().into_inner().position }
    };
    back(5).await;
    let position = answer(&people[5], &survey, 1, "I cannot come at night").await.unwrap();
    let [asked] = &mine(&people[0], position).await[..] else { panic!("one question") };
    assert_eq!((asked.open, asked.published, asked.my_option, asked.my_words.as_str()), (true, false, 2, said[0]));
    assert_eq!(asked.party.as_ref().unwrap().role, "manager");
    // Nobody is told anything before it has closed, and only a manager ever.
    assert_eq!(rule(publish(&manager, &survey).await), "survey_open");
    assert_eq!(rule(words(&manager, &survey).await), "survey_not_published");

    world.time_passes("9 days");
    assert_eq!(rule(answer(&people[0], &survey, 1, "").await), "survey_closed");
    let by_a_nurse = publish(&callers.worker, &survey).await.unwrap_err();
    assert_eq!(by_a_nurse.code(), Code::PermissionDenied);
    let position = publish(&manager, &survey).await.unwrap();
    publish(&manager, &survey).await.unwrap();
    let [told] = &ours(&callers.worker, position).await.unwrap()[..] else { panic!("one question") };
    let about: Vec<_> = told.options.iter().map(|option| (option.about, option.summary.as_str())).collect();
    assert_eq!(about, [(0, "Fewer than 5 people"), (5, "About 5 people"), (0, "Fewer than 5 people")]);
    assert_eq!((told.my_option, told.overdue, told.incomplete), (0, false, false));
    // Words without who said them, and of fewer than five none; taken back they are told no more, and no count changes.
    assert_eq!(words(&callers.worker, &survey).await.unwrap_err().code(), Code::PermissionDenied);
    let mut all = words(&manager, &survey).await.unwrap();
    all.sort();
    assert_eq!(all, ["I cannot come at night", said[0], said[1], said[2], said[3], said[4]]);
    back(0).await;
    at_rest(&world.cluster).await;
    assert_eq!(words(&manager, &survey).await.unwrap().len(), 5);
    let position = back(1).await;
    at_rest(&world.cluster).await;
    assert!(words(&manager, &survey).await.unwrap().is_empty());
    let told = mine(&people[2], position).await.remove(0);
    assert_eq!((told.published, told.options[1].about), (true, 5));

    // What came of it is told, or shows as overdue.
    world.time_passes("40 days");
    callers.is_refused().await;
    assert!(mine(&people[2], 0).await[0].overdue && ours(&callers.worker, 0).await.unwrap()[0].overdue);
    let report = |words: &str| {
        let (request_id, survey_id) = (request_id(), survey.clone());
        ReportSurveyOutcomeRequest { request_id, survey_id, words: words.into() }
    };
    let reported = manager.surveys().report_survey_outcome(report("It is open until nine now.")).await.unwrap();
    let again = manager.surveys().report_survey_outcome(report("Something else")).await.unwrap_err();
    assert_eq!(again.code(), Code::AlreadyExists);
    let told = mine(&people[2], reported.into_inner().position).await.remove(0);
    assert_eq!((told.outcome.as_str(), told.overdue), ("It is open until nine now.", false));
    let head = at_rest(&world.cluster).await;
    drop(node);
    views_equal_a_rebuild(&world.cluster, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_its_agencys_alone_and_nobody_is_asked_by_whom_they_have_shut_out() {
    let (world, node, (callers, manager), people) = seven().await;
    let survey = open(&manager, "When should the drop-in be open?").await.unwrap();
    assert_eq!(open(&callers.worker, "By a nurse?").await.unwrap_err().code(), Code::PermissionDenied);
    // Somebody of another agency neither reads nor tells it.
    let other = somebody_elsewhere(&world, &node, &callers).await;
    let position = at_rest(&world.cluster).await;
    assert!(ours(&other, position).await.unwrap().is_empty());
    assert_eq!(publish(&other, &survey).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(words(&other, &survey).await.unwrap_err().code(), Code::PermissionDenied);
    // Who shuts out the agency, whoever put it, or the one who supports them, is asked nothing, and keeps what they answered.
    answer(&people[0], &survey, 2, "").await.unwrap();
    for person in &people[..2] {
        person.block(&callers.pair.agency_id()).await.unwrap();
    }
    let manager_id = ours(&manager, position).await.unwrap()[0].party.clone().unwrap().staff_id;
    for (person, staff_id) in [(&people[2], manager_id), (&people[3], callers.pair.staff_id())] {
        let block = proto::sharing::v1::BlockWorkerRequest { request_id: request_id(), staff_id, ..Default::default() };
        person.sharing().block_worker(block).await.unwrap();
    }
    let position = at_rest(&world.cluster).await;
    assert_eq!(mine(&people[0], position).await.len(), 1);
    for person in &people[1..4] {
        assert!(mine(person, position).await.is_empty());
        assert_eq!(answer(person, &survey, 2, "").await.unwrap_err().code(), Code::NotFound);
    }
    assert_eq!(mine(&people[4], position).await.len(), 1);
    for n in 1..20 {
        open(&manager, &format!("Question {n}?")).await.unwrap();
    }
    at_rest(&world.cluster).await;
    assert_eq!(rule(open(&manager, "One more?").await), "open_surveys");
}

/// Somebody of another agency who is known here.
async fn somebody_elsewhere(world: &World, node: &Node, callers: &Callers) -> Client {
    let people = callers.person.my_people(0).await.unwrap();
    let mut supporters = people.into_iter().filter_map(|known| known.supporter);
    let party = supporters.find(|party| party.agency_id != callers.pair.agency_id()).unwrap();
    node::dev::enrol(&callers.operator, &party).await.unwrap();
    let agency = party.agency_id.parse::<uuid::Uuid>().unwrap().into();
    Client::new(node.channel().await.unwrap(), &world.cluster.signer.staff(agency, &party.staff_id).unwrap()).unwrap()
}
