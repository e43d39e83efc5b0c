//! Accounts with which agencies' systems sign in: with a client's own token of a real provider, bound to its certificate, for what it names.

use client::{Client, request_id};
use harness::{Authority, Child, Node, Provider, wait_until};
use proto::agencies::v1::{AddStaffRequest, RegisterAgencyRequest};
use proto::feeds::v1::{
    AddServiceAccountRequest, ContentLevel, ListFeedsRequest, ListRecallsRequest, OpenFeedRequest, Scope,
    SendTestEventRequest, SubscribeRequest,
};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Status};

use crate::consumers::kept;
use crate::fed::{Reading, reason};
use crate::world::World;

/// A server that asks callers for certificates of an authority, and an agency with a provider of its own.
struct Signing {
    world: World,
    node: Node,
    authority: Authority,
    provider: Provider,
    agency_id: String,
    admin: Client,
}

impl Signing {
    async fn new(subjects: &[&str]) -> Self {
        let (mut world, authority) = (World::distributed().await, Authority::new().unwrap());
        let (certificate, key) = authority.issue("127.0.0.1").unwrap();
        let file = |name: &str, text: &str| {
            let path = world.cluster.directory().join(name);
            node::files::write_private(&path, text.as_bytes()).unwrap();
            path.display().to_string()
        };
        let files = [("certificate", certificate), ("private_key", key), ("client_authority", authority.certificate())];
        let files = files.map(|(name, text)| (name, file(name, &text)));
        for (setting, file) in files {
            world.cluster.set("tls", setting, file);
        }
        let node = world.start().await;
        let provider = Provider::start("k1", &[&["boss"], subjects].concat()).await.unwrap();
        let channel = connect(&node, &authority, None).await.unwrap();
        let operator = Client::new(channel.clone(), &world.cluster.signer.operator().unwrap()).unwrap();
        let register = RegisterAgencyRequest {
            request_id: request_id(),
            name: "Riverside".into(),
            kind: "housing".into(),
            issuer: provider.issuer(),
            audience: "alongside".into(),
            ..Default::default()
        };
        let agency_id = operator.agencies().register_agency(register).await.unwrap().into_inner().agency_id;
        let joins = AddStaffRequest {
            request_id: request_id(),
            agency_id: agency_id.clone(),
            subject: "boss".into(),
            name: "Boss".into(),
            roles: vec!["administrator".into()],
            issuer: provider.issuer(),
            ..Default::default()
        };
        operator.agencies().add_staff(joins).await.unwrap();
        // A worker needs no certificate, whatever systems need.
        let admin = Client::new(channel, &provider.token("boss").await.unwrap()).unwrap();
        Self { world, node, authority, provider, agency_id, admin }
    }

    async fn adds(&self, subject: &str, scopes: &[Scope]) -> Result<(), Status> {
        let account = AddServiceAccountRequest {
            request_id: request_id(),
            agency_id: self.agency_id.clone(),
            name: subject.into(),
            issuer: self.provider.issuer(),
            subject: subject.into(),
            scopes: scopes.iter().map(|scope| i32::from(*scope)).collect(),
        };
        self.admin.feeds().add_service_account(account).await.map(drop)
    }

    async fn opens(&self) -> String {
        let open = OpenFeedRequest {
            request_id: request_id(),
            agency_id: self.agency_id.clone(),
            name: "record system".into(),
            door: proto::feeds::v1::Door::Grpc.into(),
            purpose: proto::access::v1::Purpose::CareCoordination.into(),
            content: ContentLevel::IdOnly.into(),
            ..Default::default()
        };
        self.admin.feeds().open_feed(open).await.unwrap().into_inner().feed_id
    }

    /// The consumer that an integrator is shown signs in so, and keeps what comes.
    async fn consumer_keeps_a_test(&self, feed: &str, token: &str, (certificate, key): &(String, String)) {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| directory.path().join(name);
        let mut command = harness::consumer("grpc_consumer.py").unwrap();
        command.args(["--server", &format!("127.0.0.1:{}", self.node.grpc), "--feed", feed]);
        command.arg("--database").arg(file("kept.db"));
        let given = [("--token-file", token), ("--certificate", certificate), ("--private-key", key)];
        let authority = self.authority.certificate();
        for (argument, text) in given.into_iter().chain([("--authority", authority.as_str())]) {
            let path = file(argument.trim_start_matches('-'));
            std::fs::write(&path, text).unwrap();
            command.arg(argument).arg(path);
        }
        let (agency_id, feed_id) = (self.agency_id.clone(), feed.to_owned());
        let test = SendTestEventRequest { request_id: request_id(), agency_id, feed_id };
        self.admin.feeds().send_test_event(test).await.unwrap();
        let mut consumer = Child::start(&mut command, &file("log")).unwrap();
        let kept = wait_until("the consumer", || async { Ok(kept(&file("kept.db")).await.len() == 1) }).await;
        kept.unwrap_or_else(|error| panic!("{error}: {}", std::fs::read_to_string(file("log")).unwrap()));
        consumer.kill().unwrap();
    }

    /// A caller with this token, who shows a certificate or none.
    async fn caller(&self, token: &str, shows: Option<&(String, String)>) -> Client {
        Client::new(connect(&self.node, &self.authority, shows).await.unwrap(), token).unwrap()
    }
}

