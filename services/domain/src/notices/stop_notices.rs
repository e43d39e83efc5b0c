use super::Notices;
use super::events::{NoticesEvent, NoticesStopped};
use crate::{Command, Refusal};

/// The person wants to be told nothing more.
#[derive(Debug, Clone)]
pub struct StopNotices {
    /// Whether being told at all is unsafe: then nothing more is sent, not even that nothing more will be.
    pub quietly: bool,
}

impl Command for StopNotices {
    type Aggregate = Notices;

    fn decide(self, state: &Notices) -> Result<Vec<NoticesEvent>, Refusal> {
        let tells = state.given().is_some() || state.confirmed().is_some();
        // What is still to be said to an address that was left is not said, either.
        let is_wish = tells || (self.quietly && !state.is_silent());
        Ok(if is_wish { vec![NoticesStopped { quietly: self.quietly }.into()] } else { vec![] })
    }
}
