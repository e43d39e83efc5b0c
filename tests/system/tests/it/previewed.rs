//! "If I choose this, this is what they would see": what a preview tells is what happens (rule 7).

use std::collections::BTreeMap;

use client::request_id;
use proto::access::v1::{Action, Purpose, RecordCategory, Sensitivity, SensitivityLevel};
use proto::consultations::v1::{ListConsultationsRequest, Mode, RequestConsultationRequest};
use proto::people::v1::{GetSharedPlanRequest, RecordStrengthRequest};
use proto::sharing::v1::preview_sharing_request::Choice;
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{
    BlockWorkerRequest, DenyProvisionRequest, GetMySharingRequest, GrantProvisionRequest, PreviewSharingRequest,
    PreviewSharingResponse, ProvisionTerms, RoleAt, UnblockWorkerRequest,
};
use tonic::Code;

use crate::world::{Callers, Supported};

const PURPOSES: [Purpose; 3] = [Purpose::CareCoordination, Purpose::Treatment, Purpose::BreakGlass];
const CATEGORIES: [RecordCategory; 6] = [
    RecordCategory::Strengths,
    RecordCategory::Health,
    RecordCategory::Goals,
    RecordCategory::Contact,
    RecordCategory::Consultations,
    RecordCategory::AboutMe,
];

/// Choices without a plan, the same ones in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        // Knuth's MMIX generator; its upper bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    pub(crate) fn some<T: Copy>(&mut self, of: &[T]) -> Vec<T> {
        let all: Vec<_> = of.iter().copied().filter(|_| self.below(2) == 0).collect();
        if all.is_empty() { vec![of[self.below(of.len())]] } else { all }
    }

    fn terms(&mut self, callers: &Callers) -> ProvisionTerms {
        let actor = match self.below(5) {
            0 => Actor::AgencyId(callers.pair.agency_id()),
            1 => Actor::StaffId(callers.pair.staff_id()),
            2 => Actor::Role("District Nurse".into()),
            3 => Actor::RoleAt(RoleAt { agency_id: callers.pair.agency_id(), role: "district nurse".into() }),
            _ => Actor::Everybody(true),
        };
        let purposes = self.some(&PURPOSES);
        let terms = client::terms(actor, self.some(&CATEGORIES), purposes[0], [Action::Read, Action::Subscribe]);
        ProvisionTerms {
            purposes: purposes.into_iter().map(i32::from).collect(),
            level: i32::try_from(1 + self.below(3)).unwrap(),
            labels: if self.below(2) == 0 { vec![] } else { vec!["PSY".into()] },
            ..terms
        }
    }
}

type Seen = BTreeMap<RecordCategory, u32>;

/// What the worker sees by looking, for each purpose.
async fn seen(callers: &Callers, at_least_position: u64) -> Vec<(Purpose, Option<Seen>)> {
    let mut all = Vec::new();
    for purpose in PURPOSES {
        let (person_id, mut seen) = (callers.pair.person_id(), None);
        let plan = GetSharedPlanRequest {
            person_id: person_id.clone(),
            purpose: purpose.into(),
            page_size: 100,
            at_least_position,
            ..Default::default()
        };
        match callers.worker.people().get_shared_plan(plan).await {
            Ok(plan) => {
                let plan = plan.into_inner();
                assert!(plan.next_page_token.is_empty());
                let seen = seen.get_or_insert_with(Seen::new);
                plan.entries.iter().for_each(|entry| *seen.entry(entry.category()).or_default() += 1);
            }
            Err(refused) => assert_eq!(refused.code(), Code::PermissionDenied, "{refused:?}"),
        }
        let list = ListConsultationsRequest { person_id, purpose: purpose.into(), ..Default::default() };
        if let Ok(list) = callers.worker.consultations().list_consultations(list).await {
            let count = u32::try_from(list.into_inner().consultations.len()).unwrap();
            let seen = seen.get_or_insert_with(Seen::new);
            *seen.entry(RecordCategory::Consultations).or_default() += count;
        }
        all.push((purpose, seen.map(|seen| seen.into_iter().filter(|(_, count)| *count > 0).collect())));
    }
    all
}

/// What a preview says that the worker would see, for each purpose.
fn previewed(preview: &PreviewSharingResponse, callers: &Callers) -> Vec<(Purpose, Option<Seen>)> {
    let theirs = |party: &&proto::sharing::v1::PreviewedParty| {
        !party.system && party.party.as_ref().unwrap().staff_id == callers.pair.staff_id()
    };
    let purposes = preview.parties.iter().find(theirs).map(|party| party.purposes.as_slice()).unwrap_or_default();
    let then = |purpose: Purpose| {
        let of = purposes.iter().find(|one| one.purpose() == purpose && one.action() == Action::Read)?;
        let counts = of.then.iter().filter(|count| count.entries > 0);
        (!of.then.is_empty()).then(|| counts.map(|count| (count.category(), count.entries)).collect())
    };
    PURPOSES.map(|purpose| (purpose, then(purpose))).to_vec()
}

async fn preview(callers: &Callers, choice: Choice) -> PreviewSharingResponse {
    let purposes = PURPOSES.map(i32::from).to_vec();
    let ask = PreviewSharingRequest { choice: Some(choice), purposes, ..Default::default() };
    callers.person.sharing().preview_sharing(ask).await.unwrap().into_inner()
}

