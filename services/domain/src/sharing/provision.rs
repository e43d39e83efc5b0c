use serde::{Deserialize, Serialize};

use crate::access::Ask;
use crate::staff::Roles;
use crate::vocabulary::{Action, Category, Level, ProvisionActor, Sensitivity, Terms, Timestamp};

/// A provision in force: the same terms mean one thing in a permit and another in a deny, so what they cover is asked of
/// the provision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Provision {
    /// What may be seen or done.
    Permit(Terms),
    /// What may not, whatever is permitted.
    Deny(Terms),
}

impl Provision {
    /// What it says.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        match self {
            Self::Permit(terms) | Self::Deny(terms) => terms,
        }
    }

    /// Whether it permits.
    #[must_use]
    pub fn permits(&self) -> bool {
        matches!(self, Self::Permit(_))
    }

    /// Whether it has ended by itself.
    #[must_use]
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.terms().until.is_some_and(|until| until <= now)
    }

    /// Whether it says just what another does, in whatever order: then the two are one wish.
    #[must_use]
    pub fn says_the_same(&self, other: &Self, now: Timestamp) -> bool {
        self.permits() == other.permits() && self.terms().is_same(other.terms(), self.permits(), now)
    }

    /// The same of another actor.
    pub(super) fn of(&self, actor: ProvisionActor) -> Self {
        match self {
            Self::Permit(terms) => Self::Permit(Terms { actor, ..terms.clone() }),
            Self::Deny(terms) => Self::Deny(Terms { actor, ..terms.clone() }),
        }
    }

    /// Takes categories and levels out of a permit: only these stay. A deny is never narrowed.
    pub fn narrow(&mut self, categories: &[Category], level: Level) {
        if let Self::Permit(terms) = self {
            categories.clone_into(&mut terms.categories);
            terms.level = level;
        }
    }

    /// Whether it speaks of what is asked, by somebody in these roles: actor, period, purpose and action.
    pub(crate) fn applies(&self, roles: &Roles, ask: &Ask) -> bool {
        let Terms { actor, except, purposes, actions, from, until, .. } = self.terms();
        let actor = match actor {
            ProvisionActor::Agency(agency) => {
                *agency == ask.by.worker().agency() && !except.contains(&ask.by.worker().staff())
            }
            ProvisionActor::Staff(staff) => *staff == ask.by.worker().staff(),
            // Whoever has several is meant by each.
            ProvisionActor::Role(wanted) => roles.has(wanted),
            ProvisionActor::RoleAt(agency, wanted) => *agency == ask.by.worker().agency() && roles.has(wanted),
            ProvisionActor::Everybody => true,
        };
        // None means all in a deny; in a permit no purpose, and reading alone.
        let purpose = (purposes.is_empty() && !self.permits()) || purposes.contains(&ask.purpose);
        let action = match actions.as_slice() {
            [] => !self.permits() || ask.action == Action::Read,
            actions => actions.contains(&ask.action),
        };
        let now = from.is_none_or(|from| from <= ask.now) && until.is_none_or(|until| ask.now < until);
        actor && purpose && action && now
    }

    /// Whether an entry of this category and sensitivity is covered.
    pub(crate) fn covers(&self, category: Category, sensitivity: &Sensitivity) -> bool {
        let Sensitivity { level, labels } = sensitivity;
        match self {
            Self::Permit(terms) => {
                terms.categories.contains(&category)
                    && *level <= terms.level
                    && labels.iter().all(|label| terms.labels.contains(label))
            }
            Self::Deny(terms) => {
                (terms.categories.is_empty() || terms.categories.contains(&category))
                    && *level >= terms.level
                    && (terms.labels.is_empty() || labels.iter().any(|label| terms.labels.contains(label)))
            }
        }
    }

    /// Whether it settles something about this category as a whole: a permit by covering any of it, a deny by covering all.
    pub(crate) fn settles(&self, category: Category) -> bool {
        match self {
            Self::Permit(terms) => terms.categories.contains(&category),
            Self::Deny(terms) => {
                terms.labels.is_empty()
                    && terms.level == Level::Normal
                    && (terms.categories.is_empty() || terms.categories.contains(&category))
            }
        }
    }
}
