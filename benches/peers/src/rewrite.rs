//! What many programs do without a store: documents in a list in memory, with a map from their
//! UUIDs, and one file of indented JSON that each durable call replaces as a whole.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::Value;
use uuid::Uuid;

use crate::document::Document;
use crate::ids::{self, Place, State, Tree};
use crate::peer::{PAGE, Peer};

pub struct Rewrite(RwLock<List>);

struct List {
    folder: PathBuf,
    documents: Vec<Value>,
    /// The places of the documents in the list.
    places: HashMap<String, usize>,
    /// Whether the file lacks something.
    is_behind: bool,
}

/// The text of a member, which its names lead to; an empty one where there is none.
fn text<'a>(document: &'a Value, path: &[&str]) -> &'a str {
    path.iter().fold(document, |value, name| &value[*name]).as_str().unwrap_or_default()
}

fn is_in(document: &Value, status: &str, priority: &str) -> bool {
    text(document, &["dimensions", "status"]) == status
        && text(document, &["dimensions", "priority"]) == priority
}

fn joined<'a>(documents: impl Iterator<Item = &'a Value>) -> String {
    let documents: Vec<&Value> = documents.collect();
    serde_json::to_string(&documents).expect("JSON")
}

/// The documents in the order of the tree.
struct Sorted<'a>(Vec<(Place, &'a str)>);

impl Tree for Sorted<'_> {
    fn places(&self, parent: u64, state: State, mut take: impl FnMut(&Place) -> bool) {
        let first = self.0.partition_point(|(it, _)| (it.parent, it.state) < (parent, state));
        self.0[first..].iter().all(|(place, _)| take(place));
    }
}

impl List {
    fn insert(&mut self, document: &Document) {
        let value: Value = serde_json::from_str(&document.text).expect("a document");
        self.places.insert(text(&value, &["uuid"]).to_owned(), self.documents.len());
        self.documents.push(value);
        self.is_behind = true;
    }

    /// Replaces the file, so that it has the old or the new content whatever happens.
    fn save(&mut self) {
        let (new, folder) = (self.folder.join("store.new"), File::open(&self.folder));
        let mut file = BufWriter::new(File::create(&new).expect("a file"));
        serde_json::to_writer_pretty(&mut file, &self.documents).expect("JSON");
        file.flush().expect("a write");
        file.get_ref().sync_all().expect("a sync");
        fs::rename(&new, self.folder.join("store.json")).expect("a new name");
        folder.expect("the folder").sync_all().expect("a sync");
        self.is_behind = false;
    }

    fn sorted(&self) -> Sorted<'_> {
        let mut sorted: Vec<(Place, &str)> = Vec::with_capacity(self.documents.len());
        for (number, document) in self.documents.iter().enumerate() {
            let state = ids::state(
                text(document, &["dimensions", "status"]),
                text(document, &["dimensions", "priority"]),
            );
            let uuid = Uuid::parse_str(text(document, &["uuid"])).expect("a UUID");
            let above = self.places.get(text(document, &["dimensions", "parent_id"]));
            let parent = above.map_or(0, |it| *it as u64 + 1);
            let place = Place { parent, state, number: number as u64 + 1, uuid };
            sorted.push((place, text(document, &["created_at"])));
        }
        sorted.sort_by_key(|(place, created)| (place.parent, place.state, *created, place.number));
        Sorted(sorted)
    }

    /// A page of the documents that are wanted, by a member.
    fn ordered(&self, wanted: impl Fn(&Value) -> bool, member: &[&str]) -> String {
        let wanted = self.documents.iter().filter(|it| wanted(it));
        let mut found: Vec<(&str, &Value)> = wanted.map(|it| (text(it, member), it)).collect();
        found.sort_by_key(|(member, _)| *member);
        joined(found.into_iter().map(|(_, document)| document).take(PAGE as usize))
    }

    fn only(&self, wanted: impl Fn(&Value) -> bool) -> String {
        self.documents.iter().find(|it| wanted(it)).expect("a document").to_string()
    }

    fn place(&self, uuid: &str) -> usize {
        *self.places.get(uuid).expect("a document")
    }
}

