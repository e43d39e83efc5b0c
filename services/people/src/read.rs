//! Reading a record: one's own, or what somebody shares.

use std::collections::BTreeSet;

use domain::access::Scope;
use domain::ids::{EntryId, PersonId};
use domain::person::Content;
use domain::vocabulary::{Author, Category, Sensitivity};
use gate::{Asked, Call, Disclosure, Paging};
use proto::people::v1 as pb;
use rpc::{Directory, Error, words};
use views::record::{self, EntryDoc, Record};
use views::{Page, Pages};

use crate::People;
use crate::service::entry;

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
        let receipt = self.gate.disclose_own(person, categories_of(&page), page.items.len()).await?;
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
        let answer = self.gate.disclose(&asked, person, |scope| async move {
            let covered =
                |doc: &EntryDoc| asks_for(wanted, doc.category) && scope.covers(doc.category, &doc.sensitivity);
            let mut page = self.page(person, pages, covered).await?;
            self.hide_goals(person, &mut page, &scope, pages.at_least).await?;
            let (categories, entries) = (categories_of(&page), page.items.len());
            // Which other agencies have written is who else supports the person.
            let elsewhere = |author: Author| author.worker().is_some_and(|w| w.agency() != by.worker().agency());
            let network = scope.covers(Category::SupportNetwork, &Sensitivity::normal());
            let named_authors = network && page.items.iter().flat_map(authors_of).any(elsewhere);
            let incomplete = page.incomplete;
            let answer = (self.to_wire(page, paging, |author| network || !elsewhere(author)).await?, incomplete);
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
        told: impl Fn(Author) -> bool,
    ) -> Result<(Vec<pb::Entry>, String, u64), Error> {
        let authors = page.items.iter().flat_map(authors_of).filter(|author| told(*author));
        let names = Directory::of(&self.views, authors.collect()).await?;
        let party = |author, role: &str, at| {
            if told(author) { words::party(author, role, at, &names) } else { words::another_agency() }
        };
        let now = self.gate.engine().now();
        let entries = page.items.into_iter().map(|doc| entry(party, now, doc)).collect();
        Ok((entries, paging.next(page.next), page.position))
    }
}

/// Everybody who has said something in an entry.
fn authors_of(doc: &EntryDoc) -> impl Iterator<Item = Author> {
    let answers = doc.replies.iter().filter_map(|reply| reply.answer.as_ref());
    let said = doc.changes.iter().map(|change| change.author).chain(answers.map(|answer| answer.author));
    std::iter::once(doc.author).chain(said)
}

fn asks_for(wanted: &[Category], category: Category) -> bool {
    wanted.is_empty() || wanted.contains(&category)
}

fn categories_of(page: &Page<EntryDoc>) -> BTreeSet<Category> {
    page.items.iter().map(|doc| doc.category).collect()
}
