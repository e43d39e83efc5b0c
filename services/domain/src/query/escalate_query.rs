use super::events::{QueryEscalated, QueryEvent};
use super::{ANSWER_DAYS, Query, QueryStage};
use crate::Refusal;
use crate::agency::Agency;
use crate::ids::AgencyId;
use crate::issuers::Parts;
use crate::sharing::Sharing;
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::Timestamp;

/// The person does not accept what they were told, or was told nothing in time.
#[derive(Debug, Clone)]
pub struct EscalateQuery {
    /// Why, in their words.
    pub words: String,
    pub now: Timestamp,
}

/// The independent agency that the person asks, once the privacy officer has had their turn.
#[derive(Clone, Copy)]
pub struct Reviewing<'a> {
    pub id: AgencyId,
    pub agency: &'a Agency,
    /// The person's directive, as it holds for agencies that are one.
    pub sharing: &'a Sharing,
    pub parts: &'a Parts,
}

/// Takes a question further: to the privacy officer first, then to an independent reviewer, whom the person names.
///
/// # Errors
/// That it waits for an answer still, or was answered by all; that a reviewer is to be named, or not; or that this one is not independent.
pub fn escalate_query(
    state: &Query,
    reviewing: Option<Reviewing<'_>>,
    EscalateQuery { words, now }: EscalateQuery,
) -> Result<Vec<QueryEvent>, Refusal> {
    required("words", &words, PARAGRAPH)?;
    let receipt = state.receipt()?;
    let Some(worker) = state.party.and_then(|party| party.worker()) else {
        return Err(Refusal::rule("an_agencys_look", "no agency looked that could be asked"));
    };
    let first = match state.stage {
        QueryStage::Accepted if state.reviewer.is_some() => return Err(closed()),
        QueryStage::Explained | QueryStage::Accepted => !state.resolved,
        QueryStage::Asked if state.is_overdue(now) => true,
        QueryStage::ResolvedByOfficer => false,
        QueryStage::WithOfficer if state.is_overdue(now) => false,
        QueryStage::Asked | QueryStage::WithOfficer | QueryStage::WithReviewer => {
            return Err(Refusal::rule("waiting_question", "it waits for an answer, which is not overdue yet"));
        }
        QueryStage::Closed => return Err(closed()),
    };
    let reviewer = match (first, reviewing) {
        (true, None) => None,
        (true, Some(_)) => {
            return Err(Refusal::invalid("reviewer_id", "the privacy officer is asked first: leave it empty"));
        }
        (false, None) => {
            return Err(Refusal::invalid(
                "reviewer_id",
                "must be of an agency of the kind `independent review` or `advocacy`",
            ));
        }
        (false, Some(reviewing)) => Some(reviewing.independent_of(worker.agency())?),
    };
    let (_, question) = state.asked.clone().ok_or_else(|| Refusal::not_found("question"))?;
    let (answer_by, party, told) = (now.plus_days(ANSWER_DAYS), state.party, state.told.clone());
    Ok(vec![QueryEscalated { receipt, reviewer, words, answer_by, question, party, told }.into()])
}

fn closed() -> Refusal {
    Refusal::rule("closed_question", "an independent reviewer has answered: there is nobody else to ask here")
}

impl Reviewing<'_> {
    /// Refuses an agency that has a part in it: one that looked, or that supports the person, or whom they have shut out.
    fn independent_of(self, agency: AgencyId) -> Result<AgencyId, Refusal> {
        let is_one = |other| self.parts.are_one(self.id, other);
        let supports = self.sharing.supporters().any(|worker| is_one(worker.agency()));
        let is_independent = self.agency.is_independent() && self.agency.is_there();
        if !is_independent || is_one(agency) || supports || self.sharing.is_blocked(self.id) {
            let problem = "must be of an agency of the kind `independent review` or `advocacy` that has no part in it";
            return Err(Refusal::invalid("reviewer_id", problem));
        }
        Ok(self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::AccessQueried;
    use super::super::fixtures::{NOW, RECEIPT, REVIEWER, asked, escalated, explained, resolved};
    use super::*;
    use crate::Aggregate as _;
    use crate::agency::events::AgencyRegistered;
    use crate::consultation::fixtures::NURSE;
    use crate::ids::{RelationshipId, StaffId};
    use crate::sharing::events::{RelationshipAccessOpened, SharingEvent};
    use crate::vocabulary::{Author, Worker};
    use uuid::Uuid;

    fn agency(kind: &str) -> Agency {
        let (name, kind, place, numbers) = ("Voices".into(), kind.into(), String::new(), vec![]);
        Agency::folded(&[AgencyRegistered { name, kind, place, numbers }.into()])
    }

    fn escalate(
        history: &[QueryEvent],
        to: Option<(&Agency, &Sharing)>,
        now: Timestamp,
    ) -> Result<Vec<QueryEvent>, String> {
        let parts = Parts::default();
        let reviewing = to.map(|(agency, sharing)| Reviewing { id: REVIEWER, agency, sharing, parts: &parts });
        let escalate = EscalateQuery { words: "that is no reason".into(), now };
        escalate_query(&Query::folded(history), reviewing, escalate).map_err(|refused| refused.subject.to_string())
    }

    #[test]
    fn goes_to_the_privacy_officer_and_then_to_an_independent_reviewer() {
        let told = ["to plan your visit"];
        assert_eq!(escalate(&[asked()], None, NOW), Err("waiting_question".into()));
        assert_eq!(escalate(&[asked(), explained()], None, NOW), Ok(vec![escalated(None, &told)]));
        // What nobody answers in time goes on, too.
        let late = NOW.plus_days(ANSWER_DAYS);
        assert!(escalate(&[asked()], None, late).is_ok());
        let with_officer = [asked(), explained(), escalated(None, &told)];
        assert_eq!(escalate(&with_officer, None, NOW), Err("waiting_question".into()));
        let voices = agency("Advocacy");
        let nobody = Sharing::default();
        assert!(escalate(&with_officer, Some((&voices, &nobody)), late).is_ok());
        let resolved_once = [&with_officer[..], &[resolved(NURSE)]].concat();
        assert_eq!(escalate(&resolved_once, None, NOW), Err("reviewer_id".into()));
        let told = ["to plan your visit", "it was not needed"];
        let referred = escalated(Some(REVIEWER), &told);
        assert_eq!(escalate(&resolved_once, Some((&voices, &nobody)), NOW), Ok(vec![referred.clone()]));
        // Not to somebody who has a part in it.
        let housing = agency("housing");
        assert_eq!(escalate(&resolved_once, Some((&housing, &nobody)), NOW), Err("reviewer_id".into()));
        let worker = Worker::new(REVIEWER, StaffId(Uuid::from_u128(41)));
        let relationship = RelationshipId(Uuid::from_u128(42));
        let supported = Sharing::folded(&[SharingEvent::from(RelationshipAccessOpened { relationship, worker })]);
        assert_eq!(escalate(&resolved_once, Some((&voices, &supported)), NOW), Err("reviewer_id".into()));
        let by_reviewer = resolved(Author::Worker(worker));
        let closed = [&resolved_once[..], &[referred, by_reviewer]].concat();
        assert_eq!(escalate(&closed, Some((&voices, &nobody)), NOW), Err("closed_question".into()));
        let (question, party) = ("Why?".into(), Some(Author::System));
        let of_the_system =
            AccessQueried { receipt: RECEIPT, question, party, answer_by: None, deciders: vec![] }.into();
        assert_eq!(escalate(&[of_the_system], None, late), Err("an_agencys_look".into()));
    }
}
