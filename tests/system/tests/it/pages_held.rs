//! Nobody outside holds the web pages up: not by asking often, by holding connections, nor by leaving answers unread.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::pages::Sample;

/// More connections than one address has, and fewer than there are.
const MANY: usize = 200;
/// How long an answer may take, and an unread one may stay.
const SOON: Duration = Duration::from_secs(5);
const UNREAD: Duration = Duration::from_secs(14);
/// What is asked for and not read: a large file, so often that no buffer holds it.
const FILES: usize = 200;

/// A connection from another address of this machine.
async fn from(nth: u8, port: u16) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, nth)), 0))?;
    socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
}

/// The status of an answer; none when the connection ends first.
async fn status(stream: &mut TcpStream, path: &str) -> Option<u16> {
    let ask = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    timeout(SOON, stream.read_to_end(&mut answer)).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    text.split_whitespace().nth(1)?.parse().ok()
}

async fn asked(nth: u8, port: u16, path: &str) -> Option<u16> {
    status(&mut from(nth, port).await.ok()?, path).await
}

fn port_of(sample: &Sample) -> u16 {
    sample.site.pages.rsplit(':').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_or_holds_connections_stops_nobody_else() {
    let sample = Sample::start().await;
    let port = port_of(&sample);
    let mut turned_away = 0;
    for _ in 0..40 {
        turned_away += usize::from(asked(2, port, "/in/go").await == Some(429));
    }
    assert!((5..=10).contains(&turned_away), "{turned_away} of 40 tries to sign in are turned away");
    assert_eq!(asked(2, port, "/in").await, Some(200), "who tries too often reads nothing any more");
    assert_ne!(asked(3, port, "/in/go").await, Some(429), "somebody else is turned away");
    // Connections that say nothing, more than one address has.
    let mut held = Vec::new();
    for _ in 0..MANY {
        held.push(from(4, port).await.unwrap());
    }
    let mut oldest = held.remove(0);
    let closed = timeout(SOON, oldest.read_to_end(&mut Vec::new())).await;
    assert!(closed.is_ok(), "one address has as many connections as it likes");
    assert_eq!(asked(4, port, "/in").await, Some(200), "whoever asks is turned away for those who do not");
    assert_eq!(asked(5, port, "/in").await, Some(200), "nobody else has a connection");
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_reads_is_given_up() {
    let sample = Sample::start().await;
    let port = port_of(&sample);
    let mut page = from(2, port).await.unwrap();
    page.write_all(b"GET /in HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut html = String::new();
    page.read_to_string(&mut html).await.unwrap();
    let file = html.split("href=\"").find(|part| part.contains("design-system")).unwrap().split('"').next().unwrap();
    let ask = format!("GET {file} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let mut stream = from(3, port).await.unwrap();
    stream.write_all(ask.repeat(FILES).as_bytes()).await.unwrap();
    tokio::time::sleep(UNREAD).await;
    let mut got = Vec::new();
    // Whatever was on the way comes, and then the end: clean or not.
    let _end = timeout(SOON, stream.read_to_end(&mut got)).await.expect("the connection is still open");
    let answers = String::from_utf8_lossy(&got).matches("HTTP/1.1 200").count();
    assert!((1..FILES).contains(&answers), "{answers} of {FILES} answers came after all");
}
