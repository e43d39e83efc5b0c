//! The person's timeline, in plain words.

use std::collections::BTreeSet;

use domain::ids::AgencyId;
use domain::issuers::{Only, Register};
use domain::sharing::{Provision, Sharing};
use domain::vocabulary::{Author, Category};
use engine::Freshness;
use gate::Call;
use proto::access::v1 as pb;
use rpc::words::{self, Names as _};
use rpc::{Error, Named};
use sentences::{Arg, Sentences};
use views::access_history::{self, AccessHistory, ReceiptDoc, ReceiptKind};
use views::consultations::By;
use views::timeline::{self, Area, Facts, Timeline, TimelineDoc};

use crate::read::{Told, named_by};
use crate::{SharingServices, summary};

impl SharingServices {
    pub(crate) async fn timeline(
        &self,
        call: &Call,
        m: pb::ListMyTimelineRequest,
    ) -> Result<pb::ListMyTimelineResponse, Error> {
        let (person, paging) = (call.person()?, call.pages(&m)?);
        let wanted: Option<AgencyId> = rpc::optional_id("agency_id", &m.agency_id)?;
        let areas = m.areas.iter().map(|value| rpc::one_of("areas", *value, area)).collect::<Result<Vec<_>, _>>()?;
        let from = m.from.map(|at| words::from_timestamp("from", at)).transpose()?;
        let until = m.until.map(|at| words::from_timestamp("until", at)).transpose()?;
        let sharing = self.gate.engine().load::<Sharing>(person, Freshness::Latest).await?;
        let register = self.gate.engine().load::<Register>(Only, Freshness::Latest).await?;
        // Agencies that are one are one here, too.
        let wanted = wanted.map(|agency| register.one_with(agency));
        let keep = &|doc: &TimelineDoc| {
            let at = doc.by.at;
            (areas.is_empty() || areas.contains(&doc.area))
                && from.is_none_or(|from| from <= at)
                && until.is_none_or(|until| at < until)
                && wanted.as_ref().is_none_or(|agencies| is_of(doc, agencies, &sharing))
        };
        let is_look = |doc: &ReceiptDoc| {
            doc.kind == ReceiptKind::Viewed && doc.party != Author::Person && keep(&timeline::looked(doc))
        };
        let lists = (&timeline::of_person(person), &access_history::of_person(person));
        let into = (|doc| doc, |doc: ReceiptDoc| timeline::looked(&doc));
        let page = self.views.both::<Timeline, AccessHistory, _>(lists, &paging.pages, (keep, is_look), into).await?;
        let names = self.names(named(&page.items, &sharing), &sharing).await?;
        let told = |doc: &TimelineDoc| item(self.letters.sentences(), doc, &names);
        let receipt_id = self.receipt_of(call, &page.items).await?;
        Ok(pb::ListMyTimelineResponse {
            items: page.items.iter().map(told).collect(),
            next_page_token: paging.next(page.next),
            position: page.position,
            incomplete: page.incomplete,
            receipt_id,
        })
    }

    /// The receipt of what is read of the record and of consultations: whoever signs in as the person leaves it, as everywhere. Of the rest, which is
    /// about who does what with it, there is none.
    async fn receipt_of(&self, call: &Call, items: &[TimelineDoc]) -> Result<String, Error> {
        let of_record = items.iter().filter(|doc| doc.area == Area::Record);
        let mut categories: BTreeSet<_> =
            of_record.clone().flat_map(|doc| doc.facts.categories.iter().copied()).collect();
        let consultations = items.iter().filter(|doc| doc.area == Area::Consultations).count();
        categories.extend((consultations > 0).then_some(Category::Consultations));
        if categories.is_empty() {
            return Ok(String::new());
        }
        let read = of_record.count() + consultations;
        Ok(self.gate.disclose_own(call, categories, read).await?.to_string())
    }
}

fn area(code: u32) -> Option<Area> {
    let code = i32::try_from(code).ok().and_then(|code| pb::TimelineArea::try_from(code).ok())?;
    match code {
        pb::TimelineArea::Unspecified => None,
        pb::TimelineArea::Record => Some(Area::Record),
        pb::TimelineArea::Sharing => Some(Area::Sharing),
        pb::TimelineArea::Looks => Some(Area::Looks),
        pb::TimelineArea::People => Some(Area::People),
        pb::TimelineArea::Consultations => Some(Area::Consultations),
        pb::TimelineArea::Place => Some(Area::Place),
    }
}

