//! Emergency access: break the glass, give it back, review it.

use access::{Asked, Caller};
use domain::emergency::{DeclareEmergency, Emergency, ReviewEmergency};
use domain::ids::{AgencyId, EmergencyId, PersonId, StaffId};
use domain::sharing::{CloseEmergencyAccess, OpenEmergencyAccess, Sharing};
use domain::staff::Staff;
use domain::vocabulary::Purpose;
use domain::{Command as _, Refusal};
use engine::{Context, Freshness, Loaded};
use events::Actor;
use proto::access::v1 as pb;
use rpc::{Error, words};
use tonic::Extensions;

use crate::SharingServices;

impl SharingServices {
    /// Who acts, in which role, under which request.
    async fn acting(&self, extensions: &Extensions, request_id: &str) -> Result<(AgencyId, StaffId, Context), Error> {
        let (agency, staff) = Caller::of(extensions)?.staff()?;
        let request = access::request_id(extensions, request_id)?;
        let worker = self.gate.engine().load::<Staff>(staff.0, Freshness::Remembered).await?;
        Ok((agency, staff, Context::new(Actor::staff(agency, staff, worker.role()), request)))
    }

    pub(crate) async fn declare(
        &self,
        extensions: &Extensions,
        message: pb::DeclareEmergencyAccessRequest,
    ) -> Result<pb::DeclareEmergencyAccessResponse, Error> {
        let (agency, staff, context) = self.acting(extensions, &message.request_id).await?;
        let person: PersonId = rpc::id("person_id", &message.person_id)?;
        let emergency = EmergencyId(context.new_id());
        let (reason, minutes, now) = (message.reason, message.minutes, context.now);
        type Loads = (Loaded<Emergency>, Loaded<Sharing>, Loaded<Staff>);
        let ids = (staff.0, person.0, staff.0);
        let declared = self.gate.engine().transact(&context, ids, |(declared, sharing, worker): &Loads, changes| {
            current(worker, agency)?;
            let open = OpenEmergencyAccess { emergency, agency, staff, reason: reason.clone(), now, minutes };
            // What depends on the worker comes first, so that a refusal tells nothing of the person.
            changes.record(declared, agency.0, DeclareEmergency { emergency, person, agency }.decide(declared)?);
            changes.record(sharing, person.0, open.decide(sharing)?);
            changes.guard(worker);
            Ok(())
        });
        let committed = match declared.await {
            Ok(committed) => committed,
            Err(error) => {
                let asked = Asked { agency, staff, purpose: Purpose::BreakGlass, categories: vec![] };
                return Err(self.gate.refused(&asked, person, error).await);
            }
        };
        Ok(pb::DeclareEmergencyAccessResponse {
            position: committed.position.0,
            emergency_id: emergency.to_string(),
            until: Some(words::timestamp(committed.at.plus_minutes(minutes))),
        })
    }

    pub(crate) async fn close(
        &self,
        extensions: &Extensions,
        message: pb::CloseEmergencyAccessRequest,
    ) -> Result<pb::CloseEmergencyAccessResponse, Error> {
        let (_, staff, context) = self.acting(extensions, &message.request_id).await?;
        let person: PersonId = rpc::id("person_id", &message.person_id)?;
        let emergency = rpc::id("emergency_id", &message.emergency_id)?;
        let closed = self.gate.engine().transact(&context, (person.0,), |(sharing,): &(Loaded<Sharing>,), changes| {
            changes.record(sharing, person.0, CloseEmergencyAccess { emergency, staff }.decide(sharing)?);
            Ok(())
        });
        Ok(pb::CloseEmergencyAccessResponse { position: closed.await?.position.0 })
    }

    pub(crate) async fn review(
        &self,
        extensions: &Extensions,
        message: pb::ReviewEmergencyAccessRequest,
    ) -> Result<pb::ReviewEmergencyAccessResponse, Error> {
        let (agency, reviewer, context) = self.acting(extensions, &message.request_id).await?;
        let worker: StaffId = rpc::id("staff_id", &message.staff_id)?;
        let emergency = rpc::id("emergency_id", &message.emergency_id)?;
        type Loads = (Loaded<Emergency>, Loaded<Staff>);
        let reviewed =
            self.gate.engine().transact(&context, (worker.0, reviewer.0), |(declared, officer): &Loads, changes| {
                current(officer, agency)?;
                let review = ReviewEmergency {
                    emergency,
                    agency,
                    reviewer_role: officer.role().to_owned(),
                    justified: message.justified,
                    finding: message.finding.clone(),
                };
                changes.record(declared, agency.0, review.decide(declared)?);
                changes.guard(officer);
                Ok(())
            });
        Ok(pb::ReviewEmergencyAccessResponse { position: reviewed.await?.position.0 })
    }
}

fn current(worker: &Staff, agency: AgencyId) -> Result<(), Refusal> {
    if worker.works_for(agency) { Ok(()) } else { Err(Refusal::undisclosed()) }
}
