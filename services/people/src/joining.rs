//! How people come in, and how they are found: by one-time codes, which are kept by their pseudonyms alone.

use domain::Command as _;
use domain::Refusal;
use domain::identity::Identity;
use domain::identity::events::{PersonLinked, PersonUnlinked};
use domain::ids::{IdentityId, InvitationId, PersonId};
use domain::invitation::{
    Claim, ConfirmReturn, GiveCode, Invitation, InvitePerson, InviteReturn, RevokeCode, UseCode, claim,
};
use domain::issuers::{Only, Register};
use domain::operations::Act;
use domain::person::{Person, UnlinkAll, UnlinkIdentity};
use domain::relationship::{Parties, Relationship, be_found, relationship_id};
use domain::sharing::{Sharing, StartSharing};
use domain::staff::Staff;
use domain::vocabulary::{Author, SignedIn, Timestamp, Worker};
use engine::{Aggregates, Changes, Engine, EngineError, Freshness, Loaded};
use gate::{Asked, Call};
use letters::CodeFor;
use proto::people::v1 as pb;
use proto::people::v1::joining_service_server::JoiningService;
use rpc::{Directory, Error, words};
use views::consultations::By;
use views::invitations::{self, InvitationDoc, InvitationKind, Invitations};
use views::{Page, Pages};

use crate::People;

gate::service! { JoiningService for People {
    invite_person(InvitePersonRequest) -> InvitePersonResponse: invite,
    invite_return(InviteReturnRequest) -> InviteReturnResponse: invite_return,
    confirm_return(ConfirmReturnRequest) -> ConfirmReturnResponse: confirm_return,
    confirm_return_as_operator(ConfirmReturnAsOperatorRequest) -> ConfirmReturnAsOperatorResponse: confirm_as_operator,
    claim_invitation(ClaimInvitationRequest) -> ClaimInvitationResponse: claim,
    revoke_code(RevokeCodeRequest) -> RevokeCodeResponse: revoke,
    get_my_invitation(GetMyInvitationRequest) -> GetMyInvitationResponse: my_invitation,
    list_my_invitations(ListMyInvitationsRequest) -> ListMyInvitationsResponse: my_invitations,
    list_my_sign_ins(ListMySignInsRequest) -> ListMySignInsResponse: my_sign_ins,
    unlink_sign_in(UnlinkSignInRequest) -> UnlinkSignInResponse: unlink,
    shut_sign_ins(ShutSignInsRequest) -> ShutSignInsResponse: shut_sign_ins,
    give_code(GiveCodeRequest) -> GiveCodeResponse: give_code,
    use_code(UseCodeRequest) -> UseCodeResponse: use_code,
} }

/// How many codes wait at most that one worker asked for, with which the same person may sign in anew.
const RETURNS_LIMIT: usize = 3;

/// What a worker acts on: their own standing, and a person's directive.
type Standing = (Loaded<Invitation>, Loaded<Sharing>, Loaded<Staff>, Loaded<Register>);

impl People {
    /// Until when a code is taken, and the code as a page to print.
    async fn letter(
        &self,
        of: CodeFor,
        code: &str,
        id: InvitationId,
    ) -> Result<(Option<prost_types::Timestamp>, String), Error> {
        let expires = self.gate.engine().load::<Invitation>(id, Freshness::Latest).await?.expires();
        let html = self.letters.code(of, code, expires.map(|at| at.0)).map_err(|failed| Error::internal(&failed))?;
        Ok((expires.map(words::timestamp), html))
    }

    async fn invite(&self, call: &Call, m: pb::InvitePersonRequest) -> Result<pb::InvitePersonResponse, Error> {
        let (by, context) = (call.worker()?, call.context(&m.request_id)?);
        let (code, id) = call.fresh_code(&context);
        let (person, worker, now): (PersonId, _, _) = (context.new_id(), by.worker(), context.now);
        let command = InvitePerson { person, worker, name: m.name, reach: m.reach, offer: m.offer, now };
        let decide = |(invitation, staff): &(Loaded<Invitation>, Loaded<Staff>), changes: &mut Changes| {
            is_staff(staff, by)?;
            changes.record(invitation, person, command.clone().decide(invitation)?);
            changes.guard(staff);
            call.in_role(staff, changes);
            Ok(())
        };
        let invited = self.gate.engine().transact(&context, (id, worker.staff()), decide).await?;
        let (expires_at, html) = self.letter(CodeFor::Newcomer, &code, id).await?;
        Ok(pb::InvitePersonResponse { position: invited.position.0, code, expires_at, html })
    }

