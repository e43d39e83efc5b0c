//! Pages of lists: which is asked for, how one is filled, and lists in memory that pages are taken from.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use crate::key::Key;
use crate::view::Classed;

/// Bytes of documents on a page: well below what a client takes in one message. One document always fits.
const PAGE_BYTES: usize = 1 << 20;

/// Which page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pages {
    /// The most items.
    pub size: usize,
    /// What follows the prefix in the place of the last item of the page before; empty for the first page.
    pub after: Vec<u8>,
    /// The position that the page must reflect at least; 0 asks for nothing.
    pub at_least: u64,
}

impl Pages {
    /// The first that is kept of a list which reflects this position at least.
    #[must_use]
    pub fn one(at_least: u64) -> Self {
        Self { size: 1, after: vec![], at_least }
    }

    /// All pages of a list, one after the other, which reflect this position at least: for [`crate::Views::next`].
    #[must_use]
    pub fn all(at_least: u64) -> Option<Self> {
        Some(Self { size: EACH, after: vec![], at_least })
    }
}

/// How many documents are read at once by whoever reads all of a list.
const EACH: usize = 100;

/// A page of documents.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The documents, in the order of their places.
    pub items: Vec<T>,
    /// What [`Pages::after`] takes for the next page; none at the end.
    pub next: Option<Vec<u8>>,
    /// The position that the page reflects.
    pub position: u64,
    /// Whether something may be missing, because an event about somebody whom the list is about could not be read.
    pub incomplete: bool,
}

impl<T> Page<T> {
    /// The page after this one, of whoever asked for this one; none at the end.
    pub(crate) fn after(&self, asked: &Pages) -> Option<Pages> {
        self.next.as_ref().map(|next| Pages { after: next.clone(), ..asked.clone() })
    }

    /// The same page, of what each document comes to.
    #[must_use]
    pub fn map<U>(self, into: impl Fn(T) -> U) -> Page<U> {
        let Self { items, next, position, incomplete } = self;
        Page { items: items.into_iter().map(into).collect(), next, position, incomplete }
    }
}

impl<T> Page<(Vec<u8>, T)> {
    /// This and a page of another list, from the same place on, as one of at most `size` items.
    pub(crate) fn with(self, other: Self, size: usize) -> Self {
        // What follows the last item of a page that is not the list's end is not known yet, in either list.
        let known = self.next.iter().chain(&other.next).min().cloned();
        let more = known.is_some();
        let mut items: Vec<_> = self.items.into_iter().chain(other.items).collect();
        items.sort_by(|(one, _), (other, _)| one.cmp(other));
        if let Some(known) = known {
            items.retain(|(place, _)| *place <= known);
        }
        let more = more || items.len() > size;
        items.truncate(size);
        let next = items.last().filter(|_| more).map(|(place, _)| place.clone());
        let (position, incomplete) = (self.position.min(other.position), self.incomplete || other.incomplete);
        Self { items, next, position, incomplete }
    }
}

/// A document of a list in memory.
pub(crate) struct One<T> {
    pub(crate) place: Key,
    /// How long it is as it is stored.
    pub(crate) bytes: usize,
    pub(crate) value: T,
}

/// A list in memory.
pub(crate) struct List<T> {
    /// In order.
    pub(crate) all: Vec<One<T>>,
    /// Which of them are of each class: found out once, when it is first asked for.
    classes: OnceLock<Arc<dyn Any + Send + Sync>>,
}

/// Each class, and which are of it.
type Classes<C> = Vec<(C, Vec<usize>)>;

impl<T> List<T> {
    pub(crate) fn new(all: Vec<One<T>>) -> Self {
        Self { all, classes: OnceLock::new() }
    }

