//! Documents in SQLite keep the contract.

use std::sync::Arc;

use alongside_views::{SqliteDocuments, contract};

#[tokio::test]
async fn sqlite_documents_keep_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    contract::run(Arc::new(SqliteDocuments::open(&dir.path().join("views.db")).await.unwrap())).await;
}
