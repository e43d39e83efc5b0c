//! Of what somebody may be told: events that are known by their stored type, so that others are not opened.

use domain::StreamKind;
use domain::ids::PersonId;
use domain::notices::NoticeKind;
use event_log::Recorded;
use events::Header;

/// The stored types of what a notice may be of.
const EMERGENCY_CODE: i32 = 10;
const LAW_CODE: i32 = 20;
const ASKED_CODE: i32 = 15;
/// What a worker may have entered on the person's word.
const CHOSEN_CODES: [i32; 5] = [2, 3, 5, 16, 19];
const VIEWED_CODE: i32 = 1;
const PROPOSED_CODE: i32 = 1;
const ACCEPTED_CODE: i32 = 2;
const ENTERED_CODE: i32 = 12;
const ENDED_CODE: i32 = 4;
/// What may be entered that the person takes back.
const BACK_CODES: [i32; 2] = [13, 24];
const RETURN_CODE: i32 = 2;
const LINKED_CODE: i32 = 33;
const GIVEN_CODE: i32 = 1;
const CONFIRMED_CODE: i32 = 2;
const STOPPED_CODE: i32 = 4;
const CODE_ASKED_CODE: i32 = 7;

/// What a notice may be of, and whom it may be for.
pub(crate) fn may_tell(event: &Recorded) -> Option<(NoticeKind, PersonId)> {
    let person = PersonId(event.stream.id);
    let (kind, code) = (StreamKind::from_code(event.stream.kind)?, event.event_type);
    match (kind, code) {
        (StreamKind::Sharing, EMERGENCY_CODE | LAW_CODE) => Some((NoticeKind::Emergency, person)),
        (StreamKind::Sharing, ASKED_CODE) => Some((NoticeKind::Proposal, person)),
        (StreamKind::Sharing, code) if CHOSEN_CODES.contains(&code) => Some((NoticeKind::InTheirPlace, person)),
        (StreamKind::Access, VIEWED_CODE) => Some((NoticeKind::FirstLook, person)),
        (StreamKind::Relationship, PROPOSED_CODE) => Some((NoticeKind::Proposal, subject(event)?)),
        (StreamKind::Relationship, ACCEPTED_CODE | ENTERED_CODE | ENDED_CODE)
        | (StreamKind::Invitation, RETURN_CODE) => Some((NoticeKind::InTheirPlace, subject(event)?)),
        (StreamKind::Consultation, code) if BACK_CODES.contains(&code) => {
            Some((NoticeKind::InTheirPlace, subject(event)?))
        }
        (StreamKind::Person, LINKED_CODE) => Some((NoticeKind::InTheirPlace, person)),
        (StreamKind::Notices, GIVEN_CODE) => Some((NoticeKind::AddressGiven, person)),
        (StreamKind::Notices, CODE_ASKED_CODE) => Some((NoticeKind::WordCode, person)),
        (StreamKind::Notices, CONFIRMED_CODE | STOPPED_CODE) => Some((NoticeKind::AddressLeft, person)),
        _ => None,
    }
}

/// Whom it is about, on a stream that is not theirs alone.
fn subject(event: &Recorded) -> Option<PersonId> {
    Header::decode(&event.head).ok().map(|(header, _)| PersonId(header.subject))
}

#[cfg(test)]
mod tests {
    use events::Event;

    use super::*;

    #[test]
    fn what_a_notice_may_be_of_is_known_by_its_stored_type() {
        let stored = |name: &str, of: StreamKind| {
            let of = Event::samples().into_iter().find(|event| event.name() == name && event.kind() == of);
            of.unwrap_or_else(|| panic!("{name}")).code()
        };
        assert_eq!(stored("EmergencyAccessOpened", StreamKind::Sharing), EMERGENCY_CODE);
        assert_eq!(stored("LawfulBasisInvoked", StreamKind::Sharing), LAW_CODE);
        assert_eq!(stored("AccessRequested", StreamKind::Sharing), ASKED_CODE);
        let choices = Event::samples()
            .into_iter()
            .filter_map(|event| domain::sharing::events::SharingEvent::try_from(event).ok());
        let entered =
            choices.filter(|choice| choice.on_their_word().is_some()).map(|choice| Event::from(choice).code());
        assert_eq!(entered.collect::<Vec<_>>(), CHOSEN_CODES);
        assert_eq!(stored("RecordViewed", StreamKind::Access), VIEWED_CODE);
        assert_eq!(stored("SupportProposed", StreamKind::Relationship), PROPOSED_CODE);
        assert_eq!(stored("SupportAccepted", StreamKind::Relationship), ACCEPTED_CODE);
        assert_eq!(stored("AcceptanceEntered", StreamKind::Relationship), ENTERED_CODE);
        assert_eq!(stored("SupportEnded", StreamKind::Relationship), ENDED_CODE);
        assert_eq!(stored("WordCodeAsked", StreamKind::Notices), CODE_ASKED_CODE);
        let back = ["AnswerTakenBack", "ViewTakenBack"].map(|name| stored(name, StreamKind::Consultation));
        assert_eq!(back, BACK_CODES);
        assert_eq!(stored("ReturnInvited", StreamKind::Invitation), RETURN_CODE);
        assert_eq!(stored("IdentityLinked", StreamKind::Person), LINKED_CODE);
        assert_eq!(stored("AddressGiven", StreamKind::Notices), GIVEN_CODE);
        assert_eq!(stored("AddressConfirmed", StreamKind::Notices), CONFIRMED_CODE);
        assert_eq!(stored("NoticesStopped", StreamKind::Notices), STOPPED_CODE);
    }
}
