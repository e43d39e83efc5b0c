//! "Who has looked" and "my sharing".

use domain::ids::{AgencyId, ReceiptId};
use domain::vocabulary::{Author, ProvisionActor, TOPICS, Timestamp};
use gate::Call;
use proto::access::v1 as pb;
use proto::sharing::v1 as sharing_pb;
use rpc::words::{self, Names as _};
use rpc::{Directory, Error, Named, Reason};
use uuid::Uuid;
use views::Pages;
use views::access_history::{self, AccessHistory, ReceiptDoc, ReceiptKind};
use views::questions::{self, Questions};
use views::sharing::{self, MySharing, OpenDoc, ProvisionDoc, SharingDoc};

use crate::{SharingServices, summary, terms};

impl SharingServices {
    pub(crate) async fn history(
        &self,
        call: &Call,
        message: pb::ListAccessHistoryRequest,
    ) -> Result<pb::ListAccessHistoryResponse, Error> {
        let person = call.person()?;
        let paging = call.pages(&message)?;
        let wanted: Option<AgencyId> = rpc::optional_id("agency_id", &message.agency_id)?;
        let keep = |doc: &ReceiptDoc| match doc.party {
            Author::Person => message.include_own && wanted.is_none(),
            Author::System | Author::AnotherPerson => wanted.is_none(),
            Author::Worker(worker) => wanted.is_none_or(|wanted| wanted == worker.agency()),
        };
        let page = self.views.list::<AccessHistory>(&access_history::of_person(person), &paging.pages, keep).await?;
        let names = Directory::of(&self.views, page.items.iter().map(|doc| doc.party).collect()).await?;
        Ok(pb::ListAccessHistoryResponse {
            receipts: page.items.iter().map(|doc| receipt(doc, &names)).collect(),
            next_page_token: paging.next(page.next),
            position: page.position,
        })
    }

    pub(crate) async fn questions(
        &self,
        call: &Call,
        message: pb::ListMyQuestionsRequest,
    ) -> Result<pb::ListMyQuestionsResponse, Error> {
        let person = call.person()?;
        let paging = call.pages(&message)?;
        let page = self.views.list::<Questions>(&questions::of_person(person), &paging.pages, |_| true).await?;
        Ok(pb::ListMyQuestionsResponse {
            questions: page.items.iter().map(|q| query(q.query.0, q.receipt, &q.question, q.asked_at)).collect(),
            next_page_token: paging.next(page.next),
            position: page.position,
        })
    }

    #[allow(clippy::unused_async, reason = "as every answer")]
    pub(crate) async fn labels(&self, _: &Call, _: pb::ListLabelsRequest) -> Result<pb::ListLabelsResponse, Error> {
        let label = |(code, words): &(&str, &str)| pb::Label { code: (*code).into(), words: (*words).into() };
        Ok(pb::ListLabelsResponse { labels: TOPICS.iter().map(label).collect() })
    }

    pub(crate) async fn my_sharing(
        &self,
        call: &Call,
        message: sharing_pb::GetMySharingRequest,
    ) -> Result<sharing_pb::GetMySharingResponse, Error> {
        let person = call.person()?;
        let paging = call.pages(&message)?;
        self.views.reach::<MySharing>(paging.pages.at_least).await?;
        let position = self.views.position::<MySharing>().await?;
        let found = self.views.one::<MySharing>(sharing::key(person), 0).await?;
        let mut doc = found.ok_or_else(|| Error::not_found("person"))?;
        let next = page_of(&mut doc, &paging.pages)?;
        // What lapses between two pages moves nothing from one to the other.
        let now = engine::now();
        doc.open.retain(|open| open.until.is_none_or(|until| now < until));
        doc.provisions.retain(|held| held.provision.terms().until.is_none_or(|until| now < until));
        let names = Directory::of(&self.views, named(&doc)).await?;
        let blocked = |agency: &AgencyId| sharing_pb::BlockedAgency {
            agency_id: agency.to_string(),
            name: names.agency(*agency),
        };
        Ok(sharing_pb::GetMySharingResponse {
            provisions: doc.provisions.iter().map(|p| provision(p, &names)).collect(),
            blocked_agencies: doc.blocked.iter().map(blocked).collect(),
            open_access: doc.open.iter().map(|o| open(o, &names)).collect(),
            directive_version: doc.version.0,
            position,
            next_page_token: paging.next(next),
        })
    }
}

