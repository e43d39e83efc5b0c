//! The access decision (rules 1 and 2).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::agency::same_role;
use crate::ids::LawfulBasisId;
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
    /// What lawful bases let the worker see, whatever is permitted or denied, and which they are.
    lawful: Vec<(LawfulBasisId, Arc<Provision>)>,
    /// Why nothing but that is covered, where it is so.
    refused: Option<DenialRule>,
    /// Whether an emergency opens more than is permitted.
    emergency: bool,
    relied_on_emergency: bool,
    /// When something that it relies on ends, or a deny begins.
    until: Option<Timestamp>,
}

impl Scope {
    /// Whether an entry of this category and sensitivity is covered. A deny beats a permit, and a law beats a deny.
    #[must_use]
    pub fn covers(&self, category: Category, sensitivity: &Sensitivity) -> bool {
        if self.lawful.iter().any(|(_, permit)| permit.covers(category, sensitivity)) {
            return true;
        }
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
        let alone = !self.emergency && self.lawful.is_empty() && actors().all(|actor| actor.role().is_some());
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
            self.lawful.iter().any(|(_, permit)| permit.settles(*category))
                || ((self.emergency || settling().any(|p| p.permits())) && settling().all(|p| p.permits()))
        };
        Category::ALL.iter().copied().filter(could).collect()
    }

    /// Why nothing of a category could be covered.
    #[must_use]
    pub fn refusal(&self, category: Category) -> DenialRule {
        if let Some(rule) = self.refused {
            return rule;
        }
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
        self.relied_on_emergency
    }

    /// The lawful bases that a look at these categories relied on, whatever else permits it; at nothing, those that were there to rely on.
    #[must_use]
    pub fn lawful_bases(&self, categories: &BTreeSet<Category>) -> Vec<LawfulBasisId> {
        let about =
            |permit: &Provision| categories.is_empty() || categories.iter().any(|category| permit.settles(*category));
        self.lawful.iter().filter(|(_, permit)| about(permit)).map(|(basis, _)| *basis).collect()
    }
}

/// What emergency access covers by itself: everything but what is very restricted. See `infra/decisions/0003-emergency-access.md`.
const EMERGENCY_LEVEL: Level = Level::Restricted;

/// What the person's choices, and an emergency, come to.
#[derive(Default)]
struct Consented {
    provisions: Vec<Arc<Provision>>,
    emergency: bool,
    relied_on_emergency: bool,
    until: Option<Timestamp>,
}

/// Decides what `ask` may see. Default deny; a deny beats a permit; a blocked agency beats everything but a lawful basis.
#[must_use]
pub fn decide(sharing: &Sharing, staff: &Staff, ask: &Ask) -> Decision {
    let bases = sharing.lawful_bases(ask.now).filter(|(_, basis)| basis.permit.applies(staff.roles(), ask));
    decided(sharing, staff, ask, bases.map(|(id, basis)| (id, basis.permit.clone())).collect())
}

/// Decides the same by what the person chooses alone: a law lets one worker look, and no computer system.
pub(super) fn decide_by_choices(sharing: &Sharing, staff: &Staff, ask: &Ask) -> Decision {
    decided(sharing, staff, ask, vec![])
}

fn decided(sharing: &Sharing, staff: &Staff, ask: &Ask, lawful: Vec<(LawfulBasisId, Arc<Provision>)>) -> Decision {
    if !staff.admits(ask.by) {
        let current = staff.works_for(ask.by.worker().agency());
        return Decision::Deny(if current { DenialRule::FormerSignIn } else { DenialRule::NotCurrentStaff });
    }
    let (consented, refused) = match consented(sharing, staff, ask) {
        Ok(consented) => (consented, None),
        Err(rule) if lawful.is_empty() => return Decision::Deny(rule),
        Err(rule) => (Consented::default(), Some(rule)),
    };
    let Consented { provisions, emergency, relied_on_emergency, until } = consented;
    let until = lawful.iter().filter_map(|(_, permit)| permit.terms().until).chain(until).min();
    let (worker, roles) = (ask.by.worker(), staff.roles().clone());
    let scope = Scope { worker, roles, provisions, lawful, refused, emergency, relied_on_emergency, until };
    if scope.categories().is_empty() {
        return Decision::Deny(DenialRule::DenyBeatsPermit);
    }
    Decision::Permit(scope)
}

fn consented(sharing: &Sharing, staff: &Staff, ask: &Ask) -> Result<Consented, DenialRule> {
    let worker = ask.by.worker();
    if sharing.is_blocked(worker.agency()) {
        return Err(DenialRule::AgencyBlocked);
    }
    let (emergency_until, blocked) =
        (sharing.emergency_until(worker, ask.now), sharing.blocked_since(ask.by).is_some());
    let (in_emergency, supported) = (emergency_until.is_some(), !blocked && sharing.relationship_open(worker));
    let emergency = in_emergency && ask.action == Action::Read && is_emergency_purpose(ask.purpose);
    // What is permitted to others is not to them: only an emergency that their privacy officer allowed opens anything.
    if blocked && !emergency {
        return Err(DenialRule::WorkerBlocked);
    }
    if !in_emergency && !supported {
        return Err(DenialRule::NoOpenAccess);
    }
    let applying = sharing.shared_provisions().filter(|p| p.applies(staff.roles(), ask) && !(blocked && p.permits()));
    let provisions: Vec<_> = applying.cloned().collect();
    if !emergency && !provisions.iter().any(|p| p.permits()) {
        return Err(DenialRule::NothingPermits);
    }
    let relied_on_emergency = emergency || !supported;
    let ends = provisions.iter().filter(|p| p.permits()).filter_map(|p| p.terms().until);
    let begin = sharing.provisions().filter(|p| !p.permits()).filter_map(|p| p.terms().from);
    let relied = emergency_until.filter(|_| relied_on_emergency);
    let until = ends.chain(begin.filter(|from| ask.now < *from)).chain(relied).min();
    Ok(Consented { provisions, emergency, relied_on_emergency, until })
}

fn is_emergency_purpose(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::BreakGlass | Purpose::EmergencyTreatment)
}

#[cfg(test)]
pub(crate) use tests::{deny, permit, scope_of};

#[cfg(test)]
mod tests;
