//! What has failed: what was asked for, a connection, or the server.

use std::error::Error as StdError;
use std::sync::Arc;

use sqlx::Error;

/// Whether the statement itself is at fault, by what it carries: the same fails again, on whatever server, and nothing else does.
/// PostgreSQL: SQLSTATE 22 (data exception) and 23 (integrity constraint). SQLite: too big, constraint, mismatch, range.
#[must_use]
pub fn is_data_fault(error: &Error) -> bool {
    code(error).is_some_and(|code| match sqlite(&code) {
        Some(code) => matches!(code, 18 | 19 | 20 | 25),
        None => code.starts_with("22") || code.starts_with("23"),
    })
}

/// Whether the connection is of no use any more: it is broken, or leads to a server that ends, has become a standby, or belongs to
/// another timeline.
#[must_use]
pub fn is_lost(error: &Error) -> bool {
    if matches!(error, Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed) {
        return true;
    }
    let lost = ["08", "25006", "53", "57P", "55000", "AL001"];
    code(error).is_some_and(|code| match sqlite(&code) {
        // Failing or full disk, not opened, no database.
        Some(code) => matches!(code, 10 | 13 | 14 | 26),
        None => lost.iter().any(|class| code.starts_with(class)),
    })
}

/// Whether the server has no room: for data, for connections, for memory. Other connections are as good as before.
#[must_use]
pub(crate) fn is_full(error: &Error) -> bool {
    code(error)
        .is_some_and(|code| sqlite(&code).is_none_or(|code| code == 13) && (code.starts_with("53") || code.len() < 5))
}

/// Whether the server has refused to begin: nothing of what was asked for has been done, and another server may do it.
#[must_use]
pub fn never_began(error: &Error) -> bool {
    code(error).is_some_and(|code| matches!(code.as_str(), "25006" | "AL001" | "57P03" | "53300"))
}

fn code(error: &Error) -> Option<String> {
    if let Error::Database(error) = error { error.code().map(std::borrow::Cow::into_owned) } else { None }
}

/// SQLite's codes are numbers, of which the lowest byte is the kind; PostgreSQL's have five letters.
fn sqlite(code: &str) -> Option<i32> {
    if code.len() == 5 { None } else { code.parse::<i32>().ok().map(|code| code & 0xff) }
}

/// Whether this failed because a database could not be reached or had no room, so that the same may well succeed later: not
/// because of what was asked of it. Looks through all that the error wraps.
#[must_use]
pub fn is_outage(error: &(dyn StdError + 'static)) -> bool {
    let is_outage = |cause: &(dyn StdError + 'static)| match cause.downcast_ref::<Error>() {
        Some(error) => Some(refers_to_outage(error)),
        None => cause.is::<tokio::time::error::Elapsed>().then_some(true),
    };
    causes(error).find_map(is_outage).unwrap_or(false)
}

/// What to do about a database that cannot be used, where that is not plain from what it says itself. Looks through all that the error wraps.
#[must_use]
pub fn advice(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    let error = causes(error).find_map(|cause| cause.downcast_ref::<Error>())?;
    if matches!(error, Error::Configuration(_)) {
        return Some("the database's URL cannot be used");
    }
    match code(error)?.as_str() {
        // A pooler that does not know what a connection asks for.
        "08P01" => Some(
            "something between this process and PostgreSQL, such as PgBouncer, does not take the settings of a connection: name PostgreSQL itself in the URL",
        ),
        "42501" => Some(
            "the role has no rights: sign in as `alongside_app`, and run `alongside migrate` as the owner, which gives them also to a role that was made since",
        ),
        "3F000" | "42P01" | "42883" => Some("there is no log, or an older one: run `alongside migrate` as its owner"),
        _ => None,
    }
}

/// An error and what caused it, down to the first cause.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(own(error)), |error: &&'a (dyn StdError + 'static)| (**error).source().map(own))
}

/// The error itself, of one that several share.
fn own<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    error.downcast_ref::<Shared>().map_or(error, |shared| &**shared)
}

/// An error that several share.
type Shared = Arc<dyn StdError + Send + Sync>;

fn refers_to_outage(error: &Error) -> bool {
    if let Error::Database(error) = error {
        // PostgreSQL: connection, resources, an operator's doing, a standby, a lock. SQLite: busy, locked, failing or full disk, not opened.
        return error.code().is_some_and(|code| {
            let sqlite = || code.parse::<i32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14));
            if code.len() == 5 {
                ["08", "53", "57", "25006", "55000", "55P03", "AL001"].iter().any(|class| code.starts_with(class))
            } else {
                sqlite()
            }
        });
    }
    matches!(
        error,
        Error::Io(_)
            | Error::Tls(_)
            | Error::Protocol(_)
            | Error::PoolTimedOut
            | Error::PoolClosed
            | Error::WorkerCrashed
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] Shared);

    #[test]
    fn an_outage_is_found_however_deep_it_is() {
        let within = |error: Error| is_outage(&Outer(Arc::new(Outer(Arc::new(error)))));
        assert!(within(Error::PoolTimedOut) && within(Error::Io(std::io::ErrorKind::ConnectionRefused.into())));
        assert!(!within(Error::RowNotFound) && !is_outage(&Outer(Arc::new(std::fmt::Error))));
    }
}
