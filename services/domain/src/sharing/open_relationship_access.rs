use super::Sharing;
use super::events::{RelationshipAccessOpened, SharingEvent};
use crate::ids::{AgencyId, RelationshipId, StaffId};
use crate::{Command, Refusal};

/// An accepted relationship opens access, within the provisions.
#[derive(Debug, Clone)]
pub struct OpenRelationshipAccess {
    /// The relationship.
    pub relationship: RelationshipId,
    /// The supporter's agency.
    pub agency: AgencyId,
    /// The supporter.
    pub staff: StaffId,
}

impl Command for OpenRelationshipAccess {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        state.started()?;
        if state.relationships.contains_key(&self.relationship) {
            return Ok(vec![]);
        }
        let Self { relationship, agency, staff } = self;
        Ok(vec![RelationshipAccessOpened { relationship, agency, staff }.into()])
    }
}