fn to_wire(area: Area) -> pb::TimelineArea {
    match area {
        Area::Record => pb::TimelineArea::Record,
        Area::Sharing => pb::TimelineArea::Sharing,
        Area::Looks => pb::TimelineArea::Looks,
        Area::People => pb::TimelineArea::People,
        Area::Consultations => pb::TimelineArea::Consultations,
        Area::Place => pb::TimelineArea::Place,
    }
}

/// The choice that an item is about: one that was taken back or narrowed as it was before.
fn choice_of(facts: &Facts, sharing: &Sharing) -> Option<Provision> {
    facts.choice.clone().or_else(|| sharing.ever(facts.provision?))
}

/// Whether an agency did it, or it is about one.
fn is_of(doc: &TimelineDoc, agencies: &BTreeSet<AgencyId>, sharing: &Sharing) -> bool {
    let choice = choice_of(&doc.facts, sharing).and_then(|choice| choice.terms().actor.agency());
    let workers = doc.workers().map(|worker| worker.agency());
    workers.chain(doc.facts.agency).chain(choice).any(|of| agencies.contains(&of))
}

fn named(docs: &[TimelineDoc], sharing: &Sharing) -> Named {
    let mut named = Named::default();
    for doc in docs {
        doc.workers().for_each(|worker| named.worker(worker));
        doc.facts.agency.into_iter().for_each(|agency| named.agency(agency));
        choice_of(&doc.facts, sharing).iter().for_each(|choice| named_by(choice, &mut named));
    }
    named
}

fn item(sentences: &Sentences, doc: &TimelineDoc, names: &Told<'_>) -> pb::TimelineItem {
    let entered = doc.facts.word.as_ref();
    // What was entered on their word is theirs.
    let by = if entered.is_some() { By { author: Author::Person, ..doc.by.clone() } } else { doc.by.clone() };
    pb::TimelineItem {
        time: Some(words::timestamp(by.at)),
        party: Some(words::said_by(&by, &names.listed.directory)),
        sentence: sentence(sentences, doc, names),
        area: to_wire(doc.area).into(),
        directive_version: if doc.area == Area::Sharing { doc.version } else { 0 },
        entered_by: entered.map(|_| words::said_by(&doc.by, &names.listed.directory)),
    }
}

/// Somebody by name, role and agency, as they were then.
fn who(by: &By, names: &Told<'_>) -> String {
    let party = words::said_by(by, &names.listed.directory);
    match by.author {
        Author::Person => "You".to_owned(),
        Author::System => "Those who run this place".to_owned(),
        Author::AnotherPerson => "Somebody who is signed in as another person".to_owned(),
        Author::Worker(_) => {
            let about = [party.role, party.agency_name].into_iter().filter(|part| !part.is_empty());
            let about = about.collect::<Vec<_>>().join(", ");
            let name = if party.name.is_empty() { "Somebody".to_owned() } else { party.name };
            if about.is_empty() { name } else { format!("{name} ({about})") }
        }
    }
}

