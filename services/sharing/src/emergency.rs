//! Emergency access: break the glass, give it back, review it.

use domain::Refusal;
use domain::access::Access;
use domain::emergency::{
    Allowing, Emergency, Reviewed, Reviewing, allow_emergency, declare_emergency, review_emergency,
};
use domain::ids::{EmergencyId, PersonId, ReceiptId, StaffId};
use domain::issuers::{Only, Register};
use domain::sharing::{OpenEmergencyAccess, Sharing, close_emergency_access};
use domain::staff::Staff;
use domain::vocabulary::{Purpose, Worker};
use engine::{Changes, EngineError, Freshness, Loaded};
use gate::{Asked, Call};
use proto::access::v1 as pb;
use rpc::{Error, words};
use uuid::Uuid;

use crate::SharingServices;

impl SharingServices {
    pub(crate) async fn declare(
        &self,
        call: &Call,
        m: pb::DeclareEmergencyAccessRequest,
    ) -> Result<pb::DeclareEmergencyAccessResponse, Error> {
        let (by, context) = (call.worker()?, call.context(&m.request_id)?);
        let worker = by.worker();
        let person: PersonId = rpc::id("person_id", &m.person_id)?;
        let (emergency, minutes): (EmergencyId, u32) = (context.new_id(), m.minutes);
        let open = OpenEmergencyAccess { emergency, worker, reason: m.reason, now: context.now, minutes };
        type Loads = (Loaded<Emergency>, Loaded<Sharing>, Loaded<Staff>, Loaded<Register>);
        let decide = |(declared, sharing, staff, register): &Loads, changes: &mut Changes| {
            let resolved = register.resolve(sharing);
            let (events, opened) = declare_emergency(declared, &resolved, (by, staff), person, open.clone())?;
            changes.guard(register);
            changes.record(declared, worker.agency(), events);
            changes.record(sharing, person, opened);
            changes.guard(staff);
            call.in_role(staff, changes);
            Ok(())
        };
        let committed =
            match self.gate.engine().transact(&context, (worker.staff(), person, worker.staff(), Only), decide).await {
                Ok(committed) => committed,
                Err(error) => {
                    let asked = Asked::new(call, Purpose::BreakGlass, vec![])?;
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
        call: &Call,
        m: pb::CloseEmergencyAccessRequest,
    ) -> Result<pb::CloseEmergencyAccessResponse, Error> {
        let (by, context) = (call.worker()?, call.context(&m.request_id)?);
        let person: PersonId = rpc::id("person_id", &m.person_id)?;
        let emergency = rpc::id("emergency_id", &m.emergency_id)?;
        let decide = |(sharing, staff): &(Loaded<Sharing>, Loaded<Staff>), changes: &mut Changes| {
            changes.record(sharing, person, close_emergency_access(sharing, (by, staff), emergency)?);
            changes.guard(staff);
            call.in_role(staff, changes);
            Ok(())
        };
        let loads = (person, by.worker().staff());
        match self.gate.engine().transact(&context, loads, decide).await {
            Ok(closed) => Ok(pb::CloseEmergencyAccessResponse { position: closed.position.0 }),
            Err(error) => {
                let asked = Asked::new(call, Purpose::BreakGlass, vec![])?;
                Err(self.gate.refused(&asked, person, error).await)
            }
        }
    }

    pub(crate) async fn review(
        &self,
        call: &Call,
        m: pb::ReviewEmergencyAccessRequest,
    ) -> Result<pb::ReviewEmergencyAccessResponse, Error> {
        let (by, context) = (call.worker()?, call.context(&m.request_id)?);
        let staff: StaffId = rpc::id("staff_id", &m.staff_id)?;
        let emergency = rpc::id("emergency_id", &m.emergency_id)?;
        let (justified, corrects) = (m.justified, m.corrects);
        let reviewing = Reviewing { emergency, by, justified, corrects, finding: m.finding };
        let engine = self.gate.engine();
        // Whom an emergency is about never changes.
        let person = engine.load::<Emergency>(staff, Freshness::Latest).await?.person(emergency);
        let person = person.ok_or_else(|| Error::not_found("emergency"))?;
        // What it comes to for the worker; what it comes to for the person is left to whoever asks.
        let outcome =
            |declared: &Loaded<Emergency>, officer: &Loaded<Staff>, sharing: &Sharing, changes: &mut Changes| {
                let Reviewed { outcome, found, closed } =
                    review_emergency((staff, declared), sharing, officer, reviewing.clone())?;
                changes.record(declared, by.worker().agency(), outcome);
                changes.guard(officer);
                call.in_role(officer, changes);
                Ok::<_, Refusal>((found, closed))
            };
        let review = async || {
            type Loads = (Loaded<Emergency>, Loaded<Staff>, Loaded<Sharing>);
            let decide = |(declared, officer, sharing): &Loads, changes: &mut Changes| {
                let (found, closed) = outcome(declared, officer, sharing, changes)?;
                changes.record(sharing, person, closed);
                changes.fact::<Access>(person, person, ReceiptId(Uuid::now_v7()), found.into());
                Ok(())
            };
            engine.transact(&context, (staff, by.worker().staff(), person), decide).await
        };
        // Of somebody who was erased meanwhile nothing is written any more; the worker is reviewed all the same.
        let review_alone = async || {
            let decide = |(declared, officer): &(Loaded<Emergency>, Loaded<Staff>), changes: &mut Changes| {
                outcome(declared, officer, &Sharing::default(), changes).map(drop)
            };
            engine.transact(&context, (staff, by.worker().staff()), decide).await
        };
        let reviewed = match review().await {
            Err(EngineError::Erased) => review_alone().await?,
            reviewed => reviewed?,
        };
        let nth = match engine.load::<Sharing>(person, Freshness::Remembered).await {
            Err(EngineError::Erased) => None,
            sharing => sharing?.nth(emergency),
        };
        Ok(pb::ReviewEmergencyAccessResponse { position: reviewed.position.0, nth: nth.unwrap_or_default() })
    }

    pub(crate) async fn allow(
        &self,
        call: &Call,
        m: pb::AllowEmergencyAccessRequest,
    ) -> Result<pb::AllowEmergencyAccessResponse, Error> {
        let (by, context) = (call.worker()?, call.context(&m.request_id)?);
        let staff: StaffId = rpc::id("staff_id", &m.staff_id)?;
        let person: PersonId = rpc::id("person_id", &m.person_id)?;
        let worker = Worker::new(by.worker().agency(), staff);
        let allowing = Allowing { worker, person, by, reason: m.reason };
        type Loads = (Loaded<Emergency>, Loaded<Staff>, Loaded<Staff>, Loaded<Sharing>);
        let decide = |(declared, known, officer, sharing): &Loads, changes: &mut Changes| {
            let (directive, who) = ((&**sharing, sharing.version), (&**known, &**officer));
            let (allowed, told) = allow_emergency(declared, directive, who, allowing.clone())?;
            changes.guard(sharing);
            changes.record(declared, worker.agency(), allowed);
            changes.guard(officer);
            call.in_role(officer, changes);
            if let Some(told) = told {
                changes.fact::<Access>(person, person, ReceiptId(Uuid::now_v7()), told.into());
            }
            Ok(())
        };
        let loads = (staff, staff, by.worker().staff(), person);
        let allowed = match self.gate.engine().transact(&context, loads, decide).await {
            Ok(allowed) => allowed,
            // Whoever asks about somebody of whom there is nothing to allow leaves a trace with them.
            Err(error) => {
                let asked = Asked::new(call, Purpose::BreakGlass, vec![])?;
                return Err(self.gate.refused(&asked, person, error).await);
            }
        };
        Ok(pb::AllowEmergencyAccessResponse { position: allowed.position.0 })
    }
}
