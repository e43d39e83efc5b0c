use crate::agency::Agency;
use crate::agency::events::{AgencyEvent, FeedPaused, FeedResumed};
use crate::ids::FeedId;
use crate::{Command, Refusal};

/// A feed has failed for too long, or its receiver wants no more: it tells nothing until somebody of the agency wants it to.
#[derive(Debug, Clone)]
pub struct PauseFeed {
    pub feed: FeedId,
    /// Why, in words that the agency reads.
    pub why: String,
}

impl Command for PauseFeed {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        let Self { feed, why } = self;
        let known = state.open_feed(feed).ok_or_else(|| Refusal::not_found("feed"))?;
        Ok(if known.paused.is_some() { vec![] } else { vec![FeedPaused { feed, why }.into()] })
    }
}

/// A feed that was paused goes on where it was.
#[derive(Debug, Clone)]
pub struct ResumeFeed {
    pub feed: FeedId,
}

impl Command for ResumeFeed {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        let known = state.open_feed(self.feed).ok_or_else(|| Refusal::not_found("feed"))?;
        Ok(if known.paused.is_some() { vec![FeedResumed { feed: self.feed }.into()] } else { vec![] })
    }
}
