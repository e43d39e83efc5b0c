//! Whatever is wished through the gate, by whomever and in whatever order: what is refused changes nothing, what a worker sees is what the rules say,
//! and what was built as it happened is what is built from the beginning.

use std::collections::BTreeMap;

use client::{Client, request_id, terms};
use domain::sharing::Sharing;
use domain::vocabulary::Version;
use domain::{Aggregate as _, StreamKind};
use event_log::StreamId;
use node::compose::Stores;
use proto::access::v1::{Action, Purpose, RecordCategory, Sensitivity, SensitivityLevel};
use proto::consultations::v1::{
    AgreeDecisionRequest, CloseConsultationRequest, DecideWithoutPersonRequest, Mode, ObjectToDecisionRequest,
    ProposeDecisionRequest, RecordPersonViewRequest, RequestConsultationRequest, TakeBackAnswerRequest,
    WithdrawDecisionRequest, WithoutPersonGround,
};
use proto::people::v1::{AchieveGoalRequest, AdoptGoalRequest, RecordStrengthRequest, SetGoalRequest};
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{
    DenyProvisionRequest, EnterChoiceRequest, GetMySharingRequest, RequestAccessRequest, enter_choice_request,
};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::previewed::Dice;
use crate::world::{Callers, Supported, at_rest, stores, views_equal_a_rebuild};

const CATEGORIES: [RecordCategory; 3] =
    [RecordCategory::Strengths, RecordCategory::Goals, RecordCategory::Consultations];

/// What stands so far, for later wishes to be about.
#[derive(Default)]
struct Known {
    goals: Vec<String>,
    provisions: Vec<String>,
    consultations: Vec<String>,
    decisions: Vec<(String, String)>,
}

impl Known {
    fn one<T: Clone + Default>(of: &[T], dice: &mut Dice) -> T {
        if of.is_empty() { T::default() } else { of[dice.below(of.len())].clone() }
    }
}

/// Who may wish something: the person, who supports them, and a colleague whom nobody has let in.
struct Everybody<'a> {
    callers: &'a Callers,
    colleague: Client,
}

