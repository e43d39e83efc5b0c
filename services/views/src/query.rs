use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use events::Codec;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::docs::Doc;
use crate::key::Key;
use crate::runner::{Tail, open_document};
use crate::store::{DocumentStore, StoreError, StoredDocument};
use crate::view::View;

/// How long a read waits for the view to reach the position it asks for.
const WAIT_LIMIT: Duration = Duration::from_secs(5);
/// How often to look while no runner in this process tells of progress.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// Documents read from the store at once, while a page is filled.
const CHUNK: usize = 200;
/// Bytes of documents on a page: well below what a client takes in one message. One document always fits.
const PAGE_BYTES: usize = 1 << 20;

/// Why a view cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    /// The view did not reach the position in time.
    #[error("the view did not reach the position in time")]
    Behind,
    /// The store or the key store failed, or a document has another shape.
    #[error("a view could not be read")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<StoreError> for ViewsError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

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

/// A page of documents.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The documents, in the order of their places.
    pub items: Vec<T>,
    /// What [`Pages::after`] takes for the next page; none at the end.
    pub next: Option<Vec<u8>>,
    /// The position that the page reflects.
    pub position: u64,
}

/// Reads views. Whoever calls this has passed the gate.
#[derive(Clone)]
pub struct Views {
    store: Arc<dyn DocumentStore>,
    codec: Codec,
    progress: Option<watch::Receiver<Tail>>,
}

impl std::fmt::Debug for Views {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Views").finish_non_exhaustive()
    }
}

impl Views {
    /// Reads this store. `progress` is what a runner in the same process tells.
    #[must_use]
    pub fn new(store: Arc<dyn DocumentStore>, codec: Codec, progress: Option<watch::Receiver<Tail>>) -> Self {
        Self { store, codec, progress }
    }

    /// Waits until a view has applied the event at this position; 0 waits for nothing. Returns how far it has read the log:
    /// what is read of it from now on reflects at least that.
    ///
    /// # Errors
    /// [`ViewsError::Behind`] when it takes too long.
    pub async fn reach<V: View>(&self, at_least: u64) -> Result<u64, ViewsError> {
        self.wait(V::NAME, at_least).await?;
        Ok(self.store.position(V::NAME).await?)
    }

    async fn wait(&self, view: &str, at_least: u64) -> Result<(), ViewsError> {
        if at_least == 0 {
            return Ok(());
        }
        let deadline = Instant::now() + WAIT_LIMIT;
        let mut progress = self.progress.clone();
        loop {
            if let Some(progress) = &mut progress {
                progress.borrow_and_update();
            }
            if self.store.position(view).await? >= at_least {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(ViewsError::Behind);
            }
            let changed = async {
                match &mut progress {
                    Some(progress) => drop(progress.changed().await),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }

    /// A page of the documents whose places begin with `prefix` and that `keep` keeps. The page is full, by
    /// number or by bytes, unless the list ends, whatever was left out.
    ///
    /// # Errors
    /// [`ViewsError::Behind`] when the view does not reach the page's position in time; when the store fails or a document
    /// has another shape.
    pub async fn list<V: View>(
        &self,
        prefix: &Key,
        pages: &Pages,
        keep: impl Fn(&V::Doc) -> bool + Send,
    ) -> Result<Page<V::Doc>, ViewsError> {
        self.wait(V::NAME, pages.at_least).await?;
        let end = prefix.end();
        let mut after: Vec<u8> = prefix.0.iter().chain(&pages.after).copied().collect();
        let mut kept: Vec<(Key, V::Doc)> = Vec::new();
        let mut reflected = 0;
        let (mut bytes, mut more) = (0, false);
        loop {
            let (documents, position) = self.store.scan(V::NAME, &after, &end, CHUNK).await?;
            // The oldest of what was read: the page reflects at least this.
            reflected = if reflected == 0 { position } else { reflected.min(position) };
            let last = documents.len() < CHUNK;
            for document in documents {
                after.clone_from(&document.place.0);
                let (place, size) = (document.place.clone(), document.body.len());
                if let Some(value) = self.open::<V>(document).await?
                    && keep(&value)
                {
                    // One that does not fit any more tells that there is a next page.
                    bytes += size;
                    more = kept.len() == pages.size || (bytes > PAGE_BYTES && !kept.is_empty());
                    if more {
                        break;
                    }
                    kept.push((place, value));
                }
            }
            if last || more {
                break;
            }
        }
        // The token names an item that was handed out, never one that was left out.
        let next =
            kept.last().filter(|_| more).and_then(|(place, _)| place.0.get(prefix.0.len()..)).map(<[u8]>::to_vec);
        Ok(Page { items: kept.into_iter().map(|(_, value)| value).collect(), next, position: reflected })
    }

    /// Those of these documents that exist, once the view has reached this position.
    ///
    /// # Errors
    /// As [`Views::list`].
    pub async fn get<V: View>(&self, keys: &[Key], at_least: u64) -> Result<HashMap<Key, V::Doc>, ViewsError> {
        self.wait(V::NAME, at_least).await?;
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let mut found = HashMap::new();
        for document in self.store.get(V::NAME, keys).await? {
            let key = document.key.clone();
            if let Some(value) = self.open::<V>(document).await? {
                found.insert(key, value);
            }
        }
        Ok(found)
    }

    /// The document with this key, if there is one, once the view has reached this position.
    ///
    /// # Errors
    /// As [`Views::list`].
    pub async fn one<V: View>(&self, key: Key, at_least: u64) -> Result<Option<V::Doc>, ViewsError> {
        Ok(self.get::<V>(&[key], at_least).await?.into_values().next())
    }

    /// The document, unless its subject was erased.
    async fn open<V: View>(&self, document: StoredDocument) -> Result<Option<V::Doc>, ViewsError> {
        let opened = open_document(&self.codec, V::NAME, document).await.map_err(|e| ViewsError::Failed(e.into()))?;
        let Some((_, Doc { body, .. })) = opened else { return Ok(None) };
        // Without the cause: it may repeat what the document says.
        let shape = |_cause| ViewsError::Failed("a document has another shape".into());
        serde_json::from_slice(&body).map(Some).map_err(shape)
    }
}
