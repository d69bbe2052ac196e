//! SQLite, as someone would use it who keeps JSON documents in it: the text of each in a column,
//! generated columns for what is searched, an index for each kind of query, prepared statements.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Params, params};

use crate::document::{Document, PRIORITIES, PRIORITY_PREFIXES, STATUS_PREFIXES, STATUSES};
use crate::peer::{PAGE, Peer};

const TABLE: &str = "
    create table if not exists documents (
        n integer primary key,
        text text not null,
        uuid text generated always as (text ->> '$.uuid') virtual,
        key text generated always as (text ->> '$.key') virtual,
        status text generated always as (text ->> '$.dimensions.status') virtual,
        priority text generated always as (text ->> '$.dimensions.priority') virtual,
        parent text generated always as (text ->> '$.dimensions.parent_id') virtual,
        created text generated always as (text ->> '$.created_at') virtual,
        due text generated always as (text ->> '$.data.due') virtual,
        ref integer generated always as (text ->> '$.data.ref') virtual
    );
    create unique index if not exists by_uuid on documents (uuid);
    create unique index if not exists by_key on documents (key);
    create unique index if not exists by_ref on documents (ref);
    create index if not exists by_due on documents (due);
    create index if not exists by_state on documents (status, priority, created);
    create index if not exists by_place on documents (parent, status, priority, created, uuid);";

/// The short IDs of all documents: numbers by parent and state, then paths from the roots, with
/// what puts them into the order of the IDs.
const PLACED: &str = "
    with recursive numbered as materialized (
        select n, uuid, parent,
            iif(status = 'active', 'a', iif(status = 'done', 'd', ''))
                || iif(priority = 'low', 'l', iif(priority = 'high', 'h', '')) as prefix,
            iif(status = 'active', 1, iif(status = 'done', 2, 0)) * 3
                + iif(priority = 'low', 1, iif(priority = 'high', 2, 0)) as state,
            row_number() over (partition by parent, status, priority order by created, n) as number
        from documents),
    placed (n, uuid, id, place) as (
        select n, uuid, prefix || number, printf('%d%09d', state, number)
            from numbered where parent is null
        union all
        select below.n, below.uuid, above.id || '.' || below.prefix || below.number,
                above.place || printf('.%d%09d', below.state, below.number)
            from placed above join numbered below on below.parent = above.uuid)";

/// How long a thread waits for others.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much a commit waits for the disk.
pub trait Mode {
    const NAME: &str;
    const SYNCHRONOUS: &str;
}

pub struct Full;
impl Mode for Full {
    const NAME: &str = "sqlite full";
    const SYNCHRONOUS: &str = "full";
}

pub struct Normal;
impl Mode for Normal {
    const NAME: &str = "sqlite normal";
    const SYNCHRONOUS: &str = "normal";
}

pub struct Sqlite<M> {
    connection: Connection,
    file: PathBuf,
    mode: std::marker::PhantomData<M>,
}

impl<M: Mode> Sqlite<M> {
    fn connection(file: &Path) -> Connection {
        let connection = Connection::open(file).expect("a database");
        connection.busy_timeout(PATIENCE).expect("a setting");
        let settings = format!(
            "pragma journal_mode = wal; pragma synchronous = {};
             pragma cache_size = -262144; pragma mmap_size = 1073741824;",
            M::SYNCHRONOUS
        );
        connection.execute_batch(&settings).expect("the settings");
        connection
    }

    /// The texts that a query gives, joined to an array.
    fn texts(&self, query: &str, parameters: impl Params) -> String {
        let mut joined = String::from("[");
        let mut statement = self.connection.prepare_cached(query).expect(query);
        let mut rows = statement.query(parameters).expect(query);
        while let Some(row) = rows.next().expect(query) {
            if joined.len() > 1 {
                joined.push(',');
            }
            joined.push_str(row.get_ref(0).and_then(|it| Ok(it.as_str()?)).expect("a text"));
        }
        joined.push(']');
        joined
    }

    fn text(&self, query: &str, parameters: impl Params) -> String {
        let mut statement = self.connection.prepare_cached(query).expect(query);
        statement.query_row(parameters, |row| row.get(0)).expect(query)
    }

    fn insert(connection: &Connection, document: &Document) {
        let mut statement = connection
            .prepare_cached("insert into documents (text) values (?)")
            .expect("a statement");
        statement.execute([&document.text]).expect("an insert");
    }
}

impl<M: Mode> Peer for Sqlite<M> {
    type Text = String;

    const NAME: &str = M::NAME;
    const RECOVERS: bool = true;

    fn open(folder: &Path) -> Self {
        let file = folder.join("store.db");
        let connection = Self::connection(&file);
        connection.execute_batch(TABLE).expect("the table");
        Sqlite { connection, file, mode: std::marker::PhantomData }
    }

    fn close(self) {
        self.connection.close().expect("it closes");
    }

