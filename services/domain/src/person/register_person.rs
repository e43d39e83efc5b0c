use super::Person;
use super::events::{PersonEvent, PersonRegistered};
use crate::text::{LINE, optional_date, required};
use crate::{Command, Refusal};

/// Registers a person. Shares nothing.
#[derive(Debug, Clone)]
pub struct RegisterPerson {
    /// Their name.
    pub name: String,
    /// `YYYY-MM-DD`, or empty.
    pub birth_date: String,
}

impl Command for RegisterPerson {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        required("name", &self.name, LINE)?;
        optional_date("birth_date", &self.birth_date)?;
        if state.registered {
            return Err(Refusal::already_exists("person"));
        }
        Ok(vec![PersonRegistered { name: self.name, birth_date: self.birth_date }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::registered;
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn registers_once() {
        let register = |name: &str, date: &str| RegisterPerson { name: name.into(), birth_date: date.into() };
        given([]).when(register("Ailsa", "")).then([registered()]);
        given([registered()]).when(register("Ailsa", "")).then_refused(Reason::AlreadyExists, "person");
        given([]).when(register("Ailsa", "1.2.1980")).then_refused(Reason::Invalid, "birth_date");
    }
}
