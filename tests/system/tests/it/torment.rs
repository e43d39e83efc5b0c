//! Two servers, their database and their bus, killed and stopped at random while callers go on; and then the whole history is checked.
#![allow(clippy::print_stdout, reason = "the report of a long run")]

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use checker::{Finding, Look, What, check};
use harness::Node;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

use crate::checked::{Run, facts};
use crate::crashes::bus_equals_log;
use crate::world::{Callers, Pair, World, at_rest, lasting, views_equal_a_rebuild};

/// What is done to the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Harm {
    /// A server is killed (SIGKILL), and started again.
    KillServer,
    /// A server stands still in the middle of what it does (SIGSTOP), and goes on.
    PauseServer,
    /// A server is told to end, and started again.
    EndServer,
    /// The bus is killed, and started again.
    KillBus,
    /// And has lost its store meanwhile.
    WipeBus,
    /// Or has an older one.
    RollBackBus,
    /// The bus stands still, and goes on.
    PauseBus,
    /// The database is killed with appends in flight, and started again.
    CrashDatabase,
}

const HARMS: [Harm; 8] = [
    Harm::KillServer,
    Harm::PauseServer,
    Harm::EndServer,
    Harm::KillBus,
    Harm::WipeBus,
    Harm::RollBackBus,
    Harm::PauseBus,
    Harm::CrashDatabase,
];

/// Numbers that look random, and are the same for the same seed (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    async fn pause(&mut self, least: usize, most: usize) {
        let milliseconds = least + self.below(most - least);
        tokio::time::sleep(Duration::from_millis(milliseconds as u64)).await;
    }
}

/// A system with callers on two servers.
struct Tormented {
    servers: [Node; 2],
    world: World,
    run: Run,
    callers: Vec<tokio::task::JoinHandle<()>>,
}

impl Tormented {
    async fn start() -> Self {
        let world = World::distributed().await;
        let pairs: Vec<Pair> = world.import(4).split_off(2);
        let servers = [world.start().await, world.start().await];
        let ports = [servers[0].grpc, servers[1].grpc];
        let (run, mut callers) = (Run::default(), Vec::new());
        // A record has its limit: the longer it goes on, the slower it is filled.
        let pause = Duration::from_millis(10 * minutes());
        for (n, pair) in (0..).zip(&pairs) {
            let side = |n: usize| Callers::unenrolled(&world.cluster, &lasting(ports[n]), pair);
            let first = Callers::new(&world.cluster, &lasting(ports[0]), pair).await;
            first.accept().await;
            first.person.strength("kind").await.unwrap();
            first.grant().await;
            for server in [0, 1] {
                callers.push(run.looks(side(server)));
                callers.push(run.looks(side(server)));
                callers.push(run.lives(side(server), 2 * n + u32::try_from(server).unwrap(), pause));
            }
            callers.push(run.decides([side(0), side(1)]));
        }
        Self { servers, world, run, callers }
    }

    async fn suffer(&mut self, harm: Harm, random: &mut Random) {
        let (World { nats, postgres, cluster, .. }, server) = (&mut self.world, &mut self.servers[random.below(2)]);
        match harm {
            Harm::KillServer | Harm::EndServer => {
                if harm == Harm::KillServer {
                    server.kill().unwrap();
                } else {
                    server.terminate().unwrap();
                    server.ended().await.unwrap();
                }
                random.pause(1, 300).await;
                *server = cluster.start_on("", server.grpc).await.unwrap();
            }
            Harm::PauseServer => {
                server.pause(true).unwrap();
                random.pause(50, 1_500).await;
                server.pause(false).unwrap();
            }
            Harm::PauseBus => {
                nats.pause(true).unwrap();
                random.pause(50, 1_500).await;
                nats.pause(false).unwrap();
            }
            Harm::KillBus | Harm::WipeBus | Harm::RollBackBus => {
                nats.kill().unwrap();
                if harm == Harm::WipeBus {
                    nats.wipe().unwrap();
                } else {
                    // What a later one is rolled back to.
                    nats.copy_store(harm == Harm::RollBackBus).unwrap();
                }
                random.pause(1, 300).await;
                nats.restart().await.unwrap();
            }
            Harm::CrashDatabase => postgres.crash_and_restart().await.unwrap(),
        }
    }

