//! What was said to bring a person in, or to find them: by whom, and what became of each code.

use domain::StreamKind;
use domain::ids::{InvitationId, PersonId};
use domain::invitation::events::InvitationEvent;
use domain::person::events::PersonEvent;
use domain::vocabulary::{Author, Timestamp};
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};

use crate::consultations::By;
use crate::view::changed;
use crate::{ApplyError, Key, View};

/// A code, and what was said with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationDoc {
    /// Its id.
    pub invitation: InvitationId,
    /// Who made it.
    pub by: By,
    /// What it is for.
    pub kind: InvitationKind,
    /// The name that whoever invited knew the person by.
    pub name: String,
    /// How they reached them.
    pub reach: String,
    /// What they offered; why somebody may sign in anew; or what the person said to whom they gave it.
    pub words: String,
    /// Who confirmed it, and why, if it needed that and somebody did.
    pub confirmed: Option<(By, String)>,
    /// Until when it is taken.
    pub expires: Timestamp,
    /// Whom it came to, and when.
    pub used: Option<By>,
    /// When the person took it back, if they did.
    pub revoked: Option<Timestamp>,
}

impl InvitationDoc {
    /// Whether the code can be used, or can be used once it is confirmed: what the person may take back.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.used.is_none() && self.revoked.is_none() && now < self.expires
    }
}

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InvitationKind {
    /// Coming in.
    Newcomer,
    /// Signing in anew.
    Return,
    /// Being found.
    Finding,
}

/// Before all of a person.
#[must_use]
pub fn of_person(person: PersonId) -> Key {
    Key::new().id(person)
}

/// The view.
#[derive(Debug)]
pub struct Invitations;

impl View for Invitations {
    type Doc = InvitationDoc;

    const NAME: &'static str = "invitations";
    const CODE: i32 = 2;
    const KINDS: &'static [StreamKind] = &[StreamKind::Invitation, StreamKind::Person];

    fn key(event: &Envelope) -> Option<Key> {
        if let Event::Invitation(_) = &event.event {
            return Some(of_person(PersonId(event.subject())).id(event.stream));
        }
        // Of whoever was here already, and took it up.
        let Event::Person(PersonEvent::PersonInvited(e)) = &event.event else { return None };
        Some(of_person(PersonId(event.stream)).id(e.invitation))
    }

    fn apply(event: &Envelope, doc: Option<InvitationDoc>) -> Result<Option<InvitationDoc>, ApplyError> {
        let by = || By::of(event);
        let begun = |kind, words: &String, expires| InvitationDoc {
            invitation: InvitationId(event.stream),
            by: by(),
            kind,
            name: String::new(),
            reach: String::new(),
            words: words.clone(),
            confirmed: None,
            expires,
            used: None,
            revoked: None,
        };
        if let Event::Person(PersonEvent::PersonInvited(e)) = &event.event {
            let invited_by = By { author: Author::Worker(e.worker), role: String::new(), at: e.invited_at };
            let begun = InvitationDoc {
                invitation: e.invitation,
                by: invited_by,
                name: e.name.clone(),
                reach: e.reach.clone(),
                ..begun(InvitationKind::Newcomer, &e.offer, e.invited_at)
            };
            return Ok(Some(InvitationDoc { used: Some(by()), ..doc.unwrap_or(begun) }));
        }
        let Event::Invitation(happened) = &event.event else { return Ok(doc) };
        Ok(Some(match happened {
            InvitationEvent::NewcomerInvited(e) => InvitationDoc {
                name: e.name.clone(),
                reach: e.reach.clone(),
                ..begun(InvitationKind::Newcomer, &e.offer, e.expires)
            },
            InvitationEvent::ReturnInvited(e) => begun(InvitationKind::Return, &e.reason, e.expires),
            InvitationEvent::CodeGiven(e) => begun(InvitationKind::Finding, &e.message, e.expires),
            InvitationEvent::ReturnConfirmed(e) => {
                return changed(doc, |doc| doc.confirmed = Some((by(), e.reason.clone())));
            }
            InvitationEvent::CodeUsed(_) => return changed(doc, |doc| doc.used = Some(by())),
            InvitationEvent::CodeRevoked(_) => return changed(doc, |doc| doc.revoked = Some(event.at)),
        }))
    }
}
