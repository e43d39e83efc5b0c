//! What is written about them, strengths first: who wrote it, what was said of it since, and their side of it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::Response;
use client::request_id;
use http::StatusCode;
use letters::Line;
use proto::access::v1::RecordCategory;
use proto::people::v1::entry::Content;
use proto::people::v1::entry_change::What as Happened;
use proto::people::v1::{
    AttachReplyRequest, CorrectEntryRequest, Entry, EntryChange, GetMyEntryRequest, GetMyRecordRequest, Progress,
    RecordStrengthRequest, RecordWhatMattersRequest, Reply, ReplyKind, StrengthKind,
};
use serde::Deserialize;

use super::said::{on, said_by, who};
use super::{After, Shown, every_page, shown, to};
use crate::at;
use crate::fault::Fault;
use crate::session::SignedIn;
use crate::view::{Frame, Offered, Page as _};
use crate::words::Words;

/// The headings in their order: strengths before needs, as the standards of the Professional Record Standards Body go.
pub(super) const HEADINGS: [RecordCategory; 12] = [
    RecordCategory::Strengths,
    RecordCategory::WhatMatters,
    RecordCategory::AboutMe,
    RecordCategory::Goals,
    RecordCategory::Actions,
    RecordCategory::Wellbeing,
    RecordCategory::Health,
    RecordCategory::Barriers,
    RecordCategory::Contingency,
    RecordCategory::Consultations,
    RecordCategory::SupportNetwork,
    RecordCategory::Contact,
];
/// What they are called, by their numbers.
pub(super) fn headings(words: &Words) -> Vec<(i32, String)> {
    HEADINGS.map(i32::from).map(|heading| (heading, words.say(&format!("heading-{heading}")))).into()
}

/// What these headings are called, one after the other.
pub(super) fn named(words: &Words, numbers: &[i32]) -> String {
    let those = headings(words).into_iter().filter(|(number, _)| numbers.contains(number)).map(|(_, name)| name);
    those.collect::<Vec<_>>().join(", ")
}

/// How many pages of entries are read at most: all of what one person has.
const PAGES: usize = 50;

/// An entry as it is listed.
struct Row {
    text: String,
    /// Who wrote it, and when.
    by: String,
    /// Whether somebody has said something of it since.
    replies: String,
    link: String,
}

#[derive(Template)]
#[template(path = "record.html")]
struct Record {
    frame: Frame,
    parts: Vec<(String, Vec<Row>)>,
    kinds: Vec<Offered>,
    incomplete: bool,
}

impl Record {
    fn request(&self) -> String {
        request_id()
    }
}

pub(crate) async fn list(by: SignedIn, Query(after): Query<After>) -> Shown {
    shown(&by.parts, page(&by, after.at)).await
}

async fn page(by: &SignedIn, at_least_position: u64) -> Result<Response, Fault> {
    let words = &by.parts.words;
    let ask = GetMyRecordRequest { page_size: 100, at_least_position, ..GetMyRecordRequest::default() };
    let (entries, incomplete) = every_page!(by.client.people(), get_my_record(ask).entries, PAGES);
    let under = |heading: RecordCategory| {
        let rows = entries.iter().filter(|entry| entry.category() == heading).map(|entry| row(words, entry));
        (words.say(&format!("heading-{}", i32::from(heading))), rows.collect::<Vec<_>>())
    };
    let kinds = [
        StrengthKind::Strength,
        StrengthKind::Resource,
        StrengthKind::Skill,
        StrengthKind::Experience,
        StrengthKind::StayingWell,
    ];
    let page = Record {
        frame: Frame::new(&by.parts, Some(&by.session), at::RECORD),
        parts: HEADINGS.map(under).into_iter().filter(|(_, rows)| !rows.is_empty()).collect(),
        kinds: Offered::each(kinds.map(i32::from).map(|kind| (kind, words.say(&format!("strength-{kind}")))), &0),
        incomplete,
    };
    Ok(page.response(StatusCode::OK))
}

fn row(words: &Words, entry: &Entry) -> Row {
    let day = on(words, entry.recorded_at);
    let replies = entry.replies.iter().filter(|reply| !reply.taken_back).count();
    let who = who(words, entry.author.as_ref());
    let written = if day.is_empty() { who } else { words.with("written-by", &[("who", &who), ("day", &day)]) };
    let imported = entry.imported_at.map(|at| words.with("imported", &[("day", &words.day(&at))]));
    Row {
        text: text(words, entry),
        by: [Some(written), imported].into_iter().flatten().collect::<Vec<_>>().join(". "),
        replies: if replies == 0 { String::new() } else { words.count("replies", replies) },
        link: at::ENTRY.replace("{id}", &entry.entry_id),
    }
}