impl Everybody<'_> {
    fn one(&self, dice: &mut Dice) -> (&Client, bool) {
        match dice.below(4) {
            0 => (&self.callers.worker, false),
            1 => (&self.colleague, false),
            _ => (&self.callers.person, true),
        }
    }

    /// One wish of the record or the directive. Returns whether it was carried out.
    async fn wish(&self, dice: &mut Dice, known: &mut Known) -> Result<(), Status> {
        let (by, is_person) = self.one(dice);
        let person_id = if is_person { String::new() } else { self.callers.pair.person_id() };
        let level = [SensitivityLevel::Normal, SensitivityLevel::Restricted][dice.below(2)];
        let sensitivity = Some(Sensitivity { level: level.into(), labels: vec![] });
        let (request_id, purpose) = (request_id(), Purpose::CareCoordination.into());
        let text = "words enough to say it".to_owned();
        match dice.below(9) {
            0 => {
                let strength =
                    RecordStrengthRequest { request_id, person_id, purpose, text, sensitivity, ..Default::default() };
                by.people().record_strength(strength).await.map(drop)
            }
            1 => {
                let goal = SetGoalRequest { request_id, person_id, purpose, text, sensitivity };
                known.goals.push(by.people().set_goal(goal).await?.into_inner().entry_id);
                Ok(())
            }
            2 => {
                let goal_id = Known::one(&known.goals, dice);
                by.people().adopt_goal(AdoptGoalRequest { request_id, goal_id, text }).await.map(drop)
            }
            3 => {
                let goal_id = Known::one(&known.goals, dice);
                by.people().achieve_goal(AchieveGoalRequest { request_id, goal_id }).await.map(drop)
            }
            4 | 5 => {
                let granted = by.grant(self.terms(dice)).await?;
                known.provisions.push(granted.provision_id);
                Ok(())
            }
            6 => {
                let deny = DenyProvisionRequest { request_id, terms: Some(self.terms(dice)), ..Default::default() };
                known.provisions.push(by.sharing().deny_provision(deny).await?.into_inner().provision_id);
                Ok(())
            }
            7 => by.withdraw(&Known::one(&known.provisions, dice)).await.map(drop),
            _ if dice.below(2) == 0 => {
                let (terms, reason) = (Some(self.terms(dice)), text);
                let ask = RequestAccessRequest { request_id, person_id, terms, reason };
                by.sharing().request_access(ask).await.map(drop)
            }
            _ => {
                let choice = Some(enter_choice_request::Choice::Deny(self.terms(dice)));
                let enter =
                    EnterChoiceRequest { request_id, person_id, on_their_word: text, choice, code: String::new() };
                by.sharing().enter_choice(enter).await.map(drop)
            }
        }
    }

    /// One wish in a consultation: that there is one, or that something is decided in it; or an answer to that.
    async fn consult(&self, dice: &mut Dice, known: &mut Known) -> Result<(), Status> {
        let (by, is_person) = self.one(dice);
        let person_id = if is_person { String::new() } else { self.callers.pair.person_id() };
        let (request_id, text) = (request_id(), "words enough to say it".to_owned());
        let service = || by.consultations();
        if dice.below(10) > 3 {
            let about = Known::one(&known.decisions, dice);
            return Self::answer(by, person_id, dice, about).await;
        }
        match dice.below(2) {
            0 => {
                let mode = if dice.below(2) == 0 { Mode::Consult } else { Mode::PersonLed };
                let (mode, topic) = (mode.into(), text);
                let ask = RequestConsultationRequest { request_id, person_id, mode, topic, ..Default::default() };
                known.consultations.push(service().request_consultation(ask).await?.into_inner().consultation_id);
                Ok(())
            }
            _ => {
                let consultation_id = Known::one(&known.consultations, dice);
                let (of, follow_up_by) = (consultation_id.clone(), None);
                let propose = ProposeDecisionRequest { request_id, person_id, consultation_id, text, follow_up_by };
                let proposed = service().propose_decision(propose).await?.into_inner().decision_id;
                known.decisions.push((of, proposed));
                Ok(())
            }
        }
    }

    /// An answer to a decision, or what becomes of it.
    async fn answer(
        by: &Client,
        person_id: String,
        dice: &mut Dice,
        (consultation_id, decision_id): (String, String),
    ) -> Result<(), Status> {
        let (request_id, text, is_person) = (request_id(), "words enough to say it".to_owned(), person_id.is_empty());
        let service = || by.consultations();
        match 4 + dice.below(6) {
            4 => {
                let (view, on_their_word) = (text.clone(), if is_person { String::new() } else { text });
                let say = RecordPersonViewRequest {
                    request_id,
                    person_id,
                    consultation_id,
                    decision_id,
                    view,
                    on_their_word,
                    ..Default::default()
                };
                service().record_person_view(say).await.map(drop)
            }
            5 => {
                let agree = AgreeDecisionRequest { request_id, consultation_id, decision_id };
                service().agree_decision(agree).await.map(drop)
            }
            6 => {
                let on_their_word = if is_person { String::new() } else { text.clone() };
                let object = ObjectToDecisionRequest {
                    request_id,
                    person_id,
                    consultation_id,
                    decision_id,
                    reason: text,
                    on_their_word,
                };
                service().object_to_decision(object).await.map(drop)
            }
            7 => {
                let on_their_word = if is_person { String::new() } else { text.clone() };
                let back = TakeBackAnswerRequest {
                    request_id,
                    person_id,
                    consultation_id,
                    decision_id,
                    reason: text,
                    on_their_word,
                };
                service().take_back_answer(back).await.map(drop)
            }
            8 if dice.below(2) == 0 => {
                let withdraw =
                    WithdrawDecisionRequest { request_id, person_id, consultation_id, decision_id, reason: text };
                service().withdraw_decision(withdraw).await.map(drop)
            }
            8 => {
                let ground = WithoutPersonGround::Unreachable.into();
                let decide = DecideWithoutPersonRequest {
                    request_id,
                    person_id,
                    consultation_id,
                    decision_id,
                    ground,
                    evidence: text,
                };
                service().decide_without_person(decide).await.map(drop)
            }
            _ => {
                let close = CloseConsultationRequest { request_id, person_id, consultation_id };
                service().close_consultation(close).await.map(drop)
            }
        }
    }

    fn terms(&self, dice: &mut Dice) -> proto::sharing::v1::ProvisionTerms {
        let actor = match dice.below(3) {
            0 => Actor::StaffId(self.callers.pair.staff_id()),
            1 => Actor::AgencyId(self.callers.pair.agency_id()),
            _ => Actor::Everybody(true),
        };
        let categories = dice.some(&CATEGORIES);
        terms(actor, categories, Purpose::CareCoordination, [Action::Read, Action::Contribute])
    }
}

