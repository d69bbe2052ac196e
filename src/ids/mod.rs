//! Short IDs: the names that people type.
//!
//! The idea on one page. A document's values in the enumerated dimensions give its *visible prefix
//! text* (nothing for default values). Documents with the same parent and the same prefix text form
//! a *partition*; its members stand in order of creation (or, with stable numbering, by the number
//! they were given). The position of a document in its partition, from 1, is its number, and
//!
//! ```text
//! ID = ID of the parent + "." + prefix text + number        2   1.3   d1   h2.1
//! ```
//!
//! So IDs are never stored: document to ID is a *rank* in each partition up to the root, ID to
//! document a *select* in each partition down from it. Both cost the levels of the tree times the
//! logarithm of a partition, at any size of the store.
//!
//! - [`forest`]: who hangs below whom, the partitions, and placing documents in them
//! - [`build`]: placing all documents of a store at once
//! - [`placement`]: which of them have a place at all; [`numbering`]: numbers that stay
//! - [`prefixes`]: combinations of visible prefixes and how they are read
//! - [`short_id`]: the grammar of an ID
//! - [`resolver`]: ID to document, and how far it got when there is none
//! - [`walk`]: all documents in the order of their IDs, from any place
//!
//! Nothing here knows a document's text, its UUID, a clock or a disk.

mod build;
pub(crate) mod forest;
mod id_text;
pub(crate) mod numbering;
mod partition_list;
mod placement;
mod prefixes;
mod resolver;
mod short_id;
#[cfg(test)]
mod tests;
pub(crate) mod walk;

/// The highest number that stable numbering believes a file has given.
pub(crate) const NUMBER_MAX: u32 = 1_000_000_000;
/// Levels of a tree at most: deeper documents of a file have no short ID.
pub(crate) const LEVELS_MAX: u32 = 1000;
