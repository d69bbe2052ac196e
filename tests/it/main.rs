//! The integration tests of nanostore, in one binary: they use the public interfaces only.
//!
//! `script`, `rust_player` and `c_program` play calls that are written down as data;
//! `scripts` and `ids_cases` play all of `fixtures`; the others are tests of their own, or shared.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may touch files and the environment, and ends where something is wrong"
)]

mod bad_input;
mod c_program;
mod counter;
mod crash;
mod edits;
mod expectation;
mod files;
mod git;
mod ids_cases;
mod indexes;
mod json;
mod known_faults;
mod log;
mod model;
mod model_calls;
mod newer_logs;
mod obstacles;
mod plain_model;
mod processes;
mod random;
mod returning;
mod rust_player;
mod salvage;
mod script;
mod scripts;
mod stale_saves;
mod threads;
mod three_files;
mod universe;
