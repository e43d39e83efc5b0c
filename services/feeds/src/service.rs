//! A row for each RPC: feeds and accounts, which an agency's administrator opens and closes, and what a system receives.

use std::collections::BTreeSet;

use domain::Command;
use domain::agency::{
    AddServiceAccount, Agency, ChangeFeed, CloseFeed, ContentLevel, Door, Feed, OpenFeed, RemoveServiceAccount, Scope,
    Selection, ServiceAccount, TestFeed, add_service_account,
};
use domain::ids::{AccountId, AgencyId, FeedId, SignInId, derived_id};
use domain::sign_in::SignIn;
use domain::staff::{Staff, administers};
use domain::vocabulary::{SignedIn, Timestamp};
use engine::{Changes, Context, EngineError, Freshness, Loaded};
use gate::{Answers, Call};
use proto::feeds::v1 as pb;
use proto::feeds::v1::feed_service_server::FeedService;
use rpc::{Error, Reason, words};
use state::FeedState;
use uuid::Uuid;

use crate::deliver::{Receiver, receives};
use crate::published::can_be_chosen;
use crate::pump::Pump;
use crate::stream::{LEASE, Streaming};
use crate::token::{self, Place};
use crate::{Feeds, jetstream};

/// How many events may be under way when nobody says, and at most.
const WINDOW: u32 = 1_000;
const LARGEST_WINDOW: u32 = 10_000;
/// How many feeds and accounts that are over are listed: the latest.
const OVER_LISTED: usize = 100;

gate::service! { FeedService for Feeds {
    open_feed(OpenFeedRequest) -> OpenFeedResponse: open_one,
    change_feed(ChangeFeedRequest) -> ChangeFeedResponse: change,
    close_feed(CloseFeedRequest) -> CloseFeedResponse: close,
    get_feed(GetFeedRequest) -> GetFeedResponse: one,
    list_feeds(ListFeedsRequest) -> ListFeedsResponse: list,
    send_test_event(SendTestEventRequest) -> SendTestEventResponse: test,
    add_service_account(AddServiceAccountRequest) -> AddServiceAccountResponse: add_account,
    remove_service_account(RemoveServiceAccountRequest) -> RemoveServiceAccountResponse: remove_account,
    list_service_accounts(ListServiceAccountsRequest) -> ListServiceAccountsResponse: accounts,
    resume_feed(ResumeFeedRequest) -> ResumeFeedResponse: resume,
    rotate_webhook_secret(RotateWebhookSecretRequest) -> RotateWebhookSecretResponse: rotate,
    get_webhook_secrets(GetWebhookSecretsRequest) -> GetWebhookSecretsResponse: webhook_secrets,
    get_nats_credentials(GetNatsCredentialsRequest) -> GetNatsCredentialsResponse: credentials,
    replay_feed(ReplayFeedRequest) -> ReplayFeedResponse: replay,
    acknowledge(AcknowledgeRequest) -> AcknowledgeResponse: acknowledged,
    list_recalls(ListRecallsRequest) -> ListRecallsResponse: recalls,
    list_agency_recalls(ListAgencyRecallsRequest) -> ListAgencyRecallsResponse: agency_recalls,
    answer_recall(AnswerRecallRequest) -> AnswerRecallResponse: answer,
} streaming {
    subscribe(SubscribeRequest) -> SubscribeStream of SubscribeResponse: begin
} }

impl Feeds {
    async fn open_one(&self, call: &Call, m: pb::OpenFeedRequest) -> Result<pb::OpenFeedResponse, Error> {
        let context = call.context(&m.request_id)?;
        let by = self.administers(call, &m.agency_id).await?;
        let (feed, door): (FeedId, _) = (context.new_id(), self.door(m.door)?);
        let command = OpenFeed {
            feed,
            name: m.name,
            door,
            purpose: words::purpose(m.purpose)?,
            selection: selection(&m.categories, m.types, m.content)?,
            target: self.target(door, &m.target)?,
        };
        let position = self.change_agency(&context, by, command).await?;
        let state = self.gate.engine().load::<Agency>(by.0, Freshness::Latest).await?;
        Ok(pb::OpenFeedResponse { position, feed_id: feed.to_string(), feed: state.feed(feed).map(to_wire) })
    }

