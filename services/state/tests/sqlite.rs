//! Small state in SQLite keeps the contract.

use std::sync::Arc;

use alongside_state::{SqliteState, contract};

#[tokio::test]
async fn sqlite_state_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    contract::run(Arc::new(SqliteState::open(&dir.path().join("state.db")).await.unwrap())).await;
}
