//! The directory of agencies.

use domain::ids::AgencyId;
use gate::Call;
use proto::agencies::v1 as pb;
use rpc::Error;
use views::directory::{self, AgencyDoc, Directory, DirectoryDoc};

use crate::Agencies;

impl Agencies {
    pub(crate) async fn agency(&self, _: &Call, message: pb::GetAgencyRequest) -> Result<pb::GetAgencyResponse, Error> {
        let id: AgencyId = rpc::id("agency_id", &message.agency_id)?;
        let found = self.views.one::<Directory>(directory::agency_key(id), message.at_least_position).await?;
        let doc = found.and_then(DirectoryDoc::agency).ok_or_else(|| Error::not_found("agency"))?;
        Ok(pb::GetAgencyResponse { agency: Some(to_wire(doc)) })
    }

    pub(crate) async fn agencies(
        &self,
        call: &Call,
        message: pb::ListAgenciesRequest,
    ) -> Result<pb::ListAgenciesResponse, Error> {
        let paging = call.pages(&message)?;
        let page = self.views.list::<Directory>(&directory::agencies(), &paging.pages, |_| true).await?;
        Ok(pb::ListAgenciesResponse {
            agencies: page.items.into_iter().filter_map(DirectoryDoc::agency).map(to_wire).collect(),
            next_page_token: paging.next(page.next),
            position: page.position,
        })
    }
}

fn to_wire(doc: AgencyDoc) -> pb::Agency {
    pb::Agency { agency_id: doc.agency.to_string(), name: doc.name, kind: doc.kind }
}
