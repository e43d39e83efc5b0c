//! A consultation held with the person, from when people meet to what came of it, and what staff cannot do over their head.

use std::sync::atomic::{AtomicU64, Ordering};

use client::request_id;
use proto::consultations::v1::{
    AgreeDecisionRequest, CancelConsultationRequest, Consultation, DecideWithoutPersonRequest,
    DeclineToTakePartRequest, DisputeOutcomeRequest, ListMyConsultationsRequest, Mode, ObjectToDecisionRequest,
    Outcome, ProposeDecisionRequest, RecordPersonViewRequest, ReportOutcomeRequest, RequestConsultationRequest,
    RevealInformationRequest, ReviewWithheldInformationRequest, ScheduleConsultationRequest, ShareInformationRequest,
    WithheldGround, WithholdInformationRequest, WithoutPersonGround, decision, said,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::world::{Callers, Supported, in_days, rule};

/// A consultation that the worker asked for.
pub(crate) struct Held<'a> {
    callers: &'a Callers,
    person_id: String,
    pub(crate) consultation_id: String,
    /// Where the last change is.
    position: AtomicU64,
}

impl<'a> Held<'a> {
    pub(crate) async fn asked(callers: &'a Callers, mode: Mode) -> Self {
        Self::asked_by(&callers.worker, callers, mode).await
    }

    pub(crate) async fn asked_by(by: &client::Client, callers: &'a Callers, mode: Mode) -> Self {
        let person_id = callers.pair.person_id();
        let ask = RequestConsultationRequest {
            request_id: request_id(),
            person_id: person_id.clone(),
            mode: mode.into(),
            topic: "Visits".into(),
            ..Default::default()
        };
        let asked = by.consultations().request_consultation(ask).await.unwrap().into_inner();
        Self { callers, person_id, consultation_id: asked.consultation_id, position: asked.position.into() }
    }

    pub(crate) fn at(&self, position: u64) {
        self.position.fetch_max(position, Ordering::Relaxed);
    }

    pub(crate) async fn proposed(&self, follow_up_by: Option<prost_types::Timestamp>) -> Result<String, Status> {
        let (person_id, consultation_id) = (self.person_id.clone(), self.consultation_id.clone());
        let (request_id, text) = (request_id(), "Visits in the morning".into());
        let propose = ProposeDecisionRequest { request_id, person_id, consultation_id, text, follow_up_by };
        let proposed = self.callers.worker.consultations().propose_decision(propose).await?;
        Ok(proposed.into_inner().decision_id)
    }

    async fn viewed(&self, decision_id: &str) {
        let view = RecordPersonViewRequest {
            request_id: request_id(),
            consultation_id: self.consultation_id.clone(),
            decision_id: decision_id.to_owned(),
            view: "Mornings suit me".into(),
            ..Default::default()
        };
        self.callers.person.consultations().record_person_view(view).await.unwrap();
    }

    async fn agree(&self, decision_id: &str) -> Result<(), Status> {
        let (consultation_id, decision_id) = (self.consultation_id.clone(), decision_id.to_owned());
        let agree = AgreeDecisionRequest { request_id: request_id(), consultation_id, decision_id };
        self.callers.person.consultations().agree_decision(agree).await.map(|done| self.at(done.into_inner().position))
    }

    pub(crate) async fn objected(&self, decision_id: &str) {
        let object = ObjectToDecisionRequest {
            request_id: request_id(),
            consultation_id: self.consultation_id.clone(),
            decision_id: decision_id.to_owned(),
            reason: "Mornings are bad".into(),
            ..Default::default()
        };
        let objected = self.callers.person.consultations().object_to_decision(object).await.unwrap();
        self.at(objected.into_inner().position);
    }

    async fn declined(&self, by: &client::Client, decision_id: &str) {
        let decline = DeclineToTakePartRequest {
            request_id: request_id(),
            person_id: self.person_id.clone(),
            consultation_id: self.consultation_id.clone(),
            decision_id: decision_id.to_owned(),
            words: "told me on 3 March, in her kitchen".into(),
        };
        by.consultations().decline_to_take_part(decline).await.unwrap();
    }

    pub(crate) async fn decided_without(&self, decision_id: &str, ground: WithoutPersonGround) -> Result<(), Status> {
        let decide = DecideWithoutPersonRequest {
            request_id: request_id(),
            person_id: self.person_id.clone(),
            consultation_id: self.consultation_id.clone(),
            decision_id: decision_id.to_owned(),
            ground: ground.into(),
            evidence: "rang on 3, 4 and 6 March, wrote on 7 March".into(),
        };
        self.callers
            .worker
            .consultations()
            .decide_without_person(decide)
            .await
            .map(|done| self.at(done.into_inner().position))
    }

