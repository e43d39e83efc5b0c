//! "My people" and "caseload".

use std::collections::{BTreeSet, HashMap};

use domain::access::Scope;
use domain::ids::{PersonId, RelationshipId};
use domain::issuers::{Only, Register};
use domain::person::Content;
use domain::sharing::Sharing;
use domain::staff::Staff;
use domain::vocabulary::{Author, Category, Timestamp, Worker};
use engine::Freshness;
use gate::{Asked, Call, Disclosure};
use proto::relationships::v1 as pb;
use rpc::{Directory, Error, words};
use views::caseload::{self, Caseload, SupportDoc};
use views::consultations::By;
use views::record::{self, EntryDoc, Record};
use views::relationships::{self, End, Period, RelationshipDoc, RelationshipStage, Relationships as MyPeople, WordDoc};
use views::{Page, Pages};

use crate::Relationships;

impl Relationships {
    pub(crate) async fn my_people(
        &self,
        call: &Call,
        message: pb::ListMyPeopleRequest,
    ) -> Result<pb::ListMyPeopleResponse, Error> {
        let paging = call.pages(&message)?;
        let now = self.gate.engine().now();
        let states: Vec<pb::RelationshipState> = rpc::enums("states", &message.states)?;
        let wanted = |doc: &RelationshipDoc| states.is_empty() || states.contains(&state(&doc.latest, now));
        let page = self.relationships(call, &paging.pages, wanted).await?;
        Ok(pb::ListMyPeopleResponse {
            relationships: page.items,
            next_page_token: paging.next(page.next),
            position: page.position,
            incomplete: page.incomplete,
        })
    }

    pub(crate) async fn my_relationship(
        &self,
        call: &Call,
        m: pb::GetMyRelationshipRequest,
    ) -> Result<pb::GetMyRelationshipResponse, Error> {
        let id: RelationshipId = rpc::id("relationship_id", &m.relationship_id)?;
        let pages = Pages::one(m.at_least_position);
        let page = self.relationships(call, &pages, |doc| doc.relationship == id).await?;
        let relationship = page.items.into_iter().next().ok_or_else(|| Error::not_found("relationship"))?;
        let (position, incomplete) = (page.position, page.incomplete);
        Ok(pb::GetMyRelationshipResponse { relationship: Some(relationship), position, incomplete })
    }

    /// The caller's relationships.
    async fn relationships(
        &self,
        call: &Call,
        pages: &Pages,
        wanted: impl Fn(&RelationshipDoc) -> bool + Send + Sync,
    ) -> Result<Page<pb::Relationship>, Error> {
        let (person, engine) = (call.person()?, self.gate.engine());
        let sharing = engine.load::<Sharing>(person, Freshness::Latest).await?;
        let register = engine.load::<Register>(Only, Freshness::Latest).await?;
        let sharing = register.resolve(&sharing);
        let left = rpc::who_left(engine, sharing.supporters()).await?;
        // As the log has it, whatever has been written of it.
        let as_it_is = |doc: &RelationshipDoc| {
            let mut doc = doc.clone();
            as_the_person_left_it(&mut doc, &sharing);
            if left.contains(&doc.worker.staff()) && doc.latest.stage == RelationshipStage::Active {
                doc.latest.stage = RelationshipStage::Ended;
            }
            wanted(&doc)
        };
        let mut page = self.views.list::<MyPeople>(&relationships::of_person(person), pages, as_it_is).await?;
        let named = page.items.iter().flat_map(|doc| {
            let ends = doc.earlier.iter().chain([&doc.latest]).filter_map(|period| Some(period.end.as_ref()?.by));
            let words = |period: &Period| [period.word.clone(), period.end.clone().and_then(|end| end.word)];
            let word = doc.earlier.iter().chain([&doc.latest]).flat_map(words).flatten();
            let spoken = word.flat_map(|word| [Some(word.by), word.confirmed.map(|(by, _)| by)]).flatten();
            ends.chain(spoken.map(|by| by.author)).chain([Author::Worker(doc.worker)])
        });
        let names = Directory::of(&self.views, named.collect()).await?;
        page.items.iter_mut().for_each(|doc| as_the_person_left_it(doc, &sharing));
        self.end_with_who_left(&mut page.items, &names).await?;
        let now = self.gate.engine().now();
        Ok(page.map(|doc| pb::Relationship { blocked: sharing.shuts_out(doc.worker), ..to_wire(&doc, now, &names) }))
    }

