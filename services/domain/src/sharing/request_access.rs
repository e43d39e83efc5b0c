//! A worker whom the person lets in asks them to permit something; the person grants it, all or another amount of it, or says no.

use super::events::{AccessRequestGranted, AccessRequestRefused, AccessRequested, SharingEvent};
use super::set_provision::check_permit;
use super::{GrantProvision, Provision, Sharing};
use crate::ids::{AccessRequestId, ProvisionId};
use crate::text::explained;
use crate::vocabulary::{ProvisionActor, Terms, Timestamp, Worker};
use crate::{Command, Refusal};

/// After how many days a request ends by itself that the person says nothing to.
const LAPSES_DAYS: u32 = 30;
/// For how many days whoever was refused does not ask for the same again.
const AGAIN_DAYS: u32 = 30;
/// How much of one worker's waits at most: a person is not pressed.
const WAITING_LIMIT: usize = 3;
/// The shortest reason, in characters.
const REASON_LEAST: usize = 20;

/// What a worker asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRequest {
    pub worker: Worker,
    pub terms: Terms,
    pub reason: String,
    pub lapses_at: Timestamp,
    /// What the person said to it, if they did.
    pub(super) answer: Option<Answer>,
}

/// What a person said to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Granted,
    /// With the time from which on it may be asked again.
    Refused(Timestamp),
}

/// A worker asks.
#[derive(Debug, Clone)]
pub struct RequestAccess {
    pub request: AccessRequestId,
    pub worker: Worker,
    /// What for: of the worker themselves, or of everybody or a role at their agency.
    pub terms: Terms,
    pub reason: String,
    pub now: Timestamp,
}

/// The person grants it.
#[derive(Debug, Clone)]
pub struct GrantAccess {
    pub request: AccessRequestId,
    pub provision: ProvisionId,
    /// What is permitted, where it is not just what was asked for: of the same actor.
    pub terms: Option<Terms>,
    /// Whether nobody is to be told, now or later.
    pub without_telling: bool,
    pub now: Timestamp,
}

/// The person says no.
#[derive(Debug, Clone)]
pub struct RefuseAccess {
    pub request: AccessRequestId,
    /// Whether this worker may never ask for it again.
    pub not_again: bool,
    pub now: Timestamp,
}

impl Sharing {
    /// What was asked for, the oldest first, and whether it waits for the person's answer: nothing of whom they do not let in any more, and nothing that
    /// is permitted meanwhile.
    pub fn requests(&self, now: Timestamp) -> impl Iterator<Item = (AccessRequestId, &AccessRequest, bool)> {
        let waits = move |known: &AccessRequest| {
            let is_said = || self.says_either_way(&Provision::Permit(known.terms.clone()), now);
            known.answer.is_none() && now < known.lapses_at && self.relationship_open(known.worker) && !is_said()
        };
        self.requests.iter().map(move |(id, known)| (*id, known, waits(known)))
    }

    /// What of it waits.
    pub fn waiting(&self, now: Timestamp) -> impl Iterator<Item = (AccessRequestId, &AccessRequest)> {
        self.requests(now).filter(|(.., waits)| *waits).map(|(id, known, _)| (id, known))
    }

    /// What was asked for under this id.
    ///
    /// # Errors
    /// When nothing was.
    pub fn request(&self, id: AccessRequestId) -> Result<&AccessRequest, Refusal> {
        let found = self.requests.iter().find(|(known, _)| *known == id);
        found.map(|(_, known)| known).ok_or_else(|| Refusal::not_found("access_request"))
    }

    fn says_either_way(&self, wish: &Provision, now: Timestamp) -> bool {
        [false, true].into_iter().any(|untold| self.says(wish, untold, now).is_some())
    }
}