fn sentence(sentences: &Sentences, doc: &TimelineDoc, names: &Told<'_>) -> String {
    let (facts, by) = (&doc.facts, who(&doc.by, names));
    let text = |words: &str| Arg::Text(words.to_owned());
    let or = |name: String, unknown: &str| Arg::Text(if name.is_empty() { unknown.to_owned() } else { name });
    // Whom a choice about sharing is about, or who is invited, they may not have met; everybody else acted or was told of by name.
    let is_chosen = matches!(doc.area, Area::Sharing | Area::Consultations);
    let name_of = |staff| if is_chosen { names.staff(staff).0 } else { names.listed.directory.staff(staff).0 };
    let whom = facts.worker.map(|worker| name_of(worker.staff())).unwrap_or_default();
    let agency = facts.agency.map(|agency| names.agency(agency)).unwrap_or_default();
    let choice = choice_of(facts, names.listed.sharing);
    let quoted = |name| {
        let said = sentences.say(name, &[("words", text(&facts.words))]);
        Arg::Text(said.filter(|_| !facts.words.is_empty()).unwrap_or_default())
    };
    let what: Vec<Category> = facts.categories.iter().copied().collect();
    let args = [
        ("who", text(if facts.word.is_some() { "You" } else { &by })),
        ("whom", or(whom, "somebody")),
        ("agency", or(agency, "an agency")),
        ("words", or(facts.words.clone(), "elsewhere")),
        ("quote", quoted("quote")),
        ("why", quoted("why")),
        ("what", Arg::Text(names.words.categories(&what))),
        ("detail", text(&facts.detail)),
        ("count", Arg::Number(facts.count)),
        ("purpose", Arg::Text(facts.purpose.map(|purpose| names.words.why(purpose)).unwrap_or_default())),
        ("when", Arg::Text(facts.moment.map(summary::day).unwrap_or_default())),
        ("choice", Arg::Text(choice.map(|choice| names.words.provision(&choice, names)).unwrap_or_default())),
    ];
    let said = sentences.say(&sentences::name_of(&doc.event), &args).unwrap_or_default();
    let noted = |said: String, name, by: String, account: &str| {
        let args = [("sentence", Arg::Text(said.clone())), ("by", Arg::Text(by)), ("account", text(account))];
        sentences.say(name, &args).unwrap_or(said)
    };
    let said = match &facts.word {
        None => said,
        Some(word) if word.account.is_empty() => noted(said, "on-their-word-taken-back", by, ""),
        Some(word) if word.by_code => noted(said, "on-their-word-by-code", by, &word.account),
        Some(word) => noted(said, "on-their-word", by, &word.account),
    };
    let Some((back, account)) = &facts.back else { return said };
    noted(said, "taken-back-on-their-word", who(back, names), account)
}

#[cfg(test)]
mod tests {
    use domain::access::events::AccessEvent;
    use domain::ids::StaffId;
    use domain::vocabulary::{Timestamp, Worker};
    use views::timeline::told;

    use super::*;

    fn worker() -> Author {
        Author::Worker(Worker::new(AgencyId(uuid::Uuid::nil()), StaffId(uuid::Uuid::nil())))
    }

    /// What is told of every kind of event, by this author.
    fn all(author: Author) -> Vec<(&'static str, String)> {
        let (sentences, sharing) = (Sentences::english(), Sharing::default());
        let names = Told::nobody(&sharing, &sentences);
        let sentence_of = |event: &events::Event| {
            let (area, facts) = told(event).ok()?;
            let by = By { author, role: String::new(), at: Timestamp(0) };
            let doc = TimelineDoc { event: event.name().to_owned(), area, by, version: 1, facts };
            Some((event.name(), sentence(&sentences, &doc, &names)))
        };
        // What was brought in from elsewhere is told as a whole; what a worker adds is told by what it is.
        let brought_in = |event: &mut events::Event| {
            if let events::Event::Access(AccessEvent::RecordContributed(e)) = event {
                e.party = Author::System;
            }
        };
        let mut samples = events::Event::samples();
        samples.iter_mut().for_each(brought_in);
        samples.iter().filter_map(sentence_of).collect()
    }

    #[test]
    fn every_event_has_its_sentence_or_a_reason_why_it_has_none_and_no_sentence_is_of_nothing() {
        let told: Vec<_> = [Author::Person, worker()].into_iter().flat_map(all).collect();
        for (name, said) in &told {
            assert!(said.ends_with('.') && !said.contains(['{', '$']), "{name}: {said:?}");
        }
        let of_events: BTreeSet<_> = told.iter().map(|(name, _)| sentences::name_of(name)).collect();
        let left: Vec<_> = sentences::names().filter(|name| !of_events.contains(*name)).collect();
        // Looks are read from the access history.
        assert_eq!(
            left,
            [
                "quote",
                "why",
                "on-their-word",
                "on-their-word-by-code",
                "on-their-word-taken-back",
                "taken-back-on-their-word",
                "record-viewed",
            ]
        );
    }

    #[test]
    fn somebody_of_nine_to_eleven_reads_it() {
        let text = [Author::Person, worker()].into_iter().flat_map(all);
        let text: Vec<_> = text.map(|(_, said)| said.replace("Somebody", "Jo").replace("somebody", "Jo")).collect();
        crate::reading::is_read_at_eleven(&text);
    }
}
