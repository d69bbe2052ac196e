//! redb, with its defaults: each commit is on disk when it ends.

use std::cell::OnceCell;
use std::path::Path;

use ::redb::{
    Database, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition,
    WriteTransaction,
};

use crate::tables::{Read, TABLES, Table, Tables, Write};

type Bytes = &'static [u8];

/// As much as SQLite is given.
const CACHE_BYTES: usize = 256 << 20;

pub struct Redb(Database);

/// A transaction, and those of its tables that were used.
pub struct Reader {
    transaction: ReadTransaction,
    tables: [OnceCell<ReadOnlyTable<Bytes, Bytes>>; TABLES.len()],
}

pub struct Writer<'a> {
    transaction: &'a WriteTransaction,
    tables: [Option<::redb::Table<'a, Bytes, Bytes>>; TABLES.len()],
}

fn definition(table: Table) -> TableDefinition<'static, Bytes, Bytes> {
    TableDefinition::new(TABLES[table as usize])
}

impl Tables for Redb {
    type Reader<'a> = Reader;
    type Writer<'a> = Writer<'a>;

    const NAME: &str = "redb";
    const RECOVERS: bool = true;

    fn open(folder: &Path) -> Self {
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE_BYTES);
        let database = builder.create(folder.join("store.redb")).expect("a database");
        // A transaction that reads finds no table that none has written.
        let transaction = database.begin_read().expect("a transaction");
        let is_new = transaction.list_tables().expect("tables").next().is_none();
        transaction.close().expect("an end");
        if is_new {
            let transaction = database.begin_write().expect("a transaction");
            for name in TABLES {
                let definition: TableDefinition<Bytes, Bytes> = TableDefinition::new(name);
                transaction.open_table(definition).expect("a table");
            }
            transaction.commit().expect("a commit");
        }
        Redb(database)
    }

    fn close(self) {
        self.0.close().expect("it closes");
    }

    fn read<T>(&self, work: impl FnOnce(&Reader) -> T) -> T {
        let transaction = self.0.begin_read().expect("a transaction");
        work(&Reader { transaction, tables: Default::default() })
    }

    fn write(&self, work: impl FnOnce(&mut Writer<'_>)) {
        let transaction = self.0.begin_write().expect("a transaction");
        work(&mut Writer { transaction: &transaction, tables: Default::default() });
        transaction.commit().expect("a commit");
    }
}

impl Reader {
    fn table(&self, table: Table) -> &ReadOnlyTable<Bytes, Bytes> {
        self.tables[table as usize]
            .get_or_init(|| self.transaction.open_table(definition(table)).expect("a table"))
    }
}

impl Read for Reader {
    fn get<T>(&self, table: Table, key: &[u8], take: impl FnOnce(&[u8]) -> T) -> T {
        take(self.table(table).get(key).expect("an answer").expect("a value").value())
    }

    fn each(&self, table: Table, from: &[u8], mut take: impl FnMut(&[u8], &[u8]) -> bool) {
        for entry in self.table(table).range(from..).expect("a range") {
            let (key, value) = entry.expect("an entry");
            if !take(key.value(), value.value()) {
                return;
            }
        }
    }

    fn last(&self, table: Table) -> Option<Vec<u8>> {
        let last = self.table(table).last().expect("an answer");
        last.map(|(key, _)| key.value().to_vec())
    }
}

impl<'a> Writer<'a> {
    fn table(&mut self, table: Table) -> &mut ::redb::Table<'a, Bytes, Bytes> {
        let transaction = self.transaction;
        self.tables[table as usize]
            .get_or_insert_with(|| transaction.open_table(definition(table)).expect("a table"))
    }
}

impl Write for Writer<'_> {
    fn get(&mut self, table: Table, key: &[u8]) -> Vec<u8> {
        let found = self.table(table).get(key).expect("an answer");
        found.expect("a value").value().to_vec()
    }

    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) {
        self.table(table).insert(key, value).expect("an insert");
    }

    fn remove(&mut self, table: Table, key: &[u8]) {
        assert!(self.table(table).remove(key).expect("a removal").is_some());
    }
}
