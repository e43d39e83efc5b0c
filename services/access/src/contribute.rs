//! Adding to a record: by the person freely, by staff through the gate.

use domain::access::events::{AccessEvent, RecordContributed};
use domain::access::{Ask, Decision, Scope, decide};
use domain::ids::{PersonId, ReceiptId};
use domain::sharing::Sharing;
use domain::staff::Staff;
use domain::vocabulary::{Action, Author, Category, DenialRule, Purpose, Sensitivity, Version};
use domain::{Aggregate, Refusal};
use engine::{Committed, Context, EngineError, Freshness, Loaded};
use events::{Actor, Event};
use rpc::{Error, Reason};
use tonic::Extensions;
use uuid::Uuid;

use crate::gate::{ATTEMPTS, Asked, Gate, Grounds};
use crate::{Caller, caller};

/// A wish to add to a record.
#[derive(Debug, Clone)]
pub struct Contribution {
    /// Who wishes it.
    pub caller: Caller,
    /// Whose record it is; staff name it, a person may leave it out.
    pub person: Option<PersonId>,
    /// The caller's request id.
    pub request: Uuid,
    /// Why; only staff give a purpose.
    pub purpose: Option<Purpose>,
    /// What is added to.
    pub category: Category,
}

/// Who adds, and what they may add to.
#[derive(Debug)]
pub struct Permission {
    /// The author of what is added.
    pub author: Author,
    /// Whose record it is.
    pub person: PersonId,
    scope: Option<Scope>,
}

impl Permission {
    /// Refuses what the person's directive does not cover.
    ///
    /// # Errors
    /// The denial that every uncovered contribution gets.
    pub fn requires(&self, category: Category, sensitivity: &Sensitivity) -> Result<(), Refusal> {
        match &self.scope {
            Some(scope) if !scope.covers(category, sensitivity) => Err(Refusal::undisclosed()),
            Some(_) | None => Ok(()),
        }
    }
}

impl Contribution {
    /// Reads the fields that every contribution has. A purpose is needed of staff only.
    ///
    /// # Errors
    /// When an id has a wrong form, or nobody is signed in.
    pub fn read(
        extensions: &Extensions,
        request_id: &str,
        person_id: &str,
        purpose: i32,
        category: Category,
    ) -> Result<Self, Error> {
        Ok(Self {
            caller: Caller::of(extensions)?,
            person: rpc::optional_id("person_id", person_id)?,
            request: caller::request_id(extensions, request_id)?,
            purpose: u32::try_from(purpose).ok().and_then(Purpose::from_code),
            category,
        })
    }

    /// Whose record is added to, and under which context.
    ///
    /// # Errors
    /// When the caller is neither the person nor staff, or names no person.
    pub fn target(&self) -> Result<(PersonId, Context), Error> {
        match (self.caller, self.person) {
            (Caller::Person(own), None) => Ok((own, Context::new(Actor::person(own), self.request))),
            (Caller::Person(own), Some(named)) if named == own => {
                Ok((own, Context::new(Actor::person(own), self.request)))
            }
            (Caller::Person(_), Some(_)) => Err(Error::denied()),
            (Caller::Staff(agency, staff), Some(person)) => {
                Ok((person, Context::new(Actor::staff(agency, staff, ""), self.request)))
            }
            (Caller::Staff(..), None) => Err(Error::invalid("person_id", "must be given")),
            (Caller::Operator, _) => Err(caller::not_admitted()),
        }
    }
}

impl Gate {
    /// Adds to a record what `decide_on` says, given the aggregate and the permission. For staff the person's directive
    /// is evaluated in the same append, and a receipt goes with it; a denied attempt leaves one too.
    ///
    /// # Errors
    /// The denial, the refusal of `decide_on`, or why it could not be carried out.
    pub async fn contribute<A>(
        &self,
        contribution: &Contribution,
        on: Uuid,
        decide_on: impl Fn(&Loaded<A>, &Permission) -> Result<Vec<A::Event>, Refusal> + Send + Sync,
    ) -> Result<Committed, Error>
    where
        A: Aggregate<Event: TryFrom<Event> + Into<Event>>,
    {
        let (person, context) = contribution.target()?;
        let Caller::Staff(agency, staff) = contribution.caller else {
            let permission = Permission { author: Author::Person, person, scope: None };
            let committed = self.engine.transact(&context, (on,), |(aggregate,): &(Loaded<A>,), changes| {
                changes.record(aggregate, person.0, decide_on(aggregate, &permission)?);
                Ok(())
            });
            return Ok(committed.await?);
        };
        let purpose =
            contribution.purpose.ok_or_else(|| Error::invalid("purpose", "must be one of the documented values"))?;
        let asked = Asked { agency, staff, purpose, categories: vec![contribution.category] };
        let author = Author::Staff { agency, staff };
        let ask = Ask { agency, staff, purpose, action: Action::Contribute, now: context.now };
        // Time-ordered whatever the request id is, so that the history stays in order.
        let receipt = Uuid::now_v7();
        type Loads<A> = (Loaded<A>, Loaded<Sharing>, Loaded<Staff>);
        let result = self.engine.transact(
            &context,
            (on, person.0, staff.0),
            |(aggregate, sharing, worker): &Loads<A>, changes| {
                let Decision::Permit(scope) = decide(sharing, worker, &ask) else { return Err(Refusal::undisclosed()) };
                let permission = Permission { author, person, scope: Some(scope) };
                let events = decide_on(aggregate, &permission)?;
                let entries = u32::try_from(events.len()).unwrap_or(u32::MAX);
                changes.record(aggregate, person.0, events);
                changes.guard(sharing);
                changes.guard(worker);
                changes.in_role(worker.role());
                let contributed = RecordContributed {
                    receipt: ReceiptId(receipt),
                    party: author,
                    role: worker.role().to_owned(),
                    purpose,
                    categories: vec![contribution.category],
                    entries,
                    directive: Version(sharing.version.0),
                };
                changes.fact(person.0, person.0, receipt, AccessEvent::from(contributed));
                Ok(())
            },
        );
        match result.await {
            Ok(committed) => {
                self.metrics.count("contribute");
                Ok(committed)
            }
            Err(error) => Err(self.refused(&asked, person, error).await),
        }
    }

    /// Keeps a receipt of a denied attempt at an action; other refusals leave none. Returns what the caller is told.
    pub async fn refused(&self, asked: &Asked, person: PersonId, error: EngineError) -> Error {
        let error = Error::from(error);
        if error.reason() != Reason::AccessDenied {
            return error;
        }
        let mut freshness = Freshness::Remembered;
        for _ in 0..ATTEMPTS {
            let grounds: Grounds = match self.grounds(asked, person, Action::Contribute, freshness).await {
                Ok(grounds) => grounds,
                Err(failed) => return failed,
            };
            let rule = match grounds.decision {
                Decision::Deny(rule) => rule,
                Decision::Permit(_) => DenialRule::NothingPermits,
            };
            match self.record(asked, person, &grounds, Err(rule)).await {
                Ok(()) => return error,
                Err(EngineError::Moved) => freshness = Freshness::Latest,
                Err(failed) => return failed.into(),
            }
        }
        EngineError::Contention.into()
    }
}
