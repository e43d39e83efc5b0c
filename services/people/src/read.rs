//! Reading a record: one's own, or what somebody shares.

use std::collections::BTreeSet;

use domain::access::Scope;
use domain::ids::{AgencyId, EntryId, PersonId, ReceiptId};
use domain::person::Content;
use domain::vocabulary::{Author, Category, Sensitivity, Timestamp};
use gate::{Asked, Call, Contribution, Disclosure};
use proto::people::v1 as pb;
use rpc::{Directory, Error, Named, words};
use views::record::{self, EntryDoc, Record};
use views::{Page, Pages};

use crate::People;
use crate::wire::{Told, entry};

/// Which entries are wanted.
#[derive(Default)]
struct Wanted {
    /// Of these categories; none means all.
    categories: Vec<Category>,
    /// Written, changed or replied to from this moment on.
    since: Option<Timestamp>,
    /// This one alone.
    only: Option<EntryId>,
}

impl Wanted {
    fn of(categories: &[i32], since: Option<prost_types::Timestamp>) -> Result<Self, Error> {
        let since = since.map(|at| words::from_timestamp("changed_since", at)).transpose()?;
        Ok(Self { categories: words::categories("categories", categories)?, since, only: None })
    }

    fn keeps(&self, doc: &EntryDoc) -> bool {
        (self.categories.is_empty() || self.categories.contains(&doc.category))
            && self.since.is_none_or(|since| since <= doc.changed_at())
            && self.only.is_none_or(|only| only == doc.entry)
    }
}

/// Entries that are told, and the receipt of it.
struct Shown {
    entries: Vec<pb::Entry>,
    next: Option<Vec<u8>>,
    position: u64,
    incomplete: bool,
    receipt: ReceiptId,
}

impl Shown {
    /// The one that was asked for.
    fn one(self) -> Result<(Option<pb::Entry>, String, bool), Error> {
        let Some(entry) = self.entries.into_iter().next() else { return Err(Error::not_found("entry")) };
        Ok((Some(entry), self.receipt.to_string(), self.incomplete))
    }
}

impl People {
    pub(crate) async fn my_record(
        &self,
        call: &Call,
        message: pb::GetMyRecordRequest,
    ) -> Result<pb::GetMyRecordResponse, Error> {
        let wanted = Wanted::of(&message.categories, message.changed_since)?;
        let paging = call.pages(&message)?;
        let Shown { entries, next, position, incomplete, receipt } = self.theirs(call, &paging.pages, &wanted).await?;
        let (next_page_token, receipt_id) = (paging.next(next), receipt.to_string());
        Ok(pb::GetMyRecordResponse { entries, next_page_token, position, receipt_id, incomplete })
    }

    pub(crate) async fn my_entry(
        &self,
        call: &Call,
        m: pb::GetMyEntryRequest,
    ) -> Result<pb::GetMyEntryResponse, Error> {
        let wanted = Wanted { only: Some(rpc::id("entry_id", &m.entry_id)?), ..Wanted::default() };
        let pages = Pages::one(m.at_least_position);
        let (entry, receipt_id, incomplete) = self.theirs(call, &pages, &wanted).await?.one()?;
        Ok(pb::GetMyEntryResponse { entry, receipt_id, incomplete })
    }

    /// What somebody reads of their own record.
    async fn theirs(&self, call: &Call, pages: &Pages, wanted: &Wanted) -> Result<Shown, Error> {
        let page = self.page(call.person()?, pages, |doc| wanted.keeps(doc)).await?;
        if page.items.is_empty() && wanted.only.is_some() {
            return Err(Error::not_found("entry"));
        }
        let receipt = self.gate.disclose_own(call, categories_of(&page), page.items.len()).await?;
        let Page { items, next, position, incomplete } = page;
        Ok(Shown { entries: self.to_wire(items, |_| true).await?, next, position, incomplete, receipt })
    }

    pub(crate) async fn shared_plan(
        &self,
        call: &Call,
        message: pb::GetSharedPlanRequest,
    ) -> Result<pb::GetSharedPlanResponse, Error> {
        let person: PersonId = rpc::id("person_id", &message.person_id)?;
        let wanted = Wanted::of(&message.categories, message.changed_since)?;
        let asked = Asked::new(call, words::purpose(message.purpose)?, wanted.categories.clone())?;
        let paging = call.pages(&message)?;
        let shown = self.shared(&asked, person, &paging.pages, &wanted).await?;
        let Shown { entries, next, position, incomplete, receipt } = shown;
        let (next_page_token, receipt_id) = (paging.next(next), receipt.to_string());
        Ok(pb::GetSharedPlanResponse { entries, next_page_token, position, receipt_id, incomplete })
    }

