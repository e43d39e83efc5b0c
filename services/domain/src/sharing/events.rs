//! What can have happened on a `sharing` stream.

use crate::consultation::Circle;
use crate::ids::{
    AccessRequestId, AgencyId, ConsultationId, EmergencyId, EntryId, LawfulBasisId, ProvisionId, RelationshipId,
    SignInId, StaffId,
};
use crate::vocabulary::{Author, Category, Level, OnTheirWord, Terms, Timestamp, Worker};

/// The person has a directive, and it permits nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharingStarted {}

/// The person permitted something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionGranted {
    pub provision: ProvisionId,
    /// What it says.
    pub terms: Terms,
    /// Whether nobody is told of it, now or later.
    pub without_telling: bool,
    /// Who entered it on their word, if the person did not themselves.
    pub word: Option<OnTheirWord>,
    /// The request that it answers, if it answers one.
    pub request: Option<AccessRequestId>,
}

/// The person denied something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionDenied {
    pub provision: ProvisionId,
    /// What it says.
    pub terms: Terms,
    /// Who entered it on their word, if the person did not themselves.
    pub word: Option<OnTheirWord>,
}

/// The person took something out of a permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionNarrowed {
    pub provision: ProvisionId,
    /// The categories that stay.
    pub categories: Vec<Category>,
    /// The highest level that stays.
    pub level: Level,
    /// Whether nobody is told, of this or of what becomes of it later.
    pub without_telling: bool,
}

/// The person withdrew a provision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionWithdrawn {
    pub provision: ProvisionId,
    /// Whether nobody is told.
    pub without_telling: bool,
    /// Who entered it on their word, if the person did not themselves.
    pub word: Option<OnTheirWord>,
}

/// The person blocked an agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyBlocked {
    pub agency: AgencyId,
}

/// The person unblocked an agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyUnblocked {
    pub agency: AgencyId,
}

/// An accepted relationship opened access, within the provisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationshipAccessOpened {
    pub relationship: RelationshipId,
    pub worker: Worker,
}

/// A relationship ended, and its access with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationshipAccessClosed {
    pub relationship: RelationshipId,
}

/// A worker broke the glass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyAccessOpened {
    pub emergency: EmergencyId,
    pub worker: Worker,
    /// Why, in words that the person reads.
    pub reason: String,
    /// When it ends by itself.
    pub until: Timestamp,
    /// Which one of the agency it is for this person, from 1; 0 when it was not counted yet.
    pub nth: u32,
}

/// Emergency access ended before its time: given back, closed by a privacy officer, or with what it hung on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyAccessClosed {
    pub emergency: EmergencyId,
}

/// The person blocked a worker: they learn nothing and reach nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerBlocked {
    pub worker: Worker,
    /// What they sign in with, if they have joined: who leaves and comes back is the same one all the same.
    pub sign_in: Option<SignInId>,
}

/// The person unblocked a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerUnblocked {
    pub worker: Worker,
}

/// An entry was corrected: no look that does not know of that commits any more (rule 4). What it says now stands in the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRestricted {
    pub entry: EntryId,
}

/// A worker whom the person lets in asks them to permit something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRequested {
    pub request: AccessRequestId,
    pub worker: Worker,
    /// What is asked for: of the worker, or of everybody or a role at their agency.
    pub terms: Terms,
    /// What it is for, in words that the person reads.
    pub reason: String,
    /// When it ends by itself, if the person says nothing.
    pub lapses_at: Timestamp,
}

/// The person said yes to what a worker asked for, by what they permitted already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRequestGranted {
    pub request: AccessRequestId,
    /// What permits it.
    pub provision: ProvisionId,
    /// Who entered it on their word, if the person did not themselves.
    pub word: Option<OnTheirWord>,
}

/// The person said no to what a worker asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRequestRefused {
    pub request: AccessRequestId,
    /// From when on the worker may ask for it again.
    pub again_from: Timestamp,
    /// Who entered it on their word, if the person did not themselves.
    pub word: Option<OnTheirWord>,
}

/// An objection of the person to a decision stands, in whatever consultation: nothing is decided by the same side elsewhere as if there were none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectionRaised {
    pub consultation: ConsultationId,
    pub decision: EntryId,
    /// Who proposed what they object to.
    pub against: Author,
    /// Who decided it without them, if somebody did.
    pub decider: Option<Author>,
    /// Who may see the consultation: nobody else is told by it.
    pub circle: Circle,
}

/// It stands no more: the person took it back, or the decision was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectionSettled {
    pub consultation: ConsultationId,
    pub decision: EntryId,
}

/// A privacy officer named the law under which a worker of theirs may see something, whatever the person has chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LawfulBasisInvoked {
    pub basis: LawfulBasisId,
    /// Who may look.
    pub worker: Worker,
    /// Who decided so, of the same agency.
    pub decider: StaffId,
    /// The act, and its section.
    pub statute: String,
    /// Why, in words that the person reads.
    pub reason: String,
    /// What may be seen, for what, and until when.
    pub terms: Terms,
}

/// It was ended before its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LawfulBasisEnded {
    pub basis: LawfulBasisId,
}

crate::event_enum! {
    /// An event of a `sharing` stream.
    SharingEvent {
        SharingStarted,
        ProvisionGranted,
        ProvisionDenied,
        ProvisionNarrowed,
        ProvisionWithdrawn,
        AgencyBlocked,
        AgencyUnblocked,
        RelationshipAccessOpened,
        RelationshipAccessClosed,
        EmergencyAccessOpened,
        EmergencyAccessClosed,
        WorkerBlocked,
        WorkerUnblocked,
        EntryRestricted,
        AccessRequested,
        AccessRequestRefused,
        ObjectionRaised,
        ObjectionSettled,
        AccessRequestGranted,
        LawfulBasisInvoked,
        LawfulBasisEnded,
    }
}
