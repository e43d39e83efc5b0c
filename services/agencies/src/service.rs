//! A row for each RPC, and what changes agencies and their staff.

use domain::agency::events::AgencyEvent;
use domain::agency::{Agency, ChangeStaffListing, RegisterAgency};
use domain::ids::{AgencyId, SignInId, StaffId};
use domain::issuers::{ChangeAgencyIssuer, Only, Register};
use domain::operations::Act;
use domain::sign_in::{SignIn, link};
use domain::staff::{
    ChangeSignIn, ChangeStaffRole, CorrectStaffName, JoinStaff, RemoveStaff, Staff, administers, change_staff_role,
    join_staff,
};
use domain::vocabulary::SignedIn;
use domain::{Command, Refusal};
use engine::{Changes, Freshness, Loaded};
use gate::{Call, Issuers};
use proto::agencies::v1 as pb;
use proto::agencies::v1::agency_service_server::AgencyService;
use rpc::Error;

use crate::Agencies;

gate::service! { AgencyService for Agencies {
    register_agency(RegisterAgencyRequest) -> RegisterAgencyResponse: register,
    change_agency_issuer(ChangeAgencyIssuerRequest) -> ChangeAgencyIssuerResponse: change_issuer,
    get_agency(GetAgencyRequest) -> GetAgencyResponse: agency,
    list_agencies(ListAgenciesRequest) -> ListAgenciesResponse: agencies,
    add_staff(AddStaffRequest) -> AddStaffResponse: add,
    change_staff_role(ChangeStaffRoleRequest) -> ChangeStaffRoleResponse: change_role,
    change_staff_sign_in(ChangeStaffSignInRequest) -> ChangeStaffSignInResponse: change_sign_in,
    correct_staff_name(CorrectStaffNameRequest) -> CorrectStaffNameResponse: correct_name,
    remove_staff(RemoveStaffRequest) -> RemoveStaffResponse: remove,
    get_staff(GetStaffRequest) -> GetStaffResponse: staff_member,
    list_staff(ListStaffRequest) -> ListStaffResponse: staff,
    find_workers(FindWorkersRequest) -> FindWorkersResponse: find_workers,
    change_staff_listing(ChangeStaffListingRequest) -> ChangeStaffListingResponse: change_listing,
    list_operator_acts(ListOperatorActsRequest) -> ListOperatorActsResponse: acts,
} }

impl Agencies {
    async fn register(&self, call: &Call, m: pb::RegisterAgencyRequest) -> Result<pb::RegisterAgencyResponse, Error> {
        let context = call.context(&m.request_id)?;
        let named: Option<AgencyId> = rpc::optional_id("agency_id", &m.agency_id)?;
        let id = named.unwrap_or_else(|| context.new_id());
        let command = RegisterAgency { name: m.name, kind: m.kind, is_named: named.is_some() };
        if m.issuer.is_empty() && m.audience.is_empty() {
            let decide = |(agency,): &(Loaded<Agency>,), changes: &mut Changes| {
                changes.record(agency, id, command.clone().decide(agency)?);
                call.acts(changes, Act::RegisteredAgency, Some(id), "");
                Ok(())
            };
            let registered = self.gate.engine().transact(&context, (id,), decide).await?;
            return Ok(pb::RegisterAgencyResponse { position: registered.position.0, agency_id: id.to_string() });
        }
        let issuer = self.new_issuer(id, m.issuer, m.audience)?;
        let decide = |(agency, register): &(Loaded<Agency>, Loaded<Register>), changes: &mut Changes| {
            changes.record(agency, id, command.clone().decide(agency)?);
            changes.record(register, id, issuer.clone().decide(register)?);
            call.acts(changes, Act::RegisteredAgency, Some(id), "");
            Ok(())
        };
        let registered = self.gate.engine().transact(&context, (id, Only), decide).await?;
        self.issuers.refresh(self.gate.engine()).await?;
        Ok(pb::RegisterAgencyResponse { position: registered.position.0, agency_id: id.to_string() })
    }

    async fn change_issuer(
        &self,
        call: &Call,
        m: pb::ChangeAgencyIssuerRequest,
    ) -> Result<pb::ChangeAgencyIssuerResponse, Error> {
        let context = call.context(&m.request_id)?;
        let id: AgencyId = rpc::id("agency_id", &m.agency_id)?;
        let issuer = self.new_issuer(id, m.issuer, m.audience)?;
        let decide = |(agency, register): &(Loaded<Agency>, Loaded<Register>), changes: &mut Changes| {
            if !agency.is_registered() {
                return Err(Refusal::not_found("agency"));
            }
            changes.record(register, id, issuer.clone().decide(register)?);
            call.acts(changes, Act::ChangedIssuer, Some(id), issuer.issuer.as_str());
            Ok(())
        };
        let changed = self.gate.engine().transact(&context, (id, Only), decide).await?;
        self.issuers.refresh(self.gate.engine()).await?;
        // What it takes away is taken away when this is acknowledged, on every server.
        tokio::time::sleep(Issuers::known_everywhere_after()).await;
        Ok(pb::ChangeAgencyIssuerResponse { position: changed.position.0 })
    }

