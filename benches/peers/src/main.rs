//! What the store's calls cost beside those of other stores: see `docs/benchmarks.md`.
//!
//!     peers compare COUNT ROUNDS            all stores with so many documents, in turns; a table
//!     peers report FOLDER ROUNDS COUNT...   the same with each number of documents, in turns;
//!                                           writes benchmarks.md and its charts into the folder
//!
//! What these start in processes of their own; each prints what it did as JSON:
//!
//!     peers measure WHO COUNT         one store, in a new folder
//!     peers open WHO FOLDER UUID      opens a store that is there, and gets a document
//!     peers leave WHO FOLDER COUNT    adds documents to such a store, and ends without closing it
#![allow(clippy::disallowed_methods, reason = "the library's rules are not those of this program")]

mod alone;
mod charts;
mod clock;
mod command;
mod compare;
mod document;
mod fields;
mod files;
mod floor;
mod ids;
mod in_memory;
mod keyed;
mod lmdb;
mod machine;
mod nanostore;
mod operations;
mod peer;
mod process;
mod redb;
mod report;
mod results;
mod rewrite;
mod sqlite;
mod tables;
mod targets;
mod threads;

use std::path::Path;

use keyed::Keyed;
use peer::Peer;
use results::Results;
use sqlite::Sqlite;

/// What can be asked of a peer, whatever its type is.
struct Asked {
    name: &'static str,
    measure: fn(&Path, u32) -> Results,
    open: fn(&Path, &str) -> Results,
    leave: fn(&Path, u32),
}

const fn asked<P: Peer>() -> Asked {
    Asked {
        name: P::NAME,
        measure: operations::measure::<P>,
        open: files::open::<P>,
        leave: files::leave::<P>,
    }
}

/// Who is measured, this project's store first.
const PEERS: [Asked; 6] = [
    asked::<nanostore::Nanostore>(),
    asked::<Sqlite<sqlite::Full>>(),
    asked::<Sqlite<sqlite::Normal>>(),
    asked::<Keyed<lmdb::Lmdb>>(),
    asked::<Keyed<redb::Redb>>(),
    asked::<rewrite::Rewrite>(),
];

const USAGE: &str = "usage: peers compare COUNT ROUNDS | peers report FOLDER ROUNDS COUNT...";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("no number: {text}"));
    match words.as_slice() {
        ["compare", count, rounds] => compare::run(number(count), number(rounds)),
        ["report", folder, rounds, counts @ ..] => {
            let counts: Vec<u32> = counts.iter().map(|it| number(it)).collect();
            report::run(Path::new(folder), number(rounds), &counts);
        }
        ["measure", who, count] => measured(who, number(count)).print(),
        ["open", who, folder, uuid] => (named(who).open)(Path::new(folder), uuid).print(),
        ["leave", who, folder, count] => (named(who).leave)(Path::new(folder), number(count)),
        _ => panic!("{USAGE}"),
    }
}

fn named(who: &str) -> &'static Asked {
    PEERS.iter().find(|it| it.name == who).unwrap_or_else(|| panic!("no such store: {who}"))
}

fn measured(who: &str, count: u32) -> Results {
    let folder =
        std::env::current_dir().expect("a folder").join(format!("peers-{}", std::process::id()));
    std::fs::create_dir(&folder).expect("a new folder");
    let results = match who {
        alone::NAME => alone::measure(&folder, count),
        floor::NAME => floor::measure(&folder, count),
        _ => (named(who).measure)(&folder, count),
    };
    std::fs::remove_dir_all(&folder).expect("the folder goes");
    results
}
