//! What a feed tells of a permit that lets its agency's system receive something: that it began, was narrowed or ended, and its scope. What the
//! agency was told of that it may keep: it shows what it was permitted, and until when.

use domain::StreamKind;
use domain::access::events::{PermitChange, PermitTold};
use domain::agency::{ContentLevel, Feed};
use domain::ids::{PersonId, ProvisionId};
use domain::sharing::events::SharingEvent;
use domain::vocabulary::{Category, Terms};
use event_log::Recorded;
use events::{Envelope, Event};
use gate::SystemGrounds;
use rpc::Error;
use serde_json::{Value, json};

use crate::Feeds;
use crate::cloud_event::{Told, cloud_event, id_of, time};
use crate::deliver::{Leaving, Receipted, Receiver, What};
use crate::held::{Holding, held};
use crate::published::{Published, published};

/// The stored types of what may happen to a permit.
const CODES: [i32; 3] = [2, 4, 5];

/// Whether an event may be about a permit.
pub(crate) fn may_be_about_a_permit(event: &Recorded) -> bool {
    event.stream.kind == StreamKind::Sharing.code() && CODES.contains(&event.event_type)
}

/// A change of a permit that a feed may tell of.
struct Changed<'a> {
    event: &'a Envelope,
    published: &'static str,
    told: PermitTold,
    terms: Terms,
    /// Those that the feed carries.
    categories: Vec<Category>,
}

impl Feeds {
    /// What of these events, all of which may be about permits of one person, the feed tells. That one was narrowed or ended is told to whom
    /// anything was delivered by it; and that it began, while it stands.
    pub(crate) async fn permits(
        &self,
        (to, feed): (Receiver, &Feed),
        person: PersonId,
        events: Vec<&Recorded>,
        receipted: Receipted,
        grounds: &SystemGrounds,
    ) -> Result<Vec<Leaving>, Error> {
        let opened = self.open(events).await?;
        let changed: Vec<_> = opened.iter().filter_map(|event| changed(event, feed, grounds)).collect();
        let is_new = |one: &Changed<'_>| one.event.position.0 > receipted.until;
        let holding = if changed.iter().all(|one| one.told.change == PermitChange::Began && is_new(one)) {
            Holding::default()
        } else {
            // What cannot be read tells nothing of what was delivered.
            held(&self.views, (person, to.feed), receipted.latest).await?.unwrap_or_default()
        };
        let knows = |one: &&Changed<'_>| {
            // What was over before anything was delivered by it was never theirs to hear.
            let since = holding.choices.get(&one.told.provision);
            one.told.change == PermitChange::Began || since.is_some_and(|since| *since < one.event.version.0)
        };
        let leaving = |one: &Changed<'_>| {
            let &Changed { event, published, told, .. } = one;
            let (id, at, traceparent) = (told.event, event.at, self.traceparent(event));
            let cloud = Told { feed: to.feed, event: id, published, person: Some(person), at, traceparent };
            Leaving {
                position: event.position.0,
                id: id_of(to.feed, id),
                cloud_event: cloud_event(&cloud, told.content, one.scope(feed), || Value::Null),
                of: Some((person, What::Permit(told))),
                needs_receipt: holding.told.get(&id).is_none_or(|before| *before < told.content),
                changes_at: grounds.changes_at(),
                choices: [told.provision].into(),
            }
        };
        Ok(changed.iter().filter(knows).map(leaving).collect())
    }
}

impl Changed<'_> {
    /// What can be acted on: of what, for what and how far.
    fn scope(&self, feed: &Feed) -> Value {
        let Self { told, terms, categories, .. } = self;
        let mut scope = json!({
            "permitId": told.provision.to_string(),
            "categories": categories.iter().map(|category| category.word()).collect::<Vec<_>>(),
            "purpose": feed.purpose.act_reason(),
            "upTo": terms.level.word(),
        });
        let period = [("from", terms.from), ("until", terms.until)].into_iter();
        if let Some(scope) = scope.as_object_mut() {
            scope.extend(period.filter_map(|(name, at)| Some((name.to_owned(), time(at?).into()))));
        }
        scope
    }
}

/// What an event changes of a permit, as far as the feed may tell of it.
fn changed<'a>(event: &'a Envelope, feed: &Feed, grounds: &SystemGrounds) -> Option<Changed<'a>> {
    let (provision, change) = permit(event)?;
    let (Published::As(published), selection) = (published(&event.event), &feed.selection) else { return None };
    let terms = grounds.tells_of(provision, change)?;
    let categories: Vec<_> = terms.categories.iter().copied().filter(|c| selection.carries(*c, published)).collect();
    // Of one that was narrowed nothing may be left that the feed carries: that is what it tells then.
    let is_carried = !categories.is_empty() || (change == PermitChange::Narrowed && selection.carries_type(published));
    let content = selection.content.min(ContentLevel::IdOnly);
    let told = PermitTold { event: event.header.event_id, provision, change, content };
    is_carried.then_some(Changed { event, published, told, terms, categories })
}

fn permit(event: &Envelope) -> Option<(ProvisionId, PermitChange)> {
    #[allow(clippy::wildcard_enum_match_arm, reason = "only these may be about a permit")]
    match &event.event {
        Event::Sharing(SharingEvent::ProvisionGranted(e)) => Some((e.provision, PermitChange::Began)),
        Event::Sharing(SharingEvent::ProvisionNarrowed(e)) => Some((e.provision, PermitChange::Narrowed)),
        Event::Sharing(SharingEvent::ProvisionWithdrawn(e)) => Some((e.provision, PermitChange::Ended)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_about_a_permit_is_known_by_its_stored_type() {
        let code = |name: &str| Event::samples().into_iter().find(|event| event.name() == name).unwrap().code();
        assert_eq!(["ProvisionGranted", "ProvisionNarrowed", "ProvisionWithdrawn"].map(code), CODES);
    }
}
