//! A person's edits of the file, seen by programs that come and go.

use std::fs;
use std::path::Path;

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
