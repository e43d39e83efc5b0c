//! What agencies' computer systems received, and what was asked back of it: for the person.

use std::collections::BTreeSet;

use domain::access::events::RecallAnswer;
use domain::agency::ContentLevel;
use domain::ids::{AgencyId, DeliveryId, EntryId, RecallId};
use domain::vocabulary::{Category, Timestamp};
use gate::Call;
use proto::access::v1 as pb;
use rpc::words::{self, Names};
use rpc::{Directory, Error, Named};
use views::Pages;
use views::deliveries::{self, Deliveries, DeliveryDoc, PermitDoc};
use views::recalls::{self, RecallDoc, Recalls};

use crate::SharingServices;
use crate::summary::Words;

/// The most entries of a day, or of a recall, that are named one by one.
const NAMED: usize = 1_000;

impl SharingServices {
    pub(crate) async fn my_deliveries(
        &self,
        call: &Call,
        message: pb::ListMyDeliveriesRequest,
    ) -> Result<pb::ListMyDeliveriesResponse, Error> {
        let person = call.person()?;
        let paging = call.pages(&message)?;
        let wanted: Option<AgencyId> = rpc::optional_id("agency_id", &message.agency_id)?;
        let keep = |doc: &DeliveryDoc| wanted.is_none_or(|wanted| wanted == doc.agency);
        let page = self.views.list::<Deliveries>(&deliveries::of_person(person), &paging.pages, keep).await?;
        let names = Directory::of(&self.views, named(page.items.iter().map(|doc| doc.agency))).await?;
        Ok(pb::ListMyDeliveriesResponse {
            days: days(page.items).iter().map(|doc| day(doc, &names, self.words())).collect(),
            next_page_token: paging.next(page.next),
            position: page.position,
            incomplete: page.incomplete,
        })
    }

    pub(crate) async fn get_my_delivery(
        &self,
        call: &Call,
        m: pb::GetMyDeliveryRequest,
    ) -> Result<pb::GetMyDeliveryResponse, Error> {
        let (person, id): (_, DeliveryId) = (call.person()?, rpc::id("delivery_id", &m.delivery_id)?);
        let (mut parts, mut incomplete, mut pages) = (Vec::new(), false, Pages::all(m.at_least_position));
        let (of, is_asked) = (deliveries::of_person(person), |doc: &DeliveryDoc| doc.delivery() == id);
        while let Some(page) = self.views.next::<Deliveries>(&of, &mut pages, is_asked).await? {
            incomplete |= page.incomplete;
            parts.extend(page.items);
        }
        let all = days(parts);
        let doc = all.first().ok_or_else(|| Error::not_found("delivery"))?;
        let names = Directory::of(&self.views, named(std::iter::once(doc.agency))).await?;
        Ok(pb::GetMyDeliveryResponse { day: Some(day(doc, &names, self.words())), incomplete })
    }

    pub(crate) async fn my_recalls(
        &self,
        call: &Call,
        message: pb::ListMyRecallsRequest,
    ) -> Result<pb::ListMyRecallsResponse, Error> {
        let person = call.person()?;
        let paging = call.pages(&message)?;
        let wanted = |doc: &RecallDoc| !message.only_waiting || doc.answers.is_empty();
        let page = self.views.list::<Recalls>(&recalls::of_person(person), &paging.pages, wanted).await?;
        let names = Directory::of(&self.views, named(page.items.iter().map(|doc| doc.agency))).await?;
        let now = self.gate.engine().now();
        Ok(pb::ListMyRecallsResponse {
            recalls: page.items.iter().map(|doc| recall(doc, &names, (now, self.words()))).collect(),
            next_page_token: paging.next(page.next),
            position: page.position,
            incomplete: page.incomplete,
        })
    }

    pub(crate) async fn get_my_recall(
        &self,
        call: &Call,
        m: pb::GetMyRecallRequest,
    ) -> Result<pb::GetMyRecallResponse, Error> {
        let (person, id): (_, RecallId) = (call.person()?, rpc::id("recall_id", &m.recall_id)?);
        let pages = Pages::one(m.at_least_position);
        let page = self.views.list::<Recalls>(&recalls::of_person(person), &pages, |doc| doc.recall == id).await?;
        let doc = page.items.first().ok_or_else(|| Error::not_found("recall"))?;
        let names = Directory::of(&self.views, named(std::iter::once(doc.agency))).await?;
        let recall = Some(recall(doc, &names, (self.gate.engine().now(), self.words())));
        Ok(pb::GetMyRecallResponse { recall, incomplete: page.incomplete })
    }
}

