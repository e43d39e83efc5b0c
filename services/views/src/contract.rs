//! What every document store keeps to.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test suite")]

use std::sync::Arc;

use uuid::Uuid;

use crate::{Advance, DocumentStore, History, Key, Upsert, Wanted};

/// Runs every case on an empty store.
pub async fn run(store: Arc<dyn DocumentStore>) {
    documents_and_checkpoint_commit_together(&*store).await;
    a_slower_runner_writes_nothing(&*store).await;
    lists_in_the_order_of_places(&*store).await;
    a_new_generation_is_unseen_until_the_swap(&*store).await;
    parked_subjects_are_remembered(&*store).await;
    who_is_taken_out_of_parking_is_whole_for_whoever_knows(&*store).await;
    documents_of_several_views_are_found_at_once(&*store).await;
    a_view_is_begun_anew_in_one_step(&*store).await;
}

async fn a_view_is_begun_anew_in_one_step(store: &dyn DocumentStore) {
    store.generations("anew", 1).await.unwrap();
    assert!(store.advance(vec![advance("anew", 1, 0, 5, vec![upsert(b"k", "ghost")])]).await.unwrap());
    let of = Some(History { epoch: Uuid::from_u128(1), mark: Uuid::from_u128(5) });
    assert_eq!(store.generations("anew", 1).await.unwrap()[0].of, of);
    store.restart("anew", 3, 4).await.unwrap();
    assert_eq!((bodies(store, "anew").await.len(), store.position("anew").await.unwrap()), (0, 0));
    let now = store.generations("anew", 1).await.unwrap().into_iter().find(|g| g.current).unwrap();
    assert_eq!((now.number, now.of, now.readable_from, now.code), (2, None, 4, 3));
    assert!(!store.advance(vec![advance("anew", 1, 5, 6, vec![])]).await.unwrap(), "what was before goes on no more");
    assert!(store.advance(vec![advance("anew", 2, 0, 4, vec![upsert(b"k", "real")])]).await.unwrap());
    assert_eq!(bodies(store, "anew").await, ["real"]);
}

fn upsert(key: &[u8], body: &str) -> Upsert {
    Upsert {
        begins: false,
        key: Key(key.to_vec()),
        place: Key(key.to_vec()),
        subject: Uuid::from_u128(7),
        position: 1,
        body: body.as_bytes().to_vec(),
    }
}

fn advance(view: &'static str, generation: i32, from: u64, to: u64, upserts: Vec<Upsert>) -> Advance {
    let of = History { epoch: Uuid::from_u128(1), mark: Uuid::from_u128(u128::from(to)) };
    let (removals, parked, revision) = (vec![], vec![], 0);
    Advance { view, generation, current: true, from, to, revision, of, upserts, removals, parked }
}

async fn bodies(store: &dyn DocumentStore, view: &str) -> Vec<String> {
    store
        .scan(view, (&[], &[0xff]), None, 100)
        .await
        .unwrap()
        .documents
        .into_iter()
        .map(|d| String::from_utf8(d.body).unwrap())
        .collect()
}

async fn documents_and_checkpoint_commit_together(store: &dyn DocumentStore) {
    assert_eq!(store.generations("a", 1).await.unwrap().len(), 1);
    assert!(store.advance(vec![advance("a", 1, 0, 5, vec![upsert(b"k", "one")])]).await.unwrap());
    assert_eq!(store.scan("a", (&[], &[0xff]), None, 10).await.unwrap().position, 5);
    let mut replaced = advance("a", 1, 5, 6, vec![upsert(b"k", "two"), upsert(b"l", "three")]);
    replaced.removals.push(Key(b"absent".to_vec()));
    assert!(store.advance(vec![replaced]).await.unwrap());
    assert_eq!(bodies(store, "a").await, ["two", "three"]);
    let begins = Upsert { begins: true, ..upsert(b"l", "again") };
    let new = Upsert { begins: true, ..upsert(b"m", "four") };
    assert!(store.advance(vec![advance("a", 1, 6, 6, vec![begins, new])]).await.unwrap());
    assert_eq!(bodies(store, "a").await, ["two", "three", "four"], "what begins replaces nothing");
    store.advance(vec![Advance { removals: vec![Key(b"m".to_vec())], ..advance("a", 1, 6, 6, vec![]) }]).await.unwrap();
    assert!(
        store
            .advance(vec![Advance { removals: vec![Key(b"k".to_vec())], ..advance("a", 1, 6, 7, vec![]) }])
            .await
            .unwrap()
    );
    assert_eq!(bodies(store, "a").await, ["three"]);
    let found = store.get("a", &[Key(b"l".to_vec()), Key(b"k".to_vec())]).await.unwrap();
    assert_eq!((found.position, found.documents.len(), found.incomplete), (7, 1, false));
}

