//! "My sharing".

use std::collections::BTreeSet;

use domain::ids::{AgencyId, LawfulBasisId, ProvisionId, StaffId};
use domain::issuers::{Only, Register};
use domain::sharing::{LawfulBasis, OpenAccess, Provision, Sharing};
use domain::vocabulary::{Author, TOPICS, Timestamp, Version, Worker};
use engine::{EngineError, Freshness};
use gate::Call;
use proto::access::v1 as pb;
use proto::sharing::v1 as sharing_pb;
use rpc::words::{self, Names as _};
use rpc::{Error, Listed, Named, Reason};
use views::Pages;

use crate::summary::Words;
use crate::{SharingServices, terms};

impl SharingServices {
    #[allow(clippy::unused_async, reason = "as every answer")]
    pub(crate) async fn labels(&self, _: &Call, _: pb::ListLabelsRequest) -> Result<pb::ListLabelsResponse, Error> {
        let label = |code: &&str| pb::Label { code: (*code).into(), words: self.words().topic(code) };
        Ok(pb::ListLabelsResponse { labels: TOPICS.iter().map(label).collect() })
    }

    /// Who can see what now: of the directive as the log has it, and of who works where. A person does not read their own choices late.
    pub(crate) async fn my_sharing(
        &self,
        call: &Call,
        message: sharing_pb::GetMySharingRequest,
    ) -> Result<sharing_pb::GetMySharingResponse, Error> {
        let person = call.person()?;
        let paging = call.pages(&message)?;
        let engine = self.gate.engine();
        let now = engine.now();
        let sharing = engine.load::<Sharing>(person, Freshness::Latest).await?;
        sharing.registered().map_err(EngineError::Refused)?;
        let workers = sharing.open_access(now).map(|open| open.worker);
        let workers = workers.chain(sharing.lawful_bases(now).map(|(_, basis)| basis.invoked.worker));
        let left = rpc::who_left(engine, workers).await?;
        let register = engine.load::<Register>(Only, Freshness::Latest).await?;
        let directive = listed(&sharing, &register.resolve(&sharing), now, &left);
        let (page, next) = page_of(directive, sharing.version, &paging.pages)?;
        let names = self.told(&page, &sharing).await?;
        let mut answer = sharing_pb::GetMySharingResponse {
            directive_version: sharing.version.0,
            position: sharing.position.0,
            next_page_token: paging.next(next),
            ..sharing_pb::GetMySharingResponse::default()
        };
        for item in page {
            match item {
                Item::Provision(id, held) => answer.provisions.push(provision(id, held, &names)),
                Item::Blocked(agency) => answer
                    .blocked_agencies
                    .push(sharing_pb::BlockedAgency { agency_id: agency.to_string(), name: names.agency(agency) }),
                Item::BlockedWorker(worker) => answer.blocked_workers.push(sharing_pb::BlockedWorker {
                    staff_id: worker.staff().to_string(),
                    name: names.staff(worker.staff()).0,
                    agency_id: worker.agency().to_string(),
                    agency_name: names.agency(worker.agency()),
                }),
                Item::Lawful(id, basis) => answer.lawful_bases.push(lawful_basis(id, basis, &names)),
                Item::Open(open) => answer.open_access.push(sharing_pb::OpenAccess {
                    party: Some(words::party_now(Author::Worker(open.worker), &names)),
                    emergency: open.emergency_until.is_some(),
                    until: open.emergency_until.map(words::timestamp),
                }),
            }
        }
        Ok(answer)
    }

