//! Why a command is refused.

/// A refusal: what a caller may read, and nothing more. Never holds personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The kind of refusal.
    pub reason: Reason,
    /// The request field at fault, or the rule that refuses, in snake case.
    pub subject: &'static str,
    /// What is wrong and what to do, as a lower-case fragment.
    pub message: String,
}

/// The kinds of refusal. A caller reads them as `google.rpc` codes and reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A field has a wrong form.
    Invalid,
    /// There is no such thing.
    NotFound,
    /// It exists already.
    AlreadyExists,
    /// A rule refuses it in the present state.
    Rule,
    /// The caller may not do this.
    Denied,
    /// Nothing is disclosed to the caller, and nothing is said of why.
    Undisclosed,
}

impl Refusal {
    /// The field `field` has a wrong form.
    pub fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self { reason: Reason::Invalid, subject: field, message: message.into() }
    }

    /// There is no such thing as `what`.
    #[must_use]
    pub fn not_found(what: &'static str) -> Self {
        Self {
            reason: Reason::NotFound,
            subject: what,
            message: format!("there is no such {}", what.replace('_', " ")),
        }
    }

    /// There is already such a thing as `what`.
    #[must_use]
    pub fn already_exists(what: &'static str) -> Self {
        Self {
            reason: Reason::AlreadyExists,
            subject: what,
            message: format!("this {} exists already", what.replace('_', " ")),
        }
    }

    /// The rule `rule` refuses it.
    pub fn rule(rule: &'static str, message: impl Into<String>) -> Self {
        Self { reason: Reason::Rule, subject: rule, message: message.into() }
    }

    /// Nothing is disclosed to the caller. The same whatever is missing: the person, a relationship or consent.
    #[must_use]
    pub fn undisclosed() -> Self {
        let message = "nothing is disclosed to this caller for this purpose".to_owned();
        Self { reason: Reason::Undisclosed, subject: "access", message }
    }

    /// The caller may not do it.
    pub fn denied(rule: &'static str, message: impl Into<String>) -> Self {
        Self { reason: Reason::Denied, subject: rule, message: message.into() }
    }
}
