//! What can have happened on the `operations` stream.

use super::Act;
use crate::ids::AgencyId;

/// Somebody who runs the system did something that only they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorActed {
    /// Who: the subject (`sub`) of their token, or the name under which they ran a command.
    pub operator: String,
    /// The issuer of their token; empty for a command.
    pub issuer: String,
    pub act: Act,
    /// The agency that it was about.
    pub agency: Option<AgencyId>,
    /// What it was about besides: the source of an import, the views of a rebuild.
    pub about: String,
}

crate::event_enum! {
    /// An event of the `operations` stream.
    OperationsEvent {
        OperatorActed,
    }
}