    async fn invite_return(&self, call: &Call, m: pb::InviteReturnRequest) -> Result<pb::InviteReturnResponse, Error> {
        let (by, context) = (call.worker()?, call.context(&m.request_id)?);
        let (code, id) = call.fresh_code(&context);
        let person: PersonId = rpc::id("person_id", &m.person_id)?;
        let command = InviteReturn { person, worker: by.worker(), reason: m.reason, now: context.now };
        self.has_few_returns(person, by.worker(), (id, context.now)).await?;
        let decide = |on: &Standing, changes: &mut Changes| {
            supports(on, by, changes)?;
            changes.record(&on.0, person, command.clone().decide(&on.0)?);
            call.in_role(&on.2, changes);
            Ok(())
        };
        let ids = (id, person, by.worker().staff(), Only);
        match self.gate.engine().transact(&context, ids, decide).await {
            Err(error) => Err(self.gate.refused(&Asked::in_network(call)?, person, error).await),
            Ok(invited) => {
                let (expires_at, html) = self.letter(CodeFor::Return, &code, id).await?;
                let (position, invitation_id) = (invited.position.0, id.to_string());
                Ok(pb::InviteReturnResponse { position, code, invitation_id, expires_at, html })
            }
        }
    }

    /// Refuses more codes than a worker can have lost. What they asked for and is not used lapses, or the person takes it back.
    async fn has_few_returns(
        &self,
        person: PersonId,
        worker: Worker,
        (id, now): (InvitationId, Timestamp),
    ) -> Result<(), Error> {
        let theirs = |doc: &InvitationDoc| {
            let is_theirs = doc.kind == InvitationKind::Return && doc.by.author == Author::Worker(worker);
            is_theirs && doc.is_open(now) && doc.invitation != id
        };
        let pages = Pages { size: RETURNS_LIMIT, ..Pages::default() };
        let open = self.views.list::<Invitations>(&invitations::of_person(person), &pages, theirs).await?;
        if open.items.len() < RETURNS_LIMIT {
            return Ok(());
        }
        let says =
            format!("at most `{RETURNS_LIMIT}` codes of one worker with which the same person may sign in anew wait");
        Err(EngineError::Refused(Refusal::rule("open_returns", says)).into())
    }

    async fn confirm_return(
        &self,
        call: &Call,
        m: pb::ConfirmReturnRequest,
    ) -> Result<pb::ConfirmReturnResponse, Error> {
        let (by, context) = (call.worker()?, call.context(&m.request_id)?);
        let id: InvitationId = rpc::id("invitation_id", &m.invitation_id)?;
        let person: PersonId = rpc::id("person_id", &m.person_id)?;
        let (author, now) = (Author::Worker(by.worker()), context.now);
        let (code, second) = call.fresh_code(&context);
        let decide = |on: &Standing, changes: &mut Changes| {
            supports(on, by, changes)?;
            is_about(&on.0, person)?;
            let confirm = ConfirmReturn { author, reason: m.reason.clone(), second, now, parts: on.3.parts().clone() };
            changes.record(&on.0, person, confirm.decide(&on.0)?);
            call.in_role(&on.2, changes);
            Ok(())
        };
        let ids = (id, person, by.worker().staff(), Only);
        match self.gate.engine().transact(&context, ids, decide).await {
            Err(error) => Err(self.gate.refused(&Asked::in_network(call)?, person, error).await),
            Ok(confirmed) => {
                let (_, html) = self.letter(CodeFor::Second, &code, id).await?;
                Ok(pb::ConfirmReturnResponse { position: confirmed.position.0, code, html })
            }
        }
    }

