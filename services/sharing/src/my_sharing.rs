//! "My sharing": who can see what now.

use access::Caller;
use domain::vocabulary::{Author, ProvisionActor};
use proto::sharing::v1 as pb;
use rpc::words::{self, Names as _};
use rpc::{Directory, Error};
use tonic::Extensions;
use views::sharing::{self, OpenDoc, SharingDoc};

use crate::{SharingServices, summary, terms};

impl SharingServices {
    pub(crate) async fn my_sharing(
        &self,
        extensions: &Extensions,
        message: pb::GetMySharingRequest,
    ) -> Result<pb::GetMySharingResponse, Error> {
        let person = Caller::of(extensions)?.person()?;
        self.views.wait(sharing::NAME, message.at_least_position).await?;
        let key = sharing::key(person);
        let position = self.views.position(sharing::NAME).await?;
        let mut found = self.views.get::<SharingDoc>(sharing::NAME, std::slice::from_ref(&key)).await?;
        let doc = found.remove(&key).ok_or_else(|| Error::not_found("person"))?;
        let names = Directory::of(&self.views, parties(&doc)).await?;
        let now = engine::now();
        Ok(pb::GetMySharingResponse {
            provisions: doc
                .provisions
                .iter()
                .map(|p| pb::Provision {
                    provision_id: p.provision.to_string(),
                    permit: p.permit,
                    terms: Some(terms::to_wire(&p.terms)),
                    summary: summary::provision(p.permit, &p.terms, &names),
                })
                .collect(),
            blocked_agencies: doc
                .blocked
                .iter()
                .map(|agency| pb::BlockedAgency { agency_id: agency.to_string(), name: names.agency(*agency) })
                .collect(),
            open_access: doc
                .open
                .iter()
                .filter(|o| o.until.is_none_or(|until| now < until))
                .map(|o| open(o, &names))
                .collect(),
            directive_version: doc.version,
            position,
        })
    }
}

fn open(doc: &OpenDoc, names: &Directory) -> pb::OpenAccess {
    let party = Author::Staff { agency: doc.agency, staff: doc.staff };
    pb::OpenAccess {
        party: Some(words::party(party, "", names)),
        emergency: doc.emergency.is_some(),
        until: doc.until.map(words::timestamp),
    }
}

/// Everybody whom a directive names.
fn parties(doc: &SharingDoc) -> impl Iterator<Item = Author> {
    use domain::ids::{AgencyId, StaffId};
    let nobody = uuid::Uuid::nil();
    let named = doc.provisions.iter().filter_map(move |p| match &p.terms.actor {
        ProvisionActor::Agency(agency) => Some(Author::Staff { agency: *agency, staff: StaffId(nobody) }),
        ProvisionActor::Staff(staff) => Some(Author::Staff { agency: AgencyId(nobody), staff: *staff }),
        ProvisionActor::Role(_) | ProvisionActor::Everybody => None,
    });
    let blocked = doc.blocked.iter().map(move |agency| Author::Staff { agency: *agency, staff: StaffId(nobody) });
    named.chain(blocked).chain(doc.open.iter().map(|o| Author::Staff { agency: o.agency, staff: o.staff }))
}
