//! A consultation, from what is asked to "you said, we did".

use anyhow::{Context as _, ensure};
use client::request_id;
use proto::consultations::v1::{
    AddressAgendaItemRequest, AgreeDecisionRequest, CancelConsultationRequest, CloseConsultationRequest, Consultation,
    ListMyConsultationsRequest, Mode, ObjectToDecisionRequest, OfferOptionRequest, Outcome, ProposeDecisionRequest,
    RaiseAgendaItemRequest, RecordPersonViewRequest, ReportOutcomeRequest, RequestConsultationRequest,
    WithdrawDecisionRequest, consultation, decision,
};
use tonic::Code;

use super::cast::Cast;
use super::chapters::Tell;
use super::refused;

/// The consultation that the chapter is about, for both who take part.
struct Held<'a> {
    cast: &'a Cast,
    consultation_id: String,
}

impl<'a> Held<'a> {
    async fn asked(cast: &'a Cast) -> anyhow::Result<Self> {
        let ask = RequestConsultationRequest {
            request_id: request_id(),
            person_id: cast.person_id.clone(),
            mode: Mode::Involve.into(),
            topic: "Visits".into(),
            ..RequestConsultationRequest::default()
        };
        let asked = cast.supporter.client.consultations().request_consultation(ask).await?.into_inner();
        let held = Self { cast, consultation_id: asked.consultation_id };
        for (text, risks) in [("Visits in the morning", "An early start"), ("Visits in the evening", "No evenings")] {
            let offer = OfferOptionRequest {
                request_id: request_id(),
                person_id: cast.person_id.clone(),
                consultation_id: held.consultation_id.clone(),
                text: text.into(),
                risks: risks.into(),
                ..OfferOptionRequest::default()
            };
            cast.supporter.client.consultations().offer_option(offer).await?;
        }
        Ok(held)
    }

    async fn proposed(&self, text: &str) -> anyhow::Result<String> {
        let propose = ProposeDecisionRequest {
            request_id: request_id(),
            person_id: self.cast.person_id.clone(),
            consultation_id: self.consultation_id.clone(),
            text: text.into(),
            ..ProposeDecisionRequest::default()
        };
        let staff = &self.cast.supporter.client;
        Ok(staff.consultations().propose_decision(propose).await?.into_inner().decision_id)
    }

    fn agree(&self, decision_id: &str) -> AgreeDecisionRequest {
        let (consultation_id, decision_id) = (self.consultation_id.clone(), decision_id.to_owned());
        AgreeDecisionRequest { request_id: request_id(), consultation_id, decision_id }
    }

    /// The person, who has no screen at hand, objects on their word; nobody can end it over their head, and whoever proposed takes it back.
    async fn objected(&self, decision_id: &str, tell: Tell<'_>) -> anyhow::Result<()> {
        let (staff, person_id) = (&self.cast.supporter.client, || self.cast.person_id.clone());
        let (consultation_id, decision_id) = (|| self.consultation_id.clone(), || decision_id.to_owned());
        let object = ObjectToDecisionRequest {
            request_id: request_id(),
            consultation_id: consultation_id(),
            decision_id: decision_id(),
            reason: "Evenings are when my sister rings".into(),
            person_id: person_id(),
            on_their_word: "told me on the stairs on Tuesday, when the lift was broken".into(),
        };
        staff.consultations().object_to_decision(object).await?;
        let name = &self.cast.supporter.party.name;
        tell(&format!(
            "Without a screen it works, too: {name} enters that {} objects, on their word, and it is marked so.",
            self.cast.name
        ));
        let cancel = CancelConsultationRequest {
            request_id: request_id(),
            person_id: person_id(),
            consultation_id: consultation_id(),
            reason: "No agreement".into(),
        };
        let cancelled = staff.consultations().cancel_consultation(cancel).await;
        let standing = refused(cancelled, Code::FailedPrecondition, "RULE_REFUSED")?;
        tell("An objection stands: the conversation cannot be dropped.");
        tell(&format!("  > {}", standing.message()));
        let withdraw = WithdrawDecisionRequest {
            request_id: request_id(),
            person_id: person_id(),
            consultation_id: consultation_id(),
            decision_id: decision_id(),
            reason: "We heard you: the evenings stay yours".into(),
        };
        staff.consultations().withdraw_decision(withdraw).await?;
        Ok(())
    }

