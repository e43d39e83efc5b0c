//! What an entry says, as a feed tells it.

use domain::ids::{AgencyId, EntryId};
use domain::person::{Content, Owner, Progress};
use domain::values::Link;
use domain::vocabulary::{Author, Category};
use serde_json::{Value, json};
use views::record::{ChangeDoc, EntryDoc, ReplyDoc, Said};

use crate::cloud_event::time;

/// The ids of an entry; of a relationship or a consultation, of which there are no entries in the record.
pub(crate) fn ids(entry: EntryId, category: Category) -> Value {
    #[allow(clippy::wildcard_enum_match_arm, reason = "all others are of the record")]
    let name = match category {
        Category::SupportNetwork => "relationshipId",
        Category::Consultations => "consultationId",
        _ => "entryId",
    };
    json!({name: entry.to_string(), "category": category.word()})
}

/// An entry as it stands, and what has been said of it: every word with its speaker, their role and its time. `agency` is the one that is
/// told: workers of others are not named, for who else supports the person is another matter than what an entry says.
pub(crate) fn says(doc: &EntryDoc, agency: AgencyId, goal_shown: bool) -> Value {
    let party = |author: Author, role: &str| {
        let elsewhere = author.worker().is_some_and(|worker| worker.agency() != agency);
        if elsewhere { json!({"kind": "another-agency"}) } else { party(author, role) }
    };
    let said = |change: &ChangeDoc| json!({"what": what(change.what), "by": party(change.author, &change.role), "at": time(change.at), "words": change.words});
    json!({
        "recordedAt": time(doc.at),
        "author": party(doc.author, &doc.role),
        "sensitivity": {"level": doc.sensitivity.level.word(), "labels": doc.sensitivity.labels},
        "importedFrom": doc.imported.as_ref().map(|imported| imported.from.clone()),
        "entry": content(&doc.content, agency, goal_shown),
        "said": doc.changes.iter().map(said).collect::<Vec<_>>(),
        "replies": doc.replies.iter().map(|told| reply(told, party)).collect::<Vec<_>>(),
    })
}

/// The person's side of an entry, and what was answered.
fn reply(doc: &ReplyDoc, party: impl Fn(Author, &str) -> Value) -> Value {
    let answer = doc
        .answer
        .as_ref()
        .map(|answer| json!({"by": party(answer.author, &answer.role), "at": time(answer.at), "words": answer.words}));
    json!({
        "replyId": doc.reply.to_string(),
        "kind": doc.kind.word(),
        "words": doc.words,
        "at": time(doc.at),
        "answerBy": doc.answer_by.map(time),
        "answer": answer,
        "takenBack": doc.taken_back,
    })
}

fn party(author: Author, role: &str) -> Value {
    match author {
        Author::System => json!({"kind": "system"}),
        Author::Person => json!({"kind": "person"}),
        Author::AnotherPerson => json!({"kind": "another-person"}),
        Author::Worker(worker) => {
            json!({"kind": "worker", "agencyId": worker.agency().to_string(), "staffId": worker.staff().to_string(), "role": role})
        }
    }
}

fn what(said: Said) -> Value {
    match said {
        Said::Stands(progress) => json!({"progress": progress_word(progress)}),
        Said::Noted => json!("noted"),
        Said::Important(rating) => json!({"importance": rating.value()}),
        Said::Confident(rating) => json!({"confidence": rating.value()}),
        Said::Owned => json!("owned"),
        Said::Corrected => json!("corrected"),
    }
}

fn progress_word(progress: Progress) -> &'static str {
    match progress {
        Progress::Open => "open",
        Progress::Done => "done",
        Progress::Ended => "ended",
        Progress::Proposed => "proposed",
    }
}

fn content(content: &Content, agency: AgencyId, goal_shown: bool) -> Value {
    match content {
        Content::AboutMe { heading, text } => json!({"heading": heading, "text": text}),
        Content::Strength { kind, text, link } => {
            json!({"kind": kind.word(), "text": text, "link": link.as_ref().map(to_link)})
        }
        Content::WhatMatters { text } | Content::ContingencyPlan { text } => {
            json!({"text": text})
        }
        Content::Condition { text, impact, onset } => {
            json!({"text": text, "impact": impact, "onset": onset.as_ref().map(|date| date.as_str())})
        }
        Content::Goal { text, importance, progress } => {
            json!({"text": text, "importance": importance.map(|rating| rating.value()), "progress": progress_word(*progress)})
        }
        Content::Action(action) => json!({
            "text": action.text,
            "goalId": action.goal.filter(|_| goal_shown).map(|goal| goal.to_string()),
            "owner": action.owner,
            "ownedBy": action.party.map(|party| owned_by(party, agency)),
            "link": action.link.as_ref().map(to_link),
            "due": action.due.as_ref().map(|date| date.as_str()),
            "confidence": action.confidence.map(|rating| rating.value()),
            "progress": progress_word(action.progress),
        }),
        Content::Barrier { kind, text, owner, progress } => json!({
            "kind": kind.word(),
            "text": text,
            "ownedBy": owner.map(|owner| owned_by(Owner::Agency(owner), agency)),
            "progress": progress_word(*progress),
        }),
        Content::CheckIn { wellbeing, words } => json!({"wellbeing": wellbeing.value(), "words": words}),
        Content::Communication { needs, language, text } => {
            let needs: Vec<_> = needs.iter().map(|need| need.word()).collect();
            json!({"needs": needs, "language": language, "text": text})
        }
        Content::NotSaid => json!({"notSaid": true}),
        Content::Plan => json!({"plan": "active"}),
        Content::Contact { name, birth_date } => {
            json!({"name": name, "birthDate": birth_date.as_ref().map(|date| date.as_str())})
        }
    }
}

fn to_link(link: &Link) -> Value {
    json!({"kind": link.kind.word(), "name": link.name, "url": link.url})
}

/// Who does or owns something. Who else supports the person is another matter than what an entry says.
fn owned_by(owner: Owner, agency: AgencyId) -> Value {
    match owner {
        Owner::Person => json!({"kind": "person"}),
        Owner::Worker(worker) if worker.agency() == agency => {
            json!({"kind": "worker", "agencyId": agency.to_string(), "staffId": worker.staff().to_string()})
        }
        Owner::Agency(owner) if owner == agency => json!({"kind": "agency", "agencyId": agency.to_string()}),
        Owner::Worker(_) | Owner::Agency(_) => json!({"kind": "another-agency"}),
    }
}
