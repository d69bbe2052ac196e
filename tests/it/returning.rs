//! What was deleted comes back as it was: random trees, taken out by cascades and put back in any
//! order.

use std::path::Path;

use nanostore::{Store, json_get};

use crate::json::Value;
use crate::plain_model::{PRIORITIES, STATUSES, schema};
use crate::random::{Random, seed};
use crate::universe::TestFolder;

const DOCUMENTS: usize = 40;
const ROUNDS: usize = 12;

/// Grows some trees; numbered stably, they get holes.
fn plant(store: &Store, random: &mut Random) {
    let mut uuids: Vec<String> = Vec::new();
    for number in 0..DOCUMENTS {
        let parent = match uuids.len() {
            0 => "null".to_owned(),
            _ if random.one_in(4) => "null".to_owned(),
            count => format!("{:?}", uuids[random.below(count)]),
        };
        let (status, priority) = (random.of(&STATUSES), random.of(&PRIORITIES));
        let key = if random.one_in(3) { format!(r#""key":"k{number}","#) } else { String::new() };
        let added = store.add(
            &format!(
                r#"{{{key}"title":"T{number}","data":{{"n":{number}.50,"none":null}},"dimensions":
                {{"parent":{parent},"status":"{status}","priority":"{priority}"}}}}"#
            ),
            None,
        );
        uuids.push(member(&added.expect("a document can be added"), "/uuid"));
        if random.one_in(3) {
            let uuid = &uuids[random.below(uuids.len())];
            let patch = format!(r#"{{"dimensions":{{"status":"{}"}}}}"#, random.of(&STATUSES));
            store.update(uuid, &patch, None).expect("a status can be set");
        }
        if random.one_in(8) {
            let last = uuids.pop().expect("a document was added");
            store.delete(&last, Some(r#"{"cascade":true}"#)).expect("it can be deleted");
        }
    }
}

fn member(document: &str, pointer: &str) -> String {
    json_get(document, pointer).expect("the library writes JSON").expect("the member is there")
}

/// Everything there is, but for the revisions.
fn listing(store: &Store) -> Vec<String> {
    let page =
        Value::parse(&store.list(None).expect("a listing")).expect("the library writes JSON");
    let documents = page.pointer("/documents").and_then(Value::elements).expect("documents");
    documents.iter().map(|document| without_rev(&document.to_string())).collect()
}

fn without_rev(document: &str) -> String {
    let rev = format!(r#","rev":{},"#, member(document, "/rev"));
    assert!(document.contains(&rev), "{document}");
    document.replacen(&rev, ",", 1)
}

/// Deletes a random document with what is below it, and adds all of it in random order.
fn take_out_and_put_back(store: &Store, random: &mut Random) {
    let page = store.list(Some(r#"{"fields":["uuid"]}"#)).expect("a listing");
    let at =
        random.below(usize::try_from(store.count(None).expect("a count")).expect("it is small"));
    let uuid = member(&page, &format!("/documents/{at}/uuid"));
    let report = store.delete(&uuid, Some(r#"{"cascade":true}"#)).expect("it can be deleted");
    let report = Value::parse(&report).expect("the library writes JSON");
    let deleted = report.pointer("/deleted").and_then(Value::elements).expect("documents");
    let mut left: Vec<String> = deleted.iter().map(|document| document.to_string()).collect();
    let mut operations = Vec::new();
    while !left.is_empty() {
        let document = left.swap_remove(random.below(left.len()));
        operations.push(format!(r#"{{"op":"add","document":{document}}}"#));
    }
    store.apply(&format!("[{}]", operations.join(",")), None).expect("all of it can be added");
}

fn check(path: &Path, options: &str, random: &mut Random) {
    let store = Store::open(path, Some(options)).expect("the store opens");
    plant(&store, random);
    for _ in 0..ROUNDS {
        let before = listing(&store);
        take_out_and_put_back(&store, random);
        assert_eq!(listing(&store), before);
    }
    let report = store.verify().expect("the store can be verified");
    assert!(report.contains(r#""ok":true"#), "{report}");
    let before = listing(&store);
    if path == Path::new(":memory:") {
        return;
    }
    let reader = Store::open(path, Some(r#"{"read_only":true}"#)).expect("the store opens");
    assert_eq!(listing(&reader), before, "by the log");
    store.close().expect("the store closes");
    assert_eq!(listing(&reader), before, "by the file");
}

#[test]
fn deleted_trees_come_back_in_any_order_as_they_were() {
    let mut random = Random(seed());
    for stable in [false, true] {
        let options = format!(r#"{{"schema":{}}}"#, schema(stable));
        check(Path::new(":memory:"), &options, &mut random);
        let folder = TestFolder::new("returning");
        let batched = format!(r#"{{"durability":"batched","schema":{}}}"#, schema(stable));
        check(&folder.path().join("store.json"), &batched, &mut random);
    }
}

/// A chain of documents, each below the next.
fn chain(documents: usize) -> String {
    let uuid = |number| format!("00000000-0000-7000-8000-{number:012x}");
    let operation = |number| {
        let parent = if number == documents { String::new() } else { uuid(number + 1) };
        let own = uuid(number);
        format!(
            r#"{{"op":"add","document":{{"uuid":"{own}","dimensions":{{"parent":"{parent}"}}}}}}"#
        )
    };
    format!("[{}]", (1..=documents).map(operation).collect::<Vec<String>>().join(","))
}

#[test]
fn a_tree_that_comes_from_below_is_as_deep_as_one_may_be() {
    let options = format!(r#"{{"schema":{}}}"#, schema(false));
    let store = Store::open(Path::new(":memory:"), Some(&options)).expect("the store opens");
    let refused = store.apply(&chain(1001), None).expect_err("it is too deep");
    assert_eq!(refused.name(), "TOO_DEEP", "{refused}");
    assert_eq!(store.count(None).expect("a count"), 0);
    store.apply(&chain(1000), None).expect("it can be added");
    let report = store.verify().expect("the store can be verified");
    assert!(report.contains(r#""ok":true"#), "{report}");
}
