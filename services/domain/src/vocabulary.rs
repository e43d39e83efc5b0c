//! The words that all aggregates share: categories, sensitivity, purposes, parties, provisions.

use serde::{Deserialize, Serialize};

use uuid::Uuid;

use crate::Refusal;
use crate::ids::{AgencyId, PersonId, SignInId, StaffId};
pub use crate::text::LABELS_LIMIT;
use crate::text::explained;

/// Declares an enum with stored codes and the field's own words.
macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$vdoc])* $variant = $code),+ }

        impl $name {
            /// Every one, in the order of the codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stored code; the same number as in the protobuf enum.
            #[must_use]
            pub fn code(self) -> u8 {
                self as u8
            }

            /// The one with this code.
            #[must_use]
            pub fn from_code(code: u32) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }

            /// The field's word for it.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}
pub(crate) use coded;

coded! {
    /// A heading of the record (PRSB), in PRSB order.
    Category {
        /// What the person wants people to know about them.
        AboutMe = 1 "about me",
        /// Strengths, skills, resources and experience.
        Strengths = 2 "strengths",
        /// What matters to the person.
        WhatMatters = 3 "what matters",
        /// Conditions and their impact.
        Health = 4 "health",
        /// What stands in the way.
        Barriers = 5 "barriers",
        /// What the person wants to achieve.
        Goals = 6 "goals",
        /// What was agreed.
        Actions = 7 "actions",
        /// Check-ins.
        Wellbeing = 8 "wellbeing",
        /// What to do when things go wrong.
        Contingency = 9 "contingency plan",
        /// Conversations and decisions.
        Consultations = 10 "consultations",
        /// Who supports the person.
        SupportNetwork = 11 "support network",
        /// Name and how to reach them.
        Contact = 12 "contact details",
    }
}

coded! {
    /// How sensitive an entry is (HL7 v3 Confidentiality N, R, V).
    Level {
        /// N.
        Normal = 1 "normal",
        /// R.
        Restricted = 2 "restricted",
        /// V.
        VeryRestricted = 3 "very restricted",
    }
}

coded! {
    /// Why somebody looks or acts (HL7 v3-ActReason), worded to follow "in order".
    Purpose {
        /// TREAT.
        Treatment = 1 "to treat or support you",
        /// ETREAT.
        EmergencyTreatment = 2 "to treat you in an emergency",
        /// COC.
        CareCoordination = 3 "to coordinate your support",
        /// BTG.
        BreakGlass = 4 "in an emergency",
        /// PATRQT.
        PersonRequest = 5 "because you asked",
        /// FAMRQT.
        FamilyRequest = 6 "because your family asked",
        /// PWATRNY.
        PowerOfAttorney = 7 "under a power of attorney",
        /// SUPNWK.
        SupportNetwork = 8 "within your support network",
        /// HRESCH.
        Research = 9 "for research",
        /// PUBHLTH.
        PublicHealth = 10 "for public health",
        /// HLEGAL.
        Legal = 11 "because a law or court requires it",
        /// THREAT.
        Threat = 12 "because of a threat to somebody's safety",
    }
}

impl Purpose {
    /// The code of HL7 v3-ActReason.
    #[must_use]
    pub fn act_reason(self) -> &'static str {
        match self {
            Self::Treatment => "TREAT",
            Self::EmergencyTreatment => "ETREAT",
            Self::CareCoordination => "COC",
            Self::BreakGlass => "BTG",
            Self::PersonRequest => "PATRQT",
            Self::FamilyRequest => "FAMRQT",
            Self::PowerOfAttorney => "PWATRNY",
            Self::SupportNetwork => "SUPNWK",
            Self::Research => "HRESCH",
            Self::PublicHealth => "PUBHLTH",
            Self::Legal => "HLEGAL",
            Self::Threat => "THREAT",
        }
    }
}

coded! {
    /// What is done with the record.
    Action {
        /// Looking at it.
        Read = 1 "see",
        /// Adding to it.
        Contribute = 2 "add to",
        /// Sending it out of the system.
        Disclose = 3 "pass on",
        /// An agency's computer system being told of it as it happens.
        Subscribe = 4 "receive on their computer system",
    }
}

