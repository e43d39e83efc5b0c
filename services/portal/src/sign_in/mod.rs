//! Coming in and going: at one's identity provider, or as a sample person; with a code the first time; out, everywhere, and quickly.

mod provider;

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::response::{AppendHeaders, IntoResponse as _, Redirect, Response};
use client::{Client, request_id};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use proto::access::v1::{ListAccessHistoryRequest, party};
use proto::people::v1::{ClaimInvitationRequest, GetMyRecordRequest};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tonic::{Code, Status};
use uuid::Uuid;

pub use provider::{Provider, ProviderError};

use crate::fault::{Fault, is_nobody_here};
use crate::guard::is_ours;
use crate::pages::{Shown, shown, to};
use crate::session::{Arriving, OnTheWay, Session, SignedIn, random};
use crate::view::{Frame, Page as _};
use crate::{Parts, SignIn, at};

/// How long somebody waits at most for being signed out, before they are told that it is not known whether they are.
const OUT_LIMIT: Duration = Duration::from_secs(5);
/// How long somebody who leaves quickly waits at most for being signed out.
const LEAVE_LIMIT: Duration = Duration::from_millis(300);

/// A sample person.
#[derive(Debug, Clone)]
pub struct SamplePerson {
    /// What they are called.
    pub name: String,
    /// What they call the services with: made anew for each who signs in.
    pub token: String,
}

/// Sample people, as whom anybody signs in: for development alone.
pub struct Samples(Box<dyn Fn() -> Vec<SamplePerson> + Send + Sync>);

impl std::fmt::Debug for Samples {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Samples")
    }
}

impl Samples {
    /// These people.
    #[must_use]
    pub fn new(people: impl Fn() -> Vec<SamplePerson> + Send + Sync + 'static) -> Self {
        Self(Box::new(people))
    }
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Door {
    frame: Frame,
    /// Where one signs in; nowhere where there are sample people.
    start: &'static str,
    samples: Vec<(usize, String)>,
}

/// Where somebody comes in.
pub(crate) async fn show(State(parts): State<Arc<Parts>>) -> Response {
    let (start, samples) = match &parts.settings.sign_in {
        SignIn::Provider(_) => (at::START, vec![]),
        SignIn::Samples(samples) => ("", (samples.0)().into_iter().map(|one| one.name).enumerate().collect()),
    };
    Door { frame: Frame::new(&parts, None, at::SIGN_IN), start, samples }.response(StatusCode::OK)
}

#[derive(Debug, Deserialize)]
pub(crate) struct Chosen {
    person: usize,
}

/// Signs in as a sample person.
pub(crate) async fn as_sample(
    State(parts): State<Arc<Parts>>,
    headers: HeaderMap,
    Form(chosen): Form<Chosen>,
) -> Shown {
    shown(&parts, async {
        let SignIn::Samples(samples) = &parts.settings.sign_in else { return Err(Fault::Nothing) };
        let person = (samples.0)().into_iter().nth(chosen.person).ok_or(Fault::Nothing)?;
        let owner = Sha256::digest(person.name.as_bytes()).into();
        let (cookie, to) = begin(&parts, &headers, (person.token, owner)).await?;
        Ok(([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response())
    })
    .await
}

/// Sends somebody to where they sign in.
pub(crate) async fn start(State(parts): State<Arc<Parts>>) -> Shown {
    shown(&parts, async {
        let SignIn::Provider(provider) = &parts.settings.sign_in else { return Err(Fault::Nothing) };
        let on_the_way = OnTheWay::new(provider.own_key())?;
        let to = provider.authorize(&parts.settings.address, &on_the_way).await.map_err(away)?;
        let cookie = parts.keeper.send(&on_the_way);
        Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&to)).into_response())
    })
    .await
}

/// Where somebody signs in is out of reach, or answers what it should not.
fn away(error: ProviderError) -> Fault {
    tracing::warn!(error = &error as &dyn std::error::Error, "an identity provider cannot be used");
    Fault::Failed("an identity provider cannot be used")
}

/// What somebody brings back who has signed in elsewhere.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Brought {
    code: String,
    state: String,
}

/// Somebody comes back.
pub(crate) async fn back(State(parts): State<Arc<Parts>>, headers: HeaderMap, Query(brought): Query<Brought>) -> Shown {
    shown(&parts, async {
        let SignIn::Provider(provider) = &parts.settings.sign_in else { return Err(Fault::Nothing) };
        let on_the_way = parts.keeper.back(&headers, &brought.state, provider.own_key()).ok_or(Fault::NotSignedIn)?;
        if brought.code.is_empty() {
            return Err(Fault::NotSignedIn);
        }
        let who = provider.exchange(&parts.settings.address, &brought.code, &on_the_way).await;
        let (token, subject) = match who {
            Ok(who) => who,
            Err(error @ ProviderError::Refused) => {
                tracing::info!(error = &error as &dyn std::error::Error, "a sign-in was not completed");
                return Err(Fault::NotSignedIn);
            }
            Err(error) => return Err(away(error)),
        };
        let owner = Sha256::new().chain_update(provider.issuer()).chain_update([0]).chain_update(subject);
        let (cookie, to) = begin(&parts, &headers, (token, owner.finalize().into())).await?;
        let cookies = [cookie, parts.keeper.is_back()].map(|cookie| (header::SET_COOKIE, cookie));
        Ok((AppendHeaders(cookies), Redirect::to(to)).into_response())
    })
    .await
}