    pub(crate) async fn caseload(
        &self,
        call: &Call,
        message: pb::GetCaseloadRequest,
    ) -> Result<pb::GetCaseloadResponse, Error> {
        let (by, purpose) = (call.worker()?, words::purpose(message.purpose)?);
        let asked = Asked::new(call, purpose, vec![Category::Contact])?;
        let paging = call.pages(&message)?;
        let Page { items, next, position, incomplete } = self.supported(by.worker(), &paging.pages).await?;
        let people: Vec<_> = items.iter().map(|doc| doc.person).collect();
        let items = &items;
        let rows = self.gate.disclose_each(&asked, &people, |scopes| async move {
            let (rows, unread) = self.rows(items, &scopes.into_iter().collect(), message.at_least_position).await?;
            let named = |row: &&(PersonId, pb::CaseloadRow)| !row.1.name.is_empty();
            let categories = BTreeSet::from([Category::Contact]);
            let name = || Disclosure { answer: (), categories: categories.clone(), entries: 1, named_authors: false };
            let disclosed = rows.iter().filter(named).map(|(person, _)| (*person, name())).collect();
            Ok(((rows, unread), disclosed))
        });
        let ((rows, unread), receipts) = rows.await?;
        let incomplete = incomplete || unread;
        let receipt = |person| receipts.get(&person).map(ToString::to_string).unwrap_or_default();
        let rows =
            rows.into_iter().map(|(person, row)| pb::CaseloadRow { receipt_id: receipt(person), ..row }).collect();
        Ok(pb::GetCaseloadResponse { rows, next_page_token: paging.next(next), position, incomplete })
    }

    /// A page of the people whom a worker supports and who have not blocked the agency. It is full unless the list ends, and goes on only
    /// if somebody follows: who was left out is not told by an empty one.
    async fn supported(&self, worker: Worker, pages: &Pages) -> Result<Page<SupportDoc>, Error> {
        let (of_worker, accepted) = (caseload::of_staff(worker.staff()), |doc: &SupportDoc| doc.since.is_some());
        let list = async |size, after: &[u8]| {
            let pages = Pages { size, after: after.to_vec(), at_least: pages.at_least };
            self.views.list::<Caseload>(&of_worker, &pages, accepted).await
        };
        let (mut items, mut after) = (Vec::new(), pages.after.clone());
        let register = self.gate.engine().load::<Register>(Only, Freshness::Remembered).await?;
        // Where the last one was found: after what, and as which.
        let mut last = (after.clone(), 0);
        loop {
            let mut page = list(pages.size + 1, &after).await?;
            let persons: Vec<_> = page.items.iter().map(|doc| doc.person).collect();
            let sharings = self.gate.engine().load_each::<Sharing>(&persons, Freshness::Remembered).await?;
            let shown = |sharing: &Sharing| {
                let sharing = register.resolve(sharing);
                !sharing.shuts_out(worker) && sharing.relationship_open(worker)
            };
            for (nth, (doc, sharing)) in (1..).zip(std::mem::take(&mut page.items).into_iter().zip(&sharings)) {
                if !shown(sharing) {
                    continue;
                }
                if items.len() == pages.size {
                    let (after, nth) = last;
                    return Ok(Page { items, next: list(nth, &after).await?.next, ..page });
                }
                items.push(doc);
                last = (after.clone(), nth);
            }
            match page.next.take() {
                Some(next) => after = next,
                None => return Ok(Page { items, ..page }),
            }
        }
    }

    pub(crate) async fn my_proposals(
        &self,
        call: &Call,
        message: pb::ListMyProposalsRequest,
    ) -> Result<pb::ListMyProposalsResponse, Error> {
        let paging = call.pages(&message)?;
        let page = self.proposals(call, &paging.pages, |_| true).await?;
        Ok(pb::ListMyProposalsResponse {
            proposals: page.items.into_iter().map(proposal).collect(),
            next_page_token: paging.next(page.next),
            position: page.position,
            incomplete: page.incomplete,
        })
    }

    pub(crate) async fn get_my_proposal(
        &self,
        call: &Call,
        m: pb::GetMyProposalRequest,
    ) -> Result<pb::GetMyProposalResponse, Error> {
        let id: RelationshipId = rpc::id("relationship_id", &m.relationship_id)?;
        let page = self.proposals(call, &Pages::one(m.at_least_position), |doc| doc.relationship == id).await?;
        let found = page.items.into_iter().next().ok_or_else(|| Error::not_found("proposal"))?;
        Ok(pb::GetMyProposalResponse { proposal: Some(proposal(found)), incomplete: page.incomplete })
    }

    /// A proposal that was just made, as it was.
    pub(crate) async fn proposed(&self, id: RelationshipId, position: u64) -> Option<pb::Proposal> {
        self.views.made::<Caseload>(position, |doc| doc.relationship == id).await.map(proposal)
    }

