//! Writing in a record.

use access::{Caller, Contribution, Permission};
use domain::ids::EntryId;
use domain::person::events::PersonEvent;
use domain::person::{Person, RegisterPerson};
use domain::sharing::{Sharing, StartSharing};
use domain::vocabulary::{Category, Sensitivity};
use domain::{Command, Refusal};
use engine::{Committed, Context, Loaded};
use events::Actor;
use proto::people::v1 as pb;
use rpc::Error;
use tonic::Extensions;

use crate::People;

impl People {
    pub(crate) async fn register(
        &self,
        extensions: &Extensions,
        message: pb::RegisterPersonRequest,
    ) -> Result<pb::RegisterPersonResponse, Error> {
        Caller::of(extensions)?;
        let context = Context::new(Actor::system(), access::request_id(extensions, &message.request_id)?);
        let id = context.new_id();
        let command = RegisterPerson { name: message.name, birth_date: message.birth_date };
        type Loads = (Loaded<Person>, Loaded<Sharing>);
        let registered = self.gate.engine().transact(&context, (id, id), |(person, sharing): &Loads, changes| {
            changes.record(person, id, command.clone().decide(person)?);
            changes.record(sharing, id, StartSharing.decide(sharing)?);
            Ok(())
        });
        Ok(pb::RegisterPersonResponse { position: registered.await?.position.0, person_id: id.to_string() })
    }

    /// Adds an entry: `command` makes the wish, given the new entry's id and the permission. A goal that it serves must
    /// be covered too.
    pub(crate) async fn add<C>(
        &self,
        contribution: &Contribution,
        sensitivity: &Sensitivity,
        goal: Option<EntryId>,
        command: impl Fn(EntryId, &Permission) -> C + Send + Sync,
    ) -> Result<(EntryId, Committed), Error>
    where
        C: Command<Aggregate = Person>,
    {
        let (person, context) = contribution.target()?;
        let entry = EntryId(context.new_id());
        let added = self.gate.contribute(contribution, person.0, |record: &Loaded<Person>, permission| {
            permission.requires(contribution.category, sensitivity)?;
            if let Some(goal) = goal {
                covered(record, goal, Category::Goals, permission)?;
            }
            command(entry, permission).decide(record)
        });
        Ok((entry, added.await?))
    }

    /// Changes an entry, which must be covered as it is.
    pub(crate) async fn change<C>(
        &self,
        contribution: &Contribution,
        entry: EntryId,
        command: impl Fn(&Permission) -> C + Send + Sync,
    ) -> Result<Committed, Error>
    where
        C: Command<Aggregate = Person>,
    {
        let (person, _) = contribution.target()?;
        let changed = self.gate.contribute(contribution, person.0, |record: &Loaded<Person>, permission| {
            covered(record, entry, contribution.category, permission)?;
            let events: Vec<PersonEvent> = command(permission).decide(record)?;
            Ok(events)
        });
        changed.await
    }
}

/// An entry that is withheld is for staff as if it were absent.
fn covered(record: &Person, entry: EntryId, category: Category, permission: &Permission) -> Result<(), Refusal> {
    let what = if category == Category::Goals { "goal" } else { "action" };
    match record.entry(entry) {
        Some(state) if state.category == category => {
            permission.requires(category, &state.sensitivity).map_err(|_denied| Refusal::not_found(what))
        }
        Some(_) | None => Err(Refusal::not_found(what)),
    }
}
