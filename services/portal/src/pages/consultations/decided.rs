//! Decisions: those that wait for the person, and those that were settled, with what came of them since.

use std::collections::HashSet;

use proto::consultations::v1::decision::State;
use proto::consultations::v1::said::Kind;
use proto::consultations::v1::{Advocate, Consultation, Decision, OutcomeReport, Said};

use super::super::said::{is_you, moment, on, said_by, who};
use crate::view::Offered;
use crate::words::Words;

/// A decision that waits for the person.
pub(super) struct Waiting {
    pub(super) id: String,
    pub(super) text: String,
    /// Who put it forward, and when.
    pub(super) by: String,
    /// What they said of it so far.
    pub(super) views: Vec<String>,
    /// That they do not want to choose, and who said so; empty when nobody did.
    pub(super) declined: String,
    /// Whether it is theirs: then they can take it away again.
    pub(super) is_own: bool,
}

impl Waiting {
    pub(super) fn of(words: &Words, one: &Decision, of: &Consultation) -> Self {
        let views = of.views.iter().filter(|view| view.decision_id == one.decision_id);
        let declined = declined(&of.said, &one.decision_id).map(|said| {
            let who = who(words, said.author.as_ref());
            let said_how = [said.words.as_str(), said.on_their_word.as_str()].join(" ");
            words.with("talk-declined", &[("who", &who), ("words", said_how.trim())])
        });
        Self {
            id: one.decision_id.clone(),
            text: one.text.clone(),
            by: put(words, one),
            views: views.map(|view| view.words.clone()).collect(),
            declined: declined.unwrap_or_default(),
            is_own: is_you(one.proposed_by.as_ref()),
        }
    }
}

/// That the person does not want to choose, as it was said last and not taken back.
fn declined<'a>(said: &'a [Said], decision: &str) -> Option<&'a Said> {
    let is_about = |one: &&Said| {
        one.about_id == decision && matches!(one.kind(), Kind::ParticipationDeclined | Kind::AnswerTakenBack)
    };
    said.iter().rfind(is_about).filter(|one| one.kind() == Kind::ParticipationDeclined)
}

/// Who put it forward, and when.
fn put(words: &Words, one: &Decision) -> String {
    let who = who(words, one.proposed_by.as_ref());
    words.with("talk-put", &[("who", &who), ("day", &on(words, one.proposed_at))])
}

/// What was decided, or was said no to.
#[derive(Default)]
pub(in crate::pages) struct Decided {
    pub(super) id: String,
    pub(in crate::pages) text: String,
    /// Where it stands, and by when they are told what came of it.
    pub(in crate::pages) lines: Vec<String>,
    /// What was told of it since: by whom, and what.
    pub(in crate::pages) told: Vec<(String, String)>,
    pub(super) can_object: bool,
    pub(super) can_take_back: bool,
    pub(super) can_dispute: bool,
    pub(super) can_withdraw: bool,
    /// To whom a no can be taken, of those who support the person and decided nothing here.
    pub(super) advocates: Vec<Offered>,
}

impl Decided {
    pub(in crate::pages) fn of(words: &Words, one: &Decision, is_open: bool, advocates: &[Offered]) -> Self {
        let (state, objected) = (one.state(), !one.objection.is_empty());
        let entered = one.objection_entered_by.is_some();
        // What was told before they took their answer back is of another answer.
        let since = |report: &&OutcomeReport| match (report.told_at, one.settled_at) {
            (Some(told), Some(settled)) => (told.seconds, told.nanos) >= (settled.seconds, settled.nanos),
            _ => true,
        };
        let last = one.reports.iter().rfind(since).filter(|_| is_settled(state));
        let waits = last.is_none_or(|report| !report.disputed.is_empty());
        let mut lines = vec![put(words, one), stands(words, one)];
        lines.extend(no(words, one));
        if let Some(by) = one.follow_up_by.filter(|_| one.overdue || waits) {
            let name = if one.overdue { "talk-overdue" } else { "talk-follow-up" };
            lines.push(words.with(name, &[("day", &words.day(&by))]));
        }
        lines.retain(|line| !line.is_empty());
        let mut told: Vec<_> = one.reports.iter().flat_map(|report| reported(words, report)).collect();
        told.extend(one.advocate.as_ref().map(|advocate| heard(words, advocate)));
        let stands = objected && state != State::Withdrawn;
        Self {
            id: one.decision_id.clone(),
            text: one.text.clone(),
            lines,
            told,
            // What somebody entered for them they can say themselves: then it is theirs alone.
            can_object: match state {
                State::WithoutPerson => !objected || entered,
                State::Objected => is_open && entered,
                State::Unspecified | State::Proposed | State::Agreed | State::Withdrawn => false,
            },
            can_take_back: (is_open && state == State::Agreed)
                || (stands && (is_open || state == State::WithoutPerson)),
            can_dispute: last.is_some_and(|report| report.disputed.is_empty()),
            can_withdraw: is_open && state == State::Objected && is_you(one.proposed_by.as_ref()),
            advocates: if wants_advocate(one) { advocates.to_vec() } else { vec![] },
        }
    }

