use super::Sharing;
use super::events::{AgencyBlocked, AgencyUnblocked, SharingEvent};
use crate::ids::AgencyId;
use crate::{Command, Refusal};

/// The person blocks an agency: nothing is disclosed to it, whatever else is permitted.
#[derive(Debug, Clone)]
pub struct BlockAgency {
    pub agency: AgencyId,
}

/// The person unblocks an agency: what was permitted before holds again.
#[derive(Debug, Clone)]
pub struct UnblockAgency {
    pub agency: AgencyId,
}

impl Command for BlockAgency {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        state.started()?;
        if state.is_blocked(self.agency) { Ok(vec![]) } else { Ok(vec![AgencyBlocked { agency: self.agency }.into()]) }
    }
}

impl Command for UnblockAgency {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        state.started()?;
        if state.is_blocked(self.agency) {
            Ok(vec![AgencyUnblocked { agency: self.agency }.into()])
        } else {
            Ok(vec![])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::SharingStarted;
    use super::*;
    use crate::scenario::given;
    use uuid::Uuid;

    #[test]
    fn blocks_and_unblocks_once() {
        let agency = AgencyId(Uuid::nil());
        let started = || SharingEvent::from(SharingStarted {});
        let blocked = || SharingEvent::from(AgencyBlocked { agency });
        given([started()]).when(BlockAgency { agency }).then([blocked()]);
        given([started(), blocked()]).when(BlockAgency { agency }).then_nothing();
        given([started(), blocked()]).when(UnblockAgency { agency }).then([AgencyUnblocked { agency }.into()]);
        given([started()]).when(UnblockAgency { agency }).then_nothing();
    }
}
