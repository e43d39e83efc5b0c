//! The access decision (rules 1 and 2).

use crate::ids::{AgencyId, StaffId};
use crate::sharing::Sharing;
use crate::staff::Staff;
use crate::vocabulary::{Action, Category, DenialRule, Level, ProvisionActor, Purpose, Sensitivity, Terms, Timestamp};

/// What is asked of the person's directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The agency that the worker's identity provider vouches for.
    pub agency: AgencyId,
    /// The worker.
    pub staff: StaffId,
    /// Why.
    pub purpose: Purpose,
    /// What for.
    pub action: Action,
    /// When.
    pub now: Timestamp,
}

/// A decision: with its scope, or with the rule that denies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Something may be seen: what exactly, the scope says.
    Permit(Scope),
    /// Nothing may be seen.
    Deny(DenialRule),
}

/// What a permit covers, entry by entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    permits: Vec<Terms>,
    denies: Vec<Terms>,
    emergency: bool,
}

impl Scope {
    /// Whether an entry of this category and sensitivity is covered. A deny beats a permit.
    #[must_use]
    pub fn covers(&self, category: Category, sensitivity: &Sensitivity) -> bool {
        let permitted = (self.emergency && sensitivity.level <= EMERGENCY_LEVEL)
            || self.permits.iter().any(|terms| permit_covers(terms, category, sensitivity));
        permitted && !self.denies.iter().any(|terms| deny_covers(terms, category, sensitivity))
    }

    /// The categories of which at least something could be covered.
    #[must_use]
    pub fn categories(&self) -> Vec<Category> {
        let permitted = |c: &Category| self.emergency || self.permits.iter().any(|t| t.categories.contains(c));
        let all_denied = |c: &Category| {
            self.denies.iter().any(|t| {
                t.labels.is_empty() && t.level == Level::Normal && (t.categories.is_empty() || t.categories.contains(c))
            })
        };
        Category::ALL.iter().copied().filter(|c| permitted(c) && !all_denied(c)).collect()
    }

    /// Whether the decision relied on emergency access.
    #[must_use]
    pub fn relied_on_emergency(&self) -> bool {
        self.emergency
    }
}

/// What emergency access covers by itself: everything but what is very restricted. See `infra/decisions/0003-emergency-access.md`.
const EMERGENCY_LEVEL: Level = Level::Restricted;

/// Decides what `ask` may see. Default deny; a deny beats a permit; a blocked agency beats everything.
#[must_use]
pub fn decide(sharing: &Sharing, staff: &Staff, ask: &Ask) -> Decision {
    if !staff.works_for(ask.agency) {
        return Decision::Deny(DenialRule::NotCurrentStaff);
    }
    if sharing.is_blocked(ask.agency) {
        return Decision::Deny(DenialRule::AgencyBlocked);
    }
    let in_emergency = sharing.emergency_open(ask.staff, ask.agency, ask.now);
    if !in_emergency && !sharing.relationship_open(ask.staff, ask.agency) {
        return Decision::Deny(DenialRule::NoOpenAccess);
    }
    let applies = |terms: &Terms, permit: bool| {
        concerns(&terms.actor, staff.role(), ask)
            && within_period(terms, ask.now)
            && purpose_applies(terms, ask.purpose, permit)
            && action_applies(terms, ask.action, permit)
    };
    let select = |permit: bool| {
        sharing
            .provisions()
            .filter(|p| p.permit == permit && applies(&p.terms, permit))
            .map(|p| p.terms.clone())
            .collect()
    };
    let breaks_glass = in_emergency && ask.action == Action::Read && is_emergency_purpose(ask.purpose);
    let scope = Scope { permits: select(true), denies: select(false), emergency: breaks_glass };
    if scope.permits.is_empty() && !breaks_glass {
        return Decision::Deny(DenialRule::NothingPermits);
    }
    if scope.categories().is_empty() {
        return Decision::Deny(DenialRule::DenyBeatsPermit);
    }
    Decision::Permit(scope)
}

fn is_emergency_purpose(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::BreakGlass | Purpose::EmergencyTreatment)
}

fn concerns(actor: &ProvisionActor, role: &str, ask: &Ask) -> bool {
    match actor {
        ProvisionActor::Agency(agency) => *agency == ask.agency,
        ProvisionActor::Staff(staff) => *staff == ask.staff,
        ProvisionActor::Role(wanted) => wanted.eq_ignore_ascii_case(role),
        ProvisionActor::Everybody => true,
    }
}

fn within_period(terms: &Terms, now: Timestamp) -> bool {
    terms.from.is_none_or(|from| from <= now) && terms.until.is_none_or(|until| now < until)
}

fn purpose_applies(terms: &Terms, purpose: Purpose, permit: bool) -> bool {
    (!permit && terms.purposes.is_empty()) || terms.purposes.contains(&purpose)
}

fn action_applies(terms: &Terms, action: Action, permit: bool) -> bool {
    match terms.actions.as_slice() {
        [] => !permit || action == Action::Read,
        actions => actions.contains(&action),
    }
}

fn permit_covers(terms: &Terms, category: Category, sensitivity: &Sensitivity) -> bool {
    terms.categories.contains(&category)
        && sensitivity.level <= terms.level
        && sensitivity.labels.iter().all(|label| terms.labels.contains(label))
}

fn deny_covers(terms: &Terms, category: Category, sensitivity: &Sensitivity) -> bool {
    (terms.categories.is_empty() || terms.categories.contains(&category))
        && sensitivity.level >= terms.level
        && (terms.labels.is_empty() || sensitivity.labels.iter().any(|label| terms.labels.contains(label)))
}

#[cfg(test)]
mod tests;
