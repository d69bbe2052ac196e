//! LMDB, with its defaults: each commit is on disk when it ends.

use std::ops::Bound;
use std::path::Path;

use heed::types::Bytes;
use heed::{Database, Env, EnvOpenOptions, RoTxn, RwTxn, WithTls};

use crate::tables::{Read, TABLES, Table, Tables, Write};

/// The most that a store may grow to: address space, not memory.
const MAP_BYTES: usize = 16 << 30;

type Databases = [Database<Bytes, Bytes>; TABLES.len()];

pub struct Lmdb {
    environment: Env,
    databases: Databases,
}

pub struct Reader<'a>(RoTxn<'a, WithTls>, &'a Databases);

pub struct Writer<'a>(RwTxn<'a>, &'a Databases);

impl Tables for Lmdb {
    type Reader<'a> = Reader<'a>;
    type Writer<'a> = Writer<'a>;

    const NAME: &str = "lmdb";
    const RECOVERS: bool = false;

    fn open(folder: &Path) -> Self {
        let mut options = EnvOpenOptions::new();
        options.map_size(MAP_BYTES).max_dbs(TABLES.len() as u32);
        // SAFETY: nobody else changes the file that is mapped.
        let environment = unsafe { options.open(folder) }.expect("an environment");
        let mut transaction = environment.write_txn().expect("a transaction");
        let databases = TABLES.map(|name| {
            environment.create_database(&mut transaction, Some(name)).expect("a database")
        });
        transaction.commit().expect("a commit");
        Lmdb { environment, databases }
    }

    fn close(self) {
        self.environment.prepare_for_closing().wait();
    }

    fn read<T>(&self, work: impl FnOnce(&Reader<'_>) -> T) -> T {
        let transaction = self.environment.read_txn().expect("a transaction");
        work(&Reader(transaction, &self.databases))
    }

    fn write(&self, work: impl FnOnce(&mut Writer<'_>)) {
        let transaction = self.environment.write_txn().expect("a transaction");
        let mut writer = Writer(transaction, &self.databases);
        work(&mut writer);
        writer.0.commit().expect("a commit");
    }
}

impl Read for Reader<'_> {
    fn get<T>(&self, table: Table, key: &[u8], take: impl FnOnce(&[u8]) -> T) -> T {
        let found = self.1[table as usize].get(&self.0, key).expect("an answer");
        take(found.expect("a value"))
    }

    fn each(&self, table: Table, from: &[u8], mut take: impl FnMut(&[u8], &[u8]) -> bool) {
        let range: (Bound<&[u8]>, Bound<&[u8]>) = (Bound::Included(from), Bound::Unbounded);
        for entry in self.1[table as usize].range(&self.0, &range).expect("a range") {
            let (key, value) = entry.expect("an entry");
            if !take(key, value) {
                return;
            }
        }
    }

    fn last(&self, table: Table) -> Option<Vec<u8>> {
        let last = self.1[table as usize].last(&self.0).expect("an answer");
        last.map(|(key, _)| key.to_vec())
    }
}

impl Write for Writer<'_> {
    fn get(&mut self, table: Table, key: &[u8]) -> Vec<u8> {
        let found = self.1[table as usize].get(&self.0, key).expect("an answer");
        found.expect("a value").to_vec()
    }

    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) {
        self.1[table as usize].put(&mut self.0, key, value).expect("a put");
    }

    fn remove(&mut self, table: Table, key: &[u8]) {
        assert!(self.1[table as usize].delete(&mut self.0, key).expect("a removal"));
    }
}
