use super::Staff;
use crate::Refusal;
use crate::ids::AgencyId;
use crate::vocabulary::SignedIn;

/// The role in which somebody runs their agency's staff.
pub const ADMINISTRATOR: &str = "administrator";

/// Whether somebody may see and change the staff of an agency: current staff of that agency, as its administrator. Whoever runs the
/// system is not asked.
///
/// # Errors
/// That nothing is disclosed, whatever it is that is missing.
pub fn administers(by: SignedIn, standing: &Staff, agency: Option<AgencyId>) -> Result<(), Refusal> {
    let theirs = agency == Some(by.worker().agency());
    if theirs && standing.admits(by) && standing.roles().has(ADMINISTRATOR) {
        Ok(())
    } else {
        Err(Refusal::undisclosed())
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::StaffLeft;
    use super::super::fixtures::{AGENCY, BY, joined};
    use super::*;
    use crate::Aggregate as _;
    use uuid::Uuid;

    #[test]
    fn only_an_administrator_who_works_there_now_runs_an_agencys_staff() {
        let administrator = Staff::folded(&[joined(ADMINISTRATOR)]);
        assert_eq!(administers(BY, &administrator, Some(AGENCY)), Ok(()));
        let refused = Err(Refusal::undisclosed());
        assert_eq!(administers(BY, &Staff::folded(&[joined("nurse")]), Some(AGENCY)), refused);
        assert_eq!(administers(BY, &administrator, Some(AgencyId(Uuid::nil()))), refused);
        assert_eq!(administers(BY, &administrator, None), refused);
        assert_eq!(
            administers(BY, &Staff::folded(&[joined(ADMINISTRATOR), StaffLeft {}.into()]), Some(AGENCY)),
            refused
        );
    }
}