    /// The wish for an issuer, unless the configuration speaks for it.
    fn new_issuer(&self, agency: AgencyId, issuer: String, audience: String) -> Result<ChangeAgencyIssuer, Error> {
        if self.issuers.is_configured(&issuer) {
            return Err(Error::invalid("issuer", "stands in the servers' configuration, which alone speaks for it"));
        }
        Ok(ChangeAgencyIssuer { agency, issuer, audience })
    }

    async fn add(&self, call: &Call, m: pb::AddStaffRequest) -> Result<pb::AddStaffResponse, Error> {
        let context = call.context(&m.request_id)?;
        let agency: AgencyId = rpc::id("agency_id", &m.agency_id)?;
        let named: Option<StaffId> = rpc::optional_id("staff_id", &m.staff_id)?;
        // Before anything is said of what is asked for.
        let by = self.administers(call, Some(agency)).await?;
        let (is_named, id) = (named.is_some(), named.unwrap_or_else(|| context.new_id()));
        let identity = self.issuers.identity(self.gate.engine(), agency, m.issuer, m.subject).await?;
        let sign_in = identity.sign_in;
        let join = JoinStaff { agency, identity, is_named, name: m.name, role: m.role };
        let last = self.last_holder(sign_in).await?.unwrap_or(id);
        type Loads = (Loaded<SignIn>, Loaded<Staff>, Loaded<Staff>, Loaded<Agency>, Loaded<Staff>);
        let decide = |(pointer, holder, staff, registered, standing): &Loads, changes: &mut Changes| {
            may_change(by, standing, Some(agency), changes)?;
            let (joined, named) = join_staff(staff, registered, join.clone())?;
            give(changes, pointer, holder, (agency, id))?;
            name_role(changes, registered, named);
            changes.record(staff, agency, joined);
            call.acts(changes, Act::ChangedStaff, Some(agency), id.to_string());
            Ok(())
        };
        let joined =
            self.gate.engine().transact(&context, (sign_in, last, id, agency, standing_of(by, id)), decide).await?;
        Ok(pb::AddStaffResponse { position: joined.position.0, staff_id: id.to_string() })
    }

    async fn change_sign_in(
        &self,
        call: &Call,
        m: pb::ChangeStaffSignInRequest,
    ) -> Result<pb::ChangeStaffSignInResponse, Error> {
        let context = call.context(&m.request_id)?;
        let id: StaffId = rpc::id("staff_id", &m.staff_id)?;
        let (by, agency) = self.administers_of(call, id).await?;
        let identity = self.issuers.identity(self.gate.engine(), agency, m.issuer, m.subject).await?;
        let sign_in = identity.sign_in;
        let change = ChangeSignIn { identity };
        let last = self.last_holder(sign_in).await?.unwrap_or(id);
        type Loads = (Loaded<SignIn>, Loaded<Staff>, Loaded<Staff>, Loaded<Staff>);
        let decide = |(pointer, holder, staff, standing): &Loads, changes: &mut Changes| {
            may_change(by, standing, Some(agency), changes)?;
            let changed = change.clone().decide(staff)?;
            give(changes, pointer, holder, (agency, id))?;
            changes.record(staff, agency, changed);
            call.acts(changes, Act::ChangedStaff, Some(agency), id.to_string());
            Ok(())
        };
        let changed = self.gate.engine().transact(&context, (sign_in, last, id, standing_of(by, id)), decide).await?;
        Ok(pb::ChangeStaffSignInResponse { position: changed.position.0 })
    }

    /// Who changes this worker, as [`Self::administers`], and the agency that the worker joined, which never changes.
    async fn administers_of(&self, call: &Call, id: StaffId) -> Result<(Option<SignedIn>, AgencyId), Error> {
        let agency = self.gate.engine().load::<Staff>(id, Freshness::Latest).await?.agency();
        let by = self.administers(call, agency).await?;
        Ok((by, agency.ok_or_else(|| Error::not_found("staff"))?))
    }

    /// The worker whom a sign-in was linked to last.
    async fn last_holder(&self, sign_in: SignInId) -> Result<Option<StaffId>, Error> {
        Ok(self.gate.engine().load::<SignIn>(sign_in, Freshness::Latest).await?.staff())
    }

