//! A row for each RPC, and what writes in a record.

use domain::access::Contribute;
use domain::ids::{EntryId, PersonId};
use domain::issuers::Parts;
use domain::operations::Act;
use domain::person::{
    AchieveGoal, AgreeAction, AnswerReply, AttachReply, CompleteAction, DescribeCondition, DropAction, Person,
    ProgressAction, RateGoal, RecordStrength, RecordWhatMatters, RegisterPerson, ReopenAction, ReopenGoal, ReplyKind,
    SetGoal, SetGoalAside, StrengthKind, TakeBackReply, WriteAboutMe, WriteContingencyPlan, register_person,
};
use domain::sharing::Sharing;
use domain::values::Rating;
use engine::{Changes, Loaded};
use gate::{Call, Contribution};
use proto::people::v1 as pb;
use proto::people::v1::people_service_server::PeopleService;
use rpc::Error;
use rpc::words;

use crate::{People, wire};

gate::service! { PeopleService for People {
    register_person(RegisterPersonRequest) -> RegisterPersonResponse: register,
    get_my_entry(GetMyEntryRequest) -> GetMyEntryResponse: my_entry,
    get_shared_entry(GetSharedEntryRequest) -> GetSharedEntryResponse: shared_entry,
    get_my_record(GetMyRecordRequest) -> GetMyRecordResponse: my_record,
    get_shared_plan(GetSharedPlanRequest) -> GetSharedPlanResponse: shared_plan,
    write_about_me(WriteAboutMeRequest) -> WriteAboutMeResponse: about_me,
    record_strength(RecordStrengthRequest) -> RecordStrengthResponse: strength,
    record_what_matters(RecordWhatMattersRequest) -> RecordWhatMattersResponse: what_matters,
    write_contingency_plan(WriteContingencyPlanRequest) -> WriteContingencyPlanResponse: contingency_plan,
    describe_condition(DescribeConditionRequest) -> DescribeConditionResponse: condition,
    set_goal(SetGoalRequest) -> SetGoalResponse: goal,
    agree_action(AgreeActionRequest) -> AgreeActionResponse: action,
    rate_goal(RateGoalRequest) -> RateGoalResponse: rate,
    achieve_goal(AchieveGoalRequest) -> AchieveGoalResponse: achieve,
    set_goal_aside(SetGoalAsideRequest) -> SetGoalAsideResponse: set_aside,
    progress_action(ProgressActionRequest) -> ProgressActionResponse: progress,
    complete_action(CompleteActionRequest) -> CompleteActionResponse: complete,
    drop_action(DropActionRequest) -> DropActionResponse: give_up,
    reopen_goal(ReopenGoalRequest) -> ReopenGoalResponse: reopen_goal,
    reopen_action(ReopenActionRequest) -> ReopenActionResponse: reopen_action,
    attach_reply(AttachReplyRequest) -> AttachReplyResponse: attach_reply,
    take_back_reply(TakeBackReplyRequest) -> TakeBackReplyResponse: take_back_reply,
    answer_reply(AnswerReplyRequest) -> AnswerReplyResponse: answer_reply,
    set_contact_preferences(SetContactPreferencesRequest) -> SetContactPreferencesResponse: contact_preferences,
    choose_not_to_say(ChooseNotToSayRequest) -> ChooseNotToSayResponse: not_to_say,
    activate_plan(ActivatePlanRequest) -> ActivatePlanResponse: activate,
    identify_barrier(IdentifyBarrierRequest) -> IdentifyBarrierResponse: barrier,
    own_barrier(OwnBarrierRequest) -> OwnBarrierResponse: own_barrier,
    lift_barrier(LiftBarrierRequest) -> LiftBarrierResponse: lift_barrier,
    check_in_wellbeing(CheckInWellbeingRequest) -> CheckInWellbeingResponse: check_in,
    adopt_goal(AdoptGoalRequest) -> AdoptGoalResponse: adopt,
    decline_goal(DeclineGoalRequest) -> DeclineGoalResponse: decline,
    rate_action(RateActionRequest) -> RateActionResponse: rate_action,
    correct_entry(CorrectEntryRequest) -> CorrectEntryResponse: correct,
} }

impl People {
    async fn register(&self, call: &Call, m: pb::RegisterPersonRequest) -> Result<pb::RegisterPersonResponse, Error> {
        let context = call.context(&m.request_id)?;
        let id: PersonId = context.new_id();
        let (birth_date, now) = (rpc::optional_date("birth_date", &m.birth_date)?, context.now);
        let register = RegisterPerson { name: m.name, birth_date, sensitivity: None, now };
        let decide = |(person, sharing): &(Loaded<Person>, Loaded<Sharing>), changes: &mut Changes| {
            let (registered, started) = register_person(person, sharing, register.clone())?;
            changes.record(person, id, registered);
            changes.record(sharing, id, started);
            call.acts(changes, Act::RegisteredPerson, None, id.to_string());
            Ok(())
        };
        let registered = self.gate.engine().transact(&context, (id, id), decide).await?;
        Ok(pb::RegisterPersonResponse { position: registered.position.0, person_id: id.to_string() })
    }

