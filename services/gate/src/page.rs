//! Which page a caller asks for. A token goes on with the list that it was handed out with, and with no other.

use std::sync::Arc;

use prost::Message;
use proto::{access, agencies, consultations, feeds, people, relationships, sharing};
use rpc::{Error, Reason};
use views::Pages;

use crate::call::Call;

/// A request for a page of a list. What else it says chooses the list.
pub trait Paged: Message + Clone {
    /// Takes size, token and least position out of it.
    fn take_page(&mut self) -> (i32, String, u64);
}

macro_rules! paged {
    ($($package:ident::$request:ident),+ $(,)?) => {$(
        impl Paged for $package::v1::$request {
            fn take_page(&mut self) -> (i32, String, u64) {
                let Self { page_size, page_token, at_least_position, .. } = self;
                (std::mem::take(page_size), std::mem::take(page_token), std::mem::take(at_least_position))
            }
        }
    )+};
}
paged! {
    access::ListAccessHistoryRequest,
    access::ListMyDeliveriesRequest,
    access::ListMyQuestionsRequest,
    access::ListMyRecallsRequest,
    access::ListMyTimelineRequest,
    access::ListQuestionsRequest,
    agencies::ListAgenciesRequest,
    agencies::ListOperatorActsRequest,
    agencies::ListStaffRequest,
    consultations::ListConsultationsRequest,
    feeds::ListAgencyRecallsRequest,
    feeds::ListRecallsRequest,
    consultations::ListMyConsultationsRequest,
    consultations::ListMySurveysRequest,
    consultations::ListSurveyWordsRequest,
    consultations::ListSurveysRequest,
    people::GetMyRecordRequest,
    people::GetSharedPlanRequest,
    people::ListMyInvitationsRequest,
    relationships::GetCaseloadRequest,
    relationships::ListMyPeopleRequest,
    relationships::ListMyProposalsRequest,
    sharing::GetMySharingRequest,
    sharing::ListAccessRequestsRequest,
}

/// Bytes of the tag before the place in a token.
const TAG: usize = 16;
/// The longest place that a token names, in bytes.
const PLACE: usize = 128;

/// The page that a caller asks for, and how to name the next.
#[derive(Debug, Clone)]
pub struct Paging {
    /// The page.
    pub pages: Pages,
    /// The list: who reads it, by which method, and what else they say.
    list: Vec<u8>,
    pseudonyms: Arc<vault::Pseudonyms>,
}

impl Call {
    /// Which page this message asks for. A size beyond the largest is the largest.
    ///
    /// # Errors
    /// When the size is negative, or the token is of another caller, method or list, or was never handed out.
    pub fn pages(&self, message: &impl Paged) -> Result<Paging, Error> {
        let mut filter = message.clone();
        let (size, token, at_least) = filter.take_page();
        let size = rpc::page_size(size)?;
        let who = self.caller.actor();
        let list = [who.id().as_bytes().as_slice(), self.method.as_bytes(), b"\0", &filter.encode_to_vec()].concat();
        let pseudonyms = self.pseudonyms.clone();
        let mut paging = Paging { pages: Pages { size, after: vec![], at_least }, list, pseudonyms };
        if !token.is_empty() {
            let problem = "must be empty or a `next_page_token` of the same list, read by the same caller";
            let refused = || Error::new(Reason::PageTokenRefused, problem).about("page_token");
            let bytes = rpc::token_bytes(&token, TAG + PLACE).ok_or_else(refused)?;
            let (tag, place) = bytes.split_at_checked(TAG).ok_or_else(refused)?;
            if tag != paging.tag(place) {
                return Err(refused());
            }
            place.clone_into(&mut paging.pages.after);
        }
        Ok(paging)
    }
}

impl Paging {
    /// The token of the page that goes on after this place; empty at the end.
    #[must_use]
    pub fn next(&self, place: Option<Vec<u8>>) -> String {
        place.map(|place| rpc::token(&[&self.tag(&place), &place])).unwrap_or_default()
    }

    fn tag(&self, place: &[u8]) -> [u8; TAG] {
        self.pseudonyms.of("page", &[&self.list, place]).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::PersonId;
    use uuid::Uuid;

    use super::*;
    use crate::Caller;

    fn call(person: u128, method: &str) -> Call {
        let caller = Caller::Person(PersonId(Uuid::from_u128(person)));
        let pseudonyms = Arc::new(vault::Pseudonyms::new(&[7; 32]));
        Call {
            caller,
            signed_in: None,
            identity: None,
            session: None,
            role: Arc::default(),
            scopes: None,
            method: method.into(),
            message: bytes::Bytes::new(),
            pseudonyms,
        }
    }

    fn request(page_size: i32, page_token: &str, agency_id: &str) -> access::v1::ListAccessHistoryRequest {
        let (page_token, agency_id) = (page_token.into(), agency_id.into());
        access::v1::ListAccessHistoryRequest { page_size, page_token, agency_id, ..Default::default() }
    }

    #[test]
    fn a_token_goes_on_with_its_own_list_only() {
        let mine = call(1, "/history");
        let first = mine.pages(&request(7, "", "north")).unwrap();
        assert_eq!((first.pages.size, first.pages.after.as_slice(), first.next(None)), (7, &[][..], String::new()));
        let token = first.next(Some(b"place".to_vec()));
        let after = |call: &Call, request| call.pages(&request).map(|paging| paging.pages.after);
        assert_eq!(after(&mine, request(9, &token, "north")), Ok(b"place".to_vec()));
        let reason = |result: Result<Vec<u8>, Error>| result.unwrap_err().reason();
        for refused in [
            after(&call(2, "/history"), request(7, &token, "north")),
            after(&call(1, "/questions"), request(7, &token, "north")),
            after(&mine, request(7, &token, "south")),
            after(&mine, request(7, "AAAA", "north")),
            after(&mine, request(7, "***", "north")),
            after(&mine, request(7, &"A".repeat(300), "north")),
        ] {
            assert_eq!(reason(refused), Reason::PageTokenRefused);
        }
        assert_eq!(mine.pages(&request(1_000, "", "")).unwrap().pages.size, 100);
        assert!(mine.pages(&request(-1, "", "")).is_err());
    }
}
