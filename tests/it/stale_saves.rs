//! A person saves a text that they opened before the program wrote: what they had not seen is kept.
//!
//! The disk is simulated.

use std::path::Path;
use std::time::Duration;

use nanostore::Store;
use nanostore::testing::SimulatedDisk;

use crate::json::Value;

const PATH: &str = "/todos.json";
/// Longer than the grain of file times.
const LATER: Duration = Duration::from_secs(5);
/// Each commit replaces the file, or all of them wait in the log.
const POLICIES: [&str; 2] =
    [r#"{"checkpoint":"commit"}"#, r#"{"durability":"batched","interval_ms":3600000}"#];

fn text(disk: &SimulatedDisk) -> String {
    String::from_utf8(disk.read(PATH).expect("the file is there")).expect("it is text")
}

fn save(disk: &SimulatedDisk, text: &str) {
    disk.advance(LATER);
    disk.write(PATH, text.as_bytes());
    disk.advance(LATER);
}

fn titles(store: &Store) -> Vec<String> {
    let page = store.list(Some(r#"{"order_by":["title"]}"#)).expect("it is listed");
    let page = Value::parse(&page).expect("the library writes JSON");
    let documents = page.get("documents").and_then(Value::elements).expect("documents").to_vec();
    let title = |it: &Value| it.get("title").and_then(Value::as_text).expect("a title").to_owned();
    documents.iter().map(title).collect()
}

/// The text of all files that were kept aside.
fn kept(disk: &SimulatedDisk, store: &Store) -> String {
    let info = Value::parse(&store.info().expect("it tells")).expect("the library writes JSON");
    let paths = info.get("conflicts").and_then(Value::elements).expect("conflicts").to_vec();
    let read = |path: &Value| disk.read(path.as_text().expect("a path")).expect("it is there");
    paths.iter().map(|path| String::from_utf8(read(path)).expect("it is text")).collect()
}

/// A store with `a`, `b` and `gone`, open, and the file as a person opens it.
fn opened(policy: &str) -> (SimulatedDisk, Store, String) {
    let disk = SimulatedDisk::new();
    let store = Store::open_simulated(disk.process(), Path::new(PATH), Some(policy));
    let store = store.expect("it opens");
    for key in ["a", "b", "gone"] {
        store.add(&format!(r#"{{"key":"{key}","title":"{key}"}}"#), None).expect("it is added");
    }
    store.checkpoint().expect("the file is up to date");
    let seen = text(&disk);
    (disk, store, seen)
}

#[test]
fn what_a_save_of_an_older_text_undoes_is_kept_aside() {
    for policy in POLICIES {
        let (disk, store, seen) = opened(policy);
        store.add(r#"{"title":"unseen"}"#, None).expect("it is added");
        store.update("key:b", r#"{"title":"b unseen"}"#, None).expect("it is changed");
        store.delete("key:gone", None).expect("it is deleted");
        store.checkpoint().expect("the file is up to date");
        save(&disk, &seen.replace(r#""title": "a""#, r#""title": "a by hand""#));
        assert_eq!(titles(&store), ["a by hand", "b", "gone"], "{policy}: the text counts");
        let kept = kept(&disk, &store);
        for line in [r#""title":"unseen""#, r#""title":"b unseen""#, r#""del":""#] {
            assert!(kept.contains(line), "{policy}: {line} in {kept}");
        }
        assert_eq!(kept.lines().count(), 3, "{policy}: {kept}");
    }
}

#[test]
fn what_was_changed_or_deleted_by_somebody_who_had_seen_it_is_not_kept() {
    for policy in POLICIES {
        let (disk, store, seen) = opened(policy);
        let start = seen
            .find(
                r#"    {
      "uuid""#,
            )
            .expect("the first document");
        let end = seen[start..].find("    },\n").expect("its end") + start + "    },\n".len();
        let text = [&seen[..start], &seen[end..]].concat();
        save(&disk, &text.replace(r#""title": "b""#, r#""title": "b by hand""#));
        assert_eq!(titles(&store), ["b by hand", "gone"]);
        assert_eq!(kept(&disk, &store), "", "{policy}");
    }
}

#[test]
fn commits_that_wait_in_the_log_are_merged_and_not_kept_twice() {
    let (disk, store, seen) = opened(POLICIES[1]);
    store.add(r#"{"title":"unseen"}"#, None).expect("it is added");
    store.update("key:b", r#"{"title":"b unseen"}"#, None).expect("it is changed");
    save(&disk, &seen.replace(r#""title": "b""#, r#""title": "b by hand""#));
    assert_eq!(titles(&store), ["a", "b by hand", "gone", "unseen"]);
    let kept = kept(&disk, &store);
    assert!(kept.contains(r#""title":"b unseen""#) && kept.lines().count() == 1, "{kept}");
}

#[test]
fn what_a_person_edits_twice_is_not_kept_when_no_program_wrote() {
    for policy in POLICIES {
        let (disk, store, seen) = opened(policy);
        let mut text = seen;
        for title in ["one", "two", "three"] {
            let old = if title == "one" { "a" } else { "by hand" };
            text = text.replace(&format!(r#""title": "{old}""#), r#""title": "by hand""#);
            text = text.replace(r#""body": """#, &format!(r#""body": "{title}""#));
            save(&disk, &text);
            assert_eq!(titles(&store).len(), 3);
        }
        assert_eq!(kept(&disk, &store), "", "{policy}");
    }
}

#[test]
fn who_wrote_looks_once_more_when_it_closes() {
    let (disk, store, seen) = opened(POLICIES[0]);
    store.add(r#"{"title":"unseen"}"#, None).expect("it is added");
    save(&disk, &seen);
    store.close().expect("it closes");
    let store = Store::open_simulated(disk.process(), Path::new(PATH), None).expect("it opens");
    assert!(kept(&disk, &store).contains(r#""title":"unseen""#));
}

#[test]
fn another_branch_that_is_checked_out_deletes_nothing() {
    let (disk, store, seen) = opened(POLICIES[0]);
    store.add(r#"{"title":"on main"}"#, None).expect("it is added");
    save(&disk, &seen);
    store.add(r#"{"title":"on the branch"}"#, None).expect("it is added");
    store.delete("key:gone", None).expect("it is deleted");
    assert_eq!(text(&disk).matches("removed\":[[").count(), 1);
    let removed = text(&disk).split("\"removed\":").nth(1).expect("removals").to_owned();
    let removed = removed.split("]]").next().expect("the list").matches('[').count() - 1;
    assert_eq!(removed, 1, "what the other branch added was not deleted by anybody");
}
