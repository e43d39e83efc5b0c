//! One trace from the call to the view; metrics; and no personal data in any of it.

use std::sync::{Arc, Mutex};

use client::request_id;
use harness::Cluster;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use proto::feeds::v1::SubscribeRequest;
use proto::people::v1::{RecordStrengthRequest, RegisterPersonRequest};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::fed::{Reading, agency_with_a_feed, permit, signed_in};
use crate::world::{Callers, Pair, World};

/// An OTLP collector that keeps what it gets.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().unwrap().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    async fn start() -> (Self, String) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let collector = Self::default();
        let server = tonic::transport::Server::builder().add_service(TraceServiceServer::new(collector.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        (collector, url)
    }

    /// The names of the spans of a trace.
    fn spans(&self, trace: &[u8]) -> Vec<String> {
        let exports = self.0.lock().unwrap();
        let scopes = exports.iter().flat_map(|e| &e.resource_spans).flat_map(|r| &r.scope_spans);
        scopes.flat_map(|s| &s.spans).filter(|s| s.trace_id == trace).map(|s| s.name.clone()).collect()
    }

    /// Whether a delivery of one trace is linked to the other.
    fn linked(&self, one: &[u8], other: &[u8]) -> bool {
        let exports = self.0.lock().unwrap();
        let scopes = exports.iter().flat_map(|e| &e.resource_spans).flat_map(|r| &r.scope_spans);
        let mut spans = scopes.flat_map(|s| &s.spans).filter(|s| s.trace_id == one && s.name == "feed.deliver");
        spans.any(|span| span.links.iter().any(|link| link.trace_id == other))
    }

    fn text(&self) -> String {
        format!("{:?}", self.0.lock().unwrap())
    }
}

/// What a feed tells is traced by itself, and linked to the call of which it tells.
async fn a_delivery_has_a_trace_of_its_own(
    cluster: &Cluster,
    callers: &Callers,
    channel: &Channel,
    collector: &Collector,
) {
    callers.accept().await;
    permit(callers).await;
    let feed_id = agency_with_a_feed(cluster, callers, channel.clone()).await;
    let system = signed_in(cluster, &callers.pair, channel.clone(), "record-system");
    let mut reading = Reading::of(&system, SubscribeRequest { feed_id, ..Default::default() }).await.unwrap();
    let trace = Uuid::now_v7();
    let text = "mends bicycles".to_owned();
    let mut strength = Request::new(RecordStrengthRequest { request_id: request_id(), text, ..Default::default() });
    let traceparent = format!("00-{}-b7ad6b7169203331-01", trace.simple());
    strength.metadata_mut().insert("traceparent", traceparent.parse().unwrap());
    callers.person.people().record_strength(strength).await.unwrap();
    let told = reading.next(1).await.remove(0);
    let own = told["traceparent"].as_str().unwrap().split('-').nth(1).unwrap().to_owned();
    assert_ne!(own, trace.simple().to_string());
    let own: Uuid = own.parse().unwrap();
    harness::wait_until("the delivery's trace", || async { Ok(collector.linked(own.as_bytes(), trace.as_bytes())) })
        .await
        .unwrap();
}

const MARKER: &str = "Plantedmarker";

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_from_the_call_to_the_view_and_no_personal_data_anywhere() {
    let (collector, url) = Collector::start().await;
    let mut world = World::distributed().await;
    world.cluster.set("telemetry", "otlp_endpoint", url);
    world.cluster.set("telemetry", "filter", "debug");
    let pair = world.import(1).remove(0);
    let node = world.start().await;
    let channel = node.channel().await.unwrap();
    let callers = Callers::new(&world.cluster, &channel, &pair).await;

    let register =
        RegisterPersonRequest { request_id: request_id(), name: MARKER.into(), birth_date: "1980-01-01".into() };
    let person: Uuid =
        callers.operator.people().register_person(register).await.unwrap().into_inner().person_id.parse().unwrap();
    let marked = Pair { person: person.into(), ..pair.clone() };
    let callers = Callers::unenrolled(&world.cluster, &channel, &marked);
    let (trace, strangers) = (Uuid::now_v7(), Uuid::now_v7());
    let mut stranger = Request::new(RecordStrengthRequest::default());
    let traceparent = format!("00-{}-b7ad6b7169203331-01", strangers.simple());
    stranger.metadata_mut().insert("traceparent", traceparent.parse().unwrap());
    let nobody = client::Client::new(channel.clone(), "not-a-token").unwrap();
    assert_eq!(nobody.people().record_strength(stranger).await.unwrap_err().code(), tonic::Code::Unauthenticated);
    let text = format!("{MARKER} bakes");
    let mut strength = Request::new(RecordStrengthRequest { request_id: request_id(), text, ..Default::default() });
    let traceparent = format!("00-{}-b7ad6b7169203331-01", trace.simple());
    strength.metadata_mut().insert("traceparent", traceparent.parse().unwrap());
    let position = callers.person.people().record_strength(strength).await.unwrap().into_inner().position;
    let record = callers.person.my_record(position).await.unwrap();
    assert!(format!("{record:?}").contains(MARKER));
    // Errors too must not repeat what they were given.
    let wrong = RecordStrengthRequest { request_id: MARKER.into(), text: MARKER.repeat(500), ..Default::default() };
    let status = callers.person.people().record_strength(wrong).await.unwrap_err();
    assert!(!format!("{status:?}").contains(MARKER), "{status:?}");

    let wanted = ["rpc", "log.append", "bus.publish", "view.apply"];
    harness::wait_until("the trace", || async {
        let spans = collector.spans(trace.as_bytes());
        Ok(wanted.iter().all(|name| spans.iter().any(|span| span == name)))
    })
    .await
    .unwrap_or_else(|error| panic!("{error}: {:?}", collector.spans(trace.as_bytes())));
    // What was asked before is exported before.
    assert_eq!(collector.spans(strangers.as_bytes()), [""; 0], "a stranger decides what is traced");

    let callers = Callers::unenrolled(&world.cluster, &channel, &pair);
    a_delivery_has_a_trace_of_its_own(&world.cluster, &callers, &channel, &collector).await;
    callers.grant().await;
    callers.look().await.unwrap();
    let metrics = node.admin_get("/metrics").await.unwrap();
    for metric in [
        "alongside_log_append_batch_events_bucket",
        "alongside_log_append_commit_seconds_bucket",
        "alongside_gate_decisions_total{outcome=\"permit\"} 1",
        "alongside_views_lag_positions",
        "alongside_views_lag_seconds",
        "alongside_relay_lag_positions",
    ] {
        assert!(metrics.contains(metric), "{metric} is missing: {metrics}");
    }
    // Each says something of the call that handled the person's words, so that what it does not say means something.
    for (what, text, tells) in [
        ("logs", node.log().unwrap(), "\"message\":\"serving\""),
        ("metrics", metrics, "alongside_log_append_commit_seconds_count"),
        ("traces", collector.text(), "/alongside.people.v1.PeopleService/RecordStrength"),
    ] {
        assert!(text.contains(tells), "the {what} tell nothing: {text}");
        assert!(!text.contains(MARKER), "personal data in the {what}");
        for id in [person.to_string(), person.simple().to_string()] {
            assert!(!text.contains(&id), "a person's id in the {what}");
        }
    }
}