impl Command for RequestAccess {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        let Self { request, worker, terms, reason, now } = self;
        explained("reason", &reason, REASON_LEAST)?;
        check_permit(state, &terms, now)?;
        let is_own = match terms.actor {
            ProvisionActor::Staff(staff) => staff == worker.staff(),
            ProvisionActor::Agency(agency) | ProvisionActor::RoleAt(agency, _) => agency == worker.agency(),
            ProvisionActor::Role(_) | ProvisionActor::Everybody => false,
        };
        if !is_own {
            return Err(Refusal::invalid("terms.actor", "must be whoever asks, their agency, or a role there"));
        }
        let wish = Provision::Permit(terms.clone());
        // What the person refused an agency no colleague asks for again.
        let is_theirs = |known: &AccessRequest| {
            let for_all = known.terms.actor.staff().is_none() && terms.actor.staff().is_none();
            known.worker == worker || (for_all && known.worker.agency() == worker.agency())
        };
        let again_from = state.requests.iter().map(|(_, known)| known).filter_map(|known| match known.answer {
            Some(Answer::Refused(again_from)) if known.asks_some_of(&terms) && is_theirs(known) => Some(again_from),
            Some(Answer::Refused(_) | Answer::Granted) | None => None,
        });
        if again_from.max().is_some_and(|again_from| now < again_from) {
            return Err(Refusal::rule("refused_before", "the person has said no to this, or to some of it"));
        }
        let waiting: Vec<_> =
            state.waiting(now).map(|(_, known)| known).filter(|known| known.worker == worker).collect();
        let says_so = |known: &AccessRequest| Provision::Permit(known.terms.clone()).says_the_same(&wish, now);
        if state.says_either_way(&wish, now) || waiting.iter().any(|known| says_so(known)) {
            return Ok(vec![]);
        }
        if waiting.len() >= WAITING_LIMIT {
            let says = format!("at most `{WAITING_LIMIT}` requests of one worker wait for an answer");
            return Err(Refusal::rule("waiting_requests", says));
        }
        let lapses_at = now.plus_days(LAPSES_DAYS);
        Ok(vec![AccessRequested { request, worker, terms, reason, lapses_at }.into()])
    }
}

impl AccessRequest {
    /// Whether it asks for some of what these terms say, for any purpose: asked in other words it is asked again.
    fn asks_some_of(&self, terms: &Terms) -> bool {
        self.terms.categories.iter().any(|category| terms.categories.contains(category))
    }
}

impl Command for GrantAccess {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        let Self { request, provision, terms, without_telling, now } = self;
        let known = state.request(request)?;
        match known.answer {
            Some(Answer::Granted) => return Ok(vec![]),
            Some(Answer::Refused(_)) => return Err(Refusal::rule("waiting_request", "this request was refused")),
            None if known.lapses_at <= now => {
                return Err(Refusal::rule("waiting_request", "this request has lapsed; permit it by itself"));
            }
            None => {}
        }
        let terms = terms.unwrap_or_else(|| known.terms.clone());
        if terms.actor != known.terms.actor {
            return Err(Refusal::invalid("terms.actor", "must be as it was asked for"));
        }
        let wish = terms.clone();
        let mut granted = GrantProvision { provision, terms, without_telling, now }.decide(state)?;
        for event in &mut granted {
            if let SharingEvent::ProvisionGranted(event) = event {
                event.request = Some(request);
            }
        }
        if granted.is_empty() {
            let wish = Provision::Permit(wish);
            let provision = state.came_to(provision, &wish, without_telling, now);
            granted.push(AccessRequestGranted { request, provision, word: None }.into());
        }
        Ok(granted)
    }
}

