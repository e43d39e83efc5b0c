//! A lawful basis: named by a privacy officer, told to the person, ended.

use domain::ids::{LawfulBasisId, PersonId};
use domain::issuers::{Only, Register};
use domain::sharing::{EndLawfulBasis, InvokeLawfulBasis, Sharing, end_lawful_basis, invoke_lawful_basis};
use domain::staff::Staff;
use domain::vocabulary::Purpose;
use engine::{Changes, Freshness, Loaded};
use gate::{Asked, Call};
use proto::sharing::v1 as pb;
use rpc::Error;

use crate::{SharingServices, terms};

impl SharingServices {
    pub(crate) async fn invoke_lawful_basis(
        &self,
        call: &Call,
        m: pb::InvokeLawfulBasisRequest,
    ) -> Result<pb::InvokeLawfulBasisResponse, Error> {
        let (by, context) = (call.worker()?, call.context(&m.request_id)?);
        let person: PersonId = rpc::id("person_id", &m.person_id)?;
        let terms = terms::read(m.terms)?;
        let (statute, reason, now, basis) = (m.statute, m.reason, context.now, context.new_id::<LawfulBasisId>());
        // Of anybody else than one worker it is refused before anybody is looked up.
        let who = terms.actor.staff().unwrap_or_else(|| by.worker().staff());
        let invoke = InvokeLawfulBasis { basis, by, statute, reason, terms: terms.clone(), now };
        type Loads = (Loaded<Sharing>, Loaded<Staff>, Loaded<Staff>);
        let decide = |(sharing, officer, worker): &Loads, changes: &mut Changes| {
            let invoked = invoke_lawful_basis(sharing, officer, (who, worker), invoke.clone())?;
            changes.record(sharing, person, invoked);
            changes.guard(officer);
            changes.guard(worker);
            call.in_role(officer, changes);
            Ok(())
        };
        let loads = (person, by.worker().staff(), who);
        let position = match self.gate.engine().transact(&context, loads, decide).await {
            Ok(invoked) => invoked.position.0,
            Err(error) => {
                return Err(self.gate.refused(&Asked::new(call, Purpose::Legal, vec![])?, person, error).await);
            }
        };
        let sharing = self.gate.engine().load::<Sharing>(person, Freshness::Latest).await?;
        let lawful_basis_id = sharing.came_to_basis(&invoke).to_string();
        Ok(pb::InvokeLawfulBasisResponse { position, lawful_basis_id })
    }

    pub(crate) async fn end_lawful_basis(
        &self,
        call: &Call,
        m: pb::EndLawfulBasisRequest,
    ) -> Result<pb::EndLawfulBasisResponse, Error> {
        let (by, context) = (call.worker()?, call.context(&m.request_id)?);
        let person: PersonId = rpc::id("person_id", &m.person_id)?;
        let end = EndLawfulBasis { basis: rpc::id("lawful_basis_id", &m.lawful_basis_id)?, by };
        type Loads = (Loaded<Sharing>, Loaded<Staff>, Loaded<Register>);
        let decide = |(sharing, officer, register): &Loads, changes: &mut Changes| {
            let ended = end_lawful_basis((sharing, register.parts()), officer, end.clone())?;
            changes.record(sharing, person, ended);
            changes.guard(officer);
            changes.guard(register);
            call.in_role(officer, changes);
            Ok(())
        };
        match self.gate.engine().transact(&context, (person, by.worker().staff(), Only), decide).await {
            Ok(ended) => Ok(pb::EndLawfulBasisResponse { position: ended.position.0 }),
            Err(error) => Err(self.gate.refused(&Asked::new(call, Purpose::Legal, vec![])?, person, error).await),
        }
    }
}
