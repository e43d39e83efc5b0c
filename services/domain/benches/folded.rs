//! What every look costs in memory: the decision about a directive of 20 provisions, and folding a record of 1,000 events.

use std::hint::black_box;

use alongside_domain::Aggregate as _;
use alongside_domain::access::{Ask, Decision, decide};
use alongside_domain::ids::{AgencyId, EntryId, ProvisionId, RelationshipId, SignInId, StaffId};
use alongside_domain::person::Person;
use alongside_domain::person::events::{ActionAgreed, ActionProgressed, PersonEvent, PersonRegistered};
use alongside_domain::sharing::Sharing;
use alongside_domain::sharing::events::{
    ProvisionDenied, ProvisionGranted, RelationshipAccessOpened, SharingEvent, SharingStarted,
};
use alongside_domain::staff::Staff;
use alongside_domain::staff::events::StaffJoined;
use alongside_domain::vocabulary::{
    Action, Author, Category, Level, ProvisionActor, Purpose, Sensitivity, SignedIn, Terms, Timestamp, Worker,
};
use criterion::{Criterion, criterion_group, criterion_main};
use uuid::Uuid;

fn worker() -> Worker {
    Worker::new(AgencyId(Uuid::from_u128(1)), StaffId(Uuid::from_u128(2)))
}

const SIGN_IN: SignInId = SignInId(Uuid::from_u128(3));

/// Three of four permit, to everybody an actor can be; the last of four denies something.
fn directive(provisions: u128) -> Sharing {
    let terms = |n: u128| Terms {
        actor: match n % 5 {
            0 => ProvisionActor::Staff(worker().staff()),
            1 => ProvisionActor::Agency(worker().agency()),
            2 => ProvisionActor::Role("nurse".into()),
            3 => ProvisionActor::RoleAt(worker().agency(), "nurse".into()),
            _ => ProvisionActor::Everybody,
        },
        except: vec![],
        categories: Category::ALL.iter().copied().skip(usize::try_from(n % 6).unwrap_or(0)).take(4).collect(),
        level: Level::Restricted,
        labels: if n.is_multiple_of(3) { vec!["PSY".into()] } else { vec![] },
        purposes: vec![Purpose::CareCoordination, Purpose::Treatment],
        actions: vec![Action::Read],
        from: None,
        until: None,
    };
    let provided = (0..provisions).map(|n| {
        let (provision, terms) = (ProvisionId(Uuid::from_u128(n)), terms(n));
        if n % 4 == 3 {
            SharingEvent::from(ProvisionDenied { provision, terms, word: None })
        } else {
            ProvisionGranted { provision, terms, without_telling: false, word: None, request: None }.into()
        }
    });
    let opened = RelationshipAccessOpened { relationship: RelationshipId(Uuid::nil()), worker: worker() };
    let events: Vec<_> = [SharingStarted {}.into(), opened.into()].into_iter().chain(provided).collect();
    Sharing::folded(&events)
}

fn staff() -> Staff {
    let (issuer, subject) = ("https://north".to_owned(), "nurse".to_owned());
    let (name, role) = ("Morag Reid".to_owned(), "nurse".to_owned());
    Staff::folded(&[StaffJoined { agency: worker().agency(), issuer, subject, sign_in: SIGN_IN, name, role }.into()])
}

fn record(events: u128) -> Vec<PersonEvent> {
    let registered = PersonRegistered { name: "Ailsa".into(), birth_date: None, sensitivity: None };
    let action = |n| ActionAgreed {
        entry: EntryId(Uuid::from_u128(n)),
        author: Author::Person,
        text: "walk to the loch".into(),
        goal: None,
        owner: "me".into(),
        party: None,
        link: None,
        due: None,
        confidence: None,
        source: None,
        sensitivity: Sensitivity::normal(),
        fingerprint: 0,
    };
    let noted = |n| {
        let (entry, author) = (EntryId(Uuid::from_u128(n - 1)), Author::Person);
        ActionProgressed { entry, author, note: "as far as the gate".into() }
    };
    let each = (1..events).map(|n| if n % 2 == 1 { action(n).into() } else { noted(n).into() });
    std::iter::once(registered.into()).chain(each).collect()
}

fn benches(c: &mut Criterion) {
    let (sharing, staff) = (directive(20), staff());
    let by = SignedIn::new(worker(), SIGN_IN);
    let ask = Ask { by, purpose: Purpose::CareCoordination, action: Action::Read, now: Timestamp(1) };
    assert!(matches!(decide(&sharing, &staff, &ask), Decision::Permit(_)));
    c.bench_function("an access decision, 20 provisions", |b| {
        b.iter(|| decide(black_box(&sharing), black_box(&staff), black_box(&ask)));
    });
    let Decision::Permit(scope) = decide(&sharing, &staff, &ask) else { return };
    let sensitivity = Sensitivity::normal();
    c.bench_function("whether one entry is covered, 20 provisions", |b| {
        b.iter(|| scope.covers(black_box(Category::Goals), black_box(&sensitivity)));
    });
    let history = record(1_000);
    c.bench_function("folding a record of 1,000 events", |b| b.iter(|| Person::folded(black_box(&history))));
}

criterion_group!(all, benches);
criterion_main!(all);
