use proto::access::v1::{
    Action, ListAccessHistoryRequest, ListMyQuestionsRequest, Purpose, Query, Receipt, RecordCategory,
};
use proto::people::v1::{
    Entry, GetMyRecordRequest, GetSharedPlanRequest, GetSharedPlanResponse, RecordStrengthRequest,
    RecordStrengthResponse,
};
use proto::relationships::v1::{
    AcceptSupportRequest, InviteSupporterRequest, ListMyPeopleRequest, ProposeSupportRequest, ProposeSupportResponse,
    Relationship,
};
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{
    BlockAgencyRequest, GrantProvisionRequest, GrantProvisionResponse, ProvisionActor, ProvisionTerms,
    UnblockAgencyRequest, WithdrawProvisionRequest,
};
use tonic::Status;
use uuid::Uuid;

use crate::Client;

/// The most items that a page holds.
const PAGE: i32 = 100;
/// The most pages that are read as one list.
const PAGES: usize = 1_000;

/// Calls for one page after the other, and returns the items of all.
macro_rules! all_pages {
    ($client:expr, $list:ident($request:ident).$items:ident) => {{
        let (mut request, mut all) = ($request, Vec::new());
        for _ in 0..PAGES {
            let page = $client.$list(request.clone()).await?.into_inner();
            all.extend(page.$items);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                return Ok(all);
            }
        }
        Err(Status::out_of_range("the list has too many pages to be read at once"))
    }};
}

/// A fresh request id.
#[must_use]
pub fn request_id() -> String {
    Uuid::now_v7().to_string()
}

/// Terms that speak of these categories, for this purpose and these actions, without labels or a period.
#[must_use]
pub fn terms(
    actor: Actor,
    categories: impl IntoIterator<Item = RecordCategory>,
    purpose: Purpose,
    actions: impl IntoIterator<Item = Action>,
) -> ProvisionTerms {
    ProvisionTerms {
        actor: Some(ProvisionActor { actor: Some(actor) }),
        categories: categories.into_iter().map(i32::from).collect(),
        purposes: vec![purpose.into()],
        actions: actions.into_iter().map(i32::from).collect(),
        ..ProvisionTerms::default()
    }
}

/// What a worker does.
impl Client {
    /// Looks at the first page of what a person shares. An empty list asks for every category.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn look(
        &self,
        person_id: &str,
        purpose: Purpose,
        categories: &[RecordCategory],
        at_least: u64,
    ) -> Result<GetSharedPlanResponse, Status> {
        let look = GetSharedPlanRequest {
            person_id: person_id.to_owned(),
            purpose: purpose.into(),
            categories: categories.iter().map(|category| i32::from(*category)).collect(),
            page_size: PAGE,
            page_token: String::new(),
            at_least_position: at_least,
            changed_since: None,
        };
        Ok(self.people().get_shared_plan(look).await?.into_inner())
    }

    /// Proposes support.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn propose(&self, person_id: &str, offer: &str) -> Result<ProposeSupportResponse, Status> {
        let (person_id, offer) = (person_id.to_owned(), offer.to_owned());
        let propose = ProposeSupportRequest { request_id: request_id(), person_id, offer };
        Ok(self.relationships().propose_support(propose).await?.into_inner())
    }
}

/// What a person does.
impl Client {
    /// Everybody who supports the person or has proposed to, all pages.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn my_people(&self, at_least: u64) -> Result<Vec<Relationship>, Status> {
        let request = ListMyPeopleRequest { page_size: PAGE, at_least_position: at_least, ..Default::default() };
        all_pages!(self.relationships(), list_my_people(request).relationships)
    }

    /// The person's whole record, all pages.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn my_record(&self, at_least: u64) -> Result<Vec<Entry>, Status> {
        let request = GetMyRecordRequest { page_size: PAGE, at_least_position: at_least, ..Default::default() };
        all_pages!(self.people(), get_my_record(request).entries)
    }

    /// Who has looked, newest first, all pages; not the person themselves.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn history(&self, at_least: u64) -> Result<Vec<Receipt>, Status> {
        let request = ListAccessHistoryRequest { page_size: PAGE, at_least_position: at_least, ..Default::default() };
        all_pages!(self.access(), list_access_history(request).receipts)
    }

    /// What the person has asked, all pages.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn my_questions(&self, at_least: u64) -> Result<Vec<Query>, Status> {
        let request = ListMyQuestionsRequest { page_size: PAGE, at_least_position: at_least, ..Default::default() };
        all_pages!(self.access(), list_my_questions(request).questions)
    }

    /// Invites somebody who was suggested; returns the position.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn invite(&self, relationship_id: &str, message: &str) -> Result<u64, Status> {
        let (relationship_id, message) = (relationship_id.to_owned(), message.to_owned());
        let invite = InviteSupporterRequest { request_id: request_id(), relationship_id, message };
        Ok(self.relationships().invite_supporter(invite).await?.into_inner().position)
    }

    /// Accepts a proposal; returns the position.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn accept(&self, relationship_id: &str) -> Result<u64, Status> {
        let accept = AcceptSupportRequest { request_id: request_id(), relationship_id: relationship_id.to_owned() };
        Ok(self.relationships().accept_support(accept).await?.into_inner().position)
    }

    /// Permits something.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn grant(&self, terms: ProvisionTerms) -> Result<GrantProvisionResponse, Status> {
        let grant = GrantProvisionRequest { request_id: request_id(), terms: Some(terms), ..Default::default() };
        Ok(self.sharing().grant_provision(grant).await?.into_inner())
    }

    /// Withdraws a provision; returns the position.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn withdraw(&self, provision_id: &str) -> Result<u64, Status> {
        let provision_id = provision_id.to_owned();
        let withdraw = WithdrawProvisionRequest { request_id: request_id(), provision_id, ..Default::default() };
        Ok(self.sharing().withdraw_provision(withdraw).await?.into_inner().position)
    }

    /// Blocks an agency; returns the position.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn block(&self, agency_id: &str) -> Result<u64, Status> {
        let (request_id, agency_id) = (request_id(), agency_id.to_owned());
        let block = BlockAgencyRequest { request_id, agency_id, ..Default::default() };
        Ok(self.sharing().block_agency(block).await?.into_inner().position)
    }

    /// Unblocks an agency; returns the position.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn unblock(&self, agency_id: &str) -> Result<u64, Status> {
        let (request_id, agency_id) = (request_id(), agency_id.to_owned());
        let unblock = UnblockAgencyRequest { request_id, agency_id, ..Default::default() };
        Ok(self.sharing().unblock_agency(unblock).await?.into_inner().position)
    }

    /// Records a strength in the person's own record.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn strength(&self, text: &str) -> Result<RecordStrengthResponse, Status> {
        let strength = RecordStrengthRequest { request_id: request_id(), text: text.to_owned(), ..Default::default() };
        Ok(self.people().record_strength(strength).await?.into_inner())
    }
}
