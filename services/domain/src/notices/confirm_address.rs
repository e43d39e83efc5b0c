use uuid::Uuid;

use super::Notices;
use super::events::{AddressConfirmed, NoticesEvent};
use crate::vocabulary::Timestamp;
use crate::{Command, Refusal};

/// The person says what was sent to the address that they gave.
#[derive(Debug, Clone)]
pub struct ConfirmAddress {
    /// Of what address the code is that they said; none when it is of none.
    pub reference: Option<Uuid>,
    pub now: Timestamp,
}

impl Command for ConfirmAddress {
    type Aggregate = Notices;

    fn decide(self, state: &Notices) -> Result<Vec<NoticesEvent>, Refusal> {
        let Self { reference, now } = self;
        let given = state.given().filter(|given| given.expires_at > now).ok_or_else(|| {
            Refusal::rule(
                "no_address_waits",
                "no address waits to be confirmed; give one, and then the code that comes",
            )
        })?;
        if reference != Some(given.reference) {
            return Err(Refusal::invalid("code", "must be the one that came to the address that was given last"));
        }
        Ok(vec![AddressConfirmed { reference: given.reference, since: now }.into()])
    }
}
