//! The directory of agencies, and of their staff for whoever runs it.

use domain::agency::{Agency, AgencyNumber};
use domain::ids::{AgencyId, StaffId};
use domain::issuers::{Only, Register};
use domain::staff::{Staff, administers};
use domain::vocabulary::SignedIn;
use engine::{EngineError, Freshness};
use gate::Call;
use proto::agencies::v1 as pb;
use rpc::{Error, words};
use views::Pages;
use views::directory::{self, AgencyDoc, Directory, DirectoryDoc, StaffDoc};
use views::operations::{self, ActDoc, Operations};

use crate::Agencies;

/// The fewest and the most letters of a search.
const LEAST: usize = 3;
const MOST: usize = 200;
/// The most workers that a search finds.
const FOUND: usize = 5;

impl Agencies {
    pub(crate) async fn agency(&self, _: &Call, message: pb::GetAgencyRequest) -> Result<pb::GetAgencyResponse, Error> {
        let id: AgencyId = rpc::id("agency_id", &message.agency_id)?;
        let found = self.views.one::<Directory>(directory::agency_key(id), message.at_least_position).await?;
        let doc = found.and_then(DirectoryDoc::agency).ok_or_else(|| Error::not_found("agency"))?;
        Ok(pb::GetAgencyResponse { agency: Some(to_wire(doc)) })
    }

    /// An agency that was just registered, as it was.
    pub(crate) async fn registered(&self, id: AgencyId, position: u64) -> Option<pb::Agency> {
        let is_it = |doc: &DirectoryDoc| matches!(doc, DirectoryDoc::Agency(agency) if agency.agency == id);
        self.views.made::<Directory>(position, is_it).await.and_then(DirectoryDoc::agency).map(to_wire)
    }

    /// A worker who has just joined, as they were.
    pub(crate) async fn joined(&self, id: StaffId, position: u64) -> Option<pb::StaffMember> {
        let is_it = |doc: &DirectoryDoc| matches!(doc, DirectoryDoc::Staff(staff) if staff.staff == id);
        self.views.made::<Directory>(position, is_it).await.and_then(DirectoryDoc::staff).map(member)
    }

    pub(crate) async fn agencies(
        &self,
        call: &Call,
        message: pb::ListAgenciesRequest,
    ) -> Result<pb::ListAgenciesResponse, Error> {
        let paging = call.pages(&message)?;
        let registered = |doc: &DirectoryDoc| matches!(doc, DirectoryDoc::Agency(agency) if agency.is_registered());
        let page = self.views.list::<Directory>(&directory::agencies(), &paging.pages, registered).await?;
        Ok(pb::ListAgenciesResponse {
            agencies: page.items.into_iter().filter_map(DirectoryDoc::agency).map(to_wire).collect(),
            next_page_token: paging.next(page.next),
            position: page.position,
            incomplete: page.incomplete,
        })
    }

    pub(crate) async fn staff_member(
        &self,
        call: &Call,
        message: pb::GetStaffRequest,
    ) -> Result<pb::GetStaffResponse, Error> {
        let id: StaffId = rpc::id("staff_id", &message.staff_id)?;
        // Where somebody works never changes.
        let agency = self.gate.engine().load::<Staff>(id, Freshness::Latest).await?.agency();
        self.administers(call, agency).await?;
        let found = self.views.one::<Directory>(directory::staff_key(id), message.at_least_position).await?;
        let doc = found.and_then(DirectoryDoc::staff).ok_or_else(|| Error::not_found("staff"))?;
        Ok(pb::GetStaffResponse { staff: Some(member(doc)) })
    }

    pub(crate) async fn staff(
        &self,
        call: &Call,
        message: pb::ListStaffRequest,
    ) -> Result<pb::ListStaffResponse, Error> {
        let named: Option<AgencyId> = rpc::optional_id("agency_id", &message.agency_id)?;
        let own = call.worker_or_operator()?.map(|by| by.worker().agency());
        let agency = named.or(own).ok_or_else(|| Error::invalid("agency_id", "must be given"))?;
        self.administers(call, Some(agency)).await?;
        let paging = call.pages(&message)?;
        let page = self.views.list::<Directory>(&directory::staff_of(agency), &paging.pages, |_| true).await?;
        Ok(pb::ListStaffResponse {
            staff: page.items.into_iter().filter_map(DirectoryDoc::staff).map(member).collect(),
            next_page_token: paging.next(page.next),
            position: page.position,
            incomplete: page.incomplete,
        })
    }

