//! Who looked when, as a picture: a line for each who looked, a dot for each week, larger the more often. A table beside it says the same.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use proto::access::v1::receipt::Kind;
use proto::access::v1::{ListAccessHistoryRequest, Receipt};

use super::looked::tag;
use super::said::who;
use super::{Shown, every_page, shown};
use crate::at;
use crate::fault::Fault;
use crate::session::SignedIn;
use crate::view::{Frame, Page as _};
use crate::words::Words;

/// How many weeks it shows, this one among them.
const WEEKS: u32 = 12;
/// How many have a line of their own; the others share one.
const LINES: usize = 10;
/// How many pages of looks are read at most, each of a hundred.
const PAGES: usize = 20;
/// How wide and how high a line of the picture is, and how far apart weeks are: in units of the picture.
const WIDTH: u32 = 340;
const HEIGHT: u32 = 26;
const WEEK: u32 = 28;
/// The smallest and the largest dot.
const RADIUS: (u32, u32) = (3, 11);

/// How often somebody looked in each week, the oldest first, and whether something of it stands out.
type Weeks = [(u32, bool); WEEKS as usize];

/// A dot of the picture.
struct Dot {
    x: u32,
    radius: u32,
    stands_out: bool,
}

/// A line of the picture.
struct Line {
    name: String,
    dots: Vec<Dot>,
}

/// A line of the table.
struct Row {
    week: String,
    who: String,
    count: u32,
}

#[derive(Template)]
#[template(path = "picture.html")]
struct Picture {
    frame: Frame,
    lines: Vec<Line>,
    rows: Vec<Row>,
    incomplete: bool,
}

impl Picture {
    fn width(&self) -> u32 {
        WIDTH
    }

    fn height(&self) -> u32 {
        HEIGHT
    }
}

pub(crate) async fn show(by: SignedIn) -> Shown {
    shown(&by.parts, page(&by)).await
}

async fn page(by: &SignedIn) -> Result<Response, Fault> {
    let words = &by.parts.words;
    let from = Some(words.weeks_ago(WEEKS - 1).1);
    let kinds = [Kind::Viewed, Kind::Denied].map(i32::from).into();
    let ask = ListAccessHistoryRequest { page_size: 100, from, kinds, ..ListAccessHistoryRequest::default() };
    let (receipts, incomplete) = every_page!(by.client.access(), list_access_history(ask).receipts, PAGES);
    let looked = counted(words, &receipts);
    let page = Picture {
        frame: Frame::new(&by.parts, Some(&by.session), at::LOOKED),
        lines: drawn(&looked),
        rows: told(words, &looked),
        incomplete,
    };
    Ok(page.response(StatusCode::OK))
}

/// How often each looked in which week, whoever looked most first; those who looked least together.
fn counted(words: &Words, receipts: &[Receipt]) -> Vec<(String, Weeks)> {
    let mut by_name: BTreeMap<String, Weeks> = BTreeMap::new();
    for receipt in receipts {
        let Some(at) = receipt.time.as_ref() else { continue };
        let weeks = by_name.entry(who(words, receipt.party.as_ref())).or_default();
        let week =
            words.week_of(at).and_then(|ago| WEEKS.checked_sub(1 + ago)).and_then(|nth| usize::try_from(nth).ok());
        if let Some((count, stands_out)) = week.and_then(|nth| weeks.get_mut(nth)) {
            *count += 1;
            *stands_out |= !tag(words, receipt).is_empty();
        }
    }
    let mut all: Vec<_> = by_name.into_iter().collect();
    all.sort_by_key(|(_, weeks)| std::cmp::Reverse(weeks.iter().map(|(count, _)| count).sum::<u32>()));
    if all.len() > LINES {
        let mut others = Weeks::default();
        for (_, weeks) in all.drain(LINES - 1..) {
            for (sum, (count, stands_out)) in others.iter_mut().zip(weeks) {
                *sum = (sum.0 + count, sum.1 || stands_out);
            }
        }
        all.push((words.say("picture-others"), others));
    }
    all
}

fn drawn(looked: &[(String, Weeks)]) -> Vec<Line> {
    let most = looked.iter().flat_map(|(_, weeks)| weeks).map(|(count, _)| *count).max().unwrap_or(1).max(1);
    let line = |(name, weeks): &(String, Weeks)| {
        let dots = (0..).zip(weeks).filter(|(_, (count, _))| *count > 0).map(|(nth, (count, stands_out))| Dot {
            x: WEEK / 2 + nth * WEEK,
            radius: RADIUS.0 + (RADIUS.1 - RADIUS.0) * count / most,
            stands_out: *stands_out,
        });
        Line { name: name.clone(), dots: dots.collect() }
    };
    looked.iter().map(line).collect()
}

/// The same in words, this week first.
fn told(words: &Words, looked: &[(String, Weeks)]) -> Vec<Row> {
    let mut rows = Vec::new();
    for ago in 0..WEEKS {
        let (week, _) = words.weeks_ago(ago);
        let nth = usize::try_from(WEEKS - 1 - ago).unwrap_or_default();
        let those =
            looked.iter().filter_map(|(name, weeks)| Some((name, weeks.get(nth)?.0))).filter(|(_, count)| *count > 0);
        rows.extend(those.map(|(name, count)| Row { week: week.clone(), who: name.clone(), count }));
    }
    rows
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use prost_types::Timestamp;
    use proto::access::v1::Party;
    use proto::access::v1::party;

    use super::*;

    fn look(name: &str, days_ago: i64, kind: Kind) -> Receipt {
        let seconds = jiff::Timestamp::now().as_second() - days_ago * 24 * 60 * 60;
        let party = Party { kind: party::Kind::Staff.into(), name: name.into(), ..Party::default() };
        let time = Some(Timestamp { seconds, nanos: 0 });
        Receipt { time, kind: kind.into(), party: Some(party), ..Receipt::default() }
    }

    #[test]
    fn each_who_looked_has_a_line_and_the_table_says_the_same() {
        let words = Words::english(TimeZone::UTC);
        let viewed = Kind::Viewed;
        let all = [
            look("Morag", 0, viewed),
            look("Morag", 1, viewed),
            look("Ali", 8, Kind::Denied),
            look("Old", 400, viewed),
        ];
        let looked = counted(&words, &all);
        let lines = drawn(&looked);
        assert_eq!(lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["Morag", "Ali", "Old"]);
        let [first, second] = [0, 1].map(|nth: usize| &lines.get(nth).unwrap().dots);
        let (dot, other) = (first.first().unwrap(), second.first().unwrap());
        assert!(dot.radius == RADIUS.1 && other.radius < dot.radius && other.stands_out && !dot.stands_out);
        assert!(dot.x + dot.radius <= WIDTH && other.x < dot.x);
        let rows = told(&words, &looked);
        assert_eq!(
            rows.iter().map(|row| (row.who.as_str(), row.count)).collect::<Vec<_>>(),
            [("Morag", 2), ("Ali", 1)]
        );
    }

    #[test]
    fn those_who_looked_least_share_a_line() {
        let words = Words::english(TimeZone::UTC);
        let all: Vec<_> =
            (0..20).flat_map(|nth| vec![look(&format!("worker {nth}"), 0, Kind::Viewed); 1 + nth]).collect();
        let looked = counted(&words, &all);
        assert_eq!(looked.len(), LINES);
        let sum: u32 = looked.iter().flat_map(|(_, weeks)| weeks).map(|(count, _)| *count).sum();
        assert_eq!(usize::try_from(sum).unwrap(), all.len());
        assert_eq!(looked.last().unwrap().0, words.say("picture-others"));
    }
}
