//! Every RPC, from the descriptor set: no token, the wrong kind of caller, the wrong agency, no relationship, no consent.
//! A new RPC is covered as soon as it is declared.

use bytes::{Buf as _, BufMut as _};
use prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value};
use proto::access::v1::AccessClass;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::world::{Callers, Pair, World};

/// What staff may do without a relationship or consent: ask for it, and break the glass.
const NEEDS_NO_RELATIONSHIP: [&str; 7] = [
    "ProposeSupport",
    "DeclareEmergencyAccess",
    "InvitePerson",
    "InviteReturn",
    "InvokeLawfulBasis",
    "EndLawfulBasis",
    "OpenSurvey",
];
/// What a worker may do whom the person has let in, whatever they share: ask for it, and enter what they choose.
const NEEDS_NO_CONSENT: [&str; 3] = ["RequestAccess", "EnterChoice", "AskForCode"];
/// What answers about nobody in particular: with nothing of a person whom the caller does not support.
const ABOUT_NOBODY: [&str; 4] = ["GetCaseload", "ListMyProposals", "ListQuestions", "ListSurveys"];

/// Passes bytes as they are.
#[derive(Clone, Default)]
struct Raw;

impl tonic::codec::Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl tonic::codec::Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut tonic::codec::EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl tonic::codec::Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut tonic::codec::DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining()).to_vec()))
    }
}

/// Calls a path with bytes, and a token if there is one.
pub(crate) async fn call(channel: &Channel, path: &str, body: Vec<u8>, token: Option<&str>) -> Result<Vec<u8>, Status> {
    let mut request = Request::new(body);
    if let Some(token) = token {
        let value: MetadataValue<_> = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", value);
    }
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.unwrap();
    Ok(client.unary(request, path.parse().unwrap(), Raw).await?.into_inner())
}

/// A well-formed message: what is wrong with the call is then only who makes it.
fn filled(message: &MessageDescriptor, pair: &Pair) -> DynamicMessage {
    let mut filled = DynamicMessage::new(message.clone());
    for field in message.fields() {
        let in_oneof = field.containing_oneof().is_some_and(|oneof| oneof.fields().next().as_ref() != Some(&field));
        if !in_oneof {
            filled.set_field(&field, value(&field, pair));
        }
    }
    filled
}

fn value(field: &FieldDescriptor, pair: &Pair) -> Value {
    #[allow(clippy::wildcard_enum_match_arm, reason = "whatever comes needs a thought")]
    let one = match field.kind() {
        Kind::String => Value::String(match field.name() {
            "person_id" => pair.person_id(),
            "agency_id" => pair.agency_id(),
            "page_token" | "due" | "birth_date" | "token" => String::new(),
            "code" => "ABCD-EFGH-JKMN-PQRS-TVWX-YZ01".into(),
            "goal_id" if field.parent_message().name().contains("AgreeAction") => String::new(),
            name if name.ends_with("_id") || name.ends_with("_ids") => Uuid::now_v7().to_string(),
            "labels" => "PSY".into(),
            _ => "words enough to explain it".into(),
        }),
        Kind::Enum(_) => Value::EnumNumber(2),
        Kind::Bool => Value::Bool(true),
        Kind::Uint32 => Value::U32(if field.name() == "confidence" { 0 } else { 1 }),
        Kind::Int32 => Value::I32(1),
        Kind::Uint64 => Value::U64(0),
        Kind::Message(message) if message.full_name() == "google.protobuf.Timestamp" => {
            let mut timestamp = DynamicMessage::new(message);
            timestamp.set_field_by_name("seconds", Value::I64(if field.name() == "until" { 4_000_000_000 } else { 1 }));
            Value::Message(timestamp)
        }
        Kind::Message(message) => Value::Message(filled(&message, pair)),
        other => panic!("a field of kind {other:?} needs a value here"),
    };
    if field.is_list() { Value::List(vec![one]) } else { one }
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

struct Matrix {
    channel: Channel,
    pair: Pair,
}

impl Matrix {
    async fn call(&self, method: &MethodDescriptor, token: Option<&str>) -> Result<Vec<u8>, Status> {
        let body = filled(&method.input(), &self.pair).encode_to_vec();
        call(&self.channel, &proto::path(method), body, token).await
    }

    /// Nothing is disclosed and nothing is done, in words that do not tell why.
    async fn withheld(&self, method: &MethodDescriptor, token: &str, who: &str) {
        match self.call(method, Some(token)).await {
            Ok(answer) if ABOUT_NOBODY.contains(&method.name()) => {
                let shown = DynamicMessage::decode(method.output(), answer.as_slice()).unwrap().to_string();
                assert!(!shown.contains(&self.pair.person_id()), "{} told {who} something", method.full_name());
            }
            Ok(_) => panic!("{} was answered for {who}", method.full_name()),
            Err(status) => {
                let expected = [(Code::PermissionDenied, "ACCESS_DENIED"), (Code::NotFound, "NOT_FOUND")];
                let known = expected.contains(&(status.code(), reason(&status).as_str()));
                assert!(known, "{} for {who}: {status:?}", method.full_name());
            }
        }
    }
}

fn wrong_kinds<'a>(class: AccessClass, person: &'a str, worker: &'a str, operator: &'a str) -> Vec<&'a str> {
    match class {
        AccessClass::Operator => vec![person, worker],
        AccessClass::Administration => vec![person],
        AccessClass::Self_ => vec![worker, operator],
        // Of whom an issuer says who they are nobody claims who they are.
        AccessClass::Newcomer => vec![person, worker, operator],
        AccessClass::StaffRead | AccessClass::StaffWrite | AccessClass::AgencyAdministrator => vec![person, operator],
        AccessClass::AgencySystem => vec![person, operator],
        AccessClass::Contribute => vec![operator],
        AccessClass::SignedIn => vec![],
        AccessClass::Public | AccessClass::Unspecified => panic!("no RPC of ours is open to anybody"),
    }
}

