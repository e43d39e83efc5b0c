//! The chapter about an agency's computer system.

use std::time::Duration;

use ::client::{Client, request_id, terms};
use anyhow::{Context as _, ensure};
use domain::ids::AgencyId;
use gate::Binding;
use proto::access::v1::{Action, ListMyDeliveriesRequest, ListMyRecallsRequest, Purpose, RecordCategory, recall};
use proto::feeds::v1::{
    AcknowledgeRequest, AnswerRecallRequest, ContentLevel, Door, RecallAnswer, SubscribeRequest, SubscribeResponse,
};
use proto::sharing::v1::provision_actor::Actor;
use serde_json::Value;
use tonic::transport::Channel;
use tonic::{Code, Streaming};

use super::{Cast, refused, worker};
use crate::dev::{SAMPLE_SYSTEM, open_feed};
use crate::tokens::TokenSigner;

/// How long what is told may take to arrive.
const SOON: Duration = Duration::from_secs(20);

/// The next events of a stream, and the token that came with them.
async fn next(stream: &mut Streaming<SubscribeResponse>) -> anyhow::Result<(Vec<Value>, String)> {
    let next = async {
        loop {
            let answer = stream.message().await?.context("the stream goes on")?;
            if !answer.events.is_empty() {
                let events = answer.events.iter().map(|event| serde_json::from_str(&event.cloud_event));
                return anyhow::Ok((events.collect::<Result<_, _>>()?, answer.token));
            }
        }
    };
    tokio::time::timeout(SOON, next).await.context("nothing came")?
}

pub(super) async fn their_computer_system(
    cast: &Cast,
    (channel, signer): (&Channel, &TokenSigner),
    tell: &mut (impl FnMut(&str) + Send),
) -> anyhow::Result<()> {
    tell("");
    tell("## Their computer system");
    tell("");
    let (name, agency_name) = (&cast.name, &cast.supporter.party.agency_name);
    let agency = AgencyId(cast.supporter.party.agency_id.parse()?);
    let how = (Door::Grpc, ContentLevel::Full);
    let (feed_id, _) = open_feed(channel, signer, (&cast.operator, agency), how).await?;
    let system = worker(channel, signer, Binding::Agency(agency), SAMPLE_SYSTEM)?;
    let read = SubscribeRequest { feed_id: feed_id.clone(), ..SubscribeRequest::default() };
    let mut stream = system.feeds().subscribe(read.clone()).await?.into_inner();
    tell(&format!(
        "{agency_name} connects its record system. That {name} shares with those who work there gives a system nothing:"
    ));
    let person_id = cast.person_id.clone();
    let look = refused(
        system.look(&person_id, Purpose::CareCoordination, &[], 0).await,
        Code::PermissionDenied,
        "ACCESS_DENIED",
    )?;
    tell(&format!("  > {}", look.message()));
    let whom = Actor::AgencyId(agency.to_string());
    let receive =
        terms(whom, [RecordCategory::Strengths], Purpose::CareCoordination, [Action::Read, Action::Subscribe]);
    let granted = cast.person.grant(receive).await?;
    let written = cast.person.strength("I can mend any bicycle").await?;
    let is_told = |event: &Value| event.pointer("/data/entryId").and_then(Value::as_str) == Some(&written.entry_id);
    let (told, token) = loop {
        let (events, token) = next(&mut stream).await?;
        if let Some(told) = events.into_iter().find(is_told) {
            break (told, token);
        }
    };
    ensure!(
        told.pointer("/data/entry/text").and_then(Value::as_str) == Some("I can mend any bicycle"),
        "in their words"
    );
    system.feeds().acknowledge(AcknowledgeRequest { feed_id: feed_id.clone(), token }).await?;
    let again = system.feeds().subscribe(read).await.map(drop);
    refused(again, Code::Aborted, "FEED_IS_CARRIED")?;
    tell(&format!(
        "{name} lets it receive their strengths, and writes one down. It is there at once, and {name} reads that:"
    ));
    let head =
        ListMyDeliveriesRequest { at_least_position: written.position + 1, ..ListMyDeliveriesRequest::default() };
    let days = cast.person.access().list_my_deliveries(head).await?.into_inner().days;
    tell(&format!("  * {}", days.first().context("the delivery is there to read")?.summary));

    cast.person.withdraw(&granted.provision_id).await?;
    cast.person.strength("This is not for a computer").await?;
    let mut events = Vec::new();
    while events.len() < 2 {
        events.extend(next(&mut stream).await?.0);
    }
    let mut types: Vec<_> = events.iter().filter_map(|event| event.get("type").and_then(Value::as_str)).collect();
    types.sort_unstable();
    ensure!(types == ["alongside.permit.ended.v1", "alongside.recall.requested.v1"], "nothing else comes: {types:?}");
    let recall_id = events.iter().find_map(|event| event.pointer("/data/recallId").and_then(Value::as_str));
    let recall_id = recall_id.context("a recall has an id")?;
    let answer = AnswerRecallRequest {
        request_id: request_id(),
        recall_id: recall_id.to_owned(),
        answer: RecallAnswer::Erased.into(),
        basis: String::new(),
    };
    let answered = system.feeds().answer_recall(answer).await?.into_inner();
    answered_is_read(&cast.person, answered.position, tell).await?;
    tell(&format!("What {name} wrote after that, no system has heard of."));
    Ok(())
}

async fn answered_is_read(
    person: &Client,
    at_least_position: u64,
    tell: &mut (impl FnMut(&str) + Send),
) -> anyhow::Result<()> {
    let recalls = ListMyRecallsRequest { at_least_position, ..ListMyRecallsRequest::default() };
    let recalls = person.access().list_my_recalls(recalls).await?.into_inner().recalls;
    let recall = recalls.first().context("the recall is there to read")?;
    ensure!(recall.state() == recall::State::Erased, "and its answer");
    tell(
        "They take it back. The system is told of what and for what that was, as they did not ask to do it without telling;",
    );
    tell("what was delivered is asked back, and the answer is theirs to read:");
    tell(&format!("  * {}", recall.summary));
    Ok(())
}
