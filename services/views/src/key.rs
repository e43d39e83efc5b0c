use uuid::Uuid;

/// A document's key: ordered bytes, so that a list is a prefix scan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub Vec<u8>);

impl Key {
    /// An empty key, to build on.
    #[must_use]
    pub fn new() -> Self {
        Self(Vec::with_capacity(33))
    }

    /// Followed by an id.
    #[must_use]
    pub fn id(mut self, id: impl Into<Uuid>) -> Self {
        self.0.extend_from_slice(id.into().as_bytes());
        self
    }

    /// Followed by a time-ordered id, newest first.
    #[must_use]
    pub fn newest_first(mut self, id: impl Into<Uuid>) -> Self {
        self.0.extend(id.into().as_bytes().iter().map(|byte| !byte));
        self
    }

    /// Followed by one byte.
    #[must_use]
    pub fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    /// The first key after all that begin with this one.
    pub(crate) fn end(&self) -> Vec<u8> {
        let mut end = self.0.clone();
        while let Some(last) = end.pop() {
            if let Some(next) = last.checked_add(1) {
                end.push(next);
                return end;
            }
        }
        // Nothing but 0xff: every longer key begins with it. Keys are shorter than this.
        vec![0xff; 256]
    }
}

impl Default for Key {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_before_the_next_one() {
        assert_eq!(Key(vec![1, 2]).end(), [1, 3]);
        assert_eq!(Key(vec![1, 0xff]).end(), [2]);
        assert!(Key(vec![0xff, 0xff]).end() > vec![0xff, 0xff, 9]);
    }

    #[test]
    fn newer_ids_come_first() {
        let (old, new) = (Uuid::from_u128(1 << 100), Uuid::from_u128(2 << 100));
        assert!(Key::new().newest_first(new) < Key::new().newest_first(old));
    }
}
