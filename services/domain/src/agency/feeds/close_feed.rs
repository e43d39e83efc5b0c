use crate::agency::Agency;
use crate::agency::events::{AgencyEvent, FeedClosed};
use crate::ids::FeedId;
use crate::{Command, Refusal};

/// A feed is over, for good.
#[derive(Debug, Clone)]
pub struct CloseFeed {
    pub feed: FeedId,
}

impl Command for CloseFeed {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        let known = state.feed(self.feed).ok_or_else(|| Refusal::not_found("feed"))?;
        Ok(if known.closed { vec![] } else { vec![FeedClosed { feed: self.feed }.into()] })
    }
}
