//! The C boundary: turns C arguments into calls of the `store` facade, and results into C values.
//!
//! It converts and never decides: no rule about documents, IDs, queries or files may be here. The
//! doc comments of the exported functions are the manual that `include/nanostore.h` carries, so
//! they speak to a C programmer. `docs/c-api.md` says which conventions all of them follow.
#![allow(unsafe_code, reason = "pointers come from C; every block says why it is sound")]
#![allow(unreachable_pub, reason = "exported to C, not to Rust")]
#![allow(clippy::missing_safety_doc, reason = "the contract is the C manual of each function")]

mod boundary;
mod changes;
mod documents;
mod error;
mod fork;
mod handle;
mod ids;
mod json;
mod library;
mod merge;
mod query;
mod status;
mod store;
mod text;

#[cfg(test)]
mod tests;
