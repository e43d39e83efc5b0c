use super::events::{AgendaItemAddressed, AgendaItemDeferred, AgendaItemRaised, ConsultationEvent};
use super::{Consultation, Settled, has_room};
use crate::ids::{EntryId, PersonId};
use crate::text::{PARAGRAPH, optional, required};
use crate::vocabulary::Author;
use crate::{Command, Refusal};

/// Puts something on the agenda.
#[derive(Debug, Clone)]
pub struct RaiseAgendaItem {
    /// The person whose consultation it is.
    pub person: PersonId,
    pub item: EntryId,
    /// Who raises it.
    pub author: Author,
    /// What to talk about.
    pub text: String,
}

/// Notes that an item was talked about.
#[derive(Debug, Clone)]
pub struct AddressAgendaItem {
    /// The person whose consultation it is.
    pub person: PersonId,
    pub item: EntryId,
    /// Who says so.
    pub author: Author,
    /// What was said; may be empty.
    pub note: String,
}

/// Leaves an item for another time.
#[derive(Debug, Clone)]
pub struct DeferAgendaItem {
    /// The person whose consultation it is.
    pub person: PersonId,
    pub item: EntryId,
    /// Who leaves it.
    pub author: Author,
}

impl Command for RaiseAgendaItem {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("text", &self.text, PARAGRAPH)?;
        state.open_for(self.person)?;
        if state.agenda.contains_key(&self.item) {
            return Err(Refusal::already_exists("agenda_item"));
        }
        has_room(state.agenda.len(), self.author, "agenda items")?;
        Ok(vec![AgendaItemRaised { item: self.item, author: self.author, text: self.text }.into()])
    }
}

impl Command for AddressAgendaItem {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        optional("note", &self.note, PARAGRAPH)?;
        if !may_settle(state, self.person, self.item, self.author, Settled::Addressed)? {
            return Ok(vec![]);
        }
        Ok(vec![AgendaItemAddressed { item: self.item, author: self.author, note: self.note }.into()])
    }
}

impl Command for DeferAgendaItem {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        if !may_settle(state, self.person, self.item, self.author, Settled::Deferred)? {
            return Ok(vec![]);
        }
        Ok(vec![AgendaItemDeferred { item: self.item, author: self.author }.into()])
    }
}

/// An item that the person raised is settled by them alone (rule 19). Whether there is something left to settle.
fn may_settle(
    state: &Consultation,
    person: PersonId,
    item: EntryId,
    author: Author,
    wished: Settled,
) -> Result<bool, Refusal> {
    state.open_for(person)?;
    match state.agenda.get(&item) {
        None => Err(Refusal::not_found("agenda_item")),
        Some((Author::Person, _)) if author != Author::Person => {
            Err(Refusal::rule("the_persons_item", "only the person says that their own item was addressed or can wait"))
        }
        Some((_, Some(settled))) if *settled == wished => Ok(false),
        Some((_, Some(_))) => Err(Refusal::rule("open_agenda_item", "this item is settled already, in another way")),
        Some((_, None)) => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mode;
    use super::super::fixtures::{NURSE, PERSON, id, raised, requested};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn rule_19_only_the_person_settles_what_they_raised() {
        let defer = |author| DeferAgendaItem { person: PERSON, item: id(1), author };
        let address = |author| AddressAgendaItem { person: PERSON, item: id(1), author, note: String::new() };
        let given = || given([requested(Mode::Involve), raised(1, Author::Person)]);
        given().when(defer(NURSE)).then_refused(Reason::Rule, "the_persons_item");
        given().when(address(NURSE)).then_refused(Reason::Rule, "the_persons_item");
        given().when(defer(Author::Person)).then([AgendaItemDeferred { item: id(1), author: Author::Person }.into()]);
    }

    #[test]
    fn rule_24_an_item_is_settled_once_and_may_be_raised_by_anybody() {
        let raise = RaiseAgendaItem { person: PERSON, item: id(1), author: NURSE, text: "my dog".into() };
        given([requested(Mode::Involve)]).when(raise).then([raised(1, NURSE)]);
        let deferred = AgendaItemDeferred { item: id(1), author: NURSE }.into();
        let deferred = [requested(Mode::Involve), raised(1, NURSE), deferred];
        given(deferred.clone()).when(DeferAgendaItem { person: PERSON, item: id(1), author: NURSE }).then_nothing();
        let address = AddressAgendaItem { person: PERSON, item: id(1), author: NURSE, note: String::new() };
        given(deferred).when(address).then_refused(Reason::Rule, "open_agenda_item");
    }
}