impl Command for RefuseAccess {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        let Self { request, not_again, now } = self;
        let again_from = if not_again { Timestamp::NEVER } else { now.plus_days(AGAIN_DAYS) };
        match state.request(request)?.answer {
            Some(Answer::Granted) => {
                Err(Refusal::rule("waiting_request", "this request was granted; withdraw what it permits"))
            }
            // Said again it is a longer no, or nothing.
            Some(Answer::Refused(before)) if !not_again || before == again_from => Ok(vec![]),
            Some(Answer::Refused(_)) | None => {
                Ok(vec![AccessRequestRefused { request, again_from, word: None }.into()])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::{ProvisionGranted, RelationshipAccessClosed, RelationshipAccessOpened, SharingStarted};
    use super::*;
    use crate::ids::{AgencyId, RelationshipId, StaffId};
    use crate::scenario::given;
    use crate::vocabulary::{Category, Level, Purpose};
    use crate::{Aggregate as _, Reason};
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(1_000);

    fn worker() -> Worker {
        Worker::new(AgencyId(Uuid::from_u128(1)), StaffId(Uuid::from_u128(2)))
    }

    fn terms(category: Category) -> Terms {
        Terms {
            actor: ProvisionActor::Staff(worker().staff()),
            except: vec![],
            categories: vec![category],
            level: Level::Normal,
            labels: vec![],
            purposes: vec![Purpose::CareCoordination],
            actions: vec![],
            from: None,
            until: None,
        }
    }

    fn id(n: u128) -> AccessRequestId {
        AccessRequestId(Uuid::from_u128(n))
    }

    fn ask(n: u128, terms: Terms) -> RequestAccess {
        let reason = "to plan your visits with you".to_owned();
        RequestAccess { request: id(n), worker: worker(), terms, reason, now: NOW }
    }

    fn asked(n: u128, category: Category) -> SharingEvent {
        let RequestAccess { request, worker, terms, reason, now } = ask(n, terms(category));
        AccessRequested { request, worker, terms, reason, lapses_at: now.plus_days(LAPSES_DAYS) }.into()
    }

    fn let_in() -> Vec<SharingEvent> {
        let (relationship, worker) = (RelationshipId(Uuid::nil()), worker());
        vec![SharingStarted {}.into(), RelationshipAccessOpened { relationship, worker }.into()]
    }

    fn after(more: &[SharingEvent]) -> Vec<SharingEvent> {
        [&let_in()[..], more].concat()
    }

    fn grant(n: u128) -> GrantAccess {
        let provision = ProvisionId(Uuid::from_u128(n));
        GrantAccess { request: id(n), provision, terms: None, without_telling: false, now: NOW }
    }

    fn refuse(n: u128) -> RefuseAccess {
        RefuseAccess { request: id(n), not_again: false, now: NOW }
    }

    fn refused(n: u128, again_from: Timestamp) -> SharingEvent {
        AccessRequestRefused { request: id(n), again_from, word: None }.into()
    }

    #[test]
    fn a_worker_asks_for_themselves_once_and_a_few_things_at_a_time() {
        given(let_in()).when(ask(1, terms(Category::Goals))).then([asked(1, Category::Goals)]);
        let waiting = after(&[asked(1, Category::Goals)]);
        given(waiting.clone()).when(ask(2, terms(Category::Goals))).then_nothing();
        let for_all = Terms { actor: ProvisionActor::Everybody, ..terms(Category::Goals) };
        given(let_in()).when(ask(1, for_all)).then_refused(Reason::Invalid, "terms.actor");
        let vague = RequestAccess { reason: "because".into(), ..ask(1, terms(Category::Goals)) };
        given(let_in()).when(vague).then_refused(Reason::Invalid, "reason");
        let full = [Category::Goals, Category::Health, Category::Wellbeing];
        let full: Vec<_> = (1..).zip(full).map(|(n, category)| asked(n, category)).collect();
        given(after(&full)).when(ask(9, terms(Category::Actions))).then_refused(Reason::Rule, "waiting_requests");
        // What has lapsed, or is of somebody who is let in no more, waits no more.
        let sharing = Sharing::folded(&waiting);
        assert_eq!(sharing.waiting(NOW).count(), 1);
        assert_eq!(sharing.waiting(NOW.plus_days(LAPSES_DAYS)).count(), 0);
        let closed = RelationshipAccessClosed { relationship: RelationshipId(Uuid::nil()) }.into();
        assert_eq!(Sharing::folded(&[&waiting[..], &[closed]].concat()).waiting(NOW).count(), 0);
    }

    #[test]
    fn what_is_granted_is_what_was_asked_for_or_what_the_person_says() {
        let waiting = after(&[asked(1, Category::Goals)]);
        let granted = |terms| {
            let (provision, request) = (ProvisionId(Uuid::from_u128(1)), Some(id(1)));
            SharingEvent::from(ProvisionGranted { provision, terms, without_telling: false, word: None, request })
        };
        given(waiting.clone()).when(grant(1)).then([granted(terms(Category::Goals))]);
        let less = Terms { until: Some(Timestamp(2_000)), ..terms(Category::Goals) };
        given(waiting.clone()).when(GrantAccess { terms: Some(less.clone()), ..grant(1) }).then([granted(less)]);
        let of_all = Terms { actor: ProvisionActor::Everybody, ..terms(Category::Goals) };
        let of_all = GrantAccess { terms: Some(of_all), ..grant(1) };
        given(waiting.clone()).when(of_all).then_refused(Reason::Invalid, "terms.actor");
        let done = [&waiting[..], &[granted(terms(Category::Goals))]].concat();
        given(done.clone()).when(grant(1)).then_nothing();
        given(done.clone()).when(refuse(1)).then_refused(Reason::Rule, "waiting_request");
        given(done).when(ask(2, terms(Category::Goals))).then_nothing();
        given(waiting.clone()).when(grant(7)).then_refused(Reason::NotFound, "access_request");
        let late = GrantAccess { now: NOW.plus_days(LAPSES_DAYS), ..grant(1) };
        given(waiting.clone()).when(late).then_refused(Reason::Rule, "waiting_request");
        // What is permitted already is the answer, too.
        let (provision, by_themselves) = (ProvisionId(Uuid::from_u128(50)), terms(Category::Health));
        let before = ProvisionGranted {
            provision,
            terms: by_themselves.clone(),
            without_telling: false,
            word: None,
            request: None,
        };
        let before = [waiting, vec![before.into()]].concat();
        let other = GrantAccess { terms: Some(by_themselves), ..grant(1) };
        let answered = AccessRequestGranted { request: id(1), provision, word: None };
        given(before.clone()).when(other).then([answered.clone().into()]);
        assert_eq!(Sharing::folded(&[before, vec![answered.into()]].concat()).waiting(NOW).count(), 0);
    }

    #[test]
    fn a_no_is_a_no_for_a_while_or_for_good() {
        let waiting = after(&[asked(1, Category::Goals)]);
        let soon = NOW.plus_days(AGAIN_DAYS);
        given(waiting.clone()).when(refuse(1)).then([refused(1, soon)]);
        let no = [&waiting[..], &[refused(1, soon)]].concat();
        given(no.clone()).when(refuse(1)).then_nothing();
        given(no.clone()).when(grant(1)).then_refused(Reason::Rule, "waiting_request");
        // Asked in other words it is the same.
        let more = Terms { categories: vec![Category::Health, Category::Goals], ..terms(Category::Goals) };
        given(no.clone()).when(ask(2, more)).then_refused(Reason::Rule, "refused_before");
        given(no.clone()).when(ask(2, terms(Category::Health))).then([asked(2, Category::Health)]);
        assert!(RequestAccess { now: soon, ..ask(2, terms(Category::Goals)) }.decide(&Sharing::folded(&no)).is_ok());
        let for_good = RefuseAccess { not_again: true, ..refuse(1) };
        given(no.clone()).when(for_good.clone()).then([refused(1, Timestamp::NEVER)]);
        let never = [&no[..], &[refused(1, Timestamp::NEVER)]].concat();
        given(never.clone()).when(for_good).then_nothing();
        let late = RequestAccess { now: NOW.plus_days(9_999), ..ask(2, terms(Category::Goals)) };
        given(never).when(late).then_refused(Reason::Rule, "refused_before");
    }
}
