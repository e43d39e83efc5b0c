//! The access decision (rules 1 and 2).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::agency::same_role;
use crate::sharing::{Provision, Sharing};
use crate::staff::{Roles, Staff};
use crate::vocabulary::{
    Action, Category, DenialRule, Level, ProvisionActor, Purpose, Sensitivity, SignedIn, Timestamp, Worker,
};

/// What is asked of the person's directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Who asks: their identity provider vouches for them and the agency.
    pub by: SignedIn,
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
    /// Whose it is.
    worker: Worker,
    /// What their agency calls their roles.
    roles: Roles,
    /// Those that apply.
    provisions: Vec<Arc<Provision>>,
    emergency: bool,
    /// Whether a relationship is open.
    supported: bool,
    /// When something that it relies on ends, or a deny begins.
    until: Option<Timestamp>,
}

impl Scope {
    /// Whether an entry of this category and sensitivity is covered. A deny beats a permit.
    #[must_use]
    pub fn covers(&self, category: Category, sensitivity: &Sensitivity) -> bool {
        let covering = || self.provisions.iter().filter(|p| p.covers(category, sensitivity));
        let permitted = (self.emergency && sensitivity.level <= EMERGENCY_LEVEL) || covering().any(|p| p.permits());
        permitted && covering().all(|p| p.permits())
    }

    /// Whose it is.
    #[must_use]
    pub fn worker(&self) -> Worker {
        self.worker
    }

    /// What a receipt calls them: the roles through which alone these categories are permitted; else the role that they named, if it is
    /// theirs; else all.
    #[must_use]
    pub fn role(&self, categories: &BTreeSet<Category>, named: &str) -> String {
        let about = |p: &&Arc<Provision>| p.permits() && categories.iter().any(|category| p.settles(*category));
        let actors = || self.provisions.iter().filter(about).map(|p| &p.terms().actor);
        let named_by = |role: &&String| actors().filter_map(ProvisionActor::role).any(|of| same_role(of, role));
        let through: Vec<_> = self.roles.as_slice().iter().filter(named_by).map(String::as_str).collect();
        let alone = !self.emergency && actors().all(|actor| actor.role().is_some());
        // Whoever names another role than one that permitted some of it does not hide that one.
        let hides = !through.is_empty() && !through.iter().any(|role| same_role(role, named));
        match (through.is_empty(), alone) {
            (false, true) => through.join(", "),
            _ if hides => self.roles.words().to_owned(),
            _ => self.roles.called(named),
        }
    }

    /// Whether something is covered in which the person names this worker themselves: they need no more than a permit of the category,
    /// however sensitive it is for everybody else. A deny beats that, too.
    #[must_use]
    pub fn covers_what_names_them(&self, category: Category, sensitivity: &Sensitivity) -> bool {
        let permitted = self.provisions.iter().any(|p| p.permits() && p.covers(category, &Sensitivity::NORMAL));
        permitted && !self.provisions.iter().any(|p| !p.permits() && p.covers(category, sensitivity))
    }

    /// The categories of which at least something could be covered.
    #[must_use]
    pub fn categories(&self) -> Vec<Category> {
        let could = |category: &Category| {
            let settling = || self.provisions.iter().filter(|p| p.settles(*category));
            (self.emergency || settling().any(|p| p.permits())) && settling().all(|p| p.permits())
        };
        Category::ALL.iter().copied().filter(could).collect()
    }

    /// Why nothing of a category could be covered.
    #[must_use]
    pub fn refusal(&self, category: Category) -> DenialRule {
        let permitted = self.emergency || self.provisions.iter().any(|p| p.permits() && p.settles(category));
        if permitted { DenialRule::DenyBeatsPermit } else { DenialRule::NothingPermits }
    }

    /// Until when the decision holds, if time alone ends it.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// Whether the decision relied on emergency access: for what is covered, or for being let in at all.
    #[must_use]
    pub fn relied_on_emergency(&self) -> bool {
        self.emergency || !self.supported
    }
}

/// What emergency access covers by itself: everything but what is very restricted. See `infra/decisions/0003-emergency-access.md`.
const EMERGENCY_LEVEL: Level = Level::Restricted;

/// Decides what `ask` may see. Default deny; a deny beats a permit; a blocked agency beats everything.
#[must_use]
pub fn decide(sharing: &Sharing, staff: &Staff, ask: &Ask) -> Decision {
    let worker = ask.by.worker();
    if !staff.admits(ask.by) {
        let current = staff.works_for(worker.agency());
        return Decision::Deny(if current { DenialRule::FormerSignIn } else { DenialRule::NotCurrentStaff });
    }
    if sharing.is_blocked(worker.agency()) {
        return Decision::Deny(DenialRule::AgencyBlocked);
    }
    let (emergency_until, blocked) =
        (sharing.emergency_until(worker, ask.now), sharing.blocked_since(ask.by).is_some());
    let (in_emergency, supported) = (emergency_until.is_some(), !blocked && sharing.relationship_open(worker));
    let emergency = in_emergency && ask.action == Action::Read && is_emergency_purpose(ask.purpose);
    // What is permitted to others is not to them: only an emergency that their privacy officer allowed opens anything.
    if blocked && !emergency {
        return Decision::Deny(DenialRule::WorkerBlocked);
    }
    if !in_emergency && !supported {
        return Decision::Deny(DenialRule::NoOpenAccess);
    }
    let applying = sharing.shared_provisions().filter(|p| p.applies(staff.roles(), ask) && !(blocked && p.permits()));
    let provisions: Vec<_> = applying.cloned().collect();
    if !emergency && !provisions.iter().any(|p| p.permits()) {
        return Decision::Deny(DenialRule::NothingPermits);
    }
    let ends = provisions.iter().filter(|p| p.permits()).filter_map(|p| p.terms().until);
    let begin = sharing.provisions().filter(|p| !p.permits()).filter_map(|p| p.terms().from);
    let relied = emergency_until.filter(|_| emergency || !supported);
    let until = ends.chain(begin.filter(|from| ask.now < *from)).chain(relied).min();
    let scope = Scope { worker, roles: staff.roles().clone(), provisions, emergency, supported, until };
    if scope.categories().is_empty() {
        return Decision::Deny(DenialRule::DenyBeatsPermit);
    }
    Decision::Permit(scope)
}

fn is_emergency_purpose(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::BreakGlass | Purpose::EmergencyTreatment)
}

#[cfg(test)]
pub(crate) use tests::{deny, permit, scope_of};

#[cfg(test)]
mod tests;
