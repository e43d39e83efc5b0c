//! A row for each RPC, and taking part in a consultation.

use std::collections::BTreeSet;

use domain::access::Contribute;
use domain::consultation::{
    AddressAgendaItem, AgreeDecision, CancelConsultation, Circle, CloseConsultation, Consultation, DecideWithoutPerson,
    DeclineToTakePart, DeferAgendaItem, DisputeOutcome, Mode, ObjectToDecision, OfferOption, Outcome, ProposeDecision,
    RaiseAgendaItem, RecordPersonView, ReportOutcome, RequestConsultation, RevealInformation,
    ReviewWithheldInformation, ScheduleConsultation, ShareConsultation, ShareInformation, TakeBackAnswer, TakeBackView,
    WithdrawDecision, WithheldGround, WithholdInformation, WithoutPersonGround,
};
use domain::ids::{ConsultationId, EntryId, StaffId};
use domain::issuers::{Only, Parts, Register};
use domain::sharing::Sharing;
use domain::staff::Staff;
use domain::vocabulary::{Level, OnTheirWord, Purpose, Sensitivity, Worker};
use engine::{Freshness, Loaded};
use gate::{Call, Contribution};
use proto::access::v1::Sensitivity as WireSensitivity;
use proto::consultations::v1 as pb;
use proto::consultations::v1::consultation_service_server::ConsultationService;
use rpc::{Error, words};

use crate::Consultations;

gate::service! { ConsultationService for Consultations {
    request_consultation(RequestConsultationRequest) -> RequestConsultationResponse: request,
    list_my_consultations(ListMyConsultationsRequest) -> ListMyConsultationsResponse: mine,
    list_consultations(ListConsultationsRequest) -> ListConsultationsResponse: shared,
    get_my_consultation(GetMyConsultationRequest) -> GetMyConsultationResponse: get_mine,
    get_consultation(GetConsultationRequest) -> GetConsultationResponse: get_shared,
    raise_agenda_item(RaiseAgendaItemRequest) -> RaiseAgendaItemResponse: raise,
    address_agenda_item(AddressAgendaItemRequest) -> AddressAgendaItemResponse: address,
    defer_agenda_item(DeferAgendaItemRequest) -> DeferAgendaItemResponse: defer,
    offer_option(OfferOptionRequest) -> OfferOptionResponse: offer,
    record_person_view(RecordPersonViewRequest) -> RecordPersonViewResponse: record_view,
    propose_decision(ProposeDecisionRequest) -> ProposeDecisionResponse: propose,
    agree_decision(AgreeDecisionRequest) -> AgreeDecisionResponse: agree,
    object_to_decision(ObjectToDecisionRequest) -> ObjectToDecisionResponse: object,
    take_back_answer(TakeBackAnswerRequest) -> TakeBackAnswerResponse: take_back,
    decide_without_person(DecideWithoutPersonRequest) -> DecideWithoutPersonResponse: decide,
    share_consultation(ShareConsultationRequest) -> ShareConsultationResponse: share,
    schedule_consultation(ScheduleConsultationRequest) -> ScheduleConsultationResponse: schedule,
    share_information(ShareInformationRequest) -> ShareInformationResponse: tell,
    withhold_information(WithholdInformationRequest) -> WithholdInformationResponse: withhold,
    decline_to_take_part(DeclineToTakePartRequest) -> DeclineToTakePartResponse: decline,
    withdraw_decision(WithdrawDecisionRequest) -> WithdrawDecisionResponse: withdraw,
    report_outcome(ReportOutcomeRequest) -> ReportOutcomeResponse: report,
    take_back_view(TakeBackViewRequest) -> TakeBackViewResponse: take_back_view,
    dispute_outcome(DisputeOutcomeRequest) -> DisputeOutcomeResponse: dispute,
    reveal_information(RevealInformationRequest) -> RevealInformationResponse: reveal,
    review_withheld_information(ReviewWithheldInformationRequest) -> ReviewWithheldInformationResponse: review,
    invite_participant(InviteParticipantRequest) -> InviteParticipantResponse: invite,
    respond_to_invitation(RespondToInvitationRequest) -> RespondToInvitationResponse: respond,
    take_to_advocate(TakeToAdvocateRequest) -> TakeToAdvocateResponse: take_to_advocate,
    answer_as_advocate(AnswerAsAdvocateRequest) -> AnswerAsAdvocateResponse: answer_as_advocate,
    close_consultation(CloseConsultationRequest) -> CloseConsultationResponse: close,
    cancel_consultation(CancelConsultationRequest) -> CancelConsultationResponse: cancel,
} }

/// What is said of a level that the person gives to what they begin.
const KEPT: &str =
    "what you begin is very restricted until you share it: leave this out, and say it with `ShareConsultation`";