    /// The names that items of a directive need.
    async fn told<'a>(&'a self, items: &[Item<'_>], sharing: &'a Sharing) -> Result<Told<'a>, Error> {
        self.names(named(items, sharing), sharing).await
    }

    /// These names.
    pub(crate) async fn names<'a>(&'a self, named: Named, sharing: &'a Sharing) -> Result<Told<'a>, Error> {
        let listed = Listed::of(&self.views, self.gate.engine(), named, sharing).await?;
        Ok(Told { listed, words: self.words() })
    }

    /// Permits, in words.
    pub(crate) async fn in_words(
        &self,
        sharing: &Sharing,
        held: Vec<(ProvisionId, &Provision)>,
    ) -> Result<Vec<sharing_pb::Provision>, Error> {
        let items: Vec<_> = held.iter().map(|(id, held)| Item::Provision(*id, held)).collect();
        let names = self.told(&items, sharing).await?;
        Ok(held.into_iter().map(|(id, held)| provision(id, held, &names)).collect())
    }
}

/// The names in a directive, and its words.
pub(crate) struct Told<'a> {
    pub(crate) listed: Listed<'a>,
    pub(crate) words: Words<'a>,
}

#[cfg(test)]
impl<'a> Told<'a> {
    /// The names of nobody.
    pub(crate) fn nobody(sharing: &'a Sharing, sentences: &'a sentences::Sentences) -> Self {
        Self { listed: Listed::none(sharing), words: Words(sentences) }
    }
}

impl words::Names for Told<'_> {
    fn agency(&self, agency: AgencyId) -> String {
        self.listed.agency(agency)
    }

    fn staff(&self, staff: StaffId) -> (String, String) {
        self.listed.staff(staff)
    }
}

/// An item of a directive.
#[derive(Debug, Clone, Copy)]
enum Item<'a> {
    Provision(ProvisionId, &'a Provision),
    Blocked(AgencyId),
    BlockedWorker(Worker),
    Open(OpenAccess),
    Lawful(LawfulBasisId, &'a LawfulBasis),
}

/// All items of a directive, and whether each is so now: what lapses between two pages moves nothing from one to the other.
fn listed<'a>(
    sharing: &'a Sharing,
    resolved: &Sharing,
    now: Timestamp,
    left: &BTreeSet<StaffId>,
) -> Vec<(Item<'a>, bool)> {
    let provisions = sharing.held().map(|(id, held)| (Item::Provision(id, held), !held.has_ended(now)));
    let blocked = sharing.blocked().iter().map(|agency| (Item::Blocked(*agency), true));
    let blocked = blocked.chain(sharing.blocked_workers().map(|worker| (Item::BlockedWorker(worker), true)));
    let open = sharing.open_access(now).map(|open| {
        let lets_in = !left.contains(&open.worker.staff()) && !resolved.shuts_out(open.worker);
        (Item::Open(open), lets_in)
    });
    let lawful = sharing.all_lawful_bases(now).map(|(id, basis, open)| {
        let lets_in = open && !left.contains(&basis.invoked.worker.staff());
        (Item::Lawful(id, basis), lets_in)
    });
    provisions.chain(blocked).chain(open).chain(lawful).collect()
}

/// One page of a directive, of what is so now, and what the next one goes on after: the version, and how far it has come.
pub(crate) fn page_of<T>(
    directive: Vec<(T, bool)>,
    version: Version,
    pages: &Pages,
) -> Result<(Vec<T>, Option<Vec<u8>>), Error> {
    let token = |shown: usize| [version.0.to_be_bytes(), (shown as u64).to_be_bytes()].concat();
    let shown = pages.after.last_chunk().map_or(0, |shown| usize::try_from(u64::from_be_bytes(*shown)).unwrap_or(0));
    if !pages.after.is_empty() && (shown == 0 || pages.after != token(shown)) {
        let problem = "is of a directive that has changed since; begin again without it";
        return Err(Error::new(Reason::PageTokenRefused, problem).about("page_token"));
    }
    let so = (1..).zip(directive).skip(shown).filter(|(_, (_, so))| *so);
    let mut so = so.map(|(nth, (item, _))| (nth, item)).peekable();
    let mut last = shown;
    let mut page = Vec::new();
    while let Some((nth, item)) = so.next_if(|_| page.len() < pages.size) {
        last = nth;
        page.push(item);
    }
    Ok((page, so.peek().map(|_| token(last))))
}

