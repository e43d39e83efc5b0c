//! Identifiers: UUIDs that cannot be mistaken for one another.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )+};
}

ids! {
    /// The one supported.
    PersonId,
    /// An accountable organisation.
    AgencyId,
    /// Somebody who works for an agency.
    StaffId,
    /// A subject of one of an agency's identity providers, by pseudonym.
    SignInId,
    /// A subject of an identity provider of people, by pseudonym.
    IdentityId,
    /// A one-time code, by pseudonym.
    InvitationId,
    /// A support relationship.
    RelationshipId,
    /// A consultation.
    ConsultationId,
    /// An entry of a record, or a part of a consultation.
    EntryId,
    /// A question to everybody whom an agency supports.
    SurveyId,
    /// A provision of a sharing directive.
    ProvisionId,
    /// What a worker asks a person to permit.
    AccessRequestId,
    /// An emergency access.
    EmergencyId,
    /// A lawful basis under which somebody may look.
    LawfulBasisId,
    /// A receipt: also the id of the event that records the look.
    ReceiptId,
    /// A question about a receipt.
    QueryId,
    /// A feed of an agency.
    FeedId,
    /// What one feed of an agency delivered of a person's on one day.
    DeliveryId,
    /// An account with which an agency's system signs in.
    AccountId,
    /// A request to give back what was delivered.
    RecallId,
    /// A request, made its caller's own.
    RequestId,
}

/// An id that follows from `parts`, so that the same cause always gives the same id. When `base` is a UUIDv7 its time
/// is kept, so that index inserts stay on the right edge; otherwise the id is a UUIDv8 (RFC 9562).
#[must_use]
pub fn derived_id(base: Uuid, parts: &[&[u8]]) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(base.as_bytes());
    for part in parts {
        // The length keeps ("ab", "c") apart from ("a", "bc").
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let mut bytes = [0u8; 16];
    bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    if base.get_version_num() == 7 {
        bytes.iter_mut().zip(base.as_bytes()).take(6).for_each(|(to, from)| *to = *from);
        return uuid::Builder::from_bytes(bytes).with_version(uuid::Version::SortRand).into_uuid();
    }
    Uuid::new_v8(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_id_keeps_the_time_of_a_v7_and_depends_on_every_part() {
        let base = Uuid::now_v7();
        let id = derived_id(base, &[b"a"]);
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.as_bytes()[..6], base.as_bytes()[..6]);
        assert_eq!(id, derived_id(base, &[b"a"]));
        assert_ne!(derived_id(base, &[b"ab", b"c"]), derived_id(base, &[b"a", b"bc"]));
        assert_eq!(derived_id(Uuid::nil(), &[]).get_version_num(), 8);
    }
}
