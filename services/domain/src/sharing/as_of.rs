use super::Sharing;
use super::events::SharingEvent;
use crate::vocabulary::Version;
use crate::{Command, Refusal};

/// A choice that holds only of the directive as the person has read it.
#[derive(Debug, Clone)]
pub struct AsOf<C> {
    /// The version that they have read; 0 when they do not mind.
    pub version: Version,
    pub command: C,
}

impl Sharing {
    /// Refuses a choice about a directive that has moved since it was read.
    ///
    /// # Errors
    /// When it is not of this version; 0 is of any.
    pub fn is_as_of(&self, version: Version) -> Result<(), Refusal> {
        if version.0 == 0 || version.0 == self.events {
            return Ok(());
        }
        Err(Refusal::rule("directive_version", "what is shared has changed since it was read; read it again"))
    }
}

impl<C: Command<Aggregate = Sharing>> Command for AsOf<C> {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        state.is_as_of(self.version)?;
        self.command.decide(state)
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::SharingStarted;
    use super::super::{BlockAgency, UnblockAgency};
    use super::*;
    use crate::Reason;
    use crate::ids::AgencyId;
    use crate::scenario::given;
    use uuid::Uuid;

    #[test]
    fn a_choice_about_a_directive_that_has_moved_since_is_refused() {
        let agency = AgencyId(Uuid::nil());
        for version in [0, 1] {
            let unblock = AsOf { version: Version(version), command: UnblockAgency { agency } };
            given([SharingStarted {}.into()]).when(unblock).then_nothing();
        }
        let block = AsOf { version: Version(2), command: BlockAgency { agency } };
        given([SharingStarted {}.into()]).when(block).then_refused(Reason::Rule, "directive_version");
    }
}
