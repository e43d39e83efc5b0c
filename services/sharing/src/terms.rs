//! Terms of a provision, from the wire and back.

use domain::vocabulary::{ProvisionActor, Terms};
use proto::sharing::v1 as pb;
use proto::sharing::v1::provision_actor::Actor;
use rpc::{Error, words};

/// The most elements in one list of a provision.
const LIST_LIMIT: usize = 50;

pub(crate) fn read(wire: Option<pb::ProvisionTerms>) -> Result<Terms, Error> {
    let wire = rpc::required("terms", wire)?;
    let longest = wire.categories.len().max(wire.purposes.len()).max(wire.actions.len()).max(wire.labels.len());
    let longest = longest.max(wire.except_staff_ids.len());
    if longest > LIST_LIMIT {
        return Err(Error::invalid("terms", format!("a list holds at most `{LIST_LIMIT}` elements")));
    }
    let actor = wire.actor.and_then(|actor| actor.actor);
    Ok(Terms {
        actor: match rpc::required("terms.actor", actor)? {
            Actor::AgencyId(id) => ProvisionActor::Agency(rpc::id("terms.actor.agency_id", &id)?),
            Actor::StaffId(id) => ProvisionActor::Staff(rpc::id("terms.actor.staff_id", &id)?),
            Actor::Role(role) => ProvisionActor::Role(role),
            Actor::RoleAt(pb::RoleAt { agency_id, role }) => {
                ProvisionActor::RoleAt(rpc::id("terms.actor.role_at.agency_id", &agency_id)?, role)
            }
            Actor::Everybody(true) => ProvisionActor::Everybody,
            Actor::Everybody(false) => {
                return Err(Error::invalid("terms.actor.everybody", "must be true, or another actor"));
            }
        },
        except: wire
            .except_staff_ids
            .iter()
            .map(|id| rpc::id("terms.except_staff_ids", id))
            .collect::<Result<_, _>>()?,
        categories: words::categories("terms.categories", &wire.categories)?,
        level: words::level("terms.level", wire.level)?,
        labels: wire.labels,
        purposes: words::purposes("terms.purposes", &wire.purposes)?,
        actions: words::actions("terms.actions", &wire.actions)?,
        from: wire.from.map(|t| words::from_timestamp("terms.from", t)).transpose()?,
        until: wire.until.map(|t| words::from_timestamp("terms.until", t)).transpose()?,
    })
}

pub(crate) fn to_wire(terms: &Terms) -> pb::ProvisionTerms {
    let actor = match &terms.actor {
        ProvisionActor::Agency(agency) => Actor::AgencyId(agency.to_string()),
        ProvisionActor::Staff(staff) => Actor::StaffId(staff.to_string()),
        ProvisionActor::Role(role) => Actor::Role(role.clone()),
        ProvisionActor::RoleAt(agency, role) => {
            Actor::RoleAt(pb::RoleAt { agency_id: agency.to_string(), role: role.clone() })
        }
        ProvisionActor::Everybody => Actor::Everybody(true),
    };
    pb::ProvisionTerms {
        actor: Some(pb::ProvisionActor { actor: Some(actor) }),
        except_staff_ids: terms.except.iter().map(ToString::to_string).collect(),
        categories: words::to_categories(&terms.categories),
        level: i32::from(terms.level.code()),
        labels: terms.labels.clone(),
        purposes: terms.purposes.iter().map(|p| i32::from(p.code())).collect(),
        actions: terms.actions.iter().map(|a| i32::from(a.code())).collect(),
        from: terms.from.map(words::timestamp),
        until: terms.until.map(words::timestamp),
    }
}