/// Connects over TLS, and shows a certificate or none.
async fn connect(
    node: &Node,
    authority: &Authority,
    shows: Option<&(String, String)>,
) -> Result<Channel, tonic::transport::Error> {
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority.certificate()));
    if let Some((certificate, key)) = shows {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    let endpoint = Endpoint::from_shared(format!("https://127.0.0.1:{}", node.grpc)).unwrap().tls_config(tls)?;
    endpoint.connect().await
}

async fn lists(system: &Client) -> Result<(), Status> {
    system.feeds().list_recalls(ListRecallsRequest::default()).await.map(drop)
}

async fn subscribes(system: &Client, feed_id: &str) -> Result<(), Status> {
    let subscribe = SubscribeRequest { feed_id: feed_id.into(), ..Default::default() };
    Reading::of(system, subscribe).await.map(drop)
}

fn refused(answer: Result<(), Status>, says: &str) {
    let status = answer.unwrap_err();
    assert!(status.code() == Code::Unauthenticated && status.message().contains(says), "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_systems_token_is_taken_from_whoever_shows_the_certificate_that_it_is_bound_to_and_from_nobody_else() {
    let signing = Signing::new(&["bound-system", "loose-system"]).await;
    for subject in ["bound-system", "loose-system"] {
        signing.adds(subject, &[Scope::Receive, Scope::AnswerRecalls]).await.unwrap();
    }
    let [theirs, other] = ["system", "other"].map(|name| signing.authority.issue(name).unwrap());
    let token = signing.provider.token_for("bound-system", &theirs.0, "").await.unwrap();
    // Twice, so that it is remembered: that it was taken once says nothing of who comes next.
    for _ in 0..2 {
        lists(&signing.caller(&token, Some(&theirs)).await).await.unwrap();
        for shows in [None, Some(&other)] {
            refused(lists(&signing.caller(&token, shows).await).await, "was not shown");
        }
    }
    let feed = signing.opens().await;
    subscribes(&signing.caller(&token, Some(&theirs)).await, &feed).await.unwrap();
    refused(subscribes(&signing.caller(&token, Some(&other)).await, &feed).await, "was not shown");
    signing.consumer_keeps_a_test(&feed, &token, &theirs).await;
    // What is bound to nothing is no system's, whatever is shown.
    let loose = signing.provider.token("loose-system").await.unwrap();
    for shows in [None, Some(&theirs)] {
        refused(lists(&signing.caller(&loose, shows).await).await, "must be bound");
    }
    // Nor is a certificate of somebody whom the server does not trust looked at.
    let stranger = Authority::new().unwrap().issue("system").unwrap();
    let connected = connect(&signing.node, &signing.authority, Some(&stranger)).await;
    let stranger = connected.map(|channel| Client::new(channel, &token).unwrap());
    assert!(match stranger {
        Ok(stranger) => lists(&stranger).await.is_err(),
        Err(_) => true,
    });
    // A worker's token that is bound is bound for whatever it is used.
    let list = ListFeedsRequest { agency_id: signing.agency_id.clone(), ..Default::default() };
    let lists_feeds = signing.caller(&token, None).await.feeds().list_feeds(list).await.map(drop);
    refused(lists_feeds, "was not shown");
    drop(signing.world);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_bound_is_refused_where_nobody_can_show_a_certificate() {
    let signing = Signing::new(&["bound-system"]).await;
    signing.adds("bound-system", &[Scope::AnswerRecalls]).await.unwrap();
    let theirs = signing.authority.issue("system").unwrap();
    let token = signing.provider.token_for("bound-system", &theirs.0, "").await.unwrap();
    // The same system, with a server that has no TLS of its own.
    let mut cluster = signing.world.cluster;
    cluster.unset("tls");
    let node = cluster.start("").await.unwrap();
    let plain = Client::new(node.channel().await.unwrap(), &token).unwrap();
    refused(lists(&plain).await, "was not shown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_may_do_what_its_account_and_its_token_name_and_nothing_else() {
    let signing = Signing::new(&["bound-all", "bound-answers"]).await;
    assert_eq!(signing.adds("bound-all", &[]).await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(signing.adds("bound-all", &[Scope::Unspecified]).await.unwrap_err().code(), Code::InvalidArgument);
    signing.adds("bound-all", &[Scope::Receive, Scope::AnswerRecalls]).await.unwrap();
    signing.adds("bound-answers", &[Scope::AnswerRecalls]).await.unwrap();
    let (theirs, feed) = (signing.authority.issue("system").unwrap(), signing.opens().await);
    for (subject, scope, receives, answers) in [
        ("bound-all", "", true, true),
        ("bound-all", "use", true, true),
        ("bound-all", "alongside:receive", true, false),
        ("bound-all", "use alongside:answer-recalls", false, true),
        ("bound-all", "alongside:receive alongside:answer-recalls", true, true),
        ("bound-answers", "", false, true),
        ("bound-answers", "alongside:receive", false, false),
    ] {
        let token = signing.provider.token_for(subject, &theirs.0, scope).await.unwrap();
        let system = signing.caller(&token, Some(&theirs)).await;
        for (answer, may) in [(subscribes(&system, &feed).await, receives), (lists(&system).await, answers)] {
            match answer {
                Ok(()) => assert!(may, "{subject} {scope}"),
                Err(status) => {
                    assert_eq!((reason(&status).as_str(), may), ("INSUFFICIENT_SCOPE", false), "{subject} {scope}")
                }
            }
        }
    }
}
