//! Who can see what now, and how to stop it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::Response;
use client::request_id;
use http::StatusCode;
use proto::access::v1::Party;
use proto::sharing::v1::preview_sharing_request::Choice;
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{
    AccessRequest, GetAccessRequestRequest, GetMySharingRequest, GetMySharingResponse, GrantAccessRequest,
    ListAccessRequestsRequest, PreviewSharingRequest, Provision, RefuseAccessRequest, WithdrawProvisionRequest,
};
use serde::Deserialize;

use super::change::shut_out;
use super::{After, Shown, shown, to};
use crate::at;
use crate::fault::Fault;
use crate::session::SignedIn;
use crate::view::{Frame, Page as _};
use crate::words::Words;

/// How many requests stand on a page.
const MOST: i32 = 50;
/// How many pages of them are read at most.
const PAGES: usize = 50;

/// A choice of the person's.
pub(super) struct Row {
    pub(super) text: String,
    /// Who entered it on their word, and when and how they said it; empty when they chose it here.
    entered: String,
    pub(super) link: String,
}

/// The permits that let a worker see some of these headings now; of any, where none is named.
pub(super) async fn permits_of(by: &SignedIn, party: &Party, categories: &[i32]) -> Result<Vec<Row>, Fault> {
    if party.agency_id.is_empty() {
        return Ok(vec![]);
    }
    let lets = |one: &Provision| {
        let Some(terms) = one.terms.as_ref().filter(|_| one.permit) else { return false };
        let is_theirs = match terms.actor.as_ref().and_then(|actor| actor.actor.as_ref()) {
            Some(Actor::AgencyId(agency)) => *agency == party.agency_id,
            Some(Actor::StaffId(staff)) => *staff == party.staff_id,
            Some(Actor::RoleAt(at)) => at.agency_id == party.agency_id,
            Some(Actor::Role(_) | Actor::Everybody(_)) => true,
            None => false,
        };
        is_theirs && (categories.is_empty() || terms.categories.iter().any(|known| categories.contains(known)))
    };
    Ok(directive(by, 0).await?.provisions.iter().filter(|one| lets(one)).map(|one| row(&by.parts.words, one)).collect())
}

/// All that stands of what they chose, and what is open because of it: the pages of the answer are one list of all kinds.
pub(super) async fn directive(by: &SignedIn, at_least_position: u64) -> Result<GetMySharingResponse, Fault> {
    let mut ask = GetMySharingRequest { page_size: 100, at_least_position, ..GetMySharingRequest::default() };
    let mut all = GetMySharingResponse::default();
    for _ in 0..PAGES {
        let told = by.client.sharing().get_my_sharing(ask.clone()).await?.into_inner();
        all.provisions.extend(told.provisions);
        all.blocked_agencies.extend(told.blocked_agencies);
        all.blocked_workers.extend(told.blocked_workers);
        all.open_access.extend(told.open_access);
        all.lawful_bases.extend(told.lawful_bases);
        ask.page_token = told.next_page_token;
        if ask.page_token.is_empty() {
            return Ok(all);
        }
    }
    Err(Fault::Failed("somebody has more choices than a page can know of"))
}

#[derive(Template)]
#[template(path = "sharing.html")]
struct Sharing {
    frame: Frame,
    requests: Vec<Row>,
    permits: Vec<Row>,
    denies: Vec<Row>,
    /// Whom they have shut out, and where that is changed.
    blocked: Vec<(String, String)>,
    open: Vec<String>,
    laws: Vec<String>,
}

pub(crate) async fn list(by: SignedIn, Query(after): Query<After>) -> Shown {
    shown(&by.parts, page(&by, after.at)).await
}

