use super::Sharing;
use super::events::{ProvisionWithdrawn, SharingEvent};
use crate::ids::ProvisionId;
use crate::{Command, Refusal};

/// The person withdraws a provision. Once this is acknowledged no read that relied on it succeeds.
#[derive(Debug, Clone)]
pub struct WithdrawProvision {
    pub provision: ProvisionId,
    /// Whether nobody is to be told.
    pub without_telling: bool,
}

impl Command for WithdrawProvision {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        if state.withdrawn.iter().any(|(withdrawn, _)| *withdrawn == self.provision) {
            state.may_be_untold(self.provision, self.without_telling)?;
            return Ok(vec![]);
        }
        state.provision(self.provision)?;
        let Self { provision, without_telling } = self;
        Ok(vec![ProvisionWithdrawn { provision, without_telling, word: None }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;
    use crate::scenario::given;
    use uuid::Uuid;

    #[test]
    fn refuses_a_provision_that_is_not_in_force() {
        given([])
            .when(WithdrawProvision { provision: ProvisionId(Uuid::nil()), without_telling: false })
            .then_refused(Reason::NotFound, "provision");
    }
}
