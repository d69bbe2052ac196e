//! What the disk and the memory ask for the same bytes, whoever moves them.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Instant;

use crate::clock::{of_calls, of_waits, percentile};
use crate::document::documents;
use crate::results::Results;

pub const NAME: &str = "floor";

/// What a log asks of the disk: to grow, or to fill blocks that it has.
pub const APPEND: &str = "append 200 B and fdatasync, p50, us";
pub const WRITE: &str = "write 200 B in place and fdatasync, p50, us";

/// What replacing a file asks for.
pub const REPLACE: &str = "write a file, fsync and rename, ms";
pub const COPY: &str = "copy in memory, a document, ns";

/// A record of a log, and how often one is written.
const RECORD: [u8; 200] = [b'x'; 200];
const WAITS: usize = 400;

pub fn measure(folder: &Path, count: u32) -> Results {
    let mut results = Results::default();
    let mut log = File::create(folder.join("log")).expect("a file");
    let appended = of_waits(WAITS, |_| {
        log.write_all(&RECORD).expect("a write");
        log.sync_data().expect("a sync");
    });
    let blocks = File::create(folder.join("blocks")).expect("a file");
    blocks.write_all_at(&vec![0; WAITS * RECORD.len()], 0).expect("a write");
    blocks.sync_all().expect("a sync");
    let written = of_waits(WAITS, |number| {
        blocks.write_all_at(&RECORD, (number * RECORD.len()) as u64).expect("a write");
        blocks.sync_data().expect("a sync");
    });
    results.figure("append 200 B and fdatasync, p10, us", percentile(&appended, 10));
    results.figure(APPEND, percentile(&appended, 50));
    results.figure("write 200 B in place and fdatasync, p10, us", percentile(&written, 10));
    results.figure(WRITE, percentile(&written, 50));
    bytes_of_all(folder, count, &mut results);
    results
}

/// Puts bytes in the place of a file, durably.
pub fn replace(folder: &Path, file: &Path, new: &Path, bytes: &[u8]) {
    let mut written = File::create(new).expect("a file");
    written.write_all(bytes).expect("a write");
    written.sync_all().expect("a sync");
    std::fs::rename(new, file).expect("a new name");
    File::open(folder).and_then(|it| it.sync_all()).expect("a sync");
}

/// The texts of all documents, in one piece.
fn bytes_of_all(folder: &Path, count: u32, results: &mut Results) {
    let texts: Vec<String> = documents(0, count).into_iter().map(|it| it.text).collect();
    let all = texts.concat();
    drop(texts);
    let each = |value: f64| value / f64::from(count);
    let mut copy = vec![0_u8; all.len()];
    let copying = of_calls(|_| copy.copy_from_slice(all.as_bytes()));
    results.figure(COPY, each(copying));
    let (file, new) = (folder.join("all"), folder.join("new"));
    let start = Instant::now();
    replace(folder, &file, &new, all.as_bytes());
    results.figure(REPLACE, start.elapsed().as_secs_f64() * 1e3);
    let reading = of_calls(|_| std::fs::read(&file).expect("the file"));
    results.figure("read a file, a document, ns", each(reading));
}