/// How sensitive something is by itself, if that is said.
fn own(wire: Option<WireSensitivity>) -> Result<Option<Sensitivity>, Error> {
    wire.map(|wire| words::sensitivity(Some(wire))).transpose()
}

impl Consultations {
    /// Who takes part. Staff do so to coordinate support.
    pub(crate) async fn taking_part(
        &self,
        call: &Call,
        request_id: &str,
        person_id: &str,
    ) -> Result<Contribution, Error> {
        self.gate.contribution(call, request_id, person_id, i32::from(Purpose::CareCoordination.code())).await
    }

    /// Takes part in a consultation: staff only as far as the person shares them.
    pub(crate) async fn take_part<C>(
        &self,
        wish: &Contribution,
        consultation_id: &str,
        command: C,
    ) -> Result<u64, Error>
    where
        C: Contribute<Aggregate = Consultation> + Clone + Send + Sync,
    {
        let id = rpc::id("consultation_id", consultation_id)?;
        Ok(self.gate.contribute(wish, id, command).await?.position.0)
    }

    async fn request(
        &self,
        call: &Call,
        m: pb::RequestConsultationRequest,
    ) -> Result<pb::RequestConsultationResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let id: ConsultationId = wish.context.new_id();
        let mode = rpc::one_of("mode", m.mode, Mode::from_code)?;
        let circle = self.circle(&wish, m.sensitivity, &m.staff_ids).await?;
        let command = RequestConsultation { person: wish.person, author: wish.author, mode, topic: m.topic, circle };
        let position = self.gate.contribute(&wish, id, command).await?.position.0;
        let consultation = self.begun(&wish, id, position).await;
        Ok(pb::RequestConsultationResponse { position, consultation_id: id.to_string(), consultation })
    }

    /// Who may see what is asked for. What the person begins is for those whom they name, who are there and whom they have not blocked.
    async fn circle(
        &self,
        wish: &Contribution,
        sensitivity: Option<WireSensitivity>,
        staff_ids: &[String],
    ) -> Result<Circle, Error> {
        let sensitivity = words::sensitivity(sensitivity)?;
        let named: BTreeSet<StaffId> = staff_ids.iter().map(|id| rpc::id("staff_ids", id)).collect::<Result<_, _>>()?;
        if wish.by.is_some() {
            // That only the person names somebody is told to whoever may ask at all.
            return Ok(Circle { sensitivity: Some(sensitivity), kept: !named.is_empty(), named });
        }
        if sensitivity.level != Level::Normal {
            return Err(Error::invalid("sensitivity.level", KEPT));
        }
        self.are_there(wish, "staff_ids", &named).await?;
        Ok(Circle::kept(sensitivity.labels, named))
    }

    /// Refuses workers who are not there any more, or whom the person has blocked. Returns the directive by which they are told.
    pub(crate) async fn are_there(
        &self,
        wish: &Contribution,
        field: &str,
        named: &BTreeSet<StaffId>,
    ) -> Result<Sharing, Error> {
        let engine = self.gate.engine();
        let standings = engine.load_each::<Staff>(&Vec::from_iter(named.iter().copied()), Freshness::Latest).await?;
        let sharing = engine.load::<Sharing>(wish.person, Freshness::Latest).await?;
        let register = engine.load::<Register>(Only, Freshness::Latest).await?;
        let sharing = register.resolve(&sharing);
        let is_there = |staff: &Loaded<Staff>| {
            let agency = staff.agency().filter(|agency| staff.works_for(*agency));
            agency.is_some_and(|agency| !sharing.shuts_out(Worker::new(agency, staff.id)))
        };
        if standings.iter().all(is_there) {
            return Ok(sharing.into_owned());
        }
        Err(Error::invalid(field, "must be of workers who are there now and whom you have not blocked"))
    }

    async fn share(
        &self,
        call: &Call,
        m: pb::ShareConsultationRequest,
    ) -> Result<pb::ShareConsultationResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, "").await?;
        let command = ShareConsultation { person: wish.person, sensitivity: words::sensitivity(m.sensitivity)? };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::ShareConsultationResponse { position })
    }

    async fn raise(&self, call: &Call, m: pb::RaiseAgendaItemRequest) -> Result<pb::RaiseAgendaItemResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let (person, author) = (wish.person, wish.author);
        let new: EntryId = wish.context.new_id();
        let command = RaiseAgendaItem { person, item: new, author, text: m.text };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::RaiseAgendaItemResponse { position, item_id: new.to_string() })
    }

    async fn address(
        &self,
        call: &Call,
        m: pb::AddressAgendaItemRequest,
    ) -> Result<pb::AddressAgendaItemResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let (person, author) = (wish.person, wish.author);
        let command = AddressAgendaItem { person, item: rpc::id("item_id", &m.item_id)?, author, note: m.note };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::AddressAgendaItemResponse { position })
    }

    async fn defer(&self, call: &Call, m: pb::DeferAgendaItemRequest) -> Result<pb::DeferAgendaItemResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let (person, author) = (wish.person, wish.author);
        let command = DeferAgendaItem { person, item: rpc::id("item_id", &m.item_id)?, author };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::DeferAgendaItemResponse { position })
    }

    async fn offer(&self, call: &Call, m: pb::OfferOptionRequest) -> Result<pb::OfferOptionResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let (person, author) = (wish.person, wish.author);
        let new: EntryId = wish.context.new_id();
        let (text, benefits, risks, sensitivity) = (m.text, m.benefits, m.risks, own(m.sensitivity)?);
        let command = OfferOption { person, option: new, author, text, benefits, risks, sensitivity };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::OfferOptionResponse { position, option_id: new.to_string() })
    }

    /// What the person says here themselves; or what a worker enters on their word, and says when and how they said it.
    async fn said_by_them(
        &self,
        call: &Call,
        (request_id, person_id): (&str, &str),
        account: String,
    ) -> Result<(Contribution, Option<OnTheirWord>), Error> {
        let wish = self.taking_part(call, request_id, person_id).await?;
        let word = match wish.by {
            Some(by) => Some(OnTheirWord::new(by.worker(), account)),
            None if account.is_empty() => None,
            None => return Err(Error::invalid("on_their_word", "is left out of what one says oneself")),
        };
        Ok((wish, word))
    }

    async fn record_view(
        &self,
        call: &Call,
        m: pb::RecordPersonViewRequest,
    ) -> Result<pb::RecordPersonViewResponse, Error> {
        let (wish, word) = self.said_by_them(call, (&m.request_id, &m.person_id), m.on_their_word).await?;
        let (person, entry): (_, EntryId) = (wish.person, wish.context.new_id());
        let (decision, sensitivity) = (rpc::optional_id("decision_id", &m.decision_id)?, own(m.sensitivity)?);
        let command = RecordPersonView { person, decision, view: m.view, sensitivity, entry, word };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::RecordPersonViewResponse { position, view_id: entry.to_string() })
    }

    async fn take_back_view(&self, call: &Call, m: pb::TakeBackViewRequest) -> Result<pb::TakeBackViewResponse, Error> {
        let (wish, word) = self.said_by_them(call, (&m.request_id, &m.person_id), m.on_their_word).await?;
        let (person, entry, parts) = (wish.person, rpc::id("view_id", &m.view_id)?, Parts::default());
        let command = TakeBackView { person, entry, word, parts };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::TakeBackViewResponse { position })
    }

    async fn propose(&self, call: &Call, m: pb::ProposeDecisionRequest) -> Result<pb::ProposeDecisionResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let (person, author) = (wish.person, wish.author);
        let new: EntryId = wish.context.new_id();
        let follow_up = m.follow_up_by.map(|at| words::from_timestamp("follow_up_by", at)).transpose()?;
        let now = wish.context.now;
        let command = ProposeDecision { person, decision: new, author, text: m.text, follow_up, now };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::ProposeDecisionResponse { position, decision_id: new.to_string() })
    }

    async fn agree(&self, call: &Call, m: pb::AgreeDecisionRequest) -> Result<pb::AgreeDecisionResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, "").await?;
        let person = wish.person;
        let command = AgreeDecision { person, decision: rpc::id("decision_id", &m.decision_id)? };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::AgreeDecisionResponse { position })
    }

    async fn object(&self, call: &Call, m: pb::ObjectToDecisionRequest) -> Result<pb::ObjectToDecisionResponse, Error> {
        let (wish, word) = self.said_by_them(call, (&m.request_id, &m.person_id), m.on_their_word).await?;
        let (person, decision) = (wish.person, rpc::id("decision_id", &m.decision_id)?);
        let command = ObjectToDecision { person, decision, reason: m.reason, word };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::ObjectToDecisionResponse { position })
    }

    async fn take_back(&self, call: &Call, m: pb::TakeBackAnswerRequest) -> Result<pb::TakeBackAnswerResponse, Error> {
        let (wish, word) = self.said_by_them(call, (&m.request_id, &m.person_id), m.on_their_word).await?;
        let (person, decision, parts) = (wish.person, rpc::id("decision_id", &m.decision_id)?, Parts::default());
        let command = TakeBackAnswer { person, decision, reason: m.reason, word, parts };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::TakeBackAnswerResponse { position })
    }

    async fn decide(
        &self,
        call: &Call,
        m: pb::DecideWithoutPersonRequest,
    ) -> Result<pb::DecideWithoutPersonResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let (person, author) = (wish.person, wish.author);
        let command = DecideWithoutPerson {
            person,
            decision: rpc::id("decision_id", &m.decision_id)?,
            author,
            ground: rpc::one_of("ground", m.ground, WithoutPersonGround::from_code)?,
            evidence: m.evidence,
            now: wish.context.now,
            elsewhere: vec![],
            parts: Parts::default(),
        };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::DecideWithoutPersonResponse { position })
    }

    async fn schedule(
        &self,
        call: &Call,
        m: pb::ScheduleConsultationRequest,
    ) -> Result<pb::ScheduleConsultationResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let (person, author, now) = (wish.person, wish.author, wish.context.now);
        let at = words::from_timestamp("at", m.at.unwrap_or_default())?;
        let command = ScheduleConsultation { person, author, at, place: m.place, now };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::ScheduleConsultationResponse { position })
    }

    async fn tell(&self, call: &Call, m: pb::ShareInformationRequest) -> Result<pb::ShareInformationResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let (person, author) = (wish.person, wish.author);
        let new: EntryId = wish.context.new_id();
        let command = ShareInformation { person, information: new, author, text: m.text };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::ShareInformationResponse { position, information_id: new.to_string() })
    }

    async fn withhold(
        &self,
        call: &Call,
        m: pb::WithholdInformationRequest,
    ) -> Result<pb::WithholdInformationResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let new: EntryId = wish.context.new_id();
        let command = WithholdInformation {
            person: wish.person,
            information: new,
            author: wish.author,
            ground: rpc::one_of("ground", m.ground, WithheldGround::from_code)?,
            reason: m.reason,
            review: words::from_timestamp("review_by", m.review_by.unwrap_or_default())?,
            now: wish.context.now,
        };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::WithholdInformationResponse { position, information_id: new.to_string() })
    }

    async fn decline(
        &self,
        call: &Call,
        m: pb::DeclineToTakePartRequest,
    ) -> Result<pb::DeclineToTakePartResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let (person, author) = (wish.person, wish.author);
        let decision = rpc::id("decision_id", &m.decision_id)?;
        let command = DeclineToTakePart { person, decision, author, words: m.words };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::DeclineToTakePartResponse { position })
    }

    async fn withdraw(
        &self,
        call: &Call,
        m: pb::WithdrawDecisionRequest,
    ) -> Result<pb::WithdrawDecisionResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let (person, author) = (wish.person, wish.author);
        let decision = rpc::id("decision_id", &m.decision_id)?;
        let command = WithdrawDecision { person, decision, author, reason: m.reason, parts: Parts::default() };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::WithdrawDecisionResponse { position })
    }

    async fn report(&self, call: &Call, m: pb::ReportOutcomeRequest) -> Result<pb::ReportOutcomeResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let (person, author) = (wish.person, wish.author);
        let command = ReportOutcome {
            person,
            decision: rpc::id("decision_id", &m.decision_id)?,
            author,
            outcome: rpc::one_of("outcome", m.outcome, Outcome::from_code)?,
            words: m.words,
        };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::ReportOutcomeResponse { position })
    }

    async fn reveal(
        &self,
        call: &Call,
        m: pb::RevealInformationRequest,
    ) -> Result<pb::RevealInformationResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let (person, author, parts) = (wish.person, wish.author, Parts::default());
        let information = rpc::id("information_id", &m.information_id)?;
        let command = RevealInformation { person, information, author, text: m.text, parts };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::RevealInformationResponse { position })
    }

    async fn review(
        &self,
        call: &Call,
        m: pb::ReviewWithheldInformationRequest,
    ) -> Result<pb::ReviewWithheldInformationResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let command = ReviewWithheldInformation {
            person: wish.person,
            information: rpc::id("information_id", &m.information_id)?,
            author: wish.author,
            ground: rpc::one_of("ground", m.ground, WithheldGround::from_code)?,
            reason: m.reason,
            review: words::from_timestamp("review_by", m.review_by.unwrap_or_default())?,
            now: wish.context.now,
            parts: Parts::default(),
        };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::ReviewWithheldInformationResponse { position })
    }

    async fn dispute(&self, call: &Call, m: pb::DisputeOutcomeRequest) -> Result<pb::DisputeOutcomeResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, "").await?;
        let (person, decision) = (wish.person, rpc::id("decision_id", &m.decision_id)?);
        let command = DisputeOutcome { person, decision, words: m.words };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::DisputeOutcomeResponse { position })
    }

    async fn close(
        &self,
        call: &Call,
        m: pb::CloseConsultationRequest,
    ) -> Result<pb::CloseConsultationResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let (person, author) = (wish.person, wish.author);
        let command = CloseConsultation { person, author };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::CloseConsultationResponse { position })
    }

    async fn cancel(
        &self,
        call: &Call,
        m: pb::CancelConsultationRequest,
    ) -> Result<pb::CancelConsultationResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let (person, author) = (wish.person, wish.author);
        let command = CancelConsultation { person, author, reason: m.reason };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::CancelConsultationResponse { position })
    }
}
