use std::collections::BTreeSet;

use crate::agency::same_role;
use crate::ids::{AgencyId, StaffId};
use crate::vocabulary::{Action, ProvisionActor, Terms, Timestamp};

impl Terms {
    /// The actions that they are about, in a permit or in a deny.
    fn acts(&self, permit: bool) -> BTreeSet<Action> {
        match self.actions.as_slice() {
            [] if permit => BTreeSet::from([Action::Read]),
            [] => Action::ALL.iter().copied().collect(),
            actions => actions.iter().copied().collect(),
        }
    }

    /// Whether they say just what others say, in whatever order and however a role is written. When they begin counts only from now on.
    pub(crate) fn is_same(&self, other: &Self, permit: bool, now: Timestamp) -> bool {
        let begins = |terms: &Self| terms.from.filter(|from| now < *from);
        same_actor(&self.actor, &other.actor)
            && set(&self.except) == set(&other.except)
            && set(&self.categories) == set(&other.categories)
            && self.level == other.level
            && set(&self.labels) == set(&other.labels)
            && set(&self.purposes) == set(&other.purposes)
            && self.acts(permit) == other.acts(permit)
            && begins(self) == begins(other)
            && self.until == other.until
    }

    /// Whether two permits let somebody do some of the same, at one time or another. `agency_of` tells where a worker works.
    pub(crate) fn meets(&self, other: &Self, agency_of: &impl Fn(StaffId) -> Option<AgencyId>) -> bool {
        may_be_one(&self.actor, &other.actor, agency_of)
            && !set(&self.categories).is_disjoint(&set(&other.categories))
            && !set(&self.purposes).is_disjoint(&set(&other.purposes))
            && !self.acts(true).is_disjoint(&other.acts(true))
    }
}

fn set<T: Ord + Clone>(values: &[T]) -> BTreeSet<T> {
    values.iter().cloned().collect()
}

fn same_actor(one: &ProvisionActor, other: &ProvisionActor) -> bool {
    match (one, other) {
        (ProvisionActor::Role(one), ProvisionActor::Role(other)) => same_role(one, other),
        (ProvisionActor::RoleAt(one, role), ProvisionActor::RoleAt(other, of)) => one == other && same_role(role, of),
        (one, other) => one == other,
    }
}