/// A record with something of each sensitivity in it, and a consultation.
async fn filled(callers: &Callers) {
    for (level, labels) in [
        (SensitivityLevel::Normal, vec![]),
        (SensitivityLevel::Restricted, vec![]),
        (SensitivityLevel::Normal, vec!["PSY".to_owned()]),
        (SensitivityLevel::VeryRestricted, vec!["HIV".to_owned()]),
    ] {
        let strength = RecordStrengthRequest {
            request_id: request_id(),
            text: "I know when to ask".into(),
            sensitivity: Some(Sensitivity { level: level.into(), labels }),
            ..Default::default()
        };
        callers.person.people().record_strength(strength).await.unwrap();
    }
    let ask = RequestConsultationRequest {
        request_id: request_id(),
        mode: Mode::Consult.into(),
        topic: "Visits".into(),
        ..Default::default()
    };
    callers.person.consultations().request_consultation(ask).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_7_what_a_preview_tells_is_what_they_then_see() {
    let supported = Supported::without_consent(0).await;
    let callers = &supported.callers;
    filled(callers).await;
    let (mut dice, mut seen_something) = (Dice(7), 0);
    for nth in 0..40 {
        let sharing = callers.person.sharing().get_my_sharing(GetMySharingRequest::default()).await.unwrap();
        let sharing = sharing.into_inner();
        let (held, staff_id) = (&sharing.provisions, callers.pair.staff_id());
        let request_id = request_id();
        let (told, position) = match dice.below(8) {
            0 | 1 if !held.is_empty() => {
                let id = held[dice.below(held.len())].provision_id.clone();
                let told = preview(callers, Choice::WithdrawProvisionId(id.clone())).await;
                (told, callers.person.withdraw(&id).await.unwrap())
            }
            2 => {
                let terms = ProvisionTerms { actions: vec![], ..dice.terms(callers) };
                let told = preview(callers, Choice::Deny(terms.clone())).await;
                let deny = DenyProvisionRequest { request_id, terms: Some(terms), ..Default::default() };
                (told, callers.person.sharing().deny_provision(deny).await.unwrap().into_inner().position)
            }
            3 if sharing.blocked_workers.is_empty() => {
                let told = preview(callers, Choice::BlockStaffId(staff_id.clone())).await;
                let block = BlockWorkerRequest { request_id, staff_id, ..Default::default() };
                (told, callers.person.sharing().block_worker(block).await.unwrap().into_inner().position)
            }
            _ if !sharing.blocked_workers.is_empty() => {
                let told = preview(callers, Choice::UnblockStaffId(staff_id.clone())).await;
                let unblock = UnblockWorkerRequest { request_id, staff_id, ..Default::default() };
                (told, callers.person.sharing().unblock_worker(unblock).await.unwrap().into_inner().position)
            }
            _ => {
                let terms = dice.terms(callers);
                let told = preview(callers, Choice::Grant(terms.clone())).await;
                let grant = GrantProvisionRequest { request_id, terms: Some(terms), ..Default::default() };
                (told, callers.person.sharing().grant_provision(grant).await.unwrap().into_inner().position)
            }
        };
        let sees = seen(callers, position).await;
        assert_eq!(previewed(&told, callers), sees, "after choice {nth}");
        seen_something += usize::from(sees.iter().any(|(_, seen)| seen.as_ref().is_some_and(|seen| !seen.is_empty())));
    }
    assert!(seen_something > 10, "the choices let somebody see something: {seen_something}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_7_a_preview_says_in_words_what_the_worker_and_their_computer_system_would_see_and_changes_nothing() {
    let supported = Supported::without_consent(0).await;
    let callers = &supported.callers;
    filled(callers).await;
    let agency = Actor::AgencyId(callers.pair.agency_id());
    let actions = [Action::Read, Action::Subscribe];
    let strengths = [RecordCategory::Strengths];
    let terms = client::terms(agency, strengths, Purpose::CareCoordination, actions);
    let ask =
        PreviewSharingRequest { choice: Some(Choice::Grant(terms.clone())), purposes: vec![], ..Default::default() };
    let told = callers.person.sharing().preview_sharing(ask).await.unwrap().into_inner();
    let [worker, system] = &told.parties[..] else { panic!("{told:?}") };
    assert!(worker.changes && system.changes && system.system && !worker.system, "{told:?}");
    let name = &worker.party.as_ref().unwrap().name;
    assert_eq!(worker.summary, format!("{name} would see your strengths (1), to coordinate your support"));
    let agency = &system.party.as_ref().unwrap().agency_name;
    let expected = "computer system would receive your strengths (1), to coordinate your support";
    assert_eq!(system.summary, format!("{agency}'s {expected}"));
    // Nobody sees anything yet, and nothing was chosen.
    callers.is_refused().await;
    let sharing = callers.person.sharing().get_my_sharing(GetMySharingRequest::default()).await.unwrap().into_inner();
    assert_eq!((sharing.provisions.len(), sharing.directive_version), (0, told.directive_version));
    // A permit from tomorrow on is told as of tomorrow.
    let tomorrow = told.at.map(|at| prost_types::Timestamp { seconds: at.seconds + 86_400, nanos: 0 });
    let later = Choice::Grant(ProvisionTerms { from: tomorrow, ..terms.clone() });
    let told = preview(callers, later).await;
    assert_eq!((told.at, told.parties[0].changes), (tomorrow, true));
    // What could not be chosen is refused as it would be then.
    let ask = |choice| PreviewSharingRequest { choice, purposes: vec![], ..Default::default() };
    let refused = async |choice| callers.person.sharing().preview_sharing(ask(choice)).await.unwrap_err().code();
    let beekeeper = RoleAt { agency_id: callers.pair.agency_id(), role: "beekeeper".into() };
    let nobody = client::terms(Actor::RoleAt(beekeeper), strengths, Purpose::Treatment, []);
    assert_eq!(refused(Some(Choice::Grant(nobody))).await, Code::InvalidArgument);
    let unknown = Choice::WithdrawProvisionId(request_id());
    assert_eq!((refused(Some(unknown)).await, refused(None).await), (Code::NotFound, Code::InvalidArgument));
}
