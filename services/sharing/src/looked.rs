//! "Who has looked": the person's receipts, and the same as a page to print.

use std::collections::BTreeSet;

use domain::ids::{AgencyId, PersonId, ReceiptId};
use domain::issuers::{Only, Register};
use domain::vocabulary::{Author, Category, Purpose, Sensitivity, Timestamp};
use engine::Freshness;
use gate::{Asked, Call, Disclosure};
use letters::{Line, Page as Letter};
use proto::access::v1 as pb;
use rpc::{Directory, Error, words};
use views::access_history::{self, AccessHistory, QueryDoc, ReceiptDoc, ReceiptKind};
use views::{Page, Pages};

use crate::questions::stage;
use crate::summary::Words;
use crate::{SharingServices, summary};

/// How many receipts a letter has.
const IN_LETTER: usize = 200;

/// Which receipts are wanted.
#[derive(Default)]
struct Wanted {
    /// Of these agencies alone.
    agencies: Option<BTreeSet<AgencyId>>,
    /// Of one of these categories.
    categories: Vec<Category>,
    /// Of one of these kinds.
    kinds: Vec<pb::receipt::Kind>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    /// The person's own looks, too.
    own: bool,
}

impl Wanted {
    fn keeps(&self, doc: &ReceiptDoc) -> bool {
        let agency = match doc.party {
            Author::Person => self.own && self.agencies.is_none(),
            Author::System | Author::AnotherPerson => self.agencies.is_none(),
            Author::Worker(worker) => self.agencies.as_ref().is_none_or(|wanted| wanted.contains(&worker.agency())),
        };
        // An attempt at all of the record, and an emergency, are of each part.
        let of_all = doc.categories.is_empty() && matches!(doc.kind, ReceiptKind::Denied | ReceiptKind::Emergency);
        let mut categories = doc.categories.iter().chain(&doc.refused);
        agency
            && (self.categories.is_empty() || of_all || categories.any(|category| self.categories.contains(category)))
            && (self.kinds.is_empty() || self.kinds.contains(&kind(doc.kind)))
            && self.from.is_none_or(|from| from <= doc.at)
            && self.until.is_none_or(|until| doc.at < until)
    }
}

type Moment = Option<prost_types::Timestamp>;

impl SharingServices {
    /// Receipts of an agency, or of those that are one with it, and of a time.
    async fn wanted(&self, agency_id: &str, (from, until): (Moment, Moment)) -> Result<Wanted, Error> {
        let agency: Option<AgencyId> = rpc::optional_id("agency_id", agency_id)?;
        let agencies = match agency {
            Some(agency) => Some(self.gate.engine().load::<Register>(Only, Freshness::Latest).await?.one_with(agency)),
            None => None,
        };
        let from = from.map(|at| words::from_timestamp("from", at)).transpose()?;
        let until = until.map(|at| words::from_timestamp("until", at)).transpose()?;
        Ok(Wanted { agencies, from, until, ..Wanted::default() })
    }

    pub(crate) async fn history(
        &self,
        call: &Call,
        message: pb::ListAccessHistoryRequest,
    ) -> Result<pb::ListAccessHistoryResponse, Error> {
        let (person, paging) = (call.person()?, call.pages(&message)?);
        let wanted = self.wanted(&message.agency_id, (message.from, message.until)).await?;
        let kinds = rpc::enums("kinds", &message.kinds)?;
        let categories = words::categories("categories", &message.categories)?;
        let wanted = Wanted { categories, kinds, own: message.include_own, ..wanted };
        let (page, names) = self.receipts(person, &paging.pages, &wanted).await?;
        let now = self.gate.engine().now();
        Ok(pb::ListAccessHistoryResponse {
            receipts: page.items.iter().map(|doc| receipt(doc, now, &names, self.words())).collect(),
            next_page_token: paging.next(page.next),
            position: page.position,
            incomplete: page.incomplete,
        })
    }

