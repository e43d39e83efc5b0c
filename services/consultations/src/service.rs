//! One method for each RPC: read the fields, call, answer.

use domain::consultation::{
    AddressAgendaItem, AgreeDecision, CancelConsultation, CloseConsultation, DecideWithoutPerson, DeferAgendaItem,
    Mode, ObjectToDecision, OfferOption, ProposeDecision, RaiseAgendaItem, RecordPersonView, RequestConsultation,
    WithoutPersonGround,
};
use proto::consultations::v1 as pb;
use proto::consultations::v1::consultation_service_server::ConsultationService;
use tonic::{Request, Response, Status};

use crate::Consultations;

#[tonic::async_trait]
impl ConsultationService for Consultations {
    async fn request_consultation(
        &self,
        request: Request<pb::RequestConsultationRequest>,
    ) -> Result<Response<pb::RequestConsultationResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Self::contribution(&extensions, &m.request_id, &m.person_id)?;
        let mode = rpc::one_of("mode", m.mode, Mode::from_code)?;
        let id = Self::new_id(&contribution)?;
        let requested = self.take_part(&contribution, id, |p| RequestConsultation {
            person: p.person,
            author: p.author,
            mode,
            topic: m.topic.clone(),
        });
        let (_, committed) = requested.await?;
        let position = committed.position.0;
        Ok(Response::new(pb::RequestConsultationResponse { position, consultation_id: id.to_string() }))
    }

    async fn list_my_consultations(
        &self,
        request: Request<pb::ListMyConsultationsRequest>,
    ) -> Result<Response<pb::ListMyConsultationsResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        Ok(Response::new(self.mine(&extensions, message).await?))
    }

    async fn list_consultations(
        &self,
        request: Request<pb::ListConsultationsRequest>,
    ) -> Result<Response<pb::ListConsultationsResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        Ok(Response::new(self.shared(&extensions, message).await?))
    }

    async fn raise_agenda_item(
        &self,
        request: Request<pb::RaiseAgendaItemRequest>,
    ) -> Result<Response<pb::RaiseAgendaItemResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Self::contribution(&extensions, &m.request_id, &m.person_id)?;
        let consultation = rpc::id("consultation_id", &m.consultation_id)?;
        let taken = self.take_part(&contribution, consultation, |p| RaiseAgendaItem {
            person: p.person,
            item: p.new,
            author: p.author,
            text: m.text.clone(),
        });
        let (new, committed) = taken.await?;
        Ok(Response::new(pb::RaiseAgendaItemResponse { position: committed.position.0, item_id: new.to_string() }))
    }

    async fn address_agenda_item(
        &self,
        request: Request<pb::AddressAgendaItemRequest>,
    ) -> Result<Response<pb::AddressAgendaItemResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Self::contribution(&extensions, &m.request_id, &m.person_id)?;
        let consultation = rpc::id("consultation_id", &m.consultation_id)?;
        let item = rpc::id("item_id", &m.item_id)?;
        let taken = self.take_part(&contribution, consultation, |p| AddressAgendaItem {
            person: p.person,
            item,
            author: p.author,
            note: m.note.clone(),
        });
        let (_, committed) = taken.await?;
        Ok(Response::new(pb::AddressAgendaItemResponse { position: committed.position.0 }))
    }

    async fn defer_agenda_item(
        &self,
        request: Request<pb::DeferAgendaItemRequest>,
    ) -> Result<Response<pb::DeferAgendaItemResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Self::contribution(&extensions, &m.request_id, &m.person_id)?;
        let consultation = rpc::id("consultation_id", &m.consultation_id)?;
        let item = rpc::id("item_id", &m.item_id)?;
        let taken = self.take_part(&contribution, consultation, |p| DeferAgendaItem {
            person: p.person,
            item,
            author: p.author,
        });
        let (_, committed) = taken.await?;
        Ok(Response::new(pb::DeferAgendaItemResponse { position: committed.position.0 }))
    }

    async fn offer_option(
        &self,
        request: Request<pb::OfferOptionRequest>,
    ) -> Result<Response<pb::OfferOptionResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Self::contribution(&extensions, &m.request_id, &m.person_id)?;
        let consultation = rpc::id("consultation_id", &m.consultation_id)?;
        let taken = self.take_part(&contribution, consultation, |p| OfferOption {
            person: p.person,
            option: p.new,
            author: p.author,
            text: m.text.clone(),
            benefits: m.benefits.clone(),
            risks: m.risks.clone(),
        });
        let (new, committed) = taken.await?;
        Ok(Response::new(pb::OfferOptionResponse { position: committed.position.0, option_id: new.to_string() }))
    }

    async fn record_person_view(
        &self,
        request: Request<pb::RecordPersonViewRequest>,
    ) -> Result<Response<pb::RecordPersonViewResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Self::contribution(&extensions, &m.request_id, "")?;
        let consultation = rpc::id("consultation_id", &m.consultation_id)?;
        let taken = self
            .take_part(&contribution, consultation, |p| RecordPersonView { person: p.person, view: m.view.clone() });
        let (_, committed) = taken.await?;
        Ok(Response::new(pb::RecordPersonViewResponse { position: committed.position.0 }))
    }

    async fn propose_decision(
        &self,
        request: Request<pb::ProposeDecisionRequest>,
    ) -> Result<Response<pb::ProposeDecisionResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Self::contribution(&extensions, &m.request_id, &m.person_id)?;
        let consultation = rpc::id("consultation_id", &m.consultation_id)?;
        let taken = self.take_part(&contribution, consultation, |p| ProposeDecision {
            person: p.person,
            decision: p.new,
            author: p.author,
            text: m.text.clone(),
        });
        let (new, committed) = taken.await?;
        Ok(Response::new(pb::ProposeDecisionResponse { position: committed.position.0, decision_id: new.to_string() }))
    }

    async fn agree_decision(
        &self,
        request: Request<pb::AgreeDecisionRequest>,
    ) -> Result<Response<pb::AgreeDecisionResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Self::contribution(&extensions, &m.request_id, "")?;
        let consultation = rpc::id("consultation_id", &m.consultation_id)?;
        let decision = rpc::id("decision_id", &m.decision_id)?;
        let taken = self.take_part(&contribution, consultation, |p| AgreeDecision { person: p.person, decision });
        let (_, committed) = taken.await?;
        Ok(Response::new(pb::AgreeDecisionResponse { position: committed.position.0 }))
    }

    async fn object_to_decision(
        &self,
        request: Request<pb::ObjectToDecisionRequest>,
    ) -> Result<Response<pb::ObjectToDecisionResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Self::contribution(&extensions, &m.request_id, "")?;
        let consultation = rpc::id("consultation_id", &m.consultation_id)?;
        let decision = rpc::id("decision_id", &m.decision_id)?;
        let taken = self.take_part(&contribution, consultation, |p| ObjectToDecision {
            person: p.person,
            decision,
            reason: m.reason.clone(),
        });
        let (_, committed) = taken.await?;
        Ok(Response::new(pb::ObjectToDecisionResponse { position: committed.position.0 }))
    }

    async fn decide_without_person(
        &self,
        request: Request<pb::DecideWithoutPersonRequest>,
    ) -> Result<Response<pb::DecideWithoutPersonResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Self::contribution(&extensions, &m.request_id, &m.person_id)?;
        let consultation = rpc::id("consultation_id", &m.consultation_id)?;
        let decision = rpc::id("decision_id", &m.decision_id)?;
        let ground = rpc::one_of("ground", m.ground, WithoutPersonGround::from_code)?;
        let taken = self.take_part(&contribution, consultation, |p| DecideWithoutPerson {
            person: p.person,
            decision,
            author: p.author,
            ground,
            evidence: m.evidence.clone(),
        });
        let (_, committed) = taken.await?;
        Ok(Response::new(pb::DecideWithoutPersonResponse { position: committed.position.0 }))
    }

    async fn close_consultation(
        &self,
        request: Request<pb::CloseConsultationRequest>,
    ) -> Result<Response<pb::CloseConsultationResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Self::contribution(&extensions, &m.request_id, &m.person_id)?;
        let consultation = rpc::id("consultation_id", &m.consultation_id)?;
        let taken =
            self.take_part(&contribution, consultation, |p| CloseConsultation { person: p.person, author: p.author });
        let (_, committed) = taken.await?;
        Ok(Response::new(pb::CloseConsultationResponse { position: committed.position.0 }))
    }

    async fn cancel_consultation(
        &self,
        request: Request<pb::CancelConsultationRequest>,
    ) -> Result<Response<pb::CancelConsultationResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Self::contribution(&extensions, &m.request_id, &m.person_id)?;
        let consultation = rpc::id("consultation_id", &m.consultation_id)?;
        let taken = self.take_part(&contribution, consultation, |p| CancelConsultation {
            person: p.person,
            author: p.author,
            reason: m.reason.clone(),
        });
        let (_, committed) = taken.await?;
        Ok(Response::new(pb::CancelConsultationResponse { position: committed.position.0 }))
    }
}