    async fn change(&self, call: &Call, m: pb::ChangeFeedRequest) -> Result<pb::ChangeFeedResponse, Error> {
        let context = call.context(&m.request_id)?;
        let by = self.administers(call, &m.agency_id).await?;
        let feed: FeedId = rpc::id("feed_id", &m.feed_id)?;
        let state = self.gate.engine().load::<Agency>(by.0, Freshness::Latest).await?;
        let known = state.feed(feed).ok_or_else(|| Error::not_found("feed"))?;
        let (selection, target) = (selection(&m.categories, m.types, m.content)?, self.target(known.door, &m.target)?);
        if known.target != target {
            // Another target has its own time.
            self.cursors.recovered(feed.0).await.map_err(|error| Error::internal(&error))?;
        }
        let command = ChangeFeed { feed, selection, target };
        let position = self.change_agency(&context, by, command).await?;
        Ok(pb::ChangeFeedResponse { position })
    }

    async fn close(&self, call: &Call, m: pb::CloseFeedRequest) -> Result<pb::CloseFeedResponse, Error> {
        let context = call.context(&m.request_id)?;
        let by = self.administers(call, &m.agency_id).await?;
        let command = CloseFeed { feed: rpc::id("feed_id", &m.feed_id)? };
        let position = self.change_agency(&context, by, command).await?;
        Ok(pb::CloseFeedResponse { position })
    }

    async fn test(&self, call: &Call, m: pb::SendTestEventRequest) -> Result<pb::SendTestEventResponse, Error> {
        let context = call.context(&m.request_id)?;
        let by = self.administers(call, &m.agency_id).await?;
        let command = TestFeed { feed: rpc::id("feed_id", &m.feed_id)? };
        let position = self.change_agency(&context, by, command).await?;
        Ok(pb::SendTestEventResponse { position })
    }

    async fn one(&self, call: &Call, m: pb::GetFeedRequest) -> Result<pb::GetFeedResponse, Error> {
        let (agency, _) = self.administers(call, &m.agency_id).await?;
        let feed: FeedId = rpc::id("feed_id", &m.feed_id)?;
        let state = self.gate.engine().load::<Agency>(agency, Freshness::Latest).await?;
        let feed = state.feed(feed).ok_or_else(|| Error::not_found("feed"))?;
        let head = self.gate.engine().log().head().await.map_err(EngineError::failed)?.0;
        let cursor = self.cursors.feed(feed.feed.0).await.map_err(|error| Error::internal(&error))?;
        let now = self.gate.engine().now();
        Ok(pb::GetFeedResponse { feed: Some(to_wire(feed)), progress: Some(progress(cursor, head, now)) })
    }

    async fn list(&self, call: &Call, m: pb::ListFeedsRequest) -> Result<pb::ListFeedsResponse, Error> {
        let (agency, _) = self.administers(call, &m.agency_id).await?;
        let state = self.gate.engine().load::<Agency>(agency, Freshness::Latest).await?;
        let feeds = with_the_latest(state.feeds(), |feed| feed.closed).into_iter().map(to_wire).collect();
        Ok(pb::ListFeedsResponse { feeds, position: state.position.0 })
    }

    async fn add_account(
        &self,
        call: &Call,
        m: pb::AddServiceAccountRequest,
    ) -> Result<pb::AddServiceAccountResponse, Error> {
        let context = call.context(&m.request_id)?;
        let (agency, by) = self.administers(call, &m.agency_id).await?;
        let account: AccountId = context.new_id();
        let identity = self.issuers.identity(self.gate.engine(), agency, m.issuer, m.subject).await?;
        let sign_in = identity.sign_in;
        let command = AddServiceAccount { account, name: m.name, identity, scopes: scopes(&m.scopes)? };
        type Loads = (Loaded<Agency>, Loaded<Staff>, Loaded<SignIn>);
        let decide = |(state, standing, pointer): &Loads, changes: &mut Changes| {
            gate::as_administrator(by, standing, Some(agency), changes)?;
            changes.guard(pointer);
            changes.record(state, agency, add_service_account(command.clone(), state, pointer)?);
            Ok(())
        };
        let ids = (agency, by.worker().staff(), sign_in);
        let added = self.gate.engine().transact(&context, ids, decide).await?;
        Ok(pb::AddServiceAccountResponse { position: added.position.0, account_id: account.to_string() })
    }