    /// Lets the callers finish, and holds what they saw against the log.
    async fn end(mut self) -> (usize, Vec<Finding>) {
        self.run.stop.store(true, Ordering::Relaxed);
        for caller in self.callers.drain(..) {
            caller.await.unwrap();
        }
        let calls = self.run.history.calls();
        let findings = check(&calls, &facts(&self.world.cluster).await);
        let head = at_rest(&self.world.cluster).await;
        bus_equals_log(&self.world).await;
        for server in &mut self.servers {
            server.terminate().unwrap();
            server.ended().await.unwrap();
        }
        views_equal_a_rebuild(&self.world.cluster, head);
        let of = |what: fn(&What) -> bool| calls.iter().filter(|call| what(&call.what)).count();
        let looked = of(|what| matches!(what, What::Look(Look { by: Some(_), disclosed: Some(_), .. })));
        let written = of(|what| matches!(what, What::Write { .. }));
        let changed = of(|what| matches!(what, What::Change { .. }));
        println!(
            "{} calls: {looked} looks of workers disclosed, {written} writes, {changed} blocks and unblocks",
            calls.len()
        );
        (calls.len(), findings)
    }
}

/// For how long: a minute, or as many as `TORMENT_MINUTES` says (`cargo xtask torment`).
fn minutes() -> u64 {
    std::env::var("TORMENT_MINUTES").map_or(1, |minutes| minutes.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_killed_the_whole_history_agrees_with_the_log() {
    let seed = Uuid::now_v7().as_u64_pair().1;
    println!("seed {seed}");
    let (mut random, mut harms) = (Random(seed | 1), BTreeMap::<Harm, usize>::new());
    let mut system = Tormented::start().await;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60 * minutes()) {
        random.pause(100, 1_200).await;
        let harm = HARMS[random.below(HARMS.len())];
        system.suffer(harm, &mut random).await;
        *harms.entry(harm).or_default() += 1;
    }
    let (calls, findings) = system.end().await;
    println!("{} harms: {harms:?}", harms.values().sum::<usize>());
    println!("findings: {}", findings.len());
    assert!(calls > 200, "{calls}");
    assert_eq!(findings, [], "seed {seed}");
}

/// The function that appends, with something of it replaced: as a fault in it would be.
async fn sabotage(world: &World, replaced: &[(&str, &str)]) {
    let mut owner = PgConnection::connect(&world.database.owner).await.unwrap();
    let define = "SELECT pg_get_functiondef('alongside.log_append'::regproc)";
    let mut function: String = sqlx::query_scalar(define).fetch_one(&mut owner).await.unwrap();
    for (what, by) in replaced {
        assert!(function.contains(what), "{what}");
        function = function.replace(what, by);
    }
    sqlx::raw_sql(AssertSqlSafe(function)).execute(&mut owner).await.unwrap();
}

/// What the checker finds in a system with this fault in it.
async fn found(replaced: &[(&str, &str)]) -> Vec<Finding> {
    let system = Tormented::start().await;
    sabotage(&system.world, replaced).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    // Some callers may never be answered any more.
    system.callers.iter().for_each(tokio::task::JoinHandle::abort);
    check(&system.run.history.calls(), &facts(&system.world.cluster).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_that_is_taken_out_is_found() {
    let found = found(&[("WHERE g.version <> coalesce(h.version, 0)", "WHERE false")]).await;
    assert!(found.iter().any(|finding| matches!(finding, Finding::AfterWithdrawal { .. })), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_is_moved_is_found() {
    let lock = "LOCK TABLE append_lock IN SHARE UPDATE EXCLUSIVE MODE;";
    let later = format!(
        "PERFORM pg_sleep(0.005); {lock} SELECT h.position, h.partitioned_to INTO base, made_to FROM log_head h; late := '{{}}';"
    );
    let found = found(&[(lock, ""), ("late := '{}';", &later)]).await;
    assert!(found.iter().any(|finding| matches!(finding, Finding::Forked { .. })), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_before_its_receipt_is_found() {
    let found =
        found(&[("WHERE position_before[e.slot] >= 0", "WHERE position_before[e.slot] >= 0 AND s_kind[e.slot] <> 3")])
            .await;
    assert!(found.iter().any(|finding| matches!(finding, Finding::Unreceipted { .. })), "{found:?}");
    assert!(found.iter().any(|finding| matches!(finding, Finding::Gap { .. })), "{found:?}");
}