    pub(crate) async fn get_receipt(
        &self,
        call: &Call,
        m: pb::GetReceiptRequest,
    ) -> Result<pb::GetReceiptResponse, Error> {
        let (person, id) = (call.person()?, rpc::id("receipt_id", &m.receipt_id)?);
        let known = self.views.one::<AccessHistory>(access_history::receipt_key(person, id), m.at_least_position);
        let doc = known.await?.ok_or_else(|| Error::not_found("receipt"))?;
        let names = self.names_in(std::slice::from_ref(&doc)).await?;
        Ok(pb::GetReceiptResponse { receipt: Some(receipt(&doc, self.gate.engine().now(), &names, self.words())) })
    }

    async fn names_in(&self, docs: &[ReceiptDoc]) -> Result<Directory, Error> {
        let about = docs.iter().filter_map(|doc| doc.about.map(Author::Worker));
        Directory::of(&self.views, docs.iter().map(|doc| doc.party).chain(about).collect()).await
    }

    async fn receipts(
        &self,
        person: PersonId,
        pages: &Pages,
        wanted: &Wanted,
    ) -> Result<(Page<ReceiptDoc>, Directory), Error> {
        let list = access_history::of_person(person);
        let page = self.views.list::<AccessHistory>(&list, pages, |doc| wanted.keeps(doc)).await?;
        let names = self.names_in(&page.items).await?;
        Ok((page, names))
    }

    pub(crate) async fn print_mine(
        &self,
        call: &Call,
        m: pb::PrintMyAccessHistoryRequest,
    ) -> Result<pb::PrintMyAccessHistoryResponse, Error> {
        let sifted = !m.agency_id.is_empty() || m.from.is_some() || m.until.is_some();
        let wanted = Wanted { own: true, ..self.wanted(&m.agency_id, (m.from, m.until)).await? };
        let pages = Pages { size: IN_LETTER, after: vec![], at_least: m.at_least_position };
        let (page, names) = self.receipts(call.person()?, &pages, &wanted).await?;
        let html = self.letter(&page, &names, if sifted { &["looks-sifted"] } else { &[] })?;
        Ok(pb::PrintMyAccessHistoryResponse { html, position: page.position, incomplete: page.incomplete })
    }

    /// For somebody who asked a worker for it: all of it, so that nobody leaves their own looks out, and of each look no more than who it was, what they
    /// saw and why. Who looks at a record tells who supports the person: whoever may not see that is denied.
    pub(crate) async fn print(
        &self,
        call: &Call,
        m: pb::PrintAccessHistoryRequest,
    ) -> Result<pb::PrintAccessHistoryResponse, Error> {
        let person: PersonId = rpc::id("person_id", &m.person_id)?;
        let kinds = vec![pb::receipt::Kind::Viewed, pb::receipt::Kind::Contributed];
        let wanted = &Wanted { kinds, own: true, ..Wanted::default() };
        let asked = Asked::new(call, Purpose::PersonRequest, vec![Category::SupportNetwork])?;
        let pages = &Pages { size: IN_LETTER, after: vec![], at_least: m.at_least_position };
        let answer = self.gate.disclose(&asked, person, |scope, _| async move {
            if !scope.covers(Category::SupportNetwork, &Sensitivity::NORMAL) {
                return Ok(Disclosure { answer: None, categories: BTreeSet::new(), entries: 0, named_authors: false });
            }
            let (mut page, names) = self.receipts(person, pages, wanted).await?;
            page.items.iter_mut().for_each(for_somebody_else);
            let (entries, categories) = (page.items.len(), BTreeSet::from([Category::SupportNetwork]));
            Ok(Disclosure { answer: Some((page, names)), categories, entries, named_authors: true })
        });
        let (told, receipt) = answer.await?;
        let (page, names) = told.ok_or_else(Error::denied)?;
        let html = self.letter(&page, &names, &["looks-part"])?;
        let receipt_id = receipt.to_string();
        Ok(pb::PrintAccessHistoryResponse { html, position: page.position, incomplete: page.incomplete, receipt_id })
    }

