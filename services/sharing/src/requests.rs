//! What workers ask a person to permit, what the person says to it, and what a worker enters on their word.

use domain::ids::{AccessRequestId, AgencyId, PersonId, ProvisionId, StaffId};
use domain::issuers::{Only, Register};
use domain::notices::{Notices, WordCodeFor};
use domain::sharing::events::SharingEvent;
use domain::sharing::{
    AccessRequest, AsOf, Choice, DenyProvision, EnterChoice, GrantAccess, GrantProvision, Provision, RefuseAccess,
    RequestAccess, Sharing, WithdrawProvision, enter_choice,
};
use domain::staff::Staff;
use domain::vocabulary::{Author, OnTheirWord, ProvisionActor, SignedIn, Version};
use domain::{Command as _, Refusal};
use engine::{Changes, Context, EngineError, Freshness, Loaded};
use gate::{Asked, Call, SaidCode};
use proto::sharing::v1 as pb;
use proto::sharing::v1::enter_choice_request::Choice as Chosen;
use rpc::{Error, Named, words};

use crate::read::{Told, page_of};
use crate::{SharingServices, terms};

/// What is decided on: the directive, who asks or enters, and which agencies are one.
type Loads = (Loaded<Sharing>, Loaded<Staff>, Loaded<Register>, Loaded<Notices>);

impl SharingServices {
    pub(crate) async fn access_requests(
        &self,
        call: &Call,
        m: pb::ListAccessRequestsRequest,
    ) -> Result<pb::ListAccessRequestsResponse, Error> {
        let (person, paging, engine) = (call.person()?, call.pages(&m)?, self.gate.engine());
        let now = engine.now();
        let sharing = engine.load::<Sharing>(person, Freshness::Latest).await?;
        sharing.registered().map_err(EngineError::Refused)?;
        let register = engine.load::<Register>(Only, Freshness::Latest).await?;
        let resolved = register.resolve(&sharing);
        let left = rpc::who_left(engine, sharing.waiting(now).map(|(_, asked)| asked.worker)).await?;
        let is_here =
            |asked: &AccessRequest| !resolved.shuts_out(asked.worker) && !left.contains(&asked.worker.staff());
        let all = sharing.requests(now).map(|(id, asked, waits)| ((id, asked), waits && is_here(asked)));
        let (page, next) = page_of(all.collect(), sharing.version, &paging.pages)?;
        let mut named = Named::default();
        page.iter().for_each(|(_, asked)| named.worker(asked.worker));
        let names = self.names(named, &sharing).await?;
        Ok(pb::ListAccessRequestsResponse {
            requests: page.into_iter().map(|(id, asked)| request(id, asked, &names)).collect(),
            directive_version: sharing.version.0,
            position: sharing.position.0,
            next_page_token: paging.next(next),
        })
    }

    pub(crate) async fn get_access_request(
        &self,
        call: &Call,
        m: pb::GetAccessRequestRequest,
    ) -> Result<pb::GetAccessRequestResponse, Error> {
        let (person, id) = (call.person()?, rpc::id("access_request_id", &m.access_request_id)?);
        let (engine, id): (_, AccessRequestId) = (self.gate.engine(), id);
        let sharing = engine.load::<Sharing>(person, Freshness::Latest).await?;
        let register = engine.load::<Register>(Only, Freshness::Latest).await?;
        let found = sharing.requests(engine.now()).find(|(known, ..)| *known == id);
        let (_, asked, waits) = found.ok_or_else(|| Error::not_found("access_request"))?;
        let staff = engine.load::<Staff>(asked.worker.staff(), Freshness::Latest).await?;
        let waiting = waits && !register.resolve(&sharing).shuts_out(asked.worker) && !staff.has_left();
        let mut named = Named::default();
        named.worker(asked.worker);
        let names = self.names(named, &sharing).await?;
        let (directive_version, position) = (sharing.version.0, sharing.position.0);
        let access_request = Some(request(id, asked, &names));
        Ok(pb::GetAccessRequestResponse { access_request, waiting, directive_version, position })
    }

