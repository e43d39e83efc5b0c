//! The chapter about the person's web pages.

use anyhow::{Context as _, ensure};
use reqwest::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use super::chapters::Tell;

/// How many looks are told.
const TOLD: usize = 4;

/// The person of this name reads on the pages at this address who has looked, and signs out.
///
/// # Errors
/// When the pages do anything else than the story says.
pub async fn on_their_pages(pages: &str, name: &str, tell: Tell<'_>) -> anyhow::Result<()> {
    tell("\n## On their phone\n");
    let http = Client::builder().redirect(Policy::none()).no_proxy().build()?;
    let read = async |path: &str, cookie: &str| {
        anyhow::Ok(http.get(format!("{pages}{path}")).header(COOKIE, cookie).send().await?)
    };
    let send = async |path: &str, cookie: &str, form: String| {
        let sent = http.post(format!("{pages}{path}")).header("sec-fetch-site", "same-origin").header(COOKIE, cookie);
        anyhow::Ok(sent.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form).send().await?)
    };
    ensure!(read("/1", "").await?.status().is_redirection(), "whoever has not signed in sees nothing");
    let door = read("/in", "").await?.text().await?;
    let offered = door.split("<button").find(|button| button.contains(name)).context("the sample can sign in")?;
    let nth = between(offered, "value=\"", "\"").context("by a number")?;
    let signed_in = send("/in", "", format!("person={nth}")).await?;
    let cookie = cookie_of(&signed_in).context("their browser keeps a secret")?;
    let looked = read("/1", &cookie).await?.text().await?;
    let looks: Vec<_> = looked.split("<a href=\"/1/").skip(1).filter_map(|part| between(part, ">", "</a>")).collect();
    ensure!(!looks.is_empty(), "who has looked stands there");
    tell(&format!("{name} signs in on their pages, and reads who has looked:"));
    for look in looks.iter().take(TOLD) {
        tell(&format!("  - {}", look.replace("&#38;", "&").replace("&#39;", "'").replace("&#34;", "\"")));
    }
    send("/out", &cookie, String::new()).await?;
    ensure!(read("/1", &cookie).await?.status().is_redirection(), "what their browser had is good for nothing");
    tell(
        "They sign out. Whoever holds the phone next finds nothing: not by a step back, not by an address, not with what the browser had.",
    );
    Ok(())
}

/// What stands between these two.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}

/// What a browser would bring back.
fn cookie_of(answer: &Response) -> Option<String> {
    let set = answer.headers().get(SET_COOKIE)?.to_str().ok()?;
    set.split(';').next().map(str::to_owned)
}
