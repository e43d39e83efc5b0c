//! What every bus keeps to. Each case needs a bus of its own, empty.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test suite")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use futures::{StreamExt as _, stream::BoxStream};

use crate::{Bus, BusError, Message};

/// A case, by name.
pub type Case = (&'static str, fn(Arc<dyn Bus>) -> BoxFuture<'static, ()>);

macro_rules! cases {
    ($($name:ident),+ $(,)?) => {
        /// Every case.
        pub const CASES: &[Case] = &[$((stringify!($name), |bus| $name(bus).boxed())),+];
    };
}

cases! {
    carries_messages_in_order_from_any_position,
    a_second_publisher_is_out_of_step,
    a_subscriber_gets_what_comes_later,
    refuses_to_subscribe_beyond_its_end,
    a_bus_ahead_of_the_log_starts_again,
    what_it_holds_is_compared_and_thrown_away,
    nudges_arrive,
}

fn messages(positions: std::ops::RangeInclusive<u64>) -> Vec<Message> {
    let message = |position: u64| Message {
        position,
        subject: format!("log.{}.person.1.x", position % 64),
        payload: Bytes::from(position.to_be_bytes().to_vec()),
    };
    positions.map(message).collect()
}

async fn next(stream: &mut BoxStream<'static, Result<Message, BusError>>, count: usize) -> Vec<u64> {
    let taken = stream.take(count).map(|m| m.unwrap().position).collect::<Vec<_>>();
    tokio::time::timeout(Duration::from_secs(10), taken).await.unwrap()
}

async fn carries_messages_in_order_from_any_position(bus: Arc<dyn Bus>) {
    assert_eq!(bus.last().await.unwrap(), None);
    let start = bus.prepare(0).await.unwrap();
    assert_eq!(start, 0);
    bus.publish(0, messages(1..=300)).await.unwrap();
    bus.publish(300, messages(301..=310)).await.unwrap();
    for after in [0, 7, 305] {
        let mut stream = bus.subscribe(after).await.unwrap();
        let count = usize::try_from(310 - after).unwrap();
        assert_eq!(next(&mut stream, count).await, (after + 1..=310).collect::<Vec<_>>());
    }
    assert_eq!((bus.last().await.unwrap(), bus.prepare(310).await.unwrap()), (Some(310), 310));
}

async fn a_second_publisher_is_out_of_step(bus: Arc<dyn Bus>) {
    bus.prepare(0).await.unwrap();
    bus.publish(0, messages(1..=5)).await.unwrap();
    assert!(matches!(bus.publish(0, messages(1..=5)).await, Err(BusError::OutOfStep)));
    bus.publish(5, messages(6..=6)).await.unwrap();
    let mut stream = bus.subscribe(0).await.unwrap();
    assert_eq!(next(&mut stream, 6).await, [1, 2, 3, 4, 5, 6]);
}

async fn a_subscriber_gets_what_comes_later(bus: Arc<dyn Bus>) {
    bus.prepare(0).await.unwrap();
    bus.publish(0, messages(1..=1)).await.unwrap();
    let mut stream = bus.subscribe(1).await.unwrap();
    bus.publish(1, messages(2..=3)).await.unwrap();
    assert_eq!(next(&mut stream, 2).await, [2, 3]);
}

async fn refuses_to_subscribe_beyond_its_end(bus: Arc<dyn Bus>) {
    bus.prepare(0).await.unwrap();
    bus.publish(0, messages(1..=2)).await.unwrap();
    assert!(matches!(bus.subscribe(9).await, Err(BusError::Gap)));
}

async fn a_bus_ahead_of_the_log_starts_again(bus: Arc<dyn Bus>) {
    bus.prepare(0).await.unwrap();
    bus.publish(0, messages(1..=9)).await.unwrap();
    let last = bus.prepare(4).await.unwrap();
    assert!(last <= 4, "{last}");
    bus.publish(last, messages(last + 1..=5)).await.unwrap();
    let mut stream = bus.subscribe(last).await.unwrap();
    assert_eq!(next(&mut stream, usize::try_from(5 - last).unwrap()).await.last(), Some(&5));
}

async fn what_it_holds_is_compared_and_thrown_away(bus: Arc<dyn Bus>) {
    bus.prepare(0).await.unwrap();
    bus.publish(0, messages(1..=3)).await.unwrap();
    let mut message = messages(2..=2).remove(0);
    assert!(bus.holds(&message).await.unwrap());
    message.payload = Bytes::from_static(b"of another log");
    assert!(!bus.holds(&message).await.unwrap());
    bus.reset().await.unwrap();
    bus.reset().await.unwrap();
    assert_eq!(bus.last().await.unwrap(), None);
    let last = bus.prepare(3).await.unwrap();
    bus.publish(last, messages(last + 1..=4)).await.unwrap();
    assert_eq!(bus.last().await.unwrap(), Some(4));
}

async fn nudges_arrive(bus: Arc<dyn Bus>) {
    bus.prepare(0).await.unwrap();
    let mut nudges = bus.nudges().await.unwrap();
    // A nudge may be lost, so it is repeated.
    let nudging = async {
        loop {
            bus.nudge().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        arrived = nudges.next() => assert!(arrived.is_some()),
        () = nudging => {}
        () = tokio::time::sleep(Duration::from_secs(10)) => panic!("no nudge arrived"),
    }
}
