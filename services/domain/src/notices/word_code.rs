//! A code by which somebody who has no screen confirms what a worker enters on their word. It goes where the person is told things, to nobody else, and
//! they read it out: so that it is the person who lets in whoever enters it, and not their word alone.

use uuid::Uuid;

use super::events::{NoticesEvent, WordCodeAsked, WordCodeUsed};
use super::{Channel, NoticeKind, Notices, When};
use crate::vocabulary::{Timestamp, Worker, coded};
use crate::{Command, Refusal};

/// How many codes one worker may ask for in a day of one person, and all workers together: each is a message to them.
const CODES_A_DAY: usize = 3;
const ALL_CODES_A_DAY: usize = 10;
/// The same for those who have only proposed to support them, so that they leave the others some.
const CODES_OF_A_PROPOSAL: usize = 1;
const ALL_CODES_OF_PROPOSALS: usize = 5;
/// For how many minutes a code is good: as long as a talk; and for how many days one that goes as a letter.
const MINUTES: u32 = 60;
const DAYS_OF_A_LETTER: u32 = 14;

coded! {
    /// What a code lets a worker enter.
    WordCodeFor {
        /// That the person accepts somebody's support.
        Acceptance = 1 "acceptance",
        /// What they choose about sharing.
        Sharing = 2 "sharing",
    }
}

/// A code that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WordCode {
    /// What it follows from.
    pub reference: Uuid,
    /// Who asked for it.
    pub worker: Worker,
    /// What for: it is good for nothing else.
    pub of: WordCodeFor,
    asked_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    is_used: bool,
}

impl Notices {
    /// The codes that this worker has asked for, the last few, also those that are good no more.
    pub fn word_codes(&self, worker: Worker) -> impl Iterator<Item = &WordCode> {
        self.codes.iter().filter(move |code| code.worker == worker)
    }

    /// A code that is good still, by what it follows from.
    #[must_use]
    pub fn good_word_code(&self, reference: Uuid, now: Timestamp) -> Option<&WordCode> {
        self.codes.iter().find(|code| code.reference == reference && !code.is_used && code.expires_at > now)
    }

    pub(super) fn code_asked(&mut self, e: &WordCodeAsked) {
        let WordCodeAsked { reference, worker, of, asked_at, expires_at } = *e;
        // Those that are good still, and those that count for the day.
        self.codes.retain(|code| code.expires_at > asked_at || code.asked_at.plus_days(1) > asked_at);
        self.codes.push(WordCode { reference, worker, of, asked_at, expires_at, is_used: false });
    }

    /// What stands where they were told things before lets nobody in any more.
    pub(super) fn void_codes(&mut self) {
        self.codes.iter_mut().for_each(|code| code.is_used = true);
    }

    pub(super) fn code_used(&mut self, reference: Uuid) {
        self.codes.iter_mut().filter(|code| code.reference == reference).for_each(|code| code.is_used = true);
    }
}

/// A worker asks for a code.
#[derive(Debug, Clone)]
pub struct AskForWordCode {
    /// What the code follows from.
    pub reference: Uuid,
    pub worker: Worker,
    pub of: WordCodeFor,
    /// Whether the worker supports the person, and has not only proposed to.
    pub supports: bool,
    pub now: Timestamp,
}

impl Command for AskForWordCode {
    type Aggregate = Notices;

    fn decide(self, state: &Notices) -> Result<Vec<NoticesEvent>, Refusal> {
        let Self { reference, worker, of, supports, now } = self;
        let Some((address, _)) = state.confirmed().filter(|_| !state.is_silent()) else {
            let says = "there is no address to which a code could go: somebody of another agency confirms or enters it";
            return Err(Refusal::rule("no_address", says));
        };
        let of_today = state.codes.iter().filter(|code| code.asked_at.plus_days(1) > now);
        let (theirs, all) = (of_today.clone().filter(|code| code.worker == worker).count(), of_today.count());
        let wants_none = !supports && state.when(NoticeKind::Proposal) == When::Never;
        let (own, others) = match supports {
            true => (CODES_A_DAY, ALL_CODES_A_DAY),
            false => (CODES_OF_A_PROPOSAL, ALL_CODES_OF_PROPOSALS),
        };
        if wants_none || theirs >= own || all >= others {
            let says = format!(
                "at most `{CODES_A_DAY}` codes are sent to somebody in a day for one worker; try again tomorrow"
            );
            return Err(Refusal::rule("codes_a_day", says));
        }
        let expires_at = match address.channel {
            Channel::Letter => now.plus_days(DAYS_OF_A_LETTER),
            Channel::Email | Channel::Sms => now.plus_minutes(MINUTES),
        };
        Ok(vec![WordCodeAsked { reference, worker, of, asked_at: now, expires_at }.into()])
    }
}

/// Something is entered by a code that the person read out.
#[derive(Debug, Clone)]
pub struct UseWordCode {
    /// Which code was said; none when it is none of those that were sent for this worker.
    pub reference: Option<Uuid>,
    pub worker: Worker,
    /// What it is said for.
    pub of: WordCodeFor,
    pub now: Timestamp,
}

impl Command for UseWordCode {
    type Aggregate = Notices;

