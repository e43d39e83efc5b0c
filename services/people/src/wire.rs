//! An entry in the words of the wire.

use domain::ids::AgencyId;
use domain::person::{Content, Owner, PlannedAction, Progress};
use domain::values::{Date, Link, LinkKind, Rating};
use domain::vocabulary::{Author, Sensitivity, Timestamp};
use proto::access::v1::Party;
use proto::people::v1 as pb;
use proto::people::v1::entry::Content as Wire;
use proto::people::v1::entry_change::What;
use rpc::{Directory, Error, words};
use views::record::{ChangeDoc, EntryDoc, ReplyDoc, Said};

/// What people are called, and which agencies a reader is told of: another one is "another agency".
pub(crate) struct Told<'a, F> {
    pub(crate) names: &'a Directory,
    pub(crate) told: F,
}

impl<F: Fn(AgencyId) -> bool> Told<'_, F> {
    fn party(&self, author: Author, role: &str, at: Timestamp) -> Party {
        let elsewhere = author.worker().is_some_and(|worker| !(self.told)(worker.agency()));
        if elsewhere { words::another_agency() } else { words::party(author, role, at, self.names) }
    }

    fn agency(&self, agency: AgencyId) -> Party {
        if (self.told)(agency) { words::agency(agency, self.names) } else { words::another_agency() }
    }
}

/// An entry on the wire. `party` tells an author, in the role that they had then.
pub(crate) fn entry(told: &Told<'_, impl Fn(AgencyId) -> bool>, now: Timestamp, doc: EntryDoc) -> pb::Entry {
    let party = |author, role: &str, at| told.party(author, role, at);
    let change = |change: ChangeDoc| pb::EntryChange {
        author: Some(party(change.author, &change.role, change.at)),
        said_at: Some(words::timestamp(change.at)),
        what: Some(match change.what {
            Said::Stands(at) => What::Progress(progress(at)),
            Said::Noted => What::Noted(true),
            Said::Important(importance) => What::Importance(u32::from(importance.value())),
            Said::Confident(confidence) => What::Confidence(u32::from(confidence.value())),
            Said::Owned => What::Owned(true),
            Said::Corrected => What::Corrected(true),
        }),
        words: change.words,
        before: change.before,
    };
    pb::Entry {
        entry_id: doc.entry.to_string(),
        category: i32::from(doc.category.code()),
        sensitivity: Some(words::to_sensitivity(&doc.sensitivity)),
        author: Some(party(doc.author, &doc.role, doc.at)),
        recorded_at: match &doc.imported {
            None => Some(words::timestamp(doc.at)),
            Some(imported) => imported.recorded.as_ref().and_then(Date::begins).map(words::timestamp),
        },
        imported_at: doc.imported.as_ref().map(|_| words::timestamp(doc.at)),
        imported_from: doc.imported.map(|imported| imported.from).unwrap_or_default(),
        content: Some(content(told, &doc.sensitivity, doc.content)),
        changes: doc.changes.into_iter().map(change).collect(),
        replies: doc.replies.into_iter().map(|one| reply(party, now, one)).collect(),
    }
}

fn reply(party: impl Fn(Author, &str, Timestamp) -> Party, now: Timestamp, doc: ReplyDoc) -> pb::Reply {
    let overdue = doc.is_overdue(now);
    let answer = doc.answer.map(|answer| pb::ReplyAnswer {
        author: Some(party(answer.author, &answer.role, answer.at)),
        said_at: Some(words::timestamp(answer.at)),
        words: answer.words,
    });
    pb::Reply {
        reply_id: doc.reply.to_string(),
        kind: i32::from(doc.kind.code()),
        words: doc.words,
        said_at: Some(words::timestamp(doc.at)),
        answer_by: doc.answer_by.map(words::timestamp),
        overdue,
        answer,
        taken_back: doc.taken_back,
    }
}

fn content(told: &Told<'_, impl Fn(AgencyId) -> bool>, sensitivity: &Sensitivity, content: Content) -> Wire {
    match content {
        Content::AboutMe { heading, text } => Wire::AboutMe(pb::AboutMeSection { heading, text }),
        Content::Strength { kind, text, link } => {
            Wire::Strength(pb::Strength { kind: i32::from(kind.code()), text, link: link.map(to_link) })
        }
        Content::WhatMatters { text } => Wire::WhatMatters(pb::WhatMatters { text }),
        Content::ContingencyPlan { text } => Wire::ContingencyPlan(pb::ContingencyPlan { text }),
        Content::Condition { text, impact, onset } => {
            Wire::Condition(pb::Condition { text, impact, onset: date(onset) })
        }
        Content::Goal { text, importance, progress: at } => {
            Wire::Goal(pb::Goal { text, importance: rating(importance), progress: progress(at) })
        }
        Content::Action(doc) => Wire::Action(action(told, doc)),
        Content::Barrier { kind, text, owner, progress: at } => Wire::Barrier(pb::Barrier {
            text,
            kind: i32::from(kind.code()),
            owner: owner.map(|agency| told.agency(agency)),
            progress: progress(at),
        }),
        Content::CheckIn { wellbeing, words } => Wire::CheckIn(pb::CheckIn {
            wellbeing: u32::from(wellbeing.value()),
            words,
            private: *sensitivity == Sensitivity::private(),
        }),
        Content::Communication { needs, language, text } => {
            Wire::Communication(words::communication(&needs, language, text))
        }
        Content::NotSaid => Wire::NotSaid(true),
        Content::Plan => Wire::Plan(true),
        Content::Contact { name, birth_date } => Wire::Contact(pb::Contact { name, birth_date: date(birth_date) }),
    }
}

fn action(told: &Told<'_, impl Fn(AgencyId) -> bool>, doc: PlannedAction) -> pb::PlannedAction {
    let owned_by = doc.party.map(|owner| match owner {
        Owner::Person => words::party_now(Author::Person, told.names),
        Owner::Worker(worker) => told.party(Author::Worker(worker), "", Timestamp::NEVER),
        Owner::Agency(agency) => told.agency(agency),
    });
    pb::PlannedAction {
        text: doc.text,
        goal_id: doc.goal.map(|goal| goal.to_string()).unwrap_or_default(),
        owner: doc.owner,
        due: date(doc.due),
        confidence: rating(doc.confidence),
        progress: progress(doc.progress),
        notes: doc.notes,
        owned_by,
        link: doc.link.map(to_link),
    }
}

fn progress(progress: Progress) -> i32 {
    match progress {
        Progress::Open => pb::Progress::Open,
        Progress::Done => pb::Progress::Done,
        Progress::Ended => pb::Progress::Ended,
        Progress::Proposed => pb::Progress::Proposed,
    }
    .into()
}

fn date(date: Option<Date>) -> String {
    date.as_ref().map(Date::as_str).unwrap_or_default().to_owned()
}

fn rating(rating: Option<Rating>) -> u32 {
    rating.map_or(0, |rating| u32::from(rating.value()))
}

/// A link in a request.
pub(crate) fn link(wire: pb::Link) -> Result<Link, Error> {
    let kind = if wire.kind == 0 { LinkKind::Page } else { rpc::one_of("link.kind", wire.kind, LinkKind::from_code)? };
    Ok(Link { kind, name: wire.name, url: wire.url })
}

fn to_link(link: Link) -> pb::Link {
    pb::Link { kind: i32::from(link.kind.code()), name: link.name, url: link.url }
}
