//! Several entries that are one resource, and several that only seem to be.

use std::collections::HashMap;

use jiff::Timestamp;

use super::bundle::server;
use super::fault::Fault;
use super::header::Header;

/// An entry before its resource is read.
pub(super) struct Sketch<'a> {
    pub(super) header: Header,
    pub(super) full_url: String,
    pub(super) name: String,
    /// Where it comes of nothing: see [`super::Entry::alias`].
    pub(super) alias: Option<String>,
    pub(super) is_deletion: bool,
    /// Why it is not read.
    pub(super) set_aside: Option<String>,
    pub(super) json: Option<&'a str>,
}

/// What orders the versions of a resource. A deletion of which it is not said when it was is the last that is known of it.
type Version = (bool, (Option<Timestamp>, Option<u64>));

impl Sketch<'_> {
    fn version(&self) -> Version {
        let version = self.header.version();
        (self.is_deletion && version == (None, None), version)
    }

    fn is_versioned(&self) -> bool {
        self.is_deletion || self.header.version() != (None, None)
    }
}

/// Of several versions of one resource the latest counts, and of equals the one that stands last; the others are set aside. What has
/// one id and nothing that makes it a version is told apart by its URL, and what has neither by what it says.
pub(super) fn sort_out(sketches: &mut [Sketch<'_>]) -> Result<(), Fault> {
    let mut by_id: HashMap<(String, String), Vec<usize>> = HashMap::new();
    let mut by_url: HashMap<String, usize> = HashMap::new();
    for (index, sketch) in sketches.iter_mut().enumerate() {
        // Who only asks for something says nothing of it.
        if sketch.json.is_none() && !sketch.is_deletion {
            continue;
        }
        by_url.entry(sketch.full_url.clone()).or_insert(index);
        let server = server(&sketch.full_url, &sketch.name).unwrap_or_default().to_owned();
        let key = match (sketch.header.id.is_empty(), sketch.full_url.is_empty()) {
            (false, _) => (server, sketch.name.clone()),
            (true, false) => {
                sketch.alias = Some(sketch.full_url.clone());
                (sketch.full_url.clone(), sketch.name.clone())
            }
            (true, true) => {
                sketch.alias = sketch.json.map(str::to_owned);
                continue;
            }
        };
        by_id.entry(key).or_default().push(index);
    }
    for (index, sketch) in sketches.iter().enumerate() {
        let other = by_url.get(&sketch.full_url).and_then(|first| sketches.get(*first));
        if other.is_some_and(|other| !sketch.full_url.is_empty() && other.name != sketch.name) {
            return Err(Fault::at(index, "", "has the URL of another resource of this file"));
        }
    }
    for same in by_id.into_values().filter(|same| same.len() > 1) {
        settle(sketches, &same);
    }
    Ok(())
}

/// Settles what several entries with one id are.
fn settle(sketches: &mut [Sketch<'_>], same: &[usize]) {
    let all = || same.iter().filter_map(|index| sketches.get(*index));
    let first = all().next().map(|sketch| sketch.full_url.clone()).unwrap_or_default();
    if all().any(Sketch::is_versioned) || all().all(|sketch| sketch.full_url == first) {
        let latest = same.iter().copied().max_by_key(|index| sketches.get(*index).map(Sketch::version));
        for earlier in same.iter().copied().filter(|index| Some(*index) != latest) {
            if let Some(sketch) = sketches.get_mut(earlier) {
                sketch.set_aside = Some("a later version of it is in this file".to_owned());
            }
        }
    } else {
        for index in same {
            if let Some(sketch) = sketches.get_mut(*index) {
                sketch.alias = Some(sketch.full_url.clone()).filter(|url| !url.is_empty());
            }
        }
    }
}
