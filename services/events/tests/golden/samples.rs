//! One sample of every event, for the golden bytes.

use alongside_events::Event;
use domain::access::events::*;
use domain::agency::events::*;
use domain::consultation::events::*;
use domain::consultation::{Mode, WithoutPersonGround};
use domain::emergency::events::*;
use domain::ids::*;
use domain::person::events::*;
use domain::query::events::*;
use domain::relationship::events::*;
use domain::sharing::events::*;
use domain::staff::events::*;
use domain::vocabulary::*;
use uuid::Uuid;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn author() -> Author {
    Author::Staff { agency: AgencyId(id(3)), staff: StaffId(id(4)) }
}

fn sensitivity() -> Sensitivity {
    Sensitivity { level: Level::Restricted, labels: vec!["PSY".into()] }
}

fn terms() -> Terms {
    Terms {
        actor: ProvisionActor::Role("nurse".into()),
        categories: vec![Category::Goals],
        level: Level::Normal,
        labels: vec!["HIV".into()],
        purposes: vec![Purpose::Treatment],
        actions: vec![Action::Read, Action::Contribute],
        from: Some(Timestamp(0)),
        until: None,
    }
}

fn person() -> Vec<Event> {
    let events: Vec<PersonEvent> = vec![
        PersonRegistered { name: "name text".into(), birth_date: "birth_date text".into() }.into(),
        AboutMeSectionWritten {
            entry: EntryId(id(1)),
            author: author(),
            heading: "heading text".into(),
            text: "text text".into(),
            sensitivity: sensitivity(),
        }
        .into(),
        StrengthRecorded {
            entry: EntryId(id(1)),
            author: author(),
            text: "text text".into(),
            sensitivity: sensitivity(),
        }
        .into(),
        WhatMattersRecorded {
            entry: EntryId(id(1)),
            author: author(),
            text: "text text".into(),
            sensitivity: sensitivity(),
        }
        .into(),
        ConditionDescribed {
            entry: EntryId(id(1)),
            author: author(),
            text: "text text".into(),
            impact: "impact text".into(),
            onset: "onset text".into(),
            source: "source text".into(),
            sensitivity: sensitivity(),
        }
        .into(),
        GoalSet {
            entry: EntryId(id(1)),
            author: author(),
            text: "text text".into(),
            source: "source text".into(),
            sensitivity: sensitivity(),
        }
        .into(),
        GoalRated { entry: EntryId(id(1)), importance: 7 }.into(),
        GoalAchieved { entry: EntryId(id(1)), author: author() }.into(),
        GoalSetAside { entry: EntryId(id(1)), author: author(), reason: "reason text".into() }.into(),
        ActionAgreed {
            entry: EntryId(id(1)),
            author: author(),
            text: "text text".into(),
            goal: Some(EntryId(id(9))),
            owner: "owner text".into(),
            due: "due text".into(),
            confidence: 7,
            source: "source text".into(),
            sensitivity: sensitivity(),
        }
        .into(),
        ActionProgressed { entry: EntryId(id(1)), author: author(), note: "note text".into() }.into(),
        ActionCompleted { entry: EntryId(id(1)), author: author() }.into(),
        ActionDropped { entry: EntryId(id(1)), author: author(), reason: "reason text".into() }.into(),
    ];
    events.into_iter().map(Event::from).collect()
}

fn sharing() -> Vec<Event> {
    let events: Vec<SharingEvent> = vec![
        SharingStarted {}.into(),
        ProvisionGranted { provision: ProvisionId(id(2)), terms: terms() }.into(),
        ProvisionDenied { provision: ProvisionId(id(2)), terms: terms() }.into(),
        ProvisionNarrowed {
            provision: ProvisionId(id(2)),
            categories: vec![Category::Goals, Category::Health],
            level: Level::Restricted,
        }
        .into(),
        ProvisionWithdrawn { provision: ProvisionId(id(2)) }.into(),
        AgencyBlocked { agency: AgencyId(id(3)) }.into(),
        AgencyUnblocked { agency: AgencyId(id(3)) }.into(),
        RelationshipAccessOpened {
            relationship: RelationshipId(id(6)),
            agency: AgencyId(id(3)),
            staff: StaffId(id(4)),
        }
        .into(),
        RelationshipAccessClosed { relationship: RelationshipId(id(6)) }.into(),
        EmergencyAccessOpened {
            emergency: EmergencyId(id(7)),
            agency: AgencyId(id(3)),
            staff: StaffId(id(4)),
            reason: "reason text".into(),
            until: Timestamp(1_700_000_000_000_000),
        }
        .into(),
        EmergencyAccessClosed { emergency: EmergencyId(id(7)) }.into(),
    ];
    events.into_iter().map(Event::from).collect()
}

