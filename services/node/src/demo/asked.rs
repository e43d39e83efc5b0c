//! A worker asks for what they may not see any more; a law is named under which another looks; and everything is told to the person in order.

use anyhow::{Context as _, bail, ensure};
use client::{request_id, terms};
use proto::access::v1::{ListMyTimelineRequest, Purpose, RecordCategory};
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{
    EndLawfulBasisRequest, GetMySharingRequest, InvokeLawfulBasisRequest, ListAccessRequestsRequest, ProvisionTerms,
    RefuseAccessRequest, RequestAccessRequest,
};
use tonic::Code;

use super::cast::Cast;
use super::chapters::Tell;
use super::refused;

/// How many sentences of the timeline are told.
const TOLD: usize = 9;
/// The seconds of a week.
const A_WEEK: i64 = 7 * 24 * 60 * 60;

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

pub(super) async fn a_law(cast: &Cast, tell: Tell<'_>) -> anyhow::Result<()> {
    tell("");
    tell("## A law, and never silently");
    tell("");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let until = prost_types::Timestamp { seconds: i64::try_from(now.as_secs())? + A_WEEK, nanos: 0 };
    let actor = Actor::StaffId(cast.other.party.staff_id.clone());
    let of = terms(actor, [RecordCategory::Barriers], Purpose::Legal, []);
    let invoke = InvokeLawfulBasisRequest {
        request_id: request_id(),
        person_id: cast.person_id.clone(),
        terms: Some(ProvisionTerms { until: Some(until), ..of }),
        statute: "Adult Support and Protection (Scotland) Act 2007, section 4".into(),
        reason: "a neighbour told us that somebody takes the money for the rent".into(),
    };
    let named = cast.officer.sharing().invoke_lawful_basis(invoke).await?.into_inner();
    let look = cast.other.client.look(&cast.person_id, Purpose::Legal, &[], named.position).await?;
    ensure!(
        look.entries.iter().all(|entry| entry.category() == RecordCategory::Barriers),
        "what it names, and no more"
    );
    let sharing = cast.person.sharing().get_my_sharing(GetMySharingRequest::default()).await?.into_inner();
    let [basis] = &sharing.lawful_bases[..] else { bail!("the person reads of one law") };
    let decider = basis.decided_by.as_ref().context("and who decided it")?;
    tell(&format!("{} names a law under which {} may look for a week:", decider.name, cast.other.party.name));
    tell(&format!("  ! {}: {}", basis.statute, basis.reason));
    let end = EndLawfulBasisRequest {
        request_id: request_id(),
        person_id: cast.person_id.clone(),
        lawful_basis_id: basis.lawful_basis_id.clone(),
    };
    let ended = cast.officer.sharing().end_lawful_basis(end).await?.into_inner().position;
    let after = cast.other.client.look(&cast.person_id, Purpose::Legal, &[], ended).await;
    refused(after, Code::PermissionDenied, "ACCESS_DENIED")?;
    tell(&format!(
        "{} reads who decided it and why, and each look under it says so. Ended, it lets nobody look.",
        cast.name
    ));
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
