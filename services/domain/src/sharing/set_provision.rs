use super::events::{ProvisionDenied, ProvisionGranted, SharingEvent};
use super::{PERMITS_LIMIT, Provision, Sharing};
use crate::ids::ProvisionId;
use crate::text::{self, labels};
use crate::vocabulary::{ProvisionActor, Terms, Timestamp};
use crate::{Command, Refusal};

/// The person permits something.
#[derive(Debug, Clone)]
pub struct GrantProvision {
    pub provision: ProvisionId,
    /// What is permitted: at least one category and one purpose.
    pub terms: Terms,
    /// Whether nobody is to be told, now or later.
    pub without_telling: bool,
    pub now: Timestamp,
}

/// The person denies something. A deny beats every permit.
#[derive(Debug, Clone)]
pub struct DenyProvision {
    pub provision: ProvisionId,
    /// What is denied: at least one category.
    pub terms: Terms,
    pub now: Timestamp,
}

impl Command for GrantProvision {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        is_new(state, self.provision)?;
        check_permit(state, &self.terms, self.now)?;
        if state.says(&Provision::Permit(self.terms.clone()), self.without_telling, self.now).is_some() {
            return Ok(vec![]);
        }
        // What has ended by itself takes no room.
        let in_force = state.provisions().filter(|held| held.permits() && !held.has_ended(self.now)).count();
        if in_force >= PERMITS_LIMIT {
            return Err(Refusal::rule(
                "permits_limit",
                format!("a directive holds at most `{PERMITS_LIMIT}` permits; withdraw one first"),
            ));
        }
        let Self { provision, terms, without_telling, .. } = self;
        Ok(vec![ProvisionGranted { provision, terms, without_telling, word: None, request: None }.into()])
    }
}

impl Command for DenyProvision {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        // Saying no is never refused for want of room.
        is_new(state, self.provision)?;
        state.registered()?;
        check(&self.terms, self.now)?;
        if !self.terms.except.is_empty() && !matches!(self.terms.actor, ProvisionActor::Agency(_)) {
            return Err(Refusal::invalid("terms.except_staff_ids", "only a deny of an agency has exceptions"));
        }
        if state.says(&Provision::Deny(self.terms.clone()), false, self.now).is_some() {
            return Ok(vec![]);
        }
        Ok(vec![ProvisionDenied { provision: self.provision, terms: self.terms, word: None }.into()])
    }
}

fn is_new(state: &Sharing, provision: ProvisionId) -> Result<(), Refusal> {
    let known = state.held().any(|(held, _)| held == provision);
    if known { Err(Refusal::already_exists("provision")) } else { Ok(()) }
}

/// Refuses terms that permit nothing, or that no permit has, of somebody who is registered.
pub(super) fn check_permit(state: &Sharing, terms: &Terms, now: Timestamp) -> Result<(), Refusal> {
    state.registered()?;
    check_permit_words(terms, now)
}

/// The same, whoever it is of.
pub(super) fn check_permit_words(terms: &Terms, now: Timestamp) -> Result<(), Refusal> {
    check(terms, now)?;
    if !terms.except.is_empty() {
        return Err(Refusal::invalid("terms.except_staff_ids", "only a deny of an agency has exceptions"));
    }
    if terms.purposes.is_empty() {
        return Err(Refusal::invalid("terms.purposes", "a permit needs at least one purpose"));
    }
    Ok(())
}

