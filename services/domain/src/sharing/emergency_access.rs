use super::Sharing;
use super::events::{EmergencyAccessClosed, EmergencyAccessOpened, SharingEvent};
use crate::ids::EmergencyId;
use crate::staff::Staff;
use crate::text::explained;
use crate::vocabulary::{SignedIn, Timestamp, Worker};
use crate::{Command, Refusal};

/// The longest emergency access, in minutes: 8 hours (rule 8).
pub(super) const EMERGENCY_MINUTES_LIMIT: u32 = 480;
/// The shortest reason, in characters (rule 8).
pub(super) const EMERGENCY_REASON_LEAST: usize = 20;

/// A worker breaks the glass.
#[derive(Debug, Clone)]
pub struct OpenEmergencyAccess {
    pub emergency: EmergencyId,
    pub worker: Worker,
    /// Why, in words that the person reads.
    pub reason: String,
    pub now: Timestamp,
    /// For how long: 1 to 480 minutes (8 hours, rule 8).
    pub minutes: u32,
}

/// A worker gives emergency access back.
#[derive(Debug, Clone)]
pub struct CloseEmergencyAccess {
    pub emergency: EmergencyId,
    /// The worker: only the one who declared it may close it.
    pub worker: Worker,
}

impl Command for OpenEmergencyAccess {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        explained("reason", &self.reason, EMERGENCY_REASON_LEAST)?;
        if !(1..=EMERGENCY_MINUTES_LIMIT).contains(&self.minutes) {
            return Err(Refusal::invalid("minutes", format!("must be from `1` to `{EMERGENCY_MINUTES_LIMIT}`")));
        }
        // The same answer as for a blocked agency: who is registered, and who has blocked whom, is not told.
        if !state.started || state.is_blocked(self.worker.agency()) {
            return Err(Refusal::undisclosed());
        }
        let Self { emergency, worker, reason, .. } = self;
        let until = self.now.plus_minutes(self.minutes);
        Ok(vec![EmergencyAccessOpened { emergency, worker, reason, until }.into()])
    }
}

impl Command for CloseEmergencyAccess {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        match state.emergencies.get(&self.emergency) {
            Some(open) if open.worker == self.worker => {
                Ok(vec![EmergencyAccessClosed { emergency: self.emergency }.into()])
            }
            Some(_) | None => Err(Refusal::not_found("emergency")),
        }
    }
}

/// A worker gives emergency access back, also one who has left since; whoever has only a sign-in that they had before does not.
///
/// # Errors
/// As [`CloseEmergencyAccess`], or that nothing is disclosed.
pub fn close_emergency_access(
    sharing: &Sharing,
    (by, staff): (SignedIn, &Staff),
    emergency: EmergencyId,
) -> Result<Vec<SharingEvent>, Refusal> {
    if !staff.signs_in(by) {
        return Err(Refusal::undisclosed());
    }
    CloseEmergencyAccess { emergency, worker: by.worker() }.decide(sharing)
}

#[cfg(test)]
mod tests {
    use super::super::events::{AgencyBlocked, SharingStarted};
    use super::*;
    use crate::Aggregate as _;
    use crate::Reason;
    use crate::ids::{SignInId, StaffId};
    use crate::scenario::given;
    use crate::staff::events::StaffLeft;
    use crate::staff::fixtures::{SIGN_IN, WORKER, joined};
    use uuid::Uuid;

    fn open(reason: &str, minutes: u32) -> OpenEmergencyAccess {
        OpenEmergencyAccess {
            emergency: EmergencyId(Uuid::nil()),
            worker: WORKER,
            reason: reason.into(),
            now: Timestamp(0),
            minutes,
        }
    }

    const REASON: &str = "found unconscious at home by a neighbour";

    #[test]
    fn rule_8_needs_a_reason_of_at_least_20_characters() {
        given([SharingStarted {}.into()])
            .when(open("   nineteen letters ", 10))
            .then_refused(Reason::Invalid, "reason");
    }

    #[test]
    fn rule_8_lasts_at_most_8_hours() {
        for minutes in [0, 481] {
            given([SharingStarted {}.into()]).when(open(REASON, minutes)).then_refused(Reason::Invalid, "minutes");
        }
        let state = [SharingStarted {}.into()];
        let opened = EmergencyAccessOpened {
            emergency: EmergencyId(Uuid::nil()),
            worker: WORKER,
            reason: REASON.into(),
            until: Timestamp(480 * 60_000_000),
        };
        given(state).when(open(REASON, 480)).then([opened.into()]);
    }

    #[test]
    fn a_blocked_agency_cannot_break_the_glass_and_learns_nothing() {
        let blocked = AgencyBlocked { agency: WORKER.agency() }.into();
        given([SharingStarted {}.into(), blocked]).when(open(REASON, 10)).then_refused(Reason::Undisclosed, "access");
        given([]).when(open(REASON, 10)).then_refused(Reason::Undisclosed, "access");
    }

    #[test]
    fn only_the_worker_who_opened_it_closes_it() {
        let opened = open(REASON, 10).decide(&Sharing::folded(&[SharingStarted {}.into()])).unwrap();
        let emergency = EmergencyId(Uuid::nil());
        let other =
            CloseEmergencyAccess { emergency, worker: Worker::new(WORKER.agency(), StaffId(Uuid::from_u128(9))) };
        given(opened.clone()).when(other).then_refused(Reason::NotFound, "emergency");
        let closed = SharingEvent::from(EmergencyAccessClosed { emergency });
        given(opened.clone()).when(CloseEmergencyAccess { emergency, worker: WORKER }).then([closed.clone()]);
        let sharing = Sharing::folded(&opened);
        let by = |sign_in| SignedIn::new(WORKER, sign_in);
        let left = Staff::folded(&[joined("nurse"), StaffLeft {}.into()]);
        assert_eq!(close_emergency_access(&sharing, (by(SIGN_IN), &left), emergency), Ok(vec![closed]));
        let former = close_emergency_access(&sharing, (by(SignInId(Uuid::nil())), &left), emergency);
        assert_eq!(former, Err(Refusal::undisclosed()));
    }
}
