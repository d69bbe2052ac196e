//! A sequence of calls of the C interface, right ones and wrong ones, beside a plain model.

#![no_main]

use std::collections::BTreeMap;
use std::ffi::CString;
use std::sync::atomic::{AtomicU32, Ordering};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use nanostore_fuzz::c::{Handle, c};
use nanostore_fuzz::{OPTIONS, documents, parsed, text};
use serde_json::{Value, json};

const ALL: &str = r#"{"view":"all"}"#;
const STEPS_MAX: usize = 60;

#[derive(Arbitrary, Debug)]
struct Input {
    file: bool,
    steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
enum Step {
    /// On a document, where there is one.
    On(u8, Change),
    Add {
        parent: Option<u8>,
        status: u8,
    },
    Any(Wrong),
    Cursor {
        steps: u8,
    },
    Reopen,
}

#[derive(Arbitrary, Debug)]
enum Change {
    Title,
    Status(u8),
    Replace,
    Delete { cascade: bool },
    Batch { fails: bool },
    Get,
    Patch(Vec<u8>),
}

/// A call with bytes that may mean anything, or nothing.
#[derive(Arbitrary, Debug)]
enum Wrong {
    Add(Vec<u8>),
    Get(Vec<u8>),
    Apply(Vec<u8>),
    List(Vec<u8>),
    Null(u8),
}

/// What a document should be like.
#[derive(Clone, Debug, PartialEq)]
struct Model {
    title: Value,
    parent: Option<String>,
}

struct World {
    store: Handle,
    path: CString,
    documents: BTreeMap<String, Model>,
    steps: u32,
}

fn open(path: &CString) -> Handle {
    Handle::open(path, &c(format!(r#"{{{OPTIONS},"durability":"batched"}}"#)))
}

fn status(number: u8) -> &'static str {
    ["pending", "active", "done"][usize::from(number) % 3]
}

impl World {
    fn which(&self, number: u8) -> Option<String> {
        let count = self.documents.len();
        self.documents.keys().nth(usize::from(number) % count.max(1)).cloned()
    }

    /// Takes over what a call says that a document is now.
    fn note(&mut self, document: &str) -> String {
        let document = parsed(document);
        let uuid = text(&document, "uuid").to_owned();
        let parent = document["dimensions"]["parent_id"].as_str().map(str::to_owned);
        let model = Model { title: document["title"].clone(), parent };
        self.documents.insert(uuid.clone(), model);
        uuid
    }

    /// What cannot be foreseen is read back; the check at the end compares other ways to read it.
    fn reload(&mut self) {
        let page = self.store.list(ALL.as_bytes()).expect("it is listed");
        self.documents.clear();
        for document in documents(&page) {
            self.note(&document.to_string());
        }
    }

    /// The document and all below it.
    fn below(&self, uuid: &str) -> Vec<String> {
        let mut found = vec![uuid.to_owned()];
        let mut at = 0;
        while let Some(parent) = found.get(at).cloned() {
            let is_child = |it: &Model| it.parent.as_ref() == Some(&parent);
            let children = self.documents.iter().filter(|(_, it)| is_child(it));
            let new: Vec<String> =
                children.map(|(it, _)| it.clone()).filter(|it| !found.contains(it)).collect();
            found.extend(new);
            at += 1;
        }
        found
    }

    fn step(&mut self, step: &Step) {
        self.steps += 1;
        match step {
            Step::On(number, change) => {
                if let Some(uuid) = self.which(*number) {
                    self.change(&uuid, change);
                }
            }
            Step::Add { parent, status: number } => {
                let title = json!(format!("t{}", self.steps));
                let dimensions = json!({"status": status(*number)});
                let mut document = json!({"title": title, "dimensions": dimensions});
                if let Some(parent) = parent.and_then(|parent| self.which(parent)) {
                    document["dimensions"]["parent_id"] = json!(parent);
                }
                let added = self.store.add(document.to_string().as_bytes()).expect("it is added");
                let uuid = self.note(&added);
                assert_eq!(self.documents[&uuid].title, title);
            }
            Step::Any(wrong) => self.wrong(wrong),
            Step::Cursor { steps } => self.walk(*steps),
            Step::Reopen => self.reopen(),
        }
    }

    fn change(&mut self, uuid: &str, change: &Change) {
        let title = json!(format!("t{}", self.steps));
        match change {
            Change::Title => {
                let patch = json!({ "title": title }).to_string();
                let updated = self.store.update(uuid, patch.as_bytes()).expect("it is changed");
                assert_eq!(self.note(&updated), uuid);
                assert_eq!(self.documents[uuid].title, title);
            }
            Change::Status(number) => {
                let patch = json!({ "dimensions": { "status": status(*number) } }).to_string();
                let updated = self.store.update(uuid, patch.as_bytes()).expect("it is changed");
                assert_eq!(parsed(&updated)["dimensions"]["status"], json!(status(*number)));
            }
            Change::Replace => {
                let document = json!({ "title": title }).to_string();
                let replaced = self.store.replace(uuid, document.as_bytes());
                assert_eq!(self.note(&replaced.expect("it is replaced")), uuid);
            }
            Change::Delete { cascade } => self.delete(uuid, *cascade),
            Change::Batch { fails } => self.batch(uuid, *fails),
            Change::Get => {
                let document = parsed(&self.store.get(uuid.as_bytes()).expect("it is there"));
                assert_eq!(document["title"], self.documents[uuid].title);
            }
            Change::Patch(patch) => {
                if let Ok(updated) = self.store.update(uuid, patch) {
                    assert_eq!(self.note(&updated), uuid);
                }
            }
        }
    }

    fn delete(&mut self, uuid: &str, cascade: bool) {
        let deleted = self.store.delete(uuid, cascade);
        let below = self.below(uuid);
        if !cascade && below.len() > 1 {
            assert_eq!(deleted.expect_err("it has children")["name"], "HAS_CHILDREN");
            return;
        }
        deleted.expect("it is deleted");
        below.iter().for_each(|uuid| drop(self.documents.remove(uuid)));
    }

    fn batch(&mut self, uuid: &str, fails: bool) {
        let patch = json!({"op":"update","ids":[uuid],"patch":{"title":"batch"}});
        let add = json!({"op":"add","document":{"title":"in a batch"}});
        let nobody = json!({"op":"delete","ids":["999999"]});
        let operations = if fails { json!([patch, add, nobody]) } else { json!([patch, add]) };
        let result = self.store.apply(operations.to_string().as_bytes());
        assert_eq!(result.is_err(), fails, "{result:?}");
        if !fails {
            self.reload();
            assert_eq!(self.documents[uuid].title, json!("batch"));
        }
    }

    fn wrong(&mut self, wrong: &Wrong) {
        match wrong {
            Wrong::Add(bytes) => {
                if let Ok(added) = self.store.add(bytes) {
                    self.note(&added);
                }
            }
            Wrong::Get(bytes) => {
                if let Ok(document) = self.store.get(bytes) {
                    assert!(self.documents.contains_key(text(&parsed(&document), "uuid")));
                }
            }
            Wrong::Apply(bytes) => {
                if self.store.apply(bytes).is_ok() {
                    self.reload();
                }
            }
            Wrong::List(bytes) => drop(self.store.list(bytes)),
            Wrong::Null(which) => assert!(self.store.with_null(*which).is_err()),
        }
    }

    /// A cursor goes over what was there when it was opened, and may be closed at any time.
    fn walk(&self, steps: u8) {
        let cursor = self.store.cursor(ALL);
        let documents = (0..steps).map_while(|_| cursor.next_document()).count();
        assert_eq!(documents, self.documents.len().min(usize::from(steps)));
    }

    fn reopen(&mut self) {
        let other = open(&c(":memory:"));
        std::mem::replace(&mut self.store, other).close();
        let again = open(&self.path);
        std::mem::replace(&mut self.store, again).close();
        if self.path.as_bytes() == b":memory:" {
            self.documents.clear();
        }
    }

    /// The store holds what the model holds, and every ID in it resolves.
    fn check(&self) {
        let all = documents(&self.store.list(ALL.as_bytes()).expect("it is listed"));
        assert_eq!(all.len(), self.documents.len());
        for document in &all {
            let uuid = text(document, "uuid");
            assert_eq!(document["title"], self.documents[uuid].title);
            if let Some(id) = document["id"].as_str() {
                assert_eq!(self.store.resolve(id).expect("it resolves"), uuid);
            }
        }
        parsed(&self.store.verify().expect("it verifies"));
    }
}

fuzz_target!(|input: Input| {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("nanostore-fuzz-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let path = if input.file {
        std::fs::create_dir(&folder).expect("a folder");
        c(folder.join("store.json").display().to_string())
    } else {
        c(":memory:")
    };
    let mut world = World { store: open(&path), path, documents: BTreeMap::new(), steps: 0 };
    input.steps.iter().take(STEPS_MAX).for_each(|step| world.step(step));
    world.check();
    if input.file {
        world.reopen();
        world.check();
    }
    world.store.close();
    if input.file {
        std::fs::remove_dir_all(&folder).expect("the folder goes");
    }
});
