//! Reading consultations: one's own, or what somebody shares.

use std::collections::BTreeSet;

use domain::access::Scope;
use domain::ids::{AgencyId, ConsultationId, PersonId, ReceiptId};
use domain::person::Content;
use domain::sharing::Sharing;
use domain::vocabulary::{Author, Category, Purpose, Sensitivity, Timestamp, Worker};
use engine::{EngineError, Freshness};
use gate::{Asked, Call, Contribution, Disclosure};
use proto::access::v1::Party;
use proto::consultations::v1 as pb;
use proto::people::v1::Communication;
use rpc::words::{self, Names};
use rpc::{Directory, Error, Listed, Named};
use views::consultations::{
    self, AdvocateDoc, By, ConsultationDoc, ConsultationState, Consultations as MyConsultations, DecisionDoc,
    DecisionState, InformationDoc, ItemState, ParticipantDoc, Said, SaidDoc, ViewDoc,
};
use views::record::{self, EntryDoc, Record};
use views::{Page, Pages};

use crate::Consultations;

/// Which consultations are wanted.
#[derive(Debug, Clone, Copy, Default)]
struct Wanted {
    /// This one alone.
    only: Option<ConsultationId>,
    /// Those that go on.
    open: bool,
    /// Those in which something waits for the person.
    waiting: bool,
    /// Those in which the person should have been told something by now.
    overdue: bool,
}

impl Wanted {
    fn one(consultation_id: &str) -> Result<Self, Error> {
        Ok(Self { only: Some(rpc::id("consultation_id", consultation_id)?), ..Self::default() })
    }

    fn keeps(self, doc: &ConsultationDoc, now: Timestamp) -> bool {
        self.only.is_none_or(|only| only == doc.consultation)
            && (!self.open || doc.state == ConsultationState::Open)
            && (!self.waiting || doc.waits_for_the_person())
            && (!self.overdue || doc.is_overdue(now))
    }
}

/// Consultations that are told, with how to communicate with the person, and the receipt of it.
struct Shared {
    consultations: Vec<pb::Consultation>,
    communication: Option<Communication>,
    next: Option<Vec<u8>>,
    position: u64,
    incomplete: bool,
    receipt: ReceiptId,
}

impl Consultations {
    pub(crate) async fn mine(
        &self,
        call: &Call,
        message: pb::ListMyConsultationsRequest,
    ) -> Result<pb::ListMyConsultationsResponse, Error> {
        let (person, paging) = (call.person()?, call.pages(&message)?);
        let (open, waiting, overdue) = (message.only_open, message.only_waiting, message.only_overdue);
        let wanted = Wanted { only: None, open, waiting, overdue };
        let own = self.own(call, person, &paging.pages, wanted).await?;
        Ok(pb::ListMyConsultationsResponse {
            consultations: own.consultations,
            next_page_token: paging.next(own.next),
            position: own.position,
            incomplete: own.incomplete,
            receipt_id: own.receipt.to_string(),
            communication: own.communication,
        })
    }

    pub(crate) async fn get_mine(
        &self,
        call: &Call,
        m: pb::GetMyConsultationRequest,
    ) -> Result<pb::GetMyConsultationResponse, Error> {
        let (person, wanted) = (call.person()?, Wanted::one(&m.consultation_id)?);
        let pages = Pages::one(m.at_least_position);
        let mut own = self.own(call, person, &pages, wanted).await?;
        let consultation = own.consultations.pop().ok_or_else(|| Error::not_found("consultation"))?;
        let communication = own.communication;
        let html = self.page_of(m.as_page, &consultation, (communication.as_ref(), true))?;
        let (position, receipt_id, incomplete) = (own.position, own.receipt.to_string(), own.incomplete);
        Ok(pb::GetMyConsultationResponse {
            incomplete,
            consultation: Some(consultation),
            communication,
            html,
            position,
            receipt_id,
        })
    }

