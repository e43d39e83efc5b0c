//! An entry on the wire.

use proto::people::v1 as pb;
use proto::people::v1::entry::Content as Wire;
use rpc::words::{Names, party, timestamp, to_sensitivity};
use views::record::{ActionDoc, Content, EntryDoc, Progress};

pub(crate) fn to_wire(doc: EntryDoc, names: &impl Names) -> pb::Entry {
    pb::Entry {
        entry_id: doc.entry.to_string(),
        category: i32::from(doc.category.code()),
        sensitivity: Some(to_sensitivity(&doc.sensitivity)),
        author: Some(party(doc.author, "", names)),
        recorded_at: Some(timestamp(doc.at)),
        content: Some(content(doc.content)),
    }
}

fn content(content: Content) -> Wire {
    match content {
        Content::AboutMe { heading, text } => Wire::AboutMe(pb::AboutMeSection { heading, text }),
        Content::Strength { text } => Wire::Strength(pb::Strength { text }),
        Content::WhatMatters { text } => Wire::WhatMatters(pb::WhatMatters { text }),
        Content::Condition { text, impact, onset } => Wire::Condition(pb::Condition { text, impact, onset }),
        Content::Goal { text, importance, progress: at } => {
            Wire::Goal(pb::Goal { text, importance: u32::from(importance), progress: progress(at) })
        }
        Content::Action(doc) => Wire::Action(action(doc)),
        Content::Contact { name, birth_date } => Wire::Contact(pb::Contact { name, birth_date }),
    }
}

fn action(doc: ActionDoc) -> pb::PlannedAction {
    pb::PlannedAction {
        text: doc.text,
        goal_id: doc.goal.map(|goal| goal.to_string()).unwrap_or_default(),
        owner: doc.owner,
        due: doc.due,
        confidence: u32::from(doc.confidence),
        progress: progress(doc.progress),
        notes: doc.notes,
    }
}

fn progress(progress: Progress) -> i32 {
    match progress {
        Progress::Open => pb::Progress::Open,
        Progress::Done => pb::Progress::Done,
        Progress::Ended => pb::Progress::Ended,
    }
    .into()
}
