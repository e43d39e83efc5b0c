//! A row for each RPC, and what changes the caller's own directive.

use std::collections::BTreeSet;

use domain::agency::Agency;
use domain::ids::{AgencyId, PersonId, ProvisionId, StaffId};
use domain::issuers::{Only, Register};
use domain::sharing::events::SharingEvent;
use domain::sharing::{
    AsOf, BlockAgency, DenyProvision, GrantProvision, NarrowProvision, Provision, Sharing, UnblockAgency,
    UnblockWorker, WithdrawProvision, block_agency, block_worker,
};
use domain::staff::Staff;
use domain::vocabulary::{ProvisionActor, Terms, Timestamp, Version, Worker};
use domain::{Command, Refusal};
use engine::{Changes, Context, EngineError, Freshness, Loaded};
use gate::Call;
use proto::sharing::v1 as pb;
use proto::sharing::v1::sharing_service_server::SharingService;
use rpc::{Error, words};
use views::directory::{self, Directory, DirectoryDoc};
use views::{Key, Pages};

use crate::{SharingServices, terms};

gate::service! { SharingService for SharingServices {
    get_my_sharing(GetMySharingRequest) -> GetMySharingResponse: my_sharing,
    preview_sharing(PreviewSharingRequest) -> PreviewSharingResponse: preview,
    grant_provision(GrantProvisionRequest) -> GrantProvisionResponse: grant,
    deny_provision(DenyProvisionRequest) -> DenyProvisionResponse: deny,
    list_access_requests(ListAccessRequestsRequest) -> ListAccessRequestsResponse: access_requests,
    get_access_request(GetAccessRequestRequest) -> GetAccessRequestResponse: get_access_request,
    grant_access(GrantAccessRequest) -> GrantAccessResponse: grant_access,
    refuse_access(RefuseAccessRequest) -> RefuseAccessResponse: refuse_access,
    request_access(RequestAccessRequest) -> RequestAccessResponse: request_access,
    enter_choice(EnterChoiceRequest) -> EnterChoiceResponse: enter_choice,
    narrow_provision(NarrowProvisionRequest) -> NarrowProvisionResponse: narrow,
    withdraw_provision(WithdrawProvisionRequest) -> WithdrawProvisionResponse: withdraw,
    block_agency(BlockAgencyRequest) -> BlockAgencyResponse: block,
    unblock_agency(UnblockAgencyRequest) -> UnblockAgencyResponse: unblock,
    block_worker(BlockWorkerRequest) -> BlockWorkerResponse: block_worker,
    unblock_worker(UnblockWorkerRequest) -> UnblockWorkerResponse: unblock_worker,
    invoke_lawful_basis(InvokeLawfulBasisRequest) -> InvokeLawfulBasisResponse: invoke_lawful_basis,
    end_lawful_basis(EndLawfulBasisRequest) -> EndLawfulBasisResponse: end_lawful_basis,
} }

/// The rows of `AccessService`.
mod access {
    use proto::access::v1 as pb;
    use proto::access::v1::access_service_server::AccessService;

    use crate::SharingServices;

    gate::service! { AccessService for SharingServices {
        list_access_history(ListAccessHistoryRequest) -> ListAccessHistoryResponse: history,
        get_receipt(GetReceiptRequest) -> GetReceiptResponse: get_receipt,
        get_my_question(GetMyQuestionRequest) -> GetMyQuestionResponse: get_my_question,
        get_question(GetQuestionRequest) -> GetQuestionResponse: get_question,
        get_my_recall(GetMyRecallRequest) -> GetMyRecallResponse: get_my_recall,
        print_my_access_history(PrintMyAccessHistoryRequest) -> PrintMyAccessHistoryResponse: print_mine,
        print_access_history(PrintAccessHistoryRequest) -> PrintAccessHistoryResponse: print,
        list_my_questions(ListMyQuestionsRequest) -> ListMyQuestionsResponse: questions,
        get_my_delivery(GetMyDeliveryRequest) -> GetMyDeliveryResponse: get_my_delivery,
        list_my_deliveries(ListMyDeliveriesRequest) -> ListMyDeliveriesResponse: my_deliveries,
        list_my_recalls(ListMyRecallsRequest) -> ListMyRecallsResponse: my_recalls,
        list_my_timeline(ListMyTimelineRequest) -> ListMyTimelineResponse: timeline,
        list_labels(ListLabelsRequest) -> ListLabelsResponse: labels,
        query_access(QueryAccessRequest) -> QueryAccessResponse: query,
        accept_explanation(AcceptExplanationRequest) -> AcceptExplanationResponse: accept_explanation,
        escalate_query(EscalateQueryRequest) -> EscalateQueryResponse: escalate,
        list_questions(ListQuestionsRequest) -> ListQuestionsResponse: asked_of_us,
        explain_access(ExplainAccessRequest) -> ExplainAccessResponse: explain,
        resolve_query(ResolveQueryRequest) -> ResolveQueryResponse: resolve,
        declare_emergency_access(DeclareEmergencyAccessRequest) -> DeclareEmergencyAccessResponse: declare,
        close_emergency_access(CloseEmergencyAccessRequest) -> CloseEmergencyAccessResponse: close,
        review_emergency_access(ReviewEmergencyAccessRequest) -> ReviewEmergencyAccessResponse: review,
        allow_emergency_access(AllowEmergencyAccessRequest) -> AllowEmergencyAccessResponse: allow,
    } }
}

