//! "If I choose this, this is what they would see" (rule 7): the choice is carried out on a copy of the directive, and every decision that lets
//! somebody see something is made on that.

use std::collections::{BTreeMap, BTreeSet};

use domain::Command as _;
use domain::access::{Ask, Covers, decide, seen};
use domain::agency::Agency;
use domain::consultation::Circle;
use domain::ids::{AgencyId, PersonId, ProvisionId};
use domain::issuers::{Only, Register};
use domain::person::Person;
use domain::sharing::events::SharingEvent;
use domain::sharing::{
    DenyProvision, GrantAccess, GrantProvision, NarrowProvision, Sharing, UnblockWorker, WithdrawProvision,
    block_worker,
};
use domain::staff::Staff;
use domain::vocabulary::{Action, Author, Category, Purpose, SignedIn, Timestamp, Worker};
use engine::{Freshness, Loaded};
use gate::Call;
use proto::sharing::v1 as pb;
use proto::sharing::v1::preview_sharing_request::Choice;
use rpc::words::{self, Names};
use rpc::{Error, Named};
use views::Pages;
use views::consultations::{self, Consultations};

use crate::SharingServices;
use crate::service::{blocked, unblocked};
use crate::summary::Words;

/// The most supporters that one preview tells of.
const PARTIES_LIMIT: usize = 100;

/// What there is to see: the headings of a record, and who may see each consultation.
struct Record {
    person: Loaded<Person>,
    circles: Vec<Circle>,
}

impl Record {
    fn seen(&self, covers: Option<&impl Covers>) -> BTreeMap<Category, usize> {
        seen(covers, self.person.headings(), self.circles.iter())
    }
}

/// The directive as it is, or as it would be, and the moment of which it is asked.
struct Directive<'a> {
    sharing: &'a Sharing,
    at: Timestamp,
}

/// What somebody sees now, and would see then, for one purpose and action.
struct Would {
    purpose: Purpose,
    action: Action,
    now: BTreeMap<Category, usize>,
    then: BTreeMap<Category, usize>,
}

impl SharingServices {
    pub(crate) async fn preview(
        &self,
        call: &Call,
        m: pb::PreviewSharingRequest,
    ) -> Result<pb::PreviewSharingResponse, Error> {
        let (person, engine) = (call.person()?, self.gate.engine());
        let asked = words::purposes("purposes", &m.purposes)?;
        let (sharing, now) = (engine.load::<Sharing>(person, Freshness::Latest).await?, engine.now());
        let choice = rpc::required("choice", m.choice)?;
        let register = engine.load::<Register>(Only, Freshness::Latest).await?;
        let (events, begins) = self.chosen((&sharing, &register), now, choice).await?;
        let then = sharing.after(&events);
        let (is, would) = (
            Directive { sharing: &sharing, at: now },
            Directive { sharing: &then, at: begins.filter(|at| now < *at).unwrap_or(now) },
        );
        let record =
            Record { person: engine.load(person, Freshness::Latest).await?, circles: self.circles(person).await? };
        let purposes = if asked.is_empty() { purposes_of([&sharing, &then]) } else { asked.into_iter().collect() };
        let supporters: BTreeSet<_> = sharing.supporters().collect();
        let left_out = supporters.len().saturating_sub(PARTIES_LIMIT);
        let supporters: Vec<_> = supporters.into_iter().take(PARTIES_LIMIT).collect();
        let names = rpc::Directory::of(&self.views, supporters_named(&supporters)).await?;
        let mut parties = self.workers(&supporters, (&is, &would), &register, &purposes, &record, &names).await?;
        let agencies: BTreeSet<_> = supporters.iter().map(|worker| worker.agency()).collect();
        for agency in agencies {
            parties.extend(self.system(agency, (&is, &would), &purposes, &record, &names).await?);
        }
        Ok(pb::PreviewSharingResponse {
            parties,
            left_out: u32::try_from(left_out).unwrap_or(u32::MAX),
            at: Some(words::timestamp(would.at)),
            directive_version: sharing.version.0,
            position: sharing.position.0,
        })
    }

    /// What a choice would append, exactly as when it is made, and when it begins to hold, if that is said.
    async fn chosen(
        &self,
        (sharing, register): (&Sharing, &Register),
        now: Timestamp,
        choice: Choice,
    ) -> Result<(Vec<SharingEvent>, Option<Timestamp>), Error> {
        let provision = ProvisionId(uuid::Uuid::now_v7());
        let events = match choice {
            Choice::Grant(terms) => {
                let terms = self.terms(Some(terms), true).await?;
                let (begins, without_telling) = (terms.from, false);
                let grant = GrantProvision { provision, terms, without_telling, now };
                return Ok((grant.decide(sharing)?, begins));
            }
            Choice::GrantAccessRequestId(id) => {
                let request = rpc::id("grant_access_request_id", &id)?;
                let begins = sharing.request(request)?.terms.from;
                let grant = GrantAccess { request, provision, terms: None, without_telling: false, now };
                return Ok((grant.decide(sharing)?, begins));
            }
            Choice::Deny(terms) => {
                let terms = self.terms(Some(terms), false).await?;
                let begins = terms.from;
                return Ok((DenyProvision { provision, terms, now }.decide(sharing)?, begins));
            }
            Choice::Narrow(narrow) => NarrowProvision {
                provision: rpc::id("narrow.provision_id", &narrow.provision_id)?,
                categories: words::categories("narrow.categories", &narrow.categories)?,
                level: words::level("narrow.up_to", narrow.up_to)?,
                without_telling: false,
            }
            .decide(sharing),
            Choice::WithdrawProvisionId(id) => {
                let provision = rpc::id("withdraw_provision_id", &id)?;
                WithdrawProvision { provision, without_telling: false }.decide(sharing)
            }
            Choice::BlockAgencyId(id) => {
                let agency: AgencyId = rpc::id("block_agency_id", &id)?;
                let known = self.gate.engine().load::<Agency>(agency, Freshness::Latest).await?;
                blocked(sharing, &known, register, agency)
            }
            Choice::UnblockAgencyId(id) => unblocked(sharing, register, rpc::id("unblock_agency_id", &id)?),
            Choice::BlockStaffId(id) => {
                let worker = self.worker(rpc::id("block_staff_id", &id)?).await?;
                let known = self.gate.engine().load::<Staff>(worker.staff(), Freshness::Latest).await?;
                block_worker(sharing, &known, worker)
            }
            Choice::UnblockStaffId(id) => {
                UnblockWorker { worker: self.worker(rpc::id("unblock_staff_id", &id)?).await? }.decide(sharing)
            }
        };
        Ok((events?, None))
    }

