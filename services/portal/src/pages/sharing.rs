//! Who can see what now, and what waits for a yes or a no.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use http::StatusCode;
use letters::Line;
use proto::access::v1::Party;
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{
    AccessRequest, GetMySharingRequest, GetMySharingResponse, ListAccessRequestsRequest, Provision,
};

use super::change::shut_out;
use super::{After, Shown, shown};
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
    pub(super) entered: String,
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
    let requests = requests(by, at_least_position).await?;
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

/// A choice, in a sentence.
pub(super) fn row(words: &Words, one: &Provision) -> Row {
    let entered =
        one.entered_by.as_ref().map(|by| words.with("entered", &[("who", &by.name), ("account", &one.on_their_word)]));
    Row {
        text: sentence(&one.summary),
        entered: entered.unwrap_or_default(),
        link: at::CHOICE.replace("{id}", &one.provision_id),
    }
}

/// A choice on paper.
pub(super) fn written(words: &Words, one: &Provision) -> Line {
    let row = row(words, one);
    Line::beside(row.text, row.entered)
}

/// A request on paper.
pub(super) fn asked(words: &Words, one: &AccessRequest) -> Line {
    let row = asked_for(words, one);
    Line::beside(row.text, row.entered)
}

/// All that wait for a yes or a no.
pub(super) async fn requests(by: &SignedIn, at_least_position: u64) -> Result<Vec<AccessRequest>, Fault> {
    let mut ask =
        ListAccessRequestsRequest { page_size: MOST, at_least_position, ..ListAccessRequestsRequest::default() };
    let mut all = Vec::new();
    for _ in 0..PAGES {
        let told = by.client.sharing().list_access_requests(ask.clone()).await?.into_inner();
        all.extend(told.requests);
        ask.page_token = told.next_page_token;
        if ask.page_token.is_empty() {
            return Ok(all);
        }
    }
    Err(Fault::Failed("more is asked of somebody than a page can know of"))
}

/// What somebody asks for; why is what was entered.
pub(super) fn asked_for(words: &Words, one: &AccessRequest) -> Row {
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

pub(super) fn open(words: &Words, told: &GetMySharingResponse) -> Vec<String> {
    let said = |one: &proto::sharing::v1::OpenAccess| {
        let party = one.party.clone().unwrap_or_default();
        let until = one.until.map(|at| words.moment(&at)).unwrap_or_default();
        let name = if one.emergency { "open-emergency" } else { "open-relationship" };
        words.with(name, &[("who", &party.name), ("agency", &party.agency_name), ("until", &until)])
    };
    told.open_access.iter().map(said).collect()
}

pub(super) fn laws(words: &Words, told: &GetMySharingResponse) -> Vec<String> {
    let said = |one: &proto::sharing::v1::LawfulBasis| {
        let [who, decider] = [&one.party, &one.decided_by].map(|party| party.clone().unwrap_or_default().name);
        words.with("law", &[("who", &who), ("decider", &decider), ("statute", &one.statute), ("reason", &one.reason)])
    };
    told.lawful_bases.iter().map(said).collect()
}
