use super::events::{RelationshipEvent, SupportProposed};
use super::{Parties, Relationship, Stage};
use crate::text::{LINE, PARAGRAPH, required};
use crate::{Command, Refusal};

/// A worker proposes to support a person. Opens nothing.
#[derive(Debug, Clone)]
pub struct ProposeSupport {
    /// The two ends.
    pub parties: Parties,
    /// The worker's role.
    pub role: String,
    /// What the support would be.
    pub offer: String,
}

impl Command for ProposeSupport {
    type Aggregate = Relationship;

    fn decide(self, state: &Relationship) -> Result<Vec<RelationshipEvent>, Refusal> {
        required("offer", &self.offer, PARAGRAPH)?;
        required("role", &self.role, LINE)?;
        if state.stage != Stage::None {
            return Err(Refusal::already_exists("relationship"));
        }
        let Parties { person, agency, staff } = self.parties;
        Ok(vec![SupportProposed { person, agency, staff, role: self.role, offer: self.offer }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{AGENCY, PERSON, STAFF, proposed};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn proposes_once_and_says_what() {
        let parties = Parties { person: PERSON, agency: AGENCY, staff: STAFF };
        let propose = |offer: &str| ProposeSupport { parties, role: "nurse".into(), offer: offer.into() };
        given([]).when(propose("visits")).then([proposed()]);
        given([]).when(propose("")).then_refused(Reason::Invalid, "offer");
        given([proposed()]).when(propose("visits")).then_refused(Reason::AlreadyExists, "relationship");
    }
}
