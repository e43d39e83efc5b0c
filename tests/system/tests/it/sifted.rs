//! What people need to find: what is new, what goes on, what waits for them.

use proto::access::v1::Purpose;
use proto::consultations::v1::{CloseConsultationRequest, ListConsultationsRequest, ListMyConsultationsRequest, Mode};
use proto::people::v1::{AttachReplyRequest, Entry, GetMyRecordRequest, GetSharedPlanRequest, ReplyKind};
use proto::relationships::v1::{ListMyPeopleRequest, RelationshipState};
use tonic::{Code, Status};

use crate::consulted::Held;
use crate::world::{Callers, Supported, at_rest};

async fn new_since(callers: &Callers, changed_since: Option<prost_types::Timestamp>) -> [Vec<Entry>; 2] {
    let page_size = 100;
    let own = GetMyRecordRequest { changed_since, page_size, ..Default::default() };
    let shared = GetSharedPlanRequest {
        person_id: callers.pair.person_id(),
        purpose: Purpose::CareCoordination.into(),
        changed_since,
        page_size,
        ..Default::default()
    };
    let own = callers.person.people().get_my_record(own).await.unwrap().into_inner().entries;
    let shared = callers.worker.people().get_shared_plan(shared).await.unwrap().into_inner().entries;
    [own, shared]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_changed_since_somebody_looked_is_what_was_written_changed_or_replied_to() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let old = callers.person.strength("I sing").await.unwrap();
    let new = callers.person.strength("I paint").await.unwrap();
    at_rest(&supported.world.cluster).await;
    let [all, _] = new_since(callers, None).await;
    let since = all.iter().find(|entry| entry.entry_id == new.entry_id).unwrap().recorded_at;
    for entries in new_since(callers, since).await {
        assert!(entries.len() == 1 && entries[0].entry_id == new.entry_id, "{entries:?}");
    }
    let reply = AttachReplyRequest {
        request_id: client::request_id(),
        entry_id: old.entry_id.clone(),
        kind: ReplyKind::Context.into(),
        words: "on Sundays".into(),
    };
    callers.person.people().attach_reply(reply).await.unwrap();
    at_rest(&supported.world.cluster).await;
    for entries in new_since(callers, since).await {
        assert_eq!(entries.len(), 2, "{entries:?}");
        assert!(entries.iter().any(|entry| entry.entry_id == old.entry_id));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn consultations_that_go_on_or_wait_and_people_by_how_things_stand_are_found() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let Callers { person, worker, pair, .. } = callers;
    let held = Held::asked(callers, Mode::Consult).await;
    let mine = async |only_open, only_waiting, only_overdue| {
        let at_least_position = at_rest(&supported.world.cluster).await;
        let list = ListMyConsultationsRequest {
            only_open,
            only_waiting,
            only_overdue,
            at_least_position,
            ..Default::default()
        };
        person.consultations().list_my_consultations(list).await.unwrap().into_inner().consultations.len()
    };
    let theirs = async |only_open, only_overdue| {
        let list = ListConsultationsRequest {
            person_id: pair.person_id(),
            purpose: Purpose::CareCoordination.into(),
            only_open,
            only_overdue,
            ..Default::default()
        };
        worker.consultations().list_consultations(list).await.unwrap().into_inner().consultations.len()
    };
    assert_eq!((mine(true, false, false).await, mine(false, true, false).await), (1, 0));
    held.proposed(None).await.unwrap();
    assert_eq!((mine(false, true, false).await, mine(false, false, true).await), (1, 0));
    assert_eq!((theirs(true, false).await, theirs(false, true).await), (1, 0));
    let ended = Held::asked(callers, Mode::Inform).await;
    let close = CloseConsultationRequest {
        request_id: client::request_id(),
        person_id: pair.person_id(),
        consultation_id: ended.consultation_id.clone(),
    };
    worker.consultations().close_consultation(close).await.unwrap();
    assert_eq!((mine(false, false, false).await, mine(true, false, false).await, theirs(true, false).await), (2, 1, 1));

    let people = async |states: &[RelationshipState]| {
        let states = states.iter().map(|state| i32::from(*state)).collect();
        let list = ListMyPeopleRequest { states, page_size: 100, ..Default::default() };
        Ok::<_, Status>(person.relationships().list_my_people(list).await?.into_inner().relationships)
    };
    let all = people(&[]).await.unwrap().len();
    let active = people(&[RelationshipState::Active]).await.unwrap();
    assert!(active.len() == 1 && active[0].state() == RelationshipState::Active && all > 1, "{active:?}");
    let others = people(&[RelationshipState::Suggested, RelationshipState::Ended]).await.unwrap();
    assert_eq!(others.len(), all - 1);
    assert_eq!(people(&[RelationshipState::Unspecified]).await.unwrap_err().code(), Code::InvalidArgument);
}
