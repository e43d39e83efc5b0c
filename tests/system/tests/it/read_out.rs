//! Somebody who has no screen reads out a code that was sent to them: then what a worker enters on their word holds, whoever it lets in.

use client::{Client, request_id, terms};
use harness::Mail;
use proto::access::v1::{Action, Purpose, RecordCategory, party};
use proto::notices::v1::{AskForCodeRequest, CodeFor};
use proto::relationships::v1::{EnterAcceptanceRequest, RelationshipState};
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{EnterChoiceRequest, GetMySharingRequest, enter_choice_request};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::notices::{Told, code_in};
use crate::world::{Callers, Supported, rule};

const ACCOUNT: &str = "rang me on 3 March, and said so";

async fn ask(by: &Client, person_id: &str, code_for: CodeFor) -> Result<(), Status> {
    let (request_id, code_for) = (request_id(), code_for.into());
    let ask = AskForCodeRequest { request_id, person_id: person_id.into(), code_for };
    by.notices().ask_for_code(ask).await.map(drop)
}

fn is_about_the_code(refused: &Status) {
    assert_eq!(refused.get_details_bad_request().unwrap().field_violations[0].field, "code", "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_11_a_code_that_the_person_reads_out_lets_in_whoever_they_say_and_is_good_once() {
    let told = Told::new().await;
    let Callers { person, pair, .. } = &told.supported.callers;
    let person_id = pair.person_id();
    told.has("person@home.example", false, 1).await;
    let (alex, _) = told.supported.joins("alex", "Alex Somebody", "nurse").await;
    let (isla, _) = told.supported.joins("isla", "Isla Munro", "nurse").await;
    // Whoever has not even proposed anything has nothing sent.
    assert_eq!(ask(&alex, &person_id, CodeFor::Acceptance).await.unwrap_err().code(), Code::PermissionDenied);
    let [by_alex, by_isla] = [&alex, &isla].map(|by| by.propose(&person_id, "a visit"));
    let (relationship_id, of_isla) = (by_alex.await.unwrap().relationship_id, by_isla.await.unwrap().relationship_id);
    let enter = |relationship_id: &str, code: &str| EnterAcceptanceRequest {
        request_id: request_id(),
        person_id: person_id.clone(),
        relationship_id: relationship_id.into(),
        on_their_word: ACCOUNT.into(),
        code: code.into(),
    };
    // That somebody proposes is told before.
    told.receives(3).await;
    ask(&alex, &person_id, CodeFor::Acceptance).await.unwrap();
    let mail = told.receives(4).await.remove(3);
    let code = code_in(mail.body());
    assert!(!mail.body().contains("Alex") && mail.body().contains("take up somebody's support"), "{mail:?}");
    // Whoever only proposes has one sent in a day, and hears no more of it than of the first.
    ask(&alex, &person_id, CodeFor::Sharing).await.unwrap();
    told.receives_no_more_than(4).await;
    is_about_the_code(&alex.relationships().enter_acceptance(enter(&relationship_id, "AAAA-BBBB")).await.unwrap_err());
    // It is of whoever asked for it, and of nobody else.
    is_about_the_code(&isla.relationships().enter_acceptance(enter(&of_isla, &code)).await.unwrap_err());
    let entering = enter(&relationship_id, &code.to_lowercase());
    let entered = alex.relationships().enter_acceptance(entering.clone()).await.unwrap().into_inner();
    assert_eq!(alex.relationships().enter_acceptance(entering).await.unwrap().into_inner(), entered);
    let people = person.my_people(entered.position).await.unwrap();
    let read = people.into_iter().find(|one| one.relationship_id == relationship_id).unwrap();
    let word = read.on_their_word.clone().unwrap();
    assert_eq!((read.state(), word.account.as_str()), (RelationshipState::Active, ACCOUNT));
    assert_eq!(word.confirmed_by.unwrap().kind(), party::Kind::Person);

    // A choice that lets in their own agency, too; and nothing more by a code that was used.
    let agency = Actor::AgencyId(pair.agency_id());
    let grant = |code: &str| EnterChoiceRequest {
        request_id: request_id(),
        person_id: person_id.clone(),
        on_their_word: ACCOUNT.into(),
        code: code.into(),
        choice: Some(enter_choice_request::Choice::Grant(terms(
            agency.clone(),
            [RecordCategory::Strengths],
            Purpose::CareCoordination,
            [Action::Read],
        ))),
    };
    assert_eq!(rule(alex.sharing().enter_choice(grant("")).await), "another_agency");
    is_about_the_code(&alex.sharing().enter_choice(grant(&code)).await.unwrap_err());
    // One for something else is not good for it.
    ask(&alex, &person_id, CodeFor::Acceptance).await.unwrap();
    let code_of = |mails: &[Mail], from: usize| {
        let codes: Vec<_> = mails.iter().skip(from).filter(|mail| mail.text.contains("Subject: Your code")).collect();
        code_in(codes.last().unwrap().body())
    };
    // What was entered is told, too.
    let other = code_of(&told.receives(6).await, 4);
    is_about_the_code(&alex.sharing().enter_choice(grant(&other)).await.unwrap_err());
    ask(&alex, &person_id, CodeFor::Sharing).await.unwrap();
    let fresh = code_of(&told.receives(7).await, 6);
    let provision_id = alex.sharing().enter_choice(grant(&fresh)).await.unwrap().into_inner().provision_id;
    let sharing = person.sharing().get_my_sharing(GetMySharingRequest::default()).await.unwrap().into_inner();
    let held = sharing.provisions.into_iter().find(|held| held.provision_id == provision_id).unwrap();
    assert!(held.confirmed_by_code && held.on_their_word == ACCOUNT, "{held:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_only_proposes_does_not_learn_whether_somebody_can_be_sent_a_code() {
    let supported = Supported::without_consent(0).await;
    let Callers { person, worker, pair, .. } = &supported.callers;
    let person_id = pair.person_id();
    assert_eq!(rule(ask(worker, &person_id, CodeFor::Sharing).await), "no_address");
    let (alex, _) = supported.joins("alex", "Alex Somebody", "nurse").await;
    let heard = alex.propose(&person_id, "a visit").await.unwrap().relationship_id;
    ask(&alex, &person_id, CodeFor::Acceptance).await.unwrap();
    let entering = |person_id: &str, relationship_id: &str| EnterAcceptanceRequest {
        request_id: request_id(),
        person_id: person_id.into(),
        relationship_id: relationship_id.into(),
        on_their_word: ACCOUNT.into(),
        code: "ABCD-EFGH-JKMN".into(),
    };
    // Nor whether there is anybody, or whether they hear of it.
    let nobody = uuid::Uuid::now_v7().to_string();
    let unheard = alex.propose(&nobody, "a visit").await.unwrap().relationship_id;
    ask(&alex, &nobody, CodeFor::Acceptance).await.unwrap();
    // What is no code is refused alike.
    for (person_id, relationship_id) in [(&person_id, &heard), (&nobody, &unheard)] {
        let refused = alex.relationships().enter_acceptance(entering(person_id, relationship_id)).await.unwrap_err();
        is_about_the_code(&refused);
    }
    person.block(&pair.agency_id()).await.unwrap();
    ask(&alex, &person_id, CodeFor::Acceptance).await.unwrap();
}
