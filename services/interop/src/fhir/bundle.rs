//! A bundle as it was read.

use super::{Meta, Resource};

/// A bundle.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// The file that it was read from.
    pub file: String,
    /// What its sender says of the whole: how confidential it is.
    pub meta: Meta,
    /// Whether it is a page of a search that has more.
    pub is_partial: bool,
    /// Whether a Composition in it speaks for all of it: not among what a search has found.
    pub is_document: bool,
    /// Its entries, in order.
    pub entries: Vec<Entry>,
}

/// An entry of a bundle.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The URL by which other entries refer to it, without a version.
    pub full_url: String,
    /// The resource's type and id, as in `Condition/123`; its type alone where it has no id.
    pub name: String,
    /// Its id, or empty.
    pub id: String,
    /// By what it is told apart where its id does not: its URL, or all that it says.
    pub alias: Option<String>,
    /// How confidential it is, and which version.
    pub meta: Meta,
    /// Why it is not read, whatever it says: it is deleted, a later version stands beside it, or its sender says something
    /// about it that nobody here understands. Then it is a resource of another type.
    pub set_aside: Option<String>,
    /// What stands inside it, as in `Goal#g1`, if it is read.
    pub contained: Vec<String>,
    /// The resource.
    pub resource: Resource,
}

impl Entry {
    /// The server that its URL names, with the slash: `https://records.example/fhir/`.
    #[must_use]
    pub fn server(&self) -> Option<&str> {
        server(&self.full_url, &self.name)
    }

    /// What tells it apart within a source that calls it `own` by itself, unless it is of another server: what that one calls
    /// `Patient/1` is somebody else, and goes by its URL.
    #[must_use]
    pub fn within<'a>(&'a self, source: &str, own: &'a str) -> &'a str {
        self.alias.as_deref().unwrap_or(if self.is_elsewhere(source) { &self.full_url } else { own })
    }

    /// What it is called in words: its type and id, or its URL when it is another server's.
    #[must_use]
    pub fn called(&self, source: &str) -> &str {
        if self.is_elsewhere(source) { &self.full_url } else { &self.name }
    }

    fn is_elsewhere(&self, source: &str) -> bool {
        self.server().is_some_and(|server| server.trim_end_matches('/') != source.trim_end_matches('/'))
    }
}

/// The server of what has this URL and this type and id, if the URL names one.
pub(super) fn server<'a>(full_url: &'a str, name: &str) -> Option<&'a str> {
    full_url.strip_suffix(name).filter(|base| base.starts_with("http"))
}
