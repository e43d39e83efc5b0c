//! The checker: reads what callers saw in a run and what the log says of it, and names what cannot both be true.
//!
//! It trusts nothing but those two. A call that was never answered may have happened or not; everything else is held to its word.

mod facts;
mod history;

use std::collections::{HashMap, HashSet};
use std::fmt;

use domain::ids::{PersonId, ReceiptId};
use domain::vocabulary::Author;
use uuid::Uuid;

pub use facts::Facts;
pub use history::{Call, History, Look, Moment, What};

/// What a run and its log cannot both say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A write was acknowledged at a position at which the log has carried out no request.
    Lost {
        /// The caller's id of the request.
        request: Uuid,
        /// Where it was said to be.
        position: u64,
    },
    /// One request was carried out at two positions, or two at one; or a receipt stands in the log twice.
    Doubled {
        /// The id of the request or the receipt.
        id: Uuid,
    },
    /// Something was disclosed, and the log has no receipt of it, for this person, party and number of entries; or another answer has
    /// shown the same receipt.
    Unreceipted {
        /// The receipt that the answer names.
        receipt: ReceiptId,
    },
    /// More looks at a person were refused than the log has denied attempts of that worker.
    Unkept {
        /// Whose record it was.
        person: PersonId,
    },
    /// The log has no event after this position, and goes on behind it.
    Gap {
        /// The position.
        after: u64,
    },
    /// A stream has two events at one version, or none: something was decided on what was not so any more.
    Forked {
        /// The stream.
        stream: Uuid,
    },
    /// One who writes one thing after the other finds them in another order.
    OutOfOrder {
        /// The request that stands before one that was acknowledged before it was made.
        request: Uuid,
    },
    /// A look that began after a withdrawal was acknowledged disclosed something, and nothing can have permitted it meanwhile.
    AfterWithdrawal {
        /// Its receipt.
        receipt: ReceiptId,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { request, position } => {
                write!(f, "request {request} was acknowledged at {position} and is lost")
            }
            Self::Doubled { id } => write!(f, "{id} stands in the log twice"),
            Self::Unreceipted { receipt } => write!(f, "a look that names receipt {receipt} has none in the log"),
            Self::Unkept { person } => write!(f, "of refused looks at {person} the log does not have all"),
            Self::Gap { after } => write!(f, "no event follows {after}, and the log goes on"),
            Self::Forked { stream } => write!(f, "stream {stream} has two events at one version, or none"),
            Self::OutOfOrder { request } => write!(f, "request {request} stands before one that came earlier"),
            Self::AfterWithdrawal { receipt } => {
                write!(f, "a look disclosed after a withdrawal, with receipt {receipt}")
            }
        }
    }
}

/// Everything that the history of a run and the log of its system cannot both say.
#[must_use]
pub fn check(history: &[Call], log: &Facts) -> Vec<Finding> {
    let mut findings: Vec<_> = log.doubled.iter().map(|id| Finding::Doubled { id: *id }).collect();
    findings.extend(log.gaps.iter().map(|after| Finding::Gap { after: *after }));
    findings.extend(log.forked.iter().map(|stream| Finding::Forked { stream: *stream }));
    findings.extend(in_order(history));
    findings.extend(writes(history, log));
    findings.extend(looks(history, log));
    findings.extend(refused(history, log));
    findings
}

/// What one client writes one after the other stands in that order.
fn in_order(history: &[Call]) -> Vec<Finding> {
    let mut by_client = HashMap::<u32, Vec<_>>::new();
    for call in history {
        if let What::Write { client, request, acknowledged: Some(position) } = call.what {
            by_client.entry(client).or_default().push((call.begun, position, request));
        }
    }
    let mut findings = Vec::new();
    for mut writes in by_client.into_values() {
        writes.sort_unstable();
        let later = writes.iter().zip(writes.iter().skip(1)).filter(|((_, before, _), (_, after, _))| after < before);
        findings.extend(later.map(|(_, (.., request))| Finding::OutOfOrder { request: *request }));
    }
    findings
}

fn writes(history: &[Call], log: &Facts) -> Vec<Finding> {
    let (mut at, mut of, mut findings) = (HashMap::new(), HashMap::new(), Vec::new());
    for call in history {
        let (What::Write { request, acknowledged: Some(position), .. }
        | What::Change { request, acknowledged: Some(position), .. }) = call.what
        else {
            continue;
        };
        if !log.carried_out.contains(&position) {
            findings.push(Finding::Lost { request, position });
        }
        let elsewhere = at.insert(request, position).is_some_and(|before| before != position);
        let another = of.insert(position, request).is_some_and(|before| before != request);
        if elsewhere || another {
            findings.push(Finding::Doubled { id: request });
        }
    }
    findings
}

fn looks(history: &[Call], log: &Facts) -> Vec<Finding> {
    let (mut shown, mut findings) = (HashSet::new(), Vec::new());
    // Looked through for each look: a long run has many more of those.
    let changes: Vec<_> = history.iter().filter(|call| matches!(call.what, What::Change { .. })).cloned().collect();
    for call in history {
        let What::Look(look) = &call.what else { continue };
        let Some((receipt, entries)) = look.disclosed else { continue };
        let says = |kept: &facts::Receipt| {
            let by = kept.party == look.by.map_or(Author::Person, Author::Worker);
            by && (kept.person, kept.entries) == (look.person, entries)
        };
        if !log.receipts.get(&receipt).is_some_and(says) || !shown.insert(receipt) {
            findings.push(Finding::Unreceipted { receipt });
        }
        if entries > 0 && withdrawn(&changes, call, look) {
            findings.push(Finding::AfterWithdrawal { receipt });
        }
    }
    findings
}

fn refused(history: &[Call], log: &Facts) -> Vec<Finding> {
    let mut refused = HashMap::<_, usize>::new();
    for call in history.iter().filter(|call| call.ended.is_some()) {
        if let What::Look(Look { person, by: Some(by), disclosed: None }) = call.what {
            *refused.entry((person, by)).or_default() += 1;
        }
    }
    let kept = |person, by| log.denied.get(&(person, Author::Worker(by))).copied().unwrap_or_default();
    let unkept = refused.into_iter().filter(|((person, by), count)| kept(*person, *by) < *count);
    unkept.map(|((person, _), _)| Finding::Unkept { person }).collect()
}

/// Whether access was closed before a look began, and nothing can have opened it between.
fn withdrawn(history: &[Call], looked: &Call, look: &Look) -> bool {
    let changes = |opens: bool| {
        history.iter().filter(move |call| match &call.what {
            What::Change { person, by, opens: opened, .. } => {
                (*person, Some(*by), *opened) == (look.person, look.by, opens)
            }
            What::Write { .. } | What::Look(_) => false,
        })
    };
    let acknowledged = |call: &&Call| matches!(call.what, What::Change { acknowledged: Some(_), .. });
    let closed =
        changes(false).filter(acknowledged).filter(|closed| closed.ended.is_some_and(|end| end < looked.begun));
    let last = closed.max_by_key(|closed| closed.begun);
    last.is_some_and(|closed| {
        let may_follow = |opened: &Call| opened.ended.is_none_or(|end| end > closed.begun);
        let before_the_end = |opened: &Call| looked.ended.is_none_or(|end| opened.begun < end);
        !changes(true).any(|opened| may_follow(opened) && before_the_end(opened))
    })
}

#[cfg(test)]
mod tests;
