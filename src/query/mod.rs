//! Queries: which documents, in which order, which part of them, from where on.
//!
//! Everything here is a pure function of the query and of a [`Source`], the view that the engine
//! gives of one state: no disk, no clock, no locks, and no knowledge of how documents are kept.
//! [`Query`] is the request as it was written, [`Selection`] the request made ready for one state.
//! The engine walks the documents; this module decides about each of them.

mod asked;
mod compare;
mod field;
mod filter;
mod key_range;
mod like;
mod matcher;
mod mistake;
mod narrow;
mod order;
mod page;
mod parse;
mod project;
mod reader;
mod rule;
mod search;
mod selection;
mod sort;
#[cfg(test)]
mod testing;

pub(crate) use asked::Reduction;
pub(crate) use filter::Filter;
pub(crate) use key_range::KeyRange;
pub(crate) use parse::{Query, View};
pub(crate) use rule::IndexRule;
pub(crate) use selection::{Named, Selection};
pub(crate) use sort::Sorted;

use crate::error::Result;
use crate::model::schema::Schema;
use crate::model::time::Time;

/// What queries see of one state. A slot is the place of a document in the engine's table.
pub(crate) trait Source {
    /// The schema in force.
    fn schema(&self) -> &Schema;
    /// The indexes, made ready.
    fn rules(&self) -> &[IndexRule];
    /// The document with that UUID.
    fn find_uuid(&self, uuid: u128) -> Option<u32>;
    /// The compact text of a document as calls return it, but without `id`, `level` and
    /// `has_children`; empty for a slot whose document is gone.
    fn text(&self, slot: u32) -> &str;
    /// The permanent UUID.
    fn uuid(&self, slot: u32) -> u128;
    /// The commit that wrote this version.
    fn rev(&self, slot: u32) -> u64;
    /// When it was created.
    fn created(&self, slot: u32) -> Time;
    /// The code of its value in a dimension (`Dimension::code`); the default's where it has none.
    fn code(&self, slot: u32, dimension: usize) -> u16;
    /// The short ID, where it has one.
    fn id(&self, slot: u32) -> Option<String>;
    /// How deep it hangs, a root being at 1; none without a short ID.
    fn level(&self, slot: u32) -> Option<u32>;
    /// Whether documents hang below it.
    fn has_children(&self, slot: u32) -> bool;
    /// The document it hangs below.
    fn parent(&self, slot: u32) -> Option<u32>;
    /// Whether it names no parent; one that names a missing parent is no root and has no parent.
    fn is_root(&self, slot: u32) -> bool;
    /// The document that any form of ID names.
    ///
    /// # Errors
    /// NOTFOUND, INVALID or AMBIGUOUS.
    fn resolve(&self, id: &str) -> Result<u32>;
    /// Bytes whose order is the default order of documents in this state.
    fn place(&self, slot: u32) -> Vec<u8>;
}