    async fn confirm_as_operator(
        &self,
        call: &Call,
        m: pb::ConfirmReturnAsOperatorRequest,
    ) -> Result<pb::ConfirmReturnAsOperatorResponse, Error> {
        let context = call.context(&m.request_id)?;
        let id: InvitationId = rpc::id("invitation_id", &m.invitation_id)?;
        let person: PersonId = rpc::id("person_id", &m.person_id)?;
        let ((code, second), now) = (call.fresh_code(&context), context.now);
        let decide = |(invitation, register): &(Loaded<Invitation>, Loaded<Register>), changes: &mut Changes| {
            is_about(invitation, person)?;
            let (author, reason, parts) = (Author::System, m.reason.clone(), register.parts().clone());
            let confirm = ConfirmReturn { author, reason, second, now, parts };
            changes.record(invitation, person, confirm.decide(invitation)?);
            call.acts(changes, Act::ConfirmedReturn, None, person.to_string());
            Ok(())
        };
        let confirmed = self.gate.engine().transact(&context, (id, Only), decide).await?;
        let (_, html) = self.letter(CodeFor::Second, &code, id).await?;
        Ok(pb::ConfirmReturnAsOperatorResponse { position: confirmed.position.0, code, html })
    }

    async fn claim(&self, call: &Call, m: pb::ClaimInvitationRequest) -> Result<pb::ClaimInvitationResponse, Error> {
        let (identity, issuer) = call.visitor()?;
        let (id, engine) = (call.typed_code(&m.code)?, self.gate.engine());
        let typed = Some(m.second_code.as_str()).filter(|code| !code.is_empty());
        let second = typed.map(|code| call.typed_code(code)).transpose()?;
        let invitation = engine.load::<Invitation>(id, Freshness::Latest).await?;
        let person = invitation.claims_for(identity.person())?;
        let context = call.becoming(person, &m.request_id)?;
        let now = context.now;
        let decide = |on: &Claiming, changes: &mut Changes| {
            let claim_of = Claim {
                invitation: id,
                identity: on.identity.id,
                issuer: issuer.to_owned(),
                known_as: on.identity.person(),
                confirmed: m.confirm,
                second,
                keep_others: m.keep_others,
                now,
            };
            // Somebody else may have become who they are, meanwhile.
            if on.invitation.claims_for(on.identity.person())? != person {
                return Err(Refusal::not_found("code"));
            }
            on.record(changes, claim(&on.invitation, person, &on.person, claim_of)?, now)
        };
        let claimed =
            engine.transact(&context, Claims { invitation: id, person, identity: identity.id }, decide).await?;
        Ok(pb::ClaimInvitationResponse { position: claimed.position.0, person_id: person.to_string() })
    }

    async fn revoke(&self, call: &Call, m: pb::RevokeCodeRequest) -> Result<pb::RevokeCodeResponse, Error> {
        let (person, context) = call.own(&m.request_id)?;
        let id: InvitationId = rpc::id("invitation_id", &m.invitation_id)?;
        let revoked = self.gate.engine().execute(&context, id, person, RevokeCode { person }).await?;
        Ok(pb::RevokeCodeResponse { position: revoked.position.0 })
    }

    async fn my_sign_ins(&self, call: &Call, _: pb::ListMySignInsRequest) -> Result<pb::ListMySignInsResponse, Error> {
        let person = self.gate.engine().load::<Person>(call.person()?, Freshness::Latest).await?;
        let now = call.visitor().ok().map(|(identity, _)| identity.id);
        let sign_in = |(identity, issuer, at): (IdentityId, &str, Timestamp)| pb::SignIn {
            sign_in_id: identity.to_string(),
            issuer: issuer.to_owned(),
            linked_at: Some(words::timestamp(at)),
            this_one: Some(identity) == now,
        };
        Ok(pb::ListMySignInsResponse { sign_ins: person.signs_in_with().map(sign_in).collect() })
    }

    async fn my_invitations(
        &self,
        call: &Call,
        m: pb::ListMyInvitationsRequest,
    ) -> Result<pb::ListMyInvitationsResponse, Error> {
        let paging = call.pages(&m)?;
        let now = self.gate.engine().now();
        let wanted = |doc: &InvitationDoc| !m.only_open || doc.is_open(now);
        let page = self.invitations(call, &paging.pages, wanted).await?;
        Ok(pb::ListMyInvitationsResponse {
            invitations: page.items,
            next_page_token: paging.next(page.next),
            position: page.position,
            incomplete: page.incomplete,
        })
    }

    async fn my_invitation(
        &self,
        call: &Call,
        m: pb::GetMyInvitationRequest,
    ) -> Result<pb::GetMyInvitationResponse, Error> {
        let id: InvitationId = rpc::id("invitation_id", &m.invitation_id)?;
        let pages = Pages::one(m.at_least_position);
        let page = self.invitations(call, &pages, |doc| doc.invitation == id).await?;
        let invitation = page.items.into_iter().next().ok_or_else(|| Error::not_found("invitation"))?;
        let (position, incomplete) = (page.position, page.incomplete);
        Ok(pb::GetMyInvitationResponse { invitation: Some(invitation), position, incomplete })
    }