/// What an entry says.
fn text(words: &Words, entry: &Entry) -> String {
    let lines: Vec<String> = match &entry.content {
        Some(Content::AboutMe(one)) => vec![one.heading.clone(), one.text.clone()],
        Some(Content::Strength(one)) => vec![one.text.clone()],
        Some(Content::WhatMatters(one)) => vec![one.text.clone()],
        Some(Content::Condition(one)) => vec![one.text.clone(), one.impact.clone()],
        Some(Content::Goal(one)) => vec![one.text.clone(), stands(words, one.progress())],
        Some(Content::Action(one)) => {
            let due = if one.due.is_empty() { String::new() } else { words.with("due", &[("day", &one.due)]) };
            vec![one.text.clone(), one.owner.clone(), due, stands(words, one.progress())]
        }
        Some(Content::Contact(one)) => vec![one.name.clone(), one.birth_date.clone()],
        Some(Content::ContingencyPlan(one)) => vec![one.text.clone()],
        Some(Content::Barrier(one)) => vec![one.text.clone(), stands(words, one.progress())],
        Some(Content::CheckIn(one)) => {
            vec![words.with("wellbeing", &[("number", &one.wellbeing.to_string())]), one.words.clone()]
        }
        Some(Content::Communication(one)) => {
            let needs = one.needs.iter().map(|need| words.say(&format!("need-{need}")));
            needs.chain([one.language.clone(), one.text.clone()]).collect()
        }
        Some(Content::NotSaid(_)) => vec![words.say("not-said")],
        Some(Content::Plan(_)) => vec![words.say("plan-holds")],
        None => vec![],
    };
    lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Where a goal or a step stands; nothing while it is open.
fn stands(words: &Words, progress: Progress) -> String {
    match progress {
        Progress::Unspecified | Progress::Open => String::new(),
        Progress::Done | Progress::Ended | Progress::Proposed => {
            words.say(&format!("progress-{}", i32::from(progress)))
        }
    }
}

/// An entry on paper: what it says, who wrote it, and all that was said of it since.
pub(super) fn written(words: &Words, entry: &Entry) -> Line {
    let said: Vec<_> = all_said(words, entry)
        .into_iter()
        .flat_map(|(who, said)| [who, said])
        .filter(|line| !line.is_empty())
        .collect();
    let row = row(words, entry);
    let all = [vec![row.text], said].concat();
    Line::beside(row.by, all.join("\n"))
}

/// What was said of an entry since: who and when, and what.
fn all_said(words: &Words, entry: &Entry) -> Vec<(String, String)> {
    let changes = entry.changes.iter().map(|change| happened(words, change));
    changes.chain(entry.replies.iter().flat_map(|reply| replied(words, reply))).collect()
}

#[derive(Template)]
#[template(path = "entry.html")]
struct OneEntry {
    frame: Frame,
    row: Row,
    /// What was said of it: who and when, and what.
    said: Vec<(String, String)>,
    kinds: Vec<Offered>,
    /// What it says, where that can be corrected here: one text, and nothing besides.
    correctable: Option<String>,
}

impl OneEntry {
    fn request(&self) -> String {
        request_id()
    }
}

pub(crate) async fn one(by: SignedIn, Path(id): Path<String>, Query(after): Query<After>) -> Shown {
    shown(&by.parts, entry(&by, id, after.at)).await
}

async fn entry(by: &SignedIn, entry_id: String, at_least_position: u64) -> Result<Response, Fault> {
    let words = &by.parts.words;
    let ask = GetMyEntryRequest { entry_id, at_least_position };
    let found = by.client.people().get_my_entry(ask).await?.into_inner().entry.ok_or(Fault::Nothing)?;
    let kinds = [ReplyKind::Words, ReplyKind::Correction, ReplyKind::Context];
    let correctable = match &found.content {
        Some(Content::Strength(one)) => Some(one.text.clone()),
        Some(Content::WhatMatters(one)) => Some(one.text.clone()),
        Some(Content::ContingencyPlan(one)) => Some(one.text.clone()),
        Some(Content::AboutMe(one)) => Some(one.text.clone()),
        _ => None,
    };
    let page = OneEntry {
        frame: Frame::new(&by.parts, Some(&by.session), at::RECORD),
        said: all_said(words, &found),
        row: row(words, &found),
        kinds: Offered::each(kinds.map(i32::from).map(|kind| (kind, words.say(&format!("reply-{kind}")))), &0),
        correctable,
    };
    Ok(page.response(StatusCode::OK))
}

fn happened(words: &Words, change: &EntryChange) -> (String, String) {
    let what = match &change.what {
        Some(Happened::Progress(progress)) => words.say(&format!("became-{progress}")),
        Some(Happened::Importance(number)) => words.with("important", &[("number", &number.to_string())]),
        Some(Happened::Confidence(number)) => words.with("confident", &[("number", &number.to_string())]),
        Some(Happened::Owned(_)) => words.say("owned"),
        Some(Happened::Corrected(_)) => words.with("corrected", &[("before", &change.before)]),
        Some(Happened::Noted(_)) | None => String::new(),
    };
    let lines = [what, change.words.clone()];
    let lines: Vec<_> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    (said_by(words, change.author.as_ref(), change.said_at), lines.join("\n"))
}

/// A reply, and what was answered to it.
fn replied(words: &Words, reply: &Reply) -> Vec<(String, String)> {
    let when = reply.said_at.map(|at| words.moment(&at)).unwrap_or_default();
    let kind = words.say(&format!("reply-{}", i32::from(reply.kind())));
    let own = words.with("said-by", &[("who", &words.say("you")), ("when", &when)]);
    if reply.taken_back {
        return vec![(own, words.say("reply-taken-back"))];
    }
    let mut said = vec![(own, format!("{kind}\n{}", reply.words))];
    match &reply.answer {
        Some(answer) => said.push((said_by(words, answer.author.as_ref(), answer.said_at), answer.words.clone())),
        None => {
            let name = if reply.overdue { "reply-overdue" } else { "reply-waits" };
            let by = reply.answer_by.map(|at| words.with(name, &[("day", &words.day(&at))]));
            said.extend(by.map(|by| (String::new(), by)));
        }
    }
    said
}

/// What the person adds to their record.
#[derive(Debug, Deserialize)]
pub(crate) struct Added {
    form: String,
    request: String,
    what: Adding,
    text: String,
    #[serde(default)]
    kind: i32,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Adding {
    Strength,
    WhatMatters,
}

pub(crate) async fn add(by: SignedIn, Form(added): Form<Added>) -> Shown {
    shown(&by.parts, adds(&by, added)).await
}

async fn adds(by: &SignedIn, added: Added) -> Result<Response, Fault> {
    by.sent(&added.form)?;
    let (request_id, text, mut people) = (added.request, added.text, by.client.people());
    let position = match added.what {
        Adding::Strength => {
            let kind = added.kind;
            let record = RecordStrengthRequest { request_id, text, kind, ..RecordStrengthRequest::default() };
            people.record_strength(record).await?.into_inner().position
        }
        Adding::WhatMatters => {
            let record = RecordWhatMattersRequest { request_id, text, ..RecordWhatMattersRequest::default() };
            people.record_what_matters(record).await?.into_inner().position
        }
    };
    Ok(to(at::RECORD, position))
}

/// What the person says of an entry.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    form: String,
    request: String,
    what: What,
    words: String,
    #[serde(default)]
    kind: i32,
    #[serde(default)]
    reason: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    Reply,
    Correct,
}

pub(crate) async fn answer(by: SignedIn, Path(id): Path<String>, Form(sent): Form<Sent>) -> Shown {
    shown(&by.parts, answers(&by, id, sent)).await
}

async fn answers(by: &SignedIn, entry_id: String, sent: Sent) -> Result<Response, Fault> {
    by.sent(&sent.form)?;
    let path = at::ENTRY.replace("{id}", &entry_id);
    let (request_id, mut people) = (sent.request, by.client.people());
    let position = match sent.what {
        What::Reply => {
            let (kind, words) = (sent.kind, sent.words);
            people.attach_reply(AttachReplyRequest { request_id, entry_id, kind, words }).await?.into_inner().position
        }
        What::Correct => {
            let (text, reason) = (sent.words, sent.reason);
            let correct = CorrectEntryRequest { request_id, entry_id, text, reason, ..CorrectEntryRequest::default() };
            people.correct_entry(correct).await?.into_inner().position
        }
    };
    Ok(to(&path, position))
}
