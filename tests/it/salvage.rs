//! A data file that no longer parses, opened with `salvage`: what can be read of it stays.

use std::path::Path;
use std::time::Duration;

use nanostore::testing::{Effect, Fault, Keep, SimulatedDisk};
use nanostore::{ErrorKind, Result, Store};

use crate::json::Value;

const PATH: &str = "/todos.json";
/// Longer than a file counts as just being written.
const LATER: Duration = Duration::from_secs(1);
const SALVAGE: &str = r#"{"salvage":true,"uuid_seed":2}"#;

fn open(disk: &SimulatedDisk, options: &str) -> Result<Store> {
    Store::open_simulated(disk.process(), Path::new(PATH), Some(options))
}

fn parsed(text: &str) -> Value {
    Value::parse(text).expect("the library writes JSON")
}

fn titles(store: &Store) -> Vec<String> {
    let page = parsed(&store.list(Some(r#"{"order_by":["title"]}"#)).expect("it is listed"));
    let documents = page.get("documents").and_then(Value::elements).expect("documents").to_vec();
    let title = |it: &Value| it.get("title").and_then(Value::as_text).expect("a title").to_owned();
    documents.iter().map(title).collect()
}

/// A closed store with the documents A, B and C.
fn store() -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    let store = open(&disk, r#"{"format":"lines","uuid_seed":1}"#).expect("the store opens");
    for title in ["A", "B", "C"] {
        store.add(&format!(r#"{{"title":"{title}"}}"#), None).expect("it is added");
    }
    store.close().expect("it closes");
    disk.advance(LATER);
    disk
}

/// Puts `to` in the place of `from`, in the place of the file.
fn damage(disk: &SimulatedDisk, from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(disk.read(PATH).expect("the file is there")).expect("text");
    assert!(text.contains(from), "{text}");
    disk.write(PATH, text.replacen(from, to, 1).as_bytes());
    disk.advance(LATER);
    disk.read(PATH).expect("the file is there")
}

fn kept_aside(disk: &SimulatedDisk) -> Vec<Vec<u8>> {
    let names = disk.names("/");
    let names = names.iter().filter(|name| name.to_string_lossy().contains(".damaged-"));
    names.map(|name| disk.read(Path::new("/").join(name)).expect("it is there")).collect()
}

#[test]
fn what_can_be_read_of_a_damaged_file_stays_and_the_rest_is_kept_aside() {
    let disk = store();
    let damaged = damage(&disk, r#""title":"B""#, r#""title":"B"#);
    let error = open(&disk, "{}").err().expect("it is refused");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_json().contains("salvage"), "{error:?}");
    assert_eq!(disk.read(PATH).as_ref(), Some(&damaged));

    let store = open(&disk, SALVAGE).expect("it opens");
    assert_eq!(titles(&store), ["A", "C"]);
    assert_eq!(store.verify().expect("it verifies"), r#"{"ok":true,"problems":[]}"#);
    assert_eq!(kept_aside(&disk), [damaged]);
    let info = store.info().expect("it tells");
    assert!(info.contains("todos.json.damaged-"), "{info}");
    store.add(r#"{"title":"D"}"#, None).expect("it is added");
    store.close().expect("it closes");
    assert_eq!(titles(&open(&disk, "{}").expect("it opens")), ["A", "C", "D"]);
}

#[test]
fn a_reader_sees_what_salvage_would_keep_and_verify_says_what_it_would_lose() {
    let disk = store();
    let damaged = damage(&disk, r#""title":"B""#, r#""title":"B"#);
    let reader = open(&disk, r#"{"salvage":true,"read_only":true}"#).expect("it opens");
    assert_eq!(titles(&reader), ["A", "C"]);
    let report = parsed(&reader.verify().expect("it verifies"));
    let problems = report.get("problems").and_then(Value::elements).expect("problems");
    assert_eq!(problems.len(), 1, "{report}");
    assert_eq!(problems[0].get("kind").and_then(Value::as_text), Some("lost"));
    let lines = String::from_utf8_lossy(&damaged).into_owned();
    let line = lines.lines().position(|line| line.contains(r#""title":"B"#)).expect("a line") + 1;
    assert_eq!(problems[0].get("line").and_then(Value::as_u64), Some(line as u64));
    assert_eq!(disk.read(PATH), Some(damaged));
    assert!(kept_aside(&disk).is_empty());
}

#[test]
fn a_file_that_is_broken_while_it_is_in_use_is_left_to_whoever_broke_it() {
    let disk = store();
    let store = open(&disk, SALVAGE).expect("it opens");
    let damaged = damage(&disk, r#""title":"B""#, r#""title":"B"#);
    let error = store.add(r#"{"title":"D"}"#, None).expect_err("it is refused");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert_eq!(disk.read(PATH).as_ref(), Some(&damaged));
    let report = store.verify().expect("it verifies");
    assert!(report.contains(r#""kind":"corrupt""#) && report.contains(r#""kind":"lost""#));
    damage(&disk, r#""title":"B"#, r#""title":"B""#);
    store.add(r#"{"title":"D"}"#, None).expect("it goes on");
    assert_eq!(titles(&store), ["A", "B", "C", "D"]);
}

#[test]
fn what_is_no_store_is_refused_with_salvage_too() {
    for text in ["", "not a store at all", "{\"documents\":[", "\u{0}\u{1}\u{2}"] {
        let disk = SimulatedDisk::new();
        disk.write(PATH, text.as_bytes());
        disk.advance(LATER);
        let error = open(&disk, SALVAGE).err().expect("it is refused");
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{text:?}");
        assert_eq!(disk.read(PATH).as_deref(), Some(text.as_bytes()));
    }
}

#[test]
fn commits_in_the_log_of_a_damaged_file_are_kept_where_they_fit() {
    let disk = store();
    let batched = r#"{"durability":"batched","interval_ms":3600000,"uuid_seed":3}"#;
    let store = open(&disk, batched).expect("it opens");
    store.add(r#"{"title":"D"}"#, None).expect("it is added");
    disk.reboot(Keep::All);
    drop(store);
    damage(&disk, r#""title":"B""#, r#""title":"B"#);
    let store = open(&disk, SALVAGE).expect("it opens");
    assert_eq!(titles(&store), ["A", "C", "D"]);
}

#[test]
fn a_power_cut_anywhere_in_a_salvage_loses_nothing_more() {
    let damaged = || {
        let disk = store();
        damage(&disk, r#""title":"B""#, r#""title":"B"#);
        disk
    };
    let mut states = 0;
    for nth in 1.. {
        let disk = damaged();
        disk.plan(Fault { call: None, nth, sticky: false, effect: Effect::PowerCut });
        let is_through = open(&disk, SALVAGE).is_ok();
        for keep in [Keep::None, Keep::All].into_iter().chain((0..8).map(Keep::Random)) {
            let after = disk.copy();
            after.reboot(keep);
            after.advance(LATER);
            let store = open(&after, SALVAGE).unwrap_or_else(|error| panic!("{nth}: {error:?}"));
            assert_eq!(titles(&store), ["A", "C"], "{nth}, {keep:?}");
            assert_eq!(kept_aside(&after).len(), 1, "{nth}, {keep:?}");
            states += 1;
        }
        if is_through {
            break;
        }
    }
    println!("{states} states after power cuts in a salvage");
    assert!(states > 100, "{states}");
}
