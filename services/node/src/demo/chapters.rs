//! The chapters. Each does something as somebody, checks what comes of it, and tells it.

use anyhow::{Context as _, ensure};
use client::{request_id, terms};
use proto::access::v1::{
    Action, DeclareEmergencyAccessRequest, Purpose, QueryAccessRequest, Receipt, RecordCategory,
    ReviewEmergencyAccessRequest, query, receipt,
};
use proto::agencies::v1::{FindWorkersRequest, RemoveStaffRequest};
use proto::consultations::v1::{ListConsultationsRequest, Mode, RequestConsultationRequest};
use proto::people::v1::{
    AgreeActionRequest, GetSharedPlanResponse, RecordWhatMattersRequest, WriteContingencyPlanRequest,
};
use proto::relationships::v1::{
    AcceptSupportRequest, AllowAskingRequest, DeclineSupportRequest, GetCaseloadRequest, ListMyProposalsRequest,
    RelationshipState,
};
use proto::sharing::v1::PreviewSharingRequest;
use proto::sharing::v1::preview_sharing_request::Choice;
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{BlockWorkerRequest, GrantProvisionResponse, UnblockWorkerRequest, WithdrawProvisionRequest};
use tonic::{Code, Status};

use super::cast::{Cast, Worker};
use super::refused;

pub(super) type Tell<'a> = &'a mut (dyn FnMut(&str) + Send);

const SHARED: [RecordCategory; 7] = [
    RecordCategory::Strengths,
    RecordCategory::WhatMatters,
    RecordCategory::Goals,
    RecordCategory::Actions,
    RecordCategory::Contingency,
    RecordCategory::Consultations,
    RecordCategory::Contact,
];

async fn look(worker: &Worker, cast: &Cast, purpose: Purpose, at_least: u64) -> Result<GetSharedPlanResponse, Status> {
    worker.client.look(&cast.person_id, purpose, &[], at_least).await
}

