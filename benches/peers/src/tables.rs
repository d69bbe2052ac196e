//! Ordered tables of bytes, as LMDB and redb have them, and what documents keep in them.

use std::path::Path;

/// The tables of a store: the documents by their numbers, and an index for each kind of query.
///
/// In keys, numbers are big-endian, so that their bytes order as they do.
#[derive(Clone, Copy)]
pub enum Table {
    /// Number: text.
    Documents,
    /// UUID: number.
    Uuids,
    /// `key`: number.
    Keys,
    /// `data.ref`: number.
    References,
    /// `data.due`, number: nothing.
    Dues,
    /// Status, priority, creation, number: nothing.
    States,
    /// Number of the parent, status, priority, creation, number: UUID.
    Places,
}

pub const TABLES: [&str; 7] =
    ["documents", "uuids", "keys", "references", "dues", "states", "places"];

/// A store of such tables.
pub trait Tables: Sync + Sized {
    type Reader<'a>: Read
    where
        Self: 'a;
    type Writer<'a>: Write
    where
        Self: 'a;

    const NAME: &str;
    const RECOVERS: bool;

    /// Opens the tables in the folder, and makes them if they are not there.
    fn open(folder: &Path) -> Self;
    fn close(self);
    /// A transaction that reads.
    fn read<T>(&self, work: impl FnOnce(&Self::Reader<'_>) -> T) -> T;
    /// A transaction that writes; it is on disk at the end.
    fn write(&self, work: impl FnOnce(&mut Self::Writer<'_>));
}

pub trait Read {
    /// What a function makes of the value of a key, which is there.
    fn get<T>(&self, table: Table, key: &[u8], take: impl FnOnce(&[u8]) -> T) -> T;
    /// Calls a function with each key from one on, and its value, until it returns false.
    fn each(&self, table: Table, from: &[u8], take: impl FnMut(&[u8], &[u8]) -> bool);
    /// The last key of a table.
    fn last(&self, table: Table) -> Option<Vec<u8>>;
}

pub trait Write {
    /// The value of a key, which is there.
    fn get(&mut self, table: Table, key: &[u8]) -> Vec<u8>;
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]);
    fn remove(&mut self, table: Table, key: &[u8]);
}
