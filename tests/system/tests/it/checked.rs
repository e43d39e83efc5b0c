//! A run under crashes, read by the checker: what callers saw on two servers, held against the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use checker::{Call, Facts, History, Look, What, check};
use client::{Client, request_id};
use event_log::Position;
use harness::Cluster;
use proto::people::v1::{GetMyRecordRequest, RecordStrengthRequest};
use proto::sharing::v1::{BlockAgencyRequest, UnblockAgencyRequest};
use tokio::task::JoinHandle;
use tonic::Code;
use uuid::Uuid;

use crate::world::{Callers, Pair, World, lasting, stores, until_acknowledged};

/// A caller's side of the run.
#[derive(Clone, Default)]
pub(crate) struct Run {
    pub(crate) history: Arc<History>,
    pub(crate) stop: Arc<AtomicBool>,
}

impl Run {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// The worker looks, again and again.
    pub(crate) fn looks(&self, callers: Callers) -> JoinHandle<()> {
        let run = self.clone();
        tokio::spawn(async move {
            while run.goes_on() {
                let begun = run.history.now();
                let answer = callers.look().await;
                let refused = answer.as_ref().is_err_and(|status| status.code() == Code::PermissionDenied);
                let disclosed =
                    answer.ok().map(|plan| (id(&plan.receipt_id), u32::try_from(plan.entries.len()).unwrap()));
                let look = Look { person: callers.pair.person, by: Some(callers.pair.worker), disclosed };
                run.history.keep(begun, disclosed.is_some() || refused, What::Look(look));
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
    }

    /// The person looks and writes, each until it is acknowledged.
    pub(crate) fn lives(&self, callers: Callers, client: u32, pause: Duration) -> JoinHandle<()> {
        let run = self.clone();
        tokio::spawn(async move {
            while run.goes_on() {
                let begun = run.history.now();
                let record = callers.person.people().get_my_record(GetMyRecordRequest::default()).await;
                let disclosed = record.ok().map(tonic::Response::into_inner);
                let disclosed = disclosed.map(|own| (id(&own.receipt_id), u32::try_from(own.entries.len()).unwrap()));
                let look = Look { person: callers.pair.person, by: None, disclosed };
                run.history.keep(begun, disclosed.is_some(), What::Look(look));
                let (begun, request_id) = (run.history.now(), request_id());
                let strength = RecordStrengthRequest { request_id, text: "patient".into(), ..Default::default() };
                let position = until_acknowledged(|| async {
                    Ok(callers.person.people().record_strength(strength.clone()).await?.into_inner().position)
                });
                let acknowledged = Some(position.await);
                run.history.keep(begun, true, What::Write { client, request: id(&strength.request_id), acknowledged });
                tokio::time::sleep(pause).await;
            }
        })
    }

    /// The person keeps the worker's agency out, and lets it in again, on one server and the other.
    pub(crate) fn decides(&self, sides: [Callers; 2]) -> JoinHandle<()> {
        let run = self.clone();
        tokio::spawn(async move {
            for (n, side) in sides.iter().cycle().enumerate() {
                if !run.goes_on() && n % 2 == 0 {
                    return;
                }
                let (begun, request, agency_id, opens) =
                    (run.history.now(), request_id(), side.pair.agency_id(), n % 2 == 1);
                let position = until_acknowledged(|| async {
                    let (mut sharing, request_id, agency_id) =
                        (side.person.sharing(), request.clone(), agency_id.clone());
                    Ok(if opens {
                        sharing
                            .unblock_agency(UnblockAgencyRequest { request_id, agency_id, ..Default::default() })
                            .await?
                            .into_inner()
                            .position
                    } else {
                        sharing
                            .block_agency(BlockAgencyRequest { request_id, agency_id, ..Default::default() })
                            .await?
                            .into_inner()
                            .position
                    })
                });
                let (acknowledged, request) = (Some(position.await), id(&request));
                let (person, by) = (side.pair.person, side.pair.worker);
                run.history.keep(begun, true, What::Change { person, by, opens, request, acknowledged });
                tokio::time::sleep(Duration::from_millis(60)).await;
            }
        })
    }
}

fn id<Id: From<Uuid>>(text: &str) -> Id {
    Uuid::parse_str(text).unwrap().into()
}

/// What the log of a system says.
pub(crate) async fn facts(cluster: &Cluster) -> Facts {
    let (stores, mut facts, mut last) = (stores(cluster).await, Facts::default(), 0);
    loop {
        let events = stores.log.read(Position(last), 1_000).await.unwrap();
        let Some(newest) = events.last() else { return facts };
        last = newest.position.0;
        for event in &events {
            facts.take(&stores.codec.open(event).await.unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_crashes_nothing_is_lost_doubled_unreceipted_or_disclosed_after_a_withdrawal() {
    let mut world = World::distributed().await;
    let pair: Pair = world.import(3).remove(2);
    let (here, mut elsewhere) = (world.start().await, world.start().await);
    let ports = [here.grpc, elsewhere.grpc];
    Callers::new(&world.cluster, &lasting(ports[0]), &pair).await.accept().await;
    let side = |n: usize| Callers::unenrolled(&world.cluster, &lasting(ports[n]), &pair);
    let person: &Client = &side(0).person;
    person.strength("kind").await.unwrap();
    side(0).grant().await;

    let run = Run { history: Arc::default(), stop: Arc::default() };
    let callers = [
        run.looks(side(0)),
        run.looks(side(1)),
        run.looks(side(0)),
        run.looks(side(1)),
        run.lives(side(0), 0, Duration::ZERO),
        run.lives(side(1), 1, Duration::ZERO),
        run.decides([side(0), side(1)]),
    ];
    for round in 0..3 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        elsewhere.kill().unwrap();
        if round == 1 {
            world.nats.kill().unwrap();
            world.nats.wipe().unwrap();
            world.nats.restart().await.unwrap();
        }
        elsewhere = world.cluster.start_on("", ports[1]).await.unwrap();
    }
    // However fast the machine is: until there is enough to check.
    let looks = |call: &Call| matches!(call.what, What::Look(Look { by: Some(_), disclosed: Some(_), .. }));
    let enough = || async { Ok(run.history.calls().iter().filter(|call| looks(call)).count() > 30) };
    harness::wait_until("enough looks", enough).await.unwrap();
    run.stop.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }

    let calls = run.history.calls();
    let count = |what: fn(&What) -> bool| calls.iter().filter(|call| what(&call.what)).count();
    let disclosed = count(|what| matches!(what, What::Look(Look { by: Some(_), disclosed: Some(_), .. })));
    let refused = calls.iter().filter(|call| is_refusal(call)).count();
    let changes = count(|what| matches!(what, What::Change { .. }));
    let written = count(|what| matches!(what, What::Write { .. }));
    assert!(
        disclosed > 20 && refused > 20 && changes > 10 && written > 20,
        "{disclosed} {refused} {changes} {written}"
    );
    let findings = check(&calls, &facts(&world.cluster).await);
    assert_eq!(findings, [], "of {} calls", calls.len());
}

/// A worker's look that was answered with nothing.
fn is_refusal(call: &Call) -> bool {
    call.ended.is_some() && matches!(call.what, What::Look(Look { by: Some(_), disclosed: None, .. }))
}
