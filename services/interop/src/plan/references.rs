//! What a reference within a bundle leads to (FHIR R4, 2.36.4 Resolving references in bundles).

use std::collections::{HashMap, HashSet};

use crate::fhir::{Bundle, Reference};

/// The entries of a bundle by the names that references use.
pub(super) struct References<'a> {
    bundle: &'a Bundle,
    by_url: HashMap<&'a str, usize>,
    /// By type and id; none where several have the same, or the bundle is of several servers.
    by_name: HashMap<&'a str, Option<usize>>,
}

impl<'a> References<'a> {
    /// Those that count: of several versions the latest.
    pub(super) fn of(bundle: &'a Bundle) -> Self {
        let (mut by_url, mut by_name) = (HashMap::new(), HashMap::new());
        let servers: HashSet<_> = bundle.entries.iter().filter_map(|entry| entry.server()).collect();
        for (index, entry) in bundle.entries.iter().enumerate().filter(|(_, entry)| entry.set_aside.is_none()) {
            if servers.len() <= 1 {
                by_name.entry(entry.name.as_str()).and_modify(|known| *known = None).or_insert(Some(index));
            }
            if !entry.full_url.is_empty() {
                by_url.insert(entry.full_url.as_str(), index);
            }
        }
        Self { bundle, by_url, by_name }
    }

    /// The entry that a reference of this entry leads to, in whatever version. A relative one leads to the same server. Where the
    /// bundle is of one server at most, it leads to what alone has the name; where it is of several, nobody guesses: another
    /// server's `Patient/1` is somebody else.
    pub(super) fn resolve(&self, from: usize, reference: &Reference) -> Option<usize> {
        let reference = reference.reference.as_str();
        let reference = reference.split_once("/_history/").map_or(reference, |(of, _)| of);
        if let Some(index) = self.by_url.get(reference) {
            return Some(*index);
        }
        let server = self.bundle.entries.get(from).and_then(|entry| entry.server());
        let there = server.and_then(|server| self.by_url.get(format!("{server}{reference}").as_str()));
        there.copied().or_else(|| self.by_name.get(reference).copied().flatten())
    }
}
