//! Where and with what figures were measured.

use std::fs::read_to_string;

use rusqlite::Connection;

use crate::process::number_in;

/// What the machine is, and the versions of what ran on it, a line each.
pub fn lines() -> Vec<String> {
    let gib = number_in("/proc/meminfo", "MemTotal:") / f64::from(1 << 20);
    let kernel = text("/proc/sys/kernel/osrelease");
    let lmdb = heed::lmdb_version();
    vec![
        format!("Date: {}", today()),
        format!("Processor: {}, {} cores", processor(), cores()),
        format!("Memory: {gib:.1} GiB; file system: {}", file_system()),
        format!("System: Linux {}; compiler: {}", kernel.trim(), env!("COMPILER")),
        format!(
            "Versions: nanostore {}, SQLite {}, LMDB {}.{}.{}, redb {}",
            crate::nanostore::version(),
            rusqlite::version(),
            lmdb.major,
            lmdb.minor,
            lmdb.patch,
            locked("redb"),
        ),
    ]
}

fn text(path: &str) -> String {
    read_to_string(path).expect(path)
}

fn today() -> String {
    let connection = Connection::open_in_memory().expect("a database");
    connection.query_row("select date()", [], |row| row.get(0)).expect("the date")
}

fn processor() -> String {
    let named = text("/proc/cpuinfo");
    let model = named.lines().find_map(|line| line.strip_prefix("model name"));
    model.map_or("unknown", |it| it.trim_start_matches(['\t', ' ', ':'])).to_owned()
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The kind of the file system that the current folder lies in.
fn file_system() -> String {
    let folder = std::env::current_dir().expect("a folder").display().to_string();
    let mounts = text("/proc/mounts");
    let mounted = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        let (place, kind) = (words.next()?, words.next()?);
        folder.starts_with(place).then_some((place.len(), kind))
    });
    mounted.max().map_or("unknown", |(_, kind)| kind).to_owned()
}

/// The version of a package that this program was built with.
fn locked(package: &str) -> &'static str {
    let mark = format!("name = \"{package}\"\nversion = \"");
    let (_, behind) = include_str!("../Cargo.lock").split_once(&mark).expect("the package");
    behind.split('"').next().unwrap_or_default()
}