coded! {
    /// A rule by which an access was denied. For the person and the operator: the refused caller is not told which.
    DenialRule {
        /// They are not current staff of the agency.
        NotCurrentStaff = 1 "they do not work there now",
        /// No relationship or emergency is open.
        NoOpenAccess = 2 "no support relationship with you is open",
        /// The person has blocked the agency.
        AgencyBlocked = 3 "you have blocked the agency",
        /// Nothing permits it.
        NothingPermits = 4 "nothing that you share covers it",
        /// A deny beats the permits.
        DenyBeatsPermit = 5 "you have denied it",
        /// The worker's last emergency access has not been reviewed (rule 8).
        EmergencyUnreviewed = 6 "an earlier emergency access of theirs waits for its review",
        /// The caller is a person, and the record is another's.
        NotTheirRecord = 7 "it is not theirs",
        /// The sign-in was the worker's, and is no more.
        FormerSignIn = 8 "with a sign-in that is not theirs any more",
        /// What was named is withheld from them, or there is no such thing: they are not told which.
        NotThere = 9 "it is withheld from them, or not there",
        /// An emergency access of the worker to this person was found unjustified (rule 8).
        EmergencyUnjustified = 10 "an earlier emergency access of theirs was found unjustified",
        /// The person has blocked the worker.
        WorkerBlocked = 11 "you have blocked them",
        /// They tried to name a law that it is not theirs to name.
        NotTheirsToDecide = 12 "it is not theirs to name a law for it",
    }
}

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// The microseconds of a day.
const A_DAY: i64 = 24 * 60 * 60 * 1_000_000;

impl Timestamp {
    /// Later than any moment.
    pub const NEVER: Self = Self(i64::MAX);

    /// In whole seconds since 1970, as most of the world has it.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This many days later.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        Self(self.0.saturating_add(i64::from(days) * A_DAY))
    }

    /// The day that it is of, by UTC, counted from 1970.
    #[must_use]
    pub fn day(self) -> i64 {
        self.0.div_euclid(A_DAY)
    }

    /// This many minutes later.
    #[must_use]
    pub fn plus_minutes(self, minutes: u32) -> Self {
        Self(self.0.saturating_add(i64::from(minutes) * 60_000_000))
    }
}

/// The number of events on a stream: 0 before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub u64);

/// The topics that a label can name, in words: the codes of HL7 v3-ActCode's information sensitivity policies. Closed, so that a
/// choice about a topic never misses an entry because of its spelling.
pub const TOPICS: [&str; 24] = [
    "BH", "COGN", "DVD", "EMOTDIS", "ETH", "ETHUD", "GDIS", "HIV", "IDS", "MH", "MST", "OPIOIDUD", "PREGNANT", "PSY",
    "PSYTHPN", "SCA", "SDV", "SEX", "SICKLE", "SPI", "STD", "SUD", "TBOO", "VIO",
];

/// How sensitive an entry is, and what makes it so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sensitivity {
    pub level: Level,
    /// Topic labels (HL7 v3-ActCode), such as `PSY`.
    pub labels: Vec<String>,
}

impl Sensitivity {
    /// Normal, without labels.
    pub const NORMAL: Self = Self { level: Level::Normal, labels: Vec::new() };

    /// The label of what a person keeps to themselves. No permit can name it, so that none covers it, and no emergency does: it is very restricted.
    pub const PRIVATE: &'static str = "PRIVATE";

    /// What the person keeps to themselves.
    #[must_use]
    pub fn private() -> Self {
        Self { level: Level::VeryRestricted, labels: vec![Self::PRIVATE.to_owned()] }
    }

    /// Whether whatever covers this covers the other, too: it is as restricted, at least.
    #[must_use]
    pub fn restricts(&self, other: &Self) -> bool {
        self.level >= other.level && other.labels.iter().all(|label| self.labels.contains(label))
    }

    /// Normal, without labels.
    #[must_use]
    pub fn normal() -> Self {
        Self::NORMAL
    }
}

/// One joining of a staff member to an agency: who acts, signs and is named in a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Worker {
    agency: AgencyId,
    staff: StaffId,
}

impl Worker {
    /// This member of staff, at this agency.
    #[must_use]
    pub const fn new(agency: AgencyId, staff: StaffId) -> Self {
        Self { agency, staff }
    }

    /// The agency that they work for.
    #[must_use]
    pub const fn agency(self) -> AgencyId {
        self.agency
    }

    /// The member of staff: whose standing the log keeps under this id.
    #[must_use]
    pub const fn staff(self) -> StaffId {
        self.staff
    }
}

/// A worker who calls, and the sign-in that they call with: standing belongs to the worker, and a sign-in may have been
/// taken from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SignedIn {
    worker: Worker,
    sign_in: SignInId,
}

impl SignedIn {
    /// This worker, with this sign-in.
    #[must_use]
    pub const fn new(worker: Worker, sign_in: SignInId) -> Self {
        Self { worker, sign_in }
    }

    /// Who calls.
    #[must_use]
    pub const fn worker(self) -> Worker {
        self.worker
    }

    /// What they call with.
    #[must_use]
    pub const fn sign_in(self) -> SignInId {
        self.sign_in
    }
}

/// Whose key seals something, so that it is forgotten with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A person.
    Person(PersonId),
    /// An agency, for what is its own.
    Agency(AgencyId),
}

impl Subject {
    /// The id under which the key is kept.
    #[must_use]
    pub fn id(self) -> Uuid {
        match self {
            Self::Person(person) => person.0,
            Self::Agency(agency) => agency.0,
        }
    }
}