    /// What the person says of their own record.
    pub(crate) async fn own(&self, call: &Call, request_id: &str) -> Result<Contribution, Error> {
        call.person()?;
        self.gate.contribution(call, request_id, "", 0).await
    }

    pub(crate) async fn contribute<C>(&self, wish: &Contribution, command: C) -> Result<u64, Error>
    where
        C: Contribute<Aggregate = Person> + Clone + Send + Sync,
    {
        Ok(self.gate.contribute(wish, wish.person, command).await?.position.0)
    }

    async fn about_me(&self, call: &Call, m: pb::WriteAboutMeRequest) -> Result<pb::WriteAboutMeResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let (entry, author, sensitivity) = (wish.context.new_id(), wish.author, words::sensitivity(m.sensitivity)?);
        let command = WriteAboutMe { entry, author, heading: m.heading, text: m.text, sensitivity };
        let position = self.contribute(&wish, command).await?;
        let entry_id = entry.to_string();
        Ok(pb::WriteAboutMeResponse { position, entry_id, entry: self.written(&wish, entry, position).await })
    }

    async fn strength(&self, call: &Call, m: pb::RecordStrengthRequest) -> Result<pb::RecordStrengthResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let (entry, author, sensitivity) = (wish.context.new_id(), wish.author, words::sensitivity(m.sensitivity)?);
        let kind =
            if m.kind == 0 { StrengthKind::Strength } else { rpc::one_of("kind", m.kind, StrengthKind::from_code)? };
        let link = m.link.map(wire::link).transpose()?;
        let command = RecordStrength { entry, author, kind, text: m.text, link, sensitivity };
        let position = self.contribute(&wish, command).await?;
        let entry_id = entry.to_string();
        Ok(pb::RecordStrengthResponse { position, entry_id, entry: self.written(&wish, entry, position).await })
    }

    async fn what_matters(
        &self,
        call: &Call,
        m: pb::RecordWhatMattersRequest,
    ) -> Result<pb::RecordWhatMattersResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let (entry, author, sensitivity) = (wish.context.new_id(), wish.author, words::sensitivity(m.sensitivity)?);
        let command = RecordWhatMatters { entry, author, text: m.text, sensitivity };
        let position = self.contribute(&wish, command).await?;
        let entry_id = entry.to_string();
        Ok(pb::RecordWhatMattersResponse { position, entry_id, entry: self.written(&wish, entry, position).await })
    }

    async fn condition(
        &self,
        call: &Call,
        m: pb::DescribeConditionRequest,
    ) -> Result<pb::DescribeConditionResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let (entry, author, sensitivity) = (wish.context.new_id(), wish.author, words::sensitivity(m.sensitivity)?);
        let command = DescribeCondition {
            entry,
            author,
            text: m.text,
            impact: m.impact,
            onset: None,
            source: None,
            sensitivity,
            recorded: None,
            fingerprint: 0,
        };
        let position = self.contribute(&wish, command).await?;
        let entry_id = entry.to_string();
        Ok(pb::DescribeConditionResponse { position, entry_id, entry: self.written(&wish, entry, position).await })
    }

    async fn contingency_plan(
        &self,
        call: &Call,
        m: pb::WriteContingencyPlanRequest,
    ) -> Result<pb::WriteContingencyPlanResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let (entry, author, sensitivity) = (wish.context.new_id(), wish.author, words::sensitivity(m.sensitivity)?);
        let command = WriteContingencyPlan { entry, author, text: m.text, sensitivity };
        let position = self.contribute(&wish, command).await?;
        let entry_id = entry.to_string();
        Ok(pb::WriteContingencyPlanResponse { position, entry_id, entry: self.written(&wish, entry, position).await })
    }

    async fn goal(&self, call: &Call, m: pb::SetGoalRequest) -> Result<pb::SetGoalResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let (entry, author, sensitivity) = (wish.context.new_id(), wish.author, words::sensitivity(m.sensitivity)?);
        let command = SetGoal { entry, author, text: m.text, source: None, sensitivity, fingerprint: 0 };
        let position = self.contribute(&wish, command).await?;
        let entry_id = entry.to_string();
        Ok(pb::SetGoalResponse { position, entry_id, entry: self.written(&wish, entry, position).await })
    }

    async fn action(&self, call: &Call, m: pb::AgreeActionRequest) -> Result<pb::AgreeActionResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let (entry, author, sensitivity) = (wish.context.new_id(), wish.author, words::sensitivity(m.sensitivity)?);
        let goal = rpc::optional_id("goal_id", &m.goal_id)?;
        let due = rpc::optional_date("due", &m.due)?;
        let confidence = Rating::optional("confidence", rpc::small_number("confidence", m.confidence)?)?;
        let (party, link) = (self.owner(m.who).await?, m.link.map(wire::link).transpose()?);
        let command = AgreeAction {
            entry,
            author,
            text: m.text,
            goal,
            owner: m.owner,
            party,
            link,
            due,
            confidence,
            source: None,
            sensitivity,
            fingerprint: 0,
        };
        let position = self.contribute(&wish, command).await?;
        let entry_id = entry.to_string();
        Ok(pb::AgreeActionResponse { position, entry_id, entry: self.written(&wish, entry, position).await })
    }

    async fn rate(&self, call: &Call, m: pb::RateGoalRequest) -> Result<pb::RateGoalResponse, Error> {
        let wish = self.own(call, &m.request_id).await?;
        let goal = rpc::id("goal_id", &m.goal_id)?;
        let importance = Rating::new("importance", rpc::small_number("importance", m.importance)?)?;
        let position = self.contribute(&wish, RateGoal { goal, author: wish.author, importance }).await?;
        Ok(pb::RateGoalResponse { position })
    }

    async fn achieve(&self, call: &Call, m: pb::AchieveGoalRequest) -> Result<pb::AchieveGoalResponse, Error> {
        let wish = self.own(call, &m.request_id).await?;
        let goal = rpc::id("goal_id", &m.goal_id)?;
        let position = self.contribute(&wish, AchieveGoal { goal, author: wish.author }).await?;
        Ok(pb::AchieveGoalResponse { position })
    }

    async fn set_aside(&self, call: &Call, m: pb::SetGoalAsideRequest) -> Result<pb::SetGoalAsideResponse, Error> {
        let wish = self.own(call, &m.request_id).await?;
        let goal = rpc::id("goal_id", &m.goal_id)?;
        let position = self.contribute(&wish, SetGoalAside { goal, author: wish.author, reason: m.reason }).await?;
        Ok(pb::SetGoalAsideResponse { position })
    }

    async fn progress(&self, call: &Call, m: pb::ProgressActionRequest) -> Result<pb::ProgressActionResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let action = rpc::id("action_id", &m.action_id)?;
        let position = self.contribute(&wish, ProgressAction { action, author: wish.author, note: m.note }).await?;
        Ok(pb::ProgressActionResponse { position })
    }

    async fn complete(&self, call: &Call, m: pb::CompleteActionRequest) -> Result<pb::CompleteActionResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let action = rpc::id("action_id", &m.action_id)?;
        let position = self.contribute(&wish, CompleteAction { action, author: wish.author }).await?;
        Ok(pb::CompleteActionResponse { position })
    }

    async fn give_up(&self, call: &Call, m: pb::DropActionRequest) -> Result<pb::DropActionResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let action = rpc::id("action_id", &m.action_id)?;
        let position = self.contribute(&wish, DropAction { action, author: wish.author, reason: m.reason }).await?;
        Ok(pb::DropActionResponse { position })
    }

    async fn reopen_goal(&self, call: &Call, m: pb::ReopenGoalRequest) -> Result<pb::ReopenGoalResponse, Error> {
        let wish = self.own(call, &m.request_id).await?;
        let goal = rpc::id("goal_id", &m.goal_id)?;
        let position = self.contribute(&wish, ReopenGoal { goal, author: wish.author, reason: m.reason }).await?;
        Ok(pb::ReopenGoalResponse { position })
    }

    async fn reopen_action(&self, call: &Call, m: pb::ReopenActionRequest) -> Result<pb::ReopenActionResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let action = rpc::id("action_id", &m.action_id)?;
        let position = self.contribute(&wish, ReopenAction { action, author: wish.author, reason: m.reason }).await?;
        Ok(pb::ReopenActionResponse { position })
    }

    async fn attach_reply(&self, call: &Call, m: pb::AttachReplyRequest) -> Result<pb::AttachReplyResponse, Error> {
        let wish = self.own(call, &m.request_id).await?;
        let (entry, reply, now) =
            (rpc::id("entry_id", &m.entry_id)?, wish.context.new_id::<EntryId>(), wish.context.now);
        let kind = rpc::one_of("kind", m.kind, ReplyKind::from_code)?;
        let position = self.contribute(&wish, AttachReply { entry, reply, kind, words: m.words, now }).await?;
        Ok(pb::AttachReplyResponse { position, reply_id: reply.to_string() })
    }

    async fn take_back_reply(
        &self,
        call: &Call,
        m: pb::TakeBackReplyRequest,
    ) -> Result<pb::TakeBackReplyResponse, Error> {
        let wish = self.own(call, &m.request_id).await?;
        let (entry, reply) = (rpc::id("entry_id", &m.entry_id)?, rpc::id("reply_id", &m.reply_id)?);
        let position = self.contribute(&wish, TakeBackReply { entry, reply }).await?;
        Ok(pb::TakeBackReplyResponse { position })
    }

    async fn answer_reply(&self, call: &Call, m: pb::AnswerReplyRequest) -> Result<pb::AnswerReplyResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let (entry, reply) = (rpc::id("entry_id", &m.entry_id)?, rpc::id("reply_id", &m.reply_id)?);
        let (author, words, parts) = (wish.author, m.words, Parts::default());
        let position = self.contribute(&wish, AnswerReply { entry, reply, author, words, parts }).await?;
        Ok(pb::AnswerReplyResponse { position })
    }
}
