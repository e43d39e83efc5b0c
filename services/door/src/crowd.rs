//! Room for so many at a time, and so many of one address. Nobody is turned away: where there is no room the oldest of whoever has most is given up, so that
//! whoever ends at once, such as a load balancer's check, is never the one, even where strangers come from the same address.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::peer::own;

/// Who is there.
#[derive(Debug, Clone)]
pub struct Crowd {
    all: Arc<Mutex<All>>,
    at_once: usize,
    of_one: usize,
}

#[derive(Debug, Default)]
struct All {
    /// The oldest of each first.
    by_address: HashMap<Option<IpAddr>, VecDeque<Arc<CancellationToken>>>,
    count: usize,
}

/// A place. Free when it is dropped.
#[derive(Debug)]
pub struct Place {
    crowd: Crowd,
    from: Option<IpAddr>,
    given_up: Arc<CancellationToken>,
}

impl Crowd {
    /// Room for so many, and so many of one address.
    #[must_use]
    pub fn new(at_once: usize, of_one: usize) -> Self {
        Self { all: Arc::default(), at_once, of_one }
    }

    /// A place for one more, from this address if that is known.
    #[must_use]
    pub fn enter(&self, from: Option<IpAddr>) -> Place {
        self.take(from.map(own), self.of_one)
    }

    /// A place for one more who comes by way of what passes many on, and so has as many places as there are.
    #[must_use]
    pub fn enter_passed_on(&self, by: IpAddr) -> Place {
        self.take(Some(own(by)), self.at_once)
    }

    fn take(&self, from: Option<IpAddr>, of_one: usize) -> Place {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if all.by_address.get(&from).is_some_and(|theirs| theirs.len() >= of_one) {
            all.give_up_oldest(from);
        } else if all.count >= self.at_once {
            let most = all.by_address.iter().max_by_key(|(_, theirs)| theirs.len()).map(|(from, _)| *from);
            if let Some(most) = most {
                all.give_up_oldest(most);
            }
        }
        let given_up = Arc::new(CancellationToken::new());
        all.by_address.entry(from).or_default().push_back(given_up.clone());
        all.count += 1;
        Place { crowd: self.clone(), from, given_up }
    }
}

impl All {
    fn give_up_oldest(&mut self, from: Option<IpAddr>) {
        let Some(theirs) = self.by_address.get_mut(&from) else { return };
        if let Some(oldest) = theirs.pop_front() {
            oldest.cancel();
            self.count -= 1;
        }
        if theirs.is_empty() {
            self.by_address.remove(&from);
        }
    }
}

impl Place {
    /// How many places there are for one address.
    #[must_use]
    pub fn of_one(&self) -> usize {
        self.crowd.of_one
    }

    /// Waits until it has to be given up for another.
    pub async fn given_up(&self) {
        self.given_up.cancelled().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.crowd.all.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(theirs) = all.by_address.get_mut(&self.from) else { return };
        let Some(nth) = theirs.iter().position(|one| Arc::ptr_eq(one, &self.given_up)) else { return };
        theirs.remove(nth);
        if theirs.is_empty() {
            all.by_address.remove(&self.from);
        }
        all.count -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stands(place: &Place) -> bool {
        !place.given_up.is_cancelled()
    }

    fn standing(places: &[Place]) -> usize {
        places.iter().filter(|place| stands(place)).count()
    }

    fn count(crowd: &Crowd) -> usize {
        crowd.all.lock().unwrap().count
    }

    #[test]
    fn where_there_is_no_room_the_oldest_of_whoever_has_most_is_given_up() {
        let crowd = Crowd::new(64, 16);
        let address = |nth: u8| Some(IpAddr::from([192, 0, 2, nth]));
        let mut many: Vec<_> = (0..17).map(|_| crowd.enter(address(1))).collect();
        assert!(!stands(&many[0]) && many[1..].iter().all(stands));
        // Whoever ends makes room.
        many.pop();
        many.push(crowd.enter(address(1)));
        assert!(many[1..].iter().all(stands));
        // All together: of whoever has most, and nobody who has one.
        let others: Vec<_> = (2..60).map(|nth| crowd.enter(address(nth))).collect();
        assert!(others.iter().all(stands) && standing(&many) == 64 - others.len() && count(&crowd) == 64);
        drop((many, others));
        assert_eq!(count(&crowd), 0);
        // What passes many on has as many places as there are.
        let passed_on: Vec<_> = (0..65).map(|_| crowd.enter_passed_on(IpAddr::from([10, 0, 0, 1]))).collect();
        assert!(standing(&passed_on) == 64 && !stands(&passed_on[0]));
        drop(passed_on);
        assert!(crowd.all.lock().unwrap().by_address.is_empty());
    }
}