impl From<PersonId> for Subject {
    fn from(person: PersonId) -> Self {
        Self::Person(person)
    }
}

impl From<AgencyId> for Subject {
    fn from(agency: AgencyId) -> Self {
        Self::Agency(agency)
    }
}

/// Who did or wrote something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Author {
    /// The system, or those who run it.
    System,
    /// The person themselves.
    Person,
    /// Somebody who has signed in as another person: what a receipt of a refused attempt says, without telling who.
    AnotherPerson,
    /// A worker.
    #[serde(rename = "staff")]
    Worker(Worker),
}

impl Author {
    /// The worker, if it is one.
    #[must_use]
    pub fn worker(self) -> Option<Worker> {
        if let Self::Worker(worker) = self { Some(worker) } else { None }
    }
}

/// Whom a provision is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProvisionActor {
    /// Everybody at an agency.
    Agency(AgencyId),
    /// One worker.
    Staff(StaffId),
    /// A role, at any agency.
    Role(String),
    /// A role at one agency.
    RoleAt(AgencyId, String),
    /// Everybody.
    Everybody,
}

/// That a worker entered what the person said to them, who could not enter it themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnTheirWord {
    /// To whom they said it.
    pub worker: Worker,
    /// When and how they said it: `told me on 3 March, in her kitchen`.
    pub account: String,
    /// Whether the person confirmed it then and there, by reading out a code that was sent to them alone.
    #[serde(default)]
    pub by_code: bool,
}

/// The shortest account of what the person said, in characters.
const ACCOUNT_LEAST: usize = 20;

impl OnTheirWord {
    /// That this worker entered it, who says so.
    #[must_use]
    pub fn new(worker: Worker, account: impl Into<String>) -> Self {
        Self { worker, account: account.into(), by_code: false }
    }

    /// Refuses an account that does not say when and how.
    ///
    /// # Errors
    /// Names the field `on_their_word`.
    pub fn check(&self) -> Result<(), Refusal> {
        explained("on_their_word", &self.account, ACCOUNT_LEAST)
    }
}

impl ProvisionActor {
    /// The agency that it names, if it names one.
    #[must_use]
    pub fn agency(&self) -> Option<AgencyId> {
        match self {
            Self::Agency(agency) | Self::RoleAt(agency, _) => Some(*agency),
            Self::Staff(_) | Self::Role(_) | Self::Everybody => None,
        }
    }

    /// The role that it names, if it names one.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        match self {
            Self::Role(role) | Self::RoleAt(_, role) => Some(role),
            Self::Agency(_) | Self::Staff(_) | Self::Everybody => None,
        }
    }

    /// The worker whom it names, if it names one.
    #[must_use]
    pub fn staff(&self) -> Option<StaffId> {
        match self {
            Self::Staff(staff) => Some(*staff),
            Self::Agency(_) | Self::Role(_) | Self::RoleAt(..) | Self::Everybody => None,
        }
    }

    /// The same at another agency.
    #[must_use]
    pub fn at(&self, agency: AgencyId) -> Self {
        match self {
            Self::Agency(_) => Self::Agency(agency),
            Self::RoleAt(_, role) => Self::RoleAt(agency, role.clone()),
            Self::Staff(_) | Self::Role(_) | Self::Everybody => self.clone(),
        }
    }
}

/// What a provision says (FHIR `Consent.provision`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Whom it is about.
    pub actor: ProvisionActor,
    /// In a deny of an agency: the workers there to whom it does not apply. That permits them nothing by itself.
    pub except: Vec<StaffId>,
    /// The record categories.
    pub categories: Vec<Category>,
    /// In a permit the highest level permitted, in a deny the lowest level denied.
    pub level: Level,
    /// In a permit the topics that may be seen too; in a deny only entries with one of them (none: all).
    pub labels: Vec<String>,
    /// The purposes. In a deny none means all.
    pub purposes: Vec<Purpose>,
    /// The actions. None means reading in a permit, and all in a deny.
    pub actions: Vec<Action>,
    /// From when; absent means at once.
    pub from: Option<Timestamp>,
    /// Until when; absent means until withdrawn.
    pub until: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_in_order_and_named_once() {
        assert!(TOPICS.windows(2).all(|two| two[0] < two[1]));
    }

    #[test]
    fn a_subject_and_an_author_say_whom_they_name() {
        let (person, agency) = (PersonId(Uuid::from_u128(1)), AgencyId(Uuid::from_u128(2)));
        assert_eq!((Subject::from(person).id(), Subject::from(agency).id()), (person.0, agency.0));
        let worker = Worker::new(agency, StaffId(Uuid::from_u128(3)));
        assert_eq!((Author::Worker(worker).worker(), Author::Person.worker()), (Some(worker), None));
        let stored = format!(r#"{{"staff":{{"agency":"{agency}","staff":"{}"}}}}"#, worker.staff());
        assert_eq!(serde_json::to_string(&Author::Worker(worker)).unwrap(), stored);
    }
}
