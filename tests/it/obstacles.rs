//! Files that can be written but not replaced: refused before anything is acknowledged that could
//! not get into the file.

use std::path::Path;
use std::time::Duration;

use nanostore::testing::{Obstacle, SimulatedDisk, SimulatedProcess};
use nanostore::{Error, ErrorKind, Result, Store};

const PATH: &str = "/todos.json";
const LOG: &str = "/todos.json.wal";
/// Longer than the grain of file times.
const LATER: Duration = Duration::from_secs(1);

const REPLACED: &str = r#"{"checkpoint":"commit"}"#;
const SYNCED: &str = r#"{"checkpoint":"auto"}"#;
const BATCHED: &str = r#"{"durability":"batched","interval_ms":3600000}"#;
const POLICIES: [&str; 3] = [REPLACED, SYNCED, BATCHED];
const READ_ONLY: &str = r#"{"read_only":true}"#;

const OBSTACLES: [(Obstacle, ErrorKind, &str); 7] = [
    (Obstacle::MountPoint, ErrorKind::ReadOnly, "MOUNT_POINT"),
    (Obstacle::StickyFolder, ErrorKind::Permission, "STICKY_FOLDER"),
    (Obstacle::HardLinks, ErrorKind::Unsupported, "HARD_LINKED"),
    (Obstacle::Immutable, ErrorKind::Permission, "IMMUTABLE"),
    (Obstacle::AppendOnly, ErrorKind::Permission, "APPEND_ONLY"),
    (Obstacle::ImmutableFolder, ErrorKind::Permission, "IMMUTABLE"),
    (Obstacle::AppendOnlyFolder, ErrorKind::Permission, "APPEND_ONLY"),
];

fn open(process: &SimulatedProcess, options: &str) -> Result<Store> {
    Store::open_simulated(process.clone(), Path::new(PATH), Some(options))
}

fn add(store: &Store) -> Result<String> {
    store.add(r#"{"title":"A"}"#, None)
}

fn count(disk: &SimulatedDisk, options: &str) -> i64 {
    open(&disk.process(), options).expect("the store opens").count(None).expect("it counts")
}

fn told(error: &Error) -> (ErrorKind, &str) {
    assert!(error.to_json().contains(r#""path":"/todos.json""#), "{}", error.to_json());
    assert!(error.to_json().contains("read_only"), "there is a way out: {}", error.to_json());
    (error.kind(), error.name())
}

/// A store of one document that nobody uses.
fn with_store() -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    let store = open(&disk.process(), SYNCED).expect("the store opens");
    add(&store).expect("it is added");
    store.close().expect("it closes");
    disk.advance(LATER);
    disk
}

/// The same, in use, with so many commits that wait in the log.
fn with_log(options: &str, waiting: u64) -> (SimulatedDisk, Store) {
    let disk = with_store();
    let store = open(&disk.process(), options).expect("the store opens");
    while disk.read(LOG).is_none() {
        add(&store).expect("it is added");
    }
    (1..waiting).for_each(|_| drop(add(&store).expect("it is added")));
    disk.advance(LATER);
    (disk, store)
}

#[test]
fn what_cannot_be_replaced_is_refused_at_open_and_can_be_read() {
    for (obstacle, kind, name) in OBSTACLES {
        for options in POLICIES {
            let disk = with_store();
            let before = disk.read(PATH);
            disk.obstruct(PATH, Some(obstacle));
            let error = open(&disk.process(), options).err().expect("it is refused");
            assert_eq!(told(&error), (kind, name));
            assert_eq!(count(&disk, READ_ONLY), 1, "{obstacle:?}");
            assert_eq!(disk.names("/"), ["todos.json", "todos.json.lock"]);
            assert_eq!(disk.read(PATH), before);
            disk.obstruct(PATH, None);
            add(&open(&disk.process(), options).expect("the store opens")).expect("it is added");
        }
    }
}

#[test]
fn a_new_store_is_not_begun_where_it_could_not_be_put() {
    let disk = SimulatedDisk::new();
    disk.obstruct(PATH, Some(Obstacle::AppendOnlyFolder));
    let error = open(&disk.process(), BATCHED).err().expect("it is refused");
    assert_eq!(told(&error), (ErrorKind::Permission, "APPEND_ONLY"));
    assert!(disk.names("/").is_empty());
}

#[test]
fn no_log_is_begun_beside_a_file_that_has_come_to_be_one() {
    for (obstacle, kind, name) in OBSTACLES {
        for options in POLICIES {
            let disk = with_store();
            let store = open(&disk.process(), options).expect("the store opens");
            store.count(None).expect("it counts");
            disk.obstruct(PATH, Some(obstacle));
            let error = add(&store).expect_err("it is refused");
            assert_eq!(told(&error), (kind, name));
            assert_eq!(store.count(None).expect("it counts"), 1);
            assert_eq!(disk.read(LOG), None, "{obstacle:?} {options}");
            disk.obstruct(PATH, None);
            add(&store).expect("it is added");
            store.close().expect("it closes");
            assert_eq!(count(&disk, SYNCED), 2);
        }
    }
}

#[test]
fn a_log_does_not_grow_beside_a_file_that_was_changed_into_one() {
    for options in [SYNCED, BATCHED] {
        let (disk, store) = with_log(options, 3);
        let kept = store.count(None).expect("it counts");
        disk.obstruct(PATH, Some(Obstacle::Immutable));
        for _ in 0..2 {
            assert_eq!(told(&add(&store).expect_err("it is refused")).1, "IMMUTABLE");
        }
        store.sync().expect("what was acknowledged gets on the disk all the same");
        assert_eq!(count(&disk, READ_ONLY), kept);
        assert_eq!(told(&store.checkpoint().expect_err("it cannot be folded")).1, "IMMUTABLE");
        assert_eq!(told(&store.close().expect_err("closing says so")).1, "IMMUTABLE");
        assert!(disk.read(LOG).is_some(), "the commits wait");
        disk.obstruct(PATH, None);
        let store = open(&disk.process(), options).expect("the store opens");
        add(&store).expect("it is added");
        store.close().expect("it closes");
        assert_eq!((count(&disk, SYNCED), disk.read(LOG)), (kept + 1, None));
    }
}

/// Nothing of the file tells that it was mounted upon itself: who uses it goes on with the log.
#[test]
fn what_a_log_took_beside_a_mounted_file_is_kept_and_told_at_close() {
    for options in [SYNCED, BATCHED] {
        let (disk, store) = with_log(options, 3);
        disk.obstruct(PATH, Some(Obstacle::MountPoint));
        add(&store).expect("it is added");
        let kept = store.count(None).expect("it counts");
        let error = store.close().expect_err("closing says so");
        assert_eq!(told(&error), (ErrorKind::ReadOnly, "MOUNT_POINT"));
        assert_eq!(count(&disk, READ_ONLY), kept);
        let error = open(&disk.process(), options).err().expect("it is refused");
        assert_eq!(told(&error).1, "MOUNT_POINT");
        disk.obstruct(PATH, None);
        assert_eq!((count(&disk, SYNCED), disk.read(LOG)), (kept, None));
    }
}