    /// Those of the caller's proposals and invitations that wait, and are wanted.
    async fn proposals(
        &self,
        call: &Call,
        pages: &Pages,
        is_wanted: impl Fn(&SupportDoc) -> bool + Send + Sync,
    ) -> Result<Page<SupportDoc>, Error> {
        let (by, now) = (call.worker()?, self.gate.engine().now());
        let staff = by.worker().staff();
        if !self.gate.engine().load::<Staff>(staff, Freshness::Latest).await?.admits(by) {
            return Err(Error::denied());
        }
        let waits = |doc: &SupportDoc| doc.since.is_none() && doc.lapses_at.is_none_or(|lapses_at| now < lapses_at);
        let wanted = |doc: &SupportDoc| waits(doc) && is_wanted(doc);
        Ok(self.views.list::<Caseload>(&caseload::of_staff(staff), pages, wanted).await?)
    }

    /// Shows as ended what hangs on a worker who has left: that is so from the acknowledgement on, whatever has been written of it.
    async fn end_with_who_left(&self, docs: &mut [RelationshipDoc], names: &Directory) -> Result<(), Error> {
        // What was only suggested has not begun, and does not end.
        let goes_on = |doc: &&mut RelationshipDoc| doc.latest.end.is_none() && !doc.latest.stage.is_before_a_proposal();
        let workers: Vec<_> = docs.iter_mut().filter(goes_on).map(|doc| doc.worker.staff()).collect();
        let standings = self.gate.engine().load_each::<Staff>(&workers, Freshness::Latest).await?;
        for (doc, staff) in docs.iter_mut().filter(goes_on).zip(standings).filter(|(_, staff)| staff.has_left()) {
            let at = names.left_at(staff.id).unwrap_or(staff.at);
            doc.latest.stage = RelationshipStage::Ended;
            doc.latest.end =
                Some(End { at, by: Author::System, role: String::new(), reason: String::new(), word: None });
        }
        Ok(())
    }

    /// A row for each relationship, with the name where the person shares it, and whether one may be missing that cannot be read. Whoever has
    /// blocked the agency has none.
    async fn rows(
        &self,
        docs: &[SupportDoc],
        scopes: &HashMap<PersonId, Option<Scope>>,
        at_least: u64,
    ) -> Result<(Vec<(PersonId, pb::CaseloadRow)>, bool), Error> {
        let disclosed = scopes.iter().filter(|(_, scope)| scope.is_some());
        let keys: Vec<_> = disclosed.map(|(person, _)| record::contact_key(*person)).collect();
        let (contacts, incomplete) = self.views.find::<Record>(&keys, at_least).await?;
        // A name is as sensitive as its source says.
        let name = |doc: &SupportDoc| {
            let contact = contacts.get(&record::contact_key(doc.person));
            let scope = scopes.get(&doc.person).and_then(Option::as_ref);
            let covers =
                |entry: &EntryDoc| scope.is_some_and(|scope| scope.covers(Category::Contact, &entry.sensitivity));
            match contact.filter(|entry| covers(entry)).map(|entry| &entry.content) {
                Some(Content::Contact { name, .. }) => name.clone(),
                _ => String::new(),
            }
        };
        let row = |doc: &SupportDoc| pb::CaseloadRow {
            relationship_id: doc.relationship.to_string(),
            person_id: doc.person.to_string(),
            name: name(doc),
            offer: doc.offer.clone(),
            since: doc.since.map(words::timestamp),
            receipt_id: String::new(),
        };
        let shown = docs.iter().filter(|doc| scopes.contains_key(&doc.person));
        Ok((shown.map(|doc| (doc.person, row(doc))).collect(), incomplete))
    }
}

/// Whether support goes on is as the person's directive has it at this moment: they do not read their own choices late.
fn as_the_person_left_it(doc: &mut RelationshipDoc, sharing: &Sharing) {
    let stage = &mut doc.latest.stage;
    match (*stage, sharing.is_open(doc.relationship)) {
        (RelationshipStage::Active, false) => *stage = RelationshipStage::Ended,
        (RelationshipStage::Proposed, true) => *stage = RelationshipStage::Active,
        _ => {}
    }
}

