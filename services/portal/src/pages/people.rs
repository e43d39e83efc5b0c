//! Who supports them, who offers to, and how it ended.

use std::collections::HashSet;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::Response;
use client::request_id;
use http::StatusCode;
use letters::Line;
use proto::access::v1::Party;
use proto::relationships::v1::{
    AcceptSupportRequest, DeclineSupportRequest, DismissSuggestionRequest, EndSupportRequest, GetMyRelationshipRequest,
    InviteSupporterRequest, ListMyPeopleRequest, Relationship, RelationshipState,
};
use serde::Deserialize;

use super::{After, Shown, every_page, shown, to};
use crate::at;
use crate::fault::Fault;
use crate::session::SignedIn;
use crate::view::{Frame, Page as _};
use crate::words::Words;

/// How many are asked for at a time, and how often at most: more than one person ever has.
const SIZE: i32 = 100;
const PAGES: usize = 20;

/// An agency that somebody is of whom the person knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Supporter {
    pub(crate) agency_id: String,
    pub(crate) name: String,
}

/// A worker whom the person knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Worker {
    pub(super) staff_id: String,
    /// Their name and agency.
    pub(super) name: String,
}

/// Everybody who supports the person, did, or might; and whether something may be missing.
pub(super) async fn everybody(by: &SignedIn, at_least_position: u64) -> Result<(Vec<Relationship>, bool), Fault> {
    let ask = ListMyPeopleRequest { page_size: SIZE, at_least_position, ..ListMyPeopleRequest::default() };
    Ok(every_page!(by.client.relationships(), list_my_people(ask).relationships, PAGES))
}

/// Every agency that somebody is of whom the person knows, in the order in which they came to know them.
pub(crate) async fn supporters(by: &SignedIn) -> Result<Vec<Supporter>, Fault> {
    Ok(agencies_of(&everybody(by, 0).await?.0))
}

/// The agencies of these people, each once.
pub(super) fn agencies_of(people: &[Relationship]) -> Vec<Supporter> {
    let parties = people.iter().filter_map(|one| one.supporter.as_ref()).filter(|party| !party.agency_id.is_empty());
    let known = |party: &Party| Supporter { agency_id: party.agency_id.clone(), name: party.agency_name.clone() };
    each_once(parties.map(known), |one| one.agency_id.clone())
}

/// The workers among these people, each once.
pub(super) fn workers_of<'a>(words: &Words, people: impl IntoIterator<Item = &'a Relationship>) -> Vec<Worker> {
    let parties = people.into_iter().filter_map(|one| one.supporter.as_ref());
    let known = |party: &Party| {
        let name = if party.name.is_empty() { words.say("somebody") } else { party.name.clone() };
        let name = words.with("blocked-worker", &[("name", &name), ("agency", &party.agency_name)]);
        Worker { staff_id: party.staff_id.clone(), name }
    };
    each_once(parties.filter(|party| !party.staff_id.is_empty()).map(known), |one| one.staff_id.clone())
}

/// Those who support the person now, and whether somebody may be missing.
pub(super) async fn workers(by: &SignedIn) -> Result<(Vec<Worker>, bool), Fault> {
    let (people, incomplete) = everybody(by, 0).await?;
    let now = people.iter().filter(|one| one.state() == RelationshipState::Active);
    Ok((workers_of(&by.parts.words, now), incomplete))
}

/// The first of each, by what they are known by.
fn each_once<T>(all: impl Iterator<Item = T>, id: impl Fn(&T) -> String) -> Vec<T> {
    let mut seen = HashSet::new();
    all.filter(|one| seen.insert(id(one))).collect()
}

/// Somebody who supports the person, or might.
struct Row {
    name: String,
    agency: String,
    offer: String,
    state: String,
    link: String,
}

#[derive(Template)]
#[template(path = "people.html")]
struct People {
    frame: Frame,
    /// What each part is called, what is said where nobody is in it, and who is.
    parts: Vec<(String, String, Vec<Row>)>,
    incomplete: bool,
}

pub(crate) async fn list(by: SignedIn, Query(after): Query<After>) -> Shown {
    shown(&by.parts, page(&by, after.at)).await
}

/// In which part somebody stands.
fn part(state: RelationshipState) -> usize {
    match state {
        RelationshipState::Proposed => 0,
        RelationshipState::Active => 1,
        RelationshipState::Suggested | RelationshipState::Invited => 2,
        RelationshipState::Unspecified
        | RelationshipState::Declined
        | RelationshipState::Ended
        | RelationshipState::Withdrawn
        | RelationshipState::Lapsed
        | RelationshipState::Dismissed => 3,
    }
}

async fn page(by: &SignedIn, at_least_position: u64) -> Result<Response, Fault> {
    let words = &by.parts.words;
    let (people, incomplete) = everybody(by, at_least_position).await?;
    let mut parts: Vec<_> = ["proposed", "active", "suggested", "over"]
        .map(|name| (words.say(&format!("people-{name}")), words.say(&format!("people-{name}-none")), Vec::new()))
        .into();
    for one in &people {
        if let Some((_, _, rows)) = parts.get_mut(part(one.state())) {
            rows.push(row(words, one));
        }
    }
    // What is not there need not be said of suggestions and of what is over.
    let mut nth = 0..;
    parts.retain(|(_, _, rows)| nth.next().is_some_and(|nth| nth < 2) || !rows.is_empty());
    let page = People { frame: Frame::new(&by.parts, Some(&by.session), at::PEOPLE), parts, incomplete };
    Ok(page.response(StatusCode::OK))
}