    async fn remove_account(
        &self,
        call: &Call,
        m: pb::RemoveServiceAccountRequest,
    ) -> Result<pb::RemoveServiceAccountResponse, Error> {
        let context = call.context(&m.request_id)?;
        let by = self.administers(call, &m.agency_id).await?;
        let command = RemoveServiceAccount { account: rpc::id("account_id", &m.account_id)? };
        let position = self.change_agency(&context, by, command).await?;
        Ok(pb::RemoveServiceAccountResponse { position })
    }

    async fn accounts(
        &self,
        call: &Call,
        m: pb::ListServiceAccountsRequest,
    ) -> Result<pb::ListServiceAccountsResponse, Error> {
        let (agency, _) = self.administers(call, &m.agency_id).await?;
        let state = self.gate.engine().load::<Agency>(agency, Freshness::Latest).await?;
        let account = |account: &ServiceAccount| pb::ServiceAccount {
            account_id: account.account.to_string(),
            name: account.name.clone(),
            removed: account.removed,
            scopes: account.scopes.iter().map(|scope| i32::from(scope.code())).collect(),
        };
        let accounts = with_the_latest(state.accounts(), |known| known.removed).into_iter().map(account).collect();
        Ok(pb::ListServiceAccountsResponse { accounts, position: state.position.0 })
    }

    /// The door that a feed is to leave through, if this system has it.
    fn door(&self, door: i32) -> Result<Door, Error> {
        let door = rpc::one_of("door", door, Door::from_code)?;
        if door == Door::JetStream && self.jetstream.is_none() {
            let problem =
                "must be another: this system has no NATS server for feeds (`feeds.jetstream` in its settings)";
            return Err(Error::invalid("door", problem));
        }
        if door == Door::Webhook && self.webhooks.is_none() {
            let problem =
                "must be another: this system calls no addresses of agencies (`feeds.webhooks` in its settings)";
            return Err(Error::invalid("door", problem));
        }
        Ok(door)
    }

    async fn credentials(
        &self,
        call: &Call,
        m: pb::GetNatsCredentialsRequest,
    ) -> Result<pb::GetNatsCredentialsResponse, Error> {
        let (to, account) = self.receiver(call, &m.feed_id, |door| door == Door::JetStream).await?;
        let away = || Error::new(Reason::Unavailable, "this server has no NATS server for feeds; try another");
        let door = self.jetstream.as_ref().ok_or_else(away)?;
        let credentials = door.credentials(to.agency, account.account, to.feed)?;
        Ok(pb::GetNatsCredentialsResponse {
            credentials: credentials.text,
            expires_at: Some(words::timestamp(Timestamp(credentials.until.saturating_mul(1_000_000)))),
            servers: credentials.servers,
            stream: jetstream::stream_name(to.feed),
            consumer: jetstream::READER.to_owned(),
        })
    }

    async fn replay(&self, call: &Call, m: pb::ReplayFeedRequest) -> Result<pb::ReplayFeedResponse, Error> {
        let request = call.context(&m.request_id)?.request;
        let (to, _) = self.receiver(call, &m.feed_id, |door| door != Door::Grpc).await?;
        let state = self.cursors.feed(to.feed.0).await.map_err(|error| Error::internal(&error))?;
        let given = Place::given(&m.token, call.pseudonyms(), to.feed)?;
        if given.is_some() && m.position > 0 {
            return Err(Error::invalid("position", "must be 0 where there is a `token`"));
        }
        // What was never carried begins at the beginning.
        let Some(state) = state else { return Ok(pb::ReplayFeedResponse { position: 0 }) };
        let place = given.unwrap_or(Place { run: state.cursor.run, position: m.position });
        let wish = derived_id(request.0, &[m.token.as_bytes(), &m.position.to_be_bytes()]);
        let replayed = self.cursors.replay(to.feed.0, (place.run, place.position), wish).await;
        let replayed = replayed.map_err(|error| Error::internal(&error))?;
        if !replayed && given.is_none() {
            return Err(Error::invalid("position", "must be one that the feed has come to"));
        }
        if !replayed {
            let problem = "is of an earlier beginning; leave it out to begin again";
            return Err(token::refused(problem));
        }
        Ok(pb::ReplayFeedResponse { position: place.position })
    }

