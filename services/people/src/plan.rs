//! The plan: what stands in the way, proposed goals, check-ins, corrections.

use domain::agency::Agency;
use domain::ids::EntryId;
use domain::issuers::Parts;
use domain::person::{
    ActivatePlan, AdoptGoal, BarrierKind, CheckInWellbeing, ChooseNotToSay, CommunicationNeed, CorrectEntry,
    DeclineGoal, IdentifyBarrier, LiftBarrier, OwnBarrier, Owner, RateAction, SetContactPreferences,
};
use domain::staff::Staff;
use domain::values::Rating;
use domain::vocabulary::{Category, Sensitivity, Worker};
use engine::Freshness;
use gate::Call;
use proto::people::v1 as pb;
use proto::people::v1::agree_action_request::Who;
use rpc::{Error, words};

use crate::People;

impl People {
    /// Who does an action: somebody who is known here.
    pub(crate) async fn owner(&self, who: Option<Who>) -> Result<Option<Owner>, Error> {
        let engine = self.gate.engine();
        Ok(Some(match who {
            None => return Ok(None),
            Some(Who::ThePerson(true)) => Owner::Person,
            Some(Who::ThePerson(false)) => return Err(Error::invalid("the_person", "must be true, or somebody else")),
            Some(Who::StaffId(id)) => {
                let staff = rpc::id("staff_id", &id)?;
                let known = engine.load::<Staff>(staff, Freshness::Latest).await?;
                let agency = known.agency().filter(|agency| known.works_for(*agency));
                let agency =
                    agency.ok_or_else(|| Error::invalid("staff_id", "must be of a worker who is there now"))?;
                Owner::Worker(Worker::new(agency, staff))
            }
            Some(Who::AgencyId(id)) => {
                let agency = rpc::id("agency_id", &id)?;
                if !engine.load::<Agency>(agency, Freshness::Latest).await?.is_there() {
                    return Err(Error::invalid("agency_id", "must be of an agency that is there now"));
                }
                Owner::Agency(agency)
            }
        }))
    }