fn provision(id: ProvisionId, held: &Provision, names: &Told<'_>) -> sharing_pb::Provision {
    let origin = names.listed.sharing.origin(id);
    let word = origin.and_then(|origin| origin.word.as_ref());
    sharing_pb::Provision {
        provision_id: id.to_string(),
        permit: held.permits(),
        terms: Some(terms::to_wire(held.terms())),
        summary: names.words.provision(held, names),
        without_telling_them: names.listed.sharing.is_untold(id),
        access_request_id: origin.and_then(|origin| origin.request).map(|id| id.to_string()).unwrap_or_default(),
        entered_by: word.map(|word| words::party_now(Author::Worker(word.worker), names)),
        on_their_word: word.map(|word| word.account.clone()).unwrap_or_default(),
        confirmed_by_code: word.is_some_and(|word| word.by_code),
    }
}

fn lawful_basis(id: LawfulBasisId, basis: &LawfulBasis, names: &Told<'_>) -> sharing_pb::LawfulBasis {
    let [worker, decider] =
        basis.both().map(|worker| words::party_now(Author::Worker(worker), &names.listed.directory));
    sharing_pb::LawfulBasis {
        lawful_basis_id: id.to_string(),
        party: Some(worker),
        decided_by: Some(decider),
        statute: basis.invoked.statute.clone(),
        reason: basis.invoked.reason.clone(),
        terms: Some(terms::to_wire(&basis.invoked.terms)),
    }
}

/// Everybody whom a provision names.
pub(crate) fn named_by(provision: &Provision, named: &mut Named) {
    provision.terms().except.iter().for_each(|staff| named.staff(*staff));
    let actor = &provision.terms().actor;
    actor.agency().into_iter().for_each(|agency| named.agency(agency));
    actor.staff().into_iter().for_each(|staff| named.staff(staff));
}

/// Everybody whom items of a directive name.
fn named(items: &[Item<'_>], sharing: &Sharing) -> Named {
    let mut named = Named::default();
    for item in items {
        match item {
            Item::Provision(id, held) => {
                let word = sharing.origin(*id).and_then(|origin| origin.word.as_ref());
                word.into_iter().for_each(|word| named.worker(word.worker));
                named_by(held, &mut named);
            }
            Item::Blocked(agency) => named.agency(*agency),
            Item::BlockedWorker(worker) => named.worker(*worker),
            Item::Open(open) => named.worker(open.worker),
            Item::Lawful(_, basis) => basis.both().into_iter().for_each(|worker| named.worker(worker)),
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::vocabulary::Version;

    fn page(version: u64, ended: &[usize], after: &[u8]) -> Result<(Vec<usize>, Option<Vec<u8>>), Error> {
        let directive = (0..5).map(|n| (n, !ended.contains(&n))).collect();
        page_of(directive, Version(version), &Pages { size: 2, after: after.to_vec(), at_least: 0 })
    }

    #[test]
    fn a_directive_is_read_page_by_page_of_one_version() {
        let read = |ended: &[usize]| {
            let (mut after, mut pages) = (vec![], vec![]);
            loop {
                let (items, next) = page(7, ended, &after).unwrap();
                pages.push(items);
                let Some(next) = next else { return pages };
                assert!(page(8, ended, &next).is_err(), "the directive has changed since");
                after = next;
            }
        };
        assert_eq!(read(&[]), [vec![0, 1], vec![2, 3], vec![4]]);
        // Pages are full, whatever has ended; and there is another only if something is on it.
        assert_eq!(read(&[0, 3]), [vec![1, 2], vec![4]]);
        assert_eq!(read(&[2, 3, 4]), [vec![0, 1]]);
        // What lapses meanwhile moves nothing.
        let (_, next) = page(7, &[], &[]).unwrap();
        assert_eq!(page(7, &[0, 1], &next.unwrap()).unwrap().0, [2, 3]);
        for garbage in [&b"x"[..], &[0xff; 16], &[0; 16], &[1; 40]] {
            assert!(page(7, &[], garbage).is_err(), "{garbage:?}");
        }
    }
}
