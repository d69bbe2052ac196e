//! Faults that stores of this kind are known for, where several writers or readers meet. The others
//! are scripts in `fixtures/scripts`, and `readers_beside_writer` in `tests/c`.

use std::fs;
use std::path::Path;
use std::thread;

use nanostore::{ErrorKind, Store};

use crate::counter::{COUNTER, increment, number};
use crate::universe::TestFolder;

const INDEXED: &str = r#"{"schema":{"indexes":[{"name":"by_n","fields":["data.n"]}]}}"#;

#[test]
fn a_hundred_read_modify_writes_at_once_end_at_a_hundred_and_leave_one_entry() {
    let store = Store::open(Path::new(":memory:"), Some(INDEXED)).expect("it opens");
    store.add(COUNTER, None).expect("the counter");
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| increment(&store));
        }
    });
    let counter = store.get("key:counter", None).expect("the counter");
    assert_eq!(number(&counter, "/data/n"), 100);
    assert_eq!(store.count(Some(r#"{"index":"by_n"}"#)).expect("a count"), 1);
    assert_eq!(store.count(Some(r#"{"index":"by_n","key":100}"#)).expect("a count"), 1);
}

#[test]
fn a_stale_write_conflicts_after_the_document_was_deleted_and_added_again() {
    let store = Store::open(Path::new(":memory:"), None).expect("it opens");
    let first = store.add(r#"{"key":"k"}"#, None).expect("an add");
    let stale = format!(r#"{{"if_rev":{}}}"#, number(&first, "/rev"));
    store.delete("key:k", None).expect("a deletion");
    let second = store.add(r#"{"key":"k"}"#, None).expect("an add");
    for result in [
        store.update("key:k", r#"{"title":"late"}"#, Some(&stale)),
        store.replace("key:k", r#"{"key":"k","title":"late"}"#, Some(&stale)),
        store.delete("key:k", Some(&stale)),
    ] {
        assert_eq!(result.expect_err("it is stale").kind(), ErrorKind::Conflict);
    }
    assert_eq!(store.get("key:k", None).expect("it is there"), second);
}

#[test]
fn readers_that_fail_or_stop_half_way_hold_no_lock() {
    let folder = TestFolder::new("failing-readers");
    let path = folder.path().join("s.json");
    let open = || Store::open(&path, Some(r#"{"lock_timeout_ms":0}"#)).expect("it opens");
    let (reader, writer) = (open(), open());
    writer.add("{}", None).expect("an add");
    writer.add("{}", None).expect("an add");
    assert!(reader.get("99", None).is_err());
    assert!(reader.list(Some(r#"{"where":{"data.n":{"$no":1}}}"#)).is_err());
    assert!(reader.list(Some(r#"{"index":"none"}"#)).is_err());
    // A file that somebody changed is loaded under the lock, and here in vain.
    let whole = fs::read(&path).expect("the file");
    fs::write(&path, "no store").expect("a file that is broken");
    assert_eq!(reader.get("1", None).expect_err("nothing to read").kind(), ErrorKind::Corrupt);
    fs::write(&path, whole).expect("the file as it was");
    let mut cursor = reader.cursor(None).expect("a cursor");
    cursor.next().expect("a document");
    let snapshot = reader.snapshot().expect("a snapshot");
    assert!(snapshot.add("{}", None).is_err());
    writer.add("{}", None).expect("nobody is in the way");
    assert_eq!(snapshot.count(None).expect("a count"), 2);
    assert_eq!(reader.count(None).expect("a count"), 3);
}
