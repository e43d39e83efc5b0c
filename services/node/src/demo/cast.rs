//! Who plays: one of the sample people, two workers who have seen them, and a privacy officer.

use anyhow::Context as _;
use domain::ids::{AgencyId, PersonId};
use gate::Binding;
use proto::access::v1::Party;
use proto::agencies::v1::AddStaffRequest;
use proto::people::v1::entry::Content;
use proto::relationships::v1::{Relationship, RelationshipState};
use tonic::transport::Channel;

use super::{client, worker};
use crate::tokens::{TokenSigner, issuer_name};
use ::client::Client;

/// The sample whose story is told: several agencies, goals and actions.
pub const SAMPLE: &str = "chadwick-von.json";

/// A worker in the story.
#[derive(Debug)]
pub struct Worker {
    /// Their client.
    pub client: Client,
    /// Who they are, as the import named them.
    pub party: Party,
    /// The relationship that the import suggested to the person.
    pub relationship_id: String,
}

/// The cast.
#[derive(Debug)]
pub struct Cast {
    /// The person.
    pub person: Client,
    /// Their id.
    pub person_id: String,
    /// Their name.
    pub name: String,
    /// The worker whose support the person accepts.
    pub supporter: Worker,
    /// A worker of another agency, whose support they do not.
    pub other: Worker,
    /// The privacy officer of the other worker's agency.
    pub officer: Client,
    /// Those who run the system.
    pub operator: Client,
}

impl Cast {
    /// Chooses the cast of this sample person's story. The workers cannot sign in yet.
    ///
    /// # Errors
    /// When the sample people are not there.
    pub async fn choose(channel: Channel, signer: &TokenSigner, id: PersonId) -> anyhow::Result<Self> {
        let (person, operator) = (client(&channel, signer.person(id))?, client(&channel, signer.operator())?);
        let name = person.my_record(0).await?.into_iter().find_map(|entry| match entry.content {
            Some(Content::Contact(contact)) => Some(contact.name),
            _ => None,
        });
        let people = person.my_people(0).await?;
        let suggested = |r: &&Relationship| r.state() == RelationshipState::Suggested;
        let first = people.iter().find(suggested).context("nobody is suggested; was the story told here before?")?;
        let agency = |r: &Relationship| r.supporter.as_ref().map(|s| s.agency_id.clone());
        let second = people.iter().filter(suggested).find(|r| agency(r) != agency(first));
        let second = second.context("the sample is seen by one agency only")?;
        let (supporter, other) = (named(&channel, signer, first)?, named(&channel, signer, second)?);
        let officer = worker(&channel, signer, Binding::Agency(AgencyId(other.party.agency_id.parse()?)), OFFICER)?;
        Ok(Self {
            person,
            person_id: id.to_string(),
            name: name.context("the record has no name")?,
            supporter,
            other,
            officer,
            operator,
        })
    }
}

/// Somebody whom the import named.
fn named(channel: &Channel, signer: &TokenSigner, relationship: &Relationship) -> anyhow::Result<Worker> {
    let named = relationship.supporter.clone().context("a suggestion has a supporter")?;
    let agency = AgencyId(named.agency_id.parse()?);
    Ok(Worker {
        client: worker(channel, signer, Binding::Agency(agency), &named.staff_id)?,
        relationship_id: relationship.relationship_id.clone(),
        party: named,
    })
}

/// The subject by which the privacy officer signs in.
const OFFICER: &str = "privacy-officer";

/// An operator adds a privacy officer to an agency.
pub(super) async fn appoint_officer(operator: &Client, agency_id: &str) -> anyhow::Result<()> {
    let (subject, name, role) = (OFFICER.to_owned(), "Isla Munro".to_owned(), "privacy officer".to_owned());
    let add = AddStaffRequest {
        request_id: ::client::request_id(),
        agency_id: agency_id.to_owned(),
        subject,
        name,
        roles: vec![role],
        issuer: issuer_name(Binding::Agency(AgencyId(agency_id.parse()?))),
        ..AddStaffRequest::default()
    };
    operator.agencies().add_staff(add).await?;
    Ok(())
}