    /// A person's own consultations.
    async fn own(&self, call: &Call, person: PersonId, pages: &Pages, wanted: Wanted) -> Result<Shared, Error> {
        let now = self.gate.engine().now();
        let page = self.page(person, pages, |doc| wanted.keeps(doc, now)).await?;
        if page.items.is_empty() && wanted.only.is_some() {
            return Err(Error::not_found("consultation"));
        }
        let said = self.communication(person, pages.at_least, |_| true).await?;
        let mut categories = BTreeSet::from([Category::Consultations]);
        categories.extend(said.as_ref().map(|said| said.category));
        let entries = page.items.len() + usize::from(said.is_some());
        let receipt = self.gate.disclose_own(call, categories, entries).await?;
        let (communication, Page { items, next, position, incomplete }) = (said.and_then(communication), page);
        let consultations = self.told_to_them(items, person).await?;
        Ok(Shared { consultations, communication, next, position, incomplete, receipt })
    }

    pub(crate) async fn shared(
        &self,
        call: &Call,
        message: pb::ListConsultationsRequest,
    ) -> Result<pb::ListConsultationsResponse, Error> {
        let person: PersonId = rpc::id("person_id", &message.person_id)?;
        let purpose = words::purpose(message.purpose)?;
        let paging = call.pages(&message)?;
        let wanted = Wanted { open: message.only_open, overdue: message.only_overdue, ..Wanted::default() };
        let shared = self.shared_by(call, (person, purpose), &paging.pages, wanted).await?;
        Ok(pb::ListConsultationsResponse {
            consultations: shared.consultations,
            next_page_token: paging.next(shared.next),
            position: shared.position,
            incomplete: shared.incomplete,
            receipt_id: shared.receipt.to_string(),
            communication: shared.communication,
        })
    }

    pub(crate) async fn get_shared(
        &self,
        call: &Call,
        m: pb::GetConsultationRequest,
    ) -> Result<pb::GetConsultationResponse, Error> {
        let person: PersonId = rpc::id("person_id", &m.person_id)?;
        let (purpose, wanted) = (words::purpose(m.purpose)?, Wanted::one(&m.consultation_id)?);
        let pages = Pages::one(m.at_least_position);
        let mut shared = self.shared_by(call, (person, purpose), &pages, wanted).await?;
        let consultation = shared.consultations.pop().ok_or_else(|| Error::not_found("consultation"))?;
        let communication = shared.communication;
        let html = self.page_of(m.as_page, &consultation, (communication.as_ref(), false))?;
        let (position, receipt_id, incomplete) = (shared.position, shared.receipt.to_string(), shared.incomplete);
        let consultation = Some(consultation);
        Ok(pb::GetConsultationResponse { consultation, communication, html, position, receipt_id, incomplete })
    }

    /// What a person shares of their consultations with the worker who calls.
    async fn shared_by(
        &self,
        call: &Call,
        (person, purpose): (PersonId, Purpose),
        pages: &Pages,
        wanted: Wanted,
    ) -> Result<Shared, Error> {
        let by = call.worker()?;
        let asked = Asked::new(call, purpose, vec![Category::Consultations])?;
        // Waited for first: the decision is about the moment of the answer, not about one that the caller can move.
        // And what the person has restricted by now is restricted here, though a view may lag.
        let head = self.gate.engine().log().head().await.map_err(EngineError::failed)?.0;
        self.views.reach::<MyConsultations>(pages.at_least.max(head)).await?;
        let pages = &Pages { at_least: 0, ..pages.clone() };
        let answer = self.gate.disclose(&asked, person, |scope, moved| async move {
            let now = self.gate.engine().now();
            let keep = |doc: &ConsultationDoc| wanted.keeps(doc, now) && doc.circle.is_covered(&scope);
            let mut page = self.page(person, pages, keep).await?;
            page.items.iter_mut().for_each(|doc| leave_out(doc, &scope));
            // How to talk with them stands beside whatever they are asked, where they share it.
            let is_there = !page.items.is_empty() || wanted.only.is_none();
            let covered =
                |(category, sensitivity): &(Category, Sensitivity)| is_there && scope.covers(*category, sensitivity);
            let said = self.communication(person, moved, covered).await?;
            let entries = page.items.len() + usize::from(said.is_some());
            let mut categories: BTreeSet<_> = page.items.iter().map(|_| Category::Consultations).collect();
            categories.extend(said.as_ref().map(|said| said.category));
            // Which other agencies take part is who else supports the person.
            let elsewhere = |author: Author| author.worker().is_some_and(|w| w.agency() != by.worker().agency());
            let network = scope.covers(Category::SupportNetwork, &Sensitivity::normal());
            let named_authors = network && page.items.iter().flat_map(speakers).any(elsewhere);
            let Page { items, next, position, incomplete } = page;
            let own = by.worker().agency();
            let consultations = self.told(items, |agency| network || agency == own).await?;
            let answer = (consultations, said.and_then(communication), next, position, incomplete);
            Ok(Disclosure { answer, categories, entries, named_authors })
        });
        let ((consultations, communication, next, position, incomplete), receipt) = answer.await?;
        Ok(Shared { consultations, communication, next, position, incomplete, receipt })
    }

