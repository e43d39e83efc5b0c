use super::{Door, Feed, Selection, may_be_declared, name, target};
use crate::agency::Agency;
use crate::agency::events::{AgencyEvent, FeedOpened};
use crate::ids::FeedId;
use crate::vocabulary::Purpose;
use crate::{Command, Refusal};

/// The most feeds that an agency has open at once.
pub const FEEDS_LIMIT: usize = 20;

/// An agency wants to be told of what people let its system receive. Opens nothing by itself.
#[derive(Debug, Clone)]
pub struct OpenFeed {
    pub feed: FeedId,
    /// What the agency calls it; people read it.
    pub name: String,
    pub door: Door,
    pub purpose: Purpose,
    pub selection: Selection,
    /// The URL that a webhook calls; empty at other doors.
    pub target: String,
}

impl Command for OpenFeed {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        let Self { feed, name: called, door, purpose, selection, target: to } = self;
        if !state.is_registered() {
            return Err(Refusal::not_found("agency"));
        }
        name(&called)?;
        selection.check()?;
        target(door, &to)?;
        if !may_be_declared(purpose) {
            return Err(Refusal::invalid("purpose", "must be one for which a system may receive day and night"));
        }
        let open: Vec<&Feed> = state.feeds().iter().filter(|known| !known.closed).collect();
        if state.feed(feed).is_some() || open.iter().any(|known| known.name == called) {
            return Err(Refusal::already_exists("feed"));
        }
        if open.len() >= FEEDS_LIMIT {
            return Err(Refusal::rule("feeds_limit", format!("an agency has at most `{FEEDS_LIMIT}` feeds open")));
        }
        Ok(vec![FeedOpened { feed, name: called, door, purpose, selection, target: to }.into()])
    }
}
