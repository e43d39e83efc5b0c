//! "My people" and "caseload".

use std::collections::{BTreeSet, HashMap};

use domain::access::Scope;
use domain::ids::PersonId;
use domain::person::Content;
use domain::staff::Staff;
use domain::vocabulary::{Author, Category, Sensitivity, Timestamp};
use engine::Freshness;
use gate::{Asked, Call, Disclosure};
use proto::relationships::v1 as pb;
use rpc::{Directory, Error, words};
use views::Page;
use views::caseload::{self, Caseload, SupportDoc};
use views::record::{self, Record};
use views::relationships::{self, RelationshipDoc, RelationshipStage, Relationships as MyPeople};

use crate::Relationships;

impl Relationships {
    pub(crate) async fn my_people(
        &self,
        call: &Call,
        message: pb::ListMyPeopleRequest,
    ) -> Result<pb::ListMyPeopleResponse, Error> {
        let person = call.person()?;
        let paging = call.pages(&message)?;
        let page = self.views.list::<MyPeople>(&relationships::of_person(person), &paging.pages, |_| true).await?;
        let supporters = page.items.iter().map(|doc| Author::Worker(doc.worker));
        let names = Directory::of(&self.views, supporters.collect()).await?;
        Ok(pb::ListMyPeopleResponse {
            relationships: page.items.iter().map(|doc| to_wire(doc, &names)).collect(),
            next_page_token: paging.next(page.next),
            position: page.position,
        })
    }

    pub(crate) async fn caseload(
        &self,
        call: &Call,
        message: pb::GetCaseloadRequest,
    ) -> Result<pb::GetCaseloadResponse, Error> {
        let (by, purpose) = (call.worker()?, words::purpose(message.purpose)?);
        let asked = Asked { by, purpose, categories: vec![Category::Contact] };
        let paging = call.pages(&message)?;
        let accepted = |doc: &SupportDoc| doc.since.is_some();
        let page =
            self.views.list::<Caseload>(&caseload::of_staff(by.worker().staff()), &paging.pages, accepted).await?;
        let Page { items, next, position } = page;
        let people: Vec<_> = items.iter().map(|doc| doc.person).collect();
        let items = &items;
        let rows = self.gate.disclose_each(&asked, &people, |scopes| async move {
            let rows = self.rows(items, &scopes.into_iter().collect(), message.at_least_position).await?;
            let named = |row: &&(PersonId, pb::CaseloadRow)| !row.1.name.is_empty();
            let categories = BTreeSet::from([Category::Contact]);
            let name = || Disclosure { answer: (), categories: categories.clone(), entries: 1, named_authors: false };
            let disclosed = rows.iter().filter(named).map(|(person, _)| (*person, name())).collect();
            Ok((rows, disclosed))
        });
        let (rows, receipts) = rows.await?;
        let receipt = |person| receipts.get(&person).map(ToString::to_string).unwrap_or_default();
        let rows =
            rows.into_iter().map(|(person, row)| pb::CaseloadRow { receipt_id: receipt(person), ..row }).collect();
        Ok(pb::GetCaseloadResponse { rows, next_page_token: paging.next(next), position })
    }

    pub(crate) async fn my_proposals(
        &self,
        call: &Call,
        message: pb::ListMyProposalsRequest,
    ) -> Result<pb::ListMyProposalsResponse, Error> {
        let by = call.worker()?;
        let paging = call.pages(&message)?;
        let (staff, waits) = (by.worker().staff(), |doc: &SupportDoc| doc.since.is_none());
        if !self.gate.engine().load::<Staff>(staff, Freshness::Latest).await?.admits(by) {
            return Err(Error::denied());
        }
        let page = self.views.list::<Caseload>(&caseload::of_staff(staff), &paging.pages, waits).await?;
        let proposal = |doc: SupportDoc| pb::Proposal {
            relationship_id: doc.relationship.to_string(),
            person_id: doc.person.to_string(),
            offer: doc.offer,
            proposed_at: Some(words::timestamp(doc.proposed_at)),
        };
        Ok(pb::ListMyProposalsResponse {
            proposals: page.items.into_iter().map(proposal).collect(),
            next_page_token: paging.next(page.next),
            position: page.position,
        })
    }

    /// A row for each relationship, with the name where the person shares it. Whoever has blocked the agency has none.
    async fn rows(
        &self,
        docs: &[SupportDoc],
        scopes: &HashMap<PersonId, Option<Scope>>,
        at_least: u64,
    ) -> Result<Vec<(PersonId, pb::CaseloadRow)>, Error> {
        let shares = |scope: &Scope| scope.covers(Category::Contact, &Sensitivity::normal());
        let shared = scopes.iter().filter(|(_, scope)| scope.as_ref().is_some_and(shares));
        let keys: Vec<_> = shared.map(|(person, _)| record::contact_key(*person)).collect();
        let contacts = self.views.get::<Record>(&keys, at_least).await?;
        let name = |doc: &SupportDoc| match contacts.get(&record::contact_key(doc.person)).map(|entry| &entry.content) {
            Some(Content::Contact { name, .. }) => name.clone(),
            _ => String::new(),
        };
        let row = |doc: &SupportDoc| pb::CaseloadRow {
            relationship_id: doc.relationship.to_string(),
            person_id: doc.person.to_string(),
            name: name(doc),
            offer: doc.offer.clone(),
            since: doc.since.map(words::timestamp),
            receipt_id: String::new(),
        };
        Ok(docs.iter().filter(|doc| scopes.contains_key(&doc.person)).map(|doc| (doc.person, row(doc))).collect())
    }
}

fn to_wire(doc: &RelationshipDoc, names: &Directory) -> pb::Relationship {
    let state = match doc.stage {
        RelationshipStage::Proposed => pb::RelationshipState::Proposed,
        RelationshipStage::Active => pb::RelationshipState::Active,
        RelationshipStage::Declined => pb::RelationshipState::Declined,
        RelationshipStage::Ended => pb::RelationshipState::Ended,
        RelationshipStage::Withdrawn => pb::RelationshipState::Withdrawn,
    };
    pb::Relationship {
        relationship_id: doc.relationship.to_string(),
        supporter: Some(words::party(Author::Worker(doc.worker), &doc.role, names)),
        offer: doc.offer.clone(),
        state: state.into(),
        proposed_at: Some(words::timestamp(doc.proposed_at)),
        not_again: doc.again_from == Some(Timestamp::NEVER),
        may_ask_from: doc.again_from.filter(|from| *from != Timestamp::NEVER).map(words::timestamp),
    }
}