    /// How to communicate with the person, as it was said last, of what may be told.
    async fn communication(
        &self,
        person: PersonId,
        at_least: u64,
        covered: impl Fn(&(Category, Sensitivity)) -> bool + Send + Sync,
    ) -> Result<Option<EntryDoc>, Error> {
        let says = |doc: &EntryDoc| matches!(doc.content, Content::Communication { .. });
        let (list, mut pages, mut last) = (record::of_person(person), Pages::all(at_least), None);
        while let Some(page) = self.views.next_covered::<Record>(&list, &mut pages, &covered, says).await? {
            last = page.items.into_iter().next_back().or(last);
        }
        Ok(last)
    }

    /// A consultation that was just begun, as it was. Of others a worker learns nothing by it.
    pub(crate) async fn begun(
        &self,
        wish: &Contribution,
        id: ConsultationId,
        position: u64,
    ) -> Option<pb::Consultation> {
        let doc = self.views.made::<MyConsultations>(position, |doc| doc.consultation == id).await?;
        let told = match wish.author.worker().map(|worker| worker.agency()) {
            Some(own) => self.told(vec![doc], |agency| agency == own).await,
            None => self.told_to_them(vec![doc], wish.person).await,
        };
        told.ok()?.pop()
    }

    /// Consultations as the person is told them: by name whom they know or have heard from.
    async fn told_to_them(&self, docs: Vec<ConsultationDoc>, person: PersonId) -> Result<Vec<pb::Consultation>, Error> {
        let sharing = self.gate.engine().load::<Sharing>(person, Freshness::Latest).await?;
        let said = docs.iter().flat_map(|doc| &doc.said).filter_map(|said| said.author.worker());
        let heard = said.map(Worker::staff).collect();
        let names = Listed::of(&self.views, self.gate.engine(), named(&docs, |_| true), &sharing).await?;
        let names = names.having_heard(heard);
        Ok(self.on_the_wire(docs, &names, |_| true))
    }

    /// Consultations as a worker is told them. Agencies that are not told are "another agency".
    async fn told(
        &self,
        docs: Vec<ConsultationDoc>,
        told: impl Fn(AgencyId) -> bool,
    ) -> Result<Vec<pb::Consultation>, Error> {
        let names = Directory::of(&self.views, named(&docs, &told)).await?;
        Ok(self.on_the_wire(docs, &names, told))
    }

    fn on_the_wire(
        &self,
        docs: Vec<ConsultationDoc>,
        names: &impl Names,
        told: impl Fn(AgencyId) -> bool,
    ) -> Vec<pb::Consultation> {
        let is_told = |author: Author| author.worker().is_none_or(|worker| told(worker.agency()));
        let party = |author, role: &str, at| {
            if is_told(author) { words::party(author, role, at, names) } else { words::another_agency() }
        };
        let agency = |agency| if told(agency) { words::agency(agency, names) } else { words::another_agency() };
        let now = self.gate.engine().now();
        docs.into_iter().map(|doc| to_wire(doc, now, party, agency)).collect()
    }