    /// Whether there is something that the person can say to it.
    pub(super) fn can_say(&self) -> bool {
        self.can_object || self.can_take_back || self.can_dispute || self.can_withdraw || !self.advocates.is_empty()
    }
}

fn is_settled(state: State) -> bool {
    matches!(state, State::Agreed | State::WithoutPerson)
}

/// Whether a no stands that can be taken to an advocate: none was asked, or they have not answered in time.
pub(super) fn wants_advocate(one: &Decision) -> bool {
    let is_with_nobody = one.advocate.as_ref().is_none_or(|advocate| advocate.overdue);
    !one.objection.is_empty() && one.state() != State::Withdrawn && is_with_nobody
}

/// The agencies that have proposed or decided something in a talk: they are not independent of it.
pub(super) fn deciding(of: &Consultation) -> HashSet<String> {
    let parties = of.decisions.iter().flat_map(|one| [&one.proposed_by, &one.settled_by]).flatten();
    parties.map(|party| party.agency_id.clone()).collect()
}

/// Where it stands.
fn stands(words: &Words, one: &Decision) -> String {
    let (by, day) = (who(words, one.settled_by.as_ref()), on(words, one.settled_at));
    let name = format!("talk-decided-{}", i32::from(one.state()));
    words.with(&name, &[("who", &by), ("day", &day), ("reason", &one.reason)])
}

/// The person's no, and who wrote it down for them.
fn no(words: &Words, one: &Decision) -> Vec<String> {
    if one.objection.is_empty() {
        return vec![];
    }
    let said = words.with("talk-no", &[("words", &one.objection), ("day", &on(words, one.objected_at))]);
    let entered = one.objection_entered_by.as_ref();
    let entered = entered.map(|by| words.with("talk-no-entered", &[("who", &who(words, Some(by)))]));
    [Some(said), entered].into_iter().flatten().collect()
}

/// What was told of what came of it, and what of that is not so.
fn reported(words: &Words, report: &OutcomeReport) -> Vec<(String, String)> {
    let outcome = words.say(&format!("outcome-{}", report.outcome));
    let told = (said_by(words, report.author.as_ref(), report.told_at), format!("{outcome}\n{}", report.words));
    if report.disputed.is_empty() {
        return vec![told];
    }
    let when = moment(words, report.disputed_at);
    let by = words.with("said-by", &[("who", &words.say("you")), ("when", &when)]);
    vec![told, (by, words.with("talk-not-so", &[("words", &report.disputed)]))]
}

