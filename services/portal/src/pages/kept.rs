//! Who has looked, to keep: as a table and as a page to print. Both are sent for a form alone, so that no address leads to them and no other site has them
//! put on somebody's phone; their names tell nobody what they are.

use axum::Form;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::header;
use proto::access::v1::{ListAccessHistoryRequest, PrintMyAccessHistoryRequest, Receipt};
use serde::Deserialize;

use super::looked::tag;
use super::{Shown, every_page, shown};
use crate::fault::Fault;
use crate::session::SignedIn;
use crate::words::Words;

/// How many pages of looks a table holds at most, each of a hundred: what is more is read on the page.
const PAGES: usize = 100;

/// What is to be kept.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    form: String,
    what: What,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    Table,
    Page,
}

pub(crate) async fn keep(by: SignedIn, Form(sent): Form<Sent>) -> Shown {
    shown(&by.parts, kept(&by, sent)).await
}

async fn kept(by: &SignedIn, sent: Sent) -> Result<Response, Fault> {
    by.sent(&sent.form)?;
    let (kind, name, body) = match sent.what {
        What::Table => ("text/csv; charset=utf-8", "1.csv", table(&by.parts.words, &looks(by).await?)?),
        What::Page => {
            let ask = PrintMyAccessHistoryRequest::default();
            let told = by.client.access().print_my_access_history(ask).await?.into_inner();
            (HTML, "1.html", told.html.into_bytes())
        }
    };
    Ok(attached(kind, name, body))
}

/// A file to keep, under a name that tells nobody what it is.
pub(super) fn attached(kind: &'static str, name: &str, body: impl Into<Body>) -> Response {
    let place = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, place)], body.into()).into_response()
}

/// What a page to print is.
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// Every look, the newest first.
async fn looks(by: &SignedIn) -> Result<Vec<Receipt>, Fault> {
    let ask = ListAccessHistoryRequest { page_size: 100, include_own: true, ..ListAccessHistoryRequest::default() };
    match every_page!(by.client.access(), list_access_history(ask).receipts, PAGES) {
        (all, false) => Ok(all),
        (_, true) => Err(Fault::Failed("a table of looks would not have all of them")),
    }
}

/// Looks as a table (RFC 4180), whose columns are named in its first line.
fn table(words: &Words, looks: &[Receipt]) -> Result<Vec<u8>, Fault> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let failed = |_cause| Fault::Failed("a table cannot be written");
    let names = ["when", "what", "why", "stands-out"].map(|name| words.say(&format!("kept-{name}")));
    writer.write_record(&names).map_err(failed)?;
    for look in looks {
        let when = look.time.map(|at| words.written(&at)).unwrap_or_default();
        let row = [when, look.summary.clone(), look.reason.clone(), tag(words, look)].map(|cell| plain(&cell));
        writer.write_record(&row).map_err(failed)?;
    }
    writer.into_inner().map_err(|_cause| Fault::Failed("a table cannot be written"))
}

/// What stands in a cell: never the beginning of a formula, that whoever opens the table would have worked out (CWE-1236).
fn plain(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use prost_types::Timestamp;

    use super::*;

    #[test]
    fn a_table_holds_what_was_said_and_no_formula() {
        let words = Words::english(TimeZone::UTC);
        let look = Receipt {
            time: Some(Timestamp { seconds: 1_772_550_000, nanos: 0 }),
            summary: "Dr \"Q\" looked, twice".to_owned(),
            reason: "=HYPERLINK(\"x\")".to_owned(),
            ..Receipt::default()
        };
        let text = String::from_utf8(table(&words, &[look]).unwrap()).unwrap();
        let second = text.split("\r\n").nth(1).unwrap();
        assert_eq!(second, "2026-03-03 15:00,\"Dr \"\"Q\"\" looked, twice\",\"'=HYPERLINK(\"\"x\"\")\",");
        assert_eq!(text.split("\r\n").count(), 3);
    }
}