    async fn page(
        &self,
        person: PersonId,
        pages: &Pages,
        keep: impl Fn(&ConsultationDoc) -> bool + Send,
    ) -> Result<Page<ConsultationDoc>, Error> {
        Ok(self.views.list::<MyConsultations>(&consultations::of_person(person), pages, keep).await?)
    }
}

fn communication(doc: EntryDoc) -> Option<Communication> {
    let Content::Communication { needs, language, text } = doc.content else { return None };
    Some(words::communication(&needs, language, text))
}

/// Leaves out of a consultation what is more sensitive by itself than is shared; and whom else the person named, which is who else
/// supports them.
fn leave_out(doc: &mut ConsultationDoc, scope: &Scope) {
    let covered = |own: &Option<Sensitivity>| own.as_ref().is_none_or(|own| scope.covers(Category::Consultations, own));
    doc.options.retain(|option| covered(&option.sensitivity));
    doc.views.retain(|view| covered(&view.sensitivity));
    doc.said.retain(|said| covered(&said.sensitivity));
    doc.circle.named.retain(|staff| *staff == scope.worker().staff());
}

/// Whose names consultations need, of the agencies that are told.
fn named(docs: &[ConsultationDoc], told: impl Fn(AgencyId) -> bool) -> Named {
    let is_told = |author: &Author| author.worker().is_none_or(|worker| told(worker.agency()));
    let mut named: Named = docs.iter().flat_map(speakers).filter(is_told).collect();
    let advocates = docs.iter().flat_map(|doc| &doc.decisions).filter_map(|decision| decision.advocate.as_ref());
    advocates.for_each(|advocate| named.agency(advocate.agency));
    named
}

/// Everybody who has said something in a consultation, or is to take part.
fn speakers(doc: &ConsultationDoc) -> impl Iterator<Item = Author> {
    let participants = doc.participants.iter().map(|known| known.participant);
    doc.said.iter().map(|said| said.author).chain(participants)
}

fn said(said: SaidDoc, party: impl Fn(Author, &str, Timestamp) -> Party) -> pb::Said {
    let kind = match said.what {
        Said::Requested => pb::said::Kind::Requested,
        Said::ItemRaised => pb::said::Kind::ItemRaised,
        Said::ItemAddressed => pb::said::Kind::ItemAddressed,
        Said::ItemDeferred => pb::said::Kind::ItemDeferred,
        Said::OptionOffered => pb::said::Kind::OptionOffered,
        Said::ViewRecorded => pb::said::Kind::ViewRecorded,
        Said::DecisionProposed => pb::said::Kind::DecisionProposed,
        Said::DecisionAgreed => pb::said::Kind::DecisionAgreed,
        Said::DecisionObjected => pb::said::Kind::DecisionObjected,
        Said::DecidedWithoutPerson => pb::said::Kind::DecidedWithoutPerson,
        Said::AnswerTakenBack => pb::said::Kind::AnswerTakenBack,
        Said::Closed => pb::said::Kind::Closed,
        Said::Cancelled => pb::said::Kind::Cancelled,
        Said::Shared => pb::said::Kind::Shared,
        Said::ParticipationDeclined => pb::said::Kind::ParticipationDeclined,
        Said::DecisionWithdrawn => pb::said::Kind::DecisionWithdrawn,
        Said::OutcomeReported => pb::said::Kind::OutcomeReported,
        Said::InformationShared => pb::said::Kind::InformationShared,
        Said::InformationWithheld => pb::said::Kind::InformationWithheld,
        Said::Scheduled => pb::said::Kind::Scheduled,
        Said::OutcomeDisputed => pb::said::Kind::OutcomeDisputed,
        Said::InformationRevealed => pb::said::Kind::InformationRevealed,
        Said::WithholdingReviewed => pb::said::Kind::WithholdingReviewed,
        Said::ViewTakenBack => pb::said::Kind::ViewTakenBack,
        Said::ParticipantInvited => pb::said::Kind::ParticipantInvited,
        Said::ParticipantResponded => pb::said::Kind::ParticipantResponded,
        Said::TakenToAdvocate => pb::said::Kind::TakenToAdvocate,
        Said::AdvocateHeard => pb::said::Kind::AdvocateHeard,
    };
    pb::Said {
        kind: kind.into(),
        about_id: said.about.map(|about| about.to_string()).unwrap_or_default(),
        author: Some(party(said.author, &said.role, said.at)),
        said_at: Some(words::timestamp(said.at)),
        words: said.words,
        sensitivity: said.sensitivity.as_ref().map(words::to_sensitivity),
        on_their_word: said.account.unwrap_or_default(),
    }
}

