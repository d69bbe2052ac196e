//! What only this store is asked: what its indexes and snapshots cost, and a file that a person
//! has formatted.

use std::path::Path;

use crate::clock::processor_ns;
use crate::document::{Random, STATUSES, documents, uuid};
use crate::files;
use crate::nanostore::{DIMENSIONS, FILE, INDEXES, Nanostore};
use crate::peer::{BATCH, Peer};
use crate::results::Results;

pub const NAME: &str = "alone";

/// Single calls of a kind.
const CALLS: u32 = 10_000;
/// Writes beside a snapshot, and the most of them for each document.
const WRITES: u32 = 100_000;
const WRITES_EACH: u32 = 20;

/// The figures of stores in memory and of one in a folder, each with `count` documents.
pub fn measure(folder: &Path, count: u32) -> Results {
    let mut results = Results::default();
    let names = [
        ["add, no index, ns", "add, 1 index, ns", "add, 3 indexes, ns"],
        [
            "change of a status, no index, ns",
            "change of a status, 1 index, ns",
            "change of a status, 3 indexes, ns",
        ],
    ];
    for (place, indexes) in [0, 1, 3].into_iter().enumerate() {
        let store = filled(count, &INDEXES[..indexes]);
        let (adding, changing) = (adds(&store, count), changes(&store, count, CALLS, 3));
        results.figure(names[0][place], adding);
        results.figure(names[1][place], changing);
    }
    memory_and_building(count, &mut results);
    beside_a_snapshot(count, &mut results);
    formatted(folder, count, &mut results);
    results
}

fn schema(indexes: &[&str]) -> String {
    format!("{{{DIMENSIONS},\"indexes\":[{}]}}", indexes.join(","))
}

fn filled(count: u32, indexes: &[&str]) -> Nanostore {
    let store =
        Nanostore::with(Path::new(":memory:"), &format!(r#"{{"schema":{}}}"#, schema(indexes)));
    for batch in documents(0, count).chunks(BATCH) {
        store.add_all(batch);
    }
    store
}

/// The processor time of an add.
fn adds(store: &Nanostore, count: u32) -> f64 {
    let new = documents(count, CALLS);
    let start = processor_ns();
    for document in &new {
        store.add_one(document);
    }
    (processor_ns() - start) / f64::from(CALLS)
}

/// The processor time of a change of the status of some document; another `seed`, others.
fn changes(store: &Nanostore, count: u32, calls: u32, seed: u64) -> f64 {
    let mut random = Random(seed);
    let some: Vec<String> = (0..calls).map(|_| uuid(random.below(count))).collect();
    let start = processor_ns();
    for (number, uuid) in some.iter().enumerate() {
        store.change_status(uuid, STATUSES[number % 3]);
    }
    (processor_ns() - start) / f64::from(calls)
}

/// What documents and entries of indexes take, and how long an index takes that is declared when
/// the documents are there.
fn memory_and_building(count: u32, results: &mut Results) {
    let document = bytes_each(count, &[]);
    results.figure("a document in memory, bytes", document);
    for (name, index) in [("a time", INDEXES[0]), ("a number", INDEXES[1])] {
        let entry = bytes_each(count, &[index]) - document;
        results.figure(&format!("an entry of {name} in memory, bytes"), entry);
        let store = filled(count, &[]);
        let start = processor_ns();
        store.define(&schema(&[index]));
        let building = (processor_ns() - start) / 1e6;
        results.figure(&format!("declaring an index of {name}, ms"), building);
    }
}

/// What a document takes in a store with such indexes.
fn bytes_each(count: u32, indexes: &[&str]) -> f64 {
    let empty = allocated();
    let _store = filled(count, indexes);
    (allocated() - empty) / f64::from(count)
}

/// What the allocator has given out and not got back.
fn allocated() -> f64 {
    // SAFETY: it takes nothing and gives numbers.
    let info = unsafe { libc::mallinfo2() };
    (info.uordblks + info.hblkhd) as f64
}

/// Writes with and without a snapshot; what it answers must not change.
fn beside_a_snapshot(count: u32, results: &mut Results) {
    let store = filled(count, &INDEXES);
    let writes = WRITES.min(count * WRITES_EACH);
    changes(&store, count, writes, 4);
    let alone = changes(&store, count, writes, 5);
    let questions = [
        r#"{"view":"all"}"#,
        r#"{"where":{"status":"active"},"fields":["id","uuid","rev"]}"#,
        r#"{"index":"by_due","fields":["id","data.due"]}"#,
        r#"{"index":"by_state","key":["done","high"],"fields":["id"]}"#,
    ];
    let start = processor_ns();
    let snapshot = store.snapshot();
    results.figure("taking a snapshot, ns", processor_ns() - start);
    let ask = || questions.map(|it| snapshot.list_by(it).as_ref().to_vec());
    let before = ask();
    let beside = changes(&store, count, writes, 6);
    for document in documents(count, CALLS) {
        store.add_one(&document);
    }
    assert!(before == ask(), "a snapshot changed");
    results.figure("a write without a snapshot, ns", alone);
    results.figure("a write beside a snapshot, ns", beside);
    let bytes: usize = before.iter().map(Vec::len).sum();
    results.figure("texts of the snapshot equal after the writes, bytes", bytes as f64);
}

/// Opens the file as the store has written it, and with twice the indentation.
fn formatted(folder: &Path, count: u32, results: &mut Results) {
    let mut store = Nanostore::open(folder);
    documents(0, count).chunks(BATCH).for_each(|it| store.add_batch(it));
    store.close();
    let opened = || files::opened::<Nanostore>(folder).value(files::PROCESSOR);
    results.figure("open of a file as it was written, ms", opened());
    let file = folder.join(FILE);
    let text = std::fs::read_to_string(&file).expect("the file");
    let indented = |line: &str| {
        let behind = line.trim_start_matches(' ');
        " ".repeat(line.len() - behind.len()) + line
    };
    let lines: Vec<String> = text.lines().map(indented).collect();
    std::fs::write(&file, lines.join("\n") + "\n").expect("the file");
    results.figure("open of a file indented by hand, ms", opened());
}