    /// The codes that are about the caller.
    async fn invitations(
        &self,
        call: &Call,
        pages: &Pages,
        wanted: impl Fn(&InvitationDoc) -> bool + Send,
    ) -> Result<Page<pb::Invitation>, Error> {
        let list = invitations::of_person(call.person()?);
        let page = self.views.list::<Invitations>(&list, pages, wanted).await?;
        let speakers = |doc: &InvitationDoc| {
            let confirmed = doc.confirmed.as_ref().map(|(by, _)| by.author);
            [Some(doc.by.author), confirmed, doc.used.as_ref().map(|by| by.author)].into_iter().flatten()
        };
        let names = Directory::of(&self.views, page.items.iter().flat_map(speakers).collect()).await?;
        Ok(page.map(|doc| invitation(doc, &names)))
    }

    async fn unlink(&self, call: &Call, m: pb::UnlinkSignInRequest) -> Result<pb::UnlinkSignInResponse, Error> {
        let person = call.person()?;
        // It may be the very one that they call with.
        let context = call.becoming(person, &m.request_id)?;
        let identity: IdentityId = rpc::id("sign_in_id", &m.sign_in_id)?;
        let decide = |(record, pointer): &(Loaded<Person>, Loaded<Identity>), changes: &mut Changes| {
            let unlinked = UnlinkIdentity { identity }.decide(record)?;
            if let Ok((own, _)) = call.visitor()
                && own.id != identity
            {
                changes.guard(&own);
            }
            if !unlinked.is_empty() {
                changes.record(pointer, person, vec![PersonUnlinked {}.into()]);
            }
            changes.record(record, person, unlinked);
            Ok(())
        };
        let unlinked = self.gate.engine().transact(&context, (person, identity), decide).await?;
        Ok(pb::UnlinkSignInResponse { position: unlinked.position.0 })
    }

    async fn shut_sign_ins(&self, call: &Call, m: pb::ShutSignInsRequest) -> Result<pb::ShutSignInsResponse, Error> {
        let context = call.context(&m.request_id)?;
        let person: PersonId = rpc::id("person_id", &m.person_id)?;
        let decide = |on: &SigningIn, changes: &mut Changes| {
            if !on.person.is_registered() {
                return Err(Refusal::not_found("person"));
            }
            changes.record(&on.person, person, UnlinkAll { reason: m.reason.clone() }.decide(&on.person)?);
            on.identities.iter().for_each(|one| changes.record(one, person, vec![PersonUnlinked {}.into()]));
            call.acts(changes, Act::ShutSignIns, None, person.to_string());
            Ok(())
        };
        let shut = self.gate.engine().transact(&context, person, decide).await?;
        Ok(pb::ShutSignInsResponse { position: shut.position.0 })
    }

    async fn give_code(&self, call: &Call, m: pb::GiveCodeRequest) -> Result<pb::GiveCodeResponse, Error> {
        let (person, context) = call.own(&m.request_id)?;
        let (code, id) = call.fresh_code(&context);
        let command = GiveCode { person, message: m.message, now: context.now };
        let decide = |(invitation, sharing): &(Loaded<Invitation>, Loaded<Sharing>), changes: &mut Changes| {
            sharing.registered()?;
            changes.record(invitation, person, command.clone().decide(invitation)?);
            changes.guard(sharing);
            Ok(())
        };
        let given = self.gate.engine().transact(&context, (id, person), decide).await?;
        let (expires_at, html) = self.letter(CodeFor::Finding, &code, id).await?;
        Ok(pb::GiveCodeResponse { position: given.position.0, code, expires_at, html })
    }

