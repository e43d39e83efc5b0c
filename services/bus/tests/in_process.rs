//! The in-process bus keeps the contract, and what only it must keep.

use std::sync::Arc;

use alongside_bus::{Bus, BusError, InProcessBus, Message, contract};
use futures::StreamExt as _;

#[tokio::test]
async fn in_process_keeps_the_contract() {
    for (name, case) in contract::CASES {
        println!("{name}");
        case(Arc::new(InProcessBus::default())).await;
    }
}

#[tokio::test]
async fn a_slow_subscriber_is_told_of_the_gap() {
    let bus = InProcessBus::default();
    bus.prepare(0).await.unwrap();
    let mut slow = bus.subscribe(0).await.unwrap();
    let messages =
        (1..=20_000).map(|position| Message { position, subject: String::new(), payload: Default::default() });
    bus.publish(0, messages.collect()).await.unwrap();
    assert!(matches!(slow.next().await, Some(Err(BusError::Gap))));
    assert!(matches!(bus.subscribe(0).await, Err(BusError::Gap)));
}
