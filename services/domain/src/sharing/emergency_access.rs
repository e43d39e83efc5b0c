use super::events::{EmergencyAccessOpened, SharingEvent};
use super::{EmergencyAccess, Sharing};
use crate::emergency::is_privacy_officer;
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

/// An emergency access ends before its time.
#[derive(Debug, Clone)]
pub struct CloseEmergencyAccess {
    pub emergency: EmergencyId,
    /// The worker: the one who declared it, or somebody of the same agency for a privacy officer.
    pub worker: Worker,
    /// Whether they close any of their agency's.
    pub any: bool,
}

/// A worker has left: no emergency access of theirs goes on. Nothing when none was open.
#[derive(Debug, Clone)]
pub struct EndEmergencyAccess {
    pub worker: Worker,
}

impl OpenEmergencyAccess {
    /// Refuses what is wrong with it, whoever it is for.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        explained("reason", &self.reason, EMERGENCY_REASON_LEAST)?;
        if !(1..=EMERGENCY_MINUTES_LIMIT).contains(&self.minutes) {
            return Err(Refusal::invalid("minutes", format!("must be from `1` to `{EMERGENCY_MINUTES_LIMIT}`")));
        }
        Ok(())
    }
}

impl Command for OpenEmergencyAccess {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        self.check()?;
        // The same answer as for a blocked agency: who is registered, and who has blocked whom, is not told.
        if !state.started || state.is_blocked(self.worker.agency()) {
            return Err(Refusal::undisclosed());
        }
        let Self { emergency, worker, reason, .. } = self;
        let until = self.now.plus_minutes(self.minutes);
        let before = state.emergencies.iter().filter(|(_, access)| access.worker.agency() == worker.agency()).count();
        let nth = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
        Ok(vec![EmergencyAccessOpened { emergency, worker, reason, until, nth }.into()])
    }
}

impl Command for CloseEmergencyAccess {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        let Self { emergency, worker, any } = self;
        let may =
            |access: &EmergencyAccess| access.worker == worker || (any && access.worker.agency() == worker.agency());
        if !state.emergency(emergency).is_some_and(may) {
            return Err(Refusal::not_found("emergency"));
        }
        Ok(state.end_emergency(emergency))
    }
}

impl Command for EndEmergencyAccess {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        Ok(state.end_emergencies(|worker| worker == self.worker).collect())
    }
}

/// A worker gives emergency access back, also one who has left since; whoever has only a sign-in that they had before does not. A
/// privacy officer of the agency closes any.
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
    let any = is_privacy_officer(by, staff);
    CloseEmergencyAccess { emergency, worker: by.worker(), any }.decide(sharing)
}

#[cfg(test)]
mod tests {
    use super::super::events::{AgencyBlocked, EmergencyAccessClosed, SharingStarted};
    use super::*;
    use crate::Aggregate as _;
    use crate::Reason;
    use crate::ids::{AgencyId, SignInId, StaffId};
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
            nth: 1,
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
    fn only_the_worker_who_opened_it_or_a_privacy_officer_closes_it() {
        let opened = open(REASON, 10).decide(&Sharing::folded(&[SharingStarted {}.into()])).unwrap();
        let emergency = EmergencyId(Uuid::nil());
        let other = Worker::new(WORKER.agency(), StaffId(Uuid::from_u128(9)));
        let close = |worker, any| CloseEmergencyAccess { emergency, worker, any };
        given(opened.clone()).when(close(other, false)).then_refused(Reason::NotFound, "emergency");
        let elsewhere = Worker::new(AgencyId(Uuid::nil()), StaffId(Uuid::from_u128(9)));
        given(opened.clone()).when(close(elsewhere, true)).then_refused(Reason::NotFound, "emergency");
        let closed = SharingEvent::from(EmergencyAccessClosed { emergency });
        for may in [close(WORKER, false), close(other, true)] {
            given(opened.clone()).when(may).then([closed.clone()]);
        }
        // Twice is once.
        given(opened.iter().cloned().chain([closed.clone()])).when(close(WORKER, false)).then_nothing();
        let sharing = Sharing::folded(&opened);
        let by = |worker, sign_in| SignedIn::new(worker, sign_in);
        let left = Staff::folded(&[joined("nurse"), StaffLeft {}.into()]);
        assert_eq!(close_emergency_access(&sharing, (by(WORKER, SIGN_IN), &left), emergency), Ok(vec![closed.clone()]));
        let former = close_emergency_access(&sharing, (by(WORKER, SignInId(Uuid::nil())), &left), emergency);
        assert_eq!(former, Err(Refusal::undisclosed()));
        let [officer, nurse] = ["Privacy Officer", "nurse"].map(|role| Staff::folded(&[joined(role)]));
        assert_eq!(close_emergency_access(&sharing, (by(other, SIGN_IN), &officer), emergency), Ok(vec![closed]));
        assert!(close_emergency_access(&sharing, (by(other, SIGN_IN), &nurse), emergency).is_err());
        // A privacy officer who has left is none any more.
        let former = Staff::folded(&[joined("privacy officer"), StaffLeft {}.into()]);
        assert!(close_emergency_access(&sharing, (by(other, SIGN_IN), &former), emergency).is_err());
    }

    #[test]
    fn rule_23_who_has_left_has_no_emergency_access() {
        let start = [SharingStarted {}.into()];
        let opened = open(REASON, 10).decide(&Sharing::folded(&start)).unwrap();
        let closed = SharingEvent::from(EmergencyAccessClosed { emergency: EmergencyId(Uuid::nil()) });
        given(opened.clone()).when(EndEmergencyAccess { worker: WORKER }).then([closed.clone()]);
        given(opened.iter().cloned().chain([closed.clone()]))
            .when(EndEmergencyAccess { worker: WORKER })
            .then_nothing();
        let other = Worker::new(WORKER.agency(), StaffId(Uuid::from_u128(9)));
        given(opened.clone()).when(EndEmergencyAccess { worker: other }).then_nothing();
        // The next of the agency is counted on.
        let second = open(REASON, 10).decide(&Sharing::folded(&[&start[..], &opened, &[closed]].concat())).unwrap();
        assert!(matches!(&second[..], [SharingEvent::EmergencyAccessOpened(e)] if e.nth == 2), "{second:?}");
    }
}
