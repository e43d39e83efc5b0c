//! What an agency's administrator may change.

use domain::Refusal;
use domain::ids::AgencyId;
use domain::staff::{ADMINISTRATOR, Staff, administers};
use domain::vocabulary::SignedIn;
use engine::{Changes, Loaded};

/// Lets whoever administers an agency (any, when none is named) change something, in that role. Whoever may, may still when it commits.
///
/// # Errors
/// When they do not administer it.
pub fn as_administrator(
    by: SignedIn,
    standing: &Loaded<Staff>,
    agency: Option<AgencyId>,
    changes: &mut Changes,
) -> Result<(), Refusal> {
    administers(by, standing, agency)?;
    changes.guard(standing);
    changes.in_role(&standing.roles().called(ADMINISTRATOR));
    Ok(())
}