fn is_for_staff(class: AccessClass) -> bool {
    matches!(
        class,
        AccessClass::StaffRead
            | AccessClass::StaffWrite
            | AccessClass::Contribute
            | AccessClass::Administration
            | AccessClass::AgencyAdministrator
            | AccessClass::AgencySystem
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rpc_withholds_from_whoever_must_not_have_it() {
    let world = World::distributed().await;
    let [pair, other] = world.import(2).try_into().unwrap();
    let node = world.start().await;
    let channel = node.channel().await.unwrap();
    let callers = Callers::new(&world.cluster, &channel, &pair).await;
    Callers::new(&world.cluster, &channel, &other).await;
    let signer = &world.cluster.signer;
    let (person, worker, operator) = (
        signer.person(pair.person).unwrap(),
        signer.staff(pair.worker.agency(), &pair.staff_id()).unwrap(),
        signer.operator().unwrap(),
    );
    // Somebody else at the same agency, whom nobody has accepted; and somebody whom the agency vouches for but who never joined.
    let colleague = pair.joins("colleague", "Colleague", "nurse");
    callers.operator.agencies().add_staff(colleague).await.unwrap();
    let colleague = signer.staff(pair.worker.agency(), "colleague").unwrap();
    let stranger = signer.staff(pair.worker.agency(), "never joined").unwrap();
    let elsewhere = signer.staff(other.worker.agency(), &other.staff_id()).unwrap();
    callers.accept().await;
    let matrix = Matrix { channel, pair };

    let mut checked = 0;
    for (method, class) in proto::rpcs() {
        let none = matrix.call(&method, None).await.unwrap_err();
        assert_eq!(
            (none.code(), reason(&none).as_str()),
            (Code::Unauthenticated, "UNAUTHENTICATED"),
            "{}",
            method.full_name()
        );
        let forged = matrix.call(&method, Some("eyJhbGciOiJub25lIn0.e30.")).await.unwrap_err();
        assert_eq!(forged.code(), Code::Unauthenticated, "{}", method.full_name());
        for token in wrong_kinds(class, &person, &worker, &operator) {
            let status = matrix.call(&method, Some(token)).await.unwrap_err();
            assert_eq!(reason(&status), "CALLER_NOT_ADMITTED", "{}: {status:?}", method.full_name());
        }
        if is_for_staff(class)
            && !NEEDS_NO_RELATIONSHIP.contains(&method.name())
            && !NEEDS_NO_CONSENT.contains(&method.name())
            && !ABOUT_NOBODY.contains(&method.name())
        {
            matrix.withheld(&method, &worker, "staff with a relationship and no consent").await;
        }
        checked += 1;
    }
    assert!(checked > 40, "{checked} RPCs");

    // From here on the person shares everything with everybody at the agency: only a relationship is missing.
    callers.grant().await;
    for (method, _) in proto::rpcs().filter(|(_, class)| is_for_staff(*class)) {
        matrix.withheld(&method, &stranger, "somebody who is not staff").await;
        if !NEEDS_NO_RELATIONSHIP.contains(&method.name()) {
            matrix.withheld(&method, &elsewhere, "staff of another agency").await;
            matrix.withheld(&method, &colleague, "staff without a relationship").await;
        }
    }
    // And the one who has both is answered: what the others were refused was there to have.
    callers.look().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_tell_a_person_who_is_not_there_from_one_who_shares_nothing() {
    let world = World::distributed().await;
    let there = world.import(1).remove(0);
    let node = world.start().await;
    let channel = node.channel().await.unwrap();
    let nobody = Pair { person: Uuid::now_v7().into(), ..there.clone() };
    let refused = |about: &Pair| {
        let callers = Callers::unenrolled(&world.cluster, &channel, about);
        async move { callers.look().await.unwrap_err() }
    };
    Callers::new(&world.cluster, &channel, &there).await;
    let (one, other) = (refused(&there).await, refused(&nobody).await);
    assert_eq!((one.code(), one.message(), one.details()), (other.code(), other.message(), other.details()));
}