impl Rewrite {
    fn read(&self) -> RwLockReadGuard<'_, List> {
        self.0.read().expect("no thread failed")
    }

    fn write(&self) -> RwLockWriteGuard<'_, List> {
        self.0.write().expect("no thread failed")
    }
}

impl Peer for Rewrite {
    type Text = String;

    const NAME: &str = "rewrite";
    const RECOVERS: bool = false;

    fn open(folder: &Path) -> Self {
        let documents: Vec<Value> = match fs::read(folder.join("store.json")) {
            Ok(text) => serde_json::from_slice(&text).expect("documents"),
            Err(_) => Vec::new(),
        };
        let uuids = documents.iter().map(|it| text(it, &["uuid"]).to_owned());
        let places = uuids.enumerate().map(|(place, uuid)| (uuid, place)).collect();
        let folder = folder.to_owned();
        Rewrite(RwLock::new(List { folder, documents, places, is_behind: false }))
    }

    fn close(self) {
        let mut list = self.write();
        if list.is_behind {
            list.save();
        }
    }

    /// The file follows at the next durable call, or at the end.
    fn add_batch(&mut self, documents: &[Document]) {
        let mut list = self.write();
        documents.iter().for_each(|it| list.insert(it));
    }

    fn add(&mut self, document: &Document) {
        self.adder()(document);
    }

    fn adder(&self) -> impl FnMut(&Document) + Send {
        |document| {
            let mut list = self.write();
            list.insert(document);
            list.save();
        }
    }

    fn set_status(&mut self, uuid: &str, status: &str) {
        let mut list = self.write();
        let place = list.place(uuid);
        list.documents[place]["dimensions"]["status"] = status.into();
        list.save();
    }

    fn get(&self, uuid: &str) -> String {
        let list = self.read();
        list.documents[list.place(uuid)].to_string()
    }

    fn get_by_key(&self, key: &str) -> String {
        self.read().only(|it| text(it, &["key"]) == key)
    }

    fn find(&self, reference: u32) -> String {
        self.read().only(|it| it["data"]["ref"] == reference)
    }

    fn range(&self, due: &str) -> String {
        self.read().ordered(|it| text(it, &["data", "due"]) >= due, &["data", "due"])
    }

    fn list(&self, status: &str, priority: &str) -> String {
        self.read().ordered(|it| is_in(it, status, priority), &["created_at"])
    }

    fn list_with_ids(&self, status: &str, priority: &str) -> String {
        let (list, wanted) = (self.read(), ids::state(status, priority));
        let mut page: Vec<Value> = Vec::new();
        ids::in_order(&list.sorted(), 0, "", &mut |id, place| {
            if place.state == wanted {
                let mut document = list.documents[place.number as usize - 1].clone();
                document["id"] = id.into();
                page.push(document);
            }
            page.len() < PAGE as usize
        });
        joined(page.iter())
    }

    fn count(&self, status: &str, priority: &str) -> u64 {
        self.read().documents.iter().filter(|it| is_in(it, status, priority)).count() as u64
    }

    fn page(&self, after: Option<&str>) -> (String, String) {
        let after: u32 = after.map_or(0, |it| it.parse().expect("a number"));
        (self.page_by_offset(after), (after + PAGE).to_string())
    }

    fn page_by_offset(&self, offset: u32) -> String {
        joined(self.read().documents.iter().skip(offset as usize).take(PAGE as usize))
    }

    fn first(&self) -> String {
        self.read().documents.first().expect("a document").to_string()
    }

    fn each(&self, mut take: impl FnMut(&[u8])) {
        self.read().documents.iter().for_each(|it| take(it.to_string().as_bytes()));
    }

    fn scan(&self) -> String {
        joined(self.read().documents.iter())
    }

    fn ids(&self) -> String {
        ids::all(&self.read().sorted())
    }

    fn resolve(&self, id: &str) -> String {
        ids::resolve(&self.read().sorted(), id).to_string()
    }
}
