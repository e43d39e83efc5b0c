//! All that is held about a person, as the services tell it to them; and as JSON.

use prost_types::Timestamp;
use proto::access::v1::{
    DeliveryDay, ListAccessHistoryRequest, ListMyDeliveriesRequest, ListMyQuestionsRequest, ListMyTimelineRequest,
    Query, Recall, Receipt, TimelineItem,
};
use proto::consultations::v1::{Consultation, Survey};
use proto::notices::v1::{GetMyNoticesRequest, GetMyNoticesResponse};
use proto::people::v1::{Entry, GetMyRecordRequest, Invitation, ListMySignInsRequest, SignIn};
use proto::relationships::v1::Relationship;
use proto::sharing::v1::{AccessRequest, GetMySharingResponse};
use serde_json::{Value, json};

use super::super::people::everybody;
use super::super::sharing::{directive, requests};
use super::super::{codes, consultations, every_page, surveys, went};
use crate::fault::Fault;
use crate::session::SignedIn;

/// How many pages of a kind are read at most, each of a hundred.
const PAGES: usize = 500;

/// All that is held about a person.
pub(super) struct All {
    pub(super) made_at: Timestamp,
    /// Whether something may be missing.
    pub(super) incomplete: bool,
    pub(super) entries: Vec<Entry>,
    pub(super) consultations: Vec<Consultation>,
    pub(super) surveys: Vec<Survey>,
    pub(super) sharing: GetMySharingResponse,
    pub(super) requests: Vec<AccessRequest>,
    pub(super) people: Vec<Relationship>,
    pub(super) receipts: Vec<Receipt>,
    pub(super) questions: Vec<Query>,
    pub(super) deliveries: Vec<DeliveryDay>,
    pub(super) recalls: Vec<Recall>,
    pub(super) invitations: Vec<Invitation>,
    pub(super) sign_ins: Vec<SignIn>,
    pub(super) notices: GetMyNoticesResponse,
    pub(super) timeline: Vec<TimelineItem>,
}

/// Asks the services for all of it.
pub(super) async fn gather(by: &SignedIn) -> Result<All, Fault> {
    let (page_size, client) = (100, &by.client);
    let record = GetMyRecordRequest { page_size, ..GetMyRecordRequest::default() };
    let (entries, a) = every_page!(client.people(), get_my_record(record).entries, PAGES);
    let history = ListAccessHistoryRequest { page_size, include_own: true, ..ListAccessHistoryRequest::default() };
    let (receipts, b) = every_page!(client.access(), list_access_history(history).receipts, PAGES);
    let asked = ListMyQuestionsRequest { page_size, ..ListMyQuestionsRequest::default() };
    let (questions, c) = every_page!(client.access(), list_my_questions(asked).questions, PAGES);
    let delivered = ListMyDeliveriesRequest { page_size, ..ListMyDeliveriesRequest::default() };
    let (deliveries, d) = every_page!(client.access(), list_my_deliveries(delivered).days, PAGES);
    let timeline = ListMyTimelineRequest { page_size, ..ListMyTimelineRequest::default() };
    let (timeline, e) = every_page!(client.access(), list_my_timeline(timeline).items, PAGES);
    let ((consultations, f), (people, g)) = (consultations::all(by, 0).await?, everybody(by, 0).await?);
    let ((recalls, h), (invitations, i)) = (went::recalls(by, PAGES).await?, codes::all(by, 0, PAGES).await?);
    let surveys = surveys::all(by, 0).await?;
    Ok(All {
        made_at: Timestamp { seconds: jiff::Timestamp::now().as_second(), nanos: 0 },
        incomplete: [a, b, c, d, e, f, g, h, i, surveys.incomplete].contains(&true),
        entries,
        consultations,
        surveys: surveys.surveys,
        sharing: directive(by, 0).await?,
        requests: requests(by, 0).await?,
        people,
        receipts,
        questions,
        deliveries,
        recalls,
        invitations,
        sign_ins: client.joining().list_my_sign_ins(ListMySignInsRequest {}).await?.into_inner().sign_ins,
        notices: client.notices().get_my_notices(GetMyNoticesRequest {}).await?.into_inner(),
        timeline,
    })
}

impl All {
    /// All of it as JSON, as the messages of the API are written in it.
    pub(super) fn json(&self) -> Result<Vec<u8>, Fault> {
        let made_at = jiff::Timestamp::from_second(self.made_at.seconds).unwrap_or_default().to_string();
        let all = json!({
            "madeAt": made_at,
            "incomplete": self.incomplete,
            "entries": each("people.v1.Entry", &self.entries)?,
            "consultations": each("consultations.v1.Consultation", &self.consultations)?,
            "surveys": each("consultations.v1.Survey", &self.surveys)?,
            "sharing": one("sharing.v1.GetMySharingResponse", &self.sharing)?,
            "accessRequests": each("sharing.v1.AccessRequest", &self.requests)?,
            "relationships": each("relationships.v1.Relationship", &self.people)?,
            "receipts": each("access.v1.Receipt", &self.receipts)?,
            "questions": each("access.v1.Query", &self.questions)?,
            "deliveries": each("access.v1.DeliveryDay", &self.deliveries)?,
            "recalls": each("access.v1.Recall", &self.recalls)?,
            "invitations": each("people.v1.Invitation", &self.invitations)?,
            "signIns": each("people.v1.SignIn", &self.sign_ins)?,
            "notices": one("notices.v1.GetMyNoticesResponse", &self.notices)?,
            "timeline": each("access.v1.TimelineItem", &self.timeline)?,
        });
        serde_json::to_vec_pretty(&all).map_err(|_cause| UNWRITTEN)
    }
}

const UNWRITTEN: Fault = Fault::Failed("a copy cannot be written");

fn one(name: &str, message: &impl prost::Message) -> Result<Value, Fault> {
    let read = proto::readable(&format!("alongside.{name}"), message).ok_or(UNWRITTEN)?;
    serde_json::to_value(&read).map_err(|_cause| UNWRITTEN)
}

fn each(name: &str, messages: &[impl prost::Message]) -> Result<Value, Fault> {
    Ok(Value::Array(messages.iter().map(|message| one(name, message)).collect::<Result<_, _>>()?))
}
