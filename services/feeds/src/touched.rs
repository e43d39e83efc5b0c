//! Whom events may have taken something away from: a choice, a worker's standing, an agency, an issuer.

use std::collections::BTreeSet;

use domain::StreamKind;
use domain::ids::{AgencyId, PersonId};
use domain::issuers::{Only, Register};
use engine::{Engine, EngineError, Freshness};
use event_log::Recorded;
use events::Header;

/// The stored types of an agency's events that may take something away: a role that is named, a merger, a closure.
const AGENCY_CODES: [i32; 3] = [2, 6, 7];

/// The stored type of what says how sensitive a consultation is.
const SHARED_CODE: i32 = 14;

/// Whom events touch.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// People whose choices may say something else now.
    pub(crate) people: BTreeSet<PersonId>,
    /// Agencies at which something may be another: of themselves, of those who work there, or of an agency that is one with them.
    pub(crate) agencies: BTreeSet<AgencyId>,
    /// Whether it may be all of them.
    pub(crate) all: bool,
}

impl Touched {
    /// By these events.
    ///
    /// # Errors
    /// When the log or the key store fails.
    pub(crate) async fn by(events: &[Recorded], engine: &Engine) -> Result<Self, EngineError> {
        let mut touched = Self::at(events);
        if !touched.agencies.is_empty() {
            let register = engine.load::<Register>(Only, Freshness::Latest).await?;
            touched.agencies = touched.agencies.into_iter().flat_map(|agency| register.one_with(agency)).collect();
        }
        Ok(touched)
    }

    /// And whom those touch.
    pub(crate) fn extend(&mut self, also: Self) {
        self.people.extend(also.people);
        self.agencies.extend(also.agencies);
        self.all |= also.all;
    }

    fn at(events: &[Recorded]) -> Self {
        let mut touched = Self::default();
        for event in events {
            let subject = || Header::decode(&event.head).map_or(event.stream.id, |(header, _)| header.subject);
            match StreamKind::from_code(event.stream.kind) {
                Some(StreamKind::Sharing) => drop(touched.people.insert(PersonId(event.stream.id))),
                Some(StreamKind::Staff) => drop(touched.agencies.insert(AgencyId(subject()))),
                Some(StreamKind::Agency) if AGENCY_CODES.contains(&event.event_type) => {
                    touched.agencies.insert(AgencyId(subject()));
                }
                // A consultation may be more sensitive from now on.
                Some(StreamKind::Consultation) if event.event_type == SHARED_CODE => {
                    touched.people.insert(PersonId(subject()));
                }
                Some(StreamKind::Issuers) => touched.all = true,
                _ => {}
            }
        }
        touched
    }
}

#[cfg(test)]
mod tests {
    use events::Event;

    use super::*;

    #[test]
    fn what_may_take_something_away_is_known_by_its_stored_type() {
        let code = |name: &str| Event::samples().into_iter().find(|event| event.name() == name).unwrap().code();
        assert_eq!(["RoleNamed", "AgencyMerged", "AgencyClosed"].map(code), AGENCY_CODES);
        assert_eq!(code("ConsultationShared"), SHARED_CODE);
    }
}