    async fn use_code(&self, call: &Call, m: pb::UseCodeRequest) -> Result<pb::UseCodeResponse, Error> {
        let (by, context) = (call.worker()?, call.context(&m.request_id)?);
        let (id, engine) = (call.typed_code(&m.code)?, self.gate.engine());
        let (worker, now) = (by.worker(), context.now);
        let (person, _) = engine.load::<Invitation>(id, Freshness::Latest).await?.found_by(worker, now)?;
        let parties = Parties { person, worker };
        type Loads = (Loaded<Invitation>, Loaded<Sharing>, Loaded<Staff>, Loaded<Register>, Loaded<Relationship>);
        let decide = |(invitation, sharing, staff, register, relationship): &Loads, changes: &mut Changes| {
            is_staff(staff, by)?;
            let resolved = register.resolve(sharing);
            let used = UseCode { worker, now }.decide(invitation)?;
            // Used once it invites once, and tells nothing of what has happened since.
            if !used.is_empty() {
                // Whom the person has shut out finds nobody.
                if !resolved.hears(by) {
                    return Err(Refusal::not_found("code"));
                }
                let (_, message) = invitation.found_by(worker, now)?;
                changes.record(relationship, person, be_found(relationship, &resolved, parties, message, now));
            }
            changes.record(invitation, person, used);
            changes.guard(sharing);
            changes.guard(staff);
            changes.guard(register);
            call.in_role(staff, changes);
            Ok(())
        };
        let ids = (id, person, worker.staff(), Only, relationship_id(parties));
        let used = engine.transact(&context, ids, decide).await?;
        let relationship_id = relationship_id(parties).to_string();
        Ok(pb::UseCodeResponse { position: used.position.0, person_id: person.to_string(), relationship_id })
    }
}

fn invitation(doc: InvitationDoc, names: &Directory) -> pb::Invitation {
    let party = |by: &By| words::said_by(by, names);
    let kind = match doc.kind {
        InvitationKind::Newcomer => pb::invitation::Kind::Newcomer,
        InvitationKind::Return => pb::invitation::Kind::Return,
        InvitationKind::Finding => pb::invitation::Kind::Finding,
    };
    let (confirmed_by, confirmation) = doc.confirmed.map(|(by, words)| (party(&by), words)).unzip();
    pb::Invitation {
        invitation_id: doc.invitation.to_string(),
        kind: kind.into(),
        by: Some(party(&doc.by)),
        made_at: Some(words::timestamp(doc.by.at)),
        name: doc.name,
        reach: doc.reach,
        words: doc.words,
        confirmed_by,
        confirmation: confirmation.unwrap_or_default(),
        expires_at: Some(words::timestamp(doc.expires)),
        used_by: doc.used.as_ref().map(party),
        used_at: doc.used.map(|by| words::timestamp(by.at)),
        revoked_at: doc.revoked.map(words::timestamp),
    }
}

/// Refuses unless it is current staff who signs in like this.
fn is_staff(staff: &Staff, by: SignedIn) -> Result<(), Refusal> {
    if staff.admits(by) { Ok(()) } else { Err(Refusal::undisclosed()) }
}

/// Refuses unless the invitation is about this person.
fn is_about(invitation: &Invitation, person: PersonId) -> Result<(), Refusal> {
    if invitation.person() == Some(person) { Ok(()) } else { Err(Refusal::not_found("code")) }
}

/// Refuses unless the worker supports the person now; guards that.
fn supports((_, sharing, staff, register): &Standing, by: SignedIn, changes: &mut Changes) -> Result<(), Refusal> {
    is_staff(staff, by)?;
    let resolved = register.resolve(sharing);
    if !resolved.relationship_open(by.worker()) || !resolved.hears(by) {
        return Err(Refusal::undisclosed());
    }
    changes.guard(sharing);
    changes.guard(staff);
    changes.guard(register);
    Ok(())
}

/// A person, and all that they sign in with.
struct SigningIn {
    person: Loaded<Person>,
    identities: Vec<Loaded<Identity>>,
}

impl Aggregates for SigningIn {
    type Ids = PersonId;

    fn streams(person: PersonId) -> Vec<engine::StreamId> {
        <(Loaded<Person>,)>::streams((person,))
    }

    async fn load(engine: &Engine, person: PersonId, freshness: Freshness) -> Result<Self, EngineError> {
        let person = engine.load::<Person>(person, freshness).await?;
        let identities: Vec<_> = person.identities().collect();
        Ok(Self { identities: engine.load_each(&identities, freshness).await?, person })
    }

    fn position(&self) -> engine::Position {
        let identities = self.identities.iter().map(|one| one.position);
        identities.chain([self.person.position]).max().unwrap_or_default()
    }
}

/// What names all that a claim is decided on.
#[derive(Debug, Clone, Copy)]
struct Claims {
    invitation: InvitationId,
    person: PersonId,
    identity: IdentityId,
}

