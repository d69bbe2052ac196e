//! What a store does with its files: how large they are, how long it takes to open them, what it
//! is to bring them up to date, and to take them over from a process that just ended.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::clock::processor_ns;
use crate::document::{beyond, uuid};
use crate::peer::Peer;
use crate::process::{bytes_resident, printed_by, results_of};
use crate::results::{Results, median};

/// Adds between two checkpoints.
const CHANGES: u32 = 1_000;
/// Processes that open a store.
const OPENS: usize = 3;

/// What lets no number be used twice: where those begin that are added here.
const CHECKPOINTED_FROM: u32 = 300_000;
const LEFT_FROM: u32 = 400_000;

/// Bringing the file up to date, where the peer has such a thing.
pub fn checkpoint<P: Peer>(peer: &mut P, count: u32, results: &mut Results) {
    // What other measurements left behind is not meant.
    peer.checkpoint();
    peer.add_batch(&beyond(count, CHECKPOINTED_FROM, CHANGES));
    let start = Instant::now();
    if peer.checkpoint() {
        results.figure("checkpoint of 1,000 adds, ms", start.elapsed().as_secs_f64() * 1e3);
    }
}

/// The files of a store that is closed, and what it takes to open them.
pub fn measure<P: Peer>(folder: &Path, count: u32, results: &mut Results) {
    let each = |bytes: f64| bytes / f64::from(count);
    results.figure("files, a document, bytes", each(bytes_in(folder)));
    let opens: Vec<Results> = (0..OPENS).map(|_| opened::<P>(folder)).collect();
    let median_of = |name: &str| {
        let values: Vec<f64> = opens.iter().map(|it| it.value(name)).collect();
        median(&values)
    };
    results.figure("open and 1 get, processor, ms", median_of(PROCESSOR));
    results.figure("open and 1 get, ms", median_of(WALL));
    results.figure("resident after open and 1 get, a document, bytes", each(median_of(RESIDENT)));
    evict(folder);
    results.figure("open and 1 get, files evicted, ms", opened::<P>(folder).value(WALL));
    // What follows is not about files that must be read first.
    paths_in(folder).for_each(|it| drop(std::fs::read(it).expect("a file")));
}

fn paths_in(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder");
    entries.map(|entry| entry.expect("an entry").path())
}

/// Lets the system forget what it keeps of the files in a folder.
fn evict(folder: &Path) {
    for path in paths_in(folder) {
        let file = File::open(path).expect("a file");
        // Only what is on disk can be forgotten.
        file.sync_all().expect("a sync");
        // SAFETY: the file is open; the call changes no memory of this process.
        let status =
            unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
        assert_eq!(status, 0, "advice");
    }
}

/// Opening what a process has left that ended in the middle of its work.
pub fn recovery<P: Peer>(folder: &Path, count: u32, results: &mut Results) {
    if P::RECOVERS {
        let words = ["leave", P::NAME, &folder.display().to_string(), &count.to_string()];
        printed_by(&words);
        let wall = opened::<P>(folder).value(WALL);
        results.figure("open and 1 get after a kill, ms", wall);
    }
}

/// Adds that a process leaves behind when it ends: so few that this project's store does not fold
/// its log into a small file meanwhile.
fn adds_left(count: u32) -> u32 {
    if count < 100_000 { 5_000 } else { 10_000 }
}

/// Another process opens a store and gets its first document.
pub fn opened<P: Peer>(folder: &Path) -> Results {
    results_of(&["open", P::NAME, &folder.display().to_string(), &uuid(0)])
}

fn bytes_in(folder: &Path) -> f64 {
    paths_in(folder).map(|it| it.metadata().expect("a file").len()).sum::<u64>() as f64
}

pub const PROCESSOR: &str = "processor, ms";
const WALL: &str = "wall, ms";
const RESIDENT: &str = "resident, bytes";

/// Opens a store and gets a document; says what it took.
pub fn open<P: Peer>(folder: &Path, uuid: &str) -> Results {
    let mut results = Results::default();
    let (resident, start, processor) = (bytes_resident(), Instant::now(), processor_ns());
    let peer = P::open(folder);
    let document = peer.get(uuid);
    results.figure(PROCESSOR, (processor_ns() - processor) / 1e6);
    results.figure(WALL, start.elapsed().as_secs_f64() * 1e3);
    results.figure(RESIDENT, bytes_resident() - resident);
    drop(document);
    peer.close();
    results
}

/// Adds documents to a store, and ends this process before they are where they belong.
pub fn leave<P: Peer>(folder: &Path, count: u32) {
    let peer = P::left(folder, &beyond(count, LEFT_FROM, adds_left(count)));
    // Neither closed nor dropped.
    std::mem::forget(peer);
    std::process::exit(0);
}
