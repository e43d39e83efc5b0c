//! Who looked when, as a picture: a line for each who looked, a dot for each week, larger the more often. A table beside it says the same.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use proto::access::v1::receipt::Kind;
use proto::access::v1::{ListAccessHistoryRequest, Receipt};

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

/// What somebody did in a week.
#[derive(Debug, Clone, Copy, Default)]
struct Week {
    /// How often they looked, and how often of that in an emergency, or by a law.
    looks: u32,
    out: u32,
    /// How often they were turned down.
    tries: u32,
}

impl Week {
    fn all(self) -> u32 {
        self.looks + self.tries
    }

    fn and(self, other: Self) -> Self {
        let (looks, out, tries) = (self.looks + other.looks, self.out + other.out, self.tries + other.tries);
        Self { looks, out, tries }
    }
}

/// What somebody did in each week, the oldest first.
type Weeks = [Week; WEEKS as usize];

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
    /// How often they looked.
    looks: u32,
    /// What of it stands out; empty when nothing does.
    out: String,
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

/// What each did in which week, whoever did most first; those who did least together.
fn counted(words: &Words, receipts: &[Receipt]) -> Vec<(String, Weeks)> {
    // Two who are called alike are two.
    let mut of_each: BTreeMap<(String, String, String), Weeks> = BTreeMap::new();
    for receipt in receipts {
        let Some(at) = receipt.time.as_ref() else { continue };
        let party = receipt.party.clone().unwrap_or_default();
        let weeks = of_each.entry((who(words, Some(&party)), party.agency_id, party.staff_id)).or_default();
        let week = words.week_of(at).and_then(|ago| WEEKS.checked_sub(1 + ago));
        if let Some(week) = week.and_then(|nth| weeks.get_mut(usize::try_from(nth).ok()?)) {
            let is_try = receipt.kind() == Kind::Denied;
            let (looks, tries) = (u32::from(!is_try), u32::from(is_try));
            let out = u32::from(!is_try && (receipt.emergency || !receipt.lawful_basis_ids.is_empty()));
            *week = week.and(Week { looks, out, tries });
        }
    }
    let mut all: Vec<_> = of_each.into_iter().map(|((name, ..), weeks)| (name, weeks)).collect();
    all.sort_by_key(|(_, weeks)| std::cmp::Reverse(weeks.iter().map(|week| week.all()).sum::<u32>()));
    if all.len() > LINES {
        let mut others = Weeks::default();
        for (_, weeks) in all.drain(LINES - 1..) {
            for (sum, week) in others.iter_mut().zip(weeks) {
                *sum = sum.and(week);
            }
        }
        all.push((words.say("picture-others"), others));
    }
    all
}

fn drawn(looked: &[(String, Weeks)]) -> Vec<Line> {
    let most = looked.iter().flat_map(|(_, weeks)| weeks).map(|week| week.all()).max().unwrap_or(1).max(1);
    let line = |(name, weeks): &(String, Weeks)| {
        let dots = (0..).zip(weeks).filter(|(_, week)| week.all() > 0).map(|(nth, week)| Dot {
            x: WEEK / 2 + nth * WEEK,
            radius: RADIUS.0 + (RADIUS.1 - RADIUS.0) * week.all() / most,
            stands_out: week.out + week.tries > 0,
        });
        Line { name: name.clone(), dots: dots.collect() }
    };
    looked.iter().map(line).collect()
}

/// The same in words, this week first.
fn told(words: &Words, looked: &[(String, Weeks)]) -> Vec<Row> {
    let out = |week: &Week| {
        let parts = [(week.tries, "picture-tried"), (week.out, "picture-emergency")];
        let said = parts.into_iter().filter(|(count, _)| *count > 0);
        said.map(|(count, name)| format!("{count}: {}", words.say(name))).collect::<Vec<_>>().join(", ")
    };
    let mut rows = Vec::new();
    for ago in 0..WEEKS {
        let (name_of_week, _) = words.weeks_ago(ago);
        let nth = usize::try_from(WEEKS - 1 - ago).unwrap_or_default();
        let those = looked.iter().filter_map(|(name, weeks)| Some((name, weeks.get(nth)?)));
        let row = |(name, week): (&String, &Week)| Row {
            week: name_of_week.clone(),
            who: name.clone(),
            looks: week.looks,
            out: out(week),
        };
        rows.extend(those.filter(|(_, week)| week.all() > 0).map(row));
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
        // What stands out by its colour stands in words, too.
        assert_eq!(rows.iter().map(|row| row.out.as_str()).collect::<Vec<_>>(), ["", "1: turned down"]);
        assert_eq!(
            rows.iter().map(|row| (row.who.as_str(), row.looks)).collect::<Vec<_>>(),
            [("Morag", 2), ("Ali", 0)]
        );
    }

    #[test]
    fn those_who_looked_least_share_a_line() {
        let words = Words::english(TimeZone::UTC);
        let all: Vec<_> =
            (0..20).flat_map(|nth| vec![look(&format!("worker {nth}"), 0, Kind::Viewed); 1 + nth]).collect();
        let looked = counted(&words, &all);
        assert_eq!(looked.len(), LINES);
        let sum: u32 = looked.iter().flat_map(|(_, weeks)| weeks).map(|week| week.all()).sum();
        assert_eq!(usize::try_from(sum).unwrap(), all.len());
        assert_eq!(looked.last().unwrap().0, words.say("picture-others"));
    }
}
