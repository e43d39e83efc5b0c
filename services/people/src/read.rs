//! Reading a record: one's own, or what somebody shares.

use std::collections::BTreeSet;

use domain::access::Scope;
use domain::ids::{AgencyId, EntryId, PersonId};
use domain::person::Content;
use domain::vocabulary::{Author, Category, Sensitivity};
use gate::{Asked, Call, Disclosure, Paging};
use proto::people::v1 as pb;
use rpc::{Directory, Error, Named, words};
use views::record::{self, EntryDoc, Record};
use views::{Page, Pages};

use crate::People;
use crate::wire::{Told, entry};

impl People {
    pub(crate) async fn my_record(
        &self,
        call: &Call,
        message: pb::GetMyRecordRequest,
    ) -> Result<pb::GetMyRecordResponse, Error> {
        let person = call.person()?;
        let wanted = words::categories("categories", &message.categories)?;
        let paging = call.pages(&message)?;
        let page = self.page(person, &paging.pages, |doc| asks_for(&wanted, doc.category)).await?;
        let receipt = self.gate.disclose_own(call, categories_of(&page), page.items.len()).await?;
        let (incomplete, receipt_id) = (page.incomplete, receipt.to_string());
        let (entries, next_page_token, position) = self.to_wire(page, &paging, |_| true).await?;
        Ok(pb::GetMyRecordResponse { entries, next_page_token, position, receipt_id, incomplete })
    }

    pub(crate) async fn shared_plan(
        &self,
        call: &Call,
        message: pb::GetSharedPlanRequest,
    ) -> Result<pb::GetSharedPlanResponse, Error> {
        let by = call.worker()?;
        let person: PersonId = rpc::id("person_id", &message.person_id)?;
        let categories = words::categories("categories", &message.categories)?;
        let asked = Asked::new(call, words::purpose(message.purpose)?, categories)?;
        let paging = &call.pages(&message)?;
        let (wanted, pages) = (&asked.categories, &paging.pages);
        // Waited for first: the decision is about the moment of the answer, not about one that the caller can move.
        self.views.reach::<Record>(message.at_least_position).await?;
        let answer = self.gate.disclose(&asked, person, |scope, moved| async move {
            // What was corrected is told as corrected, though the view may lag.
            self.views.reach::<Record>(moved).await?;
            let covered =
                |doc: &EntryDoc| asks_for(wanted, doc.category) && scope.covers(doc.category, &doc.sensitivity);
            let mut page = self.page(person, pages, covered).await?;
            self.hide_goals(person, &mut page, &scope, pages.at_least).await?;
            let (categories, entries) = (categories_of(&page), page.items.len());
            // Which other agencies have written is who else supports the person.
            let elsewhere = |agency: AgencyId| agency != by.worker().agency();
            let network = scope.covers(Category::SupportNetwork, &Sensitivity::normal());
            let named_authors = network && page.items.iter().flat_map(agencies_of).any(elsewhere);
            let incomplete = page.incomplete;
            // What an entry said before it was corrected the person alone reads.
            page.items.iter_mut().flat_map(|doc| &mut doc.changes).for_each(|change| change.before.clear());
            let answer = (self.to_wire(page, paging, |agency| network || !elsewhere(agency)).await?, incomplete);
            Ok(Disclosure { answer, categories, entries, named_authors })
        });
        let (((entries, next_page_token, position), incomplete), receipt) = answer.await?;
        let receipt_id = receipt.to_string();
        Ok(pb::GetSharedPlanResponse { entries, next_page_token, position, receipt_id, incomplete })
    }

    /// Takes the goal out of an action when the goal itself is withheld: that it exists is not told.
    async fn hide_goals(
        &self,
        person: PersonId,
        page: &mut Page<EntryDoc>,
        scope: &Scope,
        at_least: u64,
    ) -> Result<(), Error> {
        let goal_of = |doc: &EntryDoc| if let Content::Action(action) = &doc.content { action.goal } else { None };
        let key = |goal| record::entry_key(person, Category::Goals, goal);
        let keys: Vec<_> = page.items.iter().filter_map(goal_of).map(key).collect();
        let goals = self.views.get::<Record>(&keys, at_least).await?;
        for doc in &mut page.items {
            if let Content::Action(action) = &mut doc.content {
                let goal = |goal: &EntryId| goals.get(&key(*goal));
                let shown = |goal: &EntryDoc| scope.covers(goal.category, &goal.sensitivity);
                action.goal = action.goal.filter(|id| goal(id).is_some_and(shown));
            }
        }
        Ok(())
    }

    async fn page(
        &self,
        person: PersonId,
        pages: &Pages,
        keep: impl Fn(&EntryDoc) -> bool + Send,
    ) -> Result<Page<EntryDoc>, Error> {
        Ok(self.views.list::<Record>(&record::of_person(person), pages, keep).await?)
    }

    /// A page on the wire. Authors who are not told are "another agency".
    async fn to_wire(
        &self,
        page: Page<EntryDoc>,
        paging: &Paging,
        told: impl Fn(AgencyId) -> bool,
    ) -> Result<(Vec<pb::Entry>, String, u64), Error> {
        let is_told = |author: &Author| author.worker().is_none_or(|worker| told(worker.agency()));
        let mut named: Named = page.items.iter().flat_map(authors_of).filter(is_told).collect();
        page.items
            .iter()
            .filter_map(|doc| doc.content.owner())
            .filter(|agency| told(*agency))
            .for_each(|a| named.agency(a));
        let names = &Directory::of(&self.views, named).await?;
        let (told, now) = (Told { names, told }, self.gate.engine().now());
        let entries = page.items.into_iter().map(|doc| entry(&told, now, doc)).collect();
        Ok((entries, paging.next(page.next), page.position))
    }
}

/// The agencies of everybody who has said something in an entry, and the one that is to do something.
fn agencies_of(doc: &EntryDoc) -> impl Iterator<Item = AgencyId> {
    authors_of(doc).filter_map(|author| author.worker()).map(|worker| worker.agency()).chain(doc.content.owner())
}

/// Everybody who has said something in an entry, and who is to do something.
fn authors_of(doc: &EntryDoc) -> impl Iterator<Item = Author> {
    let answers = doc.replies.iter().filter_map(|reply| reply.answer.as_ref());
    let said = doc.changes.iter().map(|change| change.author).chain(answers.map(|answer| answer.author));
    std::iter::once(doc.author).chain(said).chain(doc.content.doer().map(Author::Worker))
}

fn asks_for(wanted: &[Category], category: Category) -> bool {
    wanted.is_empty() || wanted.contains(&category)
}

fn categories_of(page: &Page<EntryDoc>) -> BTreeSet<Category> {
    page.items.iter().map(|doc| doc.category).collect()
}
