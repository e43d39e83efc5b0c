//! The person's timeline: everything that was done about them, in order, in plain words.

use client::{request_id, terms};
use proto::access::v1::{
    ListMyTimelineRequest, ListMyTimelineResponse, Purpose, RecordCategory, TimelineArea, TimelineItem,
};
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{EnterChoiceRequest, enter_choice_request};

use tonic::Code;

use crate::world::{Callers, Supported};

async fn read(callers: &Callers, request: ListMyTimelineRequest) -> ListMyTimelineResponse {
    callers.person.access().list_my_timeline(request).await.unwrap().into_inner()
}

async fn items(callers: &Callers, at_least_position: u64, areas: &[TimelineArea]) -> Vec<TimelineItem> {
    let areas = areas.iter().map(|area| i32::from(*area)).collect();
    let (page_size, request) = (100, ListMyTimelineRequest::default());
    read(callers, ListMyTimelineRequest { page_size, at_least_position, areas, ..request }).await.items
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_was_done_about_somebody_is_told_to_them_in_order_and_in_words() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let Callers { person, worker, pair, .. } = callers;
    person.strength("I sing in a choir").await.unwrap();
    callers.look().await.unwrap();
    let strengths = || terms(Actor::AgencyId(pair.agency_id()), [RecordCategory::Strengths], Purpose::Research, []);
    let granted = person.grant(strengths()).await.unwrap();
    person.withdraw(&granted.provision_id).await.unwrap();
    let enter = EnterChoiceRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        on_their_word: "told me on 3 March, in her kitchen".into(),
        choice: Some(enter_choice_request::Choice::Deny(strengths())),
        code: String::new(),
    };
    let entered = worker.sharing().enter_choice(enter).await.unwrap().into_inner();
    person.withdraw(&entered.provision_id).await.unwrap();
    let denied = worker.look(&pair.person_id(), Purpose::Treatment, &[], 0).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    let last = person.block(&pair.agency_id()).await.unwrap();

    let told = items(callers, last, &[]).await;
    let sentences: Vec<_> = told.iter().map(|item| item.sentence.as_str()).collect();
    let place = |part: &str| {
        sentences.iter().position(|said| said.contains(part)).unwrap_or_else(|| panic!("{part}: {sentences:#?}"))
    };
    // The newest first.
    let in_order = [
        "You shut out",
        "were not let in",
        "You took this back",
        "wrote this down for you: “told me on 3 March, in her kitchen”",
        "may see your strengths",
        "looked at your",
        "You added to your strengths: “I sing in a choir”",
        "You took up the support of",
        "offered to support you: “A visit every Tuesday”",
        "made a place here in your name",
    ];
    let in_order = in_order.map(place);
    assert!(in_order.is_sorted(), "{in_order:?} {sentences:#?}");
    assert!(sentences.iter().all(|said| said.ends_with('.') && !said.contains("  ")), "{sentences:#?}");
    // What was entered for them is theirs, and says who entered it.
    let entered = told.iter().find(|item| item.entered_by.is_some()).unwrap();
    assert_eq!(entered.entered_by.as_ref().unwrap().staff_id, pair.staff_id());
    assert!(entered.sentence.starts_with("You chose this. "), "{entered:?}");
    // The history of the directive is the part of it that is about sharing, each with the version that it made.
    let history = items(callers, last, &[TimelineArea::Sharing]).await;
    let versions: Vec<_> = history.iter().map(|item| item.directive_version).collect();
    assert!(versions.windows(2).all(|pair| pair[0] > pair[1]) && versions.contains(&1), "{versions:?}");
    assert!(history.iter().all(|item| item.area() == TimelineArea::Sharing));
    // What is new since they looked last, and what one agency did.
    let since = ListMyTimelineRequest { from: told[2].time, page_size: 100, ..Default::default() };
    assert_eq!(read(callers, since).await.items.len(), 3);
    let before = ListMyTimelineRequest { until: told[2].time, page_size: 100, ..Default::default() };
    assert_eq!(read(callers, before).await.items.len(), told.len() - 3);
    let of_agency = ListMyTimelineRequest { agency_id: pair.agency_id(), page_size: 100, ..Default::default() };
    let of_agency = read(callers, of_agency).await.items;
    let has = |part: &str| of_agency.iter().any(|item| item.sentence.contains(part));
    assert!(has("looked at your") && has("You took this back") && has("You shut out"));
    assert!(!has("You added to your strengths"), "{of_agency:#?}");
}
