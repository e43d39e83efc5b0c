//! What could not be done, as a page says it: what happened, and what to do now. Never what the system is made of.

use std::error::Error as _;
use std::sync::Arc;

use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use state::StateError;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::view::{Frame, Page as _, Plain};
use crate::words::Words;
use crate::{Parts, at};

/// Why a page could not be shown, or something not be done.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The services answered so.
    Refused(Box<Status>),
    /// There is no such page.
    Nothing,
    /// A form was sent that is too old, or not from here.
    Stale,
    /// What was sent is nothing that a page can read.
    Unreadable(StatusCode),
    /// It took too long.
    TooSlow,
    /// Too much is asked for at once.
    TooMuch,
    /// This browser is not signed in any more, so that it cannot sign out others.
    NotEverywhere,
    /// They have signed in, and nobody is known under that here yet.
    Unknown,
    /// Whoever came back from signing in did not bring what they were to.
    NotSignedIn,
    /// The store of sessions failed.
    Sessions(StateError),
    /// Something that should not happen.
    Failed(&'static str),
}

impl From<Status> for Fault {
    fn from(status: Status) -> Self {
        Self::Refused(Box::new(status))
    }
}

impl From<StateError> for Fault {
    fn from(error: StateError) -> Self {
        Self::Sessions(error)
    }
}

impl From<askama::Error> for Fault {
    fn from(_: askama::Error) -> Self {
        Self::Failed("a page could not be written")
    }
}

impl Fault {
    /// The page that says so.
    pub(crate) fn shown(self, parts: &Arc<Parts>) -> Response {
        let (status, name) = match &self {
            // What they signed in with is good no more, or theirs no more.
            Self::Refused(refused) if refused.code() == Code::Unauthenticated || is_nobody_here(refused) => {
                return Redirect::to(at::SIGN_IN).into_response();
            }
            Self::Refused(refused) => match refused.code() {
                Code::NotFound => (StatusCode::NOT_FOUND, "nothing"),
                Code::InvalidArgument | Code::FailedPrecondition | Code::AlreadyExists => {
                    (StatusCode::UNPROCESSABLE_ENTITY, "refused")
                }
                Code::PermissionDenied => (StatusCode::FORBIDDEN, "denied"),
                Code::ResourceExhausted => (StatusCode::TOO_MANY_REQUESTS, "too-much"),
                Code::Ok
                | Code::Cancelled
                | Code::Unknown
                | Code::DeadlineExceeded
                | Code::Aborted
                | Code::OutOfRange
                | Code::Unimplemented
                | Code::Internal
                | Code::Unavailable
                | Code::DataLoss
                | Code::Unauthenticated => (StatusCode::SERVICE_UNAVAILABLE, "away"),
            },
            Self::Nothing => (StatusCode::NOT_FOUND, "nothing"),
            Self::Unreadable(status) => (*status, "unreadable"),
            Self::TooSlow => (StatusCode::SERVICE_UNAVAILABLE, "away"),
            Self::TooMuch => (StatusCode::TOO_MANY_REQUESTS, "too-much"),
            Self::Stale => (StatusCode::FORBIDDEN, "stale"),
            Self::NotEverywhere => (StatusCode::FORBIDDEN, "not-everywhere"),
            // They are answered where a code is typed in.
            Self::Unknown => return Redirect::to(at::CLAIM).into_response(),
            Self::NotSignedIn => (StatusCode::FORBIDDEN, "not-signed-in"),
            Self::Sessions(_) => (StatusCode::SERVICE_UNAVAILABLE, "away"),
            Self::Failed(_) => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
        };
        self.logged(status);
        let detail =
            if let (Self::Refused(refused), "refused") = (&self, name) { why(&parts.words, refused) } else { None };
        let page = Plain::fault(Frame::new(parts, None, ""), name, detail);
        page.response(status)
    }

    /// What whoever runs the system is to know of.
    fn logged(&self, status: StatusCode) {
        if !status.is_server_error() {
            return;
        }
        match self {
            Self::Refused(refused) => {
                let source = refused.source();
                tracing::warn!(code = ?refused.code(), source, "a page could not be shown: a service failed");
            }
            Self::Sessions(error) => {
                tracing::warn!(
                    error = error as &dyn std::error::Error,
                    "a page could not be shown: no session is found"
                );
            }
            Self::Failed(what) => tracing::error!(what, "a page could not be shown"),
            Self::TooSlow => tracing::warn!("a page took too long"),
            Self::Unreadable(_) => tracing::warn!(%status, "a page could not be shown"),
            Self::Nothing | Self::TooMuch | Self::Stale | Self::NotEverywhere | Self::Unknown | Self::NotSignedIn => {}
        }
    }
}

/// Whether whoever signed in has not claimed their place yet.
pub(crate) fn is_nobody_here(status: &Status) -> bool {
    status.get_details_error_info().is_some_and(|info| info.reason == "CALLER_NOT_ADMITTED")
}

/// What was wrong, in plain words: that something typed is not good, or which rule stands against it, where there are words for that. What the services say
/// themselves is for those who write programs.
fn why(words: &Words, refused: &Status) -> Option<String> {
    // What stands in an address or a hidden field nobody typed.
    let typed = |field: &str| !field.ends_with("_id") && !field.ends_with("_ids") && !field.contains("page_token");
    let is_typed = refused.get_details_error_info().is_none_or(|info| info.reason == "INVALID_ARGUMENT")
        && refused
            .get_details_bad_request()
            .is_some_and(|bad| bad.field_violations.iter().any(|one| typed(&one.field)));
    if is_typed {
        return Some(words.say("fault-typed"));
    }
    let rule = refused.get_details_precondition_failure()?.violations.into_iter().next()?.subject;
    Some(words.say(&format!("rule-{}", rule.replace('_', "-")))).filter(|said| !said.is_empty())
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use tonic_types::{ErrorDetails, PreconditionViolation};

    use super::*;

    #[test]
    fn what_stands_against_it_is_said_in_plain_words_or_not_at_all() {
        let words = Words::english(TimeZone::UTC);
        let refused = |rule: &str| {
            let violation = PreconditionViolation::new("RULE", rule, "in `involve` people choose together");
            let details = ErrorDetails::with_precondition_failure(vec![violation]);
            why(&words, &Status::with_error_details(Code::FailedPrecondition, "no", details))
        };
        assert_eq!(refused("options_first").unwrap(), "There must be two things to choose from first.");
        assert_eq!(refused("something_else"), None);
        let details = ErrorDetails::with_bad_request_violation("words", "must not be empty");
        let said = why(&words, &Status::with_error_details(Code::InvalidArgument, "no", details)).unwrap();
        assert!(!said.contains("must not be empty") && !said.is_empty(), "{said}");
    }
}
