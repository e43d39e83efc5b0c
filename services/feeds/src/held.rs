//! What a feed holds of a person: delivered, and not asked back since.

use std::collections::HashMap;

use domain::access::events::Delivered;
use domain::agency::ContentLevel;
use domain::ids::{FeedId, PersonId, ProvisionId};
use rpc::Error;
use uuid::Uuid;
use views::deliveries::{self, Deliveries, DeliveryDoc};
use views::recalls::{self, RecallDoc, Recalls};
use views::{Pages, View, Views};

/// An event that a feed has received, and the position of its last receipt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) delivered: Delivered,
    pub(crate) position: u64,
}

/// What a feed holds of a person.
#[derive(Debug, Default)]
pub(crate) struct Holding {
    /// What was delivered and not asked back since, by event.
    pub(crate) events: HashMap<Uuid, Held>,
    /// How much was told of permits, at most: by event.
    pub(crate) told: HashMap<Uuid, ContentLevel>,
    /// The person's choices by which anything was ever delivered to it, and the version of the directive at which that was first.
    pub(crate) choices: HashMap<ProvisionId, u64>,
}

/// What a feed holds of a person, once the views have come so far. None while something about the person cannot be read: then it is not known.
pub(crate) async fn held(
    views: &Views,
    (person, feed): (PersonId, FeedId),
    at_least: u64,
) -> Result<Option<Holding>, Error> {
    let ours = |day: &DeliveryDoc| day.feed == feed;
    let Some(days) = all::<Deliveries>(views, &deliveries::of_person(person), at_least, ours).await? else {
        return Ok(None);
    };
    let (mut told, mut choices) = (HashMap::new(), HashMap::new());
    for day in &days {
        for permit in &day.permits {
            let content = told.entry(permit.event).or_insert(permit.content);
            *content = permit.content.max(*content);
        }
        for choice in &day.choices {
            let first = choices.entry(choice.provision).or_insert(choice.since);
            *first = choice.since.min(*first);
        }
    }
    let mut held: HashMap<Uuid, Held> = HashMap::new();
    for event in days.into_iter().flat_map(|day| day.events) {
        let deliveries::DeliveredDoc { event, entry, category, content, position } = event;
        let one =
            held.entry(event).or_insert(Held { delivered: Delivered { event, entry, category, content }, position });
        one.position = one.position.max(position);
        one.delivered.content = one.delivered.content.max(content);
    }
    let ours = |recall: &RecallDoc| recall.feed == feed;
    let Some(recalls) = all::<Recalls>(views, &recalls::of_person(person), at_least, ours).await? else {
        return Ok(None);
    };
    for recall in recalls {
        for event in &recall.events {
            if held.get(&event.event).is_some_and(|held| held.position < recall.position) {
                held.remove(&event.event);
            }
        }
    }
    Ok(Some(Holding { events: held, told, choices }))
}

/// All documents of a list that are wanted; none when something of it cannot be read.
async fn all<V: View>(
    views: &Views,
    list: &views::Key,
    at_least: u64,
    wanted: impl Fn(&V::Doc) -> bool + Send + Sync,
) -> Result<Option<Vec<V::Doc>>, Error> {
    let (mut all, mut pages) = (Vec::new(), Pages::all(at_least));
    while let Some(page) = views.next::<V>(list, &mut pages, &wanted).await? {
        if page.incomplete {
            return Ok(None);
        }
        all.extend(page.items);
    }
    Ok(Some(all))
}
