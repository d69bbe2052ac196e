//! What every peer can do.

use std::path::Path;

use crate::document::Document;

/// How many documents a page has.
pub const PAGE: u32 = 50;
/// How many documents are added in one commit when a store is filled.
pub const BATCH: usize = 1000;

/// A store under measurement. It lies in a folder, and answers in JSON.
///
/// A failure is a defect of the measurement, so nothing returns one: everything panics.
pub trait Peer: Sized {
    /// JSON as the peer gives it; what giving it back to the peer costs is a part of the call.
    type Text: AsRef<[u8]>;

    const NAME: &str;
    /// Whether opening a store has work to do that depends on how it was left.
    const RECOVERS: bool;

    /// Opens the store in the folder, and makes it if it is not there.
    fn open(folder: &Path) -> Self;
    fn close(self);

    /// Adds documents in one commit that need not wait for the disk.
    fn add_batch(&mut self, documents: &[Document]);
    /// Adds one, durably as far as the peer goes.
    fn add(&mut self, document: &Document);
    /// What another thread adds documents with, as `add` does.
    fn adder(&self) -> impl FnMut(&Document) + Send;
    /// Gives a document another status, durably as far as the peer goes.
    fn set_status(&mut self, uuid: &str, status: &str);

    fn get(&self, uuid: &str) -> Self::Text;
    fn get_by_key(&self, key: &str) -> Self::Text;
    /// The one document with this number in `data.ref`, by an index.
    fn find(&self, reference: u32) -> Self::Text;
    /// A page of documents by `data.due`, from a time on, by an index.
    fn range(&self, due: &str) -> Self::Text;
    /// A page of the documents of a status and a priority, in the order of creation.
    fn list(&self, status: &str, priority: &str) -> Self::Text;
    /// A page of the same documents, in the order of their IDs, each with its ID.
    fn list_with_ids(&self, status: &str, priority: &str) -> Self::Text;
    fn count(&self, status: &str, priority: &str) -> u64;
    /// A page of all documents in the peer's own order, from its beginning or behind a place, and
    /// the place behind it.
    fn page(&self, after: Option<&str>) -> (Self::Text, String);
    /// The same page found by the number of documents before it.
    fn page_by_offset(&self, offset: u32) -> Self::Text;
    /// The first of all documents, of what could go on to the last.
    fn first(&self) -> Self::Text;
    /// Calls a function with each document, all as they were at the beginning.
    fn each(&self, take: impl FnMut(&[u8]));
    /// All documents, in one text.
    fn scan(&self) -> Self::Text;
    /// The short IDs and UUIDs of all documents, in one text.
    fn ids(&self) -> Self::Text;
    /// The UUID that a short ID leads to.
    fn resolve(&self, id: &str) -> Self::Text;

    /// Brings the file up to date with all writes; tells whether the peer has such a thing.
    fn checkpoint(&mut self) -> bool {
        false
    }
    /// Opens the store and adds documents in a way that leaves as much as possible to whoever
    /// opens it after this process has ended.
    fn left(folder: &Path, documents: &[Document]) -> Self {
        let mut peer = Self::open(folder);
        documents.chunks(BATCH).for_each(|it| peer.add_batch(it));
        peer
    }
}
