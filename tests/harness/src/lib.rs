//! Real servers for tests: PostgreSQL, NATS and the binary itself, each an owned child process in a directory of its
//! own, killed and removed when dropped.

mod authority;
mod child;
mod mail;
mod nats;
mod node;
mod postgres;
mod provider;
mod tools;

use std::net::TcpListener;

pub use authority::Authority;
pub use child::{Child, wait_until};
pub use mail::{Mail, MailServer};
pub use nats::{Nats, NatsAccounts};
pub(crate) use node::http;
pub use node::{Cluster, Node, http_get};
pub use postgres::{Copy, CopyKind, Database, Postgres};
pub use provider::{PeopleProvider, Provider};
pub use tools::{alongside, asyncapi, browser, buf, connect, consumer, postgres as postgres_tool, promtool, python};

/// A port that nobody listens on now.
///
/// # Errors
/// When the operating system gives none.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
