//! What somebody would see, if a person chose something (rule 7): counted by the very decisions that let them see it.

use std::collections::BTreeMap;

use super::{Decision, Scope, SystemScope};
use crate::consultation::Circle;
use crate::vocabulary::{Category, Sensitivity};

/// What a decision covers.
pub trait Covers {
    /// Whether an entry of this category and sensitivity is covered.
    fn covers(&self, category: Category, sensitivity: &Sensitivity) -> bool;

    /// Whether a consultation with this circle is.
    fn covers_consultation(&self, circle: &Circle) -> bool;

    /// The categories of which at least something could be covered.
    fn categories(&self) -> Vec<Category>;
}

impl Covers for Scope {
    fn covers(&self, category: Category, sensitivity: &Sensitivity) -> bool {
        Self::covers(self, category, sensitivity)
    }

    fn covers_consultation(&self, circle: &Circle) -> bool {
        circle.is_covered(self)
    }

    fn categories(&self) -> Vec<Category> {
        Self::categories(self)
    }
}

impl Covers for SystemScope {
    fn covers(&self, category: Category, sensitivity: &Sensitivity) -> bool {
        Self::covers(self, category, sensitivity)
    }

    fn covers_consultation(&self, circle: &Circle) -> bool {
        Self::covers_consultation(self, circle)
    }

    fn categories(&self) -> Vec<Category> {
        Category::ALL.iter().copied().filter(|category| self.covers(*category, &Sensitivity::NORMAL)).collect()
    }
}

/// How many entries of each category a decision covers, also of those that have none; nothing when it denies.
pub fn seen<'a>(
    covers: Option<&impl Covers>,
    entries: impl Iterator<Item = (Category, &'a Sensitivity)>,
    consultations: impl Iterator<Item = &'a Circle>,
) -> BTreeMap<Category, usize> {
    let Some(covers) = covers else { return BTreeMap::new() };
    let mut seen: BTreeMap<_, _> = covers.categories().into_iter().map(|category| (category, 0)).collect();
    for (category, _) in entries.filter(|(category, sensitivity)| covers.covers(*category, sensitivity)) {
        *seen.entry(category).or_default() += 1;
    }
    let consultations = consultations.filter(|circle| covers.covers_consultation(circle)).count();
    if consultations > 0 {
        *seen.entry(Category::Consultations).or_default() += consultations;
    }
    seen
}

impl Decision {
    /// What it permits, if it does.
    #[must_use]
    pub fn scope(&self) -> Option<&Scope> {
        match self {
            Self::Permit(scope) => Some(scope),
            Self::Deny(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::scope_of;
    use crate::vocabulary::{DenialRule, Level};

    #[test]
    fn rule_7_what_is_covered_is_counted_and_what_is_not_is_not_there() {
        let restricted = Sensitivity { level: Level::Restricted, ..Sensitivity::NORMAL };
        let (of, goals) = (Sensitivity::NORMAL, Category::Goals);
        let entries = [(goals, &of), (goals, &restricted), (Category::Health, &of), (goals, &of)];
        let open = Circle::open(Sensitivity::NORMAL);
        let count = |decision: &Decision| seen(decision.scope(), entries.into_iter(), std::iter::once(&open));
        assert_eq!(count(&scope_of(&[goals])), BTreeMap::from([(goals, 2)]));
        let more = scope_of(&[Category::Consultations, Category::Barriers]);
        assert_eq!(count(&more), BTreeMap::from([(Category::Barriers, 0), (Category::Consultations, 1)]));
        assert_eq!(count(&Decision::Deny(DenialRule::NothingPermits)), BTreeMap::new());
    }
}
