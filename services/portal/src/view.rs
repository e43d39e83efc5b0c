//! What all pages have in common: the frame around them, and the simple one that says one thing.

use std::sync::Arc;

use askama::Template;
use axum::response::{Html, IntoResponse as _, Response};
use http::StatusCode;

use crate::session::{IDLE, Session};
use crate::{Parts, SignIn, at};

/// What stands around a page.
pub(crate) struct Frame {
    pub(crate) parts: Arc<Parts>,
    /// Which of the places it is.
    pub(crate) here: &'static str,
    /// What its forms bring back; none where nobody has signed in.
    pub(crate) form: Option<String>,
}

impl Frame {
    pub(crate) fn new(parts: &Arc<Parts>, session: Option<&Session>, here: &'static str) -> Self {
        Self { parts: parts.clone(), here, form: session.map(|session| session.form.clone()) }
    }

    pub(crate) fn say(&self, name: &str) -> String {
        self.parts.words.say(name)
    }

    /// The words under this name, with the one thing that they speak of.
    pub(crate) fn with(&self, name: &str, of: &'static str, what: &str) -> String {
        self.parts.words.with(name, &[(of, what)])
    }

    pub(crate) fn name(&self) -> &str {
        &self.parts.settings.name
    }

    pub(crate) fn asset(&self, name: &str) -> &str {
        self.parts.assets.path(name)
    }

    /// Where one can go, and what it is called.
    pub(crate) fn places(&self) -> Vec<(&'static str, String)> {
        let places = [
            (at::HOME, "home"),
            (at::LOOKED, "looked"),
            (at::SHARING, "sharing"),
            (at::RECORD, "record"),
            (at::CONSULTATIONS, "consultations"),
            (at::PEOPLE, "people"),
            (at::TIMELINE, "timeline"),
        ];
        places.map(|(path, name)| (path, self.say(&format!("place-{name}")))).into()
    }

    /// Whether it is this place.
    pub(crate) fn is_here(&self, path: &str) -> bool {
        self.here == path
    }

    /// Whether it is a place of sample people.
    pub(crate) fn is_sample(&self) -> bool {
        matches!(self.parts.settings.sign_in, SignIn::Samples(_))
    }

    /// After how many seconds without a click somebody is signed out.
    pub(crate) fn idle_seconds(&self) -> u64 {
        IDLE.as_secs()
    }

    pub(crate) fn sign_in_path(&self) -> &'static str {
        at::SIGN_IN
    }

    pub(crate) fn stay_path(&self) -> &'static str {
        at::STAY
    }

    pub(crate) fn sign_out_path(&self) -> &'static str {
        at::SIGN_OUT
    }

    pub(crate) fn leave_path(&self) -> &'static str {
        at::LEAVE
    }

    pub(crate) fn statement_path(&self) -> &'static str {
        at::STATEMENT
    }
}

/// A page that can be answered with.
pub(crate) trait Page: Template {
    /// The answer.
    fn response(&self, status: StatusCode) -> Response {
        match self.render() {
            Ok(html) => (status, Html(html)).into_response(),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a page could not be written");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

impl<T: Template> Page for T {}

/// A page that says one thing.
#[derive(Template)]
#[template(path = "plain.html")]
pub(crate) struct Plain {
    frame: Frame,
    heading: String,
    lines: Vec<String>,
    /// Where one can go from here.
    links: Vec<(&'static str, String)>,
}

impl Plain {
    /// That something could not be done.
    pub(crate) fn fault(frame: Frame, name: &str, detail: Option<String>) -> Self {
        let heading = frame.say(&format!("fault-{name}"));
        let lines = [Some(frame.say(&format!("fault-{name}-then"))), detail].into_iter().flatten().collect();
        let links = vec![(at::HOME, frame.say("fault-home"))];
        Self { frame, heading, lines, links }
    }
}

/// Something that can be chosen: what it is by in a form, its name, and whether it is chosen.
#[derive(Clone)]
pub(crate) struct Offered {
    pub(crate) value: String,
    pub(crate) name: String,
    pub(crate) chosen: bool,
}

impl Offered {
    /// These, by what they are by and are called, of which the one that is `chosen` is.
    pub(crate) fn each<T: ToString + PartialEq>(all: impl IntoIterator<Item = (T, String)>, chosen: &T) -> Vec<Self> {
        let offered = |(value, name): (T, String)| Self { value: value.to_string(), name, chosen: value == *chosen };
        all.into_iter().map(offered).collect()
    }
}

/// A thing that happened, and when.
pub(crate) struct Item {
    pub(crate) time: String,
    pub(crate) text: String,
    /// What it stands out by; empty when it does not.
    pub(crate) tag: String,
    /// Where there is more of it; empty when there is not.
    pub(crate) link: String,
}

/// What happened on a day.
pub(crate) struct Day {
    pub(crate) name: String,
    pub(crate) items: Vec<Item>,
}

/// Things by their day, in the order that they come in.
pub(crate) fn by_day(items: impl IntoIterator<Item = (String, Item)>) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for (name, item) in items {
        match days.last_mut().filter(|day| day.name == name) {
            Some(day) => day.items.push(item),
            None => days.push(Day { name, items: vec![item] }),
        }
    }
    days
}