    pub(crate) async fn contact_preferences(
        &self,
        call: &Call,
        m: pb::SetContactPreferencesRequest,
    ) -> Result<pb::SetContactPreferencesResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let (entry, author, sensitivity): (EntryId, _, _) =
            (wish.context.new_id(), wish.author, words::sensitivity(m.sensitivity)?);
        let needs = m.needs.into_iter().map(|need| rpc::one_of("needs", need, CommunicationNeed::from_code));
        let needs = needs.collect::<Result<_, _>>()?;
        let command = SetContactPreferences { entry, author, needs, language: m.language, text: m.text, sensitivity };
        let position = self.contribute(&wish, command).await?;
        let entry_id = entry.to_string();
        Ok(pb::SetContactPreferencesResponse { position, entry_id, entry: self.written(&wish, entry, position).await })
    }

    pub(crate) async fn not_to_say(
        &self,
        call: &Call,
        m: pb::ChooseNotToSayRequest,
    ) -> Result<pb::ChooseNotToSayResponse, Error> {
        let wish = self.own(call, &m.request_id).await?;
        let entry: EntryId = wish.context.new_id();
        let category = rpc::one_of("category", m.category, Category::from_code)?;
        let position = self.contribute(&wish, ChooseNotToSay { entry, author: wish.author, category }).await?;
        let entry_id = entry.to_string();
        Ok(pb::ChooseNotToSayResponse { position, entry_id, entry: self.written(&wish, entry, position).await })
    }

    pub(crate) async fn activate(
        &self,
        call: &Call,
        m: pb::ActivatePlanRequest,
    ) -> Result<pb::ActivatePlanResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let (entry, author, sensitivity): (EntryId, _, _) =
            (wish.context.new_id(), wish.author, words::sensitivity(m.sensitivity)?);
        let position = self.contribute(&wish, ActivatePlan { entry, author, sensitivity }).await?;
        let entry_id = entry.to_string();
        Ok(pb::ActivatePlanResponse { position, entry_id, entry: self.written(&wish, entry, position).await })
    }

    pub(crate) async fn barrier(
        &self,
        call: &Call,
        m: pb::IdentifyBarrierRequest,
    ) -> Result<pb::IdentifyBarrierResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let (entry, author, sensitivity): (EntryId, _, _) =
            (wish.context.new_id(), wish.author, words::sensitivity(m.sensitivity)?);
        let kind = rpc::one_of("kind", m.kind, BarrierKind::from_code)?;
        let command = IdentifyBarrier { entry, author, kind, text: m.text, sensitivity };
        let position = self.contribute(&wish, command).await?;
        let entry_id = entry.to_string();
        Ok(pb::IdentifyBarrierResponse { position, entry_id, entry: self.written(&wish, entry, position).await })
    }

    pub(crate) async fn own_barrier(
        &self,
        call: &Call,
        m: pb::OwnBarrierRequest,
    ) -> Result<pb::OwnBarrierResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let (barrier, author, parts) = (rpc::id("barrier_id", &m.barrier_id)?, wish.author, Parts::default());
        let position = self.contribute(&wish, OwnBarrier { barrier, author, words: m.words, parts }).await?;
        Ok(pb::OwnBarrierResponse { position })
    }

    pub(crate) async fn lift_barrier(
        &self,
        call: &Call,
        m: pb::LiftBarrierRequest,
    ) -> Result<pb::LiftBarrierResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let (barrier, author, parts) = (rpc::id("barrier_id", &m.barrier_id)?, wish.author, Parts::default());
        let position = self.contribute(&wish, LiftBarrier { barrier, author, words: m.words, parts }).await?;
        Ok(pb::LiftBarrierResponse { position })
    }

    pub(crate) async fn check_in(
        &self,
        call: &Call,
        m: pb::CheckInWellbeingRequest,
    ) -> Result<pb::CheckInWellbeingResponse, Error> {
        let wish = self.own(call, &m.request_id).await?;
        let entry: EntryId = wish.context.new_id();
        let sensitivity = match m.sensitivity {
            Some(_) if m.private => {
                return Err(Error::invalid("sensitivity", "is left out of what is kept to oneself"));
            }
            None if m.private => Sensitivity::private(),
            said => words::sensitivity(said)?,
        };
        let wellbeing = Rating::new("wellbeing", rpc::small_number("wellbeing", m.wellbeing)?)?;
        let command = CheckInWellbeing { entry, author: wish.author, wellbeing, words: m.words, sensitivity };
        let position = self.contribute(&wish, command).await?;
        let entry_id = entry.to_string();
        Ok(pb::CheckInWellbeingResponse { position, entry_id, entry: self.written(&wish, entry, position).await })
    }

    pub(crate) async fn adopt(&self, call: &Call, m: pb::AdoptGoalRequest) -> Result<pb::AdoptGoalResponse, Error> {
        let wish = self.own(call, &m.request_id).await?;
        let goal = rpc::id("goal_id", &m.goal_id)?;
        let position = self.contribute(&wish, AdoptGoal { goal, author: wish.author, text: m.text }).await?;
        Ok(pb::AdoptGoalResponse { position })
    }

    pub(crate) async fn decline(
        &self,
        call: &Call,
        m: pb::DeclineGoalRequest,
    ) -> Result<pb::DeclineGoalResponse, Error> {
        let wish = self.own(call, &m.request_id).await?;
        let goal = rpc::id("goal_id", &m.goal_id)?;
        let position = self.contribute(&wish, DeclineGoal { goal, author: wish.author, reason: m.reason }).await?;
        Ok(pb::DeclineGoalResponse { position })
    }

    pub(crate) async fn rate_action(
        &self,
        call: &Call,
        m: pb::RateActionRequest,
    ) -> Result<pb::RateActionResponse, Error> {
        let wish = self.own(call, &m.request_id).await?;
        let action = rpc::id("action_id", &m.action_id)?;
        let confidence = Rating::new("confidence", rpc::small_number("confidence", m.confidence)?)?;
        let position = self.contribute(&wish, RateAction { action, author: wish.author, confidence }).await?;
        Ok(pb::RateActionResponse { position })
    }

    pub(crate) async fn correct(
        &self,
        call: &Call,
        m: pb::CorrectEntryRequest,
    ) -> Result<pb::CorrectEntryResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let sensitivity = m.sensitivity.map(|said| words::sensitivity(Some(said))).transpose()?;
        let command = CorrectEntry {
            entry: rpc::id("entry_id", &m.entry_id)?,
            author: wish.author,
            text: m.text,
            sensitivity,
            reason: m.reason,
            parts: Parts::default(),
        };
        let position = self.contribute(&wish, command).await?;
        Ok(pb::CorrectEntryResponse { position })
    }
}
