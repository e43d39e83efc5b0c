//! Adding to a record: by the person freely, by staff through the gate.

use domain::access::events::RecordContributed;
use domain::access::{Access, Ask, Contribute, Decision, decide};
use domain::ids::{PersonId, ReceiptId};
use domain::sharing::Sharing;
use domain::staff::Staff;
use domain::vocabulary::{Action, Author, DenialRule, Purpose};
use domain::{Aggregate, Command, Refusal};
use engine::{Changes, Committed, Context, EngineError, Freshness, Loaded};
use events::Event;
use rpc::{Error, Reason};
use uuid::Uuid;

use crate::Caller;
use crate::call::{Call, not_admitted};
use crate::gate::{Asked, Gate};

/// Who adds, to whose record, and why.
#[derive(Debug, Clone)]
pub struct Contribution {
    /// Whose record it is.
    pub person: PersonId,
    /// The author of what is added.
    pub author: Author,
    /// Who wants it, under which request, and when.
    pub context: Context,
    /// Why; only staff give a purpose.
    purpose: Option<Purpose>,
}

impl Call {
    /// Reads the fields that every contribution has. Staff name the person and a purpose; a person may leave both out.
    ///
    /// # Errors
    /// When an id has a wrong form, or the caller is neither the person nor staff, or staff name no person.
    pub fn contribution(&self, request_id: &str, person_id: &str, purpose: i32) -> Result<Contribution, Error> {
        let named: Option<PersonId> = rpc::optional_id("person_id", person_id)?;
        let context = self.context(request_id)?;
        let person = match (self.caller, named) {
            (Caller::Operator, _) => return Err(not_admitted()),
            (Caller::Person(own), Some(named)) if named != own => return Err(Error::denied()),
            (Caller::Person(own), _) => own,
            (Caller::Worker(_), Some(named)) => named,
            (Caller::Worker(_), None) => return Err(Error::invalid("person_id", "must be given")),
        };
        let purpose = u32::try_from(purpose).ok().and_then(Purpose::from_code);
        Ok(Contribution { person, author: context.actor.author(), context, purpose })
    }
}

impl Gate {
    /// Carries out a command that adds to what is about a person, who must be registered. For staff the person's directive is evaluated on what
    /// the command says of itself, in the same append, and a receipt goes with it; a denied attempt leaves one too.
    ///
    /// # Errors
    /// The denial, the refusal of the command, or why it could not be carried out.
    pub async fn contribute<A, C>(&self, wish: &Contribution, on: A::Id, command: C) -> Result<Committed, Error>
    where
        A: Aggregate<Event: TryFrom<Event> + Into<Event>>,
        C: Contribute + Command<Aggregate = A> + Clone + Send + Sync,
    {
        let Contribution { person, author, context, purpose } = wish;
        let Author::Worker(worker) = *author else {
            let decide = |(on, sharing): &(Loaded<A>, Loaded<Sharing>), changes: &mut Changes| {
                sharing.registered()?;
                changes.record(on, *person, command.clone().decide_within(on, None)?);
                changes.guard(sharing);
                Ok(())
            };
            return Ok(self.engine.transact(context, (on, *person), decide).await?);
        };
        let purpose = purpose.ok_or_else(|| Error::invalid("purpose", "must be one of the documented values"))?;
        let asked = Asked { worker, purpose, categories: vec![C::CATEGORY] };
        let ask = Ask { worker, purpose, action: Action::Contribute, now: context.now };
        // Time-ordered whatever the request id is, so that the history stays in order.
        let receipt = ReceiptId(Uuid::now_v7());
        type Loads<A> = (Loaded<A>, Loaded<Sharing>, Loaded<Staff>);
        let decide = |(on, sharing, staff): &Loads<A>, changes: &mut Changes| {
            let Decision::Permit(scope) = decide(sharing, staff, &ask) else { return Err(Refusal::undisclosed()) };
            let events = command.clone().decide_within(on, Some(&scope))?;
            let entries = u32::try_from(events.len()).unwrap_or(u32::MAX);
            changes.record(on, *person, events);
            changes.guard(sharing);
            changes.guard(staff);
            changes.in_role(staff.role());
            let contributed = RecordContributed {
                receipt,
                party: *author,
                role: staff.role().to_owned(),
                purpose,
                categories: vec![C::CATEGORY],
                entries,
                directive: sharing.version,
            };
            changes.fact::<Access>(*person, *person, receipt, contributed.into());
            Ok(())
        };
        match self.engine.transact(context, (on, *person, worker.staff()), decide).await {
            Ok(committed) => {
                self.metrics.count("contribute");
                Ok(committed)
            }
            Err(error) => Err(self.refused(&asked, *person, error).await),
        }
    }

    /// Keeps a receipt of a denied attempt at an action; other refusals leave none. Returns what the caller is told.
    pub async fn refused(&self, asked: &Asked, person: PersonId, error: EngineError) -> Error {
        let error = Error::from(error);
        if error.reason() != Reason::AccessDenied {
            return error;
        }
        let kept = self.engine.settle(|freshness| self.keep_denied(asked, person, freshness));
        kept.await.map_or_else(|failed| failed, |()| error)
    }

    async fn keep_denied(&self, asked: &Asked, person: PersonId, freshness: Freshness) -> Result<Option<()>, Error> {
        let grounds = self.grounds(asked, person, Action::Contribute, freshness).await?;
        let rule = match grounds.decision {
            Decision::Deny(rule) => rule,
            Decision::Permit(_) => DenialRule::NothingPermits,
        };
        Ok(self.record(asked, person, &grounds, Err(rule)).await?)
    }
}