async fn page(by: &SignedIn, at_least_position: u64) -> Result<Response, Fault> {
    let words = &by.parts.words;
    let told = directive(by, at_least_position).await?;
    let asked =
        ListAccessRequestsRequest { page_size: MOST, at_least_position, ..ListAccessRequestsRequest::default() };
    let requests = by.client.sharing().list_access_requests(asked).await?.into_inner().requests;
    let of = |permit: bool| {
        let those = told.provisions.iter().filter(move |one| one.permit == permit);
        those.map(|one| row(words, one)).collect::<Vec<_>>()
    };
    let page = Sharing {
        frame: Frame::new(&by.parts, Some(&by.session), at::SHARING),
        requests: requests.iter().map(|one| asked_for(words, one)).collect(),
        permits: of(true),
        denies: of(false),
        blocked: (1..)
            .zip(shut_out(words, &told))
            .map(|(nth, one)| (one.name, format!("{}?back={nth}", at::CHANGE)))
            .collect(),
        open: open(words, &told),
        laws: laws(words, &told),
    };
    Ok(page.response(StatusCode::OK))
}

fn row(words: &Words, one: &Provision) -> Row {
    let entered =
        one.entered_by.as_ref().map(|by| words.with("entered", &[("who", &by.name), ("account", &one.on_their_word)]));
    Row {
        text: sentence(&one.summary),
        entered: entered.unwrap_or_default(),
        link: at::CHOICE.replace("{id}", &one.provision_id),
    }
}

fn asked_for(words: &Words, one: &AccessRequest) -> Row {
    let party = one.party.clone().unwrap_or_default();
    let text = words.with("asks", &[("who", &party.name), ("agency", &party.agency_name), ("what", &one.summary)]);
    Row { text, entered: one.reason.clone(), link: at::REQUEST.replace("{id}", &one.access_request_id) }
}

