//! What administrators and systems ask of webhooks.

use domain::agency::{Agency, Door, ResumeFeed, RotateFeedSecret};
use domain::ids::FeedId;
use engine::Freshness;
use gate::Call;
use proto::feeds::v1 as pb;
use rpc::{Error, Reason, words};

use super::secrets::secrets;
use super::target::Target;
use crate::Feeds;

/// For how many minutes a secret is good beside the one that follows it.
const OVERLAP: u32 = 24 * 60;

impl Feeds {
    /// The target of a feed that leaves through this door, as it is called.
    pub(crate) fn target(&self, door: Door, target: &str) -> Result<String, Error> {
        if door != Door::Webhook {
            return Ok(target.to_owned());
        }
        let away = || Error::new(Reason::Unavailable, "this server calls no webhooks; try another");
        let webhooks = self.webhooks.as_ref().ok_or_else(away)?;
        let target = Target::read(target, &webhooks.networks).map_err(|problem| Error::invalid("target", problem))?;
        Ok(target.url().as_str().to_owned())
    }

    pub(crate) async fn resume(&self, call: &Call, m: pb::ResumeFeedRequest) -> Result<pb::ResumeFeedResponse, Error> {
        let context = call.context(&m.request_id)?;
        let by = self.administers(call, &m.agency_id).await?;
        let feed: FeedId = rpc::id("feed_id", &m.feed_id)?;
        self.gate
            .engine()
            .load::<Agency>(by.0, Freshness::Latest)
            .await?
            .feed(feed)
            .ok_or_else(|| Error::not_found("feed"))?;
        // First: it is carried again as soon as it is resumed, and has its time then.
        self.cursors.recovered(feed.0).await.map_err(|error| Error::internal(&error))?;
        let position = self.change_agency(&context, by, ResumeFeed { feed }).await?;
        Ok(pb::ResumeFeedResponse { position })
    }

    pub(crate) async fn rotate(
        &self,
        call: &Call,
        m: pb::RotateWebhookSecretRequest,
    ) -> Result<pb::RotateWebhookSecretResponse, Error> {
        let context = call.context(&m.request_id)?;
        let by = self.administers(call, &m.agency_id).await?;
        let previous_until = (!m.at_once).then(|| context.now.plus_minutes(OVERLAP));
        let command = RotateFeedSecret { feed: rpc::id("feed_id", &m.feed_id)?, previous_until };
        let position = self.change_agency(&context, by, command).await?;
        Ok(pb::RotateWebhookSecretResponse { position })
    }

    pub(crate) async fn webhook_secrets(
        &self,
        call: &Call,
        m: pb::GetWebhookSecretsRequest,
    ) -> Result<pb::GetWebhookSecretsResponse, Error> {
        let (to, _) = self.receiver(call, &m.feed_id, |door| door == Door::Webhook).await?;
        // As it was found to be a moment ago.
        let feed = self.feed_of(to, Freshness::Remembered).await?;
        let now = self.gate.engine().now();
        let previous_until = feed.secrets.previous_until.filter(|until| now < *until);
        Ok(pb::GetWebhookSecretsResponse {
            secrets: secrets(call.pseudonyms(), &feed, now),
            previous_until: previous_until.map(words::timestamp),
        })
    }
}