/// How many events each of the person's own streams has: the record, the directive, and each consultation.
async fn versions(stores: &Stores, person: Uuid, known: &Known) -> BTreeMap<(i16, Uuid), usize> {
    let own = [StreamKind::Person, StreamKind::Sharing].map(|kind| (kind.code(), person));
    let consultations = known.consultations.iter().map(|id| (StreamKind::Consultation.code(), id.parse().unwrap()));
    let mut versions = BTreeMap::new();
    for (kind, id) in own.into_iter().chain(consultations) {
        let events = stores.log.read_stream(StreamId { kind, id }, event_log::Version(0), 10_000).await.unwrap();
        versions.insert((kind, id), events.len());
    }
    versions
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wished_through_the_gate_what_is_refused_changes_nothing_and_a_rebuild_is_as_it_was_live() {
    let supported = Supported::without_consent(0).await;
    let callers = &supported.callers;
    let (colleague, _) = supported.joins("colleague", "Isla Munro", "nurse").await;
    let everybody = Everybody { callers, colleague };
    let stores = stores(&supported.world.cluster).await;
    let (mut dice, mut known, person) = (Dice(19), Known::default(), callers.pair.person.0);
    let (mut done, mut refused) = (0, BTreeMap::<i32, usize>::new());
    for _ in 0..300 {
        let before = versions(&stores, person, &known).await;
        let wished = if dice.below(2) == 0 {
            everybody.wish(&mut dice, &mut known).await
        } else {
            everybody.consult(&mut dice, &mut known).await
        };
        match wished {
            Ok(()) => done += 1,
            Err(status) => {
                let expected = [
                    Code::PermissionDenied,
                    Code::NotFound,
                    Code::FailedPrecondition,
                    Code::InvalidArgument,
                    Code::AlreadyExists,
                ];
                assert!(expected.contains(&status.code()), "{status:?}");
                *refused.entry(i32::from(status.code())).or_default() += 1;
                assert_eq!(versions(&stores, person, &known).await, before, "refused, and changed: {status:?}");
            }
        }
    }
    assert!(done > 60 && refused.values().sum::<usize>() > 60 && refused.len() >= 3, "{done} {refused:?}");
    // What the directive is from the beginning is what is decided by.
    let stream = StreamId { kind: StreamKind::Sharing.code(), id: person };
    let mut events = Vec::new();
    for recorded in stores.log.read_stream(stream, event_log::Version(0), 10_000).await.unwrap() {
        events.push(
            domain::sharing::events::SharingEvent::try_from(stores.codec.open(&recorded).await.unwrap().event).unwrap(),
        );
    }
    let rebuilt = Sharing::folded(&events);
    let told = callers.person.sharing().get_my_sharing(GetMySharingRequest::default()).await.unwrap().into_inner();
    assert_eq!(Version(told.directive_version), Version(events.len() as u64));
    let held: Vec<_> = rebuilt.held().map(|(id, _)| id.to_string()).collect();
    assert!(told.provisions.iter().all(|provision| held.contains(&provision.provision_id)));
    at_rest(&supported.world.cluster).await;
    let Supported { mut node, world, .. } = supported;
    node.terminate().unwrap();
    node.ended().await.unwrap();
    let head = stores.log.head().await.unwrap().0;
    views_equal_a_rebuild(&world.cluster, head);
}
