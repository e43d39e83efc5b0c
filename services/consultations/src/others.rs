//! Who else takes part: whom somebody invites, and the advocate whom the person asks.

use std::collections::BTreeSet;

use domain::agency::Agency;
use domain::consultation::{AnswerAsAdvocate, InviteParticipant, RespondToInvitation, TakeToAdvocate};
use domain::ids::{AgencyId, StaffId};
use domain::issuers::{Only, Parts, Register};
use domain::sharing::Sharing;
use domain::staff::Staff;
use domain::vocabulary::Worker;
use engine::Freshness;
use gate::Call;
use proto::consultations::v1 as pb;
use rpc::Error;

use crate::Consultations;

impl Consultations {
    pub(crate) async fn invite(
        &self,
        call: &Call,
        m: pb::InviteParticipantRequest,
    ) -> Result<pb::InviteParticipantResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let staff: StaffId = rpc::id("staff_id", &m.staff_id)?;
        if wish.by.is_none() {
            let sharing = self.are_there(&wish, "staff_id", &BTreeSet::from([staff])).await?;
            // Nobody else would see it; and whom they have not met they would be told the name of.
            if !sharing.supporters().any(|worker| worker.staff() == staff) {
                return Err(Error::invalid("staff_id", "must be of somebody who supports you"));
            }
        }
        // Of whom a worker names only that they are known is told: not whether they are there, nor whether the person has blocked them.
        let agency = self.gate.engine().load::<Staff>(staff, Freshness::Latest).await?.agency();
        let (person, author) = (wish.person, wish.author);
        let command = InviteParticipant { person, author, worker: agency.map(|agency| Worker::new(agency, staff)) };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::InviteParticipantResponse { position })
    }

    pub(crate) async fn respond(
        &self,
        call: &Call,
        m: pb::RespondToInvitationRequest,
    ) -> Result<pb::RespondToInvitationResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let (person, author) = (wish.person, wish.author);
        let command = RespondToInvitation { person, author, comes: m.comes, words: m.words };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::RespondToInvitationResponse { position })
    }

    pub(crate) async fn take_to_advocate(
        &self,
        call: &Call,
        m: pb::TakeToAdvocateRequest,
    ) -> Result<pb::TakeToAdvocateResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, "").await?;
        let agency: AgencyId = rpc::id("agency_id", &m.agency_id)?;
        let engine = self.gate.engine();
        let is_advocacy = engine.load::<Agency>(agency, Freshness::Latest).await?.is_advocacy();
        let sharing = engine.load::<Sharing>(wish.person, Freshness::Latest).await?;
        let register = engine.load::<Register>(Only, Freshness::Latest).await?;
        let (sharing, parts) = (register.resolve(&sharing), register.parts().clone());
        let speaks = |worker: &Worker| parts.are_one(worker.agency(), agency) && !sharing.shuts_out(*worker);
        let supporters = sharing.supporters().filter(speaks).map(|worker| worker.staff()).collect();
        let (person, decision, now) = (wish.person, rpc::id("decision_id", &m.decision_id)?, wish.context.now);
        let words = m.words;
        let command = TakeToAdvocate { person, decision, agency, is_advocacy, supporters, parts, words, now };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::TakeToAdvocateResponse { position })
    }

    pub(crate) async fn answer_as_advocate(
        &self,
        call: &Call,
        m: pb::AnswerAsAdvocateRequest,
    ) -> Result<pb::AnswerAsAdvocateResponse, Error> {
        let wish = self.taking_part(call, &m.request_id, &m.person_id).await?;
        let (person, author, decision) = (wish.person, wish.author, rpc::id("decision_id", &m.decision_id)?);
        let command = AnswerAsAdvocate { person, decision, author, words: m.words, parts: Parts::default() };
        let position = self.take_part(&wish, &m.consultation_id, command).await?;
        Ok(pb::AnswerAsAdvocateResponse { position })
    }
}
