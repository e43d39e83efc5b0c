//! What stands in the way. What lies outside the person is owned by an agency, never by the person (rule 14).

use super::entry::{Change, Progress, changes_entry, new_entry};
use super::record::EntryState;
use super::{Content, Person, PersonEvent};
use crate::ids::{AgencyId, EntryId};
use crate::issuers::Parts;
use crate::text::{PARAGRAPH, optional, required};
use crate::vocabulary::{Author, Category, Sensitivity, coded};
use crate::{Command, Refusal};

coded! {
    /// Where a barrier lies.
    BarrierKind {
        /// In the person: theirs to work on, with help if they want it.
        Internal = 1 "internal",
        /// Outside them: an agency's to remove.
        External = 2 "external",
    }
}

/// Names what stands in the way.
#[derive(Debug, Clone)]
pub struct IdentifyBarrier {
    pub entry: EntryId,
    /// Who names it.
    pub author: Author,
    /// Where it lies.
    pub kind: BarrierKind,
    pub text: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

/// A worker takes a barrier on for their agency.
#[derive(Debug, Clone)]
pub struct OwnBarrier {
    pub barrier: EntryId,
    /// Who takes it on, for their agency.
    pub author: Author,
    /// What the agency is going to do; may be empty.
    pub words: String,
    /// Which agencies are one.
    pub parts: Parts,
}

/// A barrier is out of the way.
#[derive(Debug, Clone)]
pub struct LiftBarrier {
    pub barrier: EntryId,
    /// The person, or a worker of the agency that owns it.
    pub author: Author,
    /// How; may be empty.
    pub words: String,
    /// Which agencies are one.
    pub parts: Parts,
}

/// What stands in the way was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarrierIdentified {
    pub entry: EntryId,
    /// Who named it.
    pub author: Author,
    /// Where it lies.
    pub kind: BarrierKind,
    pub text: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

/// An agency took a barrier on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarrierOwned {
    pub entry: EntryId,
    /// Who took it on, for their agency.
    pub author: Author,
    /// The agency.
    pub agency: AgencyId,
    /// What it is going to do; may be empty.
    pub words: String,
}

/// A barrier is out of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarrierLifted {
    pub entry: EntryId,
    /// Who said so.
    pub author: Author,
    /// How; may be empty.
    pub words: String,
}

new_entry!(IdentifyBarrier => BarrierIdentified in Barriers, e => Content::Barrier { kind: e.kind, text: e.text.clone(), owner: None, progress: Progress::Open }, with {
    fn barrier(&self) -> Option<BarrierKind> {
        Some(self.kind)
    }
});
changes_entry!(OwnBarrier, barrier in Barriers, knowing parts);
changes_entry!(LiftBarrier, barrier in Barriers, knowing parts);

impl Command for IdentifyBarrier {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        state.admits(self.entry, &self.sensitivity)?;
        required("text", &self.text, PARAGRAPH)?;
        let Self { entry, author, kind, text, sensitivity } = self;
        Ok(vec![BarrierIdentified { entry, author, kind, text, sensitivity }.into()])
    }
}

/// What may be said of who owns a barrier.
fn external(state: &EntryState) -> Result<(), Refusal> {
    if state.barrier == Some(BarrierKind::External) {
        return Ok(());
    }
    Err(Refusal::rule("external_barrier", "what lies in the person is theirs: no agency owns it"))
}

impl Command for OwnBarrier {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        optional("words", &self.words, PARAGRAPH)?;
        let known = state.open_entry(self.barrier, Category::Barriers, "barrier")?;
        external(known)?;
        let Some(worker) = self.author.worker() else {
            return Err(Refusal::rule(
                "an_agencys_barrier",
                "what lies outside the person is owned by an agency, never by the person",
            ));
        };
        let agency = worker.agency();
        match known.owner {
            Some(owner) if self.parts.are_one(owner, agency) => Ok(vec![]),
            Some(_) => Err(Refusal::rule("an_agencys_barrier", "another agency owns this barrier already")),
            None => {
                let Self { barrier, author, words, .. } = self;
                Ok(vec![BarrierOwned { entry: barrier, author, agency, words }.into()])
            }
        }
    }
}

