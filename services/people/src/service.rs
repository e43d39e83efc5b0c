//! A row for each RPC, what writes in a record, and an entry in the words of the wire.

use domain::access::Contribute;
use domain::ids::{EntryId, PersonId};
use domain::issuers::Parts;
use domain::operations::Act;
use domain::person::{
    AchieveGoal, AgreeAction, AnswerReply, AttachReply, CompleteAction, Content, DescribeCondition, DropAction, Person,
    PlannedAction, Progress, ProgressAction, RateGoal, RecordStrength, RecordWhatMatters, RegisterPerson, ReopenAction,
    ReopenGoal, ReplyKind, SetGoal, SetGoalAside, TakeBackReply, WriteAboutMe, WriteContingencyPlan, register_person,
};
use domain::sharing::Sharing;
use domain::values::{Date, Rating};
use domain::vocabulary::{Author, Timestamp};
use engine::{Changes, Loaded};
use gate::{Call, Contribution};
use proto::access::v1::Party;
use proto::people::v1 as pb;
use proto::people::v1::entry::Content as Wire;
use proto::people::v1::entry_change::What;
use proto::people::v1::people_service_server::PeopleService;
use rpc::Error;
use rpc::words;
use views::record::{ChangeDoc, EntryDoc, ReplyDoc, Said};

use crate::People;

gate::service! { PeopleService for People {
    register_person(RegisterPersonRequest) -> RegisterPersonResponse: register,
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

    async fn contribute<C>(&self, wish: &Contribution, command: C) -> Result<u64, Error>
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
        Ok(pb::WriteAboutMeResponse { position, entry_id: entry.to_string() })
    }

    async fn strength(&self, call: &Call, m: pb::RecordStrengthRequest) -> Result<pb::RecordStrengthResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let (entry, author, sensitivity) = (wish.context.new_id(), wish.author, words::sensitivity(m.sensitivity)?);
        let command = RecordStrength { entry, author, text: m.text, sensitivity };
        let position = self.contribute(&wish, command).await?;
        Ok(pb::RecordStrengthResponse { position, entry_id: entry.to_string() })
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
        Ok(pb::RecordWhatMattersResponse { position, entry_id: entry.to_string() })
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
        Ok(pb::DescribeConditionResponse { position, entry_id: entry.to_string() })
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
        Ok(pb::WriteContingencyPlanResponse { position, entry_id: entry.to_string() })
    }

    async fn goal(&self, call: &Call, m: pb::SetGoalRequest) -> Result<pb::SetGoalResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let (entry, author, sensitivity) = (wish.context.new_id(), wish.author, words::sensitivity(m.sensitivity)?);
        let command = SetGoal { entry, author, text: m.text, source: None, sensitivity, fingerprint: 0 };
        let position = self.contribute(&wish, command).await?;
        Ok(pb::SetGoalResponse { position, entry_id: entry.to_string() })
    }

    async fn action(&self, call: &Call, m: pb::AgreeActionRequest) -> Result<pb::AgreeActionResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let (entry, author, sensitivity) = (wish.context.new_id(), wish.author, words::sensitivity(m.sensitivity)?);
        let goal = rpc::optional_id("goal_id", &m.goal_id)?;
        let due = rpc::optional_date("due", &m.due)?;
        let confidence = Rating::optional("confidence", rpc::small_number("confidence", m.confidence)?)?;
        let command = AgreeAction {
            entry,
            author,
            text: m.text,
            goal,
            owner: m.owner,
            due,
            confidence,
            source: None,
            sensitivity,
            fingerprint: 0,
        };
        let position = self.contribute(&wish, command).await?;
        Ok(pb::AgreeActionResponse { position, entry_id: entry.to_string() })
    }

    async fn rate(&self, call: &Call, m: pb::RateGoalRequest) -> Result<pb::RateGoalResponse, Error> {
        call.person()?;
        let wish = self.gate.contribution(call, &m.request_id, "", 0).await?;
        let goal = rpc::id("goal_id", &m.goal_id)?;
        let importance = Rating::new("importance", rpc::small_number("importance", m.importance)?)?;
        let position = self.contribute(&wish, RateGoal { goal, author: wish.author, importance }).await?;
        Ok(pb::RateGoalResponse { position })
    }

    async fn achieve(&self, call: &Call, m: pb::AchieveGoalRequest) -> Result<pb::AchieveGoalResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
        let goal = rpc::id("goal_id", &m.goal_id)?;
        let position = self.contribute(&wish, AchieveGoal { goal, author: wish.author }).await?;
        Ok(pb::AchieveGoalResponse { position })
    }

    async fn set_aside(&self, call: &Call, m: pb::SetGoalAsideRequest) -> Result<pb::SetGoalAsideResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
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
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, m.purpose).await?;
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
        call.person()?;
        let wish = self.gate.contribution(call, &m.request_id, "", 0).await?;
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
        call.person()?;
        let wish = self.gate.contribution(call, &m.request_id, "", 0).await?;
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

