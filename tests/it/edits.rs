//! A person's edits of the file, seen by programs that come and go.

use std::fs;
use std::path::Path;

use std::time::Duration;

use nanostore::testing::SimulatedDisk;
use nanostore::{ErrorKind, Store};

use crate::json::Value;
use crate::universe::TestFolder;

fn open(path: &Path) -> Store {
    Store::open(path, None).expect("the store opens")
}

fn rev(document: &str) -> String {
    let document = Value::parse(document).expect("the library writes JSON");
    document.get("rev").expect("a document has a revision").to_string()
}

/// A closed store with one document, at revision 1.
fn store_with_bread(folder: &TestFolder) -> std::path::PathBuf {
    let path = folder.path().join("todos.json");
    let store = open(&path);
    let added = store.add(r#"{"title":"Bread"}"#, None).expect("it is added");
    assert_eq!(rev(&added), "1");
    path
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).expect("the file is there");
    assert!(text.contains(from));
    fs::write(path, text.replace(from, to)).expect("the file can be edited");
}

#[test]
fn an_edit_has_one_revision_for_all_programs_that_open_the_file() {
    let folder = TestFolder::new("edit");
    let path = store_with_bread(&folder);
    edit(&path, "Bread", "Rye bread");
    for _ in 0..3 {
        assert_eq!(rev(&open(&path).get("1", None).expect("it is there")), "2");
    }
    let stale = open(&path).update("1", r#"{"body":"x"}"#, Some(r#"{"if_rev":1}"#));
    assert_eq!(stale.expect_err("the person was faster").kind(), ErrorKind::Conflict);
    let changed = open(&path).update("1", r#"{"body":"x"}"#, Some(r#"{"if_rev":2}"#));
    assert_eq!(rev(&changed.expect("this is the version read")), "3");
    assert!(fs::read_to_string(&path).expect("the file is there").contains("Rye bread"));
}

#[test]
fn a_second_edit_has_a_revision_of_its_own() {
    let folder = TestFolder::new("edit");
    let path = store_with_bread(&folder);
    edit(&path, "Bread", "Rye bread");
    assert_eq!(rev(&open(&path).get("1", None).expect("it is there")), "2");
    edit(&path, "Rye bread", "Toast");
    assert_eq!(rev(&open(&path).get("1", None).expect("it is there")), "3");
}

/// A process of its own, which writes to the log.
fn process(disk: &SimulatedDisk) -> Store {
    let options = r#"{"durability":"batched","interval_ms":3600000}"#;
    let path = Path::new("/todos.json");
    Store::open_simulated(disk.process(), path, Some(options)).expect("the store opens")
}

#[test]
fn what_a_program_took_in_of_an_edit_is_there_for_all_from_its_next_commit_on() {
    for (is_known, bread) in [(true, "1"), (false, "3")] {
        let disk = SimulatedDisk::new();
        let store = process(&disk);
        for title in ["Bread", "Milk"] {
            store.add(&format!(r#"{{"title":"{title}"}}"#), None).expect("it is added");
        }
        store.close().expect("it closes");
        disk.advance(Duration::from_secs(1));
        let knowing = is_known.then(|| process(&disk));
        let text = disk.read("/todos.json").expect("the file is there");
        let text = String::from_utf8(text).expect("it is text").replace("Milk", "Oat milk");
        disk.write("/todos.json", text.as_bytes());
        disk.advance(Duration::from_secs(1));
        let store = knowing.unwrap_or_else(|| process(&disk));
        let revs =
            |store: &Store| ["1", "2"].map(|id| rev(&store.get(id, None).expect("it is there")));
        assert_eq!(revs(&store), [bread, "3"]);
        for is_logged in [false, true] {
            store.add(r#"{"title":"Salt"}"#, None).expect("it is added");
            assert_eq!(revs(&process(&disk)), [bread, "3"]);
            assert_eq!(disk.read("/todos.json.wal").is_some(), is_logged);
        }
    }
}

#[test]
fn a_program_that_stays_marks_only_what_was_edited() {
    let folder = TestFolder::new("edit");
    let path = store_with_bread(&folder);
    let store = open(&path);
    store.add(r#"{"title":"Milk"}"#, None).expect("it is added");
    edit(&path, "Bread", "Rye bread");
    assert_eq!(rev(&store.get("1", None).expect("it is there")), "3");
    assert_eq!(rev(&store.get("2", None).expect("it is there")), "2");
    let added = store.add(r#"{"title":"Salt"}"#, None).expect("it is added");
    assert_eq!(rev(&added), "4");
    assert_eq!(rev(&open(&path).get("1", None).expect("it is there")), "3");
}