/// What blocking an agency appends. Emergencies at what is one with it end for good, too.
pub(crate) fn blocked(
    sharing: &Sharing,
    known: &Agency,
    register: &Register,
    agency: AgencyId,
) -> Result<Vec<SharingEvent>, Refusal> {
    let mut blocked = block_agency(sharing, known, BlockAgency { agency })?;
    for other in register.one_with(agency).into_iter().filter(|other| *other != agency) {
        blocked.extend(BlockAgency { agency: other }.decide(sharing)?);
    }
    Ok(blocked)
}

/// What unblocking an agency appends: whichever of those that are one was blocked, taken back it is taken back.
pub(crate) fn unblocked(
    sharing: &Sharing,
    register: &Register,
    agency: AgencyId,
) -> Result<Vec<SharingEvent>, Refusal> {
    let each = register.one_with(agency).into_iter().map(|agency| UnblockAgency { agency }.decide(sharing));
    Ok(each.collect::<Result<Vec<_>, _>>()?.concat())
}

impl SharingServices {
    /// Changes a person's own directive, as they have read it.
    pub(crate) async fn change<C>(&self, (person, context): (PersonId, Context), command: AsOf<C>) -> Result<u64, Error>
    where
        C: Command<Aggregate = Sharing> + Clone + Send + Sync,
    {
        Ok(self.gate.engine().execute(&context, person, person, command).await?.position.0)
    }

    async fn grant(&self, call: &Call, m: pb::GrantProvisionRequest) -> Result<pb::GrantProvisionResponse, Error> {
        let (own, terms) = (call.own(&m.request_id)?, self.terms(m.terms, true).await?);
        let (without_telling, version) = (m.without_telling_them, Version(m.expected_version));
        let said = Provision::Permit(terms.clone());
        let command = |provision, now| {
            let command = GrantProvision { provision, terms, without_telling, now };
            AsOf { version, command }
        };
        let (position, provision_id, provision) = self.provide(own, (&said, without_telling), command).await?;
        Ok(pb::GrantProvisionResponse { position, provision_id, provision })
    }

    async fn deny(&self, call: &Call, m: pb::DenyProvisionRequest) -> Result<pb::DenyProvisionResponse, Error> {
        let (own, terms) = (call.own(&m.request_id)?, self.terms(m.terms, false).await?);
        let (said, version) = (Provision::Deny(terms.clone()), Version(m.expected_version));
        let command = |provision, now| AsOf { version, command: DenyProvision { provision, terms, now } };
        let (position, provision_id, provision) = self.provide(own, (&said, false), command).await?;
        Ok(pb::DenyProvisionResponse { position, provision_id, provision })
    }

    /// Carries out a wish for a provision: the same wish twice is one. Returns where the log stands, the id of the provision
    /// that the wish came to, and the provision, if it still holds.
    async fn provide<C>(
        &self,
        (person, context): (PersonId, Context),
        (said, without_telling): (&Provision, bool),
        command: impl FnOnce(ProvisionId, Timestamp) -> AsOf<C>,
    ) -> Result<(u64, String, Option<pb::Provision>), Error>
    where
        C: Command<Aggregate = Sharing> + Clone + Send + Sync,
    {
        let (id, now): (ProvisionId, _) = (context.new_id(), context.now);
        let position = self.change((person, context), command(id, now)).await?;
        let sharing = self.gate.engine().load::<Sharing>(person, Freshness::Latest).await?;
        let came_to = sharing.came_to(id, said, without_telling, now);
        Ok((position, came_to.to_string(), self.holding(&sharing, came_to).await))
    }