/// What was between two who are, or were, in touch before.
fn earlier(worker: Worker, period: &Period, now: Timestamp, names: &Directory) -> pb::EarlierRelationship {
    pb::EarlierRelationship {
        supporter: Some(words::party(Author::Worker(worker), &period.role, period.proposed_at, names)),
        offer: period.offer.clone(),
        state: state(period, now).into(),
        proposed_at: Some(words::timestamp(period.proposed_at)),
        accepted_at: period.accepted_at.map(words::timestamp),
        on_their_word: period.word.as_ref().map(|word| on_their_word(word, names)),
        end: end(period, now, names),
    }
}

fn to_wire(doc: &RelationshipDoc, now: Timestamp, names: &Directory) -> pb::Relationship {
    let latest = &doc.latest;
    pb::Relationship {
        relationship_id: doc.relationship.to_string(),
        supporter: Some(words::party(Author::Worker(doc.worker), &latest.role, Timestamp::NEVER, names)),
        offer: latest.offer.clone(),
        state: state(latest, now).into(),
        proposed_at: Some(words::timestamp(latest.proposed_at)),
        not_again: doc.again_from == Some(Timestamp::NEVER) && !left(latest),
        may_ask_from: doc.again_from.filter(|from| *from != Timestamp::NEVER).map(words::timestamp),
        lapses_at: latest.lapses_at.map(words::timestamp),
        accepted_at: latest.accepted_at.map(words::timestamp),
        on_their_word: latest.word.as_ref().map(|word| on_their_word(word, names)),
        end: end(latest, now, names),
        earlier: doc.earlier.iter().map(|period| earlier(doc.worker, period, now, names)).collect(),
        blocked: false,
        suggested_by: doc.suggestion.as_ref().map(|suggestion| suggestion.source.clone()).unwrap_or_default(),
        invitation: doc.invitation.as_ref().map(|invitation| pb::Invitation {
            invited_at: Some(words::timestamp(invitation.at)),
            message: invitation.message.clone(),
        }),
    }
}

fn on_their_word(word: &WordDoc, names: &Directory) -> pb::OnTheirWord {
    let party = |by: &By| words::said_by(by, names);
    let confirmed = word.confirmed.as_ref();
    pb::OnTheirWord {
        entered_by: Some(party(&word.by)),
        entered_at: Some(words::timestamp(word.by.at)),
        account: word.account.clone(),
        confirmed_by: confirmed.map(|(by, _)| party(by)),
        confirmation: confirmed.map(|(_, words)| words.clone()).unwrap_or_default(),
    }
}

/// Whether it ended because the supporter left their agency.
fn left(period: &Period) -> bool {
    period.end.as_ref().is_some_and(|end| end.by == Author::System)
}

/// When a proposal that nobody answered could no longer be accepted.
fn lapsed(period: &Period, now: Timestamp) -> Option<Timestamp> {
    period.lapses_at.filter(|lapses_at| period.stage == RelationshipStage::Proposed && *lapses_at <= now)
}

fn state(period: &Period, now: Timestamp) -> pb::RelationshipState {
    match period.stage {
        RelationshipStage::Proposed if lapsed(period, now).is_some() => pb::RelationshipState::Lapsed,
        RelationshipStage::Proposed => pb::RelationshipState::Proposed,
        RelationshipStage::Active => pb::RelationshipState::Active,
        RelationshipStage::Declined => pb::RelationshipState::Declined,
        RelationshipStage::Ended => pb::RelationshipState::Ended,
        RelationshipStage::Withdrawn => pb::RelationshipState::Withdrawn,
        RelationshipStage::Suggested => pb::RelationshipState::Suggested,
        RelationshipStage::Invited => pb::RelationshipState::Invited,
        RelationshipStage::Dismissed => pb::RelationshipState::Dismissed,
    }
}

fn end(period: &Period, now: Timestamp, names: &Directory) -> Option<pb::RelationshipEnd> {
    if let Some(at) = lapsed(period, now) {
        return Some(pb::RelationshipEnd { ended_at: Some(words::timestamp(at)), ..pb::RelationshipEnd::default() });
    }
    let End { at, by, role, reason, word } = period.end.as_ref()?;
    Some(pb::RelationshipEnd {
        ended_at: Some(words::timestamp(*at)),
        by: Some(words::party(*by, role, *at, names)).filter(|_| !left(period)),
        reason: reason.clone(),
        supporter_left: left(period),
        on_their_word: word.as_ref().map(|word| on_their_word(word, names)),
    })
}

fn proposal(doc: SupportDoc) -> pb::Proposal {
    pb::Proposal {
        relationship_id: doc.relationship.to_string(),
        person_id: doc.person.to_string(),
        offer: doc.offer,
        proposed_at: Some(words::timestamp(doc.proposed_at)),
        lapses_at: doc.lapses_at.map(words::timestamp),
        invited: doc.invited,
    }
}
