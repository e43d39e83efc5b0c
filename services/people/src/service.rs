//! One method for each RPC: read the fields, call, answer.

use access::{Caller, Contribution};
use domain::person::{
    AchieveGoal, AgreeAction, CompleteAction, DescribeCondition, DropAction, ProgressAction, RateGoal, RecordStrength,
    RecordWhatMatters, SetGoal, SetGoalAside, WriteAboutMe,
};
use domain::vocabulary::Category;
use proto::people::v1 as pb;
use proto::people::v1::people_service_server::PeopleService;
use rpc::words;
use tonic::{Request, Response, Status};

use crate::People;

#[tonic::async_trait]
impl PeopleService for People {
    async fn register_person(
        &self,
        request: Request<pb::RegisterPersonRequest>,
    ) -> Result<Response<pb::RegisterPersonResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        Ok(Response::new(self.register(&extensions, message).await?))
    }

    async fn get_my_record(
        &self,
        request: Request<pb::GetMyRecordRequest>,
    ) -> Result<Response<pb::GetMyRecordResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        Ok(Response::new(self.my_record(&extensions, message).await?))
    }

    async fn get_shared_plan(
        &self,
        request: Request<pb::GetSharedPlanRequest>,
    ) -> Result<Response<pb::GetSharedPlanResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        Ok(Response::new(self.shared_plan(&extensions, message).await?))
    }

    async fn write_about_me(
        &self,
        request: Request<pb::WriteAboutMeRequest>,
    ) -> Result<Response<pb::WriteAboutMeResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Contribution::read(&extensions, &m.request_id, &m.person_id, m.purpose, Category::AboutMe)?;
        let sensitivity = words::sensitivity(m.sensitivity.clone())?;
        let added = self.add(&contribution, &sensitivity, None, |entry, permission| WriteAboutMe {
            entry,
            author: permission.author,
            heading: m.heading.clone(),
            text: m.text.clone(),
            sensitivity: sensitivity.clone(),
        });
        let (entry, committed) = added.await?;
        Ok(Response::new(pb::WriteAboutMeResponse { position: committed.position.0, entry_id: entry.to_string() }))
    }

    async fn record_strength(
        &self,
        request: Request<pb::RecordStrengthRequest>,
    ) -> Result<Response<pb::RecordStrengthResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution =
            Contribution::read(&extensions, &m.request_id, &m.person_id, m.purpose, Category::Strengths)?;
        let sensitivity = words::sensitivity(m.sensitivity.clone())?;
        let added = self.add(&contribution, &sensitivity, None, |entry, permission| RecordStrength {
            entry,
            author: permission.author,
            text: m.text.clone(),
            sensitivity: sensitivity.clone(),
        });
        let (entry, committed) = added.await?;
        Ok(Response::new(pb::RecordStrengthResponse { position: committed.position.0, entry_id: entry.to_string() }))
    }

    async fn record_what_matters(
        &self,
        request: Request<pb::RecordWhatMattersRequest>,
    ) -> Result<Response<pb::RecordWhatMattersResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution =
            Contribution::read(&extensions, &m.request_id, &m.person_id, m.purpose, Category::WhatMatters)?;
        let sensitivity = words::sensitivity(m.sensitivity.clone())?;
        let added = self.add(&contribution, &sensitivity, None, |entry, permission| RecordWhatMatters {
            entry,
            author: permission.author,
            text: m.text.clone(),
            sensitivity: sensitivity.clone(),
        });
        let (entry, committed) = added.await?;
        Ok(Response::new(pb::RecordWhatMattersResponse { position: committed.position.0, entry_id: entry.to_string() }))
    }

    async fn describe_condition(
        &self,
        request: Request<pb::DescribeConditionRequest>,
    ) -> Result<Response<pb::DescribeConditionResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Contribution::read(&extensions, &m.request_id, &m.person_id, m.purpose, Category::Health)?;
        let sensitivity = words::sensitivity(m.sensitivity.clone())?;
        let added = self.add(&contribution, &sensitivity, None, |entry, permission| DescribeCondition {
            entry,
            author: permission.author,
            text: m.text.clone(),
            impact: m.impact.clone(),
            onset: String::new(),
            source: String::new(),
            sensitivity: sensitivity.clone(),
        });
        let (entry, committed) = added.await?;
        Ok(Response::new(pb::DescribeConditionResponse { position: committed.position.0, entry_id: entry.to_string() }))
    }

    async fn set_goal(&self, request: Request<pb::SetGoalRequest>) -> Result<Response<pb::SetGoalResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Contribution::read(&extensions, &m.request_id, &m.person_id, m.purpose, Category::Goals)?;
        let sensitivity = words::sensitivity(m.sensitivity.clone())?;
        let added = self.add(&contribution, &sensitivity, None, |entry, permission| SetGoal {
            entry,
            author: permission.author,
            text: m.text.clone(),
            source: String::new(),
            sensitivity: sensitivity.clone(),
        });
        let (entry, committed) = added.await?;
        Ok(Response::new(pb::SetGoalResponse { position: committed.position.0, entry_id: entry.to_string() }))
    }

    async fn agree_action(
        &self,
        request: Request<pb::AgreeActionRequest>,
    ) -> Result<Response<pb::AgreeActionResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Contribution::read(&extensions, &m.request_id, &m.person_id, m.purpose, Category::Actions)?;
        let sensitivity = words::sensitivity(m.sensitivity.clone())?;
        let goal = rpc::optional_id("goal_id", &m.goal_id)?;
        let confidence = rpc::small_number("confidence", m.confidence)?;
        let added = self.add(&contribution, &sensitivity, goal, |entry, permission| AgreeAction {
            entry,
            author: permission.author,
            text: m.text.clone(),
            goal,
            owner: m.owner.clone(),
            due: m.due.clone(),
            confidence,
            source: String::new(),
            sensitivity: sensitivity.clone(),
        });
        let (entry, committed) = added.await?;
        Ok(Response::new(pb::AgreeActionResponse { position: committed.position.0, entry_id: entry.to_string() }))
    }

    async fn rate_goal(&self, request: Request<pb::RateGoalRequest>) -> Result<Response<pb::RateGoalResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        Caller::of(&extensions)?.person()?;
        let contribution = Contribution::read(&extensions, &m.request_id, "", 0, Category::Goals)?;
        let (goal, importance) = (rpc::id("goal_id", &m.goal_id)?, rpc::small_number("importance", m.importance)?);
        let rated =
            self.change(&contribution, goal, |permission| RateGoal { goal, author: permission.author, importance });
        Ok(Response::new(pb::RateGoalResponse { position: rated.await?.position.0 }))
    }

    async fn achieve_goal(
        &self,
        request: Request<pb::AchieveGoalRequest>,
    ) -> Result<Response<pb::AchieveGoalResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Contribution::read(&extensions, &m.request_id, &m.person_id, m.purpose, Category::Goals)?;
        let goal = rpc::id("goal_id", &m.goal_id)?;
        let changed = self.change(&contribution, goal, |permission| AchieveGoal { goal, author: permission.author });
        Ok(Response::new(pb::AchieveGoalResponse { position: changed.await?.position.0 }))
    }

    async fn set_goal_aside(
        &self,
        request: Request<pb::SetGoalAsideRequest>,
    ) -> Result<Response<pb::SetGoalAsideResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Contribution::read(&extensions, &m.request_id, &m.person_id, m.purpose, Category::Goals)?;
        let goal = rpc::id("goal_id", &m.goal_id)?;
        let changed = self.change(&contribution, goal, |permission| SetGoalAside {
            goal,
            author: permission.author,
            reason: m.reason.clone(),
        });
        Ok(Response::new(pb::SetGoalAsideResponse { position: changed.await?.position.0 }))
    }

    async fn progress_action(
        &self,
        request: Request<pb::ProgressActionRequest>,
    ) -> Result<Response<pb::ProgressActionResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Contribution::read(&extensions, &m.request_id, &m.person_id, m.purpose, Category::Actions)?;
        let action = rpc::id("action_id", &m.action_id)?;
        let changed = self.change(&contribution, action, |permission| ProgressAction {
            action,
            author: permission.author,
            note: m.note.clone(),
        });
        Ok(Response::new(pb::ProgressActionResponse { position: changed.await?.position.0 }))
    }

    async fn complete_action(
        &self,
        request: Request<pb::CompleteActionRequest>,
    ) -> Result<Response<pb::CompleteActionResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Contribution::read(&extensions, &m.request_id, &m.person_id, m.purpose, Category::Actions)?;
        let action = rpc::id("action_id", &m.action_id)?;
        let changed =
            self.change(&contribution, action, |permission| CompleteAction { action, author: permission.author });
        Ok(Response::new(pb::CompleteActionResponse { position: changed.await?.position.0 }))
    }

    async fn drop_action(
        &self,
        request: Request<pb::DropActionRequest>,
    ) -> Result<Response<pb::DropActionResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let contribution = Contribution::read(&extensions, &m.request_id, &m.person_id, m.purpose, Category::Actions)?;
        let action = rpc::id("action_id", &m.action_id)?;
        let changed = self.change(&contribution, action, |permission| DropAction {
            action,
            author: permission.author,
            reason: m.reason.clone(),
        });
        Ok(Response::new(pb::DropActionResponse { position: changed.await?.position.0 }))
    }
}
