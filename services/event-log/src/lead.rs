//! Who of several processes does what only one need do. Where two do it for a moment nothing breaks: a copy is taken in its order and a
//! checkpoint moves once. It only costs.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use crate::StoreError;

/// What one process of a system does for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Copying the log to the bus.
    Relay,
    /// Building views.
    Views,
    /// Asking back what feeds have delivered.
    Feeds,
    /// Telling people that something has happened.
    Notices,
}

impl Duty {
    fn code(self) -> i32 {
        match self {
            Self::Relay => 1,
            Self::Views => 2,
            Self::Feeds => 3,
            Self::Notices => 4,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Views => "views",
            Self::Feeds => "feeds",
            Self::Notices => "notices",
        }
    }
}

/// How often whoever leads makes sure of it, and whoever waits looks.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// How long the server may take to answer that.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// What the locks of this system begin with, in PostgreSQL.
const LOCKS: i32 = 0x0a51_0de5;
/// One that is cut off or stands still is given up by the server soon, so that another takes over.
const SESSION: [(&str, &str); 5] = [
    ("idle_session_timeout", "4000"),
    ("tcp_keepalives_idle", "2"),
    ("tcp_keepalives_interval", "1"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "5000"),
];

/// That this process leads, until it is dropped.
#[derive(Debug)]
pub struct Leading(Hold);

#[derive(Debug)]
enum Hold {
    Session(Box<PgConnection>),
    /// A lock that ends with the file's last handle.
    File(#[allow(dead_code, reason = "what counts is that it is open")] File),
}

impl Leading {
    /// Waits until it is over: whoever leads has lost the lock, or cannot be sure of it.
    pub async fn lost(mut self) {
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            match &mut self.0 {
                Hold::Session(session) => match tokio::time::timeout(ANSWER_LIMIT, session.ping()).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) | Err(_) => return,
                },
                Hold::File(_) => {}
            }
        }
    }
}

/// Waits for a session lock, on a connection of its own. It asks again and again, and does not wait in the server: who waits there keeps
/// a snapshot, for as long as which nothing is cleaned up in the whole database.
pub(crate) async fn by_session(options: PgConnectOptions, duty: Duty) -> Result<Leading, StoreError> {
    let mut session = options.options(SESSION).connect().await?;
    loop {
        let lock = sqlx::query_scalar(include_str!("../sql/postgres/lead.sql")).bind(LOCKS).bind(duty.code());
        let answer = tokio::time::timeout(ANSWER_LIMIT, lock.fetch_one(&mut session)).await;
        if answer.map_err(StoreError::new)?? {
            return Ok(Leading(Hold::Session(Box::new(session))));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Waits for the lock of a file beside the log's.
pub(crate) async fn by_file(log: &std::path::Path, duty: Duty) -> Result<Leading, StoreError> {
    let mut path = PathBuf::from(log).into_os_string();
    path.push(format!("-{}-leads", duty.word()));
    let file = File::options().create(true).append(true).open(path).map_err(StoreError::new)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Leading(Hold::File(file))),
            Err(std::fs::TryLockError::WouldBlock) => tokio::time::sleep(LOOK_AGAIN).await,
            Err(std::fs::TryLockError::Error(error)) => return Err(StoreError::new(error)),
        }
    }
}
