use std::collections::{HashMap, HashSet};

use domain::StreamKind;
use domain::access::events::AccessEvent;
use domain::ids::{PersonId, ReceiptId};
use domain::vocabulary::Author;
use events::{Envelope, Event};
use uuid::Uuid;

/// A receipt in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) person: PersonId,
    pub(crate) party: Author,
    pub(crate) entries: u32,
}

/// What the log says.
#[derive(Debug, Default)]
pub struct Facts {
    /// Where requests were carried out.
    pub(crate) carried_out: HashSet<u64>,
    /// Receipts of looks.
    pub(crate) receipts: HashMap<ReceiptId, Receipt>,
    /// How many denied attempts of a party there are at a person's record.
    pub(crate) denied: HashMap<(PersonId, Author), usize>,
    /// Requests and receipts that stand in it twice.
    pub(crate) doubled: Vec<Uuid>,
    pub(crate) requests: HashSet<Uuid>,
    pub(crate) ids: HashSet<Uuid>,
    /// The position of the last event, and after which ones none follows.
    pub(crate) last: u64,
    pub(crate) gaps: Vec<u64>,
    /// At which version each stream stands, and those on which one version stands twice or never.
    pub(crate) versions: HashMap<(StreamKind, Uuid), u64>,
    pub(crate) forked: Vec<Uuid>,
}

impl Facts {
    /// Takes in the next event of the log.
    pub fn take(&mut self, event: &Envelope) {
        if event.position.0 != self.last + 1 {
            self.gaps.push(self.last);
        }
        self.last = event.position.0;
        let (kind, version) = (event.event.kind(), event.version.0);
        if kind != StreamKind::Access {
            let stands = self.versions.entry((kind, event.stream)).or_default();
            if version != *stands + 1 {
                self.forked.push(event.stream);
            }
            *stands = version;
        }
        // An event's own id is made once, so the same event twice is found whatever it is.
        if !self.ids.insert(event.header.event_id) {
            self.doubled.push(event.header.event_id);
        }
        match &event.event {
            Event::Request(_) => {
                self.carried_out.insert(event.position.0);
                if !self.requests.insert(event.stream) {
                    self.doubled.push(event.stream);
                }
            }
            Event::Access(AccessEvent::RecordViewed(viewed)) => {
                let receipt = Receipt { person: PersonId(event.stream), party: viewed.party, entries: viewed.entries };
                if self.receipts.insert(viewed.receipt, receipt).is_some() {
                    self.doubled.push(viewed.receipt.into());
                }
            }
            Event::Access(AccessEvent::AccessDenied(denied)) => {
                // Whoever asks only for what is not shared is answered, with nothing.
                let receipt = Receipt { person: PersonId(event.stream), party: denied.party, entries: 0 };
                self.receipts.insert(denied.receipt, receipt);
                *self.denied.entry((PersonId(event.stream), denied.party)).or_default() += 1;
            }
            Event::Access(_)
            | Event::Identity(_)
            | Event::Invitation(_)
            | Event::Survey(_)
            | Event::Answers(_)
            | Event::Person(_)
            | Event::Sharing(_)
            | Event::Query(_)
            | Event::Emergency(_)
            | Event::Relationship(_)
            | Event::Consultation(_)
            | Event::Agency(_)
            | Event::Staff(_)
            | Event::SignIn(_)
            | Event::Issuers(_)
            | Event::Operations(_)
            | Event::Notices(_) => {}
        }
    }
}
