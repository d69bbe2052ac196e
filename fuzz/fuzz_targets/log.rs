//! A log that was damaged: refused, or exactly the commits that are whole up to the damage. What
//! the header or a later record says was on disk is never dropped in silence.

#![no_main]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use nanostore::testing::{Keep, SimulatedDisk};
use nanostore::{ErrorKind, Result, Store};
use nanostore_fuzz::{assert_typed, sound, text};

const PATH: &str = "/s.json";
const LOG: &str = "/s.json.wal";
const LOCK: &str = "/s.json.lock";
const COMMITS: usize = 7;

/// A store whose writer died, and its log, line by line.
struct Base {
    disk: SimulatedDisk,
    lines: Vec<Vec<u8>>,
}

#[derive(Arbitrary, Debug)]
enum Damage {
    Flip { at: u16, bit: u8 },
    Put { at: u16, byte: u8 },
    Cut { at: u16 },
    Remove { at: u16, length: u8 },
    Insert { at: u16, bytes: Vec<u8> },
    Blank { at: u16, length: u8 },
    CopyLine { from: u8, to: u8 },
    RemoveLine { at: u8 },
    SwapLines { one: u8, other: u8 },
    Append { bytes: Vec<u8> },
}

#[derive(Arbitrary, Debug)]
struct Input {
    synced: bool,
    without_header: bool,
    whole: Option<Vec<u8>>,
    damages: Vec<Damage>,
}

fn open(disk: &SimulatedDisk, more: &str) -> Result<Store> {
    let options = format!(r#"{{"uuid_seed":1{more}}}"#);
    Store::open_simulated(disk.process(), Path::new(PATH), Some(&options))
}

fn base(synced: bool) -> &'static Base {
    static BASES: [OnceLock<Base>; 2] = [OnceLock::new(), OnceLock::new()];
    BASES[usize::from(synced)].get_or_init(|| {
        let disk = SimulatedDisk::new();
        let store = open(&disk, "").expect("it opens");
        store.add(r#"{"title":"base"}"#, None).expect("it is added");
        store.close().expect("it closes");
        disk.advance(Duration::from_secs(1));
        let batched = r#","durability":"batched","interval_ms":3600000"#;
        let store = open(&disk, batched).expect("it opens");
        for number in 0..COMMITS {
            store.add(&format!(r#"{{"title":"c{number}"}}"#), None).expect("it is added");
            if synced {
                store.sync().expect("it syncs");
            }
        }
        disk.reboot(Keep::All);
        drop(store);
        disk.advance(Duration::from_secs(1));
        let log = disk.read(LOG).expect("there is a log");
        let end = log.iter().rposition(|byte| *byte != b'\n').expect("records") + 1;
        let lines = log[..end].split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        Base { disk, lines }
    })
}

fn damaged(base: &Base, damages: &[Damage]) -> Vec<u8> {
    let mut bytes = base.lines.join(&b'\n');
    bytes.push(b'\n');
    for damage in damages.iter().take(8) {
        let length = bytes.len();
        let place = |at: u16| if length == 0 { 0 } else { usize::from(at) % length };
        let line = |at: u8| usize::from(at) % base.lines.len();
        let mut lines: Vec<Vec<u8>> =
            bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        match damage {
            Damage::Flip { at, bit } if length > 0 => bytes[place(*at)] ^= 1 << (bit % 8),
            Damage::Put { at, byte } if length > 0 => bytes[place(*at)] = *byte,
            Damage::Cut { at } => bytes.truncate(place(*at)),
            Damage::Remove { at, length: count } => {
                let end = (place(*at) + usize::from(*count)).min(length);
                bytes.drain(place(*at)..end);
            }
            Damage::Insert { at, bytes: new } => {
                let at = place(*at);
                bytes.splice(at..at, new.iter().copied());
            }
            Damage::Blank { at, length: count } => {
                let end = (place(*at) + usize::from(*count)).min(length);
                bytes[place(*at)..end].fill(0);
            }
            Damage::CopyLine { from, to } => {
                let to = usize::from(*to) % (lines.len() + 1);
                lines.insert(to, base.lines[line(*from)].clone());
                bytes = lines.join(&b'\n');
            }
            Damage::RemoveLine { at } => {
                lines.remove(usize::from(*at) % lines.len());
                bytes = lines.join(&b'\n');
            }
            Damage::SwapLines { one, other } => {
                let count = lines.len();
                lines.swap(usize::from(*one) % count, usize::from(*other) % count);
                bytes = lines.join(&b'\n');
            }
            Damage::Append { bytes: new } => bytes.extend_from_slice(new),
            Damage::Flip { .. } | Damage::Put { .. } => {}
        }
    }
    bytes
}

/// The commits that count, by a reading of its own: lines as they were written, in rising order, up
/// to the first other one.
fn expected(base: &Base, log: &[u8]) -> BTreeSet<usize> {
    let position = |line: &[u8]| base.lines.iter().position(|it| it == line);
    let mut lines: Vec<&[u8]> = log.split(|byte| *byte == b'\n').collect();
    // What has no end is no line.
    lines.pop();
    let mut last = 0;
    let mut found = BTreeSet::new();
    for line in lines.iter().skip(1) {
        match position(line) {
            Some(number) if number > last => {
                found.insert(number);
                last = number;
            }
            _ => break,
        }
    }
    found
}

fn seen(store: &Store) -> BTreeSet<usize> {
    let all = sound(store).expect("it is listed");
    let titles = all.iter().map(|document| text(document, "title").to_owned());
    titles
        .filter_map(|title| title.strip_prefix('c')?.parse::<usize>().ok())
        .map(|it| it + 1)
        .collect()
}

fuzz_target!(|input: Input| {
    let base = base(input.synced);
    let disk = base.disk.copy();
    let log = match &input.whole {
        Some(bytes) => bytes.clone(),
        None => damaged(base, &input.damages),
    };
    disk.write(LOG, &log);
    if input.without_header {
        disk.write(LOCK, b"");
    }
    disk.advance(Duration::from_secs(1));
    let file = disk.read(PATH);
    let store = match open(&disk, "") {
        Ok(store) => store,
        Err(error) => {
            assert_typed(&error);
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
            assert!(disk.read(PATH) == file && disk.read(LOG).as_ref() == Some(&log));
            let salvaged = open(&disk, r#","salvage":true"#).expect("it can be salvaged");
            let some = seen(&salvaged);
            assert!(some.iter().all(|it| (1..=COMMITS).contains(it)), "{some:?}");
            return;
        }
    };
    let whole = log.starts_with(&base.lines[0]);
    let prefix = expected(base, &log);
    let found = seen(&store);
    if whole {
        assert_eq!(found, prefix, "exactly the commits up to the damage");
    }
    if input.synced && !input.without_header {
        assert_eq!(found.len(), COMMITS, "what the header says was on disk is all there");
    }
    if input.synced {
        // Each record says that the one before it was on disk: there is no hole.
        assert_eq!(found, (1..=found.len()).collect(), "a commit is missing in the middle");
    }
    disk.reboot(Keep::All);
    drop(store);
    let again = open(&disk, "").expect("what was recovered opens");
    assert_eq!(seen(&again), found, "recovering twice is recovering once");
});