fn access() -> Vec<Event> {
    let events: Vec<AccessEvent> = vec![
        RecordViewed {
            receipt: ReceiptId(id(8)),
            party: author(),
            role: "role text".into(),
            purpose: Purpose::CareCoordination,
            categories: vec![Category::Goals, Category::Health],
            entries: 300,
            under_emergency: true,
            directive: Version(12),
        }
        .into(),
        RecordContributed {
            receipt: ReceiptId(id(8)),
            party: author(),
            role: "role text".into(),
            purpose: Purpose::CareCoordination,
            categories: vec![Category::Goals, Category::Health],
            entries: 300,
            directive: Version(12),
        }
        .into(),
        AccessDenied {
            receipt: ReceiptId(id(8)),
            party: author(),
            role: "role text".into(),
            purpose: Purpose::CareCoordination,
            categories: vec![Category::Goals, Category::Health],
            rules: vec![DenialRule::AgencyBlocked],
            directive: Version(12),
        }
        .into(),
    ];
    events.into_iter().map(Event::from).collect()
}

fn query() -> Vec<Event> {
    let events: Vec<QueryEvent> =
        vec![AccessQueried { receipt: ReceiptId(id(8)), question: "question text".into() }.into()];
    events.into_iter().map(Event::from).collect()
}

fn emergency() -> Vec<Event> {
    let events: Vec<EmergencyEvent> = vec![
        EmergencyAccessDeclared { emergency: EmergencyId(id(7)), person: PersonId(id(5)), agency: AgencyId(id(3)) }
            .into(),
        EmergencyAccessReviewed { emergency: EmergencyId(id(7)), justified: true, finding: "finding text".into() }
            .into(),
    ];
    events.into_iter().map(Event::from).collect()
}

fn relationship() -> Vec<Event> {
    let events: Vec<RelationshipEvent> = vec![
        SupportProposed {
            person: PersonId(id(5)),
            agency: AgencyId(id(3)),
            staff: StaffId(id(4)),
            role: "role text".into(),
            offer: "offer text".into(),
        }
        .into(),
        SupportAccepted { agency: AgencyId(id(3)), staff: StaffId(id(4)) }.into(),
        SupportDeclined { agency: AgencyId(id(3)), staff: StaffId(id(4)), reason: "reason text".into() }.into(),
        SupportEnded { agency: AgencyId(id(3)), staff: StaffId(id(4)), by: author(), reason: "reason text".into() }
            .into(),
    ];
    events.into_iter().map(Event::from).collect()
}

fn consultation() -> Vec<Event> {
    let events: Vec<ConsultationEvent> = vec![
        ConsultationRequested {
            person: PersonId(id(5)),
            author: author(),
            mode: Mode::PersonLed,
            topic: "topic text".into(),
        }
        .into(),
        AgendaItemRaised { item: EntryId(id(10)), author: author(), text: "text text".into() }.into(),
        AgendaItemAddressed { item: EntryId(id(10)), author: author(), note: "note text".into() }.into(),
        AgendaItemDeferred { item: EntryId(id(10)), author: author() }.into(),
        OptionOffered {
            option: EntryId(id(1)),
            author: author(),
            text: "text text".into(),
            benefits: "benefits text".into(),
            risks: "risks text".into(),
        }
        .into(),
        PersonViewRecorded { view: "view text".into() }.into(),
        DecisionProposed { decision: EntryId(id(1)), author: author(), text: "text text".into() }.into(),
        DecisionAgreed { decision: EntryId(id(1)) }.into(),
        DecisionObjected { decision: EntryId(id(1)), reason: "reason text".into() }.into(),
        DecisionMadeWithoutPerson {
            decision: EntryId(id(1)),
            author: author(),
            ground: WithoutPersonGround::Unreachable,
            evidence: "evidence text".into(),
        }
        .into(),
        ConsultationClosed { author: author() }.into(),
        ConsultationCancelled { author: author(), reason: "reason text".into() }.into(),
    ];
    events.into_iter().map(Event::from).collect()
}

fn agency() -> Vec<Event> {
    let events: Vec<AgencyEvent> = vec![AgencyRegistered { name: "name text".into(), kind: "kind text".into() }.into()];
    events.into_iter().map(Event::from).collect()
}

fn staff() -> Vec<Event> {
    let events: Vec<StaffEvent> = vec![
        StaffJoined {
            agency: AgencyId(id(3)),
            subject: "subject text".into(),
            name: "name text".into(),
            role: "role text".into(),
        }
        .into(),
        StaffRoleChanged { role: "role text".into() }.into(),
        StaffLeft {}.into(),
    ];
    events.into_iter().map(Event::from).collect()
}

/// Every event, once.
pub(crate) fn all() -> Vec<Event> {
    [person(), sharing(), access(), query(), emergency(), relationship(), consultation(), agency(), staff()].concat()
}
