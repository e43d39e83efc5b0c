//! Holds what feeds told against the log: nothing outside consent, nothing lost, each under one id and with its receipt, and asked back just what is
//! covered no more.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::access::events::{AccessEvent, PermitChange, PermitTold};
use domain::ids::{FeedId, derived_id};
use domain::person::events::PersonEvent;
use domain::sharing::events::SharingEvent;
use events::{Envelope, Event};
use uuid::Uuid;

/// What is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Delivered outside consent, by its receipt.
    Outside(u64),
    /// Received, and there is no receipt of it.
    Unreceipted(String),
    /// One event under two ids.
    Doubled(String),
    /// Asked back though it was not delivered, or is covered.
    RecalledWrongly(u64),
    /// Delivered, not covered any more, and not asked back.
    NotRecalled(Uuid),
    /// Covered, and never received.
    Lost(String),
}

/// An event that a system has received: by which feed, its id, and the entry that it is about.
pub(crate) type Received = (FeedId, String, String);

/// What a person's directive says at a position of the log.
#[derive(Default)]
struct Says {
    permits: BTreeSet<Uuid>,
    denies: BTreeSet<Uuid>,
    shut: BTreeSet<Uuid>,
    open: BTreeSet<Uuid>,
}

impl Says {
    fn take(&mut self, event: &SharingEvent) {
        match event {
            SharingEvent::ProvisionGranted(e) => drop(self.permits.insert(e.provision.0)),
            SharingEvent::ProvisionDenied(e) => drop(self.denies.insert(e.provision.0)),
            SharingEvent::ProvisionWithdrawn(e) => {
                self.permits.remove(&e.provision.0);
                self.denies.remove(&e.provision.0);
            }
            SharingEvent::AgencyBlocked(e) => drop(self.shut.insert(e.agency.0)),
            SharingEvent::AgencyUnblocked(e) => drop(self.shut.remove(&e.agency.0)),
            SharingEvent::WorkerBlocked(e) => drop(self.shut.insert(e.worker.staff().0)),
            SharingEvent::WorkerUnblocked(e) => drop(self.shut.remove(&e.worker.staff().0)),
            SharingEvent::RelationshipAccessOpened(e) => drop(self.open.insert(e.relationship.0)),
            SharingEvent::RelationshipAccessClosed(e) => drop(self.open.remove(&e.relationship.0)),
            // Nothing is narrowed here, what is asked for permits nothing, and an emergency gives a system nothing.
            SharingEvent::SharingStarted(_)
            | SharingEvent::ProvisionNarrowed(_)
            | SharingEvent::EntryRestricted(_)
            | SharingEvent::AccessRequested(_)
            | SharingEvent::ObjectionRaised(_)
            | SharingEvent::ObjectionSettled(_)
            | SharingEvent::AccessRequestGranted(_)
            | SharingEvent::AccessRequestRefused(_)
            | SharingEvent::LawfulBasisInvoked(_)
            | SharingEvent::LawfulBasisEnded(_)
            | SharingEvent::EmergencyAccessOpened(_)
            | SharingEvent::EmergencyAccessClosed(_) => {}
        }
    }

    /// Whether this may be told of permits: that one began while it stands, that one ended once it does not, and nothing to whom is shut out.
    fn tells(&self, permits: &[PermitTold]) -> bool {
        let so = |told: &PermitTold| match told.change {
            PermitChange::Began | PermitChange::Narrowed => self.permits.contains(&told.provision.0),
            PermitChange::Ended => !self.permits.contains(&told.provision.0),
        };
        permits.iter().all(|told| so(told) && !self.open.is_empty() && self.shut.is_empty())
    }

    fn covers(&self) -> bool {
        !self.open.is_empty() && !self.permits.is_empty() && self.denies.is_empty() && self.shut.is_empty()
    }
}

