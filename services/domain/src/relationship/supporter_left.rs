use super::events::{RelationshipEvent, SupporterLeft};
use super::{Relationship, Stage};
use crate::Command as _;
use crate::Refusal;
use crate::ids::RelationshipId;
use crate::sharing::events::SharingEvent;
use crate::sharing::{CloseRelationshipAccess, Sharing};
use crate::staff::Staff;
use crate::vocabulary::Timestamp;

/// A worker who has left, as far as one relationship of theirs depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Departure<'a> {
    /// Their standing.
    pub staff: &'a Staff,
    /// When they left.
    pub left_at: Timestamp,
}

/// A worker has left: what they had proposed, or the support, is over since then, and its access is closed in the same append (rule
/// 10). Nothing when it is over already.
///
/// # Errors
/// When the worker has not left.
pub fn supporter_left(
    id: RelationshipId,
    relationship: &Relationship,
    sharing: &Sharing,
    departure: Departure<'_>,
) -> Result<(Vec<RelationshipEvent>, Vec<SharingEvent>), Refusal> {
    let Departure { staff, left_at } = departure;
    let Some(parties) = relationship.parties.filter(|_| staff.has_left()) else {
        return Err(Refusal::rule("has_left", "the supporter works there still"));
    };
    let heard = match relationship.stage {
        Stage::Proposed | Stage::Active => true,
        Stage::Unheard => false,
        Stage::None | Stage::Over => return Ok((vec![], vec![])),
    };
    let left = SupporterLeft { worker: parties.worker, heard, left_at };
    Ok((vec![left.into()], CloseRelationshipAccess { relationship: id }.decide(sharing)?))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{PERSON, WORKER, accepted, proposed, unheard};
    use super::super::{AcceptSupport, EndSupport};
    use super::*;
    use crate::Aggregate as _;
    use crate::sharing::events::{RelationshipAccessClosed, RelationshipAccessOpened};
    use crate::staff::events::StaffLeft;
    use crate::staff::fixtures::joined;
    use crate::vocabulary::Author;
    use uuid::Uuid;

    #[test]
    fn rule_23_who_has_left_supports_nobody_and_offers_nothing_any_more() {
        let id = RelationshipId(Uuid::from_u128(7));
        let open = Sharing::folded(&[RelationshipAccessOpened { relationship: id, worker: WORKER }.into()]);
        let (here, left) = (vec![joined("nurse")], vec![joined("nurse"), StaffLeft {}.into()]);
        let over = |history: &[RelationshipEvent], sharing: &Sharing, staff: &[_]| {
            let (relationship, staff) = (Relationship::folded(history), &Staff::folded(staff));
            supporter_left(id, &relationship, sharing, Departure { staff, left_at: Timestamp(9) })
        };
        let event = |heard| RelationshipEvent::from(SupporterLeft { worker: WORKER, heard, left_at: Timestamp(9) });
        let closed = SharingEvent::from(RelationshipAccessClosed { relationship: id });
        assert_eq!(over(&[proposed(), accepted()], &open, &left), Ok((vec![event(true)], vec![closed])));
        assert_eq!(over(&[proposed()], &Sharing::default(), &left), Ok((vec![event(true)], vec![])));
        assert_eq!(over(&[unheard()], &Sharing::default(), &left), Ok((vec![event(false)], vec![])));
        assert_eq!(over(&[proposed(), event(true)], &Sharing::default(), &left), Ok((vec![], vec![])));
        assert!(over(&[proposed()], &Sharing::default(), &here).is_err());
        // It is over for whoever asks.
        let relationship = Relationship::folded(&[proposed(), accepted(), event(true)]);
        let end = EndSupport { person: PERSON, by: Author::Person, reason: String::new(), now: Timestamp(10) };
        assert_eq!(end.decide(&relationship), Ok(vec![]));
        assert!(AcceptSupport { person: PERSON, now: Timestamp(10) }.decide(&relationship).is_err());
    }
}
