//! One talk: how to communicate with the person first, then what they are asked, what there is to choose from, what was decided, and what came of it.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use client::request_id;
use http::StatusCode;
use proto::consultations::v1::consultation::State;
use proto::consultations::v1::{
    AgendaItem, Consultation, Decision, GetMyConsultationRequest, Information, Mode, Participant, PersonView, Said,
    agenda_item, decision, participant,
};
use proto::people::v1::{Communication, CommunicationNeed};
use serde::Deserialize;

use super::super::agencies::advocates;
use super::super::people::workers;
use super::super::said::{entered, is_you, on, said_by, who};
use super::super::{Shown, shown};
use super::decided::{self, Decided, Waiting};
use crate::at;
use crate::fault::Fault;
use crate::session::SignedIn;
use crate::view::{Day, Frame, Item, Offered, Page as _, by_day};
use crate::words::Words;

/// How a talk is laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Layout {
    #[default]
    Usual,
    /// In large letters.
    Large,
    /// One thing at a time: what is asked first and in boxes of its own, all else put away.
    Easy,
}

impl Layout {
    const ALL: [Self; 3] = [Self::Usual, Self::Large, Self::Easy];

    /// The one with this number, from 1; of what the person needs, where they have not chosen one.
    fn of(chosen: usize, needs: Option<&Communication>) -> Self {
        let needs = |need: CommunicationNeed| needs.is_some_and(|said| said.needs.contains(&i32::from(need)));
        let chosen = chosen.checked_sub(1).and_then(|nth| Self::ALL.get(nth)).copied();
        chosen.unwrap_or_else(|| match () {
            () if needs(CommunicationNeed::EasyRead) => Self::Easy,
            () if needs(CommunicationNeed::LargePrint) => Self::Large,
            () => Self::Usual,
        })
    }

    fn number(self) -> usize {
        1 + Self::ALL.iter().position(|one| *one == self).unwrap_or_default()
    }
}

/// Which page of it is wanted.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    /// What it must reflect.
    at: u64,
    /// In which layout, from 1; 0 for the one that suits the person.
    #[serde(rename = "as")]
    layout: usize,
    /// 1 when only half of what was sent could be done.
    half: u8,
}

/// Something to choose.
struct Choice {
    text: String,
    good: String,
    bad: String,
}

/// What the person said.
pub(in crate::pages) struct View {
    id: String,
    pub(in crate::pages) words: String,
    /// What it is of, if it is of one decision.
    pub(in crate::pages) of: String,
    pub(in crate::pages) entered: String,
}

/// Something to talk about.
pub(in crate::pages) struct Point {
    id: String,
    pub(in crate::pages) text: String,
    pub(in crate::pages) state: String,
    /// Whether the person says whether it was talked about.
    is_theirs: bool,
}

#[derive(Template)]
#[template(path = "consultation.html")]
struct One {
    frame: Frame,
    topic: String,
    lead: Vec<String>,
    layout: Layout,
    /// Where it is in other layouts: the address, what that is called, and whether it is this one.
    layouts: Vec<(String, String, bool)>,
    talking: Vec<String>,
    /// That they said something, and their yes came too late; empty when it did not.
    half: String,
    /// What waits for them: what each part is called, and what is in it.
    waiting: Vec<(String, Vec<Waiting>)>,
    options: Vec<Choice>,
    decided: Vec<Decided>,
    views: Vec<View>,
    points: Vec<Point>,
    told: Vec<(String, String)>,
    people: Vec<String>,
    /// Whom they can ask to take part.
    workers: Vec<Offered>,
    days: Vec<Day>,
    is_open: bool,
    /// Whether the person keeps it to those whom they named.
    is_kept: bool,
    /// Whether there is somebody else who knows of it.
    is_known: bool,
    /// Whether there is something to choose in it, and whether something can be put forward now.
    decides: bool,
    can_propose: bool,
    incomplete: bool,
}

impl One {
    fn request(&self) -> String {
        request_id()
    }

    /// What a field is called in the page, that stands there once for each thing.
    fn field(&self, name: &str, of: &str) -> String {
        format!("{name}-{of}")
    }

    fn is_easy(&self) -> bool {
        self.layout == Layout::Easy
    }

    /// What its forms bring back, so that the page comes in the same layout.
    fn layout_number(&self) -> usize {
        self.layout.number()
    }
}

pub(crate) async fn one(by: SignedIn, Path(id): Path<String>, Query(wanted): Query<Wanted>) -> Shown {
    shown(&by.parts, page(&by, id, wanted)).await
}

