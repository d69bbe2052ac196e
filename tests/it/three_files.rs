//! The data file, its log and its lock file, each there, gone, old, or of another store, in every
//! combination: what each call does then, that nothing which was written is lost in silence, and
//! that a death in between changes none of it. `docs/durability.md` has the table.
//!
//! The disk is simulated; what the files hold comes from real histories.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use nanostore::testing::{Effect, Fault, Keep, SimulatedDisk};
use nanostore::{Result, Store};

use crate::json::Value;

const PATH: &str = "/todos.json";
const LOG: &str = "/todos.json.wal";
const LOCK: &str = "/todos.json.lock";
/// Longer than the grain of file times, and than an editor takes to save.
const LATER: Duration = Duration::from_secs(5);
const BATCHED: &str = r#"{"durability":"batched","interval_ms":3600000}"#;
/// A title that was replaced or removed, and the one that stands for it now: who has that has lost
/// nothing.
const SUCCESSORS: [(&str, &str); 3] = [("alder", "ash"), ("birch", "beech"), ("elm", "")];

/// How one of the three files is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Gone,
    Current,
    /// As it is, but for what a person changed in it.
    Edited,
    /// From before the last checkpoint.
    Old,
    /// As the last checkpoint left it: no log is noted.
    Between,
    Anothers,
}

const FILES: [Is; 5] = [Is::Gone, Is::Current, Is::Edited, Is::Old, Is::Anothers];
const LOGS: [Is; 4] = [Is::Gone, Is::Current, Is::Old, Is::Anothers];
const LOCKS: [Is; 5] = [Is::Gone, Is::Current, Is::Between, Is::Old, Is::Anothers];

/// The bytes of the three files at the moments that matter.
struct History {
    file: [Vec<u8>; 3],
    log: [Vec<u8>; 3],
    lock: [Vec<u8>; 4],
}

fn open(disk: &SimulatedDisk, options: &str) -> Result<Store> {
    Store::open_simulated(disk.process(), Path::new(PATH), Some(options))
}

