//! What hung on a worker who has left ends in its own words, too. From the acknowledgement of their leaving on nothing of it opens
//! anything; this only writes down what is so.

use std::time::Duration;

use domain::Command as _;
use domain::emergency::Emergency;
use domain::ids::PersonId;
use domain::relationship::events::RelationshipEvent;
use domain::relationship::{Departure, Relationship, supporter_left};
use domain::sharing::{EndEmergencyAccess, Sharing};
use domain::staff::{SettleDeparture, Staff};
use domain::vocabulary::{Subject, Worker};
use engine::{Changes, Committed, Context, Engine, EngineError, Freshness, Loaded};
use tokio_util::sync::CancellationToken;
use views::caseload::{self, Caseload, SupportDoc};
use views::departures::{self, DepartureDoc, Departures};
use views::{Pages, Views};

/// How often it looks whether somebody has left.
const LOOK: Duration = Duration::from_secs(1);
/// How many departures, and how many relationships of one, are taken up at a time.
const PAGE: usize = 25;

/// Why something could not be ended yet.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Ends what hung on workers who have left, one relationship an append, so that nobody waits for it. Any number of servers may run
/// it: what is over already is left alone.
#[derive(Debug, Clone)]
pub struct Settler {
    engine: Engine,
    views: Views,
}

impl Settler {
    /// A settler with this engine and these views.
    #[must_use]
    pub fn new(engine: Engine, views: Views) -> Self {
        Self { engine, views }
    }

    /// Works until it is told to stop. What fails is tried again.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.settle_all().await {
                tracing::warn!(
                    error = &*error as &dyn std::error::Error,
                    "a departure could not be settled; it is tried again"
                );
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn settle_all(&self) -> Result<(), Failure> {
        let pages = Pages { size: PAGE, ..Pages::default() };
        let mut failed = Ok(());
        for left in self.views.list::<Departures>(&departures::all(), &pages, |_| true).await?.items {
            // One that cannot be settled, because an agency's key is out of reach for instance, stops nobody else's.
            if let Err(error) = self.settle(&left).await {
                failed = Err(error);
            }
        }
        failed
    }

    /// Ends all that hung on one worker.
    async fn settle(&self, left: &DepartureDoc) -> Result<(), Failure> {
        let of_worker = caseload::of_staff(left.staff);
        let mut pages = Some(Pages { size: PAGE, after: vec![], at_least: left.position });
        while let Some(page) = self.views.next::<Caseload>(&of_worker, &mut pages, |_| true).await? {
            for support in &page.items {
                self.end(left, support).await?;
            }
        }
        let declared = self.engine.load::<Emergency>(left.staff, Freshness::Latest).await?;
        for person in declared.persons() {
            self.end_emergencies(left, person).await?;
        }
        self.engine.execute(&Context::of_system(), left.staff, left.agency, SettleDeparture).await?;
        Ok(())
    }

    async fn end(&self, left: &DepartureDoc, support: &SupportDoc) -> Result<(), EngineError> {
        let (id, person, left_at) = (support.relationship, support.person, left.left_at);
        type Loads = (Loaded<Relationship>, Loaded<Sharing>, Loaded<Staff>);
        let decide = |(relationship, sharing, staff): &Loads, changes: &mut Changes| {
            let (over, closed) = supporter_left(id, relationship, sharing, Departure { staff, left_at })?;
            // What nobody has heard of is the agency's own.
            let heard = over.iter().any(|event| matches!(event, RelationshipEvent::SupporterLeft(left) if left.heard));
            let subject = if heard { Subject::from(person) } else { Subject::Agency(left.agency) };
            changes.record(relationship, subject, over);
            changes.record(sharing, person, closed);
            Ok(())
        };
        done(self.engine.transact(&Context::of_system(), (id, person, left.staff), decide).await)
    }

    async fn end_emergencies(&self, left: &DepartureDoc, person: PersonId) -> Result<(), EngineError> {
        let worker = Worker::new(left.agency, left.staff);
        let decide = |(sharing,): &(Loaded<Sharing>,), changes: &mut Changes| {
            changes.record(sharing, person, EndEmergencyAccess { worker }.decide(sharing)?);
            Ok(())
        };
        done(self.engine.transact(&Context::of_system(), (person,), decide).await)
    }
}

/// Of somebody who was erased nothing is left to be ended.
fn done(settled: Result<Committed, EngineError>) -> Result<(), EngineError> {
    match settled {
        Err(EngineError::Erased) => Ok(()),
        settled => settled.map(drop),
    }
}
