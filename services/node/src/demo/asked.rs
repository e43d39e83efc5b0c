//! A worker asks for what they may not see any more; and everything is told to the person in order.

use anyhow::ensure;
use client::{request_id, terms};
use proto::access::v1::{ListMyTimelineRequest, Purpose, RecordCategory};
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{ListAccessRequestsRequest, RefuseAccessRequest, RequestAccessRequest};
use tonic::Code;

use super::cast::Cast;
use super::chapters::Tell;
use super::refused;

/// How many sentences of the timeline are told.
const TOLD: usize = 9;

pub(super) async fn for_more(cast: &Cast, tell: Tell<'_>) -> anyhow::Result<()> {
    tell("");
    tell("## A request, and a no");
    tell("");
    let ask = |categories: &[RecordCategory]| {
        let actor = Actor::StaffId(cast.supporter.party.staff_id.clone());
        RequestAccessRequest {
            request_id: request_id(),
            person_id: cast.person_id.clone(),
            terms: Some(terms(actor, categories.iter().copied(), Purpose::CareCoordination, [])),
            reason: "to plan the next visits together with you".into(),
        }
    };
    let sharing = cast.supporter.client.sharing();
    let asked = sharing.clone().request_access(ask(&[RecordCategory::Wellbeing])).await?.into_inner();
    let waiting = cast.person.sharing().list_access_requests(ListAccessRequestsRequest::default()).await?.into_inner();
    ensure!(waiting.requests.len() == 1, "it waits for the person");
    for request in &waiting.requests {
        tell(&format!("{} asks for some of it, {}:", cast.supporter.party.name, request.reason));
        tell(&format!("  ? {}", request.summary));
    }
    let refuse = RefuseAccessRequest {
        request_id: request_id(),
        access_request_id: asked.access_request_id,
        expected_version: waiting.directive_version,
        ..Default::default()
    };
    cast.person.sharing().refuse_access(refuse).await?;
    let again = sharing.clone().request_access(ask(&[RecordCategory::Wellbeing, RecordCategory::Goals])).await;
    let again = refused(again, Code::FailedPrecondition, "RULE_REFUSED")?;
    tell(&format!("{} says no. Asked again in other words, the answer stands:", cast.name));
    tell(&format!("  > {}", again.message()));
    Ok(())
}

pub(super) async fn everything_in_order(cast: &Cast, tell: Tell<'_>) -> anyhow::Result<()> {
    tell("");
    tell("## Everything, in order");
    tell("");
    let page_size = i32::try_from(TOLD)?;
    let timeline = ListMyTimelineRequest { page_size, ..Default::default() };
    let timeline = cast.person.access().list_my_timeline(timeline).await?.into_inner();
    ensure!(timeline.items.len() == TOLD, "all of it is there to read");
    tell(&format!("What {} reads under \"what happened\", the newest first:", cast.name));
    for item in timeline.items {
        ensure!(!item.sentence.is_empty(), "each thing has its sentence");
        tell(&format!("  - {}", item.sentence));
    }
    Ok(())
}