fn row(words: &Words, one: &Relationship) -> Row {
    let party = one.supporter.clone().unwrap_or_default();
    let name = if party.name.is_empty() { words.say("somebody") } else { party.name };
    let name = if party.role.is_empty() { name } else { format!("{name}, {}", party.role) };
    Row {
        name,
        agency: party.agency_name,
        offer: one.offer.clone(),
        state: state(words, one),
        link: at::RELATIONSHIP.replace("{id}", &one.relationship_id),
    }
}

/// Somebody on paper: who, what they offer, and where it stands.
pub(super) fn written(words: &Words, one: &Relationship) -> Line {
    let row = row(words, one);
    let ended = one.end.as_ref().map(|end| end.reason.clone()).unwrap_or_default();
    let all: Vec<_> = [row.agency, row.offer, row.state, ended].into_iter().filter(|line| !line.is_empty()).collect();
    Line::beside(row.name, all.join("\n"))
}

/// Where it stands, and since when.
fn state(words: &Words, one: &Relationship) -> String {
    let since = match one.state() {
        RelationshipState::Active => one.accepted_at,
        RelationshipState::Ended | RelationshipState::Declined | RelationshipState::Withdrawn => {
            one.end.as_ref().and_then(|end| end.ended_at)
        }
        RelationshipState::Lapsed => one.lapses_at,
        RelationshipState::Unspecified
        | RelationshipState::Proposed
        | RelationshipState::Suggested
        | RelationshipState::Invited
        | RelationshipState::Dismissed => one.proposed_at,
    };
    let since = since.map(|at| words.day(&at)).unwrap_or_default();
    words.with(&format!("relationship-{}", i32::from(one.state())), &[("day", &since)])
}

#[derive(Template)]
#[template(path = "relationship.html")]
struct OneRelationship {
    frame: Frame,
    row: Row,
    /// What can be said to it: accept and decline, or end.
    waits: bool,
    goes_on: bool,
    /// Or, of what others wrote: ask them, or let nothing come of it.
    suggested: bool,
    dismissable: bool,
    /// When and how somebody entered it on their word; empty when nobody did.
    entered: String,
    reason: String,
}

impl OneRelationship {
    fn request(&self) -> String {
        request_id()
    }
}

pub(crate) async fn one(by: SignedIn, Path(id): Path<String>) -> Shown {
    shown(&by.parts, relationship(&by, id)).await
}

async fn relationship(by: &SignedIn, relationship_id: String) -> Result<Response, Fault> {
    let words = &by.parts.words;
    let ask = GetMyRelationshipRequest { relationship_id, at_least_position: 0 };
    let found = by.client.relationships().get_my_relationship(ask).await?.into_inner().relationship;
    let found = found.ok_or(Fault::Nothing)?;
    let entered = found.on_their_word.as_ref().map(|word| {
        let who = word.entered_by.clone().unwrap_or_default().name;
        words.with("entered", &[("who", &who), ("account", &word.account)])
    });
    let page = OneRelationship {
        frame: Frame::new(&by.parts, Some(&by.session), at::PEOPLE),
        row: row(words, &found),
        waits: found.state() == RelationshipState::Proposed,
        goes_on: found.state() == RelationshipState::Active,
        suggested: found.state() == RelationshipState::Suggested,
        dismissable: matches!(found.state(), RelationshipState::Suggested | RelationshipState::Invited),
        entered: entered.unwrap_or_default(),
        reason: found.end.map(|end| end.reason).unwrap_or_default(),
    };
    Ok(page.response(StatusCode::OK))
}

/// What the person says to it.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    form: String,
    request: String,
    what: What,
    #[serde(default)]
    reason: String,
    /// There when they are not to be asked again.
    #[serde(default)]
    never: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    Accept,
    Decline,
    End,
    Invite,
    Dismiss,
}

pub(crate) async fn answer(by: SignedIn, Path(id): Path<String>, Form(sent): Form<Sent>) -> Shown {
    shown(&by.parts, answers(&by, id, sent)).await
}

async fn answers(by: &SignedIn, relationship_id: String, sent: Sent) -> Result<Response, Fault> {
    by.sent(&sent.form)?;
    let (request_id, reason, mut service) = (sent.request, sent.reason, by.client.relationships());
    let position = match sent.what {
        What::Accept => {
            service.accept_support(AcceptSupportRequest { request_id, relationship_id }).await?.into_inner().position
        }
        What::Decline => {
            let not_again = !sent.never.is_empty();
            let decline = DeclineSupportRequest { request_id, relationship_id, reason, not_again };
            service.decline_support(decline).await?.into_inner().position
        }
        What::End => {
            let person_id = String::new();
            let end = EndSupportRequest { request_id, person_id, relationship_id, reason };
            service.end_support(end).await?.into_inner().position
        }
        What::Invite => {
            let message = reason;
            service
                .invite_supporter(InviteSupporterRequest { request_id, relationship_id, message })
                .await?
                .into_inner()
                .position
        }
        What::Dismiss => {
            service
                .dismiss_suggestion(DismissSuggestionRequest { request_id, relationship_id })
                .await?
                .into_inner()
                .position
        }
    };
    Ok(to(at::PEOPLE, position))
}