    pub(crate) async fn shared_entry(
        &self,
        call: &Call,
        m: pb::GetSharedEntryRequest,
    ) -> Result<pb::GetSharedEntryResponse, Error> {
        let person: PersonId = rpc::id("person_id", &m.person_id)?;
        let wanted = Wanted { only: Some(rpc::id("entry_id", &m.entry_id)?), ..Wanted::default() };
        let asked = Asked::new(call, words::purpose(m.purpose)?, vec![])?;
        let pages = Pages::one(m.at_least_position);
        let (entry, receipt_id, incomplete) = self.shared(&asked, person, &pages, &wanted).await?.one()?;
        Ok(pb::GetSharedEntryResponse { entry, receipt_id, incomplete })
    }

    /// What a worker reads of what a person shares with them.
    async fn shared(&self, asked: &Asked, person: PersonId, pages: &Pages, wanted: &Wanted) -> Result<Shown, Error> {
        let by = asked.by;
        // Waited for first: the decision is about the moment of the answer, not about one that the caller can move.
        self.views.reach::<Record>(pages.at_least).await?;
        let answer = self.gate.disclose(asked, person, |scope, moved| async move {
            // What was corrected is told as corrected, though the view may lag.
            self.views.reach::<Record>(moved).await?;
            let covers = |(category, sensitivity): &(Category, Sensitivity)| scope.covers(*category, sensitivity);
            let (list, keep) = (record::of_person(person), |doc: &EntryDoc| wanted.keeps(doc));
            let mut page = self.views.list_covered::<Record>(&list, pages, covers, keep).await?;
            self.hide_goals(person, &mut page, &scope, pages.at_least).await?;
            let (categories, entries) = (categories_of(&page), page.items.len());
            // Which other agencies have written is who else supports the person.
            let elsewhere = |agency: AgencyId| agency != by.worker().agency();
            let network = scope.covers(Category::SupportNetwork, &Sensitivity::normal());
            let named_authors = network && page.items.iter().flat_map(agencies_of).any(elsewhere);
            // What an entry said before it was corrected the person alone reads.
            page.items.iter_mut().flat_map(|doc| &mut doc.changes).for_each(|change| change.before.clear());
            let Page { items, next, position, incomplete } = page;
            let answer =
                (self.to_wire(items, |agency| network || !elsewhere(agency)).await?, next, position, incomplete);
            Ok(Disclosure { answer, categories, entries, named_authors })
        });
        let ((entries, next, position, incomplete), receipt) = answer.await?;
        Ok(Shown { entries, next, position, incomplete, receipt })
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

    /// An entry that was just written, as it was. Of others a worker learns nothing by it.
    pub(crate) async fn written(&self, wish: &Contribution, entry: EntryId, position: u64) -> Option<pb::Entry> {
        let doc = self.views.made::<Record>(position, |doc| doc.entry == entry).await?;
        let own = wish.author.worker().map(|worker| worker.agency());
        let told = |agency| own.is_none_or(|own| own == agency);
        self.to_wire(vec![doc], told).await.ok()?.pop()
    }

    /// Entries on the wire. Authors who are not told are "another agency".
    async fn to_wire(&self, entries: Vec<EntryDoc>, told: impl Fn(AgencyId) -> bool) -> Result<Vec<pb::Entry>, Error> {
        let is_told = |author: &Author| author.worker().is_none_or(|worker| told(worker.agency()));
        let mut named: Named = entries.iter().flat_map(authors_of).filter(is_told).collect();
        let owners = entries.iter().filter_map(|doc| doc.content.owner());
        owners.filter(|agency| told(*agency)).for_each(|agency| named.agency(agency));
        let names = &Directory::of(&self.views, named).await?;
        let (told, now) = (Told { names, told }, self.gate.engine().now());
        Ok(entries.into_iter().map(|doc| entry(&told, now, doc)).collect())
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

fn categories_of(page: &Page<EntryDoc>) -> BTreeSet<Category> {
    page.items.iter().map(|doc| doc.category).collect()
}
