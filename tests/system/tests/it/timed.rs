//! How long an answer takes tells nothing of what is withheld (rule 6).

use std::time::{Duration, Instant};

use client::{Client, request_id};
use harness::{Cluster, Node};
use proto::access::v1::{Purpose, Sensitivity, SensitivityLevel};
use proto::people::v1::{RecordStrengthRequest, RegisterPersonRequest};
use tonic::Code;
use uuid::Uuid;

use crate::world::{Callers, Pair, World, import};

/// How many entries are withheld from one of two who are the same otherwise.
const WITHHELD: usize = 200;
/// What is shared.
const SHARED: usize = 8;
/// What is read from the store is answered in such steps.
const STEP: Duration = Duration::from_millis(10);
const HOT: usize = 2_000;
const COLD: usize = 200;
/// How often somebody is right at most who goes by how long an answer took: of a coin it is one half.
const RIGHT: f64 = 0.6;

/// Two people whom one worker supports, and who share the same; from the other much is withheld.
struct Two {
    worker: Client,
    people: [Callers; 2],
}

async fn writes(person: &Client, text: &str, level: SensitivityLevel) -> u64 {
    let sensitivity = Some(Sensitivity { level: level.into(), ..Default::default() });
    let strength =
        RecordStrengthRequest { request_id: request_id(), text: text.into(), sensitivity, ..Default::default() };
    person.people().record_strength(strength).await.unwrap().into_inner().position
}

impl Two {
    async fn on(cluster: &Cluster, node: &Node, pair: &Pair) -> Self {
        let channel = node.channel().await.unwrap();
        let enrolled = Callers::new(cluster, &channel, pair).await;
        let mut people = Vec::new();
        for withheld in [0, WITHHELD] {
            let register = RegisterPersonRequest {
                request_id: request_id(),
                name: "Ailsa".into(),
                birth_date: "1980-01-01".into(),
            };
            let registered = enrolled.operator.people().register_person(register).await.unwrap().into_inner();
            let person: Uuid = registered.person_id.parse().unwrap();
            let callers = Callers::unenrolled(cluster, &channel, &Pair { person: person.into(), ..pair.clone() });
            callers.accept().await;
            callers.grant().await;
            for n in 0..SHARED {
                writes(&callers.person, &format!("shared {n}"), SensitivityLevel::Normal).await;
            }
            for n in 0..withheld {
                writes(&callers.person, &format!("withheld {n}"), SensitivityLevel::Restricted).await;
            }
            people.push(callers);
        }
        let people: [Callers; 2] = people.try_into().unwrap_or_else(|_| panic!("two"));
        Self { worker: enrolled.worker, people }
    }

    async fn looks(&self, which: usize, at_least: u64) -> Duration {
        let person = self.people[which].pair.person_id();
        let begun = Instant::now();
        let plan = self.worker.look(&person, Purpose::CareCoordination, &[], at_least).await.unwrap();
        let took = begun.elapsed();
        assert!(plan.entries.len() >= SHARED, "{} entries", plan.entries.len());
        took
    }

    /// How often somebody is right who takes what took longer than most for the one from whom much is withheld.
    async fn hot(&self) -> Guess {
        for which in [0, 1].repeat(20) {
            self.looks(which, 0).await;
        }
        let mut took = Vec::new();
        for n in 0..HOT {
            // Which is first is by turns, too.
            let which = (n + n / 2) % 2;
            took.push((which, self.looks(which, 0).await));
        }
        right("hot", &took)
    }

    async fn cold(&self) -> Guess {
        let mut took = Vec::new();
        for n in 0..COLD {
            let which = (n + n / 2) % 2;
            let position = writes(&self.people[which].person, &format!("new {n}"), SensitivityLevel::Normal).await;
            // The view has it, and nobody has read it since.
            self.people[which].person.my_people(position).await.unwrap();
            let look = self.looks(which, 0).await;
            assert!(look >= STEP, "{look:?}: it was not read from the store, or is not held");
            took.push((which, look));
        }
        right("cold", &took)
    }

    /// The same of who is registered, and of nobody.
    async fn probes(&self, stranger: &str) -> Guess {
        let nobody = Uuid::now_v7().to_string();
        let mut took = Vec::new();
        for n in 0..HOT + 40 {
            let which = (n + n / 2) % 2;
            let begun = Instant::now();
            let denied = self.worker.look([stranger, &nobody][which], Purpose::CareCoordination, &[], 0).await;
            took.push((which, begun.elapsed()));
            assert_eq!(denied.unwrap_err().code(), Code::PermissionDenied);
        }
        right("registered or not", &took[40..])
    }
}

/// How good a guess by time is, and what it was made on.
struct Guess {
    right: f64,
    told: String,
}

/// How often somebody is right who goes by the median.
fn right(what: &str, took: &[(usize, Duration)]) -> Guess {
    let mut sorted: Vec<_> = took.iter().map(|(_, took)| *took).collect();
    sorted.sort();
    let median = sorted[sorted.len() / 2];
    let right = took.iter().filter(|(which, took)| (*took > median) == (*which == 1)).count();
    let right = right as f64 / took.len() as f64;
    let mean = |of: usize| {
        let of: Vec<_> = took.iter().filter(|(which, _)| *which == of).map(|(_, took)| took.as_secs_f64()).collect();
        of.iter().sum::<f64>() / of.len() as f64 * 1e3
    };
    let told = format!("{what}: {right:.3} right at {median:?}; {:.3} ms and {:.3} ms", mean(0), mean(1));
    Guess { right: right.max(1.0 - right), told }
}

async fn tells_nothing(cluster: &Cluster, pairs: &[Pair]) {
    let node = cluster.start("").await.unwrap();
    let two = Two::on(cluster, &node, &pairs[0]).await;
    let guesses = [two.hot().await, two.cold().await, two.probes(&pairs[1].person_id()).await];
    let told: Vec<_> = guesses.iter().map(|guess| guess.told.as_str()).collect();
    assert!(guesses.iter().all(|guess| guess.right < RIGHT), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_6_how_long_an_answer_takes_tells_nothing_of_what_is_withheld_in_postgres() {
    let world = World::distributed().await;
    let pairs = world.import(2);
    tells_nothing(&world.cluster, &pairs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_6_how_long_an_answer_takes_tells_nothing_of_what_is_withheld_in_sqlite() {
    let cluster = Cluster::embedded().unwrap();
    let pairs: Vec<_> = import(&cluster, 2).iter().map(Pair::of).collect();
    tells_nothing(&cluster, &pairs).await;
}