    /// Begins a stream: nothing of it leaves before this answers.
    async fn begin(&self, call: &Call, m: pb::SubscribeRequest) -> Result<Answers<pb::SubscribeResponse>, Error> {
        let (to, account) = self.receiver(call, &m.feed_id, |door| door == Door::Grpc).await?;
        let issuer = account.issuer;
        let from = Place::given(&m.token, call.pseudonyms(), to.feed)?;
        if from.is_some() && m.from_beginning {
            return Err(Error::invalid("from_beginning", "must be false where there is a `token`"));
        }
        let Ok(room) = self.room.clone().try_acquire_owned() else {
            return Err(Error::new(Reason::Overloaded, "this server carries as many streams as it can; try another"));
        };
        let (holder, epoch) = (Uuid::now_v7(), self.gate.engine().log().epoch());
        let held = self.cursors.hold(to.feed.0, epoch, holder, LEASE).await;
        let mut cursor = held.map_err(|error| Error::internal(&error))?.ok_or_else(is_carried)?;
        let begun = async {
            if m.from_beginning {
                let begun = self.cursors.begin(to.feed.0, holder).await.map_err(|error| Error::internal(&error))?;
                cursor = begun.ok_or_else(is_carried)?;
            }
            let position = match from {
                None => cursor.acknowledged,
                Some(from)
                    if from.run == cursor.run && (cursor.acknowledged..=cursor.delivered).contains(&from.position) =>
                {
                    from.position
                }
                Some(_) => {
                    let problem =
                        "is of what was acknowledged since, or of an earlier beginning; leave it out, or begin again";
                    return Err(token::refused(problem));
                }
            };
            Pump::begin(self, to, (holder, cursor, epoch), position).await
        };
        let pump = match begun.await {
            Ok(pump) => pump,
            Err(error) => {
                self.cursors.release(to.feed.0, holder).await.map_err(|failed| Error::internal(&failed))?;
                return Err(error);
            }
        };
        let window = if m.window == 0 { WINDOW } else { m.window.min(LARGEST_WINDOW) };
        let window = usize::try_from(window).unwrap_or(usize::MAX);
        Ok(Box::pin(Streaming::new(pump, (issuer, window), call.pseudonyms().clone(), room).stream()))
    }

    async fn acknowledged(&self, call: &Call, m: pb::AcknowledgeRequest) -> Result<pb::AcknowledgeResponse, Error> {
        let (to, _) = self.receiver(call, &m.feed_id, |door| door == Door::Grpc).await?;
        let place = Place::read(&m.token, call.pseudonyms(), to.feed)?;
        let kept = self.cursors.acknowledge(to.feed.0, place.run, place.position).await;
        if !kept.map_err(|error| Error::internal(&error))? {
            let problem = "is of what was not delivered since the feed began again";
            return Err(token::refused(problem));
        }
        Ok(pb::AcknowledgeResponse {})
    }

    /// Changes something at an agency, as its administrator wishes; returns the position.
    pub(crate) async fn change_agency<C>(
        &self,
        context: &Context,
        (agency, by): (AgencyId, SignedIn),
        command: C,
    ) -> Result<u64, Error>
    where
        C: Command<Aggregate = Agency> + Clone + Send + Sync,
    {
        let decide = |(state, standing): &(Loaded<Agency>, Loaded<Staff>), changes: &mut Changes| {
            gate::as_administrator(by, standing, Some(agency), changes)?;
            changes.record(state, agency, command.clone().decide(state)?);
            Ok(())
        };
        Ok(self.gate.engine().transact(context, (agency, by.worker().staff()), decide).await?.position.0)
    }

    /// The agency of a system that may answer recalls, and what it signs in with.
    pub(crate) async fn answers_recalls(&self, call: &Call) -> Result<(AgencyId, SignInId), Error> {
        let (agency, sign_in) = call.system()?;
        let state = self.gate.engine().load::<Agency>(agency, Freshness::Latest).await?;
        call.within(state.account_of(sign_in).ok_or_else(Error::denied)?, Scope::AnswerRecalls)?;
        Ok((agency, sign_in))
    }

