//! All that is held about a person, as pages to print.

use letters::{Line, Page};
use proto::access::v1::{Query, Receipt};
use proto::consultations::v1::Consultation;
use proto::notices::v1::{Channel, GetMyNoticesResponse};

use super::super::consultations::decided::Decided;
use super::super::consultations::one as talk;
use super::super::said::{moment, on, said_by};
use super::super::sharing::{self, sentence};
use super::super::{change, codes, looked, people, record, surveys, went};
use super::all::All;
use crate::fault::Fault;
use crate::words::Words;

/// The pages, as HTML with all that it needs.
pub(super) fn written(words: &Words, all: &All) -> Result<String, Fault> {
    let mut lead = vec![words.with("copy-made", &[("when", &words.moment(&all.made_at))])];
    if all.incomplete {
        lead.push(words.say("incomplete"));
    }
    let mut page = Page { title: words.say("copy-title"), lead, ..Page::default() };
    for (number, name) in record::headings(words) {
        let under = all.entries.iter().filter(|entry| i32::from(entry.category()) == number);
        page.tells(name, under.map(|entry| record::written(words, entry)));
    }
    for one in &all.consultations {
        page.tells(words.with("copy-talk", &[("what", &one.topic)]), talk_lines(words, one));
    }
    page.tells(
        words.say("talks-asked"),
        all.surveys.iter().map(|one| {
            let row = surveys::row(words, one);
            let chosen = usize::try_from(one.my_option).ok().and_then(|nth| one.options.get(nth.checked_sub(1)?));
            let chosen = chosen.map(|option| words.with("survey-chose", &[("what", &option.text)])).unwrap_or_default();
            let counts: Vec<_> =
                one.options.iter().map(|option| option.summary.as_str()).filter(|said| !said.is_empty()).collect();
            Line::beside(
                row.text,
                lines([row.state, chosen, one.my_words.clone(), counts.join("\n"), one.outcome.clone()]),
            )
        }),
    );
    choices(words, all, &mut page);
    page.tells(words.say("people-title"), all.people.iter().map(|one| people::written(words, one)));
    page.tells(words.say("looked-title"), all.receipts.iter().map(|one| look(words, one)));
    page.tells(words.say("copy-questions"), all.questions.iter().map(|one| question(words, one)));
    page.tells(
        words.say("went-title"),
        all.deliveries.iter().map(|one| Line::beside(moment(words, one.last_at), sentence(&one.summary))),
    );
    page.tells(words.say("went-recalls"), all.recalls.iter().map(|one| went::written(words, one)));
    page.tells(words.say("codes-made"), all.invitations.iter().map(|one| codes::written(words, one)));
    page.tells(
        words.say("copy-sign-ins"),
        all.sign_ins
            .iter()
            .map(|one| Line::beside(&one.issuer, words.with("copy-linked", &[("day", &on(words, one.linked_at))]))),
    );
    page.tells(words.say("copy-notices"), notices(words, &all.notices));
    page.tells(
        words.say("timeline-title"),
        all.timeline.iter().map(|one| Line::beside(moment(words, one.time), &one.sentence)),
    );
    page.html().map_err(|_cause| Fault::Failed("a copy cannot be written"))
}

/// These, one under the other, as far as there are any.
fn lines<const N: usize>(all: [String; N]) -> String {
    all.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn choices(words: &Words, all: &All, page: &mut Page) {
    let told = &all.sharing;
    for (name, permit) in [("sharing-permits", true), ("sharing-denies", false)] {
        let those = told.provisions.iter().filter(|one| one.permit == permit);
        page.tells(words.say(name), those.map(|one| sharing::written(words, one)));
    }
    page.tells(words.say("sharing-blocked"), change::shut_out(words, told).into_iter().map(|one| Line::of(one.name)));
    page.tells(words.say("sharing-open"), sharing::open(words, told).into_iter().map(Line::of));
    page.tells(words.say("copy-laws"), sharing::laws(words, told).into_iter().map(Line::of));
    page.tells(words.say("sharing-requests"), all.requests.iter().map(|one| sharing::asked(words, one)));
}

/// What was told, said, decided and done in a talk.
fn talk_lines(words: &Words, one: &Consultation) -> Vec<Line> {
    let lead = talk::lead(words, one).into_iter().map(Line::of);
    let told = one.information.iter().map(|one| talk::information(words, one));
    let options = one.options.iter().map(|option| {
        let part = |name: &str, said: &str| {
            if said.is_empty() { String::new() } else { format!("{}: {said}", words.say(name)) }
        };
        (option.text.clone(), lines([part("talk-good", &option.benefits), part("talk-bad", &option.risks)]))
    });
    let agenda = one.agenda.iter().map(|one| talk::point(words, one, false)).map(|point| (point.text, point.state));
    let people = one.participants.iter().map(|one| Line::of(talk::participant(words, one)));
    let decided = one.decisions.iter().flat_map(|one| {
        let decided = Decided::of(words, one, false, &[]);
        [(decided.text, lines([decided.lines.join("\n")]))].into_iter().chain(decided.told)
    });
    let views = one.views.iter().map(|view| talk::view(words, view, &one.decisions));
    let views = views.map(|view| Line::beside(words.say("talk-you-said"), lines([view.words, view.of, view.entered])));
    let beside = |(beside, text): (String, String)| Line::beside(beside, text);
    let done = talk::history(words, one).into_iter().flat_map(|day| {
        let name = day.name;
        day.items.into_iter().map(move |item| Line::beside(format!("{name}, {}", item.time), item.text))
    });
    let first = lead.chain(people).chain(agenda.chain(options).map(beside));
    first.chain(told.chain(decided).map(beside)).chain(views).chain(done).collect()
}

fn look(words: &Words, one: &Receipt) -> Line {
    Line::beside(moment(words, one.time), lines([sentence(&one.summary), one.reason.clone(), looked::tag(words, one)]))
}

fn question(words: &Words, one: &Query) -> Line {
    let said =
        one.said.iter().map(|said| format!("{}\n{}", said_by(words, said.author.as_ref(), said.said_at), said.words));
    let all: Vec<_> = std::iter::once(one.question.clone()).chain(said).collect();
    Line::beside(moment(words, one.asked_at), all.join("\n"))
}

fn notices(words: &Words, told: &GetMyNoticesResponse) -> Vec<Line> {
    let Some(address) = &told.address else { return vec![] };
    let how = match address.channel() {
        Channel::Email => "notices-email",
        Channel::Sms => "notices-sms",
        Channel::Letter => "notices-letter",
        Channel::Unspecified => "notices-somehow",
    };
    vec![Line::beside(words.say(how), &address.address)]
}