/// Whether somebody may be both.
fn may_be_one(one: &ProvisionActor, other: &ProvisionActor, agency_of: &impl Fn(StaffId) -> Option<AgencyId>) -> bool {
    match (one, other) {
        (ProvisionActor::Staff(one), ProvisionActor::Staff(other)) => one == other,
        (ProvisionActor::Staff(staff), actor) | (actor, ProvisionActor::Staff(staff)) => {
            actor.agency().is_none_or(|agency| agency_of(*staff) == Some(agency))
        }
        // Roles are a set: somebody in one may have the other, too.
        (one, other) => one.agency().zip(other.agency()).is_none_or(|(one, other)| one == other),
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::{
        ProvisionDenied, ProvisionGranted, ProvisionNarrowed, ProvisionWithdrawn, SharingEvent, SharingStarted,
    };
    use super::super::{DenyProvision, GrantProvision, PERMITS_LIMIT, Provision, Sharing, WithdrawProvision};
    use super::*;
    use crate::ids::ProvisionId;
    use crate::scenario::given;
    use crate::vocabulary::{Category, Level, Purpose};
    use crate::{Aggregate as _, Command as _, Reason};
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(100);

    fn terms() -> Terms {
        Terms {
            actor: ProvisionActor::Role("District nurse".into()),
            except: vec![],
            categories: vec![Category::Goals, Category::Health],
            level: Level::Normal,
            labels: vec!["PSY".into(), "HIV".into()],
            purposes: vec![Purpose::Treatment, Purpose::CareCoordination],
            actions: vec![],
            from: None,
            until: Some(Timestamp(1_000)),
        }
    }

    fn id(n: u128) -> ProvisionId {
        ProvisionId(Uuid::from_u128(n))
    }

    fn granted(n: u128, terms: Terms) -> SharingEvent {
        ProvisionGranted { provision: id(n), terms, without_telling: false, word: None, request: None }.into()
    }

    fn grant(n: u128, terms: Terms) -> GrantProvision {
        GrantProvision { provision: id(n), terms, without_telling: false, now: NOW }
    }

    #[test]
    fn rule_24_equal_terms_are_one_provision_however_they_are_written() {
        let written_otherwise = Terms {
            actor: ProvisionActor::Role("district NURSE".into()),
            except: vec![],
            categories: vec![Category::Health, Category::Goals],
            labels: vec!["HIV".into(), "PSY".into()],
            purposes: vec![Purpose::CareCoordination, Purpose::Treatment],
            actions: vec![Action::Read],
            from: Some(Timestamp(50)),
            ..terms()
        };
        let before = [SharingStarted {}.into(), granted(1, terms())];
        given(before.clone()).when(grant(2, terms())).then_nothing();
        given(before.clone()).when(grant(2, written_otherwise.clone())).then_nothing();
        // The id that is answered is the older one's, also when it is asked for again after it was withdrawn.
        let wish = Provision::Permit(written_otherwise);
        let withdrawn = SharingEvent::from(ProvisionWithdrawn { provision: id(1), without_telling: false, word: None });
        for history in [before.to_vec(), [before.to_vec(), vec![withdrawn.clone()]].concat()] {
            assert_eq!(Sharing::folded(&history).came_to(id(2), &wish, false, NOW), id(1));
        }
        // Anything else is another wish: a later end, another time to begin, a level, a deny in place of a permit.
        for other in [
            Terms { until: None, ..terms() },
            Terms { from: Some(Timestamp(200)), ..terms() },
            Terms { level: Level::Restricted, ..terms() },
            Terms { actions: vec![Action::Contribute], ..terms() },
            Terms { actor: ProvisionActor::Everybody, ..terms() },
        ] {
            given(before.clone()).when(grant(2, other.clone())).then([granted(2, other)]);
        }
        let deny = |n| DenyProvision { provision: id(n), terms: terms(), now: NOW };
        let denied = SharingEvent::from(ProvisionDenied { provision: id(2), terms: terms(), word: None });
        given(before.clone()).when(deny(2)).then([denied.clone()]);
        given(before.into_iter().chain([denied])).when(deny(3)).then_nothing();
        // What has ended, or was withdrawn, is given anew.
        let late =
            GrantProvision { now: Timestamp(1_000), terms: Terms { until: None, ..terms() }, ..grant(2, terms()) };
        given([SharingStarted {}.into(), granted(1, terms())])
            .when(late)
            .then([granted(2, Terms { until: None, ..terms() })]);
        given([SharingStarted {}.into(), granted(1, terms()), withdrawn])
            .when(grant(2, terms()))
            .then([granted(2, terms())]);
    }

    #[test]
    fn rule_24_what_is_told_of_and_what_is_not_are_two_wishes_and_what_was_told_is_not_untold() {
        let quietly = |n| GrantProvision { without_telling: true, ..grant(n, terms()) };
        let granted_quietly = |n| {
            SharingEvent::from(ProvisionGranted {
                provision: id(n),
                terms: terms(),
                without_telling: true,
                word: None,
                request: None,
            })
        };
        let told = [SharingStarted {}.into(), granted(1, terms())];
        given(told.clone()).when(quietly(2)).then([granted_quietly(2)]);
        let both = [&told[..], &[granted_quietly(2)]].concat();
        given(both.clone()).when(quietly(3)).then_nothing();
        given(both.clone()).when(grant(3, terms())).then_nothing();
        let (sharing, wish) = (Sharing::folded(&both), Provision::Permit(terms()));
        assert_eq!([false, true].map(|quiet| sharing.came_to(id(3), &wish, quiet, NOW)), [id(1), id(2)]);
        let withdraw = |n, without_telling| WithdrawProvision { provision: id(n), without_telling };
        let withdrawn =
            |n| SharingEvent::from(ProvisionWithdrawn { provision: id(n), without_telling: false, word: None });
        let over = [&both[..], &[withdrawn(1), withdrawn(2)]].concat();
        given(over.clone()).when(withdraw(1, true)).then_refused(Reason::Rule, "told_already");
        given(over.clone()).when(withdraw(1, false)).then_nothing();
        given(over).when(withdraw(2, true)).then_nothing();
    }

    #[test]
    fn rule_24_withdrawing_again_is_nothing_and_what_still_permits_is_named() {
        let withdrawn =
            || SharingEvent::from(ProvisionWithdrawn { provision: id(1), without_telling: false, word: None });
        let withdraw = || WithdrawProvision { provision: id(1), without_telling: false };
        let before = [SharingStarted {}.into(), granted(1, terms())];
        given(before.clone()).when(withdraw()).then([withdrawn()]);
        given(before.into_iter().chain([withdrawn()])).when(withdraw()).then_nothing();
        given([]).when(withdraw()).then_refused(Reason::NotFound, "provision");

        let (north, south) = (AgencyId(Uuid::from_u128(1)), AgencyId(Uuid::from_u128(2)));
        let nurse = StaffId(Uuid::from_u128(3));
        let of = |actor| Terms { actor, until: None, ..terms() };
        let sharing = Sharing::folded(&[
            granted(1, of(ProvisionActor::Everybody)),
            granted(2, of(ProvisionActor::Agency(north))),
            granted(3, of(ProvisionActor::Agency(south))),
            granted(4, Terms { categories: vec![Category::Wellbeing], ..of(ProvisionActor::Everybody) }),
            granted(5, Terms { purposes: vec![Purpose::Research], ..of(ProvisionActor::Everybody) }),
            granted(6, Terms { until: Some(NOW), ..terms() }),
            granted(8, of(ProvisionActor::RoleAt(south, "nurse".into()))),
            ProvisionDenied { provision: id(7), terms: of(ProvisionActor::Everybody), word: None }.into(),
        ]);
        let agency_of = |staff| (staff == nurse).then_some(north);
        let still = |actor| {
            let terms = of(actor);
            sharing.still_permitting(&terms, NOW, agency_of).map(|(id, _)| id.0.as_u128()).collect::<Vec<_>>()
        };
        assert_eq!(still(ProvisionActor::Staff(nurse)), [1, 2]);
        assert_eq!(still(ProvisionActor::Agency(south)), [1, 3, 8]);
        assert_eq!(still(ProvisionActor::Role("nurse".into())), [1, 2, 3, 8]);
        assert_eq!(still(ProvisionActor::RoleAt(north, "nurse".into())), [1, 2]);

        // What was taken back is what it permitted once: what is left of a narrowed one, all of a withdrawn one.
        let narrowed = |n, level| {
            let (provision, categories) = (id(n), vec![Category::Goals]);
            SharingEvent::from(ProvisionNarrowed { provision, categories, level, without_telling: false })
        };
        let restricted = Terms { level: Level::Restricted, ..terms() };
        let history = [granted(1, restricted.clone()), narrowed(1, Level::Restricted)];
        let taken_back = |history: &[SharingEvent]| Sharing::folded(history).taken_back(id(1));
        assert_eq!(taken_back(&history[..1]), None);
        assert_eq!(taken_back(&history).unwrap().categories, [Category::Health]);
        let lower = [&history[..], &[narrowed(1, Level::Normal)]].concat();
        assert_eq!(taken_back(&lower), Some(restricted.clone()));
        let gone = [&history[..], &[withdrawn()]].concat();
        assert_eq!(taken_back(&gone), Some(restricted));
    }

    #[test]
    fn a_full_directive_takes_a_deny_and_what_has_ended_makes_room() {
        let full = |until| {
            let each = |n| granted(u128::try_from(n).unwrap(), Terms { level: Level::Normal, until, ..terms() });
            std::iter::once(SharingEvent::from(SharingStarted {}))
                .chain((1..=PERMITS_LIMIT).map(each))
                .collect::<Vec<_>>()
        };
        let one_more = Terms { categories: vec![Category::Wellbeing], ..terms() };
        given(full(None)).when(grant(9_999, one_more.clone())).then_refused(Reason::Rule, "permits_limit");
        given(full(Some(NOW))).when(grant(9_999, one_more.clone())).then([granted(9_999, one_more.clone())]);
        let deny = DenyProvision { provision: id(9_999), terms: one_more, now: NOW };
        assert_eq!(deny.decide(&Sharing::folded(&full(None))).unwrap().len(), 1);
    }
}
