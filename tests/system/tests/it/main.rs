//! One integration binary for the whole system.

mod access_matrix;
mod architecture;
mod consent;
mod contracts;
mod crashes;
mod import;
mod lifecycle;
mod story;
mod telemetry;
mod world;