    /// Which feed a system of an agency asks for, and the account that it has signed in to. One of another agency is as absent as one that there
    /// is not.
    pub(crate) async fn receiver(
        &self,
        call: &Call,
        feed: &str,
        fits: fn(Door) -> bool,
    ) -> Result<(Receiver, ServiceAccount), Error> {
        let (agency, sign_in) = call.system()?;
        let to = Receiver { agency, feed: rpc::id("feed_id", feed)?, sign_in: Some(sign_in) };
        let state = self.gate.engine().load::<Agency>(agency, Freshness::Latest).await?;
        let account = state.account_of(sign_in).ok_or_else(Error::denied)?;
        call.within(account, Scope::Receive)?;
        let feed = receives(&state, to)?;
        if !fits(feed.door) {
            let how = match feed.door {
                Door::Grpc => "`Subscribe`",
                Door::JetStream => "`GetNatsCredentials`",
                Door::Webhook => "nothing but what its target answers",
            };
            let problem = format!("is of a feed that leaves through a {}: it is read with {how}", feed.door.word());
            return Err(Error::invalid("feed_id", problem));
        }
        Ok((to, account.clone()))
    }

    /// The agency that a worker runs.
    pub(crate) async fn administers(&self, call: &Call, agency: &str) -> Result<(AgencyId, SignedIn), Error> {
        let by = call.worker()?;
        let agency: AgencyId = rpc::id("agency_id", agency)?;
        let standing = self.gate.engine().load::<Staff>(by.worker().staff(), Freshness::Latest).await?;
        administers(by, &standing, Some(agency)).map_err(EngineError::Refused)?;
        Ok((agency, by))
    }
}

/// Another stream carries the feed.
fn is_carried() -> Error {
    let problem = "another stream carries this feed; end it, or try again when it has ended";
    Error::new(Reason::FeedIsCarried, problem).after(LEASE)
}

/// What a feed carries, from the wire.
fn selection(categories: &[i32], types: Vec<String>, content: i32) -> Result<Selection, Error> {
    for wanted in &types {
        if !can_be_chosen(wanted) {
            return Err(Error::invalid(
                "types",
                "names a type that is not published; `alongside feeds describe` has those that are",
            ));
        }
    }
    let content =
        if content == 0 { ContentLevel::IdOnly } else { rpc::one_of("content", content, ContentLevel::from_code)? };
    Ok(Selection { categories: words::categories("categories", categories)?, types, content })
}

/// What a system may do, from the wire.
fn scopes(values: &[i32]) -> Result<Vec<Scope>, Error> {
    let scopes: BTreeSet<_> =
        values.iter().map(|value| rpc::one_of("scopes", *value, Scope::from_code)).collect::<Result<_, _>>()?;
    Ok(scopes.into_iter().collect())
}

/// Those that go on, and the latest of those that are over.
fn with_the_latest<T>(all: &[T], is_over: impl Fn(&T) -> bool) -> Vec<&T> {
    let over = all.iter().filter(|one| is_over(one)).count();
    let mut left_out = over.saturating_sub(OVER_LISTED);
    let listed = all.iter().filter(|one| {
        let skip = is_over(one) && left_out > 0;
        left_out -= usize::from(skip);
        !skip
    });
    listed.collect()
}

fn to_wire(feed: &Feed) -> pb::Feed {
    pb::Feed {
        feed_id: feed.feed.to_string(),
        name: feed.name.clone(),
        door: i32::from(feed.door.code()),
        purpose: i32::from(feed.purpose.code()),
        categories: words::to_categories(&feed.selection.categories),
        types: feed.selection.types.clone(),
        content: i32::from(feed.selection.content.code()),
        closed: feed.closed,
        target: feed.target.clone(),
        paused: feed.paused.clone().unwrap_or_default(),
    }
}

/// How far a feed has come, as it is now.
fn progress(state: Option<FeedState>, head: u64, now: Timestamp) -> pb::FeedProgress {
    let Some(state) = state else {
        return pb::FeedProgress { head, behind: head, ..pb::FeedProgress::default() };
    };
    let moment =
        |milliseconds: i64| (milliseconds > 0).then(|| words::timestamp(Timestamp(milliseconds.saturating_mul(1_000))));
    pb::FeedProgress {
        delivered: state.cursor.delivered,
        acknowledged: state.cursor.acknowledged,
        head,
        behind: head.saturating_sub(state.cursor.delivered),
        carried: state.held_until.saturating_mul(1_000) > now.0,
        run: state.cursor.run.unsigned_abs(),
        last_failure_at: moment(state.failed_at),
        failing_since: moment(state.failing_since),
        last_failure: state.failure,
    }
}
