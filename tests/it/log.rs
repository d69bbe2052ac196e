//! What becomes of commits that wait in the log: edits by hand, restored files, damage, salvage.
//!
//! The disk is simulated: a reboot that keeps everything is a process that was killed.

use std::path::Path;
use std::time::Duration;

use nanostore::testing::{Call, Keep, SimulatedDisk, SimulatedProcess};
use nanostore::{Error, ErrorKind, Store};

use crate::json::Value;

const PATH: &str = "/todos.json";
const LOG: &str = "/todos.json.wal";
/// Longer than the grain of file times.
const LATER: Duration = Duration::from_secs(1);
const BATCHED: &str = r#""durability":"batched","interval_ms":3600000"#;

fn open(process: &SimulatedProcess, options: &str) -> nanostore::Result<Store> {
    let options = format!(r#"{{"uuid_seed":1,{options}}}"#);
    Store::open_simulated(process.clone(), Path::new(PATH), Some(&options))
}

fn open_plainly(disk: &SimulatedDisk) -> Store {
    open(&disk.process(), r#""checkpoint":"auto""#).expect("the store opens")
}

fn refused(disk: &SimulatedDisk) -> Error {
    open(&disk.process(), r#""checkpoint":"auto""#).err().expect("it is refused")
}

fn add(store: &Store, title: &str) {
    store.add(&format!(r#"{{"key":"{title}","title":"{title}"}}"#), None).expect("it is added");
}

fn retitle(store: &Store, key: &str, title: &str) {
    let patch = format!(r#"{{"title":"{title}"}}"#);
    store.update(&format!("key:{key}"), &patch, None).expect("it is changed");
}

/// A store whose file holds `a` and `b`, and whose log changes `a` and adds `c`, without a program
/// that uses it.
fn with_waiting_log() -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    let store = open_plainly(&disk);
    add(&store, "a");
    add(&store, "b");
    store.close().expect("it closes");
    disk.advance(LATER);
    let store = open(&disk.process(), BATCHED).expect("the store opens");
    retitle(&store, "a", "A");
    add(&store, "c");
    kill(&disk, store);
    assert!(disk.read(LOG).is_some(), "there is a log");
    disk
}

/// The process dies; everything it wrote is there.
fn kill(disk: &SimulatedDisk, store: Store) {
    disk.reboot(Keep::All);
    drop(store);
    disk.advance(LATER);
}

fn text(disk: &SimulatedDisk, path: &str) -> String {
    String::from_utf8(disk.read(path).expect("the file is there")).expect("it is text")
}

fn edit(disk: &SimulatedDisk, from: &str, to: &str) {
    let old = text(disk, PATH);
    assert!(old.contains(from), "{old}");
    disk.write(PATH, old.replace(from, to).as_bytes());
    disk.advance(LATER);
}

fn titles(store: &Store) -> Vec<String> {
    let page = parsed(&store.list(Some(r#"{"order_by":["key"]}"#)).expect("it is listed"));
    let documents = page.get("documents").and_then(Value::elements).expect("documents").to_vec();
    let title = |it: &Value| it.get("title").and_then(Value::as_text).expect("a title").to_owned();
    documents.iter().map(title).collect()
}

fn parsed(text: &str) -> Value {
    Value::parse(text).expect("the library writes JSON")
}

fn number(store: &Store, member: &str) -> u64 {
    let info = parsed(&store.info().expect("it tells"));
    info.get(member).and_then(Value::as_u64).unwrap_or_else(|| panic!("{member} in {info}"))
}

fn conflicts(store: &Store) -> Vec<String> {
    let info = parsed(&store.info().expect("it tells"));
    let paths = info.get("conflicts").and_then(Value::elements).expect("conflicts").to_vec();
    paths.iter().map(|path| path.as_text().expect("a path").to_owned()).collect()
}

fn rev(store: &Store, key: &str) -> u64 {
    let document = parsed(&store.get(&format!("key:{key}"), None).expect("it is there"));
    document.get("rev").and_then(Value::as_u64).expect("a rev")
}

#[test]
fn commits_in_the_log_of_a_killed_process_are_there_and_get_into_the_file() {
    let disk = with_waiting_log();
    let store = open_plainly(&disk);
    assert_eq!(titles(&store), ["A", "b", "c"]);
    store.close().expect("it closes");
    assert!(disk.read(LOG).is_none(), "the log is folded into the file");
    assert!(text(&disk, PATH).contains(r#""title": "c""#));
}

#[test]
fn a_reader_sees_the_log_without_touching_anything() {
    let disk = with_waiting_log();
    let (file, log) = (disk.read(PATH), disk.read(LOG));
    let store = open(&disk.process(), r#""read_only":true"#).expect("the store opens");
    assert_eq!(titles(&store), ["A", "b", "c"]);
    store.close().expect("it closes");
    assert!((disk.read(PATH), disk.read(LOG)) == (file, log), "nothing was written");
}

#[test]
fn an_edit_of_another_document_is_merged_with_the_log() {
    let disk = with_waiting_log();
    edit(&disk, r#""title": "b""#, r#""title": "B by hand""#);
    let store = open_plainly(&disk);
    assert_eq!(titles(&store), ["A", "B by hand", "c"]);
    assert!(conflicts(&store).is_empty());
    // Who decided on the version before the edit conflicts.
    let stale = store.update("key:b", r#"{"title":"x"}"#, Some(r#"{"if_rev":2}"#));
    assert_eq!(stale.map_err(|error| error.kind()), Err(ErrorKind::Conflict));
    assert!(disk.read(LOG).is_none(), "what was merged is in the file");
}

#[test]
fn an_edit_of_the_same_document_stands_and_the_commit_is_kept_aside() {
    let disk = with_waiting_log();
    let log = text(&disk, LOG);
    edit(&disk, r#""title": "a""#, r#""title": "a by hand""#);
    let before = {
        let reader = open(&disk.process(), r#""read_only":true"#).expect("the store opens");
        titles(&reader)
    };
    let store = open_plainly(&disk);
    assert_eq!(titles(&store), ["a by hand", "b", "c"]);
    assert_eq!(before, titles(&store), "a reader merges alike");
    let kept = conflicts(&store);
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(kept[0].starts_with("/todos.json.conflict-"), "{kept:?}");
    let operations = text(&disk, &kept[0]);
    assert!(operations.contains(r#""title":"A""#), "{operations}");
    assert!(!operations.contains(r#""title":"c""#), "{operations}");
    let is_whole = |line: &str| line.starts_with(r#"{"c":"documents","#) && line.ends_with("\"}");
    assert!(operations.lines().all(|line| is_whole(line) && log.contains(line)), "{operations}");
}

#[test]
fn a_document_that_a_person_removed_is_not_brought_back_by_the_log() {
    let disk = with_waiting_log();
    let old = text(&disk, PATH);
    let start = old.find("    {").expect("the first document");
    let end = old[start..].find("    },\n").expect("its end") + start + "    },\n".len();
    disk.write(PATH, [&old[..start], &old[end..]].concat().as_bytes());
    disk.advance(LATER);
    let store = open_plainly(&disk);
    assert_eq!(titles(&store), ["b", "c"]);
    assert_eq!(conflicts(&store).len(), 1);
}

#[test]
fn a_log_that_meets_a_strange_file_is_set_aside_whole() {
    let disk = with_waiting_log();
    // An edit of `a` and a document with the key and UUID of `c` leave nothing to hold on to.
    let log = text(&disk, LOG);
    let uuid = log.rsplit(r#""put":{"uuid":""#).next().and_then(|rest| rest.get(..36));
    let uuid = uuid.expect("the UUID of c").to_owned();
    let strange = format!(r#"{{"documents":[{{"uuid":"{uuid}","title":"Other"}}]}}"#);
    disk.write(PATH, strange.as_bytes());
    disk.advance(LATER);
    let store = open_plainly(&disk);
    assert_eq!(titles(&store), ["Other"]);
    let kept = conflicts(&store);
    assert!(kept.len() == 1 && kept[0].starts_with("/todos.json.orphan-"), "{kept:?}");
}

#[test]
fn commit_numbers_never_go_back_when_an_older_file_is_put_back() {
    let disk = SimulatedDisk::new();
    let store = open_plainly(&disk);
    add(&store, "a");
    let backup = disk.read(PATH).expect("the file");
    for title in ["b", "c", "d"] {
        add(&store, title);
    }
    let last = number(&store, "commit");
    store.close().expect("it closes");
    disk.advance(LATER);
    disk.write(PATH, &backup);
    disk.advance(LATER);
    let store = open_plainly(&disk);
    assert_eq!(titles(&store), ["a"]);
    assert!(number(&store, "commit") > last);
    assert!(rev(&store, "a") > last, "the older version is a new revision");
}

#[test]
fn a_restored_backup_takes_from_the_log_what_fits() {
    let disk = SimulatedDisk::new();
    let store = open_plainly(&disk);
    add(&store, "a");
    let backup = disk.read(PATH).expect("the file");
    add(&store, "b");
    store.close().expect("it closes");
    disk.advance(LATER);
    let store = open(&disk.process(), BATCHED).expect("the store opens");
    retitle(&store, "a", "A");
    retitle(&store, "b", "B");
    kill(&disk, store);
    disk.write(PATH, &backup);
    disk.advance(LATER);
    let store = open_plainly(&disk);
    assert_eq!(titles(&store), ["A"], "the change of b finds no b");
    assert_eq!(conflicts(&store).len(), 1);
}

#[test]
fn a_damaged_commit_is_refused_and_can_be_salvaged() {
    let disk = with_waiting_log();
    let store = open_plainly(&disk);
    // A sync vouches for what is before it.
    store.sync().expect("it syncs");
    add(&store, "d");
    kill(&disk, store);
    let log = text(&disk, LOG);
    let damaged = log.replace(r#""title":"A""#, r#""title":"X""#);
    assert_ne!(log, damaged);
    disk.write(LOG, damaged.as_bytes());
    let before = (disk.read(PATH), disk.read(LOG));
    let error = refused(&disk);
    assert_eq!((error.kind(), error.name()), (ErrorKind::Corrupt, "LOG_DAMAGED"));
    assert!(error.message().contains("at byte"), "{error}");
    assert!((disk.read(PATH), disk.read(LOG)) == before, "nothing was changed");

    let store = open(&disk.process(), r#""salvage":true"#).expect("it is salvaged");
    assert_eq!(titles(&store), ["a", "b", "c", "d"], "all but the damaged commit");
    let kept = conflicts(&store);
    assert!(kept.iter().any(|path| path.starts_with("/todos.json.damaged-")), "{kept:?}");
    store.close().expect("it closes");
    assert_eq!(titles(&open_plainly(&disk)), ["a", "b", "c", "d"]);
}

#[test]
fn a_log_that_has_gone_is_missed_and_can_be_done_without() {
    let disk = with_waiting_log();
    disk.edit_later(Duration::ZERO, LOG, None);
    disk.advance(LATER);
    assert!(disk.read(LOG).is_none());
    let error = refused(&disk);
    assert_eq!((error.kind(), error.name()), (ErrorKind::Corrupt, "LOG_MISSING"));
    let store = open(&disk.process(), r#""salvage":true"#).expect("it is salvaged");
    assert_eq!(titles(&store), ["a", "b"]);
    add(&store, "d");
    store.close().expect("it closes");
    assert_eq!(titles(&open_plainly(&disk)), ["a", "b", "d"]);
}

#[test]
fn an_unfinished_commit_at_the_end_of_the_log_is_dropped_and_kept_aside() {
    let disk = with_waiting_log();
    // It begins on the space that was claimed for it.
    let torn = r#"{"seq":9,"salt":"00"#;
    let mut log = text(&disk, LOG);
    let end = log.trim_end().len() + 1;
    log.replace_range(end..end + torn.len(), torn);
    disk.write(LOG, log.as_bytes());
    let store = open_plainly(&disk);
    assert_eq!(titles(&store), ["A", "b", "c"]);
    let kept = conflicts(&store);
    assert!(kept.len() == 1 && kept[0].starts_with("/todos.json.torn-"), "{kept:?}");
    assert_eq!(text(&disk, &kept[0]), torn);
    add(&store, "d");
    kill(&disk, store);
    assert_eq!(titles(&open_plainly(&disk)), ["A", "b", "c", "d"]);
}

#[test]
fn a_record_of_another_log_does_not_count() {
    let disk = with_waiting_log();
    // The same commits, then a log of another identity, whose record has the next number.
    let other = with_waiting_log();
    open_plainly(&other).close().expect("it closes");
    other.advance(LATER);
    let store = open(&other.process(), BATCHED).expect("the store opens");
    add(&store, "strange");
    kill(&other, store);
    let strange = text(&other, LOG).trim_end().lines().last().expect("a record").to_owned();
    assert!(strange.contains("strange"), "{strange}");
    let log = format!("{}\n{strange}\n", text(&disk, LOG).trim_end());
    disk.write(LOG, log.as_bytes());
    let store = open_plainly(&disk);
    assert_eq!(titles(&store), ["A", "b", "c"]);
}

#[test]
fn recovering_twice_is_recovering_once() {
    let disk = with_waiting_log();
    let mut log = text(&disk, LOG);
    log.push_str("half a line");
    disk.write(LOG, log.as_bytes());
    kill(&disk, open_plainly(&disk));
    let once = disk.read(LOG);
    kill(&disk, open_plainly(&disk));
    assert!(disk.read(LOG) == once);
}

#[test]
fn other_processes_learn_of_a_commit_by_reading_the_log_alone() {
    let disk = with_waiting_log();
    let (writer, reader) = (open_plainly(&disk), open_plainly(&disk));
    assert_eq!(titles(&reader).len(), 3);
    disk.advance(LATER);
    titles(&reader);
    add(&writer, "d");
    disk.clear_operations();
    assert_eq!(titles(&reader).len(), 4);
    let calls = disk.operations();
    let opened: Vec<_> = calls.iter().filter(|it| it.call == Call::Open).collect();
    assert!(opened.is_empty(), "no file is opened: {opened:?}");
    assert!(!calls.iter().any(|it| it.call == Call::Lock), "no lock is taken");
    assert!(calls.len() <= 6, "{calls:?}");
}

#[test]
fn a_commit_of_a_batch_is_seen_at_once_and_on_disk_after_a_sync() {
    let disk = with_waiting_log();
    let writer = open(&disk.process(), BATCHED).expect("the store opens");
    let reader = open_plainly(&disk);
    add(&writer, "d");
    assert_eq!(titles(&reader), ["A", "b", "c", "d"]);
    assert_eq!(number(&writer, "unsynced"), 1);
    writer.sync().expect("it syncs");
    assert_eq!(number(&writer, "unsynced"), 0);
    add(&writer, "e");
    disk.reboot(Keep::None);
    drop((writer, reader));
    assert_eq!(titles(&open_plainly(&disk)), ["A", "b", "c", "d"], "e was not synced");
}

#[test]
fn a_number_that_a_power_cut_took_is_not_given_out_again() {
    let disk = with_waiting_log();
    let writer = open(&disk.process(), BATCHED).expect("the store opens");
    for title in ["d", "e", "f"] {
        add(&writer, title);
    }
    let last = number(&writer, "commit");
    disk.reboot(Keep::None);
    drop(writer);
    let store = open_plainly(&disk);
    assert_eq!(titles(&store), ["A", "b", "c"]);
    add(&store, "g");
    assert!(rev(&store, "g") > last, "{} after {last}", rev(&store, "g"));
}

#[test]
fn a_checkpoint_brings_the_file_up_to_date_and_ends_the_log() {
    let disk = with_waiting_log();
    let store = open_plainly(&disk);
    assert!(number(&store, "log_bytes") > 0);
    store.checkpoint().expect("it is folded");
    assert_eq!(number(&store, "log_bytes"), 0);
    assert!(disk.read(LOG).is_none());
    assert!(text(&disk, PATH).contains(r#""title": "c""#));
    assert_eq!(titles(&store), ["A", "b", "c"]);
}

#[test]
fn a_log_is_not_folded_while_another_process_goes_on_with_it() {
    let disk = with_waiting_log();
    let (first, second) = (open_plainly(&disk), open_plainly(&disk));
    add(&first, "d");
    first.close().expect("it closes");
    assert!(disk.read(LOG).is_some(), "the second one goes on with it");
    add(&second, "e");
    second.close().expect("it closes");
    assert!(disk.read(LOG).is_none());
    assert_eq!(titles(&open_plainly(&disk)), ["A", "b", "c", "d", "e"]);
}

#[test]
fn closing_folds_the_log_in_also_behind_a_look_at_the_file() {
    let disk = SimulatedDisk::new();
    let store = open(&disk.process(), BATCHED).expect("the store opens");
    add(&store, "a");
    assert!(disk.read(LOG).is_some(), "there is a log");
    store.verify().expect("it is verified");
    store.close().expect("it closes");
    assert!(disk.read(LOG).is_none(), "the log is folded in");
    assert!(text(&disk, PATH).contains("\"a\""));
}

#[test]
fn closing_tells_when_what_was_promised_cannot_be_kept() {
    let disk = SimulatedDisk::new();
    let store = open(&disk.process(), BATCHED).expect("the store opens");
    add(&store, "a");
    let old = text(&disk, PATH);
    disk.write(PATH, b"{ broken");
    disk.advance(LATER);
    assert_eq!(store.list(None).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(store.close().unwrap_err().kind(), ErrorKind::Corrupt);
    disk.write(PATH, old.as_bytes());
    assert_eq!(titles(&open_plainly(&disk)), ["a"], "the log waited");
}

#[test]
fn a_log_that_outgrows_the_file_is_folded_into_it() {
    let disk = with_waiting_log();
    let store = open_plainly(&disk);
    let body = "x".repeat(1 << 20);
    let mut longest = 0;
    for place in 0..12 {
        let document = format!(r#"{{"title":"{place}","body":"{body}"}}"#);
        store.add(&document, None).expect("it is added");
        longest = longest.max(number(&store, "log_bytes"));
    }
    assert!(longest < 7 << 20, "{longest} bytes");
    assert!(text(&disk, PATH).len() > 4 << 20);
    kill(&disk, store);
    assert_eq!(titles(&open_plainly(&disk)).len(), 15);
}
