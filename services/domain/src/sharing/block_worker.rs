use super::Sharing;
use super::events::{SharingEvent, WorkerBlocked, WorkerUnblocked};
use crate::ids::SignInId;
use crate::staff::Staff;
use crate::vocabulary::Worker;
use crate::{Command, Refusal};

/// The person blocks a worker: they learn nothing and reach nothing, whatever their agency or their role is permitted. Their emergency
/// access is closed for good, and another needs their privacy officer. The agency and its other workers are not meant.
#[derive(Debug, Clone)]
pub struct BlockWorker {
    pub worker: Worker,
    /// What they sign in with, if they have joined.
    pub sign_in: Option<SignInId>,
}

/// The person unblocks a worker: what they permitted before holds again. An emergency that was closed stays closed.
#[derive(Debug, Clone)]
pub struct UnblockWorker {
    pub worker: Worker,
}

impl Command for BlockWorker {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        state.registered()?;
        let Self { worker, sign_in } = self;
        if state.is_worker_blocked(worker) {
            return Ok(vec![]);
        }
        let closed = state.end_emergencies(|of| of == worker);
        Ok([WorkerBlocked { worker, sign_in }.into()].into_iter().chain(closed).collect())
    }
}

/// The person blocks a worker whom there is: they have joined an agency, or a source of imported records has named them there.
///
/// # Errors
/// As [`BlockWorker`], or that there is no such worker.
pub fn block_worker(sharing: &Sharing, staff: &Staff, worker: Worker) -> Result<Vec<SharingEvent>, Refusal> {
    if staff.agency() != Some(worker.agency()) {
        return Err(Refusal::not_found("staff"));
    }
    BlockWorker { worker, sign_in: staff.sign_in() }.decide(sharing)
}

impl Command for UnblockWorker {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        state.registered()?;
        let Self { worker } = self;
        if state.is_worker_blocked(worker) { Ok(vec![WorkerUnblocked { worker }.into()]) } else { Ok(vec![]) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::{EmergencyAccessClosed, EmergencyAccessOpened, SharingStarted};
    use super::*;
    use crate::Aggregate as _;
    use crate::ids::{AgencyId, EmergencyId, StaffId};
    use crate::scenario::given;
    use crate::staff::fixtures::{SIGN_IN, WORKER, joined};
    use crate::vocabulary::Timestamp;
    use uuid::Uuid;

    #[test]
    fn blocks_and_unblocks_once_and_ends_their_emergencies_alone() {
        let another = Worker::new(WORKER.agency(), StaffId(Uuid::from_u128(99)));
        let emergency = |n| EmergencyId(Uuid::from_u128(n));
        let opened = |n, worker| {
            let (until, reason) = (Timestamp(i64::MAX), "found unconscious".into());
            EmergencyAccessOpened { emergency: emergency(n), worker, reason, until, nth: 0 }.into()
        };
        let started = || SharingEvent::from(SharingStarted {});
        let blocked = || SharingEvent::from(WorkerBlocked { worker: WORKER, sign_in: Some(SIGN_IN) });
        given([started(), opened(1, WORKER), opened(2, another)])
            .when(BlockWorker { worker: WORKER, sign_in: Some(SIGN_IN) })
            .then([blocked(), EmergencyAccessClosed { emergency: emergency(1) }.into()]);
        given([started(), blocked()]).when(BlockWorker { worker: WORKER, sign_in: Some(SIGN_IN) }).then_nothing();
        let unblocked = WorkerUnblocked { worker: WORKER };
        given([started(), blocked()]).when(UnblockWorker { worker: WORKER }).then([unblocked.clone().into()]);
        given([started(), blocked(), unblocked.into()]).when(UnblockWorker { worker: WORKER }).then_nothing();
    }

    #[test]
    fn only_a_worker_whom_there_is_can_be_blocked() {
        let (sharing, here) = (Sharing::folded(&[SharingStarted {}.into()]), Staff::folded(&[joined("nurse")]));
        let block = |staff: &Staff, worker| block_worker(&sharing, staff, worker);
        assert_eq!(block(&here, WORKER).map(|events| events.len()), Ok(1));
        let elsewhere = Worker::new(AgencyId(Uuid::from_u128(99)), WORKER.staff());
        for (staff, worker) in [(&here, elsewhere), (&Staff::default(), WORKER)] {
            assert_eq!(block(staff, worker), Err(Refusal::not_found("staff")));
        }
    }
}
