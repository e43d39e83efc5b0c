//! The main job as a story, played over gRPC by different callers. Every sentence is checked before it is told: the
//! system tests play the same story, embedded and distributed.

mod as_json;
mod asked;
mod cast;
mod chapters;
mod decision;
mod feed;
mod pages;
mod put_back;

use anyhow::{Context as _, bail};
use domain::ids::PersonId;
use gate::Binding;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

pub use as_json::asked_as_json;
pub use cast::{Cast, SAMPLE};
pub use pages::on_their_pages;
pub use put_back::what_a_backup_holds;

use crate::tokens::TokenSigner;
use client::Client;

/// Plays the story of a sample person, the one of [`SAMPLE`], against a system that holds the sample people and trusts
/// `signer`, and tells it line by line.
///
/// # Errors
/// When the system cannot be reached, or does anything else than the story says.
pub async fn play(
    channel: Channel,
    signer: &TokenSigner,
    person: PersonId,
    mut tell: impl FnMut(&str) + Send,
) -> anyhow::Result<()> {
    let cast = Cast::choose(channel.clone(), signer, person).await?;
    let tell = &mut tell;
    chapters::an_import_enrols_nobody(&cast, tell).await?;
    chapters::before_consent(&cast, tell).await?;
    let grant = chapters::the_person_decides(&cast, tell).await?;
    chapters::working_together(&cast, grant.position, tell).await?;
    feed::their_computer_system(&cast, (&channel, signer), tell).await?;
    decision::with_the_person(&cast, tell).await?;
    chapters::not_for_everybody(&cast, tell).await?;
    chapters::withdrawal(&cast, &grant.provision_id, tell).await?;
    asked::for_more(&cast, tell).await?;
    chapters::an_emergency(&cast, tell).await?;
    chapters::why_did_you_look(&cast, tell).await?;
    asked::a_law(&cast, tell).await?;
    chapters::asked_once(&cast, tell).await?;
    chapters::what_has_ended(&cast, tell).await?;
    asked::everything_in_order(&cast, tell).await
}

/// Checks that a call was refused, and for this documented reason.
fn refused<T>(result: Result<T, Status>, code: Code, reason: &str) -> anyhow::Result<Status> {
    let Err(status) = result else { bail!("was answered, and should have been refused with `{reason}`") };
    let given = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    if status.code() != code || given != reason {
        bail!("was refused with `{given}`, and should have been with `{reason}`: {status:?}");
    }
    Ok(status)
}

/// A signed-in caller.
fn client(channel: &Channel, token: anyhow::Result<String>) -> anyhow::Result<Client> {
    Client::new(channel.clone(), &token?).context("the token cannot be used")
}

/// A worker's client.
fn worker(channel: &Channel, signer: &TokenSigner, binding: Binding, subject: &str) -> anyhow::Result<Client> {
    client(channel, signer.sign(binding, subject))
}
