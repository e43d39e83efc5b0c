use uuid::Uuid;

/// What names a document, or its place among others: ordered bytes, so that a list is a prefix scan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub Vec<u8>);

/// How a list is ordered: by the log, never by a clock or by an id that somebody chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The oldest first.
    OldestFirst,
    /// The newest first.
    NewestFirst,
}

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

    /// All of it but the id at its end: the list that a document stands in.
    #[must_use]
    pub fn list(&self) -> Self {
        Self(self.0.split_last_chunk::<16>().map(|(list, _id)| list.to_vec()).unwrap_or_default())
    }

    /// Followed by a position in the log.
    pub(crate) fn position(mut self, position: u64, order: Order) -> Self {
        let position = match order {
            Order::OldestFirst => position,
            Order::NewestFirst => !position,
        };
        self.0.extend(position.to_be_bytes());
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
    fn places_stand_in_the_logs_order() {
        let place = |position, order| Key(vec![7]).position(position, order);
        assert!(place(255, Order::OldestFirst) < place(256, Order::OldestFirst));
        assert!(place(256, Order::NewestFirst) < place(255, Order::NewestFirst));
        assert_eq!(Key(vec![7]).id(Uuid::from_u128(1)).list(), Key(vec![7]));
    }
}
