use super::Door;
use crate::agency::Agency;
use crate::agency::events::{AgencyEvent, FeedSecretRotated};
use crate::ids::FeedId;
use crate::vocabulary::Timestamp;
use crate::{Command, Refusal};

/// A webhook signs with a new secret from now on, and for a while with the one before, too.
#[derive(Debug, Clone)]
pub struct RotateFeedSecret {
    pub feed: FeedId,
    /// Until when the one before is good; none when it is to be good no more, as somebody else may know it.
    pub previous_until: Option<Timestamp>,
}

impl Command for RotateFeedSecret {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        let Self { feed, previous_until } = self;
        let known = state.open_feed(feed).ok_or_else(|| Refusal::not_found("feed"))?;
        if known.door != Door::Webhook {
            return Err(Refusal::invalid("feed_id", "must be of a webhook: others sign nothing"));
        }
        Ok(vec![FeedSecretRotated { feed, secret: known.secrets.current.saturating_add(1), previous_until }.into()])
    }
}