/// An entry on the wire. `party` tells an author, in the role that they had then.
pub(crate) fn entry(
    party: impl Fn(Author, &str, Timestamp) -> Party + Copy,
    now: Timestamp,
    doc: EntryDoc,
) -> pb::Entry {
    let change = |change: ChangeDoc| pb::EntryChange {
        author: Some(party(change.author, &change.role, change.at)),
        said_at: Some(words::timestamp(change.at)),
        what: Some(match change.what {
            Said::Stands(at) => What::Progress(progress(at)),
            Said::Noted => What::Noted(true),
            Said::Important(importance) => What::Importance(u32::from(importance.value())),
        }),
        words: change.words,
    };
    pb::Entry {
        entry_id: doc.entry.to_string(),
        category: i32::from(doc.category.code()),
        sensitivity: Some(words::to_sensitivity(&doc.sensitivity)),
        author: Some(party(doc.author, &doc.role, doc.at)),
        recorded_at: match &doc.imported {
            None => Some(words::timestamp(doc.at)),
            Some(imported) => imported.recorded.as_ref().and_then(Date::begins).map(words::timestamp),
        },
        imported_at: doc.imported.as_ref().map(|_| words::timestamp(doc.at)),
        imported_from: doc.imported.map(|imported| imported.from).unwrap_or_default(),
        content: Some(content(doc.content)),
        changes: doc.changes.into_iter().map(change).collect(),
        replies: doc.replies.into_iter().map(|one| reply(party, now, one)).collect(),
    }
}

fn reply(party: impl Fn(Author, &str, Timestamp) -> Party, now: Timestamp, doc: ReplyDoc) -> pb::Reply {
    let overdue = doc.is_overdue(now);
    let answer = doc.answer.map(|answer| pb::ReplyAnswer {
        author: Some(party(answer.author, &answer.role, answer.at)),
        said_at: Some(words::timestamp(answer.at)),
        words: answer.words,
    });
    pb::Reply {
        reply_id: doc.reply.to_string(),
        kind: i32::from(doc.kind.code()),
        words: doc.words,
        said_at: Some(words::timestamp(doc.at)),
        answer_by: doc.answer_by.map(words::timestamp),
        overdue,
        answer,
        taken_back: doc.taken_back,
    }
}

fn content(content: Content) -> Wire {
    match content {
        Content::AboutMe { heading, text } => Wire::AboutMe(pb::AboutMeSection { heading, text }),
        Content::Strength { text } => Wire::Strength(pb::Strength { text }),
        Content::WhatMatters { text } => Wire::WhatMatters(pb::WhatMatters { text }),
        Content::ContingencyPlan { text } => Wire::ContingencyPlan(pb::ContingencyPlan { text }),
        Content::Condition { text, impact, onset } => {
            Wire::Condition(pb::Condition { text, impact, onset: date(onset) })
        }
        Content::Goal { text, importance, progress: at } => {
            Wire::Goal(pb::Goal { text, importance: rating(importance), progress: progress(at) })
        }
        Content::Action(doc) => Wire::Action(action(doc)),
        Content::Contact { name, birth_date } => Wire::Contact(pb::Contact { name, birth_date: date(birth_date) }),
    }
}

fn action(doc: PlannedAction) -> pb::PlannedAction {
    pb::PlannedAction {
        text: doc.text,
        goal_id: doc.goal.map(|goal| goal.to_string()).unwrap_or_default(),
        owner: doc.owner,
        due: date(doc.due),
        confidence: rating(doc.confidence),
        progress: progress(doc.progress),
        notes: doc.notes,
    }
}

fn progress(progress: Progress) -> i32 {
    match progress {
        Progress::Open => pb::Progress::Open,
        Progress::Done => pb::Progress::Done,
        Progress::Ended => pb::Progress::Ended,
    }
    .into()
}

fn date(date: Option<Date>) -> String {
    date.as_ref().map(Date::as_str).unwrap_or_default().to_owned()
}

fn rating(rating: Option<Rating>) -> u32 {
    rating.map_or(0, |rating| u32::from(rating.value()))
}
