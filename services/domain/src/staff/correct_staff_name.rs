use super::Staff;
use super::events::{StaffEvent, StaffNameCorrected};
use crate::text::{LINE, required};
use crate::{Command, Refusal};

/// How many letters of a name there are to each that a correction may change, at least.
const LETTERS_TO_A_CHANGE: usize = 4;

/// A worker's misspelt name is corrected, wherever it stands. Another name is another human's: they join by themselves, and the past
/// stays whose it was.
#[derive(Debug, Clone)]
pub struct CorrectStaffName {
    pub name: String,
}

impl Command for CorrectStaffName {
    type Aggregate = Staff;

    fn decide(self, state: &Staff) -> Result<Vec<StaffEvent>, Refusal> {
        required("name", &self.name, LINE)?;
        if state.agency.is_none() {
            return Err(Refusal::not_found("staff"));
        }
        if self.name == state.name {
            return Ok(vec![]);
        }
        // From what they were called first: many small corrections make nobody somebody else.
        let changed = strsim::damerau_levenshtein(&state.first_name.to_lowercase(), &self.name.to_lowercase());
        if changed > (state.first_name.chars().count() / LETTERS_TO_A_CHANGE).max(1) {
            return Err(Refusal::rule(
                "a_correction_keeps_the_name",
                "that is another name, not another spelling; another person joins with `AddStaff`",
            ));
        }
        Ok(vec![StaffNameCorrected { name: self.name }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::{StaffLeft, StaffNamed};
    use super::super::fixtures::AGENCY;
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn rule_23_a_name_is_corrected_and_nobody_else_takes_over_the_past() {
        let named = |name: &str| StaffEvent::from(StaffNamed { agency: AGENCY, name: name.into() });
        let correct = |name: &str| CorrectStaffName { name: name.into() };
        let corrected = |name: &str| StaffEvent::from(StaffNameCorrected { name: name.into() });
        for spelling in ["Morag Reid", "Morga Read", "MORGA RIED"] {
            given([named("Morga Ried")]).when(correct(spelling)).then([corrected(spelling)]);
        }
        for another in ["Fergus Bain", "Morag Campbell", "Ann Ried"] {
            given([named("Morga Ried")])
                .when(correct(another))
                .then_refused(Reason::Rule, "a_correction_keeps_the_name");
        }
        given([named("Ann Lee")]).when(correct("Ben Lee")).then_refused(Reason::Rule, "a_correction_keeps_the_name");
        // Nor in small steps.
        let walked = [named("Ann Lee"), corrected("Anne Lee")];
        given(walked).when(correct("Anne Lees")).then_refused(Reason::Rule, "a_correction_keeps_the_name");
        given([named("Ann Lee"), corrected("Anne Lee")]).when(correct("Anne Lee")).then_nothing();
        // Also of somebody who has left: the past is read under it.
        given([named("Ann Lee"), StaffLeft {}.into()]).when(correct("Anne Lee")).then([corrected("Anne Lee")]);
        given([]).when(correct("Anne Lee")).then_refused(Reason::NotFound, "staff");
        given([named("Ann Lee")]).when(correct(" ")).then_refused(Reason::Invalid, "name");
    }
}