    async fn reported(&self, decision_id: &str) -> Result<(), Status> {
        let report = ReportOutcomeRequest {
            request_id: request_id(),
            person_id: self.person_id.clone(),
            consultation_id: self.consultation_id.clone(),
            decision_id: decision_id.to_owned(),
            outcome: Outcome::Partly.into(),
            words: "two mornings a week so far".into(),
        };
        self.callers.worker.consultations().report_outcome(report).await.map(|done| self.at(done.into_inner().position))
    }

    /// As the person reads it.
    pub(crate) async fn read(&self) -> Consultation {
        let at_least_position = self.position.load(Ordering::Relaxed);
        let mine = ListMyConsultationsRequest { at_least_position, ..Default::default() };
        let mine = self.callers.person.consultations().list_my_consultations(mine).await.unwrap().into_inner();
        mine.consultations.into_iter().find(|one| one.consultation_id == self.consultation_id).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_decision_names_who_proposed_who_agreed_when_and_what_came_of_it() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let held = Held::asked(callers, Mode::Consult).await;
    for (follow_up_by, field) in [(in_days(-1), "follow_up_by"), (in_days(900), "follow_up_by")] {
        let refused = held.proposed(follow_up_by).await.unwrap_err();
        assert_eq!(refused.get_details_bad_request().unwrap().field_violations[0].field, field);
    }
    held.viewed("").await;
    let follow_up_by = in_days(7);
    let decision = held.proposed(follow_up_by).await.unwrap();
    assert_eq!(rule(held.agree(&decision).await), "the_persons_view", "what was said before is not of this");
    held.viewed(&decision).await;
    assert_eq!(rule(held.reported(&decision).await), "settled_decision");
    held.agree(&decision).await.unwrap();
    held.reported(&decision).await.unwrap();
    let read = held.read().await;
    let views: Vec<_> = read.views.iter().map(|view| view.decision_id.as_str()).collect();
    assert_eq!(views, ["", decision.as_str()]);
    let read = &read.decisions[0];
    let name = |party: &Option<proto::access::v1::Party>| party.as_ref().unwrap().name.clone();
    assert!(!name(&read.proposed_by).is_empty() && name(&read.proposed_by) != name(&read.settled_by), "{read:?}");
    assert_eq!((read.state(), read.follow_up_by, read.overdue), (decision::State::Agreed, follow_up_by, false));
    assert!(read.proposed_at.is_some() && read.settled_at.is_some(), "{read:?}");
    let report = &read.reports[0];
    assert_eq!((report.outcome(), report.words.as_str()), (Outcome::Partly, "two mornings a week so far"));
    assert_eq!(name(&report.author), name(&read.proposed_by));
    // The person does not have to let it stand.
    let dispute = DisputeOutcomeRequest {
        request_id: request_id(),
        consultation_id: held.consultation_id.clone(),
        decision_id: decision.clone(),
        words: "nobody came".into(),
    };
    held.at(callers.person.consultations().dispute_outcome(dispute).await.unwrap().into_inner().position);
    let read = &held.read().await.decisions[0];
    let anew = read.follow_up_by.unwrap().seconds - read.reports[0].disputed_at.unwrap().seconds;
    assert_eq!((read.reports[0].disputed.as_str(), anew), ("nobody came", 28 * 24 * 60 * 60));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_person_reads_when_people_meet_what_is_told_and_what_is_kept_from_them() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let held = Held::asked(callers, Mode::Inform).await;
    let (person_id, consultation_id) = (|| held.person_id.clone(), || held.consultation_id.clone());
    let at = in_days(3);
    let schedule = ScheduleConsultationRequest {
        request_id: request_id(),
        person_id: person_id(),
        consultation_id: consultation_id(),
        at,
        place: "at your kitchen table".into(),
    };
    callers.worker.consultations().schedule_consultation(schedule.clone()).await.unwrap();
    let never = ScheduleConsultationRequest { request_id: request_id(), at: None, ..schedule };
    let never = callers.worker.consultations().schedule_consultation(never).await.unwrap_err();
    assert_eq!(never.get_details_bad_request().unwrap().field_violations[0].field, "at");
    let share = ShareInformationRequest {
        request_id: request_id(),
        person_id: person_id(),
        consultation_id: consultation_id(),
        text: "The scan shows nothing new".into(),
    };
    callers.worker.consultations().share_information(share).await.unwrap();
    let review_by = in_days(30);
    let withhold = WithholdInformationRequest {
        request_id: request_id(),
        person_id: person_id(),
        consultation_id: consultation_id(),
        ground: WithheldGround::AnotherPerson.into(),
        reason: "what somebody else said, who has not agreed".into(),
        review_by,
    };
    let withheld = callers.worker.consultations().withhold_information(withhold.clone()).await.unwrap();
    held.at(withheld.into_inner().position);
    // Without a ground or a date nothing is withheld, and nobody withholds for the person.
    let bad = async |withhold: WithholdInformationRequest| {
        callers.worker.consultations().withhold_information(withhold).await.unwrap_err().code()
    };
    let groundless = WithholdInformationRequest { request_id: request_id(), ground: 0, ..withhold.clone() };
    let endless = WithholdInformationRequest { request_id: request_id(), review_by: None, ..withhold.clone() };
    assert_eq!((bad(groundless).await, bad(endless).await), (Code::InvalidArgument, Code::InvalidArgument));
    let own = WithholdInformationRequest { request_id: request_id(), ..withhold };
    assert!(callers.person.consultations().withhold_information(own).await.is_err());
    let read = held.read().await;
    assert_eq!((read.scheduled_at, read.place.as_str()), (at, "at your kitchen table"));
    let [told, withheld] = &read.information[..] else { panic!("{read:?}") };
    assert_eq!((told.text.as_str(), told.ground()), ("The scan shows nothing new", WithheldGround::Unspecified));
    assert_eq!((withheld.text.as_str(), withheld.ground()), ("", WithheldGround::AnotherPerson));
    assert_eq!((withheld.review_by, withheld.author.as_ref().unwrap().name.is_empty()), (review_by, false));
    assert_eq!(rule(held.proposed(None).await), "inform_decides_nothing");
    told_in_the_end(&held, &withheld.information_id).await;
}

/// The agency that withheld something decides again, and tells it in the end.
async fn told_in_the_end(held: &Held<'_>, information_id: &str) {
    let review_by = in_days(60);
    let again = ReviewWithheldInformationRequest {
        request_id: request_id(),
        person_id: held.person_id.clone(),
        consultation_id: held.consultation_id.clone(),
        information_id: information_id.to_owned(),
        ground: WithheldGround::SeriousHarm.into(),
        reason: "they would come to harm if it were known".into(),
        review_by,
    };
    held.at(held
        .callers
        .worker
        .consultations()
        .review_withheld_information(again)
        .await
        .unwrap()
        .into_inner()
        .position);
    let read = &held.read().await.information[1];
    assert_eq!((read.ground(), read.review_by, read.overdue), (WithheldGround::SeriousHarm, review_by, false));
    let reveal = RevealInformationRequest {
        request_id: request_id(),
        person_id: held.person_id.clone(),
        consultation_id: held.consultation_id.clone(),
        information_id: information_id.to_owned(),
        text: "Your neighbour is worried about you".into(),
    };
    held.at(held.callers.worker.consultations().reveal_information(reveal).await.unwrap().into_inner().position);
    let read = held.read().await;
    assert_eq!((read.information.len(), read.information[1].ground()), (2, WithheldGround::Unspecified));
    assert_eq!(read.information[1].text, "Your neighbour is worried about you");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_gains_by_it_says_that_the_person_chose_not_to_take_part() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let held = Held::asked(callers, Mode::Consult).await;
    let decision = held.proposed(None).await.unwrap();
    let ground = WithoutPersonGround::ChoseNotTo;
    assert_eq!(rule(held.decided_without(&decision, ground).await), "the_persons_choice");
    held.declined(&callers.worker, &decision).await;
    assert_eq!(rule(held.decided_without(&decision, ground).await), "the_persons_choice");
    held.declined(&callers.person, &decision).await;
    held.decided_without(&decision, ground).await.unwrap();
    let read = held.read().await;
    let said: Vec<_> = read.said.iter().filter(|said| said.kind() == said::Kind::ParticipationDeclined).collect();
    assert_eq!(said.len(), 2, "each with its speaker: {said:?}");
    assert_ne!(said[0].author, said[1].author);
    assert!(read.decisions[0].follow_up_by.is_some(), "of this, too, they are told what came");
    // An objection stands beside what was decided: it still has to be told what came of it.
    let object = ObjectToDecisionRequest {
        request_id: request_id(),
        consultation_id: held.consultation_id.clone(),
        decision_id: decision.clone(),
        reason: "I did not say that".into(),
        ..Default::default()
    };
    held.at(callers.person.consultations().object_to_decision(object).await.unwrap().into_inner().position);
    let read = &held.read().await.decisions[0];
    assert_eq!((read.state(), read.objection.as_str()), (decision::State::WithoutPerson, "I did not say that"));
    assert!(read.follow_up_by.is_some() && read.settled_by.is_some(), "{read:?}");
    let cancel = CancelConsultationRequest {
        request_id: request_id(),
        person_id: held.person_id.clone(),
        consultation_id: held.consultation_id.clone(),
        reason: "no time".into(),
    };
    assert_eq!(rule(callers.worker.consultations().cancel_consultation(cancel).await), "objection_stands");
}
