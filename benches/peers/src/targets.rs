//! What the store should reach at 100,000 documents.

use crate::command::{self, COMMAND};
use crate::compare::Table;
use crate::floor::{COPY, REPLACE, WRITE};
use crate::results::{ahead, is_rate, short, shown, title};
use crate::{PEERS, Peer, keyed, lmdb, redb, rewrite, sqlite};

/// The size that the targets are for.
pub const COUNT: u32 = 100_000;

const FULL: &str = sqlite::Sqlite::<sqlite::Full>::NAME;
const LMDB: &str = keyed::Keyed::<lmdb::Lmdb>::NAME;
const REDB: &str = keyed::Keyed::<redb::Redb>::NAME;
const REWRITE: &str = rewrite::Rewrite::NAME;

enum Wanted {
    /// The figure, in its own unit.
    AtMost(f64),
    /// So many times as good as that of a peer.
    Ahead(&'static str, f64),
    /// At most so many times one of the machine.
    Floor(&'static str, f64),
    /// At most so many times another of the same store; of rates, at least.
    Own(&'static str, f64),
}
use Wanted::{Ahead, AtMost, Floor, Own};

const ADD: &str = "durable add, p50, us";
const ADD_IN_MEMORY: &str = "durable add to files in memory, p50, us";
const WRITTEN: &str = "written by a durable add, bytes";
const CHANGE: &str = "durable change of a status, p50, us";
const ONE_THREAD: &str = "durable adds of 1 thread, adds a second";
const EIGHT_THREADS: &str = "durable adds of 8 threads, adds a second";
const BATCHED: &str = "add in batches, ns";
const GET: &str = "get by UUID, ns";
const LIST: &str = "list of 50 by creation, ns";
const LIST_WITH_IDS: &str = "list of 50 with IDs in their order, ns";
const COUNTED: &str = "count of two filters, ns";
const SCAN: &str = "scan to one text, a document, ns";
const IDS: &str = "short IDs of all, a document, ns";
const RESOLVE: &str = "resolve an ID, ns";
const FIND: &str = "look up in an index, ns";
const RANGE: &str = "range of 50 in an index, ns";
const CHECKPOINT: &str = "checkpoint of 1,000 adds, ms";
const OPEN: &str = "open and 1 get, processor, ms";
const RESIDENT: &str = "resident after open and 1 get, a document, bytes";
const FILES: &str = "files, a document, bytes";

const TARGETS: &[(&str, Wanted)] = &[
    (ADD, Floor(WRITE, 1.1)),
    (ADD, Ahead(FULL, 1.9)),
    (ADD, Ahead(REDB, 2.1)),
    (ADD, Ahead(LMDB, 2.4)),
    (ADD, Ahead(REWRITE, 500.0)),
    (ADD_IN_MEMORY, AtMost(1.0)),
    (ADD_IN_MEMORY, Ahead(FULL, 25.0)),
    (ADD_IN_MEMORY, Ahead(LMDB, 8.0)),
    (WRITTEN, AtMost(5_000.0)),
    (WRITTEN, Ahead(FULL, 8.0)),
    (EIGHT_THREADS, Own(ONE_THREAD, 5.0)),
    (EIGHT_THREADS, Ahead(FULL, 8.0)),
    (CHANGE, Floor(WRITE, 1.1)),
    (CHANGE, Ahead(FULL, 1.3)),
    (CHANGE, Ahead(REDB, 2.5)),
    (CHANGE, Ahead(LMDB, 3.0)),
    (BATCHED, AtMost(450.0)),
    (BATCHED, Ahead(LMDB, 5.0)),
    (BATCHED, Ahead(FULL, 14.0)),
    (GET, AtMost(500.0)),
    (GET, Ahead(FULL, 5.0)),
    (GET, Ahead(LMDB, 2.0)),
    (LIST, AtMost(600.0)),
    (LIST, Ahead(FULL, 35.0)),
    (LIST, Ahead(LMDB, 10.0)),
    (LIST_WITH_IDS, AtMost(4_000.0)),
    (LIST_WITH_IDS, Ahead(FULL, 5.0)),
    (COUNTED, AtMost(50.0)),
    (COUNTED, Ahead(FULL, 50_000.0)),
    (COUNTED, Ahead(LMDB, 1_000.0)),
    (SCAN, Floor(COPY, 1.5)),
    (SCAN, Ahead(FULL, 13.0)),
    (SCAN, Ahead(LMDB, 13.0)),
    (IDS, AtMost(30.0)),
    (IDS, Ahead(FULL, 80.0)),
    (IDS, Ahead(LMDB, 10.0)),
    (RESOLVE, AtMost(400.0)),
    (RESOLVE, Ahead(FULL, 5_000.0)),
    (RESOLVE, Ahead(LMDB, 100.0)),
    (FIND, AtMost(300.0)),
    (RANGE, AtMost(1_500.0)),
    (RANGE, Ahead(LMDB, 5.0)),
    (CHECKPOINT, Floor(REPLACE, 1.2)),
    (COMMAND, Own(command::REPLACE, 1.3)),
    (OPEN, AtMost(14.0)),
    (RESIDENT, Own(FILES, 1.25)),
];

/// What should take at most `GROWTH_MAX` times as long with a million documents as with a thousand.
const GROWING: [&str; 5] = [GET, RESOLVE, BATCHED, ADD, LIST];
pub const GROWTH_MAX: f64 = 3.0;

/// Of each of these figures how many times as much it is with many documents as with few, for each
/// peer.
pub fn growth(few: &Table, many: &Table) -> impl Iterator<Item = [String; 1 + PEERS.len()]> {
    GROWING.iter().map(|name| {
        let (few, many) = (few.of(name), many.of(name));
        std::array::from_fn(|place| match place.checked_sub(1) {
            None => title(name).to_owned(),
            Some(peer) => format!("{} x", short(many[peer] / few[peer])),
        })
    })
}

/// A target: of what, what is wanted, what was reached, and whether that is enough.
pub fn rows(table: &Table) -> impl Iterator<Item = [String; 4]> {
    TARGETS.iter().map(|(name, wanted)| {
        let ours = table.of(name)[0];
        let (wanted, reached, is_met) = judged(table, name, ours, wanted);
        let met = if is_met { "yes" } else { "no" };
        [title(name).to_owned(), wanted, reached, met.to_owned()]
    })
}

fn judged(table: &Table, name: &str, ours: f64, wanted: &Wanted) -> (String, String, bool) {
    let beside = |what: &str, other: f64, times: f64| {
        let reached = ours / other;
        let (bound, is_met) = if is_rate(name) {
            ("at least", reached >= times)
        } else {
            ("at most", reached <= times)
        };
        let wanted = format!("{bound} {} x {}", short(times), title(what));
        (wanted, format!("{} x", short(reached)), is_met)
    };
    match *wanted {
        AtMost(most) => (format!("at most {}", shown(name, most)), shown(name, ours), ours <= most),
        Ahead(who, times) => {
            let place = PEERS.iter().position(|it| it.name == who).expect(who);
            let reached = ahead(name, ours, table.of(name)[place]);
            let wanted = format!("{} x as good as {who}", short(times));
            (wanted, format!("{} x", short(reached)), reached >= times)
        }
        Floor(what, times) => beside(what, table.floor_of(what), times),
        Own(what, times) => beside(what, table.of(what)[0], times),
    }
}
