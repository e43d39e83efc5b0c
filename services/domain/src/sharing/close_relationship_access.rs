use super::Sharing;
use super::events::{RelationshipAccessClosed, SharingEvent};
use crate::ids::RelationshipId;
use crate::{Command, Refusal};

/// A relationship ends, and its access with it.
#[derive(Debug, Clone)]
pub struct CloseRelationshipAccess {
    pub relationship: RelationshipId,
}

impl Command for CloseRelationshipAccess {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        if !state.is_open(self.relationship) {
            return Ok(vec![]);
        }
        Ok(vec![RelationshipAccessClosed { relationship: self.relationship }.into()])
    }
}
