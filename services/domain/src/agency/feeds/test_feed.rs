use crate::agency::Agency;
use crate::agency::events::{AgencyEvent, FeedTested};
use crate::ids::FeedId;
use crate::{Command, Refusal};

/// A feed tells a test event, about nobody: to see that it arrives.
#[derive(Debug, Clone)]
pub struct TestFeed {
    pub feed: FeedId,
}

impl Command for TestFeed {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        state.open_feed(self.feed).ok_or_else(|| Refusal::not_found("feed"))?;
        Ok(vec![FeedTested { feed: self.feed }.into()])
    }
}