    pub(crate) async fn acts(
        &self,
        call: &Call,
        message: pb::ListOperatorActsRequest,
    ) -> Result<pb::ListOperatorActsResponse, Error> {
        let own = call.worker_or_operator()?.map(|by| by.worker().agency());
        if own.is_some() {
            self.administers(call, own).await?;
        }
        let paging = call.pages(&message)?;
        let theirs = |doc: &ActDoc| own.is_none() || doc.agency == own;
        let page = self.views.list::<Operations>(&operations::all(), &paging.pages, theirs).await?;
        Ok(pb::ListOperatorActsResponse {
            acts: page.items.into_iter().map(act).collect(),
            next_page_token: paging.next(page.next),
            position: page.position,
            incomplete: page.incomplete,
        })
    }

    pub(crate) async fn find_workers(
        &self,
        call: &Call,
        message: pb::FindWorkersRequest,
    ) -> Result<pb::FindWorkersResponse, Error> {
        let (person, agency): (_, AgencyId) = (call.person()?, rpc::id("agency_id", &message.agency_id)?);
        let text = message.text.trim().to_lowercase();
        if !(LEAST..=MOST).contains(&text.chars().filter(|c| c.is_alphanumeric()).count()) {
            return Err(Error::invalid("text", format!("must have from `{LEAST}` to `{MOST}` letters")));
        }
        self.searches.begin(person)?;
        let engine = self.gate.engine();
        let register = engine.load::<Register>(Only, Freshness::Latest).await?;
        let (mut workers, mut more, mut incomplete, mut position) = (Vec::new(), false, false, u64::MAX);
        // Those of what has become a part of it, too. As each has it now: a view may lag, and this keeps somebody safe.
        let one: Vec<_> = register.one_with(agency).into_iter().collect();
        for agency in engine.load_each::<Agency>(&one, Freshness::Latest).await? {
            let (agency, by_name) = (agency.id, agency.lists_names());
            let is_meant = |doc: &DirectoryDoc| match doc {
                DirectoryDoc::Staff(doc) => doc.current && begins(&doc.sought(by_name), &text),
                DirectoryDoc::Agency(_) => false,
            };
            let pages = Pages { size: FOUND, after: vec![], at_least: message.at_least_position };
            let page = self.views.list::<Directory>(&directory::staff_of(agency), &pages, is_meant).await?;
            let found = |doc: StaffDoc| pb::FoundWorker {
                staff_id: doc.staff.to_string(),
                name: doc.listed(by_name),
                role: doc.role(),
            };
            workers.extend(page.items.into_iter().filter_map(DirectoryDoc::staff).map(found));
            more |= page.next.is_some();
            incomplete |= page.incomplete;
            position = position.min(page.position);
        }
        more |= workers.len() > FOUND;
        workers.truncate(FOUND);
        Ok(pb::FindWorkersResponse { workers, more, position, incomplete })
    }

    /// The worker who runs this agency's staff now; none when it is whoever runs the system. Refuses everybody else.
    pub(crate) async fn administers(&self, call: &Call, agency: Option<AgencyId>) -> Result<Option<SignedIn>, Error> {
        let Some(by) = call.worker_or_operator()? else { return Ok(None) };
        let standing = self.gate.engine().load::<Staff>(by.worker().staff(), Freshness::Latest).await?;
        administers(by, &standing, agency).map_err(EngineError::Refused)?;
        Ok(Some(by))
    }
}

/// Whether a word of these begins with what is sought.
fn begins(words: &str, sought: &str) -> bool {
    let words = words.to_lowercase();
    words.match_indices(sought).any(|(at, _)| !words[..at].ends_with(char::is_alphanumeric))
}

fn member(doc: StaffDoc) -> pb::StaffMember {
    let StaffDoc { staff, agency, name, roles, current, issuer, subject, left_at } = doc;
    let (staff_id, agency_id) = (staff.to_string(), agency.to_string());
    let left_at = left_at.map(words::timestamp);
    pb::StaffMember { staff_id, agency_id, name, roles, current, issuer, subject, left_at }
}

fn act(doc: ActDoc) -> pb::OperatorAct {
    let ActDoc { at, operator, issuer, act, agency, about } = doc;
    pb::OperatorAct {
        happened_at: Some(words::timestamp(at)),
        operator,
        issuer,
        kind: i32::from(act.code()),
        agency_id: agency.map(|agency| agency.to_string()).unwrap_or_default(),
        about,
    }
}

fn to_wire(doc: AgencyDoc) -> pb::Agency {
    let number = |n: AgencyNumber| pb::AgencyNumber { registry: i32::from(n.registry.code()), number: n.number };
    pb::Agency {
        agency_id: doc.agency.to_string(),
        name: doc.name,
        kind: doc.kind,
        roles: doc.roles,
        registered: doc.registered,
        lists_names: doc.lists_names,
        place: doc.place,
        numbers: doc.numbers.into_iter().map(number).collect(),
        merged_into: doc.merged_into.map(|into| into.to_string()).unwrap_or_default(),
        closed: doc.closed,
    }
}