/// The newest receipt, waited for: it is durable before the look is answered, and in the view a moment later.
async fn newest(cast: &Cast, wanted: impl Fn(&Receipt) -> bool) -> anyhow::Result<Receipt> {
    for _ in 0..200 {
        if let Some(found) = cast.person.history(0).await?.into_iter().next().filter(&wanted) {
            return Ok(found);
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    anyhow::bail!("the access history does not show what happened")
}

pub(super) async fn an_import_enrols_nobody(cast: &Cast, tell: Tell<'_>) -> anyhow::Result<()> {
    tell(&format!("# {} and the people around them", cast.name));
    tell("");
    tell("## An import enrols nobody");
    tell("");
    let (supporter, other) = (&cast.supporter, &cast.other);
    tell(&format!(
        "The imported files name {} at {} and {} at {}. That registers neither agency and makes neither of them staff: even with a token, {} cannot break the glass.",
        supporter.party.name, supporter.party.agency_name, other.party.name, other.party.agency_name, other.party.name
    ));
    let reason = "Found unconscious at the bus station, no one with them";
    let early = other.client.access().declare_emergency_access(declare(cast, reason)).await;
    let early = refused(early, Code::PermissionDenied, "ACCESS_DENIED")?;
    tell(&format!("  > {}", early.message()));
    let receipt = newest(cast, |r| r.kind() == receipt::Kind::Denied).await?;
    tell(&format!("The attempt is in {}'s history all the same:", cast.name));
    tell(&format!("  * {}", receipt.summary));
    for worker in [supporter, other] {
        crate::dev::enrol(&cast.operator, &worker.party).await?;
    }
    super::cast::appoint_officer(&cast.operator, &other.party.agency_id).await?;
    tell("An operator registers both agencies, which now say that these are their people.");
    Ok(())
}

pub(super) async fn before_consent(cast: &Cast, tell: Tell<'_>) -> anyhow::Result<()> {
    tell("");
    tell("## Before consent");
    tell("");
    tell(&format!(
        "{} works at {} now, whose records of {} were imported. That grants it nothing: {} looks, and is refused.",
        cast.supporter.party.name, cast.supporter.party.agency_name, cast.name, cast.supporter.party.name
    ));
    let denied = refused(
        look(&cast.supporter, cast, Purpose::CareCoordination, 0).await,
        Code::PermissionDenied,
        "ACCESS_DENIED",
    )?;
    tell(&format!("  > {}", denied.message()));
    let theirs = |r: &Receipt| r.party.as_ref().is_some_and(|party| party.staff_id == cast.supporter.party.staff_id);
    let receipt = newest(cast, |r| r.kind() == receipt::Kind::Denied && theirs(r)).await?;
    tell(&format!("Even that left a receipt which {} can read:", cast.name));
    tell(&format!("  * {}", receipt.summary));
    Ok(())
}

/// The person accepts, adds their own words, and shares. Returns the grant.
pub(super) async fn the_person_decides(cast: &Cast, tell: Tell<'_>) -> anyhow::Result<GrantProvisionResponse> {
    tell("");
    tell(&format!("## {} decides", cast.name));
    tell("");
    let (supporter, relationship_id) = (&cast.supporter, &cast.supporter.relationship_id);
    let people = cast.person.my_people(0).await?;
    let suggested = people.iter().find(|r| r.relationship_id == *relationship_id).context("they are suggested")?;
    tell(&format!(
        "Nobody has proposed anything in {}'s name. What the file says of them is a suggestion that only {} reads: \"{}\".",
        supporter.party.name, cast.name, suggested.offer
    ));
    let invited = cast.person.invite(relationship_id, "It is me from the Tuesday visits; please come again").await?;
    let mine = ListMyProposalsRequest { at_least_position: invited, ..ListMyProposalsRequest::default() };
    let mine = supporter.client.relationships().list_my_proposals(mine).await?.into_inner().proposals;
    let invitation = mine.iter().find(|proposal| proposal.invited).context("they are told")?;
    tell(&format!("{} invites them, and {} reads: \"{}\".", cast.name, supporter.party.name, invitation.offer));
    supporter.client.propose(&invitation.person_id, "A visit every Tuesday").await?;
    cast.person.accept(relationship_id).await?;
    refused(look(&cast.supporter, cast, Purpose::CareCoordination, 0).await, Code::PermissionDenied, "ACCESS_DENIED")?;
    tell(&format!(
        "They propose, and {} accepts support from {}. That alone shows nothing yet: consent is a choice of its own.",
        cast.name, cast.supporter.party.name
    ));
    cast.person.strength("I know every bus in town and I turn up on time").await?;
    let matters = "Being home in the evening to cook with my sister";
    let matters = RecordWhatMattersRequest { request_id: request_id(), text: matters.into(), ..Default::default() };
    cast.person.people().record_what_matters(matters).await?;
    let plan = "If I miss two visits, ring my sister before anybody else";
    let plan = WriteContingencyPlanRequest { request_id: request_id(), text: plan.into(), ..Default::default() };
    cast.person.people().write_contingency_plan(plan).await?;
    let agency = Actor::AgencyId(cast.supporter.party.agency_id.clone());
    let terms = terms(agency, SHARED, Purpose::CareCoordination, [Action::Read, Action::Contribute]);
    let ask = PreviewSharingRequest { choice: Some(Choice::Grant(terms.clone())), ..PreviewSharingRequest::default() };
    let told = cast.person.sharing().preview_sharing(ask).await?.into_inner();
    let theirs = told.parties.first().context("somebody supports the person")?;
    let granted = cast.person.grant(terms).await?;
    let sharing = proto::sharing::v1::GetMySharingRequest { at_least_position: granted.position, ..Default::default() };
    let sharing = cast.person.sharing().get_my_sharing(sharing).await?.into_inner();
    let said = sharing.provisions.first().context("the grant is in force")?;
    tell(&format!(
        "{} adds a strength, what matters and what to do when things go wrong, and shares some of it, but not their health:",
        cast.name
    ));
    tell(&format!("  * {}", said.summary));
    tell("What that would come to was read before it was chosen:");
    tell(&format!("  * {}", theirs.summary));
    Ok(granted)
}

pub(super) async fn working_together(cast: &Cast, at_least: u64, tell: Tell<'_>) -> anyhow::Result<()> {
    tell("");
    tell("## Working together");
    tell("");
    let caseload = GetCaseloadRequest {
        purpose: Purpose::CareCoordination.into(),
        at_least_position: at_least,
        ..GetCaseloadRequest::default()
    };
    let caseload = cast.supporter.client.relationships().get_caseload(caseload).await?.into_inner();
    ensure!(caseload.rows.iter().any(|row| row.name == cast.name), "the caseload names the person");
    let agreed = AgreeActionRequest {
        request_id: request_id(),
        person_id: cast.person_id.clone(),
        purpose: Purpose::CareCoordination.into(),
        text: "Move the Tuesday visit to the morning".into(),
        owner: cast.supporter.party.name.clone(),
        ..AgreeActionRequest::default()
    };
    let agreed = cast.supporter.client.people().agree_action(agreed).await?.into_inner();
    let plan = look(&cast.supporter, cast, Purpose::CareCoordination, agreed.position).await?;
    let withheld = plan.entries.iter().any(|e| e.category() == RecordCategory::Health);
    ensure!(!withheld, "health was not shared");
    ensure!(plan.entries.iter().any(|e| e.entry_id == agreed.entry_id), "the new action is in the plan");
    ensure!(
        plan.entries.iter().any(|e| e.category() == RecordCategory::Contingency),
        "so is what to do when it goes wrong"
    );
    tell(&format!(
        "{} finds {} in the caseload, agrees an action, and now sees {} entries of the shared plan. No word about health.",
        cast.supporter.party.name,
        cast.name,
        plan.entries.len()
    ));
    let receipt =
        newest(cast, |r| r.kind() == receipt::Kind::Viewed && r.entries as usize == plan.entries.len()).await?;
    tell("What the person reads about it:");
    tell(&format!("  * {} ({} entries)", receipt.summary, receipt.entries));
    Ok(())
}

pub(super) async fn not_for_everybody(cast: &Cast, tell: Tell<'_>) -> anyhow::Result<()> {
    tell("");
    tell("## Not for everybody");
    tell("");
    let (person, supporter, other, name) = (&cast.person, &cast.supporter, &cast.other, &cast.name);
    let begin = RequestConsultationRequest {
        request_id: request_id(),
        mode: Mode::PersonLed.into(),
        topic: "Leaving my partner safely".into(),
        staff_ids: vec![supporter.party.staff_id.clone()],
        ..RequestConsultationRequest::default()
    };
    let begun = person.consultations().request_consultation(begin).await?.into_inner();
    let theirs = ListConsultationsRequest {
        person_id: cast.person_id.clone(),
        purpose: Purpose::CareCoordination.into(),
        at_least_position: begun.position,
        ..ListConsultationsRequest::default()
    };
    let theirs = supporter.client.consultations().list_consultations(theirs).await?.into_inner().consultations;
    ensure!(theirs.iter().any(|c| c.kept && c.consultation_id == begun.consultation_id), "whom they named sees it");
    tell(&format!(
        "{name} begins a conversation of their own, \"Leaving my partner safely\", and names {}. Until {name} shares it wider, nobody else finds it, whatever else they may see.",
        supporter.party.name
    ));
    let agency_id = other.party.agency_id.clone();
    let letters = other.party.name.split_whitespace().last().unwrap_or_default().chars().take(4).collect();
    let found = person
        .agencies()
        .find_workers(FindWorkersRequest { agency_id, text: letters, at_least_position: 0 })
        .await?
        .into_inner();
    let found = found.workers.into_iter().find(|worker| worker.staff_id == other.party.staff_id);
    let staff_id = found.context("they are found by name")?.staff_id;
    let block = BlockWorkerRequest { request_id: request_id(), staff_id: staff_id.clone(), ..Default::default() };
    person.sharing().block_worker(block).await?;
    let offered = other.client.propose(&cast.person_id, "A weekly call").await?;
    let people = person.my_people(offered.position).await?;
    let unheard = people.iter().find(|r| r.relationship_id == other.relationship_id).context("they were suggested")?;
    ensure!(unheard.state() == RelationshipState::Suggested, "the offer waits for nobody");
    let receipt = newest(cast, |r| r.kind() == receipt::Kind::Denied).await?;
    tell(&format!(
        "And {name} looks up {}, of all the workers at {}, and wants nothing of them. {} offers support, is told that it waits, and it waits for nobody. {name} reads:",
        other.party.name, other.party.agency_name, other.party.name
    ));
    tell(&format!("  * {}", receipt.summary));
    person
        .sharing()
        .unblock_worker(UnblockWorkerRequest { request_id: request_id(), staff_id, ..Default::default() })
        .await?;
    person.invite(&other.relationship_id, "It was somebody else whom I meant").await?;
    tell(&format!("It was the wrong one. {name} takes that back, and invites them instead."));
    Ok(())
}

pub(super) async fn withdrawal(cast: &Cast, grant: &str, tell: Tell<'_>) -> anyhow::Result<()> {
    tell("");
    tell("## Consent is withdrawn");
    tell("");
    look(&cast.supporter, cast, Purpose::CareCoordination, 0).await?;
    cast.person.withdraw(grant).await?;
    refused(look(&cast.supporter, cast, Purpose::CareCoordination, 0).await, Code::PermissionDenied, "ACCESS_DENIED")?;
    tell(&format!(
        "{} withdraws the consent. A moment ago {} could read the plan; the very next look is refused, on every server.",
        cast.name, cast.supporter.party.name
    ));
    let receipt = newest(cast, |r| r.kind() == receipt::Kind::Denied).await?;
    tell(&format!("  * {}", receipt.summary));
    Ok(())
}

/// A worker declares an emergency for an hour.
fn declare(cast: &Cast, reason: &str) -> DeclareEmergencyAccessRequest {
    DeclareEmergencyAccessRequest {
        request_id: request_id(),
        person_id: cast.person_id.clone(),
        reason: reason.to_owned(),
        minutes: 60,
    }
}

pub(super) async fn an_emergency(cast: &Cast, tell: Tell<'_>) -> anyhow::Result<()> {
    tell("");
    tell("## An emergency");
    tell("");
    let other = &cast.other;
    let short = other.client.access().declare_emergency_access(declare(cast, "urgent")).await;
    refused(short, Code::InvalidArgument, "INVALID_ARGUMENT")?;
    let reason = "Found unconscious at the bus station, no one with them";
    let declared = other.client.access().declare_emergency_access(declare(cast, reason)).await?.into_inner();
    let plan = look(other, cast, Purpose::BreakGlass, declared.position).await?;
    ensure!(plan.entries.iter().any(|e| e.category() == RecordCategory::Health), "an emergency shows health");
    tell(&format!(
        "{} at {} has no consent, and breaks the glass for an hour, with a reason:",
        other.party.name, other.party.agency_name
    ));
    let opened = cast.person.history(declared.position).await?;
    let notice = opened.iter().find(|r| r.kind() == receipt::Kind::Emergency).context("the person is told at once")?;
    tell(&format!("  ! {}", notice.summary));
    let again = other.client.access().declare_emergency_access(declare(cast, reason)).await;
    let again = refused(again, Code::FailedPrecondition, "RULE_REFUSED")?;
    tell("The same worker cannot do it again before a review:");
    tell(&format!("  > {}", again.message()));
    let kept = newest(cast, |r| r.kind() == receipt::Kind::Denied).await?;
    tell(&format!("  * {}", kept.summary));
    let review = ReviewEmergencyAccessRequest {
        request_id: request_id(),
        staff_id: other.party.staff_id.clone(),
        emergency_id: declared.emergency_id,
        justified: true,
        corrects: false,
        finding: "The hospital confirmed the admission".into(),
    };
    cast.officer.access().review_emergency_access(review).await?;
    tell("The agency's privacy officer reviews it, and the person reads what was found:");
    let reviewed = newest(cast, |r| r.kind() == receipt::Kind::Reviewed).await?;
    tell(&format!("  ! {}", reviewed.summary));
    Ok(())
}

pub(super) async fn why_did_you_look(cast: &Cast, tell: Tell<'_>) -> anyhow::Result<()> {
    tell("");
    tell("## \"Why did you look?\"");
    tell("");
    let looked = |r: &Receipt| r.kind() == receipt::Kind::Viewed && r.emergency;
    let receipt =
        cast.person.history(0).await?.into_iter().find(looked).context("the emergency look has its receipt")?;
    let question = "I was awake when you came. Why did you need all of it?".to_owned();
    let ask = QueryAccessRequest { request_id: request_id(), receipt_id: receipt.receipt_id.clone(), question };
    let asked = cast.person.access().query_access(ask).await?.into_inner();
    let receipts = cast.person.history(asked.position).await?;
    let open = receipts.iter().find(|r| r.receipt_id == receipt.receipt_id).and_then(|r| r.queries.first());
    let open = open.context("the question stands with the receipt")?;
    ensure!(open.state() == query::State::Open, "the question is open");
    let listed = cast.person.my_questions(asked.position).await?;
    let listed = listed.iter().find(|q| q.query_id == asked.query_id).context("and in the list of what they asked")?;
    ensure!(listed.receipt_id == receipt.receipt_id && listed.question == open.question, "about the same look");
    tell(&format!("{} asks about the emergency look. The question stays open until the agency explains:", cast.name));
    tell(&format!("  ? {}", open.question));
    tell("");
    tell(&format!("What {} sees under \"who has looked\", newest first:", cast.name));
    for receipt in receipts.iter().take(12) {
        let mark = match receipt.kind() {
            receipt::Kind::Denied => "x",
            receipt::Kind::Emergency
            | receipt::Kind::Reviewed
            | receipt::Kind::EmergencyEnded
            | receipt::Kind::EmergencyAllowed
            | receipt::Kind::LawfulBasis
            | receipt::Kind::LawfulBasisEnded => "!",
            receipt::Kind::Viewed if receipt.emergency => "!",
            receipt::Kind::Viewed | receipt::Kind::Contributed | receipt::Kind::Unspecified => "*",
        };
        tell(&format!("  {mark} {}", receipt.summary));
    }
    Ok(())
}

pub(super) async fn asked_once(cast: &Cast, tell: Tell<'_>) -> anyhow::Result<()> {
    tell("");
    tell("## Asked once");
    tell("");
    let (other, name) = (&cast.other, &cast.name);
    let propose = async |person_id: &str| other.client.propose(person_id, "A weekly call").await;
    propose(&cast.person_id).await?;
    let twice = refused(propose(&cast.person_id).await, Code::AlreadyExists, "ALREADY_EXISTS")?;
    tell(&format!("{} has offered support, and that offer waits. They ask {name} again:", other.party.name));
    tell(&format!("  > {}", twice.message()));
    let decline = DeclineSupportRequest {
        request_id: request_id(),
        relationship_id: other.relationship_id.clone(),
        reason: "I did not ask for this".into(),
        not_again: true,
    };
    cast.person.relationships().decline_support(decline).await?;
    let after = refused(propose(&cast.person_id).await, Code::FailedPrecondition, "RULE_REFUSED")?;
    tell(&format!("{name} declines, and does not want to be asked again:"));
    tell(&format!("  > {}", after.message()));
    let allow = AllowAskingRequest { request_id: request_id(), relationship_id: other.relationship_id.clone() };
    cast.person.relationships().allow_asking(allow).await?;
    propose(&cast.person_id).await?;
    // An id under which nobody is registered is answered just the same.
    let position = propose(&uuid::Uuid::now_v7().to_string()).await?.position;
    let mine = ListMyProposalsRequest { at_least_position: position, ..ListMyProposalsRequest::default() };
    let mine = other.client.relationships().list_my_proposals(mine).await?.into_inner().proposals;
    ensure!(mine.iter().filter(|proposal| proposal.offer == "A weekly call").count() == 2, "both wait alike");
    tell(&format!(
        "{name} takes that back later, and the offer stands again. One to an id that is nobody's is answered just the same."
    ));
    Ok(())
}

pub(super) async fn what_has_ended(cast: &Cast, tell: Tell<'_>) -> anyhow::Result<()> {
    tell("");
    tell("## What has ended stays ended");
    tell("");
    let (person, supporter, other, name) = (&cast.person, &cast.supporter, &cast.other, &cast.name);
    let twice = || {
        let agency = Actor::AgencyId(supporter.party.agency_id.clone());
        terms(agency, [RecordCategory::Goals], Purpose::CareCoordination, [])
    };
    let (first, second) = (person.grant(twice()).await?, person.grant(twice()).await?);
    ensure!(first.provision_id == second.provision_id, "the same wish twice is one");
    look(supporter, cast, Purpose::CareCoordination, 0).await?;
    let (request_id_of, provision_id) = (request_id(), first.provision_id);
    let withdraw = WithdrawProvisionRequest { request_id: request_id_of, provision_id, ..Default::default() };
    let withdrawn = person.sharing().withdraw_provision(withdraw).await?.into_inner();
    ensure!(withdrawn.still_permitting.is_empty(), "nothing else permits it");
    refused(look(supporter, cast, Purpose::CareCoordination, 0).await, Code::PermissionDenied, "ACCESS_DENIED")?;
    tell(&format!(
        "{name} shares their goals with {}, and clicks twice. That is one permit: taken back once, it is taken back.",
        supporter.party.agency_name
    ));
    let leaves = RemoveStaffRequest { request_id: request_id(), staff_id: other.party.staff_id.clone() };
    let left = cast.operator.agencies().remove_staff(leaves).await?.into_inner();
    let people = person.my_people(left.position).await?;
    let over = people.iter().find(|r| r.relationship_id == other.relationship_id).context("it is theirs to read")?;
    let end = over.end.as_ref().context("it has ended")?;
    ensure!(over.state() == RelationshipState::Ended && end.supporter_left, "because they left");
    tell(&format!("{} leaves {}. The offer that stood is over with that:", other.party.name, other.party.agency_name));
    let accept = AcceptSupportRequest { request_id: request_id(), relationship_id: other.relationship_id.clone() };
    let late = person.relationships().accept_support(accept).await;
    let late = refused(late, Code::FailedPrecondition, "RULE_REFUSED")?;
    tell(&format!("  > {}", late.message()));
    Ok(())
}
