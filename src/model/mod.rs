//! Plain values: JSON, times, schemas and documents. No disk, no clock, no locks, no randomness.

pub(crate) mod data_file;
pub(crate) mod document;
pub(crate) mod input;
pub(crate) mod json;
pub(crate) mod merge;
pub(crate) mod merge_conflict;
pub(crate) mod prefix;
pub(crate) mod schema;
pub(crate) mod time;