    /// Those that are covered, in order: what is not is not gone through.
    pub(crate) fn covered<V: Classed<Doc = T>>(
        &self,
        covers: impl Fn(&V::Class) -> bool,
    ) -> impl Iterator<Item = &One<T>> {
        let classes = self.classes.get_or_init(|| Arc::new(self.classes_of::<V>()));
        // There is one view of these documents.
        let classes = classes.downcast_ref::<Classes<V::Class>>().map_or(&[][..], Vec::as_slice);
        let covered = classes.iter().filter(|(class, _)| covers(class)).flat_map(|(_, of)| of);
        let mut covered: Vec<usize> = covered.copied().collect();
        covered.sort_unstable();
        covered.into_iter().filter_map(|nth| self.all.get(nth))
    }

    fn classes_of<V: Classed<Doc = T>>(&self) -> Classes<V::Class> {
        let mut classes: Classes<V::Class> = Vec::new();
        for (nth, one) in self.all.iter().enumerate() {
            let class = V::class(&one.value);
            match classes.iter_mut().find(|(known, _)| *known == class) {
                Some((_, of)) => of.push(nth),
                None => classes.push((class, vec![nth])),
            }
        }
        classes
    }
}

/// A page that is being filled.
pub(crate) struct Filling<T> {
    pub(crate) size: usize,
    pub(crate) kept: Vec<(Key, T)>,
    pub(crate) bytes: usize,
    pub(crate) more: bool,
    /// The oldest of what was read: the page reflects at least this.
    pub(crate) position: u64,
    pub(crate) incomplete: bool,
}

impl<T> Filling<T> {
    /// Whether one more of this many bytes does not fit: that there is one tells that there is a next page.
    pub(crate) fn is_full(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        self.more = self.kept.len() == self.size || (self.bytes > PAGE_BYTES && !self.kept.is_empty());
        self.more
    }

    /// Fills it from a list in memory that reflects this position.
    pub(crate) fn take_from<'a>(
        &mut self,
        position: u64,
        incomplete: bool,
        list: impl Iterator<Item = &'a One<T>>,
        after: &[u8],
        keep: impl Fn(&T) -> bool,
    ) where
        T: Clone + 'a,
    {
        (self.position, self.incomplete) = (position, incomplete);
        for one in list.filter(|one| one.place.0.as_slice() > after && keep(&one.value)) {
            if self.is_full(one.bytes) {
                break;
            }
            self.kept.push((one.place.clone(), one.value.clone()));
        }
    }

    /// The page, each item with its place.
    pub(crate) fn page(self, prefix: &Key) -> Page<(Key, T)> {
        let Self { kept: items, more, position, incomplete, .. } = self;
        // The token names an item that was handed out, never one that was left out.
        let next =
            items.last().filter(|_| more).and_then(|(place, _)| place.0.get(prefix.0.len()..)).map(<[u8]>::to_vec);
        Page { items, next, position, incomplete }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(places: &[u8], more: bool) -> Page<(Vec<u8>, u8)> {
        let items: Vec<_> = places.iter().map(|place| (vec![*place], *place)).collect();
        let next = items.last().filter(|_| more).map(|(place, _)| place.clone());
        Page { items, next, position: 1, incomplete: false }
    }

    #[test]
    fn two_lists_are_one_and_nothing_is_passed_over_that_is_not_known_yet() {
        let both = |one: Page<(Vec<u8>, u8)>, other, size| {
            let both = one.with(other, size).map(|(_, item)| item);
            (both.items, both.next)
        };
        assert_eq!(both(page(&[1, 4], false), page(&[2, 3], false), 9), (vec![1, 2, 3, 4], None));
        assert_eq!(both(page(&[1, 4], false), page(&[2, 3], false), 3), (vec![1, 2, 3], Some(vec![3])));
        // The first has more after 2: what the second has after that comes with the next page.
        assert_eq!(both(page(&[1, 2], true), page(&[3, 9], false), 9), (vec![1, 2], Some(vec![2])));
        assert_eq!(both(page(&[1, 2], true), page(&[], false), 2), (vec![1, 2], Some(vec![2])));
        assert_eq!(both(page(&[], false), page(&[], false), 2), (vec![], None));
    }
}