    async fn change_listing(
        &self,
        call: &Call,
        m: pb::ChangeStaffListingRequest,
    ) -> Result<pb::ChangeStaffListingResponse, Error> {
        let context = call.context(&m.request_id)?;
        let id: AgencyId = rpc::id("agency_id", &m.agency_id)?;
        let by = self.administers(call, Some(id)).await?;
        let decide = |(agency, standing): &(Loaded<Agency>, Loaded<Staff>), changes: &mut Changes| {
            may_change(by, standing, Some(id), changes)?;
            changes.record(agency, id, ChangeStaffListing { by_name: m.by_name }.decide(agency)?);
            call.acts(changes, Act::ChangedStaff, Some(id), "");
            Ok(())
        };
        let standing = standing_of(by, StaffId(id.0));
        let changed = self.gate.engine().transact(&context, (id, standing), decide).await?;
        Ok(pb::ChangeStaffListingResponse { position: changed.position.0 })
    }

    async fn change_role(
        &self,
        call: &Call,
        m: pb::ChangeStaffRoleRequest,
    ) -> Result<pb::ChangeStaffRoleResponse, Error> {
        let context = call.context(&m.request_id)?;
        let id: StaffId = rpc::id("staff_id", &m.staff_id)?;
        let (by, agency) = self.administers_of(call, id).await?;
        let command = ChangeStaffRole { role: m.role };
        let decide = |(staff, at, standing): &(Loaded<Staff>, Loaded<Agency>, Loaded<Staff>), changes: &mut Changes| {
            may_change(by, standing, Some(agency), changes)?;
            let (changed, named) = change_staff_role(staff, at, command.clone())?;
            changes.record(staff, agency, changed);
            name_role(changes, at, named);
            call.acts(changes, Act::ChangedStaff, Some(agency), id.to_string());
            Ok(())
        };
        let changed = self.gate.engine().transact(&context, (id, agency, standing_of(by, id)), decide).await?;
        Ok(pb::ChangeStaffRoleResponse { position: changed.position.0 })
    }

    async fn correct_name(
        &self,
        call: &Call,
        m: pb::CorrectStaffNameRequest,
    ) -> Result<pb::CorrectStaffNameResponse, Error> {
        let command = CorrectStaffName { name: m.name };
        let position = self.change_staff(call, &m.request_id, &m.staff_id, command).await?;
        Ok(pb::CorrectStaffNameResponse { position })
    }

    async fn remove(&self, call: &Call, m: pb::RemoveStaffRequest) -> Result<pb::RemoveStaffResponse, Error> {
        let position = self.change_staff(call, &m.request_id, &m.staff_id, RemoveStaff).await?;
        Ok(pb::RemoveStaffResponse { position })
    }

    /// Changes something about somebody at the agency that they joined.
    async fn change_staff<C>(&self, call: &Call, request_id: &str, staff_id: &str, command: C) -> Result<u64, Error>
    where
        C: Command<Aggregate = Staff> + Clone + Send + Sync,
    {
        let context = call.context(request_id)?;
        let id: StaffId = rpc::id("staff_id", staff_id)?;
        let by = call.worker_or_operator()?;
        let decide = |(staff, standing): &(Loaded<Staff>, Loaded<Staff>), changes: &mut Changes| {
            may_change(by, standing, staff.agency(), changes)?;
            let agency = staff.agency().ok_or_else(|| Refusal::not_found("staff"))?;
            changes.record(staff, agency, command.clone().decide(staff)?);
            call.acts(changes, Act::ChangedStaff, Some(agency), id.to_string());
            Ok(())
        };
        Ok(self.gate.engine().transact(&context, (id, standing_of(by, id)), decide).await?.position.0)
    }
}

/// Whose standing is to be loaded beside the worker who is changed: of whoever wants it, if that is a worker.
fn standing_of(by: Option<SignedIn>, changed: StaffId) -> StaffId {
    by.map_or(changed, |by| by.worker().staff())
}

/// Refuses what an administrator may not do. Whoever may, may still when it commits.
fn may_change(
    by: Option<SignedIn>,
    standing: &Loaded<Staff>,
    agency: Option<AgencyId>,
    changes: &mut Changes,
) -> Result<(), Refusal> {
    let Some(by) = by else { return Ok(()) };
    administers(by, standing, agency)?;
    changes.guard(standing);
    changes.in_role(standing.role());
    Ok(())
}

/// Adds a word for a role to those of an agency. One that it has needs no guard: it keeps them all.
fn name_role(changes: &mut Changes, agency: &Loaded<Agency>, named: Vec<AgencyEvent>) {
    if !named.is_empty() {
        changes.record(agency, agency.id, named);
    }
}

/// Gives a worker a sign-in, in the same append as what else happens to them, unless its holder has it still.
fn give(
    changes: &mut Changes,
    pointer: &Loaded<SignIn>,
    holder: &Loaded<Staff>,
    (agency, to): (AgencyId, StaffId),
) -> Result<(), Refusal> {
    changes.record(pointer, agency, link((pointer.id, pointer), (holder.id, holder), agency, to)?);
    changes.guard(holder);
    Ok(())
}