    pub(crate) async fn grant_access(
        &self,
        call: &Call,
        m: pb::GrantAccessRequest,
    ) -> Result<pb::GrantAccessResponse, Error> {
        let (own, request) = (call.own(&m.request_id)?, rpc::id("access_request_id", &m.access_request_id)?);
        let terms = match m.terms {
            Some(terms) => Some(self.terms(Some(terms), true).await?),
            None => None,
        };
        let (person, now, provision) = (own.0, own.1.now, own.1.new_id());
        let without_telling = m.without_telling_them;
        let command = GrantAccess { request, provision, terms, without_telling, now };
        let choice = Choice::GrantAccess(command.clone());
        let position = self.change(own, AsOf { version: Version(m.expected_version), command }).await?;
        let sharing = self.gate.engine().load::<Sharing>(person, Freshness::Latest).await?;
        let said = choice.says(&sharing);
        let came_to = said.map_or(provision, |said| sharing.came_to(provision, &said, without_telling, now));
        let provision = self.holding(&sharing, came_to).await;
        Ok(pb::GrantAccessResponse { position, provision_id: came_to.to_string(), provision })
    }

    pub(crate) async fn refuse_access(
        &self,
        call: &Call,
        m: pb::RefuseAccessRequest,
    ) -> Result<pb::RefuseAccessResponse, Error> {
        let (own, request) = (call.own(&m.request_id)?, rpc::id("access_request_id", &m.access_request_id)?);
        let command = RefuseAccess { request, not_again: m.not_again, now: own.1.now };
        let refuse = AsOf { version: Version(m.expected_version), command };
        Ok(pb::RefuseAccessResponse { position: self.change(own, refuse).await? })
    }

    pub(crate) async fn request_access(
        &self,
        call: &Call,
        m: pb::RequestAccessRequest,
    ) -> Result<pb::RequestAccessResponse, Error> {
        let (context, worker) = (call.context(&m.request_id)?, call.worker()?.worker());
        let (person, _) = self.is_let_in(call, &m.person_id).await?;
        let (request, terms): (AccessRequestId, _) = (context.new_id(), self.terms(m.terms, true).await?);
        let ask = RequestAccess { request, worker, terms, reason: m.reason, now: context.now };
        let decide = |sharing: &Sharing, _: &Register| ask.clone().decide(sharing);
        let position = self.as_supporter(call, (person, context), None, decide).await?;
        Ok(pb::RequestAccessResponse { position, access_request_id: request.to_string() })
    }

    pub(crate) async fn enter_choice(
        &self,
        call: &Call,
        m: pb::EnterChoiceRequest,
    ) -> Result<pb::EnterChoiceResponse, Error> {
        let (context, by) = (call.context(&m.request_id)?, call.worker()?);
        let (provision, now): (ProvisionId, _) = (context.new_id(), context.now);
        let (person, sharing) = self.is_let_in(call, &m.person_id).await?;
        let (chosen, without_telling) = (rpc::required("choice", m.choice)?, false);
        let choice = match chosen {
            Chosen::Grant(terms) => {
                let terms = self.terms(Some(terms), true).await?;
                Choice::Grant(GrantProvision { provision, terms, without_telling, now })
            }
            Chosen::Deny(terms) => {
                Choice::Deny(DenyProvision { provision, terms: self.terms(Some(terms), false).await?, now })
            }
            Chosen::WithdrawProvisionId(id) => {
                let provision = rpc::id("withdraw_provision_id", &id)?;
                Choice::Withdraw(WithdrawProvision { provision, without_telling })
            }
            Chosen::GrantAccessRequestId(id) => {
                let request = rpc::id("grant_access_request_id", &id)?;
                Choice::GrantAccess(GrantAccess { request, provision, terms: None, without_telling, now })
            }
            Chosen::RefuseAccessRequestId(id) => {
                let request = rpc::id("refuse_access_request_id", &id)?;
                Choice::RefuseAccess(RefuseAccess { request, not_again: false, now })
            }
        };
        let known = self.agency_of_whom(&sharing, &choice).await?;
        let said = self.gate.word_code(call, person, &m.code).await?;
        let word = OnTheirWord { by_code: said.is_some(), ..OnTheirWord::new(by.worker(), m.on_their_word) };
        let enter = EnterChoice { choice, word };
        let agency_of = |staff: StaffId| known.filter(|(known, _)| *known == staff).map(|(_, agency)| agency);
        let decide =
            |sharing: &Sharing, register: &Register| enter_choice(sharing, register.parts(), agency_of, enter.clone());
        let position = self.as_supporter(call, (person, context), said, decide).await?;
        let sharing = self.gate.engine().load::<Sharing>(person, Freshness::Latest).await?;
        // The one that they had entered before, if there was one: never what the person said themselves.
        let new = enter.choice.new_provision().map(|(id, wish, now)| {
            if sharing.ever(id).is_some() { id } else { sharing.entered_as(by.worker(), &wish, now).unwrap_or(id) }
        });
        let provision_id = new.map(|id| id.to_string()).unwrap_or_default();
        Ok(pb::EnterChoiceResponse { position, provision_id })
    }

