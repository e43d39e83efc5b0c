//! A consultation as a page to print and to post: how to talk with the person first, then what they are asked, and what was decided.

use domain::person::CommunicationNeed;
use letters::{Letters, Line, Page};
use proto::access::v1::Party;
use proto::access::v1::party::Kind;
use proto::consultations::v1 as pb;
use proto::people::v1::Communication;
use rpc::Error;

use crate::Consultations;

impl Consultations {
    /// The page, if it is wanted.
    pub(crate) fn page_of(
        &self,
        wanted: bool,
        consultation: &pb::Consultation,
        (communication, is_whole): (Option<&Communication>, bool),
    ) -> Result<String, Error> {
        if !wanted {
            return Ok(String::new());
        }
        let mut page = page(&self.letters, consultation, communication);
        if !is_whole {
            page.close.insert(0, self.letters.say("consultation-part", &[]));
        }
        page.html().map_err(|failed| Error::internal(&failed))
    }
}

fn page(letters: &Letters, of: &pb::Consultation, communication: Option<&Communication>) -> Page {
    let say = |name: &str| letters.say(&format!("consultation-{name}"), &[]);
    let mode = match of.mode() {
        pb::Mode::Inform => say("inform"),
        pb::Mode::Consult => say("consult"),
        pb::Mode::Involve => say("involve"),
        pb::Mode::PersonLed => say("person-led"),
        pb::Mode::Unspecified => String::new(),
    };
    let over = match of.state() {
        pb::consultation::State::Closed => say("over"),
        pb::consultation::State::Cancelled => say("cancelled"),
        pb::consultation::State::Open | pb::consultation::State::Unspecified => String::new(),
    };
    let is_open = of.state() == pb::consultation::State::Open;
    let place = if of.place.is_empty() { "none" } else { &of.place };
    let meeting =
        of.scheduled_at.map(|at| say_with(letters, "meeting", &[("when", &when(Some(at))), ("place", place)]));
    let lead = [mode, over, meeting.unwrap_or_default()].into_iter().filter(|said| !said.is_empty()).collect();
    let mut page = Page { title: of.topic.clone(), lead, ..Page::default() };
    page.tells(say("communication"), communication.map(talking).into_iter().flatten());
    page.tells(say("people"), of.participants.iter().map(|one| participant(letters, one)));
    page.tells(say("agenda"), of.agenda.iter().map(|item| agenda_item(letters, item)));
    page.tells(say("information"), of.information.iter().map(|one| information(letters, one)));
    page.tells(say("options"), of.options.iter().map(|one| option(letters, one)));
    page.tells(say("views"), of.views.iter().map(|view| Line::of(&view.words)));
    page.tells(say("decisions"), of.decisions.iter().map(|one| decision(letters, one, is_open)));
    page.close.push(say("close"));
    page
}

fn say_with(letters: &Letters, name: &str, args: &[(&'static str, &str)]) -> String {
    letters.say(&format!("consultation-{name}"), args)
}

fn when(at: Option<prost_types::Timestamp>) -> String {
    at.map(|at| sentences::moment(at.seconds.saturating_mul(1_000_000))).unwrap_or_default()
}

/// Somebody by name, role and agency.
fn who(party: Option<&Party>) -> String {
    let Some(party) = party else { return "Somebody".to_owned() };
    if party.kind() == Kind::Person {
        return "You".to_owned();
    }
    let known = [&party.name, &party.role, &party.agency_name].map(String::as_str);
    let known: Vec<_> = known.into_iter().filter(|part| !part.is_empty()).collect();
    if known.is_empty() { "Somebody".to_owned() } else { known.join(", ") }
}

fn talking(said: &Communication) -> impl Iterator<Item = Line> {
    let need = |code: &i32| u32::try_from(*code).ok().and_then(CommunicationNeed::from_code);
    let needs: Vec<_> = said.needs.iter().filter_map(need).map(CommunicationNeed::word).collect();
    [needs.join(", "), said.language.clone(), said.text.clone()]
        .into_iter()
        .filter(|said| !said.is_empty())
        .map(Line::of)
}

fn participant(letters: &Letters, one: &pb::Participant) -> Line {
    let answer = match one.answer() {
        pb::participant::Answer::Comes => "comes",
        pb::participant::Answer::DoesNotCome => "does-not-come",
        pb::participant::Answer::Unspecified => "asked",
    };
    Line::beside(who(one.party.as_ref()), say_with(letters, answer, &[]))
}

fn agenda_item(letters: &Letters, item: &pb::AgendaItem) -> Line {
    let state = match item.state() {
        pb::agenda_item::State::Addressed => "addressed",
        pb::agenda_item::State::Deferred => "deferred",
        pb::agenda_item::State::Raised | pb::agenda_item::State::Unspecified => "raised",
    };
    Line::beside(&item.text, say_with(letters, state, &[]))
}

fn information(letters: &Letters, one: &pb::Information) -> Line {
    let author = who(one.author.as_ref());
    if !one.text.is_empty() {
        return Line::beside(author, &one.text);
    }
    let until = when(one.review_by);
    Line::of(say_with(letters, "withheld", &[("who", &author), ("when", &until), ("reason", &one.reason)]))
}

fn option(letters: &Letters, one: &pb::Option) -> Line {
    let part = |name: &str, said: &str| format!("{}: {said}", say_with(letters, name, &[]));
    let good = (!one.benefits.is_empty()).then(|| part("good", &one.benefits));
    let bad = (!one.risks.is_empty()).then(|| part("bad", &one.risks));
    Line::beside(&one.text, good.into_iter().chain(bad).collect::<Vec<_>>().join("\n"))
}

fn decision(letters: &Letters, one: &pb::Decision, waits: bool) -> Line {
    let say = |name: &str, args: &[(&'static str, &str)]| say_with(letters, name, args);
    let (proposer, settler) = (who(one.proposed_by.as_ref()), who(one.settled_by.as_ref()));
    let (proposed, settled) = (when(one.proposed_at), when(one.settled_at));
    let is_own = one.proposed_by.as_ref().is_some_and(|party| party.kind() == Kind::Person);
    let mut said = vec![match one.state() {
        pb::decision::State::Proposed if waits && !is_own => {
            say("proposed", &[("who", &proposer), ("when", &proposed)])
        }
        pb::decision::State::Proposed | pb::decision::State::Objected | pb::decision::State::Unspecified => {
            let name = if is_own { "proposed-own" } else { "proposed-before" };
            say(name, &[("who", &proposer), ("when", &proposed)])
        }
        pb::decision::State::Agreed => say("agreed", &[("when", &settled)]),
        pb::decision::State::WithoutPerson => {
            say("without", &[("who", &settler), ("when", &settled), ("reason", &one.reason)])
        }
        pb::decision::State::Withdrawn => say("withdrawn", &[]),
    }];
    if !one.objection.is_empty() {
        said.push(say("objected", &[("words", &one.objection)]));
    }
    if one.follow_up_by.is_some() {
        let name = if one.overdue { "overdue" } else { "follow-up" };
        said.push(say(name, &[("when", &when(one.follow_up_by))]));
    }
    said.extend(one.reports.iter().map(|report| say("outcome", &[("words", &report.words)])));
    Line::beside(&one.text, said.join("\n"))
}