/// What cannot take effect is refused: the person would believe that it does.
fn check(terms: &Terms, now: Timestamp) -> Result<(), Refusal> {
    if terms.categories.is_empty() {
        return Err(Refusal::invalid("terms.categories", "needs at least one category"));
    }
    labels("terms.labels", &terms.labels)?;
    match &terms.actor {
        ProvisionActor::Role(role) => text::role("terms.actor.role", role)?,
        ProvisionActor::RoleAt(_, role) => text::role("terms.actor.role_at.role", role)?,
        ProvisionActor::Agency(_) | ProvisionActor::Staff(_) | ProvisionActor::Everybody => {}
    }
    if terms.until.is_some_and(|until| until <= now) {
        return Err(Refusal::invalid("terms.until", "must be in the future"));
    }
    if let (Some(from), Some(until)) = (terms.from, terms.until)
        && until <= from
    {
        return Err(Refusal::invalid("terms.until", "must be after `from`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::events::SharingStarted;
    use super::*;
    use crate::Reason;
    use crate::ids::{AgencyId, StaffId};
    use crate::scenario::given;
    use crate::vocabulary::{Category, Level, Purpose};
    use uuid::Uuid;

    fn terms() -> Terms {
        Terms {
            actor: ProvisionActor::Everybody,
            except: vec![],
            categories: vec![Category::Goals],
            level: Level::Normal,
            labels: vec![],
            purposes: vec![Purpose::Treatment],
            actions: vec![],
            from: None,
            until: None,
        }
    }

    fn grant(terms: Terms) -> GrantProvision {
        GrantProvision { provision: ProvisionId(Uuid::nil()), terms, without_telling: false, now: Timestamp(1) }
    }

    #[test]
    fn grants_and_denies() {
        let provision = ProvisionId(Uuid::nil());
        given([SharingStarted {}.into()]).when(grant(terms())).then([ProvisionGranted {
            provision,
            terms: terms(),
            without_telling: false,
            word: None,
            request: None,
        }
        .into()]);
        let everything = Terms { purposes: vec![], ..terms() };
        given([SharingStarted {}.into()])
            .when(DenyProvision { provision, terms: everything.clone(), now: Timestamp(1) })
            .then([ProvisionDenied { provision, terms: everything, word: None }.into()]);
    }

    #[test]
    fn refuses_terms_that_say_nothing_or_contradict_themselves() {
        let refused = |terms: Terms, field: &str| {
            given([SharingStarted {}.into()]).when(grant(terms)).then_refused(Reason::Invalid, field);
        };
        refused(Terms { categories: vec![], ..terms() }, "terms.categories");
        refused(Terms { purposes: vec![], ..terms() }, "terms.purposes");
        refused(Terms { actor: ProvisionActor::Role(" ".into()), ..terms() }, "terms.actor.role");
        refused(Terms { actor: ProvisionActor::Role("nurse ".into()), ..terms() }, "terms.actor.role");
        refused(Terms { from: Some(Timestamp(2)), until: Some(Timestamp(2)), ..terms() }, "terms.until");
        refused(Terms { until: Some(Timestamp(1)), ..terms() }, "terms.until");
    }

    #[test]
    fn only_a_deny_of_an_agency_has_exceptions() {
        let but_one = |actor| Terms { actor, except: vec![StaffId(Uuid::nil())], purposes: vec![], ..terms() };
        let agency = || ProvisionActor::Agency(AgencyId(Uuid::nil()));
        let deny = |terms| DenyProvision { provision: ProvisionId(Uuid::nil()), terms, now: Timestamp(1) };
        let (provision, terms) = (ProvisionId(Uuid::nil()), but_one(agency()));
        given([SharingStarted {}.into()]).when(deny(terms.clone())).then([ProvisionDenied {
            provision,
            terms,
            word: None,
        }
        .into()]);
        let field = "terms.except_staff_ids";
        let everybody = deny(but_one(ProvisionActor::Everybody));
        given([SharingStarted {}.into()]).when(everybody).then_refused(Reason::Invalid, field);
        let permit = Terms { purposes: vec![Purpose::Treatment], ..but_one(agency()) };
        given([SharingStarted {}.into()]).when(grant(permit)).then_refused(Reason::Invalid, field);
    }

    #[test]
    fn refuses_for_a_person_who_is_not_registered() {
        given([]).when(grant(terms())).then_refused(Reason::NotFound, "person");
    }

    #[test]
    fn takes_no_label_that_no_entry_can_have() {
        let labelled = |label: &str| grant(Terms { labels: vec![label.into()], ..terms() });
        let started = <Sharing as crate::Aggregate>::folded(&[SharingStarted {}.into()]);
        assert!(labelled("PSY").decide(&started).is_ok());
        for label in ["psy".to_owned(), "x".repeat(31_000)] {
            given([SharingStarted {}.into()]).when(labelled(&label)).then_refused(Reason::Invalid, "terms.labels");
        }
    }
}
