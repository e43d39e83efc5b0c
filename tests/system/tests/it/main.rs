//! One integration binary for the whole system.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod access_matrix;
mod agencies;
mod architecture;
mod asking;
mod attacks;
mod backups;
mod checked;
mod compose;
mod consent;
mod contracts;
mod crashes;
mod ended;
mod every_list;
mod every_word;
mod fed;
mod feeds;
mod golden;
mod handbook;
mod import;
mod issuers;
mod kept;
mod lifecycle;
mod plans;
mod shut_out;
mod stores;
mod story;
mod strangers;
mod suggested;
mod telemetry;
mod timelines;
mod torment;
mod twice;
mod upgrades;
mod words;
mod world;
