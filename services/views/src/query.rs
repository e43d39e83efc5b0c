use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use event_log::{EventLog, Position};
use events::{Codec, CodecError};
use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use crate::docs::Doc;
use crate::key::Key;
use crate::page::{Filling, List, One, Page, Pages};
use crate::runner::{Tail, open_document};
use crate::shelf::{BESIDE, Shelf, Slot};
use crate::store::{DocumentStore, Found, StoreError, StoredDocument};
use crate::view::{Classed, View};

/// How long a read waits for the view to reach the position it asks for.
const WAIT_LIMIT: Duration = Duration::from_secs(5);
/// How often to look while no runner in this process tells of progress.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// The most documents that are read from the store at once, while a page is filled.
const CHUNK: usize = 200;
/// How many events are appended together at most by what makes something.
const TOGETHER: u64 = 8;
/// A list with so many documents or more is not kept in memory.
const WHOLE: usize = 512;

/// Why a view cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    /// The view did not reach the position in time.
    #[error("the view did not reach the position in time")]
    Behind,
    /// The key of somebody is lost.
    #[error("a view could not be read: the key of its subject is lost")]
    Lost,
    /// The store or the key store failed, or a document has another shape.
    #[error("a view could not be read")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<StoreError> for ViewsError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

tokio::task_local! {
    /// Whether something was read from a store.
    static COLD: Cell<bool>;
}

/// Does something, and says whether anything was read from a store meanwhile, and not from memory alone.
pub async fn watched<T>(work: impl Future<Output = T>) -> (T, bool) {
    COLD.scope(Cell::new(false), async move {
        let done = work.await;
        (done, COLD.with(Cell::get))
    })
    .await
}

/// Something is read from a store.
fn mark_cold() {
    // Nobody asks.
    let _unasked = COLD.try_with(|cold| cold.set(true));
}

/// All of a list.
struct Whole<T> {
    list: Arc<List<T>>,
    position: u64,
    incomplete: bool,
}

/// Reads views. Whoever calls this has passed the gate.
#[derive(Clone)]
pub struct Views {
    log: Arc<dyn EventLog>,
    store: Arc<dyn DocumentStore>,
    codec: Codec,
    shelf: Arc<Shelf>,
    progress: Option<watch::Receiver<Tail>>,
}

impl std::fmt::Debug for Views {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Views").finish_non_exhaustive()
    }
}

impl Views {
    /// Reads this store, of what is built of this log. The shelf is kept true by a runner or a [`crate::Follower`] in the same process; `progress` is what a runner
    /// tells.
    #[must_use]
    pub fn new(
        log: Arc<dyn EventLog>,
        store: Arc<dyn DocumentStore>,
        codec: Codec,
        shelf: Arc<Shelf>,
        progress: Option<watch::Receiver<Tail>>,
    ) -> Self {
        Self { log, store, codec, shelf, progress }
    }

    /// Waits until a view has applied the event at this position; 0 waits for nothing.
    ///
    /// # Errors
    /// [`ViewsError::Behind`] when it takes too long.
    pub async fn reach<V: View>(&self, at_least: u64) -> Result<(), ViewsError> {
        let epoch = self.opened().await?;
        self.wait(V::NAME, at_least, epoch).await
    }

