use super::Sharing;
use super::events::{ProvisionWithdrawn, SharingEvent};
use crate::ids::ProvisionId;
use crate::{Command, Refusal};

/// The person withdraws a provision. Once this is acknowledged no read that relied on it succeeds.
#[derive(Debug, Clone)]
pub struct WithdrawProvision {
    pub provision: ProvisionId,
}

impl Command for WithdrawProvision {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        if state.withdrawn.iter().any(|(withdrawn, _)| *withdrawn == self.provision) {
            return Ok(vec![]);
        }
        state.provision(self.provision)?;
        Ok(vec![ProvisionWithdrawn { provision: self.provision }.into()])
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
            .when(WithdrawProvision { provision: ProvisionId(Uuid::nil()) })
            .then_refused(Reason::NotFound, "provision");
    }
}
