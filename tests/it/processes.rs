//! Several processes on one file: nothing acknowledged is lost, nothing happens twice.
//!
//! The test binary starts itself again, for the one test `worker_process`, with its task in the
//! environment.

use std::collections::BTreeSet;
use std::env;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nanostore::Store;

use crate::counter::{COUNTER, increment, number};
use crate::json::Value;
use crate::universe::TestFolder;

const TASK: &str = "NANOSTORE_TEST_TASK";
const PATH: &str = "NANOSTORE_TEST_PATH";
const TIMES: &str = "NANOSTORE_TEST_TIMES";

/// Starts `count` processes that each do `task` `times` times on the file at `path`.
fn start(count: usize, task: &str, times: usize, path: &Path) -> Vec<Child> {
    let start_one = |_| {
        Command::new(env::current_exe().expect("the test binary has a path"))
            .args(["processes::worker_process", "--exact", "--nocapture"])
            .env(TASK, task)
            .env(TIMES, times.to_string())
            .env(PATH, path)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the test binary starts again")
    };
    (0..count).map(start_one).collect()
}

/// Waits for a process; gives what it acknowledged.
fn acknowledged(process: Child) -> Vec<String> {
    let output = process.wait_with_output().expect("the process ends");
    assert!(output.status.success(), "a process failed: {}", output.status);
    let text = String::from_utf8(output.stdout).expect("it prints text");
    text.lines().filter_map(|line| line.split_once("ACK ")).map(|(_, ack)| ack.to_owned()).collect()
}

/// Not a test of its own: what a process started by the tests below does.
#[test]
fn worker_process() {
    let Ok(task) = env::var(TASK) else { return };
    let path = env::var(PATH).expect("the path is given");
    let times: usize = env::var(TIMES).expect("a number is given").parse().expect("it is one");
    // A disk that stalls for seconds under other work is not what is tested: nobody starves.
    let patient = Some(r#"{"lock_timeout_ms":60000}"#);
    let store = Store::open(Path::new(&path), patient).expect("the store opens");
    for _ in 0..times {
        let acknowledged = match task.as_str() {
            "add" => text(&store.add(r#"{"title":"one of many"}"#, None).expect("an add"), "uuid"),
            _ => increment(&store).to_string(),
        };
        println!("ACK {acknowledged}");
    }
    store.close().expect("the store closes");
}

fn text(json: &str, name: &str) -> String {
    let value = Value::parse(json).expect("the library writes JSON");
    value.get(name).and_then(Value::as_text).expect("a text").to_owned()
}

#[test]
fn eight_processes_add_four_thousand_documents_to_one_file() {
    let folder = TestFolder::new("processes");
    let path = folder.path().join("shared.json");
    Store::open(&path, None).expect("a new store opens").close().expect("it closes");
    let processes = start(8, "add", 500, &path);
    let acknowledged: Vec<String> = processes.into_iter().flat_map(acknowledged).collect();
    let distinct: BTreeSet<&str> = acknowledged.iter().map(String::as_str).collect();
    assert_eq!((acknowledged.len(), distinct.len()), (4_000, 4_000));

    let store = Store::open(&path, None).expect("the store opens");
    let page = store.list(Some(r#"{"view":"all","fields":["uuid","id","rev"]}"#)).expect("a page");
    let page = Value::parse(&page).expect("the library writes JSON");
    let documents = page.get("documents").and_then(Value::elements).expect("documents");
    let texts = |name: &str| -> Vec<&str> {
        documents
            .iter()
            .map(|one| one.get(name).and_then(Value::as_text).expect("a text"))
            .collect()
    };
    let ids: Vec<String> = (1..=4_000).map(|id: u32| id.to_string()).collect();
    assert_eq!(texts("id"), ids, "the IDs are 1 to 4,000");
    assert_eq!(texts("uuid").into_iter().collect::<BTreeSet<_>>(), distinct, "each is there once");
    let revisions: BTreeSet<u64> = documents
        .iter()
        .map(|one| one.get("rev").and_then(Value::as_u64).expect("a rev"))
        .collect();
    assert_eq!(revisions.len(), 4_000, "each add was a commit of its own");
    println!(
        "8 processes x 500 adds: {} documents, all acknowledged UUIDs present",
        documents.len()
    );
}

#[test]
fn three_hundred_increments_by_six_processes_end_at_three_hundred() {
    let folder = TestFolder::new("counter");
    let path = folder.path().join("counter.json");
    let store = Store::open(&path, None).expect("a new store opens");
    store.add(COUNTER, None).expect("the counter is added");
    let processes = start(6, "increment", 50, &path);
    let mut reached: Vec<u64> = processes
        .into_iter()
        .flat_map(acknowledged)
        .map(|text| text.parse().expect("a number"))
        .collect();
    reached.sort_unstable();
    assert_eq!(reached, (1..=300).collect::<Vec<u64>>(), "each step was taken once");
    assert_eq!(number(&store.get("key:counter", None).expect("it is there"), "/data/n"), 300);
}
