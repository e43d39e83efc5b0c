use super::Sharing;
use super::events::{RelationshipAccessOpened, SharingEvent};
use crate::ids::RelationshipId;
use crate::vocabulary::Worker;
use crate::{Command, Refusal};

/// An accepted relationship opens access, within the provisions.
#[derive(Debug, Clone)]
pub struct OpenRelationshipAccess {
    pub relationship: RelationshipId,
    pub worker: Worker,
}

impl Command for OpenRelationshipAccess {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        state.registered()?;
        if state.is_open(self.relationship) {
            return Ok(vec![]);
        }
        let Self { relationship, worker } = self;
        Ok(vec![RelationshipAccessOpened { relationship, worker }.into()])
    }
}
