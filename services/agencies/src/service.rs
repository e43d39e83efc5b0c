//! A row for each RPC, and what changes agencies and their staff.

use domain::agency::events::AgencyEvent;
use domain::agency::{
    Agency, AgencyNumber, ChangeStaffListing, Profile, RegisterAgency, Registry, RenameAgency, close_agency,
    merge_agencies, register_agency, rename_agency,
};
use domain::ids::{AgencyId, SignInId, StaffId};
use domain::issuers::{ChangeAgencyIssuer, Only, Register};
use domain::operations::Act;
use domain::sign_in::{SignIn, link};
use domain::staff::{
    ChangeSignIn, ChangeStaffRoles, CorrectStaffName, JoinStaff, RemoveStaff, Staff, change_staff_roles, join_staff,
};
use domain::vocabulary::SignedIn;
use domain::{Command, Refusal};
use engine::{Changes, Context, Freshness, Loaded};
use gate::{Call, Issuers};
use proto::agencies::v1 as pb;
use proto::agencies::v1::agency_service_server::AgencyService;
use rpc::Error;
use views::Pages;
use views::directory::{self, Directory, DirectoryDoc};

use crate::Agencies;

gate::service! { AgencyService for Agencies {
    register_agency(RegisterAgencyRequest) -> RegisterAgencyResponse: register,
    rename_agency(RenameAgencyRequest) -> RenameAgencyResponse: rename,
    merge_agencies(MergeAgenciesRequest) -> MergeAgenciesResponse: merge,
    close_agency(CloseAgencyRequest) -> CloseAgencyResponse: close,
    change_agency_issuer(ChangeAgencyIssuerRequest) -> ChangeAgencyIssuerResponse: change_issuer,
    get_agency(GetAgencyRequest) -> GetAgencyResponse: agency,
    list_agencies(ListAgenciesRequest) -> ListAgenciesResponse: agencies,
    add_staff(AddStaffRequest) -> AddStaffResponse: add,
    change_staff_roles(ChangeStaffRolesRequest) -> ChangeStaffRolesResponse: change_roles,
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
        let (profile, confirmed) = (profile(m.name, m.place, m.numbers)?, m.confirmed);
        let command = RegisterAgency { profile, kind: m.kind, is_named: named.is_some() };
        let has_issuer = !m.issuer.is_empty() || !m.audience.is_empty();
        let issuer = if has_issuer { Some(self.new_issuer(id, m.issuer, m.audience)?) } else { None };
        let decide = |(agency, register): &(Loaded<Agency>, Loaded<Register>), changes: &mut Changes| {
            let (registered, mut listed) = register_agency(id, agency, register, command.clone(), confirmed)?;
            if let Some(issuer) = &issuer {
                listed.extend(issuer.clone().decide(register)?);
            }
            changes.record(agency, id, registered);
            changes.record(register, id, listed);
            call.acts(changes, Act::RegisteredAgency, Some(id), "");
            Ok(())
        };
        let registered = self.gate.engine().transact(&context, (id, Only), decide).await?;
        self.issuers.refresh(self.gate.engine()).await?;
        let position = registered.position.0;
        let agency = self.registered(id, position).await;
        Ok(pb::RegisterAgencyResponse { position, agency_id: id.to_string(), agency })
    }

    async fn rename(&self, call: &Call, m: pb::RenameAgencyRequest) -> Result<pb::RenameAgencyResponse, Error> {
        let context = call.context(&m.request_id)?;
        let id: AgencyId = rpc::id("agency_id", &m.agency_id)?;
        let (command, confirmed) = (RenameAgency { profile: profile(m.name, m.place, m.numbers)? }, m.confirmed);
        let decide = |(agency, register): &(Loaded<Agency>, Loaded<Register>), changes: &mut Changes| {
            let (renamed, listed) = rename_agency(id, agency, register, command.clone(), confirmed)?;
            changes.record(agency, id, renamed);
            changes.record(register, id, listed);
            call.acts(changes, Act::ChangedAgency, Some(id), "renamed");
            Ok(())
        };
        let renamed = self.gate.engine().transact(&context, (id, Only), decide).await?;
        Ok(pb::RenameAgencyResponse { position: renamed.position.0 })
    }

    async fn merge(&self, call: &Call, m: pb::MergeAgenciesRequest) -> Result<pb::MergeAgenciesResponse, Error> {
        let context = call.context(&m.request_id)?;
        let from: AgencyId = rpc::id("agency_id", &m.agency_id)?;
        let into: AgencyId = rpc::id("into_agency_id", &m.into_agency_id)?;
        type Loads = (Loaded<Agency>, Loaded<Agency>, Loaded<Register>);
        let decide = |(agency, other, register): &Loads, changes: &mut Changes| {
            let (merged, aliased) = merge_agencies((from, agency), (into, other), register)?;
            changes.record(agency, from, merged);
            changes.record(register, into, aliased);
            changes.guard(other);
            call.acts(changes, Act::ChangedAgency, Some(from), format!("merged into {into}"));
            Ok(())
        };
        let merged = self.gate.engine().transact(&context, (from, into, Only), decide).await?;
        // Choices about either hold for both when this is acknowledged, on every server.
        tokio::time::sleep(gate::believed_nowhere_after()).await;
        Ok(pb::MergeAgenciesResponse { position: merged.position.0 })
    }

    /// Closes an agency, and has everybody there leave: what hung on them ends with it. When it is interrupted the same wish again goes on
    /// with those who are left.
    async fn close(&self, call: &Call, m: pb::CloseAgencyRequest) -> Result<pb::CloseAgencyResponse, Error> {
        let context = call.context(&m.request_id)?;
        let (id, engine): (AgencyId, _) = (rpc::id("agency_id", &m.agency_id)?, self.gate.engine());
        let decide = |(agency, register): &(Loaded<Agency>, Loaded<Register>), changes: &mut Changes| {
            let (closed, unlisted) = close_agency(id, agency, register)?;
            changes.record(agency, id, closed);
            changes.record(register, id, unlisted);
            call.acts(changes, Act::ChangedAgency, Some(id), "closed");
            Ok(())
        };
        let mut position = engine.transact(&context, (id, Only), decide).await?.position.0;
        self.issuers.refresh(engine).await?;
        tokio::time::sleep(Issuers::known_everywhere_after()).await;
        // Nobody can join any more: whoever is there is in the directory as of now.
        loop {
            let pages = Pages { size: LEAVING, after: vec![], at_least: position };
            let current = |doc: &DirectoryDoc| matches!(doc, DirectoryDoc::Staff(worker) if worker.current);
            let page = self.views.list::<Directory>(&directory::staff_of(id), &pages, current).await?;
            if page.items.is_empty() {
                return Ok(pb::CloseAgencyResponse { position });
            }
            for worker in page.items.into_iter().filter_map(DirectoryDoc::staff) {
                let left = engine.execute(&Context::of_system(), worker.staff, id, RemoveStaff).await?;
                position = position.max(left.position.0);
            }
        }
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
            if !agency.is_there() {
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
        let join = JoinStaff { agency, identity, is_named, name: m.name, roles: m.roles };
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
        let (position, staff) = (joined.position.0, self.joined(id, joined.position.0).await);
        Ok(pb::AddStaffResponse { position, staff_id: id.to_string(), staff })
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

    async fn change_roles(
        &self,
        call: &Call,
        m: pb::ChangeStaffRolesRequest,
    ) -> Result<pb::ChangeStaffRolesResponse, Error> {
        let context = call.context(&m.request_id)?;
        let id: StaffId = rpc::id("staff_id", &m.staff_id)?;
        let (by, agency) = self.administers_of(call, id).await?;
        let command = ChangeStaffRoles { roles: m.roles };
        let decide = |(staff, at, standing): &(Loaded<Staff>, Loaded<Agency>, Loaded<Staff>), changes: &mut Changes| {
            may_change(by, standing, Some(agency), changes)?;
            let (changed, named) = change_staff_roles(staff, at, command.clone())?;
            changes.record(staff, agency, changed);
            name_role(changes, at, named);
            call.acts(changes, Act::ChangedStaff, Some(agency), id.to_string());
            Ok(())
        };
        let changed = self.gate.engine().transact(&context, (id, agency, standing_of(by, id)), decide).await?;
        Ok(pb::ChangeStaffRolesResponse { position: changed.position.0 })
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

/// What tells an agency from others, from the wire.
fn profile(name: String, place: String, numbers: Vec<pb::AgencyNumber>) -> Result<Profile, Error> {
    let number = |wire: pb::AgencyNumber| {
        let registry = rpc::one_of("numbers.registry", wire.registry, Registry::from_code)?;
        Ok::<_, Error>(AgencyNumber { registry, number: wire.number })
    };
    Ok(Profile { name, place, numbers: numbers.into_iter().map(number).collect::<Result<_, _>>()? })
}

/// How many who leave with their agency are looked up at a time.
const LEAVING: usize = 100;

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
    by.map_or(Ok(()), |by| gate::as_administrator(by, standing, agency, changes))
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