    fn decide(self, state: &Notices) -> Result<Vec<NoticesEvent>, Refusal> {
        let said = self.reference.and_then(|reference| state.good_word_code(reference, self.now));
        match said.filter(|code| code.worker == self.worker && code.of == self.of) {
            Some(code) => Ok(vec![WordCodeUsed { reference: code.reference }.into()]),
            None => Err(Refusal::invalid(
                "code",
                "must be one that was sent to the person for you, and neither used nor too old",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::{AddressConfirmed, AddressGiven, NoticesStopped};
    use super::*;
    use crate::Reason;
    use crate::ids::{AgencyId, StaffId};
    use crate::scenario::given;

    const NURSE: Worker = Worker::new(AgencyId(Uuid::from_u128(2)), StaffId(Uuid::from_u128(3)));
    const OTHER: Worker = Worker::new(AgencyId(Uuid::from_u128(2)), StaffId(Uuid::from_u128(4)));
    const NOW: Timestamp = Timestamp(0);

    fn told(channel: Channel) -> Vec<NoticesEvent> {
        let reference = Uuid::from_u128(1);
        let (address, expires_at) = ("+441312345678".into(), NOW.plus_days(1));
        let address = AddressGiven { reference, channel, address, given_at: NOW, expires_at, quietly: false };
        vec![address.into(), AddressConfirmed { reference, since: NOW }.into()]
    }

    fn asked(n: u128, worker: Worker, expires_at: Timestamp) -> NoticesEvent {
        WordCodeAsked { reference: Uuid::from_u128(n), worker, of: WordCodeFor::Sharing, asked_at: NOW, expires_at }
            .into()
    }

    fn ask(n: u128, worker: Worker) -> AskForWordCode {
        AskForWordCode { reference: Uuid::from_u128(n), worker, of: WordCodeFor::Sharing, supports: true, now: NOW }
    }

    #[test]
    fn a_code_goes_where_the_person_is_told_things_and_nowhere_else() {
        let hour = NOW.plus_minutes(60);
        given(told(Channel::Sms)).when(ask(9, NURSE)).then([asked(9, NURSE, hour)]);
        given(told(Channel::Letter)).when(ask(9, NURSE)).then([asked(9, NURSE, NOW.plus_days(14))]);
        given([]).when(ask(9, NURSE)).then_refused(Reason::Rule, "no_address");
        for quietly in [true, false] {
            let stopped = [told(Channel::Sms), vec![NoticesStopped { quietly }.into()]].concat();
            given(stopped).when(ask(9, NURSE)).then_refused(Reason::Rule, "no_address");
        }
    }

    #[test]
    fn nobody_is_pestered_with_codes() {
        let hour = NOW.plus_minutes(60);
        let three = [told(Channel::Sms), (10..13).map(|n| asked(n, NURSE, hour)).collect()].concat();
        given(three.clone()).when(ask(20, NURSE)).then_refused(Reason::Rule, "codes_a_day");
        given(three.clone()).when(ask(20, OTHER)).then([asked(20, OTHER, hour)]);
        let tomorrow = AskForWordCode { now: NOW.plus_days(1), ..ask(20, NURSE) };
        let later = WordCodeAsked {
            reference: Uuid::from_u128(20),
            worker: NURSE,
            of: WordCodeFor::Sharing,
            asked_at: NOW.plus_days(1),
            expires_at: NOW.plus_days(1).plus_minutes(60),
        };
        given(three).when(tomorrow).then([later.into()]);
        let ten = [
            told(Channel::Sms),
            (10..20)
                .map(|n| asked(n, Worker::new(AgencyId(Uuid::from_u128(n)), StaffId(Uuid::from_u128(n))), hour))
                .collect(),
        ]
        .concat();
        given(ten).when(ask(20, NURSE)).then_refused(Reason::Rule, "codes_a_day");
        // Whoever has only proposed has one sent, and leaves some to the others.
        let proposes = || AskForWordCode { supports: false, ..ask(20, NURSE) };
        given(told(Channel::Sms)).when(proposes()).then([asked(20, NURSE, hour)]);
        let one = [told(Channel::Sms), vec![asked(10, NURSE, hour)]].concat();
        given(one).when(proposes()).then_refused(Reason::Rule, "codes_a_day");
        let five = [told(Channel::Sms), (10..15).map(|n| asked(n, OTHER, hour)).collect()].concat();
        given(five).when(proposes()).then_refused(Reason::Rule, "codes_a_day");
    }

    #[test]
    fn a_code_is_good_once_for_whoever_asked_and_not_for_long() {
        let hour = NOW.plus_minutes(60);
        let before = [told(Channel::Sms), vec![asked(9, NURSE, hour)]].concat();
        let say = |n: Option<u128>, worker, now| UseWordCode {
            reference: n.map(Uuid::from_u128),
            worker,
            of: WordCodeFor::Sharing,
            now,
        };
        let used = || NoticesEvent::from(WordCodeUsed { reference: Uuid::from_u128(9) });
        given(before.clone()).when(say(Some(9), NURSE, NOW)).then([used()]);
        for (n, worker, now) in
            [(None, NURSE, NOW), (Some(8), NURSE, NOW), (Some(9), OTHER, NOW), (Some(9), NURSE, hour)]
        {
            given(before.clone()).when(say(n, worker, now)).then_refused(Reason::Invalid, "code");
        }
        given([before.clone(), vec![used()]].concat())
            .when(say(Some(9), NURSE, NOW))
            .then_refused(Reason::Invalid, "code");
        let of = WordCodeFor::Acceptance;
        given(before.clone())
            .when(UseWordCode { of, ..say(Some(9), NURSE, NOW) })
            .then_refused(Reason::Invalid, "code");
        // Where they were told things before, nobody reads out anything any more.
        let confirmed = AddressConfirmed { reference: Uuid::from_u128(2), since: NOW }.into();
        for left in [NoticesStopped { quietly: false }.into(), NoticesStopped { quietly: true }.into(), confirmed] {
            let gone = [before.clone(), vec![left]].concat();
            given(gone).when(say(Some(9), NURSE, NOW)).then_refused(Reason::Invalid, "code");
        }
    }
}