fn to_wire(
    doc: ConsultationDoc,
    now: Timestamp,
    party: impl Fn(Author, &str, Timestamp) -> Party,
    agency: impl Fn(AgencyId) -> Party,
) -> pb::Consultation {
    let by = |by: &By| party(by.author, &by.role, by.at);
    let state = match doc.state {
        ConsultationState::Open => pb::consultation::State::Open,
        ConsultationState::Closed => pb::consultation::State::Closed,
        ConsultationState::Cancelled => pb::consultation::State::Cancelled,
    };
    let agenda = doc.agenda.into_iter().map(|item| pb::AgendaItem {
        item_id: item.item.to_string(),
        text: item.text,
        raised_by_person: item.raised_by == Author::Person,
        state: match item.state {
            ItemState::Raised => pb::agenda_item::State::Raised,
            ItemState::Addressed => pb::agenda_item::State::Addressed,
            ItemState::Deferred => pb::agenda_item::State::Deferred,
        }
        .into(),
    });
    let options = doc.options.into_iter().map(|option| pb::Option {
        option_id: option.option.to_string(),
        text: option.text,
        benefits: option.benefits,
        risks: option.risks,
        sensitivity: option.sensitivity.as_ref().map(words::to_sensitivity),
    });
    let decisions = doc.decisions.into_iter().map(|one| decision(one, now, by, &agency));
    let information = doc.information.into_iter().map(|one| information(one, now, by));
    let participants = doc.participants.into_iter().map(|known| {
        let party = party(known.participant, "", Timestamp::NEVER);
        participant(known, party, by)
    });
    let (scheduled_at, place) = doc.scheduled.map(|(at, place)| (words::timestamp(at), place)).unzip();
    pb::Consultation {
        consultation_id: doc.consultation.to_string(),
        mode: i32::from(doc.mode.code()),
        topic: doc.topic,
        sensitivity: Some(words::to_sensitivity(doc.circle.sensitivity())),
        kept: doc.circle.kept,
        staff_ids: doc.circle.named.iter().map(ToString::to_string).collect(),
        state: state.into(),
        agenda: agenda.collect(),
        options: options.collect(),
        views: doc.views.into_iter().map(|one| view(one, by)).collect(),
        decisions: decisions.collect(),
        requested_at: Some(words::timestamp(doc.requested_at)),
        said: doc.said.into_iter().map(|one| said(one, &party)).collect(),
        scheduled_at,
        place: place.unwrap_or_default(),
        information: information.collect(),
        participants: participants.collect(),
    }
}

fn participant(doc: ParticipantDoc, party: Party, by: impl Fn(&By) -> Party) -> pb::Participant {
    let answer = match doc.answer.as_ref().map(|(comes, _)| *comes) {
        None => pb::participant::Answer::Unspecified,
        Some(true) => pb::participant::Answer::Comes,
        Some(false) => pb::participant::Answer::DoesNotCome,
    };
    pb::Participant {
        party: Some(party),
        invited_by: doc.invited.as_ref().map(&by),
        invited_at: doc.invited.map(|invited| words::timestamp(invited.at)),
        answer: answer.into(),
        answered_at: doc.answer.map(|(_, said)| words::timestamp(said.at)),
    }
}

