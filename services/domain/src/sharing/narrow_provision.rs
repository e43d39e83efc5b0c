use super::events::{ProvisionNarrowed, SharingEvent};
use super::{Provision, Sharing};
use crate::ids::ProvisionId;
use crate::vocabulary::{Category, Level};
use crate::{Command, Refusal};

/// The person takes something out of a permit.
#[derive(Debug, Clone)]
pub struct NarrowProvision {
    pub provision: ProvisionId,
    /// The categories that stay.
    pub categories: Vec<Category>,
    /// The highest level that stays.
    pub level: Level,
    /// Whether nobody is to be told, of this or of what becomes of it later.
    pub without_telling: bool,
}

impl Command for NarrowProvision {
    type Aggregate = Sharing;

    fn decide(self, state: &Sharing) -> Result<Vec<SharingEvent>, Refusal> {
        let Provision::Permit(current) = state.provision(self.provision)? else {
            return Err(Refusal::rule("narrow_a_permit", "a deny cannot be narrowed; withdraw it and deny less"));
        };
        if self.categories.is_empty() {
            return Err(Refusal::invalid(
                "categories",
                "needs at least one category; to take out all, withdraw the provision",
            ));
        }
        if !self.categories.iter().all(|c| current.categories.contains(c)) || self.level > current.level {
            return Err(Refusal::rule("narrow_only", "narrowing cannot add anything; grant it instead"));
        }
        let same = current.categories.iter().all(|category| self.categories.contains(category));
        if same && self.level == current.level {
            state.may_be_untold(self.provision, self.without_telling)?;
            return Ok(vec![]);
        }
        let Self { provision, categories, level, without_telling } = self;
        Ok(vec![ProvisionNarrowed { provision, categories, level, without_telling }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::ProvisionGranted;
    use super::*;
    use crate::Reason;
    use crate::scenario::given;
    use crate::vocabulary::{ProvisionActor, Purpose, Terms};
    use uuid::Uuid;

    fn granted() -> SharingEvent {
        let terms = Terms {
            actor: ProvisionActor::Everybody,
            except: vec![],
            categories: vec![Category::Goals, Category::Health],
            level: Level::Restricted,
            labels: vec![],
            purposes: vec![Purpose::Treatment],
            actions: vec![],
            from: None,
            until: None,
        };
        ProvisionGranted {
            provision: ProvisionId(Uuid::nil()),
            terms,
            without_telling: false,
            word: None,
            request: None,
        }
        .into()
    }

    fn narrow(categories: &[Category], level: Level) -> NarrowProvision {
        let (provision, categories) = (ProvisionId(Uuid::nil()), categories.to_vec());
        NarrowProvision { provision, categories, level, without_telling: false }
    }

    #[test]
    fn takes_out_a_category() {
        let narrowed = ProvisionNarrowed {
            provision: ProvisionId(Uuid::nil()),
            categories: vec![Category::Goals],
            level: Level::Normal,
            without_telling: false,
        };
        given([granted()]).when(narrow(&[Category::Goals], Level::Normal)).then([narrowed.into()]);
    }

    #[test]
    fn never_widens() {
        given([granted()]).when(narrow(&[Category::Actions], Level::Normal)).then_refused(Reason::Rule, "narrow_only");
        given([granted()])
            .when(narrow(&[Category::Goals], Level::VeryRestricted))
            .then_refused(Reason::Rule, "narrow_only");
    }

    #[test]
    fn narrowing_to_what_it_is_already_is_nothing_and_less_in_one_way_is_less() {
        let both = [Category::Goals, Category::Health];
        given([granted()]).when(narrow(&both, Level::Restricted)).then_nothing();
        given([granted()]).when(narrow(&[both[1], both[0]], Level::Restricted)).then_nothing();
        for (categories, level) in [(&both[..], Level::Normal), (&both[..1], Level::Restricted)] {
            let narrowed = narrow(categories, level).decide(&crate::Aggregate::folded(&[granted()])).unwrap();
            assert_eq!(narrowed.len(), 1);
        }
    }
}
