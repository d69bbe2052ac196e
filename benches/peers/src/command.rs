//! What a command of a program costs that opens a small store, adds a document and closes it.

use std::fs;
use std::path::Path;

use crate::clock::{of_waits, percentile};
use crate::document::documents;
use crate::peer::Peer;
use crate::results::Results;

/// What such a command takes.
pub const COMMAND: &str = "open, add and close, p50, us";

/// The file of this project's store that lies in the middle between the first and the last command.
pub const BYTES: usize = 40_000;

/// Documents before the first command, and commands: few, so that the store stays as it is.
const COUNT: u32 = 56;
const COMMANDS: u32 = 24;

pub fn measure<P: Peer>(folder: &Path, results: &mut Results) {
    let folder = folder.join("command");
    fs::create_dir(&folder).expect("a new folder");
    let mut peer = P::open(&folder);
    peer.add_batch(&documents(0, COUNT));
    peer.close();
    let new = documents(COUNT, COMMANDS);
    let times = of_waits(new.len(), |number| {
        let mut peer = P::open(&folder);
        peer.add(&new[number]);
        peer.close();
    });
    results.figure(COMMAND, percentile(&times, 50));
    fs::remove_dir_all(&folder).expect("the folder goes");
}