/// Begins a session: what their browser keeps, and where they go. It has its receipt written, so that whoever else signs in with what is theirs is seen.
/// Whoever is not known here yet is asked for the code that they were given.
async fn begin(
    parts: &Arc<Parts>,
    headers: &HeaderMap,
    (token, owner): (String, [u8; 32]),
) -> Result<(HeaderValue, &'static str), Fault> {
    let id = Uuid::now_v7();
    let client = Client::new(parts.channel.clone(), &token).and_then(|client| client.in_session(&id.to_string()));
    let client = client.map_err(|_cause| Fault::NotSignedIn)?;
    let (here_before, known) = match arrives(&client).await {
        Ok(at) => (at, true),
        Err(status) if is_nobody_here(&status) => (None, false),
        // They have just signed in: that is not good for the services, and signing in again changes nothing.
        Err(status) if status.code() == Code::Unauthenticated => {
            tracing::error!("the services do not take what the identity provider signs");
            return Err(Fault::Failed("the services do not take what the identity provider signs"));
        }
        Err(status) => return Err(status.into()),
    };
    let session = Session { token, id, form: random()?, owner, here_before, arrived: known };
    let cookie = parts.keeper.begin(&session, headers).await?;
    let to = if known { at::HOME } else { at::CLAIM };
    Ok((cookie, to))
}

/// When somebody was here last, in microseconds since 1970, as far as that is among the latest looks. That they are here now is written down.
async fn arrives(client: &Client) -> Result<Option<i64>, Status> {
    let ask = ListAccessHistoryRequest { page_size: 100, include_own: true, ..ListAccessHistoryRequest::default() };
    let looks = client.access().list_access_history(ask).await?.into_inner().receipts;
    client.people().get_my_record(GetMyRecordRequest { page_size: 1, ..GetMyRecordRequest::default() }).await?;
    let own = |look: &&proto::access::v1::Receipt| {
        look.party.as_ref().is_some_and(|party| party.kind() == party::Kind::Person)
    };
    Ok(looks.iter().find(own).and_then(|look| look.time).map(|at| at.seconds * 1_000_000))
}

#[derive(Template)]
#[template(path = "claim.html")]
struct Claim {
    frame: Frame,
}

impl Claim {
    fn request(&self) -> String {
        request_id()
    }
}

/// Asks for the code with which somebody comes in the first time.
pub(crate) async fn claim(Arriving(by): Arriving) -> Response {
    Claim { frame: Frame::new(&by.parts, Some(&by.session), at::CLAIM) }.response(StatusCode::OK)
}

#[derive(Debug, Deserialize)]
pub(crate) struct TypedCode {
    form: String,
    request: String,
    code: String,
    #[serde(default)]
    second: String,
}

/// Takes the code.
pub(crate) async fn use_code(Arriving(by): Arriving, headers: HeaderMap, Form(sent): Form<TypedCode>) -> Shown {
    shown(&by.parts, async {
        by.sent(&sent.form)?;
        let (request_id, code, second_code) = (sent.request, sent.code, sent.second);
        let claim = ClaimInvitationRequest { request_id, code, second_code, ..ClaimInvitationRequest::default() };
        let position = by.client.joining().claim_invitation(claim).await?.into_inner().position;
        // Now they are known here, and begin anew: also if it ends between these two, they are once they sign in again.
        let (cookie, _) = begin(&by.parts, &headers, (by.session.token.clone(), by.session.owner)).await?;
        Ok(([(header::SET_COOKIE, cookie)], to(at::HOME, position)).into_response())
    })
    .await
}

#[derive(Debug, Deserialize)]
pub(crate) struct Out {
    #[serde(default)]
    everywhere: String,
}

/// Somebody signs out, here or everywhere. Their browser forgets it, even if it cannot be written down.
pub(crate) async fn sign_out(State(parts): State<Arc<Parts>>, headers: HeaderMap, Form(out): Form<Out>) -> Response {
    let (cookie, keeper) = (parts.keeper.nothing(), parts.keeper.clone());
    // It goes on when the browser does not wait for it.
    let ending = tokio::spawn(async move { keeper.end(&headers, !out.everywhere.is_empty()).await });
    let signed_out = shown(&parts, async {
        let ended = tokio::time::timeout(OUT_LIMIT, ending).await.map_err(|_elapsed| Fault::TooSlow)?;
        ended.map_err(|_cause| Fault::Failed("somebody could not be signed out"))??;
        Ok(Redirect::to(at::SIGN_IN).into_response())
    });
    ([(header::SET_COOKIE, cookie)], signed_out.await).into_response()
}

/// Somebody leaves quickly: they are signed out, and elsewhere, in one step. From another site it only leads there.
pub(crate) async fn leave(State(parts): State<Arc<Parts>>, headers: HeaderMap) -> Response {
    let to = Redirect::to(parts.settings.leave_to.as_str());
    if !is_ours(&headers, &parts) {
        return to.into_response();
    }
    let cookie = parts.keeper.nothing();
    let ending = tokio::spawn(async move {
        if let Err(fault) = parts.keeper.end(&headers, false).await {
            tracing::warn!(?fault, "somebody left, and their session is not ended");
        }
    });
    // Away comes first, whatever is out of reach.
    let _ended = tokio::time::timeout(LEAVE_LIMIT, ending).await;
    ([(header::SET_COOKIE, cookie)], to).into_response()
}

/// Somebody goes on: their session is not over for as long again.
pub(crate) async fn stay(_by: SignedIn) -> StatusCode {
    StatusCode::NO_CONTENT
}