    /// The worker to whom a choice opens something, and where they work, which never changes.
    async fn agency_of_whom(&self, sharing: &Sharing, choice: &Choice) -> Result<Option<(StaffId, AgencyId)>, Error> {
        let Some(ProvisionActor::Staff(staff)) = choice.opens(sharing).map(|terms| terms.actor) else {
            return Ok(None);
        };
        Ok(self.gate.engine().load::<Staff>(staff, Freshness::Latest).await?.agency().map(|agency| (staff, agency)))
    }

    /// Refuses whoever the person does not let in, before anything is said of what they ask. Returns the person, and their directive.
    async fn is_let_in(&self, call: &Call, person_id: &str) -> Result<(PersonId, Loaded<Sharing>), Error> {
        let (by, engine) = (call.worker()?, self.gate.engine());
        let person: PersonId = rpc::id("person_id", person_id)?;
        let sharing = engine.load::<Sharing>(person, Freshness::Latest).await?;
        let staff = engine.load::<Staff>(by.worker().staff(), Freshness::Latest).await?;
        let register = engine.load::<Register>(Only, Freshness::Latest).await?;
        match lets_in(&register.resolve(&sharing), &staff, by) {
            Ok(()) => Ok((person, sharing)),
            Err(refusal) => Err(self.gate.refused(&Asked::in_network(call)?, person, refusal.into()).await),
        }
    }

    /// What a worker does to the directive of somebody who lets them in. For everybody else it is as if there were no such person.
    async fn as_supporter(
        &self,
        call: &Call,
        (person, context): (PersonId, Context),
        said: Option<SaidCode>,
        decide: impl Fn(&Sharing, &Register) -> Result<Vec<SharingEvent>, Refusal> + Send + Sync,
    ) -> Result<u64, Error> {
        let by = call.worker()?;
        let decide = |(sharing, staff, register, notices): &Loads, changes: &mut Changes| {
            let resolved = register.resolve(sharing);
            lets_in(&resolved, staff, by)?;
            let used = |said: SaidCode| said.used(by.worker(), WordCodeFor::Sharing, context.now).decide(notices);
            let used = said.map(used).transpose()?;
            let events = decide(sharing, register)?;
            if let Some(used) = used.filter(|_| !events.is_empty()) {
                changes.record(notices, person, used);
                changes.holds_until(said.and_then(|said| said.expires_at()));
            }
            changes.record(sharing, person, events);
            changes.guard(staff);
            changes.guard(register);
            call.in_role(staff, changes);
            Ok(())
        };
        match self.gate.engine().transact(&context, (person, by.worker().staff(), Only, person), decide).await {
            Ok(done) => Ok(done.position.0),
            Err(error) => Err(self.gate.refused(&Asked::in_network(call)?, person, error).await),
        }
    }
}

/// Whether the person lets in whoever has signed in: by a relationship, and has not shut them out.
fn lets_in(sharing: &Sharing, staff: &Staff, by: SignedIn) -> Result<(), Refusal> {
    let let_in = staff.admits(by) && sharing.hears(by) && sharing.relationship_open(by.worker());
    if let_in { Ok(()) } else { Err(Refusal::undisclosed()) }
}

fn request(id: AccessRequestId, asked: &AccessRequest, names: &Told<'_>) -> pb::AccessRequest {
    pb::AccessRequest {
        access_request_id: id.to_string(),
        party: Some(words::party_now(Author::Worker(asked.worker), names)),
        terms: Some(terms::to_wire(&asked.terms)),
        summary: names.words.provision(&Provision::Permit(asked.terms.clone()), names),
        reason: asked.reason.clone(),
        lapses_at: Some(words::timestamp(asked.lapses_at)),
    }
}
