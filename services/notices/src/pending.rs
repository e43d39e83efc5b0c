//! Notices that wait: when each is due, and which go together.

use std::collections::{HashMap, HashSet};

use domain::ids::PersonId;
use domain::notices::{Address, NoticeKind, When, WordCodeFor};
use domain::vocabulary::Timestamp;
use uuid::Uuid;

/// How many things somebody is told of at once in a day; the rest comes together.
const A_DAY: usize = 10;
/// How many things one message is of, at most.
const TOGETHER: usize = 500;
/// How long to wait after a first failure, and at most, in seconds.
const FIRST_SECONDS: i64 = 4;
const MOST_SECONDS: i64 = 60 * 60;
/// After how many days a notice is news no more.
const NEWS_DAYS: u32 = 3;

/// Whether what happened then is news still.
pub(crate) fn is_news(at: Timestamp, now: Timestamp) -> bool {
    at.plus_days(NEWS_DAYS) > now
}

/// A notice that waits.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    pub(crate) person: PersonId,
    /// What it is of, once: an event, or that an agency looked for the first time.
    pub(crate) notice: Uuid,
    pub(crate) kind: NoticeKind,
    pub(crate) position: u64,
    pub(crate) at: Timestamp,
    /// Of an address that was given: what its code follows from. Of one that was left: where.
    pub(crate) reference: Option<Uuid>,
    /// Of a code that a worker asked for: what it lets them enter.
    pub(crate) code_for: Option<WordCodeFor>,
    pub(crate) left: Option<Address>,
    /// Whether it went out, and only that is still to be kept.
    pub(crate) went_out: bool,
    /// Whether it waits for all else of a day.
    daily: bool,
    due: Timestamp,
    attempts: u32,
    /// The first of the message with which it goes, once it was tried: with that it goes for good.
    message: Option<Uuid>,
    under_way: bool,
}

impl Pending {
    pub(crate) fn new((person, kind): (PersonId, NoticeKind), notice: Uuid, position: u64, at: Timestamp) -> Self {
        Self {
            person,
            notice,
            kind,
            position,
            at,
            reference: None,
            code_for: None,
            left: None,
            went_out: false,
            daily: false,
            due: at,
            attempts: 0,
            message: None,
            under_way: false,
        }
    }

    /// The same, when the person wants it.
    pub(crate) fn when(mut self, when: When) -> Option<Self> {
        match when {
            When::AtOnce => {}
            When::Daily => self.wait_for_a_day(self.at),
            When::Never => return None,
        }
        Some(self)
    }

    /// Whether it counts among those of which somebody is told at once.
    pub(crate) fn counts(&self) -> bool {
        let is_always_told = matches!(
            self.kind,
            NoticeKind::AddressGiven | NoticeKind::AddressLeft | NoticeKind::InTheirPlace | NoticeKind::WordCode
        );
        !self.daily && !is_always_told
    }

    /// Whether it is news still.
    pub(crate) fn is_news(&self, now: Timestamp) -> bool {
        is_news(self.at, now)
    }

    fn wait_for_a_day(&mut self, since: Timestamp) {
        (self.daily, self.due) = (true, since.plus_days(1));
    }

    /// It was not sent, as something had moved: it is decided again at once.
    pub(crate) fn is_back(&mut self) {
        self.under_way = false;
    }

    /// It is tried again later.
    pub(crate) fn try_again(&mut self, now: Timestamp, went_out: bool) {
        let times = 1_i64.checked_shl(self.attempts).filter(|times| *times > 0).unwrap_or(MOST_SECONDS);
        self.attempts += 1;
        self.due = Timestamp(now.0.saturating_add(FIRST_SECONDS.saturating_mul(times).min(MOST_SECONDS) * 1_000_000));
        self.went_out |= went_out;
        self.under_way = false;
    }
}

