//! Keys in SQLite keep the contract.

use std::sync::Arc;

use alongside_vault::{SqliteKeys, contract};

#[tokio::test]
async fn sqlite_keys_keep_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    contract::run(Arc::new(SqliteKeys::open(&dir.path().join("keys.db")).await.unwrap())).await;
}
