//! What the store's calls cost beside those of other stores: see `docs/benchmarks.md`.
//!
//!     peers compare COUNT ROUNDS    all stores with so many documents, in turns; prints a table
//!     peers measure WHO COUNT       one store, in a new folder; prints what it did as JSON
#![allow(clippy::disallowed_methods, reason = "the library's rules are not those of this program")]

mod alone;
mod clock;
mod compare;
mod document;
mod fields;
mod ids;
mod keyed;
mod lmdb;
mod nanostore;
mod operations;
mod peer;
mod redb;
mod rewrite;
mod sqlite;
mod tables;

use std::path::Path;

use operations::{Results, measure};

/// Who is measured, this project's store first.
const PEERS: [&str; 6] = ["nanostore", "sqlite full", "sqlite normal", "lmdb", "redb", "rewrite"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("no number: {text}"));
    match words.as_slice() {
        ["compare", count, rounds] => compare::run(number(count), number(rounds)),
        ["measure", who, count] => {
            let results = measured(who, number(count));
            println!("{}", serde_json::to_string(&results).expect("JSON"));
        }
        _ => panic!("usage: peers compare COUNT ROUNDS | peers measure WHO COUNT"),
    }
}

fn measured(who: &str, count: u32) -> Results {
    let folder =
        std::env::current_dir().expect("a folder").join(format!("peers-{}", std::process::id()));
    std::fs::create_dir(&folder).expect("a new folder");
    let results = of(who, &folder, count);
    std::fs::remove_dir_all(&folder).expect("the folder goes");
    results
}

fn of(who: &str, folder: &Path, count: u32) -> Results {
    match who {
        "alone" => alone::measure(count),
        "nanostore" => measure::<nanostore::Nanostore>(folder, count),
        "sqlite full" => measure::<sqlite::Sqlite<sqlite::Full>>(folder, count),
        "sqlite normal" => measure::<sqlite::Sqlite<sqlite::Normal>>(folder, count),
        "lmdb" => measure::<keyed::Keyed<lmdb::Lmdb>>(folder, count),
        "redb" => measure::<keyed::Keyed<redb::Redb>>(folder, count),
        "rewrite" => measure::<rewrite::Rewrite>(folder, count),
        _ => panic!("no such store: {who}"),
    }
}
