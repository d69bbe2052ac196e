//! Two branches that both wrote: which merge by themselves, and which ask.

use nanostore::{ErrorKind, Store};

use super::repository::{NAME, Repository};
use super::update;
use crate::c_program::CProgram;
use crate::json::Value;

/// How git merges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    /// Line by line.
    Text,
    /// Line by line; the markers tell what both come from.
    Diff3,
    /// By `examples-c/merge.c`.
    Driver,
}

/// What comes of a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Git is done.
    Merged,
    /// Git sees a conflict, and the store opens all the same: its next write takes the markers out.
    Opens,
    /// A person has to decide.
    Asks,
}

type Write = fn(&Store);

struct Case {
    about: &'static str,
    ours: Write,
    theirs: Write,
    /// By text in either form, with the base in the markers, and by the driver.
    ends: [End; 4],
}

fn title(store: &Store, key: &str) {
    let title = format!(r#"{{"title":"changed, {key}"}}"#);
    update(store, key, &title, None);
}

fn add(store: &Store, key: &str) {
    let document = format!(r#"{{"key":"{key}","title":"added, {key}"}}"#);
    store.add(&document, None).expect("it is added");
}

fn delete(store: &Store, key: &str) {
    store.delete(&format!("key:{key}"), None).expect("it is deleted");
}

use End::{Asks, Merged, Opens};

const CASES: [Case; 12] = [
    Case {
        about: "change different documents",
        ours: |store| title(store, "k10"),
        theirs: |store| title(store, "k25"),
        ends: [Opens, Opens, Opens, Merged],
    },
    Case {
        about: "change neighbours",
        ours: |store| title(store, "k10"),
        theirs: |store| title(store, "k11"),
        ends: [Opens, Asks, Opens, Merged],
    },
    Case {
        about: "add different documents",
        ours: |store| add(store, "ours"),
        theirs: |store| add(store, "theirs"),
        ends: [Opens, Opens, Opens, Merged],
    },
    Case {
        about: "add several documents each",
        ours: |store| (0..3).for_each(|number| add(store, &format!("ours {number}"))),
        theirs: |store| (0..2).for_each(|number| add(store, &format!("theirs {number}"))),
        ends: [Opens, Opens, Opens, Merged],
    },
    Case {
        about: "add and change",
        ours: |store| add(store, "ours"),
        theirs: |store| title(store, "k10"),
        ends: [Opens, Opens, Opens, Merged],
    },
    Case {
        about: "add, and change the last one",
        ours: |store| add(store, "ours"),
        theirs: |store| title(store, "k29"),
        ends: [Opens, Asks, Opens, Merged],
    },
    Case {
        about: "delete and change different documents",
        ours: |store| delete(store, "k10"),
        theirs: |store| title(store, "k25"),
        ends: [Opens, Opens, Opens, Merged],
    },
    Case {
        about: "delete the last one, and add",
        ours: |store| delete(store, "k29"),
        theirs: |store| add(store, "theirs"),
        ends: [Asks, Asks, Opens, Merged],
    },
    Case {
        about: "change other members of one document",
        ours: |store| title(store, "k10"),
        theirs: |store| update(store, "k10", r#"{"data":{"n":1}}"#, None),
        ends: [Opens, Asks, Opens, Merged],
    },
    Case {
        about: "change the same member alike",
        ours: |store| title(store, "k10"),
        theirs: |store| title(store, "k10"),
        ends: [Opens, Opens, Opens, Merged],
    },
    Case {
        about: "change the same member",
        ours: |store| title(store, "k10"),
        theirs: |store| update(store, "k10", r#"{"title":"theirs"}"#, None),
        ends: [Asks, Asks, Asks, Asks],
    },
    Case {
        about: "delete and change one document",
        ours: |store| delete(store, "k10"),
        theirs: |store| title(store, "k10"),
        ends: [Asks, Asks, Asks, Asks],
    },
];

/// The documents by key: everything but what commits count.
fn contents(store: &Store) -> Vec<(String, String)> {
    let page = store.list(Some(r#"{"fields":["key","title","data"]}"#)).expect("it is listed");
    let page = Value::parse(&page).expect("the library writes JSON");
    let documents = page.get("documents").and_then(Value::elements).expect("documents").to_vec();
    let mut contents: Vec<(String, String)> = documents
        .iter()
        .map(|it| (it.get("key").expect("a key").to_string(), it.to_string()))
        .collect();
    contents.sort();
    contents
}

/// A repository with the two branches, and what a store has on which both were written.
fn branches(form: &str, case: &Case) -> (Repository, Vec<(String, String)>) {
    let both = Repository::new(form, 30);
    let store = both.open();
    (case.ours)(&store);
    let is_there = case.ends[3] != Asks;
    if is_there {
        (case.theirs)(&store);
    }
    let expected = contents(&store);
    store.close().expect("it closes");
    let repository = Repository::new(form, 30);
    repository.git("checkout -q -b topic");
    for (branch, write) in [("topic", case.theirs), ("main", case.ours)] {
        repository.git(&format!("checkout -q {branch}"));
        let store = repository.open();
        write(&store);
        store.close().expect("it closes");
        repository.git(&format!("commit -qam {branch}"));
    }
    repository.git("tag main-before");
    let driver = CProgram::compile_in("examples-c", "merge").shell();
    repository.set("merge.nanostore.driver", &format!("{driver} %O %A %B %P"));
    (repository, expected)
}

/// Merges the branch `topic` into `main`; whether git is done.
fn merge(repository: &Repository, method: Method) -> bool {
    let style = if method == Method::Diff3 { "diff3" } else { "merge" };
    let attributes = match method {
        Method::Driver => format!("{NAME} merge=nanostore\n"),
        Method::Text | Method::Diff3 => String::new(),
    };
    repository.write_to(".git/info/attributes", &attributes);
    repository.git("reset -q --hard main-before");
    let words = format!("-c merge.conflictStyle={style} merge -q topic -m merged");
    repository.try_git(&words).status.success()
}

fn end(repository: &Repository, expected: &[(String, String)], method: Method, place: &str) -> End {
    let is_merged = merge(repository, method);
    let store = match Store::open(&repository.path(), None) {
        Ok(store) => store,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{place}: {error}");
            assert!(!is_merged, "{place}: {error}");
            check_salvage(repository, place);
            return Asks;
        }
    };
    assert_eq!(contents(&store), expected, "{place}");
    add(&store, "next");
    let report = store.verify().expect("it verifies");
    assert_eq!(report, r#"{"ok":true,"problems":[]}"#, "{place}");
    store.close().expect("it closes");
    assert!(!repository.read().contains("<<<<<<<"), "{place}");
    repository.git("commit -qam after");
    if is_merged { Merged } else { Opens }
}

/// What a person has to decide on is named, and salvage keeps both sides.
fn check_salvage(repository: &Repository, place: &str) {
    let error = Store::open(&repository.path(), None).err().expect("it asks");
    assert_eq!(error.name(), "CONFLICT_MARKERS", "{place}: {error}");
    assert!(error.message().contains('\''), "{place}: {error}");
    let store = Store::open(&repository.path(), Some(r#"{"salvage":true}"#)).expect("it opens");
    let listed = store.list(None).expect("it is listed");
    for branch in ["main-before", "topic"] {
        let text = repository.git(&format!("show {branch}:{NAME}"));
        let titles = text.lines().filter_map(|line| line.split_once("\"title\":"));
        for (_, rest) in titles {
            let title = rest.trim_start().split('"').nth(1).expect("a title");
            assert!(listed.contains(&format!("\"{title}\"")), "{place}: {title}");
        }
    }
}

#[test]
fn branches_merge_by_themselves_as_far_as_they_do_not_contradict_each_other() {
    let mut wrong = Vec::new();
    for case in &CASES {
        let [pretty, lines, told, driven] = case.ends;
        for (form, text) in [("pretty", pretty), ("lines", lines)] {
            let (repository, merged) = branches(form, case);
            for (method, expected) in
                [(Method::Text, text), (Method::Diff3, told), (Method::Driver, driven)]
            {
                let place = format!("{}, {form}, {method:?}", case.about);
                let found = end(&repository, &merged, method, &place);
                println!("{place}: {found:?}");
                if found != expected {
                    wrong.push(format!("{place}: {found:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
