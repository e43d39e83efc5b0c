use std::collections::HashMap;
use std::time::Duration;

use domain::Refusal;
use engine::EngineError;
pub use proto::errors::v1::Reason;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use views::ViewsError;

/// The domain of every `google.rpc.ErrorInfo`.
const DOMAIN: &str = "alongside";
/// When a caller should try again after contention or overload.
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// Why a call is refused, as the caller reads it. Holds no cause: that is logged where it is handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    reason: Reason,
    /// The field or the rule that it is about; may be empty.
    subject: String,
    message: String,
    /// A limit that was reached: its name, and how much it allows.
    limit: Option<(&'static str, String)>,
    /// When to try again, if it is not soon.
    after: Option<Duration>,
}

impl Error {
    /// An error with this documented reason.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, subject: String::new(), message: message.into(), limit: None, after: None }
    }

    /// A field has a wrong form.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::new(Reason::InvalidArgument, message).about(field)
    }

    /// The same, about this field.
    #[must_use]
    pub fn about(self, field: &str) -> Self {
        Self { subject: field.to_owned(), ..self }
    }

    /// The same, because of this limit.
    #[must_use]
    pub fn limited(self, limit: &'static str, allows: impl Into<String>) -> Self {
        Self { limit: Some((limit, allows.into())), ..self }
    }

    /// The same, to be tried again only after so long.
    #[must_use]
    pub fn after(self, after: Duration) -> Self {
        Self { after: Some(after), ..self }
    }

    /// The same, with what to do about it.
    #[must_use]
    pub fn advising(self, advice: &str) -> Self {
        Self { message: format!("{}; {advice}", self.message), ..self }
    }

    /// Nothing is disclosed. The same words whether there is no person, no relationship or no consent.
    #[must_use]
    pub fn denied() -> Self {
        Self::new(Reason::AccessDenied, "nothing is disclosed to this caller for this purpose")
    }

    /// There is no such thing, or the caller may not know of it.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(Reason::NotFound, format!("there is no such {what}"))
    }

    /// Something failed inside, or a database is out of reach; the cause is logged here.
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        if database::is_outage(cause) {
            tracing::warn!(error = cause, "a call found the database out of reach");
            let message = "the database is out of reach; nothing was disclosed, and a write may be tried again with the same request id";
            return Self::new(Reason::Unavailable, message);
        }
        tracing::error!(error = cause, "a call failed inside");
        Self::new(
            Reason::Internal,
            "failed inside; nothing was disclosed, and a write may be tried again with the same request id",
        )
    }

    /// The documented reason.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// What is wrong, in words.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    fn code(&self) -> Code {
        match self.reason {
            Reason::Unauthenticated => Code::Unauthenticated,
            Reason::CallerNotAdmitted | Reason::AccessDenied | Reason::InsufficientScope => Code::PermissionDenied,
            Reason::InvalidArgument | Reason::PageTokenRefused => Code::InvalidArgument,
            Reason::NotFound => Code::NotFound,
            Reason::AlreadyExists | Reason::RequestIdReused => Code::AlreadyExists,
            Reason::RuleRefused => Code::FailedPrecondition,
            Reason::Contention | Reason::FeedIsCarried => Code::Aborted,
            Reason::Overloaded | Reason::TooLarge => Code::ResourceExhausted,
            Reason::ViewBehind | Reason::Unavailable => Code::Unavailable,
            Reason::DeadlineExceeded => Code::DeadlineExceeded,
            Reason::Internal | Reason::Unspecified => Code::Internal,
        }
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let reason = error.reason.as_str_name().trim_start_matches("REASON_");
        let limit = error
            .limit
            .clone()
            .map(|(limit, allows)| [("limit".to_owned(), limit.to_owned()), ("allows".to_owned(), allows)]);
        let metadata: HashMap<String, String> = limit.into_iter().flatten().collect();
        let mut details = ErrorDetails::with_error_info(reason, DOMAIN, metadata);
        #[allow(clippy::wildcard_enum_match_arm, reason = "only these reasons have further details")]
        match error.reason {
            Reason::InvalidArgument | Reason::PageTokenRefused => {
                details.add_bad_request_violation(error.subject.clone(), error.message.clone());
            }
            Reason::RuleRefused => {
                details.add_precondition_failure_violation("RULE", error.subject.clone(), error.message.clone());
            }
            Reason::Contention
            | Reason::FeedIsCarried
            | Reason::Overloaded
            | Reason::ViewBehind
            | Reason::Unavailable => {
                details.set_retry_info(Some(error.after.unwrap_or(RETRY_DELAY)));
            }
            _ => {}
        }
        let message = match error.subject.as_str() {
            "" => error.message.clone(),
            subject => format!("{subject}: {}", error.message),
        };
        Self::with_error_details(error.code(), message, details)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let reason = match refusal.reason {
            domain::Reason::Invalid => Reason::InvalidArgument,
            domain::Reason::NotFound => Reason::NotFound,
            domain::Reason::AlreadyExists => Reason::AlreadyExists,
            domain::Reason::Rule => Reason::RuleRefused,
            domain::Reason::Denied => Reason::AccessDenied,
            domain::Reason::Undisclosed => return Self::denied(),
        };
        Self::new(reason, refusal.message).about(refusal.subject)
    }
}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Refused(refusal) => refusal.into(),
            EngineError::RequestReused => {
                Self::new(Reason::RequestIdReused, "this `request_id` was used for another request; take a new one")
            }
            EngineError::Contention => Self::new(Reason::Contention, "too many changes at once; try again"),
            EngineError::Busy => Self::new(Reason::Overloaded, "too much is waiting to be recorded; try again"),
            EngineError::Erased => Self::denied(),
            EngineError::Failed(_) => Self::internal(&error),
        }
    }
}

impl From<ViewsError> for Error {
    fn from(error: ViewsError) -> Self {
        match error {
            ViewsError::Behind => {
                Self::new(Reason::ViewBehind, "the view has not reached `at_least_position` yet; try again")
            }
            ViewsError::Lost | ViewsError::Failed(_) => Self::internal(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_the_documented_reason_and_names_the_field_or_rule() {
        let status = Status::from(Error::invalid("person_id", "must be a UUID"));
        let details = status.get_error_details();
        assert_eq!(details.error_info().unwrap().reason, "INVALID_ARGUMENT");
        assert_eq!(details.bad_request().unwrap().field_violations[0].field, "person_id");

        let status = Status::from(Error::from(Refusal::rule("the_persons_view", "record it first")));
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert_eq!(
            status.get_error_details().precondition_failure().unwrap().violations[0].subject,
            "the_persons_view"
        );
    }

    #[test]
    fn an_inner_failure_tells_the_caller_nothing_of_its_cause() {
        let status = Status::from(Error::from(EngineError::failed("password=hunter2")));
        assert_eq!(status.code(), Code::Internal);
        assert!(!format!("{status:?}").contains("hunter2"));
    }

    #[test]
    fn a_denial_is_the_same_whatever_was_missing() {
        assert_eq!(Error::from(Refusal::undisclosed()), Error::denied());
        assert_eq!(Error::from(EngineError::Erased), Error::denied());
    }
}