    /// How far a view has read the log: what is read of it from now on reflects at least that.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn position<V: View>(&self) -> Result<u64, ViewsError> {
        Ok(self.store.position(V::NAME).await?)
    }

    /// Waits until the views are known to be built of the history that the log has now. Returns its epoch.
    async fn opened(&self) -> Result<Uuid, ViewsError> {
        let epoch = self.log.epoch();
        let opened = tokio::time::timeout(WAIT_LIMIT, self.shelf.opened(epoch)).await;
        opened.map(|()| epoch).map_err(|_elapsed| ViewsError::Behind)
    }

    async fn wait(&self, view: &str, at_least: u64, epoch: Uuid) -> Result<(), ViewsError> {
        if at_least == 0 {
            return Ok(());
        }
        let deadline = Instant::now() + WAIT_LIMIT;
        let mut progress = self.progress.clone();
        loop {
            let told = progress.as_mut().map(|progress| *progress.borrow_and_update());
            // How far a history went that the log does not have any more says nothing.
            if told.is_some_and(|tail| tail.epoch == epoch && tail.position >= at_least) {
                return Ok(());
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

    /// What a change has made, as it stood then: the first document that `is_it`, of what was appended together up to this position. None where that
    /// cannot be read now, which is no fault of the change.
    pub async fn made<V: View>(&self, position: u64, is_it: impl Fn(&V::Doc) -> bool + Send) -> Option<V::Doc> {
        let after = Position(position.saturating_sub(TOGETHER));
        let limit = usize::try_from(position - after.0).ok()?;
        let recorded = self.log.read(after, limit).await.ok()?;
        for event in recorded.iter().filter(|event| V::KINDS.iter().any(|kind| kind.code() == event.stream.kind)) {
            let Ok(envelope) = self.codec.open(event).await else { continue };
            let doc = V::key(&envelope).and_then(|_| V::apply(&envelope, None).ok().flatten());
            if let Some(doc) = doc.filter(|doc| is_it(doc)) {
                return Some(doc);
            }
        }
        None
    }

    /// The next of the pages that are asked for, the first one first; none after the last.
    ///
    /// # Errors
    /// As [`Views::list`].
    pub async fn next<V: View>(
        &self,
        prefix: &Key,
        pages: &mut Option<Pages>,
        keep: impl Fn(&V::Doc) -> bool + Send,
    ) -> Result<Option<Page<V::Doc>>, ViewsError> {
        let Some(asked) = pages else { return Ok(None) };
        let page = self.list::<V>(prefix, asked, keep).await?;
        *pages = page.after(asked);
        Ok(Some(page))
    }

    /// The same, of what is covered: as [`Views::list_covered`].
    ///
    /// # Errors
    /// As [`Views::list`].
    pub async fn next_covered<V: Classed>(
        &self,
        prefix: &Key,
        pages: &mut Option<Pages>,
        covers: impl Fn(&V::Class) -> bool + Send + Sync,
        keep: impl Fn(&V::Doc) -> bool + Send,
    ) -> Result<Option<Page<V::Doc>>, ViewsError> {
        let Some(asked) = pages else { return Ok(None) };
        let page = self.list_covered::<V>(prefix, asked, covers, keep).await?;
        *pages = page.after(asked);
        Ok(Some(page))
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
        Ok(self.placed::<V>(prefix, pages, keep).await?.map(|(_, item)| item))
    }

    /// The same, of what is covered: that is decided by class, so that how long it takes tells nothing of what is not.
    ///
    /// # Errors
    /// As [`Views::list`].
    pub async fn list_covered<V: Classed>(
        &self,
        prefix: &Key,
        pages: &Pages,
        covers: impl Fn(&V::Class) -> bool + Send + Sync,
        keep: impl Fn(&V::Doc) -> bool + Send,
    ) -> Result<Page<V::Doc>, ViewsError> {
        let (mut filling, after, epoch) = self.begin(prefix, pages).await?;
        match self.whole::<V>(prefix, pages.at_least, epoch).await? {
            Some(whole) => {
                filling.take_from(whole.position, whole.incomplete, whole.list.covered::<V>(covers), &after, keep)
            }
            None => {
                self.fill::<V>(&mut filling, prefix, after, move |doc: &V::Doc| covers(&V::class(doc)) && keep(doc))
                    .await?
            }
        }
        Ok(filling.page(prefix).map(|(_, item)| item))
    }

    /// A page that is to be filled: of which list, after what, and of which epoch.
    async fn begin<T>(&self, prefix: &Key, pages: &Pages) -> Result<(Filling<T>, Vec<u8>, Uuid), ViewsError> {
        let after: Vec<u8> = prefix.0.iter().chain(&pages.after).copied().collect();
        let epoch = self.opened().await?;
        let (size, kept, position) = (pages.size, Vec::new(), u64::MAX);
        Ok((Filling { size, kept, bytes: 0, more: false, position, incomplete: false }, after, epoch))
    }

    /// A page of two lists as one, in the order of the log: a token is of both. Both are ordered alike.
    ///
    /// # Errors
    /// As [`Views::list`].
    pub async fn both<A: View, B: View, T>(
        &self,
        (first, second): (&Key, &Key),
        pages: &Pages,
        keep: (impl Fn(&A::Doc) -> bool + Send, impl Fn(&B::Doc) -> bool + Send),
        into: (impl Fn(A::Doc) -> T, impl Fn(B::Doc) -> T),
    ) -> Result<Page<T>, ViewsError> {
        const { assert!(A::ORDER as u8 == B::ORDER as u8, "lists of one order are one list") };
        // What follows the prefix in a place is the same in both.
        let after = |place: &Key, prefix: &Key| place.0.get(prefix.0.len()..).unwrap_or_default().to_vec();
        let one = self.placed::<A>(first, pages, keep.0).await?;
        let one = one.map(|(place, item)| (after(&place, first), into.0(item)));
        let other = self.placed::<B>(second, pages, keep.1).await?;
        let other = other.map(|(place, item)| (after(&place, second), into.1(item)));
        Ok(one.with(other, pages.size).map(|(_, item)| item))
    }

    /// A page of a list, each item with its place.
    async fn placed<V: View>(
        &self,
        prefix: &Key,
        pages: &Pages,
        keep: impl Fn(&V::Doc) -> bool + Send,
    ) -> Result<Page<(Key, V::Doc)>, ViewsError> {
        let (mut filling, after, epoch) = self.begin(prefix, pages).await?;
        match self.whole::<V>(prefix, pages.at_least, epoch).await? {
            Some(whole) => filling.take_from(whole.position, whole.incomplete, whole.list.all.iter(), &after, keep),
            None => self.fill::<V>(&mut filling, prefix, after, keep).await?,
        }
        Ok(filling.page(prefix))
    }

    /// Fills a page of a list from the store.
    async fn fill<V: View>(
        &self,
        filling: &mut Filling<V::Doc>,
        list: &Key,
        mut after: Vec<u8>,
        keep: impl Fn(&V::Doc) -> bool + Send,
    ) -> Result<(), ViewsError> {
        let (end, about, mut chunk) = (list.end(), V::about(list), (filling.size + 1).min(CHUNK));
        loop {
            let found = self.store.scan(V::NAME, (&after, &end), about, chunk).await?;
            filling.position = filling.position.min(found.position);
            filling.incomplete |= found.incomplete;
            let last = found.documents.len() < chunk;
            for document in found.documents {
                after.clone_from(&document.place.0);
                let (place, bytes) = (document.place.clone(), document.body.len());
                // Of one whose key is lost nothing is read, and nobody else is held up in a list of many.
                let opened = match self.open::<V>(document).await {
                    Err(ViewsError::Lost) if about.is_none() => {
                        filling.incomplete = true;
                        None
                    }
                    opened => opened?,
                };
                if let Some(value) = opened.filter(&keep) {
                    if filling.is_full(bytes) {
                        return Ok(());
                    }
                    filling.kept.push((place, value));
                }
            }
            if last {
                return Ok(());
            }
            chunk = (chunk * 2).min(CHUNK);
        }
    }

    /// All documents of a list that is kept in memory; none when it is none of those, or too long.
    async fn whole<V: View>(
        &self,
        list: &Key,
        at_least: u64,
        epoch: Uuid,
    ) -> Result<Option<Whole<V::Doc>>, ViewsError> {
        let subject = V::about(list).filter(|_| V::SHELVED);
        let slot = Slot::List(V::NAME, list.clone());
        if subject.is_some()
            && let Some((documents, subject, position)) = self.shelf.get::<List<V::Doc>>(&slot, at_least)
            && !self.erased(&documents.all, subject, &slot).await?
        {
            // Nothing that is incomplete is kept in memory.
            return Ok(Some(Whole { list: documents, position, incomplete: false }));
        }
        mark_cold();
        self.wait(V::NAME, at_least, epoch).await?;
        let Some(subject) = subject else { return Ok(None) };
        let long = Slot::Long(V::NAME, list.clone());
        if self.shelf.get::<()>(&long, 0).is_some() {
            return Ok(None);
        }
        let Found { documents: stored, position, incomplete } =
            self.store.scan(V::NAME, (&list.0, &list.end()), Some(subject), WHOLE).await?;
        if stored.len() == WHOLE {
            self.shelf.put((long, epoch), V::KINDS, subject, Arc::new(()), position, 0);
            return Ok(None);
        }
        let (mut documents, mut bytes) = (Vec::with_capacity(stored.len()), 0);
        for document in stored {
            let (place, size) = (document.place.clone(), document.body.len());
            if let Some(value) = self.open::<V>(document).await? {
                bytes += size + BESIDE;
                documents.push(One { place, bytes: size, value });
            }
        }
        let list = Arc::new(List::new(documents));
        if !incomplete {
            self.shelf.put((slot, epoch), V::KINDS, subject, list.clone(), position, bytes);
        }
        Ok(Some(Whole { list, position, incomplete }))
    }

    /// Those of these documents that exist, once the view has reached this position.
    ///
    /// # Errors
    /// As [`Views::list`].
    pub async fn get<V: View>(&self, keys: &[Key], at_least: u64) -> Result<HashMap<Key, V::Doc>, ViewsError> {
        Ok(self.find::<V>(keys, at_least).await?.0)
    }

    /// As [`Views::get`], and whether somebody is parked whom what was found is about.
    ///
    /// # Errors
    /// As [`Views::list`].
    pub async fn find<V: View>(&self, keys: &[Key], at_least: u64) -> Result<(HashMap<Key, V::Doc>, bool), ViewsError> {
        let epoch = self.opened().await?;
        let mut found = HashMap::with_capacity(keys.len());
        let mut missing = Vec::new();
        for key in keys {
            let slot = Slot::One(V::NAME, key.clone());
            let kept = if V::SHELVED { self.shelf.get::<V::Doc>(&slot, at_least) } else { None };
            match kept {
                Some((value, subject, _)) if !self.erased(&[()], subject, &slot).await? => {
                    found.insert(key.clone(), V::Doc::clone(&value));
                }
                Some(_) | None => missing.push(key.clone()),
            }
        }
        if missing.is_empty() {
            return Ok((found, false));
        }
        mark_cold();
        self.wait(V::NAME, at_least, epoch).await?;
        let Found { documents, position, incomplete } = self.store.get(V::NAME, &missing).await?;
        for document in documents {
            let (key, subject, bytes) = (document.key.clone(), document.subject, document.body.len());
            if let Some(value) = self.open::<V>(document).await? {
                if V::SHELVED && !incomplete {
                    let slot = Slot::One(V::NAME, key.clone());
                    self.shelf.put((slot, epoch), V::KINDS, subject, Arc::new(value.clone()), position, bytes);
                }
                found.insert(key, value);
            }
        }
        Ok((found, incomplete))
    }

    /// Whether the subject of these documents was erased: nothing of them is shown, and it is not kept. Of nobody there is no key to ask
    /// for.
    async fn erased<T>(&self, documents: &[T], subject: Uuid, slot: &Slot) -> Result<bool, ViewsError> {
        if documents.is_empty() {
            return Ok(false);
        }
        match self.codec.vault().held_key_of(subject).await.map_err(CodecError::from) {
            Ok(_) => Ok(false),
            Err(error) if error.is_erased() => {
                self.shelf.remove(slot);
                Ok(true)
            }
            Err(error) => Err(ViewsError::Failed(error.into())),
        }
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
        let opened = open_document(&self.codec, V::NAME, document).await.map_err(|error| {
            if error.is_lost_key() {
                let error = &error as &dyn std::error::Error;
                tracing::error!(view = V::NAME, error, "a document cannot be read: the key of its subject is lost");
                return ViewsError::Lost;
            }
            ViewsError::Failed(error.into())
        })?;
        let Some((_, Doc { body, .. })) = opened else { return Ok(None) };
        // Without the cause: it may repeat what the document says.
        let shape = |_cause| ViewsError::Failed("a document has another shape".into());
        serde_json::from_slice(&body).map(Some).map_err(shape)
    }
}
