//! Who wrote what, as far as a source says.

use std::collections::HashMap;

use domain::vocabulary::Author;

use super::care_plans::no_plan;
use super::{Plan, Reader};
use crate::fhir::{CarePlan, Reference, Resource};

impl Reader<'_> {
    /// Who treated the person at an encounter; the importing system when that cannot be told.
    pub(super) fn treated(&self, from: usize, encounter: Option<&Reference>) -> Author {
        let visit = self.resolve(from, encounter).and_then(|(index, _)| self.visits.get(&index));
        visit.and_then(|visit| visit.performer).map_or(Author::System, Author::Worker)
    }

    /// Whom a resource itself names as its author: nobody else has written it, even where it cannot be told who that is. They are of
    /// the agency at which they saw the person; where that is not said, nobody has said where they work.
    pub(super) fn named(&self, from: usize, who: &Reference, encounter: Option<&Reference>, plan: &mut Plan) -> Author {
        let practitioner = match self.resolve(from, Some(who)) {
            Some((_, Resource::Patient(_))) => return Author::Person,
            Some((index, Resource::Practitioner(practitioner))) => (index, practitioner),
            Some(_) | None => return Author::System,
        };
        let visit = self.resolve(from, encounter).and_then(|(index, _)| self.visits.get(&index));
        let was_there = visit.filter(|visit| visit.there.contains(&practitioner.0));
        let agency = was_there.map(|visit| visit.agency).or_else(|| self.seen_at.get(&practitioner.0).copied()?);
        let agency = agency.unwrap_or_else(|| self.source_agency(plan));
        Author::Worker(self.worker(practitioner, agency, plan))
    }

    pub(super) fn plan_author(&self, index: usize, care_plan: &CarePlan, plan: &mut Plan) -> Author {
        match &care_plan.author {
            Some(who) => self.named(index, who, care_plan.encounter.as_ref(), plan),
            None => self.treated(index, care_plan.encounter.as_ref()),
        }
    }

    /// A goal that says nothing of who wrote it is of whoever wrote the plans that name it, if that is one.
    pub(super) fn goal_authors(&mut self, plan: &mut Plan) {
        let mut authors = HashMap::new();
        for (from, entry) in self.bundle.entries.iter().enumerate() {
            let Resource::CarePlan(care_plan) = &entry.resource else { continue };
            if no_plan(care_plan).is_some() {
                continue;
            }
            let author = self.plan_author(from, care_plan, plan);
            for goal in care_plan.goal.iter() {
                let Some((index, Resource::Goal(_))) = self.resolve(from, Some(goal)) else { continue };
                let known = authors.entry(index).or_insert(author);
                if *known != author {
                    *known = Author::System;
                }
            }
        }
        self.goal_authors = authors;
    }
}
