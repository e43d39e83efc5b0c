//! Tokens of a stream: how far it had come. One goes on with its own feed, in its own run, and with nothing else.

use domain::ids::FeedId;
use rpc::{Error, Reason};
use vault::Pseudonyms;

/// Bytes of the tag that shows that this system has handed the token out.
const TAG: usize = 16;
/// Bytes of a run and a position.
const PLACE: usize = 12;

/// How far a feed had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) run: i32,
    pub(crate) position: u64,
}

fn tag(pseudonyms: &Pseudonyms, feed: FeedId, place: &[u8]) -> [u8; TAG] {
    pseudonyms.of("feed-token", &[feed.0.as_bytes(), place]).into_bytes()
}

/// A token is not taken, for this reason.
pub(crate) fn refused(problem: &str) -> Error {
    Error::new(Reason::PageTokenRefused, problem).about("token")
}

impl Place {
    /// The place that a token of this feed names; none when it is empty.
    ///
    /// # Errors
    /// As [`Place::read`].
    pub(crate) fn given(token: &str, pseudonyms: &Pseudonyms, feed: FeedId) -> Result<Option<Self>, Error> {
        (!token.is_empty()).then(|| Self::read(token, pseudonyms, feed)).transpose()
    }

    /// The token of this place.
    pub(crate) fn token(self, pseudonyms: &Pseudonyms, feed: FeedId) -> String {
        let place = [&self.run.to_be_bytes()[..], &self.position.to_be_bytes()].concat();
        rpc::token(&[&tag(pseudonyms, feed, &place), &place])
    }

    /// The place that a token of this feed names.
    ///
    /// # Errors
    /// When this system has not handed it out for this feed.
    pub(crate) fn read(token: &str, pseudonyms: &Pseudonyms, feed: FeedId) -> Result<Self, Error> {
        let refused = || refused("must be a `token` that came with this feed");
        let bytes = rpc::token_bytes(token, TAG + PLACE).ok_or_else(refused)?;
        let (theirs, place) = bytes.split_at_checked(TAG).ok_or_else(refused)?;
        let (run, position) = place.split_first_chunk().ok_or_else(refused)?;
        let position = position.try_into().map_err(|_cause| refused())?;
        if theirs != tag(pseudonyms, feed, place) {
            return Err(refused());
        }
        Ok(Self { run: i32::from_be_bytes(*run), position: u64::from_be_bytes(position) })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_token_is_of_one_feed_and_cannot_be_made_up() {
        let (ours, others) = (Pseudonyms::new(&[1; 32]), Pseudonyms::new(&[2; 32]));
        let (feed, another) = (FeedId(Uuid::from_u128(1)), FeedId(Uuid::from_u128(2)));
        let place = Place { run: 3, position: 70_000 };
        let token = place.token(&ours, feed);
        assert_eq!(Place::read(&token, &ours, feed).unwrap(), place);
        let further = Place { position: 70_001, ..place }.token(&others, feed);
        for (bad, of) in [(token.as_str(), another), (&further, feed), ("", feed), ("AAAA", feed), ("***", feed)] {
            assert_eq!(Place::read(bad, &ours, of).unwrap_err().reason(), Reason::PageTokenRefused, "{bad}");
        }
    }
}