async fn a_slower_runner_writes_nothing(store: &dyn DocumentStore) {
    store.generations("b", 1).await.unwrap();
    store.generations("c", 1).await.unwrap();
    assert!(store.advance(vec![advance("b", 1, 0, 5, vec![upsert(b"k", "fast")])]).await.unwrap());
    let slower =
        vec![advance("c", 1, 0, 4, vec![upsert(b"k", "slow")]), advance("b", 1, 0, 4, vec![upsert(b"k", "slow")])];
    assert!(!store.advance(slower).await.unwrap());
    assert_eq!((bodies(store, "b").await, bodies(store, "c").await), (vec!["fast".to_owned()], vec![]));
}

async fn lists_in_the_order_of_places(store: &dyn DocumentStore) {
    store.generations("d", 1).await.unwrap();
    let placed = |place: &[u8; 2]| Upsert { place: Key(place.to_vec()), ..upsert(&[0xff - place[1]], "listed") };
    let upserts = [[2u8, 0], [1, 9], [1, 0xff], [3, 1]].iter().map(placed).collect();
    store.advance(vec![advance("d", 1, 0, 1, upserts)]).await.unwrap();
    let scan = async |after: &[u8], end: &[u8], limit| {
        let found = store.scan("d", (after, end), None, limit).await.unwrap();
        (found.documents, found.position)
    };
    let (documents, _) = scan(&[1], &[2], 10).await;
    assert_eq!(documents.iter().map(|d| d.place.0.clone()).collect::<Vec<_>>(), [vec![1, 9], vec![1, 0xff]]);
    let (documents, position) = scan(&[1, 9], &[9], 2).await;
    assert_eq!((documents.len(), documents[0].place.0.clone(), position), (2, vec![1, 0xff], 1));
    let (documents, position) = scan(&[8], &[9], 2).await;
    assert_eq!((documents.len(), position), (0, 1), "an empty list still tells how far the view is");
}

async fn a_new_generation_is_unseen_until_the_swap(store: &dyn DocumentStore) {
    store.generations("e", 1).await.unwrap();
    store.advance(vec![advance("e", 1, 0, 3, vec![upsert(b"k", "old")])]).await.unwrap();
    let new = store.begin_generation("e", 2).await.unwrap();
    let build = |to| Advance { current: false, ..advance("e", new, 0, to, vec![upsert(b"k", "new")]) };
    assert!(!store.advance(vec![advance("e", new, 0, 3, vec![])]).await.unwrap(), "it is not current yet");
    assert!(store.advance(vec![build(3)]).await.unwrap());
    assert_eq!(bodies(store, "e").await, ["old"]);
    let behind = store.begin_generation("e", 2).await.unwrap();
    assert!(!store.swap("e", behind).await.unwrap(), "readers never go back");
    assert!(!store.swap("e", 99).await.unwrap(), "there is always a current generation");
    assert_eq!(bodies(store, "e").await, ["old"]);
    assert!(store.swap("e", new).await.unwrap());
    assert_eq!(bodies(store, "e").await, ["new"]);
    let old = || vec![advance("e", 1, 3, 4, vec![upsert(b"k", "late")])];
    assert!(!store.advance(old()).await.unwrap(), "the old generation stays as it is, also before it is deleted");
    store.sweep("e").await.unwrap();
    assert!(!store.advance(old()).await.unwrap(), "the old runner must notice");
    let left: Vec<_> = store.generations("e", 1).await.unwrap().into_iter().map(|g| g.number).collect();
    assert_eq!(left, [new, behind], "one that is being built is left alone");
    assert_eq!(store.page("e", 1, &[], 10).await.unwrap(), []);
}

