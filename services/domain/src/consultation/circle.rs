use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::access::Scope;
use crate::ids::StaffId;
use crate::vocabulary::{Author, Category, Level, Sensitivity, Worker};

/// Who may see a consultation: whoever the person shares consultations of its sensitivity with; or, while they keep it to few, the
/// workers whom they named and nobody else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circle {
    /// How sensitive it is; normal when nothing is said.
    pub sensitivity: Option<Sensitivity>,
    /// Whether the person keeps it to those whom they named.
    pub kept: bool,
    /// Whom they named.
    pub named: BTreeSet<StaffId>,
}

impl Circle {
    /// What a person begins: very restricted, and for these workers alone until they share it wider.
    #[must_use]
    pub fn kept(labels: Vec<String>, named: BTreeSet<StaffId>) -> Self {
        Self { sensitivity: Some(Sensitivity { level: Level::VeryRestricted, labels }), kept: true, named }
    }

    /// What is as sensitive as this, and for whoever that is shared with.
    #[must_use]
    pub fn open(sensitivity: Sensitivity) -> Self {
        Self { sensitivity: Some(sensitivity), kept: false, named: BTreeSet::new() }
    }

    /// Whom the person invites to what they keep to few they name by that.
    pub fn invite(&mut self, worker: Worker, by: Author) {
        if by == Author::Person && self.kept {
            self.named.insert(worker.staff());
        }
    }

    /// How sensitive it is.
    #[must_use]
    pub fn sensitivity(&self) -> &Sensitivity {
        static NORMAL: Sensitivity = Sensitivity::NORMAL;
        self.sensitivity.as_ref().unwrap_or(&NORMAL)
    }

    /// Whether a worker's scope covers it. Whom the person named needs no more than that consultations are shared with them at all; a
    /// deny holds for them, too.
    #[must_use]
    pub fn is_covered(&self, scope: &Scope) -> bool {
        if self.kept {
            return self.named.contains(&scope.worker().staff())
                && scope.covers_what_names_them(Category::Consultations, self.sensitivity());
        }
        scope.covers(Category::Consultations, self.sensitivity())
    }
}
