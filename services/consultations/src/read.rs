//! Reading consultations: one's own, or what somebody shares.

use std::collections::BTreeSet;

use domain::ids::PersonId;
use domain::vocabulary::{Author, Category, Sensitivity};
use gate::{Asked, Call, Disclosure};
use proto::consultations::v1 as pb;
use rpc::{Error, words};
use views::consultations::{
    self, ConsultationDoc, ConsultationState, Consultations as MyConsultations, DecisionState, ItemState,
};
use views::{Page, Pages};

use crate::Consultations;

impl Consultations {
    pub(crate) async fn mine(
        &self,
        call: &Call,
        message: pb::ListMyConsultationsRequest,
    ) -> Result<pb::ListMyConsultationsResponse, Error> {
        let person = call.person()?;
        let paging = call.pages(&message)?;
        let page = self.page(person, &paging.pages).await?;
        let receipt =
            self.gate.disclose_own(person, BTreeSet::from([Category::Consultations]), page.items.len()).await?;
        Ok(pb::ListMyConsultationsResponse {
            consultations: page.items.into_iter().map(to_wire).collect(),
            next_page_token: paging.next(page.next),
            position: page.position,
            receipt_id: receipt.to_string(),
        })
    }

    pub(crate) async fn shared(
        &self,
        call: &Call,
        message: pb::ListConsultationsRequest,
    ) -> Result<pb::ListConsultationsResponse, Error> {
        let by = call.worker()?;
        let person: PersonId = rpc::id("person_id", &message.person_id)?;
        let purpose = words::purpose(message.purpose)?;
        let asked = Asked { by, purpose, categories: vec![Category::Consultations] };
        let paging = call.pages(&message)?;
        let pages = &Pages { at_least: 0, ..paging.pages.clone() };
        // Waited for first: the decision is about the moment of the answer, not about one that the caller can move.
        self.views.reach::<MyConsultations>(message.at_least_position).await?;
        let answer = self.gate.disclose(&asked, person, |scope| async move {
            let covered = scope.covers(Category::Consultations, &Sensitivity::normal());
            let page = self.page(person, pages).await?;
            let position = page.position;
            let page = if covered { page } else { Page { items: vec![], next: None, position } };
            let entries = page.items.len();
            let categories = if entries == 0 { BTreeSet::new() } else { BTreeSet::from([Category::Consultations]) };
            Ok(Disclosure { answer: page, categories, entries, named_authors: false })
        });
        let (page, receipt) = answer.await?;
        Ok(pb::ListConsultationsResponse {
            consultations: page.items.into_iter().map(to_wire).collect(),
            next_page_token: paging.next(page.next),
            position: page.position,
            receipt_id: receipt.to_string(),
        })
    }

    async fn page(&self, person: PersonId, pages: &Pages) -> Result<Page<ConsultationDoc>, Error> {
        Ok(self.views.list::<MyConsultations>(&consultations::of_person(person), pages, |_| true).await?)
    }
}

fn to_wire(doc: ConsultationDoc) -> pb::Consultation {
    let state = match doc.state {
        ConsultationState::Open => pb::consultation::State::Open,
        ConsultationState::Closed => pb::consultation::State::Closed,
        ConsultationState::Cancelled => pb::consultation::State::Cancelled,
    };
    let agenda = doc.agenda.into_iter().map(|item| pb::AgendaItem {
        item_id: item.item.to_string(),
        text: item.text,
        raised_by_person: item.raised_by == Author::Person,
        state: match item.state {
            ItemState::Raised => pb::agenda_item::State::Raised,
            ItemState::Addressed => pb::agenda_item::State::Addressed,
            ItemState::Deferred => pb::agenda_item::State::Deferred,
        }
        .into(),
    });
    let options = doc.options.into_iter().map(|option| pb::Option {
        option_id: option.option.to_string(),
        text: option.text,
        benefits: option.benefits,
        risks: option.risks,
    });
    let decisions = doc.decisions.into_iter().map(|decision| pb::Decision {
        decision_id: decision.decision.to_string(),
        text: decision.text,
        state: match decision.state {
            DecisionState::Proposed => pb::decision::State::Proposed,
            DecisionState::Agreed => pb::decision::State::Agreed,
            DecisionState::Objected => pb::decision::State::Objected,
            DecisionState::WithoutPerson => pb::decision::State::WithoutPerson,
        }
        .into(),
        reason: decision.reason,
    });
    pb::Consultation {
        consultation_id: doc.consultation.to_string(),
        mode: i32::from(doc.mode.code()),
        topic: doc.topic,
        state: state.into(),
        agenda: agenda.collect(),
        options: options.collect(),
        views: doc.views,
        decisions: decisions.collect(),
        requested_at: Some(words::timestamp(doc.requested_at)),
    }
}