    /// Receipts as a page to print, and what is to be said of them first.
    fn letter(&self, page: &Page<ReceiptDoc>, names: &Directory, notes: &[&str]) -> Result<String, Error> {
        let say = |name| self.letters.say(name, &[]);
        let line = |doc: &ReceiptDoc| Line::beside(summary::day(doc.at), self.words().receipt(doc, names));
        let mut letter = Letter { title: say("looks-title"), ..Letter::default() };
        letter.lead.push(say(if page.items.is_empty() { "looks-none" } else { "looks-lead" }));
        letter.lead.extend(notes.iter().map(|note| say(note)));
        if page.incomplete {
            letter.lead.push(say("looks-incomplete"));
        }
        if page.next.is_some() {
            letter.lead.push(self.letters.say("looks-more", &[("count", &page.items.len().to_string())]));
        }
        letter.tells(String::new(), page.items.iter().map(line));
        letter.close.push(say("looks-close"));
        letter.html().map_err(|failed| Error::internal(&failed))
    }
}

/// Takes out of a look what is for the person alone: what else was asked for, and whether something else let them look.
fn for_somebody_else(doc: &mut ReceiptDoc) {
    doc.refused.clear();
    doc.lawful_bases.clear();
    (doc.emergency, doc.named_authors) = (false, false);
}

fn kind(kind: ReceiptKind) -> pb::receipt::Kind {
    match kind {
        ReceiptKind::Viewed => pb::receipt::Kind::Viewed,
        ReceiptKind::Contributed => pb::receipt::Kind::Contributed,
        ReceiptKind::Denied => pb::receipt::Kind::Denied,
        ReceiptKind::Emergency => pb::receipt::Kind::Emergency,
        ReceiptKind::Reviewed => pb::receipt::Kind::Reviewed,
        ReceiptKind::EmergencyEnded => pb::receipt::Kind::EmergencyEnded,
        ReceiptKind::EmergencyAllowed => pb::receipt::Kind::EmergencyAllowed,
        ReceiptKind::LawfulBasis => pb::receipt::Kind::LawfulBasis,
        ReceiptKind::LawfulBasisEnded => pb::receipt::Kind::LawfulBasisEnded,
    }
}

fn receipt(doc: &ReceiptDoc, now: Timestamp, names: &Directory, said: Words<'_>) -> pb::Receipt {
    pb::Receipt {
        receipt_id: doc.receipt.to_string(),
        kind: kind(doc.kind).into(),
        party: Some(words::party(doc.party, &doc.role, doc.at, names)),
        time: Some(words::timestamp(doc.at)),
        purpose: i32::from(doc.purpose.code()),
        categories: words::to_categories(&doc.categories),
        entries: doc.entries,
        refused: words::to_categories(&doc.refused),
        summary: said.receipt(doc, names),
        emergency: doc.emergency,
        named_authors: doc.named_authors,
        reason: doc.reason.clone(),
        emergency_id: doc.emergency_access.map(|id| id.to_string()).unwrap_or_default(),
        justified: doc.justified,
        until: doc.until.map(words::timestamp),
        nth: doc.nth,
        lawful_basis_ids: doc.lawful_bases.iter().map(ToString::to_string).collect(),
        statute: doc.statute.clone(),
        queries: doc.queries.iter().map(|q| query(doc.receipt, q, now)).collect(),
    }
}

/// A question as it stands; what was said of it is in the list of questions.
fn query(receipt: ReceiptId, doc: &QueryDoc, now: Timestamp) -> pb::Query {
    let due = doc.stage.due(doc.answer_by);
    pb::Query {
        query_id: doc.query.to_string(),
        question: doc.question.clone(),
        state: stage(doc.stage),
        asked_at: Some(words::timestamp(doc.at)),
        receipt_id: receipt.to_string(),
        answer_by: due.map(words::timestamp),
        overdue: due.is_some_and(|by| by <= now),
        said: vec![],
    }
}
