//! Aquila: deep learning on the interstellar medium and star clusters, from a drawn network to a measurement.
//!
//! Rooms stand on four floors and imports point down only; `ARCHITECTURE.md` has the table and
//! `tests/architecture.rs` holds it.

// floor 1
pub mod data;
pub mod figure;
pub mod io;
pub mod job;
pub mod units;
// floor 2
pub mod blueprint;
pub mod cloud;
// floor 3
pub mod inspection;
pub mod network;
pub mod project;
pub mod recipe;
pub mod training;
pub mod volume;
// floor 4
pub mod app;
pub mod cli;