/// The messages that are due, at most so many: each notice by itself, and those of one person that waited for a day together. One for a person
/// at a time; those that were not tried yet come first, so that what is tried again and again holds up nothing new.
pub(crate) fn due(
    pending: &mut [Pending],
    told: &HashMap<PersonId, Vec<Timestamp>>,
    now: Timestamp,
    most: usize,
) -> Vec<Vec<Pending>> {
    let mut so_far: HashMap<PersonId, usize> = told.iter().map(|(person, times)| (*person, times.len())).collect();
    let mut messages: HashMap<Uuid, Vec<usize>> = HashMap::new();
    let mut together: HashMap<PersonId, Uuid> = HashMap::new();
    for (index, waits) in pending.iter_mut().enumerate() {
        let count = so_far.entry(waits.person).or_default();
        if waits.message.is_none() && waits.counts() {
            if *count >= A_DAY {
                let since = told.get(&waits.person).and_then(|times| times.first().copied());
                waits.wait_for_a_day(since.unwrap_or(now));
            }
            *count += 1;
        }
        let message = match waits.message {
            Some(message) => message,
            None if waits.daily => *together.entry(waits.person).or_insert(waits.notice),
            None => waits.notice,
        };
        let message = messages.entry(message).or_default();
        if message.len() < TOGETHER {
            message.push(index);
        }
    }
    let of = |index: &usize| pending.get(*index);
    let mut busy: HashSet<_> = pending.iter().filter(|waits| waits.under_way).map(|waits| waits.person).collect();
    let is_due = |message: &Vec<usize>| message.iter().filter_map(of).any(|waits| !waits.under_way && waits.due <= now);
    let mut messages: Vec<_> = messages.into_values().filter(is_due).collect();
    messages.sort_by_key(|message| message.first().and_then(of).map(|first| (first.attempts > 0, first.position)));
    messages.retain(|message| message.first().and_then(of).is_some_and(|first| busy.insert(first.person)));
    messages.truncate(most);
    let begin = |message: Vec<usize>| {
        let first =
            message.first().and_then(|index| pending.get(*index)).map(|first| first.message.unwrap_or(first.notice));
        let mut begun = Vec::with_capacity(message.len());
        for index in message {
            if let Some(waits) = pending.get_mut(index) {
                (waits.message, waits.under_way) = (first, true);
                begun.push(waits.clone());
            }
        }
        begun
    };
    messages.into_iter().map(begin).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn pending(n: u128, kind: NoticeKind, at: Timestamp) -> Pending {
        let position = u64::try_from(n).unwrap();
        Pending::new((PersonId(Uuid::from_u128(n % 100)), kind), Uuid::from_u128(n), position, at)
    }

    fn of_one(n: u128, kind: NoticeKind, at: Timestamp) -> Pending {
        Pending { person: PersonId(Uuid::nil()), ..pending(n, kind, at) }
    }

    /// Which notices each message is of that is due; they are sent.
    fn sends(pending: &mut Vec<Pending>, now: Timestamp) -> Vec<Vec<u128>> {
        let due = due(pending, &HashMap::new(), now, 100);
        let sent: Vec<Vec<_>> =
            due.iter().map(|message| message.iter().map(|of| of.notice.as_u128()).collect()).collect();
        pending.retain(|waits| !waits.under_way);
        sent
    }

    #[test]
    fn each_goes_by_itself_and_what_waits_for_a_day_together_a_day_after_the_first() {
        assert!(pending(1, NoticeKind::Proposal, NOW).when(When::Never).is_none());
        let daily = |n, at| of_one(n, NoticeKind::FirstLook, at).when(When::Daily).unwrap();
        let emergency = |n| of_one(n, NoticeKind::Emergency, NOW);
        let mut waiting = vec![emergency(1), daily(2, NOW), emergency(3), daily(4, NOW.plus_minutes(60))];
        // One after the other.
        assert_eq!(sends(&mut waiting, NOW), [[1]]);
        assert_eq!(sends(&mut waiting, NOW), [[3]]);
        assert!(sends(&mut waiting, NOW.plus_minutes(60)).is_empty());
        assert_eq!(sends(&mut waiting, NOW.plus_days(1)), [[2, 4]]);
    }

    #[test]
    fn of_a_great_many_things_the_rest_comes_together_and_what_is_about_an_address_does_not_count() {
        let many = (1..=30).map(|n| of_one(n, NoticeKind::Proposal, NOW));
        let mut waiting: Vec<_> = many.chain([of_one(99, NoticeKind::AddressGiven, NOW)]).collect();
        let (mut told, mut sent) = (HashMap::<PersonId, Vec<Timestamp>>::new(), Vec::new());
        loop {
            let message = due(&mut waiting, &told, NOW, 100).pop();
            let Some(message) = message else { break };
            if message[0].counts() {
                told.entry(message[0].person).or_default().push(NOW);
            }
            waiting.retain(|waits| !waits.under_way);
            sent.push(message.len());
        }
        assert_eq!(sent, [1; A_DAY + 1]);
        assert_eq!(sends(&mut waiting, NOW.plus_days(1)).iter().map(Vec::len).collect::<Vec<_>>(), [30 - A_DAY]);
    }

    #[test]
    fn what_was_tried_goes_with_what_it_was_tried_with_and_holds_up_nothing_new() {
        let daily = |n| of_one(n, NoticeKind::FirstLook, NOW).when(When::Daily).unwrap();
        let (mut waiting, later) = (vec![daily(1), daily(2)], NOW.plus_days(1));
        assert_eq!(due(&mut waiting, &HashMap::new(), later, 1)[0].len(), 2);
        waiting.iter_mut().for_each(|waits| waits.try_again(later, false));
        waiting.extend([daily(3), pending(7, NoticeKind::Emergency, later)]);
        let much_later = later.plus_days(1);
        let due = due(&mut waiting, &HashMap::new(), much_later, 100);
        let due: Vec<Vec<_>> =
            due.iter().map(|message| message.iter().map(|of| of.notice.as_u128()).collect()).collect();
        assert_eq!(due, [vec![3], vec![7]], "those that are new, and one for a person");
        waiting.retain(|waits| !waits.under_way);
        assert_eq!(sends(&mut waiting, much_later), [[1, 2]]);
    }

    #[test]
    fn what_could_not_be_sent_waits_longer_each_time() {
        let mut waits = pending(1, NoticeKind::Emergency, NOW);
        let seconds: Vec<_> = (0..100)
            .map(|_| {
                waits.try_again(Timestamp(0), false);
                waits.due.0 / 1_000_000
            })
            .collect();
        assert_eq!((&seconds[..4], seconds[99]), (&[4, 8, 16, 32][..], MOST_SECONDS));
    }
}