impl Command for LiftBarrier {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        optional("words", &self.words, PARAGRAPH)?;
        if !state.comes_to(self.barrier, Category::Barriers, "barrier", Progress::Done)? {
            return Ok(vec![]);
        }
        let owner = state.entry(self.barrier).and_then(|known| known.owner);
        let owns = |agency| owner.is_some_and(|owner| self.parts.are_one(owner, agency));
        if self.author != Author::Person && !self.author.worker().is_some_and(|worker| owns(worker.agency())) {
            return Err(Refusal::rule(
                "the_owners_barrier",
                "that it is out of the way is said by the person, or by the agency that owns it",
            ));
        }
        Ok(vec![BarrierLifted { entry: self.barrier, author: self.author, words: self.words }.into()])
    }
}

impl BarrierOwned {
    pub(super) fn change(&self) -> Change<'_> {
        Change::Owned(self.author, self.agency, &self.words)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{entry, registered, writes_a_new_entry};
    use super::*;
    use crate::Reason;
    use crate::consultation::fixtures::NURSE;
    use crate::ids::StaffId;
    use crate::scenario::given;
    use crate::vocabulary::Worker;
    use uuid::Uuid;

    fn identify(kind: BarrierKind, text: &str, sensitivity: Sensitivity) -> IdentifyBarrier {
        IdentifyBarrier { entry: entry(1), author: Author::Person, kind, text: text.into(), sensitivity }
    }

    fn barrier(kind: BarrierKind) -> [PersonEvent; 2] {
        let identified = identify(kind, "no bus on Sundays", Sensitivity::normal());
        let identified = identified.decide(&crate::Aggregate::folded(&[registered()])).unwrap().remove(0);
        [registered(), identified]
    }

    #[test]
    fn is_recorded_once_with_words_for_a_person_who_is_registered() {
        writes_a_new_entry(|text, sensitivity| identify(BarrierKind::Internal, text, sensitivity));
    }

    #[test]
    fn rule_14_what_lies_outside_the_person_is_owned_by_an_agency_and_never_by_them() {
        let (external, parts) = (|| barrier(BarrierKind::External), Parts::default);
        let own = |author| OwnBarrier { barrier: entry(1), author, words: "a lift".into(), parts: parts() };
        let north = NURSE.worker().unwrap().agency();
        let owned = || {
            let words = "a lift".into();
            PersonEvent::from(BarrierOwned { entry: entry(1), author: NURSE, agency: north, words })
        };
        given(external()).when(own(NURSE)).then([owned()]);
        given(external()).when(own(Author::Person)).then_refused(Reason::Rule, "an_agencys_barrier");
        given(barrier(BarrierKind::Internal)).when(own(NURSE)).then_refused(Reason::Rule, "external_barrier");
        let south = AgencyId(Uuid::from_u128(20));
        let other = Author::Worker(Worker::new(south, StaffId(Uuid::from_u128(21))));
        let after = || external().into_iter().chain([owned()]);
        given(after()).when(own(NURSE)).then_nothing();
        given(after()).when(own(other)).then_refused(Reason::Rule, "an_agencys_barrier");
        given(after()).when(OwnBarrier { parts: Parts::of(north, south), ..own(other) }).then_nothing();
        // It is out of the way when they say so, or whoever owns it.
        let lift = |author| LiftBarrier { barrier: entry(1), author, words: String::new(), parts: parts() };
        let lifted = |author| PersonEvent::from(BarrierLifted { entry: entry(1), author, words: String::new() });
        given(external()).when(lift(NURSE)).then_refused(Reason::Rule, "the_owners_barrier");
        given(after()).when(lift(other)).then_refused(Reason::Rule, "the_owners_barrier");
        for author in [NURSE, Author::Person] {
            given(after()).when(lift(author)).then([lifted(author)]);
            given(after().chain([lifted(author)])).when(lift(author)).then_nothing();
        }
        given(after().chain([lifted(NURSE)])).when(own(NURSE)).then_refused(Reason::Rule, "still_open");
    }
}