    fn add_batch(&mut self, documents: &[Document]) {
        let transaction = self.connection.transaction().expect("a transaction");
        for document in documents {
            Self::insert(&transaction, document);
        }
        transaction.commit().expect("a commit");
    }

    fn add(&mut self, document: &Document) {
        Self::insert(&self.connection, document);
    }

    fn adder(&self) -> impl FnMut(&Document) + Send {
        let connection = Self::connection(&self.file);
        move |document| Self::insert(&connection, document)
    }

    fn set_status(&mut self, uuid: &str, status: &str) {
        let mut statement = self
            .connection
            .prepare_cached(
                "update documents set text = json_set(text, '$.dimensions.status', ?2)
                 where uuid = ?1",
            )
            .expect("a statement");
        assert_eq!(statement.execute([uuid, status]).expect("an update"), 1);
    }

    fn get(&self, uuid: &str) -> String {
        self.text("select text from documents where uuid = ?", [uuid])
    }

    fn get_by_key(&self, key: &str) -> String {
        self.text("select text from documents where key = ?", [key])
    }

    fn find(&self, reference: u32) -> String {
        self.text("select text from documents where ref = ?", [reference])
    }

    fn range(&self, due: &str) -> String {
        self.texts(
            "select text from documents where due >= ? order by due limit ?",
            params![due, PAGE],
        )
    }

    fn list(&self, status: &str, priority: &str) -> String {
        self.texts(
            "select text from documents where status = ? and priority = ?
             order by created, n limit ?",
            params![status, priority, PAGE],
        )
    }

    fn list_with_ids(&self, status: &str, priority: &str) -> String {
        let query = format!(
            "{PLACED} select json_set(text, '$.id', id) from placed join documents using (n)
             where status = ? and priority = ? order by place limit ?"
        );
        self.texts(&query, params![status, priority, PAGE])
    }

    fn count(&self, status: &str, priority: &str) -> u64 {
        let mut statement = self
            .connection
            .prepare_cached("select count(*) from documents where status = ? and priority = ?")
            .expect("a statement");
        statement.query_row([status, priority], |row| row.get::<_, i64>(0)).expect("a count") as u64
    }

    fn page(&self, after: Option<&str>) -> (String, String) {
        let after: i64 = after.map_or(0, |it| it.parse().expect("a number"));
        let page = self.texts(
            "select text from documents where n > ? order by n limit ?",
            params![after, PAGE],
        );
        (page, (after + i64::from(PAGE)).to_string())
    }

    fn page_by_offset(&self, offset: u32) -> String {
        self.texts("select text from documents order by n limit ? offset ?", params![PAGE, offset])
    }

    fn first(&self) -> String {
        let mut statement = self
            .connection
            .prepare_cached("select text from documents order by n")
            .expect("a statement");
        let mut rows = statement.query([]).expect("rows");
        rows.next().expect("a row").expect("a row").get(0).expect("a text")
    }

    fn each(&self, mut take: impl FnMut(&[u8])) {
        let mut statement = self
            .connection
            .prepare_cached("select text from documents order by n")
            .expect("a statement");
        let mut rows = statement.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            take(row.get_ref(0).and_then(|it| Ok(it.as_bytes()?)).expect("a text"));
        }
    }

    fn scan(&self) -> String {
        self.texts("select text from documents order by n", [])
    }

    fn ids(&self) -> String {
        let query = format!(
            "{PLACED} select '{{\"uuid\":\"' || uuid || '\",\"id\":\"' || id || '\"}}' from placed"
        );
        self.texts(&query, [])
    }

    /// Level by level, by what each says of its documents.
    fn resolve(&self, id: &str) -> String {
        let mut above: Option<String> = None;
        for level in id.split('.') {
            let digits = level.find(|it: char| it.is_ascii_digit()).expect("a number");
            let (prefix, number) = level.split_at(digits);
            let found = |texts: &[&str; 3]| {
                texts.iter().rposition(|it| !it.is_empty() && prefix.contains(it))
            };
            let status = STATUSES[found(&STATUS_PREFIXES).unwrap_or(0)];
            let priority = PRIORITIES[found(&PRIORITY_PREFIXES).unwrap_or(1)];
            let before = number.parse::<i64>().expect("a number") - 1;
            above = Some(self.text(
                "select uuid from documents where parent is ? and status = ? and priority = ?
                 order by created limit 1 offset ?",
                params![above, status, priority, before],
            ));
        }
        above.expect("a level")
    }

    fn checkpoint(&mut self) -> bool {
        self.connection.execute_batch("pragma wal_checkpoint(truncate)").expect("a checkpoint");
        true
    }

    fn left(folder: &Path, documents: &[Document]) -> Self {
        let peer = Self::open(folder);
        let settings = "pragma synchronous = off; pragma wal_autocheckpoint = 0;";
        peer.connection.execute_batch(settings).expect("the settings");
        documents.iter().for_each(|it| Self::insert(&peer.connection, it));
        peer
    }
}