async fn page(by: &SignedIn, consultation_id: String, wanted: Wanted) -> Result<Response, Fault> {
    let words = &by.parts.words;
    let path = at::CONSULTATION.replace("{id}", &consultation_id);
    let ask = GetMyConsultationRequest { consultation_id, as_page: false, at_least_position: wanted.at };
    let told = by.client.consultations().get_my_consultation(ask).await?.into_inner();
    let of = told.consultation.ok_or(Fault::Nothing)?;
    let layout = Layout::of(wanted.layout, told.communication.as_ref());
    let is_open = of.state() == State::Open;
    let (waiting, settled): (Vec<_>, Vec<_>) =
        of.decisions.iter().partition(|one| is_open && one.state() == decision::State::Proposed);
    let advocates = if settled.iter().any(|one| decided::wants_advocate(one)) {
        advocates(by, &decided::deciding(&of)).await?
    } else {
        vec![]
    };
    let (own, asked): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|one| is_you(one.proposed_by.as_ref()));
    let waiting = [("talk-waiting", asked), ("talk-own", own)].map(|(name, those)| {
        let those: Vec<_> = those.into_iter().map(|one| Waiting::of(words, one, &of)).collect();
        (words.say(name), those)
    });
    let (workers, _) = workers(by).await?;
    let takes_part =
        |staff: &str| of.participants.iter().filter_map(|one| one.party.as_ref()).any(|party| party.staff_id == staff);
    let workers = workers.into_iter().filter(|one| !takes_part(&one.staff_id)).map(|one| (one.staff_id, one.name));
    let page = One {
        frame: Frame::new(&by.parts, Some(&by.session), at::CONSULTATIONS),
        lead: lead(words, &of),
        layout,
        layouts: Layout::ALL
            .map(|one| {
                let number = one.number();
                (format!("{path}?as={number}"), words.say(&format!("layout-{number}")), one == layout)
            })
            .into(),
        talking: talking(words, told.communication.as_ref()),
        half: if wanted.half == 0 { String::new() } else { words.say("talk-half") },
        waiting: waiting.into_iter().filter(|(_, those)| !those.is_empty()).collect(),
        options: of.options.iter().map(choice).collect(),
        decided: settled.into_iter().map(|one| Decided::of(words, one, is_open, &advocates)).collect(),
        views: of.views.iter().map(|one| view(words, one, &of.decisions)).collect(),
        points: of.agenda.iter().map(|one| point(words, one, is_open)).collect(),
        told: of.information.iter().map(|one| information(words, one)).collect(),
        people: of.participants.iter().map(|one| participant(words, one)).collect(),
        days: history(words, &of),
        is_open,
        workers: Offered::each(workers, &String::new()),
        is_kept: of.kept,
        is_known: !of.staff_ids.is_empty(),
        decides: !matches!(of.mode(), Mode::Inform | Mode::Unspecified),
        // People choose together: there are two options first.
        can_propose: match of.mode() {
            Mode::Inform | Mode::Unspecified => false,
            Mode::Involve => of.options.len() >= 2,
            Mode::Consult | Mode::PersonLed => true,
        },
        incomplete: told.incomplete,
        topic: of.topic,
    };
    Ok(page.response(StatusCode::OK))
}

/// How the person takes part, whether it goes on, and when people meet.
pub(in crate::pages) fn lead(words: &Words, of: &Consultation) -> Vec<String> {
    let mode = match of.mode() {
        Mode::Unspecified => String::new(),
        mode @ (Mode::Inform | Mode::Consult | Mode::Involve | Mode::PersonLed) => {
            words.say(&format!("talk-mode-{}", i32::from(mode)))
        }
    };
    let over = match of.state() {
        State::Closed => words.say("talk-over"),
        State::Cancelled => words.say("talk-cancelled"),
        State::Open | State::Unspecified => String::new(),
    };
    let meeting = of.scheduled_at.map(|at| {
        let name = if of.state() == State::Open && words.is_ahead(&at) { "talk-meeting" } else { "talk-met" };
        words.with(name, &[("when", &words.moment(&at)), ("place", &of.place)])
    });
    [mode, over, meeting.unwrap_or_default()].into_iter().filter(|said| !said.is_empty()).collect()
}

/// How to communicate with the person, as they said it last.
pub(super) fn talking(words: &Words, said: Option<&Communication>) -> Vec<String> {
    let Some(said) = said else { return vec![] };
    let needs = said.needs.iter().map(|need| words.say(&format!("need-{need}")));
    let language = (!said.language.is_empty()).then(|| words.with("talk-language", &[("language", &said.language)]));
    needs.chain(language).chain([said.text.clone()]).filter(|line| !line.is_empty()).collect()
}