fn add(store: &Store, title: &str) {
    store.add(&format!(r#"{{"key":"{title}","title":"{title}"}}"#), None).expect("it is added");
}

fn retitle(store: &Store, key: &str, title: &str) {
    let patch = format!(r#"{{"title":"{title}"}}"#);
    store.update(&format!("key:{key}"), &patch, None).expect("it is changed");
}

/// Lets a program that batches do something and die.
fn die_after(disk: &SimulatedDisk, work: impl FnOnce(&Store)) {
    let store = open(disk, BATCHED).expect("it opens");
    work(&store);
    disk.reboot(Keep::All);
    drop(store);
    disk.advance(LATER);
}

fn close_after(disk: &SimulatedDisk, work: impl FnOnce(&Store)) {
    let store = open(disk, "{}").expect("it opens");
    work(&store);
    store.close().expect("it closes");
    disk.advance(LATER);
}

fn history() -> History {
    let read = |disk: &SimulatedDisk, path| disk.read(path).expect("the file is there");
    let disk = SimulatedDisk::new();
    close_after(&disk, |store| ["alder", "birch", "elm"].iter().for_each(|it| add(store, it)));
    let old_file = read(&disk, PATH);
    die_after(&disk, |store| {
        retitle(store, "alder", "ash");
        store.delete("key:elm", None).expect("it is deleted");
        add(store, "cedar");
    });
    let (old_log, old_lock) = (read(&disk, LOG), read(&disk, LOCK));
    close_after(&disk, |_| {});
    let (file, between) = (read(&disk, PATH), read(&disk, LOCK));
    die_after(&disk, |store| {
        retitle(store, "birch", "beech");
        add(store, "dogwood");
    });
    let (log, lock) = (read(&disk, LOG), read(&disk, LOCK));
    let other = SimulatedDisk::new();
    close_after(&other, |store| add(store, "xylosma"));
    die_after(&other, |store| add(store, "yew"));
    History {
        file: [file, old_file, read(&other, PATH)],
        log: [log, old_log, read(&other, LOG)],
        lock: [lock, between, old_lock, read(&other, LOCK)],
    }
}

impl History {
    fn disk(&self, file: Is, log: Is, lock: Is) -> SimulatedDisk {
        let disk = SimulatedDisk::new();
        let edited = || {
            let text = String::from_utf8(self.file[0].clone()).expect("it is text");
            text.replace(r#""title": "birch""#, r#""title": "bamboo""#).into_bytes()
        };
        let place = |is| match is {
            Is::Current | Is::Edited => Some(0),
            Is::Old | Is::Between => Some(1),
            Is::Anothers => Some(2),
            Is::Gone => None,
        };
        let lock_place = if lock == Is::Old { Some(2) } else { place(lock) };
        let lock_place = if lock == Is::Anothers { Some(3) } else { lock_place };
        let file_bytes = place(file).map(|place| self.file[place].clone());
        let file_bytes = if file == Is::Edited { Some(edited()) } else { file_bytes };
        let log_bytes = place(log).map(|place| self.log[place].clone());
        let lock_bytes = lock_place.map(|place| self.lock[place].clone());
        for (path, bytes) in [(PATH, file_bytes), (LOG, log_bytes), (LOCK, lock_bytes)] {
            if let Some(bytes) = bytes {
                disk.write(path, &bytes);
            }
        }
        disk.advance(LATER);
        disk
    }
}

fn parsed(text: &str) -> Value {
    Value::parse(text).expect("the library writes JSON")
}

fn titles(store: &Store) -> Vec<String> {
    let page = parsed(&store.list(None).expect("it is listed"));
    let documents = page.get("documents").and_then(Value::elements).expect("documents").to_vec();
    let title = |it: &Value| it.get("title").and_then(Value::as_text).expect("a title").to_owned();
    let mut titles: Vec<String> = documents.iter().map(title).collect();
    titles.sort();
    titles
}

fn conflicts(store: &Store) -> usize {
    let info = parsed(&store.info().expect("it tells"));
    info.get("conflicts").and_then(Value::elements).expect("conflicts").len()
}

/// Every title that stands in any file of the folder, as text.
fn on_disk(disk: &SimulatedDisk) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for name in disk.names("/") {
        let bytes = disk.read(Path::new("/").join(&name)).expect("it is there");
        let text = String::from_utf8_lossy(&bytes);
        for mark in [r#""title":""#, r#""title": ""#] {
            let rest = text.split(mark).skip(1);
            found.extend(rest.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        }
    }
    found
}

/// Titles that were somewhere before and are nowhere now, nor what became of them.
fn lost(before: &BTreeSet<String>, disk: &SimulatedDisk) -> Vec<String> {
    let after = on_disk(disk);
    let is_there = |title: &str| after.contains(title);
    let has_successor = |title: &str| {
        SUCCESSORS.iter().any(|(old, new)| {
            *old == title && (is_there(new) || new.is_empty() && before.contains("ash"))
        })
    };
    let is_lost = |title: &&String| !is_there(title) && !has_successor(title);
    before.iter().filter(is_lost).cloned().collect()
}

/// What opening comes to: the documents and how many files were kept aside, or why it is refused.
type Outcome = std::result::Result<(Vec<String>, usize), String>;

fn outcome(disk: &SimulatedDisk, options: &str) -> Outcome {
    let store = open(disk, options).map_err(|error| error.name().to_owned())?;
    let verified = parsed(&store.verify().expect("it can be verified"));
    assert_eq!(verified.get("ok"), Some(&Value::parse("true").expect("JSON")));
    let found = (titles(&store), conflicts(&store));
    store.close().expect("it closes");
    Ok(found)
}

/// The operations of a log: what a document was called before, and after.
fn operations(log: Is) -> Vec<(Option<&'static str>, Option<&'static str>)> {
    match log {
        Is::Current => vec![(Some("birch"), Some("beech")), (None, Some("dogwood"))],
        Is::Old => vec![(Some("alder"), Some("ash")), (Some("elm"), None), (None, Some("cedar"))],
        Is::Anothers => vec![(None, Some("yew"))],
        Is::Gone | Is::Edited | Is::Between => Vec::new(),
    }
}

/// The rule of the table.
fn expected(file: Is, log: Is, lock: Is) -> Outcome {
    let mut documents: Vec<&str> = match file {
        Is::Gone if log == Is::Gone => return Ok((Vec::new(), 0)),
        Is::Gone => return Err("FILE_GONE".to_owned()),
        Is::Current | Is::Between => vec!["ash", "birch", "cedar"],
        Is::Edited => vec!["ash", "bamboo", "cedar"],
        Is::Old => vec!["alder", "birch", "elm"],
        Is::Anothers => vec!["xylosma"],
    };
    let noted = Some(lock).filter(|lock| !matches!(lock, Is::Gone | Is::Between));
    if noted.is_some_and(|noted| noted != log) {
        return Err("LOG_MISSING".to_owned());
    }
    let is_known = noted.is_some() || lock == Is::Gone || log == Is::Current;
    let mut aside = 0;
    if file == log || is_known {
        for (before, after) in operations(log) {
            let place = before.and_then(|before| documents.iter().position(|it| *it == before));
            match (place, before, after) {
                (_, _, Some(after)) if documents.contains(&after) => {}
                (Some(place), _, Some(after)) => documents[place] = after,
                (Some(place), _, None) => drop(documents.remove(place)),
                (None, None, Some(after)) => documents.push(after),
                // A document that is not there need not be deleted.
                (None, _, None) => {}
                (None, Some(_), Some(_)) => aside = 1,
            }
        }
    } else if log != Is::Gone {
        aside = 1;
    }
    documents.sort_unstable();
    Ok((documents.into_iter().map(str::to_owned).collect(), aside))
}

fn rows() -> impl Iterator<Item = (Is, Is, Is)> {
    FILES.into_iter().flat_map(|file| {
        LOGS.into_iter().flat_map(move |log| LOCKS.into_iter().map(move |lock| (file, log, lock)))
    })
}

#[test]
fn what_opens_and_what_is_refused_follows_one_rule() {
    let history = history();
    for (file, log, lock) in rows() {
        let row = format!("file {file:?}, log {log:?}, lock {lock:?}");
        let disk = history.disk(file, log, lock);
        let rule = expected(file, log, lock);
        let read = outcome(&disk, r#"{"read_only":true}"#);
        match (&rule, file, log) {
            (_, Is::Gone, Is::Gone) => assert_eq!(read, Err("NO_SUCH_FILE".to_owned()), "{row}"),
            (Ok((titles, _)), ..) => assert_eq!(read.map(|read| read.0).as_ref(), Ok(titles)),
            (Err(_), ..) => assert_eq!(read, rule, "{row}"),
        }
        assert_eq!(outcome(&disk, "{}"), rule, "{row}");
        disk.advance(LATER);
        assert_eq!(outcome(&disk, "{}"), rule, "{row}, opened again");
    }
}

#[test]
fn nothing_that_was_written_is_lost_whatever_is_asked_for() {
    let history = history();
    for (file, log, lock) in rows() {
        for options in [
            "{}",
            r#"{"create":true}"#,
            r#"{"create":false}"#,
            r#"{"salvage":true}"#,
            r#"{"schema":{"dimensions":[{"name":"kind"}]}}"#,
            r#"{"format":"lines"}"#,
        ] {
            let row = format!("file {file:?}, log {log:?}, lock {lock:?}, {options}");
            let disk = history.disk(file, log, lock);
            let (before, bytes) = (on_disk(&disk), (disk.read(PATH), disk.read(LOG)));
            let done = open(&disk, options).and_then(|store| {
                add(&store, "fir");
                store.close()
            });
            match done {
                Ok(()) => assert!(on_disk(&disk).contains("fir"), "{row}"),
                Err(_) => assert!((disk.read(PATH), disk.read(LOG)) == bytes, "{row}: touched"),
            }
            assert_eq!(lost(&before, &disk), Vec::<String>::new(), "{row}");
        }
    }
}

#[test]
fn with_salvage_the_log_of_a_file_that_is_gone_makes_a_new_one() {
    let history = history();
    let disk = history.disk(Is::Gone, Is::Current, Is::Current);
    let salvaged = outcome(&disk, r#"{"salvage":true}"#);
    assert_eq!(salvaged, Ok((vec!["dogwood".to_owned()], 1)));
    assert!(disk.read(LOG).is_none(), "what found no place is kept aside");
}

/// Opens, adds a document and closes, as far as that goes; whether the document was acknowledged.
fn work(disk: &SimulatedDisk) -> bool {
    let Ok(store) = open(disk, "{}") else { return false };
    let added = store.add(r#"{"title":"fir"}"#, None).is_ok();
    // The process may be dead by now.
    drop(store);
    added
}

#[test]
fn a_death_in_between_loses_nothing() {
    let history = history();
    let mut deaths = 0;
    for (file, log, lock) in rows() {
        for effect in [Effect::Kill, Effect::PowerCut] {
            for nth in 1.. {
                let row = format!("file {file:?}, log {log:?}, lock {lock:?}, {effect:?} {nth}");
                let disk = history.disk(file, log, lock);
                let before = on_disk(&disk);
                disk.clear_operations();
                disk.plan(Fault { call: None, nth, sticky: false, effect });
                let added = work(&disk);
                let ended = (disk.operations().len() as u64) < nth;
                disk.forget_faults();
                disk.reboot(if effect == Effect::Kill { Keep::All } else { Keep::None });
                disk.advance(LATER);
                let again = outcome(&disk, "{}").map(|(titles, _)| titles);
                assert_eq!(lost(&before, &disk), Vec::<String>::new(), "{row}");
                match &again {
                    Ok(titles) => assert!(!added || titles.contains(&"fir".to_owned()), "{row}"),
                    Err(error) => {
                        assert_eq!(Some(error), expected(file, log, lock).err().as_ref(), "{row}");
                    }
                }
                deaths += 1;
                if ended {
                    break;
                }
            }
        }
    }
    assert!(deaths > 5_000, "{deaths}");
}

/// What a program that runs does next.
#[derive(Clone, Copy, Debug)]
enum Next {
    Reads,
    Writes,
    Closes,
    Another,
}

#[test]
fn a_running_program_loses_nothing_of_what_it_acknowledged() {
    let history = history();
    let bytes = |is: Is| history.disk(is, Is::Gone, Is::Gone).read(PATH);
    for (policy, lock_goes) in [("{}", false), ("{}", true), (BATCHED, false), (BATCHED, true)] {
        for file in FILES {
            for next in [Next::Reads, Next::Writes, Next::Closes, Next::Another] {
                let row = format!("{policy}, file {file:?}, {lock_goes}, then it {next:?}");
                let disk = history.disk(Is::Current, Is::Current, Is::Current);
                let store = open(&disk, policy).expect("it opens");
                add(&store, "fir");
                disk.advance(LATER);
                let before = on_disk(&disk);
                if file != Is::Current {
                    disk.edit_later(Duration::ZERO, PATH, bytes(file).as_deref());
                }
                if lock_goes {
                    disk.edit_later(Duration::ZERO, LOCK, None);
                }
                disk.advance(LATER);
                match next {
                    Next::Reads => assert_eq!(store.list(None).is_err(), file == Is::Gone, "{row}"),
                    Next::Writes => {
                        let added = store.add(r#"{"title":"gum"}"#, None);
                        assert_eq!(added.is_err(), file == Is::Gone, "{row}");
                    }
                    Next::Closes => {}
                    Next::Another => assert_eq!(open(&disk, "{}").is_err(), file == Is::Gone),
                }
                let closed = store.close().map_err(|error| error.name().to_owned());
                let gone = || Err("FILE_GONE".to_owned());
                assert_eq!(closed, if file == Is::Gone { gone() } else { Ok(()) }, "{row}");
                let mut lost = lost(&before, &disk);
                lost.retain(|title| file == Is::Gone || title == "fir");
                if file == Is::Gone {
                    // Put back, it is as if nothing had been.
                    lost.retain(|title| !["ash", "birch", "cedar"].contains(&title.as_str()));
                    disk.write(PATH, &history.file[0]);
                    disk.advance(LATER);
                    let titles = outcome(&disk, "{}").map(|(titles, _)| titles);
                    let all = ["ash", "beech", "cedar", "dogwood", "fir"].map(str::to_owned);
                    assert_eq!(titles, Ok(all.to_vec()), "{row}");
                }
                assert_eq!(lost, Vec::<String>::new(), "{row}");
            }
        }
    }
}
