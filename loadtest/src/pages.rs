//! How long a web page takes its server, beside the bare call of the service that it shows: one caller in another process, page and call in turn.

use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use client::Client;
use harness::Child;
use hdrhistogram::Histogram;
use node::tokens::TokenSigner;
use proto::access::v1::ListAccessHistoryRequest;
use proto::people::v1::GetMyRecordRequest;
use proto::sharing::v1::GetMySharingRequest;
use serde_json::Map;
use tokio::time::Instant;
use tonic::transport::Endpoint;
use uuid::Uuid;

use crate::measure::{LONGEST, micros};
use crate::report::{self, rounded};

/// Pages that are asked for from one address, before another one is taken: pages bound what one address asks for.
const OF_ONE: usize = 200;
/// Before anything is measured each is asked for so often, so that none pays for cold caches.
const WARM: usize = 20;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How often each page, and each call, is asked for.
    #[arg(long, default_value_t = 500)]
    times: usize,
    /// Print a JSON object for each line.
    #[arg(long)]
    json: bool,
}

/// A page, and the call whose answer it shows.
#[derive(Debug, Clone, Copy)]
enum Shown {
    Looked,
    Sharing,
    Record,
}

impl Shown {
    const ALL: [Self; 3] = [Self::Looked, Self::Sharing, Self::Record];

    fn path(self) -> &'static str {
        match self {
            Self::Looked => "/1",
            Self::Sharing => "/2",
            Self::Record => "/6",
        }
    }

    fn call(self) -> &'static str {
        match self {
            Self::Looked => "ListAccessHistory",
            Self::Sharing => "GetMySharing",
            Self::Record => "GetMyRecord",
        }
    }

    async fn bare(self, by: &Client) -> anyhow::Result<()> {
        let page_size = 100;
        match self {
            Self::Looked => {
                let ask = ListAccessHistoryRequest { include_own: true, ..ListAccessHistoryRequest::default() };
                by.access().list_access_history(ask).await?;
            }
            Self::Sharing => {
                let ask = GetMySharingRequest { page_size, ..GetMySharingRequest::default() };
                by.sharing().get_my_sharing(ask).await?;
            }
            Self::Record => {
                let ask = GetMyRecordRequest { page_size, ..GetMyRecordRequest::default() };
                by.people().get_my_record(ask).await?;
            }
        }
        Ok(())
    }
}

/// Somebody who has signed in on the pages of a development system.
struct Reader {
    pages: String,
    cookie: String,
    asked: usize,
    http: reqwest::Client,
}

impl Reader {
    async fn sign_in(pages: String) -> anyhow::Result<Self> {
        let http = from_nth(0)?;
        let sent = http.post(format!("{pages}/in")).header("sec-fetch-site", "same-origin");
        let answer = sent.header("content-type", "application/x-www-form-urlencoded").body("person=0").send().await?;
        let cookie = answer.headers().get("set-cookie").context("nobody is signed in")?.to_str()?;
        let cookie = cookie.split(';').next().context("a cookie")?.to_owned();
        Ok(Self { pages, cookie, asked: 0, http })
    }

    async fn read(&mut self, path: &str) -> anyhow::Result<Duration> {
        self.asked += 1;
        if self.asked.is_multiple_of(OF_ONE) {
            self.http = from_nth(self.asked / OF_ONE)?;
        }
        let begun = Instant::now();
        let answer = self.http.get(format!("{}{path}", self.pages)).header("cookie", &self.cookie).send().await?;
        ensure!(answer.status().is_success(), "`{path}` answers {}", answer.status());
        answer.bytes().await?;
        Ok(begun.elapsed())
    }
}

/// Somebody at another address of this machine.
fn from_nth(nth: usize) -> anyhow::Result<reqwest::Client> {
    let address = IpAddr::V4(Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() + u32::try_from(nth)?));
    let policy = reqwest::redirect::Policy::none();
    Ok(reqwest::Client::builder().local_address(address).redirect(policy).no_proxy().build()?)
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let (data, log) = (directory.path().join("data"), directory.path().join("log"));
    let mut command = Command::new(harness::alongside()?);
    command.args(["dev", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--portal", "127.0.0.1:0", "--data"]);
    let _child = Child::start(command.arg(&data), &log)?;
    let said = || std::fs::read_to_string(&log).unwrap_or_default();
    harness::wait_until("a development system", || async { Ok(said().contains("More tokens")) }).await?;
    let said = said();
    let after = |words: &str| {
        let rest = said.lines().find_map(|line| line.strip_prefix(words));
        rest.and_then(|rest| rest.split_whitespace().next()).with_context(|| format!("`{words}` is not said"))
    };
    let signer = TokenSigner::open(&node::dev::signer_file(&data))?;
    let channel = Endpoint::from_shared(format!("http://{}", after("gRPC")?))?.connect().await?;
    let token = signer.person(after("person ")?.parse::<Uuid>()?.into())?;
    let client = Client::new(channel, &token)?.in_session(&Uuid::now_v7().to_string())?;
    let mut reader = Reader::sign_in(after("pages")?.replace("localhost", "127.0.0.1")).await?;
    for shown in Shown::ALL {
        report::print(&measure(shown, (&mut reader, &client), args.times).await?, args.json)?;
    }
    Ok(())
}

async fn measure(
    shown: Shown,
    (reader, client): (&mut Reader, &Client),
    times: usize,
) -> anyhow::Result<Map<String, serde_json::Value>> {
    let histogram = || Histogram::<u64>::new_with_max(LONGEST, 3);
    let (mut page, mut call) = (histogram()?, histogram()?);
    for nth in 0..times + WARM {
        let took = reader.read(shown.path()).await?;
        let begun = Instant::now();
        shown.bare(client).await?;
        if nth >= WARM {
            call.saturating_record(micros(begun.elapsed()));
            page.saturating_record(micros(took));
        }
    }
    let mut line = Map::new();
    line.insert("page".into(), shown.path().into());
    line.insert("call".into(), shown.call().into());
    for (name, measured) in [("page", &page), ("call", &call)] {
        line.insert(format!("{name}_p50_ms"), rounded(measured.value_at_quantile(0.5) as f64 / 1e3));
        line.insert(format!("{name}_p99_ms"), rounded(measured.value_at_quantile(0.99) as f64 / 1e3));
    }
    let between = page.value_at_quantile(0.5) as f64 / call.value_at_quantile(0.5).max(1) as f64;
    line.insert("ratio".into(), rounded(between));
    Ok(line)
}
