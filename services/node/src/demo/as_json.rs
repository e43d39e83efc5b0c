//! The chapter about a developer who does not speak gRPC.

use anyhow::{Context as _, ensure};
use reqwest::Client;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};

use super::chapters::Tell;

/// Somebody asks the server at this address as JSON, first without a token, then with the person's.
///
/// # Errors
/// When the server does anything else than the story says.
pub async fn asked_as_json(server: &str, token: &str, tell: Tell<'_>) -> anyhow::Result<()> {
    tell("\n## With curl\n");
    let http = Client::builder().no_proxy().build()?;
    let asks = async |method: &str, token: Option<&str>, message: Value| {
        let asked = http.post(format!("{server}/alongside.people.v1.PeopleService/{method}"));
        let asked = asked.header(CONTENT_TYPE, "application/json").body(message.to_string());
        let asked = token.iter().fold(asked, |asked, token| asked.header(AUTHORIZATION, format!("Bearer {token}")));
        let answer = asked.send().await?;
        let status = answer.status().as_u16();
        anyhow::Ok((status, serde_json::from_str::<Value>(&answer.text().await?)?))
    };
    let (status, refused) = asks("GetMyRecord", None, json!({})).await?;
    ensure!((status, text(&refused, "code")) == (401, Some("unauthenticated")), "whoever has no token reads nothing");
    let (status, record) = asks("GetMyRecord", Some(token), json!({"pageSize": 1})).await?;
    let receipt = text(&record, "receiptId").context("a look has its receipt, as what it may be asked")?;
    ensure!(status == 200, "the same call is answered as JSON");
    tell(
        "A developer posts JSON to the same port. Without a token the answer is 401 `unauthenticated`; with the person's it is their record, and",
    );
    tell(&format!("a receipt stands beside it as for every look: {receipt}."));
    let (status, refused) = asks("GetMyRecord", Some(token), json!({"pageSize": -1})).await?;
    let said = text(&refused, "message").filter(|_| status == 400).context("what is wrong is told")?;
    tell(&format!("What is wrong is told, and where: \"{said}\"."));
    Ok(())
}

/// A text of an answer.
fn text<'a>(answer: &'a Value, field: &str) -> Option<&'a str> {
    answer.get(field)?.as_str()
}
