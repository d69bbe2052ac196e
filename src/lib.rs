//! An embedded JSON document store whose documents carry short IDs that people can type.
//!
//! `2`, `1.3`, `d1`, `h2.1`: the IDs start at 1, have no holes, nest like the data and hint at
//! state. The data are one JSON file that people can read, edit, diff and put in git, safe when
//! processes die and when several write at once. This crate is the Rust side of `libnanostore`;
//! the C interface is `include/nanostore.h`.
//!
//! Start with [`Store`]. To understand the inside, read four pages first: `engine/mod.rs`, the life
//! of a commit; `ids/mod.rs`, what a short ID is; `file/mod.rs`, the only door to the disk; and
//! `ffi/mod.rs`, the C boundary. `docs/architecture.md` names every folder.

mod engine;
mod error;
mod ffi;
mod file;
mod ids;
mod index;
mod memory;
mod model;
mod query;
mod storage;
mod store;
mod threads;
mod wal;

/// The simulated file system, for this project's own tests.
#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod testing {
    pub use crate::file::obstacle::Obstacle;
    pub use crate::file::simulated::{
        Call, Effect, Fault, Keep, Lie, Operation, SimulatedDisk, SimulatedProcess,
    };
}

pub use error::{Error, ErrorKind, Result};
pub use store::{Cursor, Store, json_get, json_quote, merge};