async fn parked_subjects_are_remembered(store: &dyn DocumentStore) {
    store.generations("f", 1).await.unwrap();
    let parked = vec![(Uuid::from_u128(1), 2, "a document is missing")];
    store.advance(vec![Advance { parked, ..advance("f", 1, 0, 2, vec![]) }]).await.unwrap();
    assert_eq!(store.parked("f", 1).await.unwrap(), [Uuid::from_u128(1)]);
}

async fn who_is_taken_out_of_parking_is_whole_for_whoever_knows(store: &dyn DocumentStore) {
    store.generations("p", 1).await.unwrap();
    let (one, other) = (Uuid::from_u128(7), Uuid::from_u128(8));
    let parked = vec![(one, 2, "unreadable"), (other, 2, "unreadable")];
    let first = advance("p", 1, 0, 2, vec![upsert(b"k", "half"), upsert(b"l", "left")]);
    store.advance(vec![Advance { parked, ..first }]).await.unwrap();
    let incomplete = async |about| store.scan("p", (&[], &[0xff]), about, 10).await.unwrap().incomplete;
    assert!(incomplete(Some(one)).await && incomplete(None).await && !incomplete(Some(Uuid::from_u128(9))).await);
    assert!(store.get("p", &[Key(b"k".to_vec())]).await.unwrap().incomplete);
    let whole = |revision| Advance {
        revision,
        removals: vec![Key(b"l".to_vec())],
        ..advance("p", 1, 2, 2, vec![upsert(b"k", "whole")])
    };
    assert!(!store.unpark(Advance { from: 1, ..whole(0) }, &[one]).await.unwrap(), "it has moved on");
    assert!(!store.unpark(whole(1), &[one]).await.unwrap(), "somebody else was faster");
    assert_eq!((bodies(store, "p").await.len(), incomplete(Some(one)).await), (2, true), "nothing was written");
    assert!(store.unpark(whole(0), &[one]).await.unwrap());
    assert_eq!(bodies(store, "p").await, ["whole"]);
    assert!(!incomplete(Some(one)).await && incomplete(Some(other)).await && incomplete(None).await);
    assert!(
        !store.advance(vec![advance("p", 1, 2, 3, vec![])]).await.unwrap(),
        "who takes them for parked must notice"
    );
    assert_eq!(store.generations("p", 1).await.unwrap()[0].revision, 1);
    assert!(store.advance(vec![Advance { revision: 1, ..advance("p", 1, 2, 3, vec![]) }]).await.unwrap());
}

async fn documents_of_several_views_are_found_at_once(store: &dyn DocumentStore) {
    store.generations("g", 1).await.unwrap();
    store.generations("h", 1).await.unwrap();
    let kept = |view, body| advance(view, 1, 0, 1, vec![upsert(b"k", body), upsert(b"l", body)]);
    assert!(store.advance(vec![kept("g", "of g"), kept("h", "of h")]).await.unwrap());
    let wanted =
        |view, keys: &[&[u8]]| Wanted { view, generation: 1, keys: keys.iter().map(|k| Key(k.to_vec())).collect() };
    let found =
        store.load(&[wanted("h", &[b"k", b"absent"]), wanted("g", &[]), wanted("g", &[b"l", b"k"])]).await.unwrap();
    let bodies = |of: usize| found[of].iter().map(|d| d.body.clone()).collect::<Vec<_>>();
    assert_eq!((bodies(0), bodies(1), bodies(2)), (vec![b"of h".to_vec()], vec![], vec![b"of g".to_vec(); 2]));
}
