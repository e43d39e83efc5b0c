//! Taking part in a consultation.

use access::{Contribution, Permission};
use domain::Command;
use domain::consultation::Consultation;
use domain::ids::{ConsultationId, EntryId, PersonId};
use domain::vocabulary::{Author, Category, Purpose, Sensitivity};
use engine::{Committed, Loaded};
use rpc::Error;
use tonic::Extensions;

use crate::Consultations;

/// Who takes part, for whose sake, and the id of what they create.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) person: PersonId,
    pub(crate) author: Author,
    pub(crate) new: EntryId,
}

impl Consultations {
    /// Reads who takes part. Staff take part to coordinate support.
    pub(crate) fn contribution(
        extensions: &Extensions,
        request_id: &str,
        person_id: &str,
    ) -> Result<Contribution, Error> {
        let purpose = i32::from(Purpose::CareCoordination.code());
        Contribution::read(extensions, request_id, person_id, purpose, Category::Consultations)
    }

    /// The id of a new consultation.
    pub(crate) fn new_id(contribution: &Contribution) -> Result<ConsultationId, Error> {
        Ok(ConsultationId(contribution.target()?.1.new_id()))
    }

    /// Takes part: staff only as far as the person shares their consultations.
    pub(crate) async fn take_part<C>(
        &self,
        contribution: &Contribution,
        consultation: ConsultationId,
        command: impl Fn(Part) -> C + Send + Sync,
    ) -> Result<(EntryId, Committed), Error>
    where
        C: Command<Aggregate = Consultation>,
    {
        let new = EntryId(contribution.target()?.1.new_id());
        let decide = |state: &Loaded<Consultation>, permission: &Permission| {
            permission.requires(Category::Consultations, &Sensitivity::normal())?;
            command(Part { person: permission.person, author: permission.author, new }).decide(state)
        };
        Ok((new, self.gate.contribute(contribution, consultation.0, decide).await?))
    }
}