    /// A provision that holds, in words.
    pub(crate) async fn holding(&self, sharing: &Sharing, id: ProvisionId) -> Option<pb::Provision> {
        let held = sharing.held().find(|(known, _)| *known == id)?;
        self.in_words(sharing, vec![held]).await.ok()?.pop()
    }

    /// Takes back a provision, or a part of it. Returns where the log stands, and what still permits some of it.
    async fn take_back<C>(
        &self,
        own: (PersonId, Context),
        provision: ProvisionId,
        command: AsOf<C>,
    ) -> Result<(u64, Vec<pb::Provision>), Error>
    where
        C: Command<Aggregate = Sharing> + Clone + Send + Sync,
    {
        let person = own.0;
        let position = self.change(own, command).await?;
        Ok((position, self.still_permitting(person, provision).await?))
    }

    /// The other permits under which somebody can still do some of what a provision permits no more.
    async fn still_permitting(&self, person: PersonId, provision: ProvisionId) -> Result<Vec<pb::Provision>, Error> {
        let engine = self.gate.engine();
        let now = engine.now();
        let sharing = engine.load::<Sharing>(person, Freshness::Latest).await?;
        let Some(taken_back) = sharing.taken_back(provision) else { return Ok(vec![]) };
        let terms = sharing.provisions().map(Provision::terms).chain([&taken_back]);
        let actors: BTreeSet<_> = terms.filter_map(|terms| terms.actor.staff()).collect();
        // Where somebody works never changes.
        let standings = engine.load_each::<Staff>(&Vec::from_iter(actors), Freshness::Remembered).await?;
        let agency_of = |staff| standings.iter().find(|known| known.id == staff).and_then(|known| known.agency());
        // A permit to an agency permits those that are one with it, too; it is one all the same.
        let register = engine.load::<Register>(Only, Freshness::Latest).await?;
        let resolved = register.resolve(&sharing);
        let still: BTreeSet<_> = resolved.still_permitting(&taken_back, now, agency_of).map(|(id, _)| id).collect();
        let still = sharing.held().filter(|(id, _)| *id != provision && still.contains(id));
        self.in_words(&sharing, still.collect()).await
    }

    /// The terms in a request, about somebody who is known: who was registered once is always.
    pub(crate) async fn terms(&self, wire: Option<pb::ProvisionTerms>, permit: bool) -> Result<Terms, Error> {
        let (terms, engine) = (terms::read(wire)?, self.gate.engine());
        let (field, known) = match &terms.actor {
            ProvisionActor::Agency(agency) => {
                let agency = engine.load::<Agency>(*agency, Freshness::Latest).await?;
                // Nobody is permitted anything who is not there; but no "no" is refused.
                ("terms.actor.agency_id", if permit { agency.is_there() } else { agency.is_known() })
            }
            ProvisionActor::Staff(staff) => {
                ("terms.actor.staff_id", engine.load::<Staff>(*staff, Freshness::Latest).await?.agency().is_some())
            }
            ProvisionActor::RoleAt(agency, role) => {
                let agency = engine.load::<Agency>(*agency, Freshness::Latest).await?;
                let is_there = if permit { agency.is_there() } else { agency.is_known() };
                ("terms.actor.role_at", is_there && agency.role(role).is_some())
            }
            ProvisionActor::Role(role) => ("terms.actor.role", self.somebody_is(role).await?),
            ProvisionActor::Everybody => ("terms.actor.everybody", true),
        };
        if !known {
            return Err(Error::invalid(field, "must be of somebody who is known here"));
        }
        let excepted = engine.load_each::<Staff>(&terms.except, Freshness::Latest).await?;
        let is_there =
            |staff: &Loaded<Staff>| staff.agency().map(ProvisionActor::Agency).as_ref() == Some(&terms.actor);
        if !excepted.iter().all(is_there) {
            return Err(Error::invalid("terms.except_staff_ids", "must be of workers of the agency that is denied"));
        }
        Ok(terms)
    }

    /// Whether some agency has a word for this role. Before it says no it has seen all that the log has: nobody is kept from a choice
    /// because a view is late.
    async fn somebody_is(&self, role: &str) -> Result<bool, Error> {
        let look = async |list: &Key, at_least| {
            let pages = Pages { size: 1, after: vec![], at_least };
            let has = |doc: &DirectoryDoc| doc.has_role(role);
            let found = self.views.list::<Directory>(list, &pages, has).await?;
            Ok::<_, Error>(!found.items.is_empty())
        };
        // Who had theirs before agencies kept their words for them has it all the same.
        if look(&directory::agencies(), 0).await? || look(&directory::workers(), 0).await? {
            return Ok(true);
        }
        look(&directory::agencies(), self.gate.engine().log().head().await.map_err(EngineError::failed)?.0).await
    }