    /// Who may see each of a person's consultations.
    async fn circles(&self, person: PersonId) -> Result<Vec<Circle>, Error> {
        let (list, mut pages, mut circles) = (consultations::of_person(person), Pages::all(0), Vec::new());
        while let Some(page) = self.views.next::<Consultations>(&list, &mut pages, |_| true).await? {
            circles.extend(page.items.into_iter().map(|doc| doc.circle));
        }
        Ok(circles)
    }

    /// What each worker sees and would see. Whoever has left sees nothing either way.
    async fn workers(
        &self,
        supporters: &[Worker],
        (is, would): (&Directive<'_>, &Directive<'_>),
        register: &Register,
        purposes: &BTreeSet<Purpose>,
        record: &Record,
        names: &impl Names,
    ) -> Result<Vec<pb::PreviewedParty>, Error> {
        let (resolved, would_resolved) = (register.resolve(is.sharing), register.resolve(would.sharing));
        let ids: Vec<_> = supporters.iter().map(|worker| worker.staff()).collect();
        let standings = self.gate.engine().load_each::<Staff>(&ids, Freshness::Latest).await?;
        let mut parties = Vec::new();
        for (worker, staff) in supporters.iter().zip(&standings) {
            let Some(sign_in) = staff.sign_in().filter(|_| staff.works_for(worker.agency())) else { continue };
            let each = purposes.iter().flat_map(|purpose| [Action::Read, Action::Contribute].map(|a| (*purpose, a)));
            let would = each.map(|(purpose, action)| {
                let ask = |at| Ask { by: SignedIn::new(*worker, sign_in), purpose, action, now: at };
                let now = record.seen(decide(&resolved, staff, &ask(is.at)).scope());
                let then = record.seen(decide(&would_resolved, staff, &ask(would.at)).scope());
                Would { purpose, action, now, then }
            });
            let party = words::party_now(Author::Worker(*worker), names);
            parties.push(told(self.words(), party, false, would.collect()));
        }
        Ok(parties)
    }

    /// What the computer system of an agency receives and would receive (rule 27).
    async fn system(
        &self,
        agency: AgencyId,
        (is, would): (&Directive<'_>, &Directive<'_>),
        purposes: &BTreeSet<Purpose>,
        record: &Record,
        names: &impl Names,
    ) -> Result<Option<pb::PreviewedParty>, Error> {
        let now = self.gate.system_would(is.sharing, agency, purposes, is.at).await?;
        let then = self.gate.system_would(would.sharing, agency, purposes, would.at).await?;
        let each = purposes.iter().zip(now.iter().zip(&then)).map(|(purpose, (now, then))| Would {
            purpose: *purpose,
            action: Action::Subscribe,
            now: record.seen(now.as_ref()),
            then: record.seen(then.as_ref()),
        });
        let party = words::system_of(agency, names);
        Ok(Some(told(self.words(), party, true, each.collect())).filter(|party| !party.purposes.is_empty()))
    }
}

/// The purposes for which anything is permitted, now or then.
fn purposes_of(directives: [&Sharing; 2]) -> BTreeSet<Purpose> {
    let permits = directives.into_iter().flat_map(Sharing::provisions).filter(|provision| provision.permits());
    permits.flat_map(|provision| provision.terms().purposes.iter().copied()).collect()
}

fn supporters_named(supporters: &[Worker]) -> Named {
    let mut named = Named::default();
    supporters.iter().for_each(|worker| named.worker(*worker));
    named
}

/// What changes for somebody, without the purposes and actions for which they see nothing either way.
fn told(said: Words<'_>, party: proto::access::v1::Party, system: bool, would: Vec<Would>) -> pb::PreviewedParty {
    let would: Vec<_> = would.into_iter().filter(|one| !one.now.is_empty() || !one.then.is_empty()).collect();
    let changes = would.iter().any(|one| one.now != one.then);
    let summary = said.preview(&party, system, would.iter().map(|one| (one.purpose, one.action, &one.then)));
    let counts = |seen: &BTreeMap<Category, usize>| {
        let count = |(category, entries): (&Category, &usize)| pb::CategoryCount {
            category: i32::from(category.code()),
            entries: u32::try_from(*entries).unwrap_or(u32::MAX),
        };
        seen.iter().map(count).collect()
    };
    let purposes = would.iter().map(|one| pb::PreviewedPurpose {
        purpose: i32::from(one.purpose.code()),
        action: i32::from(one.action.code()),
        now: counts(&one.now),
        then: counts(&one.then),
    });
    pb::PreviewedParty { purposes: purposes.collect(), party: Some(party), system, changes, summary }
}