fn choice(one: &proto::consultations::v1::Option) -> Choice {
    Choice { text: one.text.clone(), good: one.benefits.clone(), bad: one.risks.clone() }
}

pub(in crate::pages) fn view(words: &Words, one: &PersonView, decisions: &[Decision]) -> View {
    let of = decisions.iter().find(|known| !one.decision_id.is_empty() && known.decision_id == one.decision_id);
    View {
        id: one.view_id.clone(),
        words: one.words.clone(),
        of: of.map(|known| words.with("talk-view-of", &[("what", &known.text)])).unwrap_or_default(),
        entered: entered(words, one.entered_by.as_ref(), &one.on_their_word),
    }
}

pub(in crate::pages) fn point(words: &Words, one: &AgendaItem, is_open: bool) -> Point {
    let is_raised = one.state() == agenda_item::State::Raised;
    Point {
        id: one.item_id.clone(),
        text: one.text.clone(),
        state: words.say(&format!("talk-point-{}", i32::from(one.state()))),
        is_theirs: is_open && is_raised && one.raised_by_person,
    }
}

pub(in crate::pages) fn information(words: &Words, one: &Information) -> (String, String) {
    let said = said_by(words, one.author.as_ref(), one.at);
    if !one.text.is_empty() {
        return (said, one.text.clone());
    }
    let name = if one.overdue { "talk-withheld-overdue" } else { "talk-withheld" };
    let ground = words.say(&format!("withheld-{}", one.ground));
    let told = words.with(name, &[("day", &on(words, one.review_by)), ("reason", &one.reason), ("ground", &ground)]);
    (said, told)
}

pub(in crate::pages) fn participant(words: &Words, one: &Participant) -> String {
    let name = match (one.answer(), is_you(one.party.as_ref())) {
        (participant::Answer::Comes, false) => "talk-comes",
        (participant::Answer::DoesNotCome, false) => "talk-does-not-come",
        (participant::Answer::Unspecified, false) => "talk-asked-to-come",
        (participant::Answer::Comes, true) => "talk-you-come",
        (participant::Answer::DoesNotCome, true) => "talk-you-do-not-come",
        (participant::Answer::Unspecified, true) => "talk-you-are-asked",
    };
    words.with(name, &[("who", &who(words, one.party.as_ref()))])
}

/// Everything that was said and done in it, the newest first.
pub(in crate::pages) fn history(words: &Words, of: &Consultation) -> Vec<Day> {
    let texts = of.agenda.iter().map(|one| (one.item_id.as_str(), one.text.as_str()));
    let texts = texts.chain(of.options.iter().map(|one| (one.option_id.as_str(), one.text.as_str())));
    let texts = texts.chain(of.decisions.iter().map(|one| (one.decision_id.as_str(), one.text.as_str())));
    let about: HashMap<_, _> = texts.filter(|(id, _)| !id.is_empty()).collect();
    let item = |one: &Said| {
        let at = one.said_at.unwrap_or_default();
        let did = words.with(&format!("said-{}", i32::from(one.kind())), &[("who", &who(words, one.author.as_ref()))]);
        let about = about.get(one.about_id.as_str()).map(|text| (*text).to_owned()).unwrap_or_default();
        let entered = entered(words, one.author.as_ref().filter(|_| !one.on_their_word.is_empty()), &one.on_their_word);
        let lines: Vec<_> =
            [did, about, one.words.clone(), entered].into_iter().filter(|line| !line.is_empty()).collect();
        let text = lines.join("\n");
        (words.day(&at), Item { time: words.time(&at), text, tag: String::new(), link: String::new() })
    };
    by_day(of.said.iter().rev().map(item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_needs_it_gets_large_letters_or_one_thing_at_a_time_unless_they_choose() {
        let said = |need: CommunicationNeed| Communication { needs: vec![need.into()], ..Communication::default() };
        let of = |chosen, said: Option<Communication>| Layout::of(chosen, said.as_ref());
        assert_eq!(of(0, None), Layout::Usual);
        assert_eq!(of(0, Some(said(CommunicationNeed::LargePrint))), Layout::Large);
        assert_eq!(of(0, Some(said(CommunicationNeed::EasyRead))), Layout::Easy);
        assert_eq!(of(1, Some(said(CommunicationNeed::EasyRead))), Layout::Usual);
        assert_eq!(of(99, None), Layout::Usual);
        assert!(Layout::ALL.iter().all(|one| Layout::of(one.number(), None) == *one));
    }
}