/// What came of a no that is with an advocate.
fn heard(words: &Words, advocate: &Advocate) -> (String, String) {
    if !advocate.answer.is_empty() {
        return (said_by(words, advocate.answered_by.as_ref(), advocate.answered_at), advocate.answer.clone());
    }
    let (agency, asked) = (who(words, advocate.agency.as_ref()), on(words, advocate.asked_at));
    let name = if advocate.overdue { "talk-advocate-overdue" } else { "talk-advocate" };
    let by = on(words, advocate.answer_by);
    (String::new(), words.with(name, &[("who", &agency), ("day", &asked), ("by", &by)]))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use prost_types::Timestamp;
    use proto::access::v1::Party;
    use proto::access::v1::party;

    use super::*;

    fn at(seconds: i64) -> Option<Timestamp> {
        Some(Timestamp { seconds, nanos: 0 })
    }

    fn decision(state: State) -> Decision {
        let settled_at = is_settled(state).then_some(Timestamp { seconds: 100, nanos: 0 });
        Decision { state: state.into(), settled_at, follow_up_by: at(10_000), ..Decision::default() }
    }

    fn said(one: &Decision, is_open: bool) -> Decided {
        Decided::of(&Words::english(TimeZone::UTC), one, is_open, &[])
    }

    fn worker() -> Party {
        Party { kind: party::Kind::Staff.into(), name: "Morag Reid".into(), ..Party::default() }
    }

    #[test]
    fn each_button_is_there_when_it_can_work_and_only_then() {
        let buttons = |one: &Decision, is_open| {
            let said = said(one, is_open);
            [said.can_object, said.can_take_back, said.can_dispute, said.can_withdraw]
        };
        let agreed = decision(State::Agreed);
        assert_eq!(buttons(&agreed, true), [false, true, false, false]);
        assert_eq!(buttons(&agreed, false), [false; 4]);
        let without = decision(State::WithoutPerson);
        assert_eq!(buttons(&without, false), [true, false, false, false]);
        let no = Decision { objection: "no".into(), ..without };
        assert_eq!(buttons(&no, false), [false, true, false, false]);
        // What somebody wrote down for them is theirs to say, and to take back.
        let entered = Decision { objection_entered_by: Some(worker()), ..no };
        assert_eq!(buttons(&entered, false), [true, true, false, false]);
        let withdrawn = Decision { objection: "no".into(), ..decision(State::Withdrawn) };
        assert_eq!(buttons(&withdrawn, true), [false; 4]);
        let you = Party { kind: party::Kind::Person.into(), ..Party::default() };
        let own = Decision { objection: "no".into(), proposed_by: Some(you), ..decision(State::Objected) };
        assert_eq!(buttons(&own, true), [false, true, false, true]);
    }

    #[test]
    fn what_was_told_of_it_is_waited_for_until_it_is_told_and_let_stand() {
        let waits = |one: &Decision| said(one, true).lines.iter().any(|line| line.contains("must tell you"));
        let mut one = decision(State::Agreed);
        assert!(waits(&one));
        one.reports = vec![OutcomeReport { told_at: at(200), ..OutcomeReport::default() }];
        assert!(!waits(&one) && said(&one, true).can_dispute);
        one.reports[0].disputed = "nobody came".into();
        assert!(waits(&one) && !said(&one, true).can_dispute);
        // Of an answer that they took back since.
        one.reports = vec![OutcomeReport { told_at: at(50), ..OutcomeReport::default() }];
        assert!(waits(&one) && !said(&one, true).can_dispute);
    }

    #[test]
    fn that_somebody_does_not_want_to_choose_stands_until_it_is_taken_back() {
        let say = |kind: Kind, about: &str| Said { kind: kind.into(), about_id: about.into(), ..Said::default() };
        let mut all = vec![say(Kind::ParticipationDeclined, "other")];
        assert!(declined(&all, "this").is_none());
        all.push(say(Kind::ParticipationDeclined, "this"));
        assert!(declined(&all, "this").is_some());
        all.push(say(Kind::AnswerTakenBack, "this"));
        assert!(declined(&all, "this").is_none());
    }

    #[test]
    fn a_no_goes_to_an_advocate_once_and_to_another_when_they_do_not_answer() {
        let mut one = Decision { objection: "no".into(), ..decision(State::Objected) };
        assert!(wants_advocate(&one));
        one.advocate = Some(Advocate::default());
        assert!(!wants_advocate(&one));
        one.advocate = Some(Advocate { overdue: true, ..Advocate::default() });
        assert!(wants_advocate(&one));
        assert!(!wants_advocate(&decision(State::Agreed)));
    }
}