/// All that a claim is decided on.
struct Claiming {
    invitation: Loaded<Invitation>,
    person: Loaded<Person>,
    sharing: Loaded<Sharing>,
    identity: Loaded<Identity>,
    register: Loaded<Register>,
    /// Who invited, and the two's relationship.
    inviter: Option<(Worker, Loaded<Relationship>)>,
    /// Whoever vouches for somebody who signs in anew.
    vouching: Vec<Loaded<Staff>>,
    /// What the person has signed in with until now.
    others: Vec<Loaded<Identity>>,
}

impl Aggregates for Claiming {
    type Ids = Claims;

    fn streams(ids: Claims) -> Vec<engine::StreamId> {
        type Named = (Loaded<Invitation>, Loaded<Person>, Loaded<Identity>);
        Named::streams((ids.invitation, ids.person, ids.identity))
    }

    async fn load(engine: &Engine, ids: Claims, freshness: Freshness) -> Result<Self, EngineError> {
        let invitation = engine.load::<Invitation>(ids.invitation, freshness).await?;
        let person = engine.load::<Person>(ids.person, freshness).await?;
        let vouching: Vec<_> = invitation.vouching().map(Worker::staff).collect();
        let others: Vec<_> = person.identities().filter(|identity| *identity != ids.identity).collect();
        let inviter = match invitation.worker().filter(|_| !invitation.is_return()) {
            None => None,
            Some(worker) => {
                let id = relationship_id(Parties { person: ids.person, worker });
                Some((worker, engine.load::<Relationship>(id, freshness).await?))
            }
        };
        Ok(Self {
            invitation,
            sharing: engine.load(ids.person, freshness).await?,
            identity: engine.load(ids.identity, freshness).await?,
            register: engine.load(Only, freshness).await?,
            inviter,
            vouching: engine.load_each(&vouching, freshness).await?,
            others: engine.load_each(&others, freshness).await?,
            person,
        })
    }

    fn position(&self) -> engine::Position {
        let others = self.others.iter().map(|other| other.position);
        let all = [self.invitation.position, self.person.position, self.sharing.position, self.identity.position];
        all.into_iter().chain(others).max().unwrap_or_default()
    }
}

impl Claiming {
    /// Whoever vouches for somebody who signs in anew works there still, supports them, is shut out by them in nothing, and they are of two agencies.
    fn is_vouched_for(&self) -> Result<(), Refusal> {
        let directive = self.register.resolve(&self.sharing);
        let vouches = |worker: &Worker| directive.relationship_open(*worker) && !directive.shuts_out(*worker);
        let (vouching, parts): (Vec<_>, _) = (self.invitation.vouching().collect(), self.register.parts());
        let are_one = matches!(&vouching[..], [one, other] if parts.are_one(one.agency(), other.agency()));
        let is_current = !self.vouching.iter().any(|staff| staff.has_left());
        if is_current && !are_one && vouching.iter().all(vouches) { Ok(()) } else { Err(Refusal::not_found("code")) }
    }

    fn record(
        &self,
        changes: &mut Changes,
        claimed: domain::invitation::Claimed,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let person = self.person.id;
        let is_new = !self.person.is_registered() && !claimed.person.is_empty();
        // What was said of whom they would have been stays sealed with that key.
        let is_used = !claimed.invitation.is_empty();
        if is_used {
            self.is_vouched_for()?;
        }
        self.vouching.iter().for_each(|staff| changes.guard(staff));
        changes.record(&self.invitation, self.invitation.person().unwrap_or(person), claimed.invitation);
        changes.record(&self.person, person, claimed.person);
        if is_new {
            changes.record(&self.sharing, person, StartSharing {}.decide(&self.sharing)?);
        } else {
            changes.guard(&self.sharing);
        }
        if claimed.linked {
            changes.record(&self.identity, person, vec![PersonLinked { person }.into()]);
        } else {
            changes.guard(&self.identity);
        }
        for other in self.others.iter().filter(|other| claimed.released.contains(&other.id)) {
            changes.record(other, person, vec![PersonUnlinked {}.into()]);
        }
        changes.guard(&self.register);
        // Claimed again it is not an invitation again.
        if let Some((worker, relationship)) = self.inviter.as_ref().filter(|_| is_used) {
            let parties = Parties { person, worker: *worker };
            let found = be_found(relationship, &self.register.resolve(&self.sharing), parties, "", now);
            changes.record(relationship, person, found);
        }
        Ok(())
    }
}
