//! What is known of agencies: who is there, who speaks up for people, and who looks at what others did.

use std::collections::HashSet;

use proto::agencies::v1::{Agency, GetAgencyRequest, ListAgenciesRequest};
use proto::relationships::v1::RelationshipState;

use super::every_page;
use super::people::{agencies_of, everybody};
use crate::fault::Fault;
use crate::session::SignedIn;
use crate::view::Offered;

/// The kind of an agency that speaks up for people, and of one that looks at what others did.
const ADVOCACY: &str = "advocacy";
const REVIEW: &str = "independent review";
/// How many pages of agencies are read at most, each of a hundred.
const PAGES: usize = 20;

/// Whether somebody can sign in for this agency, and so see anything.
pub(super) async fn is_there(by: &SignedIn, agency_id: &str) -> Result<bool, Fault> {
    Ok(agency(by, agency_id).await?.is_some_and(|agency| agency.registered && !agency.closed))
}

/// Those of the agencies that support the person now that speak up for people, and are none of these.
pub(super) async fn advocates(by: &SignedIn, but: &HashSet<String>) -> Result<Vec<Offered>, Fault> {
    let mut found = Vec::new();
    let (mut people, _) = everybody(by, 0).await?;
    people.retain(|one| one.state() == RelationshipState::Active);
    for one in agencies_of(&people).into_iter().filter(|one| !but.contains(&one.agency_id)) {
        if agency(by, &one.agency_id).await?.is_some_and(|agency| is_a(&agency, ADVOCACY)) {
            found.push((one.agency_id, one.name));
        }
    }
    Ok(Offered::each(found, &String::new()))
}

/// All that could look at what an agency did, and are not it.
pub(super) async fn reviewers(by: &SignedIn, of: &str) -> Result<Vec<Offered>, Fault> {
    let ask = ListAgenciesRequest { page_size: 100, ..ListAgenciesRequest::default() };
    let (all, _) = every_page!(by.client.agencies(), list_agencies(ask).agencies, PAGES);
    let those = all.into_iter().filter(|one| (is_a(one, ADVOCACY) || is_a(one, REVIEW)) && one.agency_id != of);
    Ok(Offered::each(those.map(|one| (one.agency_id, one.name)), &String::new()))
}

async fn agency(by: &SignedIn, agency_id: &str) -> Result<Option<Agency>, Fault> {
    let ask = GetAgencyRequest { agency_id: agency_id.to_owned(), ..GetAgencyRequest::default() };
    Ok(by.client.agencies().get_agency(ask).await?.into_inner().agency)
}

/// Whether it is of this kind, and there.
fn is_a(agency: &Agency, kind: &str) -> bool {
    agency.kind.trim().eq_ignore_ascii_case(kind) && agency.registered && !agency.closed
}
