use super::events::{NoticesChosen, NoticesEvent};
use super::{NoticeKind, Notices, When};
use crate::{Command, Refusal};

/// The person chooses of what they are told, and when.
#[derive(Debug, Clone)]
pub struct ChooseNotices {
    pub emergency: When,
    pub first_look: When,
    pub proposal: When,
}

impl Command for ChooseNotices {
    type Aggregate = Notices;

    fn decide(self, state: &Notices) -> Result<Vec<NoticesEvent>, Refusal> {
        let Self { emergency, first_look, proposal } = self;
        let now = [NoticeKind::Emergency, NoticeKind::FirstLook, NoticeKind::Proposal].map(|kind| state.when(kind));
        if now == [emergency, first_look, proposal] {
            return Ok(vec![]);
        }
        Ok(vec![NoticesChosen { emergency, first_look, proposal }.into()])
    }
}
