//! Whatever two sides did: no document is lost, and a person may take either side.

use super::*;
use crate::index::random::Random;
use crate::model::merge_conflict::{resolve, sides};

const SCHEMA: &str = concat!(
    r#"{"dimensions":[{"name":"status","type":"enumerated","values":["open","done"]},"#,
    r#"{"name":"parent","type":"hierarchical","ref_field":"parent_id"}]}"#
);

fn id(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

fn document(number: usize, title: &str, status: &str, parent: Option<usize>, more: &str) -> String {
    let parent = parent.map(|it| format!(r#","parent_id":"{}""#, id(it))).unwrap_or_default();
    let (uuid, second) = (id(number), number % 10);
    let dimensions = format!(r#"{{"status":"{status}"{parent}{more}}}"#);
    let times = format!(
        r#""created_at":"2026-01-01T00:00:0{second}Z","updated_at":"2026-01-01T00:00:00Z""#
    );
    let head = format!(r#"{{"uuid":"{uuid}","title":"{title}","body":"""#);
    format!(r#"{head},"dimensions":{dimensions},{times},"rev":1}}"#)
}

fn file(documents: &[String], metadata: &str) -> String {
    let documents = documents.join(",\n");
    format!(
        "{{\"documents\":[\n{documents}\n],\n\"metadata\":{{{metadata}\"schema\":{SCHEMA}}}}}\n"
    )
}

fn merged(base: Option<&str>, ours: &str, theirs: &str) -> Merged {
    merge(base, ours, theirs, LABELS).unwrap()
}

fn fields(merged: &Merged) -> Vec<(&str, Vec<&str>)> {
    merged
        .conflicts
        .iter()
        .map(|it| (it.kind, it.fields.iter().map(String::as_str).collect()))
        .collect()
}

#[test]
fn members_that_one_side_changed_are_taken_from_it() {
    let base = document(1, "A", "open", None, r#","_data.n":{"a":1,"b":2},"_data.l":[1]"#);
    let ours =
        document(1, "B", "open", None, r#","_data.n":{"a":1,"b":3},"_data.l":[1],"_data.x":0"#);
    let theirs = document(1, "A", "done", None, r#","_data.n":{"a":5,"b":2}"#);
    let [base, ours, theirs] = [base, ours, theirs].map(|it| file(&[it], "\"commit\":4,"));
    let merged = merged(Some(&base), &ours, &theirs);
    assert_eq!(fields(&merged), []);
    let expected = document(1, "B", "done", None, r#","_data.n":{"a":5,"b":3},"_data.x":0"#);
    assert!(merged.text.contains(&expected), "{}", merged.text);
    assert!(merged.text.contains("\"commit\":5,\"removed_from\":5,\"rev_floor\":5"));
}

#[test]
fn what_both_changed_is_named_and_stands_between_markers() {
    let base = document(1, "A", "open", None, r#","_data.n":{"a":1}"#);
    let ours = document(1, "B", "open", None, r#","_data.n":{"a":2}"#);
    let theirs = document(1, "C", "open", None, r#","_data.n":{"a":3}"#);
    let [base, one, other] = [&base, &ours, &theirs].map(|it| file(std::slice::from_ref(it), ""));
    let merged = merged(Some(&base), &one, &other);
    assert_eq!(fields(&merged), [("changed", vec!["title", "data.n.a"])]);
    let hunk = format!("<<<<<<< ours\n{ours}\n=======\n{theirs}\n>>>>>>> theirs\n],\n");
    assert!(merged.text.contains(&hunk), "{}", merged.text);
    let error = resolve(&merged.text).unwrap_err();
    assert_eq!(error.position(), Some((2, 1)), "{error}");
}

#[test]
fn a_parent_that_one_side_deleted_under_a_child_of_the_other_is_asked_about() {
    let parent = document(1, "parent", "open", None, "");
    let other = document(2, "other", "open", None, "");
    let child = document(3, "child", "open", Some(1), "");
    let base = file(&[parent.clone(), other.clone()], "");
    let without = file(std::slice::from_ref(&other), "");
    let with_child = file(&[parent.clone(), other, child], "");
    for (ours, theirs) in [(&without, &with_child), (&with_child, &without)] {
        let merged = merged(Some(&base), ours, theirs);
        assert_eq!(fields(&merged), [("deleted", vec![])]);
        assert!(merged.text.contains(&parent), "{}", merged.text);
        assert!(merged.conflicts[0].message.contains("'parent'"), "{:?}", merged.conflicts);
    }
}

#[test]
fn a_side_that_cannot_be_read_is_named() {
    let sound = file(&[], "");
    let read = |base, ours: &str, theirs: &str| {
        merge(base, ours, theirs, LABELS).err().unwrap().message().to_owned()
    };
    assert!(read(None, "{", &sound).starts_with("ours: "));
    assert!(read(None, &sound, "{").starts_with("theirs: "));
    assert!(read(Some("{"), &sound, &sound).starts_with("base: "));
}

/// A version of `base` after some writes.
fn written(base: &[Option<String>], random: &mut Random, first: usize) -> Vec<Option<String>> {
    let mut version = base.to_vec();
    for step in 0..random.below(4) {
        let place = random.below(version.len());
        match random.below(4) {
            0 => version[place] = None,
            1 => {
                let number = first + step;
                version.push(Some(document(number, &format!("new {number}"), "open", None, "")));
            }
            2 => version[place] = version[place].take().map(|it| it.replace("open", "done")),
            _ => {
                let title = format!("\"title\":\"by {first} {step}\"");
                let with_title = |it: String| {
                    let (before, rest) = it.split_once("\"title\":").unwrap();
                    let (_, after) = rest.split_once(',').unwrap();
                    format!("{before}{title},{after}")
                };
                version[place] = version[place].take().map(with_title);
            }
        }
    }
    version
}

#[test]
fn whatever_two_sides_did_either_may_be_taken_and_nothing_is_lost() {
    let mut random = Random::new(7);
    let (mut clean, mut torn) = (0, 0);
    for _ in 0..3_000 {
        let count = 1 + random.below(5);
        let base: Vec<Option<String>> =
            (0..count).map(|it| Some(document(it, &format!("t{it}"), "open", None, ""))).collect();
        let ours = written(&base, &mut random, 100);
        let theirs = written(&base, &mut random, 200);
        let [base, ours, theirs] =
            [base, ours, theirs].map(|it| it.into_iter().flatten().collect::<Vec<String>>());
        let [from, one, other] = [&base, &ours, &theirs].map(|it| file(it, ""));
        let merged = merged(Some(&from), &one, &other);
        let versions = match sides(&merged.text) {
            Some(sides) => vec![sides.ours.text, sides.theirs.text],
            None => vec![merged.text.clone()],
        };
        assert_eq!(versions.len() == 1, merged.conflicts.is_empty(), "{}", merged.text);
        for version in &versions {
            Side::read(version, "side").unwrap_or_else(|error| panic!("{error}: {version}"));
        }
        // What a side wrote anew is there; what it left alone may have been deleted by the other.
        for (side, own) in [(&ours, 100), (&theirs, 200)] {
            for text in side.iter().filter(|it| !base.contains(it)) {
                let by_it = format!("by {own}");
                let title = text.split("\"title\":\"").nth(1).unwrap().split('"').next().unwrap();
                let is_own = title.starts_with(&by_it) || title.starts_with("new");
                assert!(!is_own || merged.text.contains(title), "{title}: {}", merged.text);
            }
        }
        clean += u32::from(versions.len() == 1);
        torn += u32::from(versions.len() == 2);
    }
    assert!(clean > 300 && torn > 300, "{clean} {torn}");
}
