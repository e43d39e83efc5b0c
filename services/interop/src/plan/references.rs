//! What a reference within a bundle leads to (FHIR R4, 2.36.4 Resolving references in bundles).

use std::collections::HashMap;

use crate::fhir::{Bundle, Reference};

/// The entries of a bundle by the names that references use.
pub(super) struct References<'a> {
    bundle: &'a Bundle,
    by_url: HashMap<&'a str, usize>,
    /// By type and id; none where several have the same.
    by_name: HashMap<&'a str, Option<usize>>,
}

impl<'a> References<'a> {
    /// Those that count: of several versions the latest.
    pub(super) fn of(bundle: &'a Bundle) -> Self {
        let (mut by_url, mut by_name) = (HashMap::new(), HashMap::new());
        for (index, entry) in bundle.entries.iter().enumerate().filter(|(_, entry)| entry.set_aside.is_none()) {
            by_name.entry(entry.name.as_str()).and_modify(|known| *known = None).or_insert(Some(index));
            if !entry.full_url.is_empty() {
                by_url.insert(entry.full_url.as_str(), index);
            }
        }
        Self { bundle, by_url, by_name }
    }

    /// The entry that a reference of this entry leads to. A relative one leads to the same server; only where none is named does
    /// it lead to whatever has the name, if one alone has it.
    pub(super) fn resolve(&self, from: usize, reference: &Reference) -> Option<usize> {
        let reference = reference.reference.as_str();
        if let Some(index) = self.by_url.get(reference) {
            return Some(*index);
        }
        let server = self.bundle.entries.get(from).and_then(|entry| entry.server());
        let there = server.and_then(|server| self.by_url.get(format!("{server}{reference}").as_str()));
        there.copied().or_else(|| self.by_name.get(reference).copied().flatten())
    }
}
