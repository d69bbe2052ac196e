//! The world of `fixtures/universe.json`, and folders to play in.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use nanostore::Store;

use crate::json::Value;
use crate::script::fixtures;

/// A folder of its own for a test, removed at the end of it.
pub(crate) struct TestFolder(PathBuf);

impl TestFolder {
    pub(crate) fn new(name: &str) -> TestFolder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{name}-{}-{count}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).expect("a folder for the test can be made");
        TestFolder(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TestFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A store with the documents of the universe, in a file of its own.
pub(crate) fn universe() -> (TestFolder, Store) {
    let folder = TestFolder::new("universe");
    let path = folder.path().join("universe.json");
    fs::copy(fixtures().join("universe.json"), &path).expect("the universe can be copied");
    let store = Store::open(&path, None).expect("the universe opens");
    (folder, store)
}

fn parsed(text: &str) -> Value {
    Value::parse(text).expect("the library writes JSON")
}

#[test]
fn the_universe_is_whole_and_each_of_its_ids_resolves_to_its_document() {
    let (_folder, store) = universe();
    let report = parsed(&store.verify().expect("the universe can be verified"));
    assert_eq!(report.get("ok"), Some(&Value::Bool(true)), "{report}");
    let page = parsed(&store.list(Some(r#"{"view":"all"}"#)).expect("it can be listed"));
    let documents = page.get("documents").and_then(Value::elements).expect("a page of documents");
    assert_eq!(documents.len(), 36);
    for document in documents {
        let id = document.get("id").and_then(Value::as_text).expect("all have an ID");
        let uuid = document.get("uuid").and_then(Value::as_text).expect("all have a UUID");
        assert_eq!(store.resolve_id(id).expect("an ID shown resolves"), uuid, "{id}");
    }
}

#[test]
fn the_universe_is_written_in_canonical_form() {
    let (folder, store) = universe();
    let path = folder.path().join("universe.json");
    let before = fs::read_to_string(&path).expect("the file can be read");
    store.add(r#"{"title":"passing ship"}"#, None).expect("a document can be added");
    store.delete("7", None).expect("and deleted");
    let after = fs::read_to_string(&path).expect("the file can be read");
    let documents = |text: &str| -> String {
        text.lines()
            .take_while(|line| !line.starts_with("  \"metadata\""))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(documents(&before), documents(&after));
}

#[test]
fn opening_and_reading_leaves_the_file_as_it_is() {
    let (folder, store) = universe();
    store.list(None).expect("the universe can be listed");
    store.close().expect("the store closes");
    let read = |path: PathBuf| fs::read(path).expect("the file can be read");
    let copy = read(folder.path().join("universe.json"));
    assert!(copy == read(fixtures().join("universe.json")), "the file has changed");
}
