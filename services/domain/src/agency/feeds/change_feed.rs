use super::Selection;
use crate::agency::Agency;
use crate::agency::events::{AgencyEvent, FeedChanged};
use crate::ids::FeedId;
use crate::{Command, Refusal};

/// A feed carries something else from now on. Its door and its purpose stay: another purpose is another feed.
#[derive(Debug, Clone)]
pub struct ChangeFeed {
    pub feed: FeedId,
    pub selection: Selection,
}

impl Command for ChangeFeed {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        let Self { feed, selection } = self;
        let known = state.open_feed(feed).ok_or_else(|| Refusal::not_found("feed"))?;
        selection.check()?;
        if known.selection.is_same(&selection) {
            return Ok(vec![]);
        }
        Ok(vec![FeedChanged { feed, selection }.into()])
    }
}
