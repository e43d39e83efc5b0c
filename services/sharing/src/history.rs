//! "Who has looked", and the person's question about it.

use access::Caller;
use domain::Command as _;
use domain::ids::{AgencyId, QueryId, ReceiptId, derived_id};
use domain::query::{Query, QueryAccess};
use domain::vocabulary::Author;
use engine::{Context, Loaded};
use events::Actor;
use proto::access::v1 as pb;
use rpc::{Directory, Error, words};
use tonic::Extensions;
use views::Pages;
use views::access_history::{self, QueryDoc, ReceiptDoc, ReceiptKind};

use crate::{SharingServices, summary};

impl SharingServices {
    pub(crate) async fn history(
        &self,
        extensions: &Extensions,
        message: pb::ListAccessHistoryRequest,
    ) -> Result<pb::ListAccessHistoryResponse, Error> {
        let person = Caller::of(extensions)?.person()?;
        let (size, after) = rpc::pages(message.page_size, &message.page_token)?;
        let wanted: Option<AgencyId> = rpc::optional_id("agency_id", &message.agency_id)?;
        self.views.wait(access_history::NAME, message.at_least_position).await?;
        let keep = |doc: &ReceiptDoc| match doc.party {
            Author::Person => message.include_own && wanted.is_none(),
            Author::System => wanted.is_none(),
            Author::Staff { agency, .. } => wanted.is_none_or(|wanted| wanted == agency),
        };
        let prefix = access_history::of_person(person);
        let page = self.views.list(access_history::NAME, &prefix, &Pages { size, after }, keep).await?;
        let names = Directory::of(&self.views, page.items.iter().map(|doc| doc.party)).await?;
        Ok(pb::ListAccessHistoryResponse {
            receipts: page.items.iter().map(|doc| receipt(doc, &names)).collect(),
            next_page_token: rpc::next_token(page.next),
            position: page.position,
        })
    }

    pub(crate) async fn query(
        &self,
        extensions: &Extensions,
        message: pb::QueryAccessRequest,
    ) -> Result<pb::QueryAccessResponse, Error> {
        let person = Caller::of(extensions)?.person()?;
        let context = Context::new(Actor::person(person), access::request_id(extensions, &message.request_id)?);
        let receipt: ReceiptId = rpc::id("receipt_id", &message.receipt_id)?;
        // The person names what they have read: it is in the view, or it is not theirs.
        let key = access_history::receipt_key(person, receipt);
        let known = self.views.get::<ReceiptDoc>(access_history::NAME, &[key]).await?;
        if known.is_empty() {
            return Err(Error::not_found("receipt"));
        }
        // One question for each receipt, so its id follows from the receipt.
        let query = QueryId(derived_id(receipt.0, &[b"query", person.0.as_bytes()]));
        let command = QueryAccess { receipt, question: message.question };
        let asked = self.gate.engine().transact(&context, (query.0,), |(asked,): &(Loaded<Query>,), changes| {
            changes.record(asked, person.0, command.clone().decide(asked)?);
            Ok(())
        });
        Ok(pb::QueryAccessResponse { position: asked.await?.position.0, query_id: query.to_string() })
    }
}

fn receipt(doc: &ReceiptDoc, names: &Directory) -> pb::Receipt {
    let kind = match doc.kind {
        ReceiptKind::Viewed => pb::receipt::Kind::Viewed,
        ReceiptKind::Contributed => pb::receipt::Kind::Contributed,
        ReceiptKind::Denied => pb::receipt::Kind::Denied,
        ReceiptKind::Emergency => pb::receipt::Kind::Emergency,
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
        reason: doc.reason.clone(),
        query: doc.query.as_ref().map(query),
    }
}

fn query(doc: &QueryDoc) -> pb::Query {
    pb::Query {
        query_id: doc.query.to_string(),
        question: doc.question.clone(),
        state: pb::query::State::Open.into(),
        asked_at: Some(words::timestamp(doc.at)),
    }
}
