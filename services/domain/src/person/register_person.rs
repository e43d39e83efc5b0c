use super::{Person, PersonEvent};
use crate::sharing::events::SharingEvent;
use crate::sharing::{Sharing, StartSharing};
use crate::text::{LINE, labels, required};
use crate::values::Date;
use crate::vocabulary::{Sensitivity, Timestamp};
use crate::{Command, Refusal};

/// Registers a person. Shares nothing.
#[derive(Debug, Clone)]
pub struct RegisterPerson {
    pub name: String,
    /// When they were born.
    pub birth_date: Option<Date>,
    /// How sensitive the two are; normal when nothing is said.
    pub sensitivity: Option<Sensitivity>,
    pub now: Timestamp,
}

/// A person was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRegistered {
    /// The person's name.
    pub name: String,
    /// When they were born.
    pub birth_date: Option<Date>,
    /// How sensitive the two are; normal when nothing is said.
    pub sensitivity: Option<Sensitivity>,
}

impl Command for RegisterPerson {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        required("name", &self.name, LINE)?;
        if self.birth_date.as_ref().is_some_and(|born| born.is_after(self.now)) {
            return Err(Refusal::invalid("birth_date", "must not be in the future"));
        }
        if let Some(sensitivity) = &self.sensitivity {
            labels("sensitivity.labels", &sensitivity.labels)?;
        }
        if state.is_registered() {
            return Err(Refusal::already_exists("person"));
        }
        let Self { name, birth_date, sensitivity, now: _ } = self;
        Ok(vec![PersonRegistered { name, birth_date, sensitivity }.into()])
    }
}

/// Registers a person and gives them a directive that permits nothing: what must commit as one append.
///
/// # Errors
/// As [`RegisterPerson`].
pub fn register_person(
    person: &Person,
    sharing: &Sharing,
    command: RegisterPerson,
) -> Result<(Vec<PersonEvent>, Vec<SharingEvent>), Refusal> {
    Ok((command.decide(person)?, StartSharing.decide(sharing)?))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::registered;
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn nobody_is_born_in_the_future() {
        let now = Timestamp(1_772_546_700_000_000); // 3 March 2026, 14:05 UTC
        for (born, refused) in [
            ("2026-03-03", false),
            ("2026-03-04", false),
            ("2026-03-05", true),
            ("2026-03", false),
            ("2026-04", true),
            ("2026", false),
            ("2027", true),
            ("1950-06", false),
        ] {
            let register = RegisterPerson {
                name: "A".into(),
                birth_date: Date::optional("d", born).unwrap(),
                sensitivity: None,
                now,
            };
            assert_eq!(register.decide(&Person::default()).is_err(), refused, "{born}");
        }
    }

    #[test]
    fn registers_once() {
        let register =
            |name: &str| RegisterPerson { name: name.into(), birth_date: None, sensitivity: None, now: Timestamp(0) };
        given([]).when(register("Ailsa")).then([registered()]);
        given([registered()]).when(register("Ailsa")).then_refused(Reason::AlreadyExists, "person");
        given([]).when(register(" ")).then_refused(Reason::Invalid, "name");
    }

    #[test]
    fn whoever_is_registered_has_a_directive_that_permits_nothing() {
        let register = RegisterPerson { name: "Ailsa".into(), birth_date: None, sensitivity: None, now: Timestamp(0) };
        let (person, sharing) = register_person(&Person::default(), &Sharing::default(), register).unwrap();
        assert_eq!((person, sharing.len()), (vec![registered()], 1));
        assert_eq!(<Sharing as crate::Aggregate>::folded(&sharing).provisions().count(), 0);
    }
}
