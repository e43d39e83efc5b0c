use uuid::Uuid;

use super::events::{AddressGiven, NoticesEvent};
use super::{Address, Channel, Notices};
use crate::text::{LINE, required};
use crate::vocabulary::Timestamp;
use crate::{Command, Refusal};

/// How many addresses somebody may give in a day: each gets a message, whoever it is.
pub const ADDRESSES_A_DAY: usize = 5;
/// For how many days an address can be confirmed; one to which a letter goes.
const DAYS: u32 = 1;
const DAYS_OF_A_LETTER: u32 = 14;
/// The longest number of a telephone, with its `+` (ITU-T E.164).
const NUMBER: std::ops::RangeInclusive<usize> = 8..=16;

/// The person gives an address. What is sent there confirms it.
#[derive(Debug, Clone)]
pub struct GiveAddress {
    /// What the code follows from.
    pub reference: Uuid,
    pub address: Address,
    pub now: Timestamp,
    /// Whether the address before is told nothing: whoever reads it must not know.
    pub quietly: bool,
}

impl Command for GiveAddress {
    type Aggregate = Notices;

    fn decide(self, state: &Notices) -> Result<Vec<NoticesEvent>, Refusal> {
        let Self { reference, address: Address { channel, text }, now, quietly } = self;
        required("address", &text, LINE)?;
        let is_number = |text: &str| {
            text.strip_prefix('+').is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))
                && NUMBER.contains(&text.len())
        };
        if channel == Channel::Sms && !is_number(&text) {
            return Err(Refusal::invalid("address", "must be a number such as `+441312345678`, without blanks"));
        }
        let address = Address { channel, text };
        let is_used = state.confirmed().is_some_and(|(used, _)| *used == address);
        if is_used && state.given().is_none_or(|given| given.expires_at <= now) {
            return Ok(vec![]);
        }
        let of_today = state.given_at.iter().filter(|at| at.plus_days(1) > now).count();
        if of_today >= ADDRESSES_A_DAY {
            let problem = format!("at most `{ADDRESSES_A_DAY}` addresses are taken in a day; try again tomorrow");
            return Err(Refusal::rule("addresses_a_day", problem));
        }
        let expires_at = now.plus_days(if channel == Channel::Letter { DAYS_OF_A_LETTER } else { DAYS });
        Ok(vec![AddressGiven { reference, channel, address: address.text, given_at: now, expires_at, quietly }.into()])
    }
}
