//! Durable adds where the disk asks for nothing: on a file system in memory.

use std::fs;
use std::path::Path;

use crate::clock::{of_waits, percentile};
use crate::document::documents;
use crate::peer::{BATCH, Peer};
use crate::results::Results;

/// Where Linux has such a file system.
const FOLDER: &str = "/dev/shm";

/// The most documents, since there may be little room, and the adds that are measured.
const COUNT_MAX: u32 = 10_000;
const ADDS: u32 = 200;

pub fn measure<P: Peer>(count: u32, results: &mut Results) {
    let folder = Path::new(FOLDER).join(format!("peers-{}", std::process::id()));
    fs::create_dir(&folder).expect("a new folder");
    let count = count.min(COUNT_MAX);
    let mut peer = P::open(&folder);
    documents(0, count).chunks(BATCH).for_each(|it| peer.add_batch(it));
    let new = documents(count, ADDS);
    let times = of_waits(new.len(), |number| peer.add(&new[number]));
    results.figure("durable add to files in memory, p50, us", percentile(&times, 50));
    peer.close();
    fs::remove_dir_all(&folder).expect("the folder goes");
}