/// Keeps one page of a directive, counted through its three lists, and returns what the next one goes on after: the version,
/// and how many were shown of it.
fn page_of(doc: &mut SharingDoc, pages: &Pages) -> Result<Option<Vec<u8>>, Error> {
    let token = |shown: usize| [doc.version.0.to_be_bytes(), (shown as u64).to_be_bytes()].concat();
    let all = doc.provisions.len() + doc.blocked.len() + doc.open.len();
    let shown = pages.after.last_chunk().map_or(0, |shown| usize::try_from(u64::from_be_bytes(*shown)).unwrap_or(0));
    if !pages.after.is_empty() && (shown == 0 || shown > all || pages.after != token(shown)) {
        let problem = "is of a directive that has changed since; begin again without it";
        return Err(Error::new(Reason::PageTokenRefused, problem).about("page_token"));
    }
    let end = all.min(shown + pages.size);
    let next = (end < all).then(|| token(end));
    let mut at = 0;
    let mut wanted = || {
        at += 1;
        shown < at && at <= end
    };
    doc.provisions.retain(|_| wanted());
    doc.blocked.retain(|_| wanted());
    doc.open.retain(|_| wanted());
    Ok(next)
}

fn provision(doc: &ProvisionDoc, names: &Directory) -> sharing_pb::Provision {
    sharing_pb::Provision {
        provision_id: doc.id.to_string(),
        permit: doc.provision.permits(),
        terms: Some(terms::to_wire(doc.provision.terms())),
        summary: summary::provision(&doc.provision, names),
    }
}

fn open(doc: &OpenDoc, names: &Directory) -> sharing_pb::OpenAccess {
    sharing_pb::OpenAccess {
        party: Some(words::party_now(Author::Worker(doc.worker), names)),
        emergency: doc.emergency.is_some(),
        until: doc.until.map(words::timestamp),
    }
}

/// Everybody whom a directive names.
fn named(doc: &SharingDoc) -> Named {
    let mut named = Named::default();
    for provision in &doc.provisions {
        match provision.provision.terms().actor {
            ProvisionActor::Agency(agency) => named.agency(agency),
            ProvisionActor::Staff(staff) => named.staff(staff),
            ProvisionActor::Role(_) | ProvisionActor::Everybody => {}
        }
    }
    doc.blocked.iter().for_each(|agency| named.agency(*agency));
    doc.open.iter().for_each(|open| named.worker(open.worker));
    named
}

fn receipt(doc: &ReceiptDoc, names: &Directory) -> pb::Receipt {
    let kind = match doc.kind {
        ReceiptKind::Viewed => pb::receipt::Kind::Viewed,
        ReceiptKind::Contributed => pb::receipt::Kind::Contributed,
        ReceiptKind::Denied => pb::receipt::Kind::Denied,
        ReceiptKind::Emergency => pb::receipt::Kind::Emergency,
        ReceiptKind::Reviewed => pb::receipt::Kind::Reviewed,
    };
    pb::Receipt {
        receipt_id: doc.receipt.to_string(),
        kind: kind.into(),
        party: Some(words::party(doc.party, &doc.role, names)),
        time: Some(words::timestamp(doc.at)),
        purpose: i32::from(doc.purpose.code()),
        categories: words::to_categories(&doc.categories),
        entries: doc.entries,
        summary: summary::receipt(doc, names),
        emergency: doc.emergency,
        named_authors: doc.named_authors,
        reason: doc.reason.clone(),
        emergency_id: doc.emergency_access.map(|id| id.to_string()).unwrap_or_default(),
        justified: doc.justified,
        query: doc.query.as_ref().map(|q| query(q.query, doc.receipt, &q.question, q.at)),
    }
}

fn query(query: Uuid, receipt: ReceiptId, question: &str, asked_at: Timestamp) -> pb::Query {
    pb::Query {
        query_id: query.to_string(),
        question: question.to_owned(),
        state: pb::query::State::Open.into(),
        asked_at: Some(words::timestamp(asked_at)),
        receipt_id: receipt.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::vocabulary::Version;

    fn directive(version: u64) -> SharingDoc {
        let blocked = (0..5).map(|n| AgencyId(Uuid::from_u128(n))).collect();
        SharingDoc { version: Version(version), blocked, ..SharingDoc::default() }
    }

    fn page(version: u64, after: &[u8]) -> Result<(usize, Option<Vec<u8>>), Error> {
        let mut doc = directive(version);
        let next = page_of(&mut doc, &Pages { size: 2, after: after.to_vec(), at_least: 0 })?;
        Ok((doc.blocked.len(), next))
    }

    #[test]
    fn a_directive_is_read_page_by_page_of_one_version() {
        let (mut after, mut sizes) = (vec![], vec![]);
        loop {
            let (size, next) = page(7, &after).unwrap();
            sizes.push(size);
            let Some(next) = next else { break };
            assert!(page(8, &next).is_err(), "the directive has changed since");
            after = next;
        }
        assert_eq!(sizes, [2, 2, 1]);
        for garbage in [&b"x"[..], &[0xff; 16], &[0; 16], &[1; 40]] {
            assert!(page(7, garbage).is_err(), "{garbage:?}");
        }
    }
}
