//! Adding to a record: by the person freely, by staff through the gate.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::access::events::{AccessDenied, RecordContributed};
use domain::access::{Access, Ask, Contribute, Decision, decide};
use domain::emergency::{ALLOWED_FIRST, REVIEW_FIRST};
use domain::ids::{PersonId, ReceiptId};
use domain::issuers::{Only, Register};
use domain::sharing::{ANOTHER_DECIDES, OFFICER_DECIDES, Sharing};
use domain::staff::Staff;
use domain::vocabulary::{Action, Author, DenialRule, Purpose, SignedIn, Version};
use domain::{Aggregate, Command, Reason, Refusal};
use engine::{Changes, Committed, Context, EngineError, Freshness, Loaded};
use events::{Actor, Event};
use rpc::Error;
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
    /// The worker who calls, unless it is the person.
    pub by: Option<SignedIn>,
    /// The role in which they call; empty when they name none.
    pub role: Arc<str>,
    /// Why; only staff give a purpose.
    purpose: Option<Purpose>,
}

impl Gate {
    /// Takes up a contribution: reads the fields that every one has. Staff name the person and a purpose; a person may leave both out. A
    /// person who names somebody else is refused, and that person finds a receipt of it.
    ///
    /// # Errors
    /// When an id has a wrong form, or the caller is neither the person nor staff, or staff name no person.
    pub async fn contribution(
        &self,
        call: &Call,
        request_id: &str,
        person_id: &str,
        purpose: i32,
    ) -> Result<Contribution, Error> {
        let named: Option<PersonId> = rpc::optional_id("person_id", person_id)?;
        let context = call.context(request_id)?;
        let (person, by) = match (call.caller, named) {
            (Caller::Operator(_) | Caller::Visitor(_), _) => return Err(not_admitted()),
            (Caller::Person(own), Some(named)) if named != own => return Err(self.trespassed(own, named).await),
            (Caller::Person(own), _) => (own, None),
            (Caller::Worker(by), Some(named)) => (named, Some(by)),
            (Caller::Worker(_), None) => return Err(Error::invalid("person_id", "must be given")),
        };
        let purpose = u32::try_from(purpose).ok().and_then(Purpose::from_code);
        Ok(Contribution { person, author: context.actor.author(), context, by, role: call.role.clone(), purpose })
    }

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
        let Contribution { person, author, context, by, role, purpose } = wish;
        let id: Uuid = on.into();
        let Some(by) = *by else {
            let decide = |(on, sharing): &(Loaded<A>, Loaded<Sharing>), changes: &mut Changes| {
                sharing.registered()?;
                let events = command.clone().decide_within(on, None)?;
                changes.record(sharing, *person, command.beside(on, sharing, id, &events));
                changes.record(on, *person, events);
                Ok(())
            };
            return Ok(self.engine.transact(context, (on, *person), decide).await?);
        };
        let purpose = purpose.ok_or_else(|| Error::invalid("purpose", "must be one of the documented values"))?;
        let asked = Asked { by, role: role.clone(), purpose, categories: C::HEADINGS.to_vec() };
        let ask = || Ask { by, purpose, action: Action::Contribute, now: self.engine.now() };
        let receipt = ReceiptId(Uuid::now_v7());
        type Loads<A> = (Loaded<A>, Loaded<Sharing>, Loaded<Staff>, Loaded<Register>);
        let decide = |(on, sharing, staff, register): &Loads<A>, changes: &mut Changes| {
            let decision = decide(&register.resolve(sharing), staff, &ask());
            let Decision::Permit(scope) = decision else { return Err(Refusal::undisclosed()) };
            let knowing = command.clone().knowing(register.parts()).minding(sharing, &scope, id);
            let events = knowing.decide_within(on, Some(&scope))?;
            let entries = u32::try_from(events.len()).unwrap_or(u32::MAX);
            let fulfilled = events.is_empty();
            let category = command.category(on)?;
            // What takes something out of an entry moves the directive, too: a look at what it said before does not commit any more.
            changes.record(sharing, *person, command.beside(on, sharing, id, &events));
            changes.record(on, *person, events);
            changes.guard(staff);
            changes.guard(register);
            changes.holds_until(scope.until());
            changes.in_role(&staff.roles().called(role));
            // What was so already adds nothing.
            if fulfilled {
                return Ok(());
            }
            let contributed = RecordContributed {
                receipt,
                party: *author,
                role: scope.role(&BTreeSet::from([category]), role),
                purpose,
                categories: vec![category],
                entries,
                under_emergency: scope.relied_on_emergency(),
                directive: sharing.version,
                source: String::new(),
                file: String::new(),
                left_out: 0,
                changed: 0,
            };
            changes.fact::<Access>(*person, *person, receipt, contributed.into());
            Ok(())
        };
        match self.engine.transact(context, (on, *person, by.worker().staff(), Only), decide).await {
            Ok(committed) => {
                self.metrics.count("contribute");
                Ok(committed)
            }
            Err(error) => Err(self.refused(&asked, *person, error).await),
        }
    }

    /// Keeps a receipt of an attempt that was refused, whatever the caller is told of why: a withheld entry is told as one that
    /// is not there, and the attempt is kept all the same, at the same cost. What is wrong with the words leaves none. Returns
    /// what the caller is told.
    pub async fn refused(&self, asked: &Asked, person: PersonId, error: EngineError) -> Error {
        let EngineError::Refused(refusal) = &error else { return error.into() };
        let because = match refusal.reason {
            Reason::Undisclosed | Reason::NotFound => None,
            Reason::Rule if refusal.subject == REVIEW_FIRST => Some(DenialRule::EmergencyUnreviewed),
            Reason::Rule if refusal.subject == ALLOWED_FIRST => Some(DenialRule::EmergencyUnjustified),
            Reason::Denied if [OFFICER_DECIDES, ANOTHER_DECIDES].contains(&refusal.subject) => {
                Some(DenialRule::NotTheirsToDecide)
            }
            Reason::Invalid | Reason::AlreadyExists | Reason::Rule | Reason::Denied => return error.into(),
        };
        let kept = self.engine.settle(|freshness| self.keep_denied(asked, person, because.as_ref(), freshness));
        kept.await.map_or_else(|failed| failed, |()| error.into())
    }

    async fn keep_denied(
        &self,
        asked: &Asked,
        person: PersonId,
        because: Option<&DenialRule>,
        freshness: Freshness,
    ) -> Result<Option<()>, Error> {
        let grounds = self.grounds(asked, person, Action::Contribute, freshness).await?;
        let rule = match (because, &grounds.decision) {
            // Whom the person has blocked, and not what else there is against it.
            (_, Decision::Deny(DenialRule::WorkerBlocked)) => DenialRule::WorkerBlocked,
            (Some(rule), _) | (None, Decision::Deny(rule)) => *rule,
            (None, Decision::Permit(_)) => DenialRule::NotThere,
        };
        Ok(self.record(asked, person, &grounds, Err(rule)).await?.map(|_receipt| ()))
    }

    /// Keeps a receipt, for the person who was named, that somebody with another person's sign-in tried to use their record.
    /// Returns what the caller is told.
    async fn trespassed(&self, own: PersonId, named: PersonId) -> Error {
        let kept = self.engine.settle(|freshness| self.keep_trespass(own, named, freshness));
        kept.await.map_or_else(|failed| failed, |()| Error::denied())
    }

    async fn keep_trespass(&self, own: PersonId, named: PersonId, freshness: Freshness) -> Result<Option<()>, Error> {
        let mine = self.engine.load::<Sharing>(own, freshness).await?;
        if mine.registered().is_err() && freshness == Freshness::Remembered {
            return Ok(None);
        }
        // A token of somebody who is not registered either leaves nothing: there is nobody whose key could keep it.
        mine.registered()?;
        let theirs = self.engine.load::<Sharing>(named, freshness).await?;
        let directive = theirs.version;
        let denied = AccessDenied {
            receipt: ReceiptId(Uuid::now_v7()),
            party: Author::AnotherPerson,
            role: String::new(),
            purpose: Purpose::PersonRequest,
            categories: vec![],
            rules: vec![DenialRule::NotTheirRecord],
            directive,
        };
        // At the same cost when nobody is registered under that id: no key is made for them.
        let subject = if directive == Version(0) { own } else { named };
        let mut changes = Changes::new(&Context::new(Actor::person(own), Uuid::now_v7()));
        changes.guard(&theirs);
        changes.fact::<Access>(named, subject, denied.receipt, denied.into());
        Ok(self.commit(changes, "deny").await?)
    }
}
