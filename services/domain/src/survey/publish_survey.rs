use super::events::{SurveyEvent, SurveyPublished};
use super::{By, GROUP, Survey};
use crate::vocabulary::Timestamp;
use crate::{Command, Refusal};

/// What the answers came to is told, once it is closed.
#[derive(Debug, Clone)]
pub struct PublishSurvey {
    /// Who tells it.
    pub by: By,
    /// How many chose each option.
    pub counts: Vec<u32>,
    /// Whether some answers may not have been counted, because something could not be read.
    pub incomplete: bool,
    pub now: Timestamp,
}

/// About how many, in fives; 0 for fewer than five: of so few nothing is told.
fn about(count: u32) -> u32 {
    if count < GROUP { 0 } else { count.saturating_add(GROUP / 2) / GROUP * GROUP }
}

impl Command for PublishSurvey {
    type Aggregate = Survey;

    fn decide(self, state: &Survey) -> Result<Vec<SurveyEvent>, Refusal> {
        let options = state.has_closed(&self.by, self.now)?;
        if state.is_published {
            return Ok(vec![]);
        }
        // Each option is told of, whatever was counted.
        let counts = (0..options).map(|nth| about(self.counts.get(nth).copied().unwrap_or_default())).collect();
        Ok(vec![SurveyPublished { counts, incomplete: self.incomplete }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::open_survey::tests::{NOW, by, open};
    use super::*;
    use crate::Reason;
    use crate::ids::AgencyId;
    use crate::scenario::given;
    use crate::staff::fixtures::AGENCY;
    use uuid::Uuid;

    fn publish(counts: &[u32]) -> PublishSurvey {
        PublishSurvey {
            by: by(AGENCY),
            counts: counts.to_vec(),
            incomplete: false,
            now: NOW.plus_days(14).plus_minutes(1),
        }
    }

    #[test]
    fn counts_are_told_once_in_fives_and_of_fewer_than_five_nothing() {
        let opened = open().decide(&Survey::default()).unwrap();
        let told = |counts: &[u32]| SurveyEvent::from(SurveyPublished { counts: counts.to_vec(), incomplete: false });
        given(opened.clone()).when(publish(&[4, 5, 8])).then([told(&[0, 5, 10])]);
        given(opened.clone()).when(publish(&[0, 7, u32::MAX])).then([told(&[0, 5, u32::MAX])]);
        given(opened.clone()).when(publish(&[])).then([told(&[0, 0, 0])]);
        let published = [&opened[..], &[told(&[0, 5, 10])]].concat();
        given(published).when(publish(&[9, 9, 9])).then_nothing();
        let early = PublishSurvey { now: NOW.plus_days(14), ..publish(&[9]) };
        given(opened.clone()).when(early).then_refused(Reason::Rule, "survey_open");
        let elsewhere = PublishSurvey { by: by(AgencyId(Uuid::from_u128(99))), ..publish(&[9]) };
        given(opened).when(elsewhere).then_refused(Reason::NotFound, "survey");
    }
}
