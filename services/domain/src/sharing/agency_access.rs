use super::Sharing;
use super::events::{AgencyBlocked, AgencyUnblocked, SharingEvent};
use crate::agency::Agency;
use crate::ids::AgencyId;
use crate::{Command, Refusal};

/// The person blocks an agency: nothing is disclosed to it, whatever else is permitted. Emergency access of its workers is
/// closed for good.
#[derive(Debug, Clone)]
pub struct BlockAgency {
    pub agency: AgencyId,
}

/// The person unblocks an agency: what they permitted before holds again. An emergency that was closed stays closed.
#[derive(Debug, Clone)]
pub struct UnblockAgency {
    pub agency: AgencyId,
}

impl Command for BlockAgency {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        state.registered()?;
        if state.is_blocked(self.agency) {
            return Ok(vec![]);
        }
        let closed = state.end_emergencies(|worker| worker.agency() == self.agency);
        Ok([AgencyBlocked { agency: self.agency }.into()].into_iter().chain(closed).collect())
    }
}

/// The person blocks an agency that there is: a block of any other could never take effect.
///
/// # Errors
/// As [`BlockAgency`], or that there is no such agency.
pub fn block_agency(sharing: &Sharing, agency: &Agency, command: BlockAgency) -> Result<Vec<SharingEvent>, Refusal> {
    if !agency.is_known() {
        return Err(Refusal::not_found("agency"));
    }
    command.decide(sharing)
}

impl Command for UnblockAgency {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        state.registered()?;
        if state.is_blocked(self.agency) {
            Ok(vec![AgencyUnblocked { agency: self.agency }.into()])
        } else {
            Ok(vec![])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::{EmergencyAccessClosed, EmergencyAccessOpened, SharingStarted};
    use super::*;
    use crate::Aggregate as _;
    use crate::agency::events::AgencyRegistered;
    use crate::ids::{EmergencyId, StaffId};
    use crate::scenario::given;
    use crate::vocabulary::{Timestamp, Worker};
    use uuid::Uuid;

    #[test]
    fn blocking_ends_the_emergencies_of_that_agency_and_of_no_other() {
        let agency = |n| AgencyId(Uuid::from_u128(n));
        let emergency = |n| EmergencyId(Uuid::from_u128(n));
        let opened = |n| {
            let (worker, until) = (Worker::new(agency(n), StaffId(Uuid::nil())), Timestamp(i64::MAX));
            EmergencyAccessOpened { emergency: emergency(n), worker, reason: "found unconscious".into(), until, nth: 0 }
                .into()
        };
        let closed = EmergencyAccessClosed { emergency: emergency(1) }.into();
        given([SharingStarted {}.into(), opened(1), opened(2)])
            .when(BlockAgency { agency: agency(1) })
            .then([AgencyBlocked { agency: agency(1) }.into(), closed]);
    }

    #[test]
    fn only_an_agency_that_there_is_can_be_blocked() {
        let (agency, sharing) = (AgencyId(Uuid::nil()), Sharing::folded(&[SharingStarted {}.into()]));
        let registered =
            AgencyRegistered { name: "North".into(), kind: "health".into(), place: String::new(), numbers: vec![] };
        let blocked = block_agency(&sharing, &Agency::folded(&[registered.into()]), BlockAgency { agency });
        assert_eq!(blocked, Ok(vec![AgencyBlocked { agency }.into()]));
        let unknown = block_agency(&sharing, &Agency::default(), BlockAgency { agency });
        assert_eq!(unknown, Err(Refusal::not_found("agency")));
    }

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
