use super::{Selection, target};
use crate::agency::Agency;
use crate::agency::events::{AgencyEvent, FeedChanged};
use crate::ids::FeedId;
use crate::{Command, Refusal};

/// A feed carries something else from now on. Its door and its purpose stay: another purpose is another feed.
#[derive(Debug, Clone)]
pub struct ChangeFeed {
    pub feed: FeedId,
    pub selection: Selection,
    /// The URL that a webhook calls from now on; empty at other doors.
    pub target: String,
}

impl Command for ChangeFeed {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        let Self { feed, selection, target: to } = self;
        let known = state.open_feed(feed).ok_or_else(|| Refusal::not_found("feed"))?;
        selection.check()?;
        target(known.door, &to)?;
        if known.selection.is_same(&selection) && known.target == to {
            return Ok(vec![]);
        }
        Ok(vec![FeedChanged { feed, selection, target: to }.into()])
    }
}
