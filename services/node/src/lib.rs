//! The node: configuration, composition, the server and its roles. The binary `alongside` is a thin shell around it;
//! the load generator and the system tests use the same pieces.

pub mod api;
pub mod backup;
pub mod compose;
pub mod config;
pub mod demo;
pub mod dev;
pub mod files;
pub mod held;
pub mod lag;
pub mod nats_accounts;
mod pages;
mod ready;
mod reload;
pub mod serve;
pub mod tokens;