/// Holds what was received against the log. `last` is what each feed tells when it begins again at the end.
pub(crate) fn check(log: &[Envelope], received: &[Received], last: &BTreeMap<FeedId, BTreeSet<String>>) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let (mut says, mut held) = (HashMap::<Uuid, Says>::new(), HashMap::<(FeedId, Uuid), (Uuid, u64)>::new());
    let (mut receipts, mut feeds_of, mut strengths) =
        (BTreeSet::new(), HashMap::<Uuid, BTreeSet<FeedId>>::new(), HashMap::<Uuid, Vec<String>>::new());
    for envelope in log {
        let (person, position) = (envelope.stream, envelope.position.0);
        if let Event::Sharing(event) = &envelope.event {
            says.entry(person).or_default().take(event);
        }
        if let Event::Person(PersonEvent::StrengthRecorded(e)) = &envelope.event {
            strengths.entry(person).or_default().push(e.entry.to_string());
        }
        let covered = says.get(&person).is_some_and(Says::covers);
        if let Event::Access(AccessEvent::EventDelivered(e)) = &envelope.event {
            feeds_of.entry(person).or_default().insert(e.feed);
            let told = says.get(&person).is_some_and(|says| says.tells(&e.permits));
            let is_within = (covered || e.events.is_empty()) && told;
            wrong.extend((!is_within).then_some(Wrong::Outside(position)));
            for permit in &e.permits {
                let id = derived_id(permit.event, &[b"delivered", e.feed.0.as_bytes()]);
                receipts.insert((e.feed, id.to_string()));
            }
            for delivered in &e.events {
                held.insert((e.feed, delivered.event), (person, position));
                let id = derived_id(delivered.event, &[b"delivered", e.feed.0.as_bytes()]);
                receipts.insert((e.feed, id.to_string()));
            }
        }
        if let Event::Access(AccessEvent::RecallRequested(e)) = &envelope.event {
            for delivered in &e.events {
                let was_held = held.remove(&(e.feed, delivered.event)).is_some();
                wrong.extend((covered || !was_held).then_some(Wrong::RecalledWrongly(position)));
            }
        }
    }
    let uncovered = held.iter().filter(|(_, (person, _))| !says[person].covers());
    wrong.extend(uncovered.map(|((_, event), _)| Wrong::NotRecalled(*event)));
    let mut ids = BTreeMap::new();
    for (feed, id, entry) in received {
        if !receipts.contains(&(*feed, id.clone())) {
            wrong.push(Wrong::Unreceipted(id.clone()));
        }
        if ids.insert((*feed, entry.clone()), id.clone()).is_some_and(|before| before != *id) {
            wrong.push(Wrong::Doubled(entry.clone()));
        }
    }
    for (person, entries) in &strengths {
        for told in feeds_of.get(person).into_iter().flatten().filter_map(|feed| last.get(feed)) {
            wrong.extend(entries.iter().filter(|entry| !told.contains(*entry)).cloned().map(Wrong::Lost));
        }
    }
    wrong
}

/// The same run, told falsely: each falsehood is found, or the checker sees nothing at all.
pub(crate) fn the_checker_would_have_found_it(
    log: &[Envelope],
    received: &[Received],
    last: &BTreeMap<FeedId, BTreeSet<String>>,
) {
    let without = |left_out: fn(&Event) -> bool| {
        let told: Vec<Envelope> = log.iter().filter(|envelope| !left_out(&envelope.event)).cloned().collect();
        check(&told, received, last)
    };
    let wrong = without(|event| matches!(event, Event::Access(AccessEvent::RecallRequested(_))));
    assert!(wrong.iter().any(|wrong| matches!(wrong, Wrong::NotRecalled(_))), "{wrong:?}");
    let wrong = without(|event| matches!(event, Event::Sharing(SharingEvent::ProvisionGranted(_))));
    assert!(wrong.iter().any(|wrong| matches!(wrong, Wrong::Outside(_))), "{wrong:?}");
    let wrong = without(|event| matches!(event, Event::Sharing(SharingEvent::AgencyUnblocked(_))));
    assert!(wrong.iter().any(|wrong| matches!(wrong, Wrong::Outside(_))), "{wrong:?}");
    let wrong = without(|event| matches!(event, Event::Access(AccessEvent::EventDelivered(_))));
    assert!(wrong.iter().any(|wrong| matches!(wrong, Wrong::Unreceipted(_))), "{wrong:?}");
    let nothing = last.keys().map(|feed| (*feed, BTreeSet::new())).collect();
    assert!(check(log, received, &nothing).iter().any(|wrong| matches!(wrong, Wrong::Lost(_))));
}

#[test]
fn an_event_that_comes_under_two_ids_is_found() {
    let feed = FeedId(Uuid::from_u128(1));
    let received = ["an id", "another"].map(|id| (feed, id.to_owned(), "an entry".to_owned()));
    assert!(check(&[], &received, &BTreeMap::new()).contains(&Wrong::Doubled("an entry".into())));
}