    /// The person says what they think of a decision, and agrees to it.
    async fn agreed(&self, decision_id: &str, tell: Tell<'_>) -> anyhow::Result<()> {
        let person = &self.cast.person;
        let early = person.consultations().agree_decision(self.agree(decision_id)).await;
        let early = refused(early, Code::FailedPrecondition, "RULE_REFUSED")?;
        tell("A decision cannot be settled before the person's own view of it is recorded:");
        tell(&format!("  > {}", early.message()));
        let view = RecordPersonViewRequest {
            request_id: request_id(),
            consultation_id: self.consultation_id.clone(),
            decision_id: decision_id.to_owned(),
            view: "Mornings suit me if the evenings stay mine".to_owned(),
            ..RecordPersonViewRequest::default()
        };
        person.consultations().record_person_view(view).await?;
        person.consultations().agree_decision(self.agree(decision_id)).await?;
        Ok(())
    }

    /// It is closed, once the person says that what they raised was talked about.
    async fn closed(&self, item_id: String, tell: Tell<'_>) -> anyhow::Result<()> {
        let close = || CloseConsultationRequest {
            request_id: request_id(),
            person_id: self.cast.person_id.clone(),
            consultation_id: self.consultation_id.clone(),
        };
        let staff = &self.cast.supporter.client;
        let open =
            refused(staff.consultations().close_consultation(close()).await, Code::FailedPrecondition, "RULE_REFUSED")?;
        tell("Nor can the conversation be closed over their head:");
        tell(&format!("  > {}", open.message()));
        let addressed = AddressAgendaItemRequest {
            request_id: request_id(),
            consultation_id: self.consultation_id.clone(),
            item_id,
            note: "We talked about it".into(),
            ..AddressAgendaItemRequest::default()
        };
        self.cast.person.consultations().address_agenda_item(addressed).await?;
        staff.consultations().close_consultation(close()).await?;
        Ok(())
    }

    /// As the person reads it.
    async fn read(&self, at_least_position: u64) -> anyhow::Result<Consultation> {
        let mine = ListMyConsultationsRequest { at_least_position, ..ListMyConsultationsRequest::default() };
        let mine = self.cast.person.consultations().list_my_consultations(mine).await?.into_inner().consultations;
        let held = mine.into_iter().find(|c| c.consultation_id == self.consultation_id);
        held.context("the person sees the consultation")
    }
}

pub(super) async fn with_the_person(cast: &Cast, tell: Tell<'_>) -> anyhow::Result<()> {
    tell("");
    tell("## A decision, with the person");
    tell("");
    let held = Held::asked(cast).await?;
    let evenings = held.proposed("Visits in the evening").await?;
    held.objected(&evenings, tell).await?;
    let raise = RaiseAgendaItemRequest {
        request_id: request_id(),
        consultation_id: held.consultation_id.clone(),
        text: "My evenings".into(),
        ..RaiseAgendaItemRequest::default()
    };
    let item_id = cast.person.consultations().raise_agenda_item(raise).await?.into_inner().item_id;
    let mornings = held.proposed("Visits in the morning, evenings left free").await?;
    held.agreed(&mornings, tell).await?;
    held.closed(item_id, tell).await?;
    let report = ReportOutcomeRequest {
        request_id: request_id(),
        person_id: cast.person_id.clone(),
        consultation_id: held.consultation_id.clone(),
        decision_id: mornings,
        outcome: Outcome::Done.into(),
        words: "Since Monday we come at nine, and not after five".into(),
    };
    let told = cast.supporter.client.consultations().report_outcome(report).await?.into_inner();
    let read = held.read(told.position).await?;
    ensure!(read.state() == consultation::State::Closed, "the consultation is closed");
    let agreed = read.decisions.iter().find(|decision| decision.state() == decision::State::Agreed);
    let agreed = agreed.context("one was agreed")?;
    let (report, settled) = (agreed.reports.first().context("it was told")?, agreed.settled_by.as_ref());
    ensure!(settled.is_some() && !agreed.overdue, "by whom, and nothing is overdue");
    tell(&format!("{} gives their view, agrees, says that their point was heard, and later reads:", cast.name));
    tell(&format!("  * you said: \"{}\"", read.views.last().map(|view| &*view.words).unwrap_or_default()));
    tell(&format!("  * we did: \"{}\"", report.words));
    Ok(())
}
