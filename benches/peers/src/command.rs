//! What a command of a program costs that opens a small store, adds a document and closes it; and,
//! between these, what replacing a file of that size asks of the machine.

use std::fs;
use std::path::Path;

use crate::clock::{of_waits, percentile};
use crate::document::documents;
use crate::floor::replace;
use crate::peer::Peer;
use crate::results::Results;

/// What such a command takes, and what the machine asks for at the least. A disk is not as fast in
/// one minute as in the next, so they take turns.
pub const COMMAND: &str = "open, add and close, p50, us";
pub const REPLACE: &str = "read, write, fsync and rename 40 kB, p50, us";

/// The file of this project's store that lies in the middle between the first and the last command.
const BYTES: usize = 40_000;

/// Documents before the first command, and commands: few, so that the store stays as it is.
const COUNT: u32 = 56;
const COMMANDS: u32 = 24;

pub fn measure<P: Peer>(folder: &Path, results: &mut Results) {
    let folder = folder.join("command");
    let (store, file, new) = (folder.join("store"), folder.join("file"), folder.join("new"));
    fs::create_dir_all(&store).expect("new folders");
    fs::write(&file, [b'x'; BYTES]).expect("a write");
    let mut peer = P::open(&store);
    peer.add_batch(&documents(0, COUNT));
    peer.close();
    let mut replacing = Vec::new();
    let commands: Vec<f64> = documents(COUNT, COMMANDS)
        .iter()
        .flat_map(|document| {
            replacing.extend(of_waits(1, |_| {
                let bytes = fs::read(&file).expect("the file");
                replace(&folder, &file, &new, &bytes);
            }));
            of_waits(1, |_| {
                let mut peer = P::open(&store);
                peer.add(document);
                peer.close();
            })
        })
        .collect();
    results.figure(COMMAND, p50(commands));
    results.figure(REPLACE, p50(replacing));
    fs::remove_dir_all(&folder).expect("the folder goes");
}

fn p50(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    percentile(&times, 50)
}
