//! Logs that a later version of the library wrote: refused, and left as they are.
//!
//! The disk is simulated.

use std::path::Path;
use std::time::Duration;

use nanostore::testing::{Keep, SimulatedDisk};
use nanostore::{ErrorKind, Result, Store};

const PATH: &str = "/todos.json";
const LOG: &str = "/todos.json.wal";
/// Longer than the grain of file times.
const LATER: Duration = Duration::from_secs(1);
const BATCHED: &str = r#"{"durability":"batched","interval_ms":3600000}"#;

fn open(disk: &SimulatedDisk, options: &str) -> Result<Store> {
    Store::open_simulated(disk.process(), Path::new(PATH), Some(options))
}

/// A store whose log has a commit that waits, its program being dead.
fn with_waiting_log() -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    let store = open(&disk, BATCHED).expect("it opens");
    store.add(r#"{"title":"a"}"#, None).expect("it is added");
    disk.reboot(Keep::All);
    drop(store);
    disk.advance(LATER);
    disk
}

fn text(disk: &SimulatedDisk, path: &str) -> String {
    String::from_utf8(disk.read(path).expect("the file is there")).expect("it is text")
}

/// Writes the lines of the log anew with what `change` makes of them, and with right checksums.
fn rewrite_log(disk: &SimulatedDisk, change: impl Fn(&str) -> String) {
    let log = text(disk, LOG);
    let lines = log.trim_end_matches('\n').lines().map(|line| {
        let line = change(line);
        let (checked, _) = line.rsplit_once(r#","crc":""#).expect("a checksum");
        format!("{checked},\"crc\":\"{:08x}\"}}\n", crc32c::crc32c(checked.as_bytes()))
    });
    let lines: String = lines.collect();
    disk.write(LOG, lines.as_bytes());
    disk.advance(LATER);
}

#[test]
fn a_log_of_a_later_version_is_refused_and_left_as_it_is() {
    let changes: [(&str, &str); 4] = [
        (r#""nanostore_log":1"#, r#""nanostore_log":2"#),
        (r#"{"c":"documents","put""#, r#"{"c":"elsewhere","put""#),
        (r#"{"c":"documents","put""#, r#"{"c":"documents","link":"x","put""#),
        (r#","ops":["#, r#","pages":["#),
    ];
    for (from, to) in changes {
        let disk = with_waiting_log();
        rewrite_log(&disk, |line| line.replace(from, to));
        let files = (disk.read(PATH), disk.read(LOG));
        for options in ["{}", r#"{"read_only":true}"#, r#"{"salvage":true}"#] {
            let error = open(&disk, options).err().expect("it is refused");
            assert_eq!(error.kind(), ErrorKind::TooNew, "{to}, {options}: {error}");
        }
        assert!((disk.read(PATH), disk.read(LOG)) == files, "{to}: it was touched");
        assert_eq!(disk.names("/").len(), 3, "{to}: nothing was put beside it");
    }
    let disk = with_waiting_log();
    rewrite_log(&disk, str::to_owned);
    let store = open(&disk, "{}").expect("the checksums are right");
    assert_eq!(store.count(None).expect("a count"), 1);
}