fn named(agencies: impl Iterator<Item = AgencyId>) -> Named {
    let mut named = Named::default();
    agencies.for_each(|agency| named.agency(agency));
    named
}

/// Entries, each once, and how many there are.
fn entries(of: impl Iterator<Item = (EntryId, Category)>) -> (Vec<pb::DeliveredEntry>, usize, Vec<Category>) {
    let mut seen = BTreeSet::new();
    let each: Vec<_> = of.filter(|entry| seen.insert(*entry)).collect();
    let categories: BTreeSet<_> = each.iter().map(|(_, category)| *category).collect();
    let entry = |(entry, category): &(EntryId, Category)| pb::DeliveredEntry {
        entry_id: entry.to_string(),
        category: i32::from(category.code()),
    };
    (each.iter().take(NAMED).map(entry).collect(), each.len(), categories.into_iter().collect())
}

/// The parts of each feed's day as one, where the latest of them stands.
fn days(parts: Vec<DeliveryDoc>) -> Vec<DeliveryDoc> {
    let mut days: Vec<DeliveryDoc> = Vec::with_capacity(parts.len());
    for part in parts {
        match days.iter_mut().find(|day| day.delivery() == part.delivery()) {
            Some(day) => day.absorb(part),
            None => days.push(part),
        }
    }
    days
}

fn day(doc: &DeliveryDoc, names: &impl Names, said: Words<'_>) -> pb::DeliveryDay {
    let (entries, count, categories) = entries(doc.events.iter().map(|event| (event.entry, event.category)));
    let agency_name = names.agency_then(doc.agency, doc.first_at);
    pb::DeliveryDay {
        summary: said.delivered(doc, &agency_name, count, &categories),
        agency_id: doc.agency.to_string(),
        agency_name,
        feed_id: doc.feed.to_string(),
        feed_name: doc.name.clone(),
        purpose: i32::from(doc.purpose.code()),
        first_at: Some(words::timestamp(doc.first_at)),
        last_at: Some(words::timestamp(doc.last_at)),
        entries,
        count: u32::try_from(count).unwrap_or(u32::MAX),
        provision_ids: doc.choices.iter().map(|choice| choice.provision.to_string()).collect(),
        with_content: doc.content() == ContentLevel::Full,
        permits: doc.permits.iter().take(NAMED).map(told).collect(),
        delivery_id: doc.delivery().to_string(),
    }
}

fn told(told: &PermitDoc) -> pb::ToldPermit {
    pb::ToldPermit { provision_id: told.provision.to_string(), change: i32::from(told.change.code()) }
}

fn recall(doc: &RecallDoc, names: &impl Names, (now, said): (Timestamp, Words<'_>)) -> pb::Recall {
    use pb::recall::State;
    let (entries, count, categories) = entries(doc.events.iter().map(|event| (event.entry, event.category)));
    let agency_name = names.agency_then(doc.agency, doc.requested_at);
    let answer = doc.answers.last();
    let state = match answer.map(|answer| answer.answer) {
        Some(RecallAnswer::Erased) => State::Erased,
        Some(RecallAnswer::Retained) => State::Retained,
        None if doc.deadline <= now => State::Overdue,
        None => State::Open,
    };
    pb::Recall {
        summary: said.recall(doc, &agency_name, state == State::Overdue, (count, &categories)),
        recall_id: doc.recall.to_string(),
        agency_id: doc.agency.to_string(),
        agency_name,
        entries,
        count: u32::try_from(count).unwrap_or(u32::MAX),
        requested_at: Some(words::timestamp(doc.requested_at)),
        deadline: Some(words::timestamp(doc.deadline)),
        state: state.into(),
        basis: answer.map(|answer| answer.basis.clone()).unwrap_or_default(),
        answered_at: answer.map(|answer| words::timestamp(answer.at)),
    }
}