fn advocate(doc: AdvocateDoc, now: Timestamp, agency: Party, by: impl Fn(&By) -> Party) -> pb::Advocate {
    let said = doc.answer.as_ref().map(|(_, said)| said);
    pb::Advocate {
        agency: Some(agency),
        asked_at: Some(words::timestamp(doc.asked_at)),
        answer_by: Some(words::timestamp(doc.answer_by)),
        overdue: doc.answer.is_none() && doc.answer_by <= now,
        answered_by: said.map(&by),
        answered_at: said.map(|said| words::timestamp(said.at)),
        answer: doc.answer.map(|(words, _)| words).unwrap_or_default(),
    }
}

fn view(view: ViewDoc, by: impl Fn(&By) -> Party) -> pb::PersonView {
    pb::PersonView {
        words: view.view,
        decision_id: view.decision.map(|id| id.to_string()).unwrap_or_default(),
        view_id: view.entry.map(|id| id.to_string()).unwrap_or_default(),
        entered_by: view.entered.as_ref().map(|entered| by(&entered.by)),
        on_their_word: view.entered.map(|entered| entered.account).unwrap_or_default(),
    }
}

fn decision(
    doc: DecisionDoc,
    now: Timestamp,
    by: impl Fn(&By) -> Party,
    agency: impl Fn(AgencyId) -> Party,
) -> pb::Decision {
    let state = match doc.state {
        DecisionState::Proposed if doc.objection.is_some() => pb::decision::State::Objected,
        DecisionState::Proposed => pb::decision::State::Proposed,
        DecisionState::Agreed => pb::decision::State::Agreed,
        DecisionState::WithoutPerson => pb::decision::State::WithoutPerson,
        DecisionState::Withdrawn => pb::decision::State::Withdrawn,
    };
    let reports = doc.reports.iter().map(|report| pb::OutcomeReport {
        outcome: i32::from(report.outcome.code()),
        words: report.words.clone(),
        author: Some(by(&report.by)),
        told_at: Some(words::timestamp(report.by.at)),
        disputed: report.disputed.as_ref().map(|said| said.words.clone()).unwrap_or_default(),
        disputed_at: report.disputed.as_ref().map(|said| words::timestamp(said.at)),
    });
    pb::Decision {
        decision_id: doc.decision.to_string(),
        state: state.into(),
        proposed_by: Some(by(&doc.proposed)),
        proposed_at: Some(words::timestamp(doc.proposed.at)),
        settled_by: doc.settled.as_ref().map(&by),
        settled_at: doc.settled.as_ref().map(|settled| words::timestamp(settled.at)),
        follow_up_by: doc.follow_up.due().map(words::timestamp),
        overdue: doc.follow_up.is_overdue(now),
        objected_at: doc.objection.as_ref().map(|said| words::timestamp(said.at)),
        objection_entered_by: doc.objection.as_ref().and_then(|said| said.entered.as_ref()).map(|one| by(&one.by)),
        objection: doc.objection.map(|said| said.words).unwrap_or_default(),
        reports: reports.collect(),
        text: doc.text,
        reason: doc.reason,
        advocate: doc.advocate.map(|asked| {
            let of = agency(asked.agency);
            advocate(asked, now, of, &by)
        }),
    }
}

fn information(doc: InformationDoc, now: Timestamp, by: impl Fn(&By) -> Party) -> pb::Information {
    let withheld = doc.withheld.as_ref();
    pb::Information {
        information_id: doc.information.to_string(),
        author: Some(by(&doc.by)),
        at: Some(words::timestamp(doc.by.at)),
        ground: withheld.map_or(0, |withheld| i32::from(withheld.ground.code())),
        reason: withheld.map(|withheld| withheld.reason.clone()).unwrap_or_default(),
        review_by: withheld.map(|withheld| words::timestamp(withheld.review)),
        overdue: withheld.is_some_and(|withheld| withheld.review <= now),
        text: doc.text,
    }
}