/// A sentence of what stands in the middle of others.
pub(super) fn sentence(said: &str) -> String {
    let mut letters = said.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    let end = if said.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

fn open(words: &Words, told: &GetMySharingResponse) -> Vec<String> {
    let said = |one: &proto::sharing::v1::OpenAccess| {
        let party = one.party.clone().unwrap_or_default();
        let until = one.until.map(|at| words.moment(&at)).unwrap_or_default();
        let name = if one.emergency { "open-emergency" } else { "open-relationship" };
        words.with(name, &[("who", &party.name), ("agency", &party.agency_name), ("until", &until)])
    };
    told.open_access.iter().map(said).collect()
}

fn laws(words: &Words, told: &GetMySharingResponse) -> Vec<String> {
    let said = |one: &proto::sharing::v1::LawfulBasis| {
        let [who, decider] = [&one.party, &one.decided_by].map(|party| party.clone().unwrap_or_default().name);
        words.with("law", &[("who", &who), ("decider", &decider), ("statute", &one.statute), ("reason", &one.reason)])
    };
    told.lawful_bases.iter().map(said).collect()
}

#[derive(Template)]
#[template(path = "choice.html")]
struct OneChoice {
    frame: Frame,
    heading: String,
    text: String,
    then: Preview,
    /// What the person can say: what each button does, and says.
    buttons: Vec<(&'static str, String)>,
}

impl OneChoice {
    fn request(&self) -> String {
        request_id()
    }
}

pub(crate) async fn one(by: SignedIn, Path(id): Path<String>) -> Shown {
    shown(&by.parts, choice(&by, id)).await
}

/// What would be so.
pub(super) struct Preview {
    /// For each whom it changes something for.
    pub(super) changes: Vec<String>,
    /// What is to be said of those who are not among them; empty when that is nothing.
    pub(super) note: String,
    /// The choices that stood then: what is agreed to is agreed to of these.
    pub(super) version: u64,
}

/// What would be so, for each whom it changes something for.
pub(super) async fn preview(by: &SignedIn, choice: Choice) -> Result<Preview, Fault> {
    let ask = PreviewSharingRequest { choice: Some(choice), ..PreviewSharingRequest::default() };
    let told = by.client.sharing().preview_sharing(ask).await?.into_inner();
    let changed = told.parties.into_iter().filter(|party| party.changes);
    let changes: Vec<_> = changed.map(|party| sentence(&party.summary)).collect();
    let note = match (told.left_out, changes.is_empty()) {
        (0, true) => by.parts.words.say("choice-no-change"),
        (0, false) => String::new(),
        (left_out, _) => by.parts.words.count("choice-left-out", usize::try_from(left_out).unwrap_or(usize::MAX)),
    };
    Ok(Preview { changes, note, version: told.directive_version })
}

async fn choice(by: &SignedIn, provision_id: String) -> Result<Response, Fault> {
    let words = &by.parts.words;
    let all = directive(by, 0).await?.provisions;
    let held = all.into_iter().find(|one| one.provision_id == provision_id).ok_or(Fault::Nothing)?;
    let button = if held.permit { "withdraw" } else { "allow-again" };
    let page = OneChoice {
        frame: Frame::new(&by.parts, Some(&by.session), at::SHARING),
        heading: words.say(&format!("choice-{button}")),
        then: preview(by, Choice::WithdrawProvisionId(provision_id)).await?,
        text: row(words, &held).text,
        buttons: vec![("withdraw", words.say(button))],
    };
    Ok(page.response(StatusCode::OK))
}

/// What the person says.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    form: String,
    request: String,
    version: u64,
    what: What,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    Withdraw,
    Grant,
    Refuse,
    RefuseForGood,
}

pub(crate) async fn withdraw(by: SignedIn, Path(id): Path<String>, Form(sent): Form<Sent>) -> Shown {
    shown(&by.parts, withdraws(&by, id, sent)).await
}

async fn withdraws(by: &SignedIn, provision_id: String, sent: Sent) -> Result<Response, Fault> {
    by.sent(&sent.form)?;
    let (request_id, expected_version) = (sent.request, sent.version);
    let without_telling_them = false;
    let withdraw = WithdrawProvisionRequest { request_id, provision_id, without_telling_them, expected_version };
    let position = by.client.sharing().withdraw_provision(withdraw).await?.into_inner().position;
    Ok(to(at::SHARING, position))
}

pub(crate) async fn request(by: SignedIn, Path(id): Path<String>) -> Shown {
    shown(&by.parts, asked(&by, id)).await
}

async fn asked(by: &SignedIn, access_request_id: String) -> Result<Response, Fault> {
    let words = &by.parts.words;
    let ask = GetAccessRequestRequest { access_request_id: access_request_id.clone(), at_least_position: 0 };
    let found = by.client.sharing().get_access_request(ask).await?.into_inner();
    let one = found.access_request.filter(|_| found.waiting).ok_or(Fault::Nothing)?;
    let said = asked_for(words, &one);
    let buttons = [("grant", "grant"), ("refuse", "refuse"), ("refuse-for-good", "refuse-for-good")];
    let page = OneChoice {
        frame: Frame::new(&by.parts, Some(&by.session), at::SHARING),
        heading: words.say("choice-asked"),
        text: format!("{} {}", said.text, words.with("asks-because", &[("reason", &said.entered)])),
        then: preview(by, Choice::GrantAccessRequestId(access_request_id)).await?,
        buttons: buttons.map(|(what, name)| (what, words.say(name))).into(),
    };
    Ok(page.response(StatusCode::OK))
}

pub(crate) async fn answer(by: SignedIn, Path(id): Path<String>, Form(sent): Form<Sent>) -> Shown {
    shown(&by.parts, answers(&by, id, sent)).await
}

async fn answers(by: &SignedIn, access_request_id: String, sent: Sent) -> Result<Response, Fault> {
    by.sent(&sent.form)?;
    let (request_id, mut service) = (sent.request, by.client.sharing());
    let position = if matches!(sent.what, What::Grant) {
        let grant = GrantAccessRequest {
            request_id,
            access_request_id,
            expected_version: sent.version,
            ..GrantAccessRequest::default()
        };
        service.grant_access(grant).await?.into_inner().position
    } else {
        let not_again = matches!(sent.what, What::RefuseForGood);
        let refuse = RefuseAccessRequest { request_id, access_request_id, not_again, ..RefuseAccessRequest::default() };
        service.refuse_access(refuse).await?.into_inner().position
    };
    Ok(to(at::SHARING, position))
}
