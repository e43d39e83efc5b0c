use super::Sharing;
use super::events::{SharingEvent, SharingStarted};
use crate::{Command, Refusal};

/// Gives a newly registered person a directive that permits nothing.
#[derive(Debug, Clone)]
pub struct StartSharing;

impl Command for StartSharing {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        if state.started { Ok(vec![]) } else { Ok(vec![SharingStarted {}.into()]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::given;

    #[test]
    fn starts_once() {
        given([]).when(StartSharing).then([SharingStarted {}.into()]);
        given([SharingStarted {}.into()]).when(StartSharing).then_nothing();
    }
}