    async fn narrow(&self, call: &Call, m: pb::NarrowProvisionRequest) -> Result<pb::NarrowProvisionResponse, Error> {
        let command = NarrowProvision {
            provision: rpc::id("provision_id", &m.provision_id)?,
            categories: words::categories("categories", &m.categories)?,
            level: words::level("up_to", m.up_to)?,
            without_telling: m.without_telling_them,
        };
        let (own, provision) = (call.own(&m.request_id)?, command.provision);
        let command = AsOf { version: Version(m.expected_version), command };
        let (position, still_permitting) = self.take_back(own, provision, command).await?;
        Ok(pb::NarrowProvisionResponse { position, still_permitting })
    }

    async fn withdraw(
        &self,
        call: &Call,
        m: pb::WithdrawProvisionRequest,
    ) -> Result<pb::WithdrawProvisionResponse, Error> {
        let provision = rpc::id("provision_id", &m.provision_id)?;
        let (own, without_telling) = (call.own(&m.request_id)?, m.without_telling_them);
        let command =
            AsOf { version: Version(m.expected_version), command: WithdrawProvision { provision, without_telling } };
        let (position, still_permitting) = self.take_back(own, provision, command).await?;
        Ok(pb::WithdrawProvisionResponse { position, still_permitting })
    }

    async fn block(&self, call: &Call, m: pb::BlockAgencyRequest) -> Result<pb::BlockAgencyResponse, Error> {
        let agency: AgencyId = rpc::id("agency_id", &m.agency_id)?;
        let (person, context) = call.own(&m.request_id)?;
        let version = Version(m.expected_version);
        type Loads = (Loaded<Sharing>, Loaded<Agency>, Loaded<Register>);
        let decide = |(sharing, registered, register): &Loads, changes: &mut Changes| {
            sharing.is_as_of(version)?;
            changes.record(sharing, person, blocked(sharing, registered, register, agency)?);
            Ok(())
        };
        let committed = self.gate.engine().transact(&context, (person, agency, Only), decide).await?;
        Ok(pb::BlockAgencyResponse { position: committed.position.0 })
    }

    async fn unblock(&self, call: &Call, m: pb::UnblockAgencyRequest) -> Result<pb::UnblockAgencyResponse, Error> {
        let agency: AgencyId = rpc::id("agency_id", &m.agency_id)?;
        let (person, context) = call.own(&m.request_id)?;
        let version = Version(m.expected_version);
        let decide = |(sharing, register): &(Loaded<Sharing>, Loaded<Register>), changes: &mut Changes| {
            sharing.is_as_of(version)?;
            changes.record(sharing, person, unblocked(sharing, register, agency)?);
            Ok(())
        };
        let committed = self.gate.engine().transact(&context, (person, Only), decide).await?;
        Ok(pb::UnblockAgencyResponse { position: committed.position.0 })
    }

    async fn block_worker(&self, call: &Call, m: pb::BlockWorkerRequest) -> Result<pb::BlockWorkerResponse, Error> {
        let staff: StaffId = rpc::id("staff_id", &m.staff_id)?;
        let (person, context) = call.own(&m.request_id)?;
        let (worker, version) = (self.worker(staff).await?, Version(m.expected_version));
        let decide = |(sharing, known): &(Loaded<Sharing>, Loaded<Staff>), changes: &mut Changes| {
            sharing.is_as_of(version)?;
            changes.record(sharing, person, block_worker(sharing, known, worker)?);
            Ok(())
        };
        let blocked = self.gate.engine().transact(&context, (person, staff), decide).await?;
        Ok(pb::BlockWorkerResponse { position: blocked.position.0 })
    }

    async fn unblock_worker(
        &self,
        call: &Call,
        m: pb::UnblockWorkerRequest,
    ) -> Result<pb::UnblockWorkerResponse, Error> {
        let own = call.own(&m.request_id)?;
        let worker = self.worker(rpc::id("staff_id", &m.staff_id)?).await?;
        let unblock = AsOf { version: Version(m.expected_version), command: UnblockWorker { worker } };
        Ok(pb::UnblockWorkerResponse { position: self.change(own, unblock).await? })
    }

    /// A worker, with the agency that they joined, which never changes.
    pub(crate) async fn worker(&self, staff: StaffId) -> Result<Worker, Error> {
        let agency = self.gate.engine().load::<Staff>(staff, Freshness::Latest).await?.agency();
        Ok(Worker::new(agency.ok_or_else(|| Error::not_found("staff"))?, staff))
    }
}
